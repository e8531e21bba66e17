"""The library's page: every resource in every language, fewer by choice, whatever the address says."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from ihmiskauppa.languages import load
from ihmiskauppa.pages.content import AUDIENCES
from ihmiskauppa.pages.resources import KINDS, Resource
from ihmiskauppa.public import library
from ihmiskauppa.public.editions import Editions
from ihmiskauppa.settings import data_folder
from tests.client import SPACE, Page
from tests.public.conftest import Site

LANGUAGES = load(data_folder("content") / "languages.toml")


def shown(site: Site, language: str = "en", query: str = "") -> Page:
    return site.client.page(f"/{language}/materials/library/" + (f"?{query}" if query else ""))


def titles(page: Page) -> list[str]:
    return [page.text(each) for each in page.all("p", class_="ik-library__title")]


def plain(text: str) -> str:
    """As a page's text is read: any blank is one space."""
    return " ".join(text.split())


def resources(site: Site) -> tuple[Resource, ...]:
    return site.edition.resources


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_whole_library(site: Site, language: str) -> None:
    """All resources, by kind, each told in the reader's language or the nearest, which is marked; the page may be indexed."""
    page = shown(site, language)
    reader = LANGUAGES[language]
    expected = [each.texts_for(reader) for kind in KINDS for each in resources(site) if each.kind == kind]
    assert titles(page) == [plain(texts.title) for texts in expected]
    marked = [each.get("lang") for each in page.all("p", class_="ik-library__title")]
    assert marked == [None if texts.language.code == language else texts.language.code for texts in expected]
    assert str(len(expected)) in page.text(page.one("h2", id="results"))
    assert bool(page.all("div", class_="ik-notice")) == any(marked)
    assert bool(page.all("p", class_="ik-review")) == (language in {"sv", "en"})
    assert not page.all("meta", name="robots")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_is_plain(site: Site, language: str) -> None:
    """A GET of three labelled selects and a button, with nothing chosen; languages stand under their own names."""
    page = shown(site, language)
    form = page.one("form", data_form="library")
    assert (form.get("method"), form.get("autocomplete")) == ("get", "off")
    assert form.get("action") == f"/{language}/materials/library/#results"
    assert [select.get("name") for select in form.iter(SPACE + "select")] == ["audience", "kind", "language"]
    assert not [option for option in form.iter(SPACE + "option") if option.get("selected") is not None]
    assert all(page.text(option) for option in form.iter(SPACE + "option"))
    (tongues,) = [select for select in form.iter(SPACE + "select") if select.get("name") == "language"]
    assert {option.get("value"): page.text(option) for option in tongues}["fr"] == "Français"


def test_every_choice_leaves_what_has_it(site: Site) -> None:
    """Each option of each select: chosen in the answer, counted in words, and never empty."""
    found = {plain(each.texts_for(LANGUAGES["en"]).title): each for each in resources(site)}
    first = shown(site)
    for select in first.all("select"):
        for option in list(select)[1:]:
            name, value = select.get("name", ""), option.get("value", "")
            page = shown(site, "en", f"{name}={value}")
            wanted = {
                t
                for t, r in found.items()
                if r.matches(*(value if n == name else "" for n in ("audience", "kind", "language")))
            }
            assert set(titles(page)) == wanted, value
            assert wanted
            assert page.text(page.one("h2", id="results")) == (f"{len(wanted)} resource" + "s" * (len(wanted) > 1))
            assert [o.get("value") for o in page.all("option") if o.get("selected") is not None] == [value]
            assert page.one("meta", name="robots").get("content") == "noindex"
            assert not page.all("link", rel="canonical")


def test_choices_are_joined(site: Site) -> None:
    """All must hold; where nothing does, a way back to everything."""
    page = shown(site, "en", "audience=professional&kind=convention&language=fr")
    assert [title[:16] for title in titles(page)] == ["Palermo Protocol"]
    none = shown(site, "fi", "audience=victim&kind=act")
    assert titles(none) == []
    assert none.text(none.one("h2", id="results")) == "0 aineistoa"
    assert [a for a in none.one("main").iter(SPACE + "a") if a.get("href") == "/fi/materials/library/"]


@pytest.mark.parametrize(
    "query",
    [
        "audience=nobody",
        "kind=",
        "language=xx",
        "kind=" + quote("<script>alert(1)</script>"),
        "kind=" + quote('"><b>'),
        "audience=%00",
        "audience=%ff%fe",
        "kind[]=act",
        "q=1",
        "language=" + "a" * 5000,
        "audience",
    ],
)
def test_what_is_no_choice_is_ignored(site: Site, query: str) -> None:
    """The whole library, and nothing of the address on the page."""
    page = shown(site, "en", query)
    assert titles(page) == titles(shown(site))
    assert not page.all("b")
    assert "alert" not in page.html
    assert page.one("meta", name="robots").get("content") == "noindex"


def test_the_first_of_two_choices_counts(site: Site) -> None:
    """As forms do not send it."""
    assert titles(shown(site, "en", "kind=act&kind=review")) == titles(shown(site, "en", "kind=act"))


def test_an_unknown_language_has_no_library(site: Site) -> None:
    """As with every page."""
    assert site.client.get("/xx/materials/library/").status_code == 404


def test_links_leave_without_a_trace_or_stay_on_the_site(site: Site) -> None:
    """Another site gets no referrer and no handle, and is named; a page of ours is linked by its own title."""
    page = shown(site, "fi")
    main = page.one("main")
    outside = [a for a in main.iter(SPACE + "a") if a.get("href", "").startswith("https://")]
    assert {a.get("rel") for a in outside} == {"noreferrer noopener"}
    assert [bdi.text for bdi in main.iter(SPACE + "bdi") if bdi.text == "finlex.fi"] == ["finlex.fi"] * len(outside)
    assert [page.text(a) for a in main.iter(SPACE + "a") if a.get("href") == "/fi/figures/2018/"]


def test_every_audience_has_a_name(site: Site) -> None:
    """One for each that content may name; all resources of the site have theirs."""
    assert set(library.AUDIENCES) == AUDIENCES
    assert {audience for each in resources(site) for audience in each.audiences} == AUDIENCES


def test_the_library_is_where_pages_say(site: Site) -> None:
    """In the menu, on the front page of its section, found by the search; not among the files of an export."""
    page = site.client.page("/sv/materials/")
    assert "/sv/materials/library/" in {a.get("href") for a in page.one("main").iter(SPACE + "a")}
    assert "/sv/materials/library/" in {a.get("href") for a in page.one("details", class_="ik-menu").iter(SPACE + "a")}
    found = site.client.page("/en/about/search/?q=library")
    assert "/en/materials/library/" in {a.get("href") for a in found.all("a", class_="ik-hits__link")}
    assert "/sv/materials/library/" not in site.application.pages.paths


def test_a_changed_library_is_swapped_in_and_a_broken_one_is_not(
    site: Site, content_copy: Path, make_site: Callable[..., Site]
) -> None:
    """A running site has it within seconds; a fault changes nothing. An empty one is still a whole page."""
    current = Editions(replace(site.configuration, content_folder=content_copy))
    file = content_copy / "resources.toml"
    file.write_text("", encoding="utf-8")
    assert current.refresh()
    before = current.current
    assert before.resources == ()
    file.write_text("[[resource]]\nid = 1\n", encoding="utf-8")
    assert not current.refresh()
    assert current.current is before
    file.write_text("", encoding="utf-8")
    assert titles(shown(make_site(content_folder=content_copy))) == []
