"""The page that searches: one labelled field, results marked and linked, nothing of the words kept or shown elsewhere."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from ihmiskauppa.languages import load
from ihmiskauppa.pages.search import LONGEST_QUERY
from ihmiskauppa.public.editions import Editions
from ihmiskauppa.settings import data_folder
from tests.client import SPACE, Page
from tests.public.conftest import Site

LANGUAGES = load(data_folder("content") / "languages.toml")
# The police, as the pages of each language say it.
WORDS = {
    "fi": "poliisille",
    "sv": "polisen",
    "en": "police",
    "ru": "полиция",
    "uk": "поліція",
    "et": "politsei",
    "ar": "بالشرطة",
    "fa": "پلیس",
    "so": "booliiska",
    "th": "ตำรวจ",
    "vi": "cảnh sát",
    "prs": "پولیس",
    "ckb": "پۆلیس",
    "kmr": "polîs",
    "ti": "ፖሊስ",
    "am": "ፖሊስ",
    "fr": "police",
    "es": "policía",
    "pt": "polícia",
    "ro": "poliția",
    "bg": "полицията",
    "pl": "policja",
    "sq": "policia",
    "tr": "polis",
    "zh-Hans": "警察",
    "ne": "प्रहरी",
    "bn": "পুলিশ",
    "hi": "पुलिस",
    "ur": "پولیس",
    "fil": "pulis",
    "uz": "politsiya",
}

# Where a shorter passage has the same word and comes before the page itself: among how many hits it must be.
LATER = {"bg": 3, "ne": 3}


def search(site: Site, language: str, query: str) -> Page:
    return site.client.page(f"/{language}/about/search/?q={quote(query)}")


def links(page: Page) -> list[str]:
    return [link.get("href", "") for link in page.all("a", class_="ik-hits__link")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_its_search(site: Site, language: str) -> None:
    """A field with a label and the hint about the browser's history; its results lead to sections that exist."""
    page = site.client.page(f"/{language}/about/search/")
    form = page.one("form", role="search")
    assert (form.get("method"), form.get("action")) == ("get", f"/{language}/about/search/")
    assert page.one("input", id="q").get("maxlength") == str(LONGEST_QUERY)
    (safely,) = page.one("p", id="q-hint").iter(SPACE + "a")
    assert safely.get("href") == f"/{language}/get-help/use-this-site-safely/"
    found = links(search(site, language, WORDS.get(language.removesuffix("-simple"), "112")))
    first = found[: LATER.get(language, 1)]
    assert any(path.startswith(f"/{language}/get-help/police/") for path in first)
    for address in found:
        target = urlsplit(address)
        there = site.client.page(target.path)
        assert not target.fragment or [e for e in there.everything() if e.get("id") == target.fragment], address


def test_found_words_are_marked_in_titles_and_texts(site: Site) -> None:
    """Each in a `mark`, whatever its form."""
    page = search(site, "fi", "ihmiskaupan uhrien")
    marked = {"".join(mark.itertext()).lower() for mark in page.all("mark")}
    assert marked
    assert all(word.startswith(("ihmiskau", "uhr")) for word in marked)


def test_results_of_other_languages_say_so(site: Site) -> None:
    """They stand after the visitor's own, under the language's name, in its `lang` and `dir`."""
    page = search(site, "fi", "الشرطه")
    (listed,) = page.all("ol", class_="ik-hits")
    assert (listed.get("lang"), listed.get("dir")) == ("ar", "rtl")
    assert "العربية" in page.text(page.one("h3", class_="ik-hits__language"))
    assert all(link.startswith("/ar/") for link in links(page))
    own = search(site, "fi", "poliisi").all("ol", class_="ik-hits")[0]
    assert own.get("lang") is None


def test_words_are_in_no_title_and_results_in_no_index(site: Site) -> None:
    """The history keeps titles, search engines keep addresses; the page without words may be found by them."""
    page = search(site, "en", "passport")
    assert "passport" not in page.text(page.one("title")).lower()
    assert page.one("meta", name="robots").get("content") == "noindex"
    assert not page.all("link", rel="canonical")
    empty = site.client.page("/en/about/search/")
    assert not empty.all("meta", name="robots")
    assert empty.all("link", rel="canonical")


def test_nothing_found_is_no_dead_end(site: Site) -> None:
    """The hotline, pages that may help, and every page of the site."""
    page = search(site, "fi", "zzzzzzzz")
    main = page.one("main")
    found = {link.get("href") for link in main.iter(SPACE + "a")}
    edition_pages = {link.get("href") for link in page.one("details", class_="ik-menu").iter(SPACE + "a")}
    assert "tel:+358295463177" in found
    assert edition_pages <= found
    assert not links(page)


@pytest.mark.parametrize(
    ("language", "query"), [("fi", "apua"), ("fi", "help"), ("ar", "النجدة"), ("sv", "112"), ("en", "I am in danger")]
)
def test_a_call_for_help_is_answered_first(site: Site, language: str, query: str) -> None:
    """Before the field and the results stand the hotline and 112; other words do not bring them there."""
    main = search(site, language, query).one("main")
    order = [element for element in main.iter() if "ik-danger" in element.get("class", "") or element.get("role") == "search"]
    assert [element.get("class") for element in order] == ["ik-danger ik-reach", "ik-search"]
    calls = [link.get("href") for link in order[0].iter(SPACE + "a")]
    assert calls == ["tel:+358295463177", "tel:112"]
    assert not search(site, language, WORDS[language]).one("main").findall(f".//{SPACE}div[@class='ik-danger ik-reach']")


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "\x00",
        "%",
        '"',
        "<script>alert(1)</script>",
        '"><b>',
        "a" * 5000,
        "' OR 1=1 --",
        "title:x*",
        "\u202e",
        "\x1b[0m\ufffe\U0001ffff",
        "𐍈",
        "&q=2",
    ],
)
def test_whatever_is_typed_gets_a_whole_page(site: Site, query: str) -> None:
    """The client checks that the page is valid, and what was typed is only ever text in the field."""
    for language in ("en", "ar"):
        page = search(site, language, query)
        assert len(page.one("input", id="q").get("value", "")) <= LONGEST_QUERY
        assert not page.all("b")


@pytest.mark.parametrize(
    "raw", [b"q=%ff%fe", b"q=%ED%A0%80", b"q=a&q=b", b"q", b"%00=%00", b"q[]=x", b"q=" + b"%F0%9F%98%80" * 900]
)
def test_addresses_that_no_form_made_get_a_whole_page(site: Site, raw: bytes) -> None:
    """Bytes that are no UTF-8, two queries, none."""
    assert site.client.get("/fi/about/search/?" + raw.decode()).status_code == 200


def test_an_unknown_language_has_no_search(site: Site) -> None:
    """And a page that is not there has the field to search with; the menu of every page leads to the search."""
    answer = site.client.get("/xx/about/search/?q=police")
    assert answer.status_code == 404
    page = Page(site.client.get("/sv/nowhere/").text)
    assert [form.get("action") for form in page.one("main").iter(SPACE + "form")] == ["/sv/about/search/"]
    assert [link for link in page.one("details", class_="ik-menu").iter(SPACE + "a") if link.get("href") == "/sv/about/search/"]


def test_changed_content_is_found(site: Site, content_copy: Path) -> None:
    """A new edition comes with its index; the one before finds what it did."""
    editions = Editions(replace(site.configuration, content_folder=content_copy))
    before = editions.current
    page = content_copy / "pages" / "get-help" / "police" / "fi.md"
    page.write_text(page.read_text(encoding="utf-8") + "\nAamukaste kimmeltää.\n", encoding="utf-8")
    assert editions.refresh()
    assert editions.current.search.find("aamukasteen", "fi").whole
    assert not before.search.find("aamukasteen", "fi").whole


def test_a_broken_list_of_synonyms_changes_nothing(site: Site, content_copy: Path) -> None:
    """The edition before stays."""
    editions = Editions(replace(site.configuration, content_folder=content_copy))
    before = editions.current
    (content_copy / "synonyms.toml").write_text("[fi]\ngroups = [1]\n", encoding="utf-8")
    assert not editions.refresh()
    assert editions.current is before
