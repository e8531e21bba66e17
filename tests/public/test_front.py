"""`/` lists the languages, the visitor's likely ones first; `/healthz` says that pages can be served."""

from ihmiskauppa.languages import load
from ihmiskauppa.settings import data_folder
from tests.client import Page
from tests.public.conftest import Site

LANGUAGES = load(data_folder("content") / "languages.toml")


def _listed(page: Page) -> list[str]:
    lists = [ul for ul in page.one("main").iter() if ul.get("class") == "ik-language-list"]
    return [link.get("lang", "") for ul in lists for link in ul.iter("{http://www.w3.org/1999/xhtml}a")]


def test_every_language_stands_there_in_its_own_name(site: Site) -> None:
    """All languages, once each, in their own name, lang and dir, leading to their home page; and the hotline."""
    page = site.client.page("/")
    assert sorted(_listed(page)) == sorted(LANGUAGES)
    for link in page.one("main").iter("{http://www.w3.org/1999/xhtml}a"):
        language = LANGUAGES[link.get("lang", "")]
        assert (link.get("lang"), link.get("dir")) == (language.code, language.direction)
        assert link.get("href") == f"/{language.code}/"
        assert "".join(link.itertext()) == language.name
    assert page.all("a", href="tel:+358295463177")


def test_the_browser_s_languages_only_change_the_order(site: Site) -> None:
    """Accept-Language puts likely languages first; nobody is sent anywhere."""
    answer = site.client.get("/", headers={"Accept-Language": "ar-SY,ar;q=0.9,sv;q=0.8,tlh"})
    assert answer.status_code == 200
    assert answer.headers["Vary"] == "Accept-Language"
    page = Page(answer.text)
    assert page.language == "ar"
    listed = _listed(page)
    assert listed[:2] == ["ar", "sv"]
    assert sorted(listed) == sorted(LANGUAGES)


def test_healthz_says_only_that_pages_can_be_served(site: Site) -> None:
    """Nothing about keys, mail or the outbox is told to the public."""
    answer = site.client.get("/healthz")
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    assert answer.text == "pages can be served\n"
