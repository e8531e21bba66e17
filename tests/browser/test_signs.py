"""The signs check in a real browser: the style sheet says what `Path.step` says, and nothing leaves the page."""

import itertools
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ihmiskauppa import settings
from ihmiskauppa.forms import indicators
from ihmiskauppa.forms.indicators import Weight
from tests.browser.judges import STORED
from tests.copies import Copy
from tests.machine import need

CHECK = indicators.load(settings.data_folder("forms"))
SHOWN = "[...document.querySelectorAll('[data-step]')].filter(e => e.checkVisibility()).map(e => e.dataset.step)"
TICK = """ticked => [...document.querySelectorAll('.ik-signs input')].forEach(e => { e.checked = ticked.includes(e.id); })"""


@pytest.mark.parametrize("path", CHECK.paths, ids=lambda path: path.name)
def test_the_style_sheet_shows_the_step_of_the_definition(page: Page, path: indicators.Path) -> None:
    """Every set of up to two signs, every pair with each danger and child, and all at once: one step, the right one."""
    page.goto(f"/fi/{path.id}/")
    names = [sign.name for sign in path.signs]
    urgent = [sign.name for sign in path.signs if sign.weight in {Weight.DANGER, Weight.CHILD}]
    weak = [sign.name for sign in path.signs if sign.weight is Weight.WEAK]
    small = [set(some) for size in (0, 1, 2) for some in itertools.combinations(names, size)]
    several = [
        set(names),
        set(weak),
        set(urgent),
        *({*pair, one} for pair in itertools.combinations(names, 2) for one in urgent),
    ]
    for ticked in [*small, *several]:
        page.evaluate(TICK, list(ticked))
        step = path.step(ticked)
        assert page.evaluate(SHOWN) == [step.level], ticked
        assert page.locator(".ik-signs__up").is_visible() == step.urgent


@pytest.mark.parametrize("language", ["fi", "ar"])
def test_the_check_works_without_script_and_sends_nothing(bare_page: Page, copy: Copy, language: str) -> None:
    """By keyboard alone: danger shows its step right beneath; no request, no other address; cleared again."""
    page = bare_page
    page.goto(f"/{language}/recognise/signs-check/about-me/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    address = page.url
    expect(page.locator("[data-step=none]")).to_be_visible()
    page.locator("#papers").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("[data-step=closer]")).to_be_visible()
    page.locator("#hurt").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-step=danger]")).to_be_visible()
    expect(page.locator("[data-step]:visible")).to_have_count(1)
    expect(page.locator("[data-step=danger] a[href='tel:112']")).to_be_visible()
    page.locator("button[type=reset]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-step=none]")).to_be_visible()
    assert page.locator("input:checked").count() == 0
    assert asked == []
    assert page.url == address


def test_nothing_is_stored_and_leaving_empties_the_ticks(page: Page, copy: Copy) -> None:
    """With scripts: no storage; Back after another page shows no tick."""
    page.goto("/en/recognise/signs-check/about-me/")
    page.check("#papers")
    assert not any(page.evaluate(STORED).values())
    page.goto("/en/")
    page.go_back()
    assert page.locator("input").count() == len(CHECK.paths[0].signs)
    assert page.locator("input:checked").count() == 0


@pytest.mark.parametrize("language", ["fi", "ar"])
def test_a_print_has_ticks_outcome_and_address(bare_page: Page, copy: Copy, tmp_path: Path, language: str) -> None:
    """The PDF holds the step that was shown, no other, and where the page stands."""
    page = bare_page
    page.goto(f"/{language}/recognise/signs-check/someone-i-know/")
    page.check("#papers")
    shown, hidden = (page.locator(f"[data-step={level}] h3").text_content() or "" for level in ("closer", "none"))
    file = tmp_path / "print.pdf"
    page.pdf(path=file, format="A4")
    page.emulate_media(media="print")
    text = subprocess.run([need("pdftotext"), "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
    assert "+358 295 463 177" in text
    assert f"/{language}/recognise/signs-check/someone-i-know/" in text
    assert not page.locator(".ik-exit").is_visible(), "the exit is no part of a print"
    if language == "fi":  # right-to-left text comes out of a PDF in its own order
        assert shown in text
        assert hidden not in text
