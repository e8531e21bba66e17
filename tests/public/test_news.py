"""The news: pages that are dated, and feeds that hold to Atom (RFC 4287), to tag: URIs (RFC 4151) and to their language."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlsplit

import feedparser
import html5lib
import pytest
from lxml import etree

from ihmiskauppa.languages import load
from ihmiskauppa.pages.content import ContentError
from ihmiskauppa.public import editions, export
from ihmiskauppa.public.editions import Editions
from ihmiskauppa.public.news import ATOM
from ihmiskauppa.settings import data_folder
from tests.client import SPACE, Page
from tests.public.conftest import Site

LANGUAGES = load(data_folder("content") / "languages.toml")
WRITTEN = ("fi", "sv", "en")  # the languages that have items
GRAMMAR = etree.RelaxNG(etree.parse(Path(__file__).with_name("atom.rng")))
NAME = {"atom": "http://www.w3.org/2005/Atom"}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# RFC 4151, 2.1: "tag:" authority "," date ":" specific.
TAG_URI = re.compile(r"tag:[a-z0-9.-]+,\d{4}(-\d{2}(-\d{2})?)?:[A-Za-z0-9./_~-]+")
POLICE = "news/police-not-told"


def feed(site: Site, language: str) -> bytes:
    answer = site.client.get(f"/{language}/news/feed.atom")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == ATOM
    body: bytes = answer.data
    return body


def entries(root: etree._Element) -> dict[str, etree._Element]:
    """By id."""
    return {entry.findtext("atom:id", namespaces=NAME): entry for entry in root.iterfind("atom:entry", NAME)}


def links(root: etree._Element) -> list[str]:
    """Every address of the feed, those within the texts too."""
    found = [link.get("href") for link in root.iter("{*}link")]
    for content in root.iterfind(".//atom:content", NAME):
        found += [a.get("href", "") for a in html5lib.parseFragment(content.text, namespaceHTMLElements=False).iter("a")]
    return found


def own(path: Path, language: str, published: str, text: str = "X") -> None:
    """Write an item of one's own into a content folder."""
    path.mkdir(parents=True, exist_ok=True)
    review = "" if language == "fi" else 'review = "machine"\n'
    matter = f'title = "A & B < C"\nsummary = "S"\npublished = "{published}"\n{review}'
    (path / f"{language}.md").write_text(f"+++\n{matter}+++\n{text}\n", encoding="utf-8")


@pytest.fixture(params=["https://site.example", ""], ids=["public_url", "no public_url"])
def at(request: pytest.FixtureRequest, make_site: Callable[..., Site]) -> Site:
    """A site that knows its address, and one that does not."""
    return make_site(public_url=request.param)


@pytest.mark.parametrize("language", WRITTEN)
def test_a_feed_is_valid(at: Site, language: str) -> None:
    """By the grammar of RFC 4287, by feedparser, and by what the grammar leaves to words: authors, one updated entry a id."""
    body = feed(at, language)
    root = etree.fromstring(body)
    assert GRAMMAR.validate(root), GRAMMAR.error_log
    parsed = feedparser.parse(body)
    assert parsed.bozo is False
    assert parsed.version == "atom10"
    assert (parsed.feed.language, len(parsed.entries)) == (language, len(entries(root)))
    assert root.find("atom:author/atom:name", NAME) is not None
    ids = [element.text for element in root.iter("{*}id")]
    assert len(ids) == len(set(ids)) >= 3
    assert all(TAG_URI.fullmatch(found) for found in ids), ids


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"T00:00:00Z", b""),
        (b"<id>", b"<id>x</id><id>"),
        (b'rel="self"', b'rel="self" length="1" colour="red"'),
        (b"<updated>", b"<changed>"),
        (b'type="html"', b'type="html" src="/x"'),
    ],
)
def test_the_grammar_refuses_what_is_no_atom(site: Site, old: bytes, new: bytes) -> None:
    """What makes the test above a test."""
    body = feed(site, "en").replace(old, new).replace(b"</updated>", b"</changed>" if new == b"<changed>" else b"</updated>")
    assert not GRAMMAR.validate(etree.fromstring(body))


def test_ids_never_change(site: Site, make_site: Callable[..., Site]) -> None:
    """The same wherever the site lives: programs know an item by them. This list may grow, never change."""
    expected = {
        "tag:ihmiskauppa.fi,2019:fi/news/police-not-told",
        "tag:ihmiskauppa.fi,2019:fi/news/more-people-seek-help-themselves",
    }
    for public_url in ("https://site.example", "https://other.example", ""):
        root = etree.fromstring(feed(make_site(public_url=public_url), "fi"))
        assert root.findtext("atom:id", namespaces=NAME) == "tag:ihmiskauppa.fi,2019:fi/news"
        assert set(entries(root)) >= expected


def test_a_time_is_the_first_instant_of_what_is_known(at: Site) -> None:
    """November 2018 is its first second, the year 2019 its; the feed is as new as its newest entry."""
    root = etree.fromstring(feed(at, "sv"))
    told = {
        name.rsplit("/", 1)[1]: tuple(entry.findtext(f"atom:{tag}", namespaces=NAME) for tag in ("published", "updated"))
        for name, entry in entries(root).items()
    }
    assert told["police-not-told"] == ("2018-11-01T00:00:00Z", "2018-11-01T00:00:00Z")
    assert told["more-people-seek-help-themselves"] == ("2019-01-01T00:00:00Z", "2019-01-01T00:00:00Z")
    assert root.findtext("atom:updated", namespaces=NAME) == max(updated for _, updated in told.values())
    assert [published for published, _ in told.values()] == sorted((p for p, _ in told.values()), reverse=True)


def test_links_are_absolute_where_the_site_knows_its_address(at: Site) -> None:
    """In texts too; else they are paths. Each leads to something of the site, or is a telephone number or another site."""
    for language in WRITTEN:
        found = links(etree.fromstring(feed(at, language)))
        assert [link for link in found if link.endswith("/news/feed.atom")] == [
            f"{at.configuration.public_url}/{language}/news/feed.atom"
        ]
        assert f"{at.configuration.public_url}/{language}/get-help/police/" in found
        for link in found:
            if link.startswith(("tel:", "mailto:")):
                continue
            assert link.startswith(at.configuration.public_url + "/"), link
            assert at.client.get(urlsplit(link).path).status_code == 200, link


def test_an_entry_holds_the_item_in_its_language(site: Site) -> None:
    """The text of the page; in a machine's translation, that it is one, and the source beneath what tells of the police."""
    for language in WRITTEN:
        root = etree.fromstring(feed(site, language))
        assert root.get(LANG) == language
        entry = entries(root)[f"tag:ihmiskauppa.fi,2019:{language}/{POLICE}"]
        (content,) = entry.iterfind("atom:content", NAME)
        assert (content.get("type"), content.get(LANG)) == ("html", language)
        text = " ".join("".join(html5lib.parseFragment(content.text, namespaceHTMLElements=False).itertext()).split())
        page = site.client.page(f"/{language}/{POLICE}/")
        paragraphs = [page.text(each) for each in page.one("article").iter(SPACE + "p") if each.get("class") is None]
        assert len(paragraphs) >= 4
        assert all(paragraph in text for paragraph in paragraphs)
        beneath = html5lib.parseFragment(content.text, namespaceHTMLElements=False).findall(".//blockquote")
        assert [quotation.get("lang") for quotation in beneath] == ([] if language == "fi" else ["fi", "fi"])
        note = page.all("p", class_="ik-review")
        assert bool(note) == (language != "fi")
        assert all(page.text(paragraph) in text for paragraph in note)


def test_an_item_that_changed_where_safety_hangs_on_it_says_so_in_the_feed(
    content_copy: Path, make_site: Callable[..., Site]
) -> None:
    """Title and text are the new Finnish ones, marked as Finnish, with a line in Swedish and the hotline."""
    source = content_copy / "news/2018-11-police-not-told/fi.md"
    text = source.read_text(encoding="utf-8")
    assert 'title = "Poliisille ei enää' in text
    source.write_text(
        text.replace('title = "', 'title = "Uusi: ').replace("+++\n", "+++\nUusi lause.\n\n").replace("Uusi lause.\n\n", "", 1)
    )
    root = etree.fromstring(feed(make_site(content_folder=content_copy), "sv"))
    assert GRAMMAR.validate(root), GRAMMAR.error_log
    entry = entries(root)[f"tag:ihmiskauppa.fi,2019:sv/{POLICE}"]
    title, summary = (entry.find(f"atom:{name}", NAME) for name in ("title", "summary"))
    assert (title.get(LANG), title.text.startswith("Uusi: ")) == ("fi", True)
    assert summary.get(LANG) == "fi"
    content = html5lib.parseFragment(entry.findtext("atom:content", namespaces=NAME), namespaceHTMLElements=False)
    lead = next(div for div in content if div.tag == "div")
    assert (lead.get("lang"), "Uusi lause." in "".join(lead.itertext())) == ("fi", True)
    line = next(p for p in content if p.tag == "p" and "Det här avsnittet har ändrats" in (p.text or ""))
    assert [link.get("href") for link in line] == ["tel:+358295463177"]


def test_only_languages_with_items_have_a_feed(site: Site, content_copy: Path, make_site: Callable[..., Site]) -> None:
    """Arabic has none until an item is translated, and then holds that one only; no feed holds a stand-in."""
    assert site.client.get("/ar/news/feed.atom").status_code == 404
    own(content_copy / "news/2020-own", "fi", "2020")
    own(content_copy / "news/2020-own", "ar", "2020", "نص")
    changed = make_site(content_folder=content_copy)
    assert list(entries(etree.fromstring(feed(changed, "ar")))) == ["tag:ihmiskauppa.fi,2019:ar/news/own"]
    assert "tag:ihmiskauppa.fi,2019:en/news/own" not in entries(etree.fromstring(feed(changed, "en")))
    for language in ("fi", "ar"):
        root = etree.fromstring(feed(changed, language))
        assert GRAMMAR.validate(root), GRAMMAR.error_log
        assert (
            entries(root)[f"tag:ihmiskauppa.fi,2019:{language}/news/own"].findtext("atom:title", namespaces=NAME) == "A & B < C"
        )


def front(site: Site, language: str) -> Page:
    return site.client.page(f"/{language}/news/")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_front_page_lists_every_item_and_leads_to_the_feed(site: Site, language: str) -> None:
    """Newest first, each dated; the feed is linked for people and for programs, in the nearest language that has one."""
    page = front(site, language)
    listed = [link.get("href", "") for link in page.all("a", class_="ik-news__link")]
    catalogue = site.edition.catalogue
    assert listed == [item.path for item in catalogue.news(language)]
    assert len(listed) >= 2
    assert len(page.one("ul", class_="ik-news").findall(f".//{SPACE}time")) == len(listed)
    nearest = language if language in WRITTEN else LANGUAGES[language].fallback[0]
    (link,) = page.all("link", type="application/atom+xml")
    assert (link.get("rel"), link.get("href")) == ("alternate", f"/{nearest}/news/feed.atom")
    assert [a.get("href") for a in page.all("a", type="application/atom+xml")] == [f"/{nearest}/news/feed.atom"]
    for path in listed:
        assert not site.client.page(path).all("link", type="application/atom+xml")


def test_what_an_item_is_dated_by_is_what_is_known(site: Site) -> None:
    """No day where only the month or the year is known, in the words and in the machine's attribute."""
    page = site.client.page(f"/en/{POLICE}/")
    (date,) = {(time.get("datetime"), page.text(time)) for time in page.one("main").iter(SPACE + "time")}
    assert date == ("2018-11", "November 2018")
    shown = site.client.page("/fi/news/")
    assert [shown.text(time) for time in shown.one("ul", class_="ik-news").iter(SPACE + "time")][-3:] == [
        "2019",
        "marraskuu 2018",
        "kesäkuu 2018",
    ]


@pytest.mark.parametrize(
    ("locale", "date"),
    [("fa", "نوامبر 2018"), ("th", "พฤศจิกายน 2018"), ("zh_Hans", "2018年11月"), ("ckb", "2018"), ("am", "ኖቬምበር 2018")],
)
def test_other_languages_date_an_item_in_their_way(
    content_copy: Path, make_site: Callable[..., Site], locale: str, date: str
) -> None:
    """As CLDR writes a month of a year; one of which it knows little still says the year."""
    table = content_copy / "languages.toml"
    table.write_text(table.read_text(encoding="utf-8").replace('locale = "en_GB"', f'locale = "{locale}"'), encoding="utf-8")
    page = make_site(content_folder=content_copy).client.page(f"/en/{POLICE}/")
    (time,) = page.one("main").iter(SPACE + "time")
    assert time.get("datetime") == "2018-11"
    assert date in page.text(time)


def test_an_item_a_language_lacks_is_marked(site: Site) -> None:
    """As every page: it says so, is not indexed, and its text has its language; the list says it before."""
    page = site.client.page(f"/ar/{POLICE}/")
    article = page.one("article")
    assert (article.get("lang"), page.language) == ("en", "ar")
    assert page.all("div", class_="ik-notice", role="note")
    assert page.one("meta", name="robots").get("content") == "noindex"
    titles = [
        each for each in front(site, "ar").one("ul", class_="ik-news").iter(SPACE + "p") if each.find(SPACE + "a") is not None
    ]
    assert [(each.get("lang"), each.get("dir")) for each in titles] == [("en", "ltr")] * len(titles)
    assert titles


def test_items_are_in_search_and_sitemap_and_in_no_menu(site: Site) -> None:
    """Found by their words in their language, once; listed with the time that is known."""
    for language, word in (("fi", "järjestöt tavanneet"), ("sv", "organisationer träffat"), ("en", "organisations had met")):
        page = site.client.page(f"/{language}/about/search/?q={quote(word)}")
        found = [link.get("href", "") for link in page.all("a", class_="ik-hits__link")]
        assert f"/{language}/{POLICE}/#why" in found
        menu = {link.get("href") for link in page.one("details", class_="ik-menu").iter(SPACE + "a")}
        assert f"/{language}/news/" in menu
        assert f"/{language}/{POLICE}/" not in menu
    sitemap = etree.fromstring(site.client.get("/sitemap.xml").data)
    times = {url.findtext("{*}loc"): url.findtext("{*}lastmod") for url in sitemap}
    assert [times.get(f"https://site.example/{code}/{POLICE}/") for code in LANGUAGES][:4] == ["2018-11"] * 3 + [None]


def test_items_and_feeds_are_exported(site: Site) -> None:
    """As kept documents, under the names that the web server looks for."""
    names: Iterator[str] = (export.file_name(path) for path in site.application.pages.paths)
    assert {"sv/news/feed.atom", f"ar/{POLICE}/index.html", "en/news/index.html"} <= set(names)


def test_a_new_item_is_swapped_in_and_a_broken_one_is_not(site: Site, content_copy: Path) -> None:
    """A running site has it within seconds; a fault changes nothing and is told with file and line."""
    current = Editions(replace(site.configuration, content_folder=content_copy))
    own(content_copy / "news/2026-11-24-own", "fi", "2026-11-24")
    assert current.refresh()
    assert current.current.catalogue.news("fi")[0].id == "news/own"
    before = current.current
    own(content_copy / "news/2026-11-24-own", "fi", "2026-11")
    assert not current.refresh()
    assert current.current is before
    with pytest.raises(ContentError, match=r"fi\.md:4: published differs"):
        editions.load(replace(site.configuration, content_folder=content_copy))
