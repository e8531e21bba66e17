"""Every page, in every language, and every route: reachable, whole, and leading only to what exists."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

import ihmiskauppa
from ihmiskauppa import languages
from ihmiskauppa.app import build_public_app
from ihmiskauppa.public import inbox_key, wellknown
from ihmiskauppa.settings import Settings, data_folder
from tests.client import SPACE, Page
from tests.crawl import Crawl, addresses

LANGUAGES = list(languages.load(data_folder("content") / "languages.toml"))

# Every address the public site answers, and who may reach it: all of it is public, and only the forms take posts.
ROUTES = {
    "front": ("/", {"GET", "HEAD", "OPTIONS"}),
    "healthz": ("/healthz", {"GET", "HEAD", "OPTIONS"}),
    "form": ("/<language>/<path:place>/", {"GET", "HEAD", "OPTIONS", "POST"}),
    "search": ("/<language>/about/search/", {"GET", "HEAD", "OPTIONS"}),
    "order-status": ("/<language>/materials/order-status/", {"GET", "HEAD", "OPTIONS", "POST"}),
    "posters": ("/<language>/materials/posters/chosen/", {"GET", "HEAD", "OPTIONS"}),
    "library": ("/<language>/materials/library/", {"GET", "HEAD", "OPTIONS"}),
    "recordings": ("/recordings/<name>", {"GET", "HEAD", "OPTIONS"}),
    "inbox_key": ("/inbox-key.asc", {"GET", "HEAD", "OPTIONS"}),
    "web_key_policy": ("/.well-known/openpgpkey/policy", {"GET", "HEAD", "OPTIONS"}),
    "web_key": ("/.well-known/openpgpkey/hu/<name>", {"GET", "HEAD", "OPTIONS"}),
    "web_key_policy_of_domain": ("/.well-known/openpgpkey/<domain>/policy", {"GET", "HEAD", "OPTIONS"}),
    "web_key_of_domain": ("/.well-known/openpgpkey/<domain>/hu/<name>", {"GET", "HEAD", "OPTIONS"}),
}


def test_every_route_is_on_the_list(configuration: Settings) -> None:
    """A new route must be added to this list by someone who thought about who may reach it."""
    application = build_public_app(configuration, watch=False)
    rules = application.flask.url_map.iter_rules()
    assert {rule.endpoint: (rule.rule, rule.methods) for rule in rules} == ROUTES


@pytest.fixture(scope="module")
def all_pages(crawled: Crawl) -> dict[str, Page]:
    """Every page by path."""
    return {path: seen.page for path, seen in crawled.pages.items()}


def test_links_lead_to_everything_and_to_nothing_else(crawled: Crawl) -> None:
    """Every kept page and file, every page of the tree and every form about one is reached by links; no link is dead."""
    kept = set(crawled.application.pages.paths)
    expected = {path for path in kept if path.endswith("/")} | addresses(crawled.edition) | {"/"}
    assert set(crawled.pages) | crawled.passed_by == expected
    assert not set(crawled.pages) & crawled.passed_by
    for path in sorted(crawled.passed_by)[:: len(crawled.passed_by) // 100]:
        assert crawled.client.get(path).status_code == 200, path
    assert crawled.files == {inbox_key.FILE} | {path for path in kept if not path.endswith("/")} - set(wellknown.PATHS)


def test_titles_are_unique_in_their_language(crawled: Crawl) -> None:
    """No two pages of a language have the same title: a tab, a bookmark, a screen reader's list tells them apart."""
    for code in crawled.edition.languages:
        titles = [page.text(page.one("title")) for path, page in _real(crawled) if path.startswith(f"/{code}/")]
        assert [title for title in titles if titles.count(title) > 1] == []


def _real(crawled: Crawl) -> list[tuple[str, Page]]:
    return [(path, crawled.pages[path].page) for path in crawled.real]


def test_every_template_is_seen(crawled: Crawl) -> None:
    """Every template of a whole page, and all that can be shown beneath a page's text, is among what the checks look at."""
    folder = Path(ihmiskauppa.__file__).parent / "templates"
    whole = {file.name for file in folder.glob("*.html") if file.read_text(encoding="utf-8").startswith("{% extends")}
    shown = {f"page.html {file.stem}" for file in folder.glob("shows/*.html")}
    seen = {each.template for each in crawled.looked_at.values()}
    assert {template.partition(" ")[0] for template in seen} == whole
    assert shown <= seen


def test_every_page_is_in_its_language(crawled: Crawl, all_pages: dict[str, Page]) -> None:
    """`lang` and `dir` are those of the address."""
    for path, page in all_pages.items():
        if path != "/":
            assert page.language == path.split("/")[1]
            assert page.root.get("dir") == crawled.edition.languages[page.language].direction


def test_every_anchor_leads_to_a_section(crawled: Crawl, all_pages: dict[str, Page]) -> None:
    """A link to a part of a page finds that part."""
    for path, page in all_pages.items():
        for link in page.all("a"):
            target = urlsplit(link.get("href", ""))
            if target.fragment and not target.scheme and target.path not in crawled.passed_by:
                there = all_pages[target.path or path]
                assert [e for e in there.everything() if e.get("id") == target.fragment], (path, link.get("href"))


def test_every_page_leads_to_its_other_languages(all_pages: dict[str, Page]) -> None:
    """The switcher keeps the page and changes the language; no flags, no script."""
    for path, page in all_pages.items():
        if path == "/":
            continue
        rest = path.split("/", 2)[2]
        switcher = page.one("details", class_="ik-languages")
        targets = {link.get("lang"): link.get("href") for link in switcher.iter(SPACE + "a")}
        assert targets == {code: f"/{code}/{rest}" for code in LANGUAGES}


def test_no_text_is_left_in_english(all_pages: dict[str, Page]) -> None:
    """The frame of a page in another language has none of the English frame's texts."""
    english = _frame_texts(all_pages["/en/"])
    for code in ("fi", "sv", "ar"):
        same = _frame_texts(all_pages[f"/{code}/"]) & english
        assert same <= {".", "112", "+358 295 463 177", "Suomi", "Svenska", "English", "العربية"}, same


def _frame_texts(page: Page) -> set[str]:
    texts = set()
    for tag in ("header", "footer", "aside"):
        for part in page.all(tag):
            foreign = {text for element in part.iter() if element.get("lang") for text in element.itertext()}
            texts |= {" ".join(text.split()) for text in part.itertext() if text.strip() and text not in foreign}
    return texts


def test_machine_translations_say_so(all_pages: dict[str, Page]) -> None:
    """Every translation no person has checked says it on the page, forms and made pages too; the Finnish source does not."""
    for form in ("get-help/write-to-us", "help-someone/concern", "help-someone/referral", "materials/posters", "about/search"):
        for code, said in (("sv", "Ingen människa har"), ("ar", "آلية"), ("ur", "مشین"), ("fi", ""), ("en", "")):
            footer = all_pages[f"/{code}/{form}/"].one("footer")
            words = "".join(footer.itertext())
            assert (said in words) if said else ("machine" not in words and "Kone" not in words), (code, form)
    for path, page in all_pages.items():
        if page.all("article"):
            foreign = bool(page.all("div", class_="ik-notice", role="note"))  # it says that it is in another language
            assert bool(page.all("p", class_="ik-review")) == (page.language != "fi" and not foreign), path


def test_safety_critical_machine_text_has_its_source_beneath(all_pages: dict[str, Page]) -> None:
    """On the police page, in every translation, the source stands under the sections that tell who is told."""
    for code, source in (("sv", "fi"), ("en", "fi"), ("ar", "en")):
        page = all_pages[f"/{code}/get-help/police/"]
        section = page.one("section", id="who-is-told")
        beneath = [details for details in section.iter(SPACE + "details") if details.get("class") == "ik-source"]
        assert len(beneath) == 1
        assert [div for div in beneath[0].iter(SPACE + "div") if div.get("lang") == source]


def test_the_hotline_is_on_every_page(all_pages: dict[str, Page]) -> None:
    """Each page, form and error has the number as a link that calls it."""
    for path, page in all_pages.items():
        assert len(page.all("a", href="tel:+358295463177")) >= 2, path
