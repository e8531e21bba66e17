"""Every page, in every language, and every route: reachable, whole, and leading only to what exists."""

from urllib.parse import urlsplit

import pytest

from ihmiskauppa.app import build_public_app
from ihmiskauppa.public import inbox_key, wellknown
from ihmiskauppa.public.editions import LIBRARY, SEARCH, load
from ihmiskauppa.settings import Settings
from tests.client import SPACE, CheckedClient, Page
from tests.conftest import make_instance, new_key

# Every address the public site answers, and who may reach it: all of it is public, and only the forms take posts.
ROUTES = {
    "front": ("/", {"GET", "HEAD", "OPTIONS"}),
    "healthz": ("/healthz", {"GET", "HEAD", "OPTIONS"}),
    "form": ("/<language>/<path:place>/", {"GET", "HEAD", "OPTIONS", "POST"}),
    "search": ("/<language>/about/search/", {"GET", "HEAD", "OPTIONS"}),
    "library": ("/<language>/materials/library/", {"GET", "HEAD", "OPTIONS"}),
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
def all_pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    """Every page reachable by links from the front page, by path, each checked as it was fetched; files are there."""
    key = new_key(tmp_path_factory.mktemp("keys") / "gnupg", "Inbox <inbox@example.org>")
    configuration = make_instance(tmp_path_factory.mktemp("everywhere") / "instance", key)
    application = build_public_app(configuration, watch=False)
    client = CheckedClient(application)
    pages: dict[str, Page] = {}
    waiting = ["/"]
    files: set[str] = set()
    while waiting:
        path = waiting.pop()
        if not path.endswith("/"):
            files.add(path)
            assert client.get(path).status_code == 200
            continue
        pages[path] = client.page(path)
        for link in pages[path].all("a"):
            target = urlsplit(link.get("href", ""))
            if not target.scheme and target.path and target.path not in pages and target.path not in waiting:
                waiting.append(target.path)
    edition = load(configuration)
    kept = set(application.pages.paths)
    expected = {path for path in kept if path.endswith("/")}
    asked = [form.id for form in edition.forms.values() if not form.of_page] + [SEARCH.id, LIBRARY.id]
    expected |= {edition.catalogue.entry(code, page_id).path for code in edition.languages for page_id in asked}
    of_pages = {f"{form.id}/{page_id}/" for form in edition.forms.values() if form.of_page for page_id in edition.catalogue.ids}
    expected |= {f"/{code}/{place}" for code in edition.languages for place in of_pages}
    assert set(pages) == expected | {"/"}
    assert files == {inbox_key.FILE} | {path for path in kept if not path.endswith("/")} - set(wellknown.PATHS)
    return pages


def test_every_page_is_in_its_language(all_pages: dict[str, Page]) -> None:
    """`lang` and `dir` are those of the address."""
    for path, page in all_pages.items():
        if path != "/":
            assert page.language == path.split("/")[1]
            assert page.root.get("dir") == ("rtl" if page.language == "ar" else "ltr")


def test_every_anchor_leads_to_a_section(all_pages: dict[str, Page]) -> None:
    """A link to a part of a page finds that part."""
    for path, page in all_pages.items():
        for link in page.all("a"):
            target = urlsplit(link.get("href", ""))
            if target.fragment and not target.scheme:
                there = all_pages[target.path or path]
                assert [e for e in there.everything() if e.get("id") == target.fragment], (path, link.get("href"))


def test_every_page_leads_to_its_other_languages(all_pages: dict[str, Page]) -> None:
    """The switcher keeps the page and changes the language; no flags, no script."""
    for path, page in all_pages.items():
        if path == "/":
            continue
        rest = path.split("/", 2)[2]
        switcher = page.one("details", class_="ik-languages")
        targets = {link.get("hreflang"): link.get("href") for link in switcher.iter(SPACE + "a")}
        assert targets == {code: f"/{code}/{rest}" for code in ("fi", "sv", "en", "ar")}


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
    """Every translation no person has checked says it on the page; the Finnish source does not."""
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
