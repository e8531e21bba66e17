"""The signs check's pages: kept for everyone alike, whole without style sheet or script, and unable to send anything."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ihmiskauppa import settings
from ihmiskauppa.forms import indicators
from ihmiskauppa.forms.indicators import Level
from tests.client import SPACE
from tests.public.conftest import Site

CHECK = indicators.load(settings.data_folder("forms"))
LANGUAGES = ("fi", "sv", "en", "ar")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_front_leads_to_the_three_paths(site: Site, language: str) -> None:
    """Three doors, each to its path, each in the language."""
    page = site.client.page(f"/{language}/recognise/signs-check/")
    doors = [link.get("href") for link in page.one("div", class_="ik-doors").iter(SPACE + "a")]
    assert doors == [f"/{language}/{path.id}/" for path in CHECK.paths]


@pytest.mark.parametrize("path", CHECK.paths, ids=lambda path: path.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sign_can_be_ticked_and_every_step_stands_there(site: Site, language: str, path: indicators.Path) -> None:
    """Labelled boxes in groups with legends; five steps, each with its condition in words for who sees no style."""
    page = site.client.page(f"/{language}/{path.id}/")
    assert [box.get("id") for box in page.all("input")] == [sign.name for sign in path.signs]
    assert [box.get("data-weight") for box in page.all("input")] == [sign.weight for sign in path.signs]
    assert len(page.all("legend")) == len(page.all("fieldset")) == len(path.groups)
    steps = [element for element in page.everything() if element.get("data-step")]
    assert [step.get("data-step") for step in steps] == list(Level)
    for step in steps:
        assert len([p for p in step.iter(SPACE + "p") if p.get("class") == "ik-signs__when" and page.text(p)]) == 1


@pytest.mark.parametrize("path", CHECK.paths, ids=lambda path: path.name)
def test_nothing_on_the_page_can_be_sent(site: Site, path: indicators.Path) -> None:
    """No box has a name, no button sends, the form asks nobody; and nothing takes what is posted all the same."""
    page = site.client.page(f"/en/{path.id}/")
    assert not [box for box in page.all("input") if box.get("name") is not None or box.get("type") != "checkbox"]
    form = page.one("form")
    assert (form.get("method"), form.get("action")) == ("dialog", None)
    assert [button.get("type") for button in page.all("button")] == ["reset"]
    assert site.client.post(f"/en/{path.id}/", data={"papers": "on"}).status_code == 405
    assert f"/en/{path.id}/" in site.application.pages, "the page is kept, the same for everyone"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_safety_critical_has_its_source_beneath(site: Site, language: str) -> None:
    """Guardians, the police, and who gets the ticks: in English beneath what no person has checked (promise 11)."""
    for path in CHECK.paths:
        page = site.client.page(f"/{language}/{path.id}/")
        beneath = [page.text(p) for p in page.all("p", class_="ik-beneath")]
        says = [*CHECK.notes, *(say for step in path.steps for say in step.says)]
        assert beneath == ([say.text for say in says if say.safety_critical] if language in {"sv", "ar"} else [])


@pytest.mark.parametrize(
    ("found", "put", "reason"),
    [
        ("get-help/what-happens", "get-help/nowhere", "a step leads to get-help/nowhere, which is no page"),
        ("{contact:hotline}", "{contact:hotlien}", "{contact:hotlien} is no contact"),
    ],
)
def test_a_link_or_contact_that_does_not_exist_stops_the_start(
    make_site: Callable[..., Any], tmp_path: Path, found: str, put: str, reason: str
) -> None:
    """File and name are told."""
    forms = Path(shutil.copytree(settings.data_folder("forms"), tmp_path / "forms"))
    file = forms / indicators.FILE
    file.write_text(file.read_text(encoding="utf-8").replace(found, put, 1), encoding="utf-8")
    with pytest.raises(Exception, match=r"indicators\.toml") as fault:
        make_site(forms_folder=forms)
    assert reason in str(fault.value)


def test_a_page_fits_the_first_flight(site: Site) -> None:
    """Page and style sheet together stay within 14 kB, compressed."""
    for language in LANGUAGES:
        for path in CHECK.paths:
            kept = [
                site.application.pages.at_hand("/static/site.css", "br"),
                site.application.pages.render(f"/{language}/{path.id}/", "br"),
            ]
            assert sum(len(each.body) for each in kept if each) < 14_000


def test_the_pages_stand_in_the_menu(site: Site) -> None:
    """Under the section's front page, in order."""
    children = next(pages for front, pages in site.edition.catalogue.menu("en") if front.id == "recognise/index")
    assert set(CHECK.pages) <= {page.id for page in children}
