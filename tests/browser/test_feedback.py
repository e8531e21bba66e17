"""Feedback in a browser without scripts, through a running copy, to the inbox: and no word of it in the database."""

import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from ihmiskauppa.feedback.questionnaire import ITEMS
from tests.browser.judges import faults_of
from tests.copies import Copy


def _cells(copy: Copy) -> Iterator[object]:
    """Every cell of every table."""
    with closing(sqlite3.connect(copy.instance / "ihmiskauppa.db")) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                yield from row


def _counts(copy: Copy) -> dict[str, int]:
    done = copy.run("feedback", "counts", "--csv")
    lines = [line.rsplit(",", 1) for line in done.stdout.splitlines()[1:]]
    return {name: int(count) for name, count in lines}


def test_from_the_foot_of_a_page_to_the_inbox(bare_page: Page, copy: Copy) -> None:
    """A reader follows the link under a page, chooses and writes; the staff read the words, and no cell has them."""
    word = "kanaria" + secrets.token_hex(12)
    before = _counts(copy)
    bare_page.goto("/fi/get-help/police/")
    bare_page.click("footer a[href*='did-this-help']")
    expect(bare_page.locator("main a[href='/fi/get-help/police/']")).to_be_visible()
    bare_page.check("[name=helped][value=no]")
    bare_page.fill("[name=message]", f"{word}\nKuka lukee tämän?")
    bare_page.wait_for_timeout(1100)
    bare_page.click("main button[type=submit]")
    reference = "".join(re.findall(r"\d", bare_page.locator("[data-reference]").inner_text()))
    assert word not in bare_page.content()
    cells = list(_cells(copy))
    message = copy.wait_for(reference)
    assert message.answers == {"page": "get-help/police", "message": f"{word}\nKuka lukee tämän?"}
    assert message.subject.startswith("Palaute sivusta")
    cells += _cells(copy)
    assert "helped:get-help/police" in cells
    assert not [cell for cell in cells if word.encode() in (cell if isinstance(cell, bytes) else str(cell).encode())]
    assert word not in copy.log.read_text()
    name = "helped:get-help/police,no"
    assert _counts(copy) == before | {name: before.get(name, 0) + 1}
    bare_page.reload()
    assert _counts(copy)[name] == before.get(name, 0) + 1


def test_the_questionnaire_by_keyboard_and_half_empty(bare_page: Page, copy: Copy) -> None:
    """Arrow keys choose points, Tab goes from statement to statement; what is left open is no fault."""
    before = _counts(copy)
    bare_page.goto("/en/about/feedback/")
    bare_page.focus("[name=again]")
    for _ in ITEMS[:3]:
        bare_page.keyboard.press("Space")
        bare_page.keyboard.press("ArrowRight")
        bare_page.keyboard.press("Tab")
    bare_page.wait_for_timeout(1100)
    bare_page.click("main button[type=submit]")
    expect(bare_page.locator("h1")).to_have_text("Thank you for your answers")
    expect(bare_page.locator("[data-reference]")).to_have_count(0)
    after = _counts(copy)
    assert {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name)} == {
        f"{item},2": 1 for item in ITEMS[:3]
    }


def test_an_empty_questionnaire_comes_back(bare_page: Page) -> None:
    """The summary names what is missing and leads to the first question."""
    bare_page.goto("/sv/about/feedback/")
    bare_page.wait_for_timeout(1100)
    bare_page.click("main button[type=submit]")
    bare_page.click(".ik-summary a")
    assert bare_page.url.endswith("#found")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_every_point_can_be_touched(page: Page, width: int) -> None:
    """Each of the five is 44 px wide and high at least, side by side, in both directions of writing."""
    page.set_viewport_size({"width": width, "height": 800})
    for code in ("fi", "en", "ar"):
        page.goto(f"/{code}/about/feedback/")
        boxes = page.evaluate(
            "[...document.querySelectorAll('.ik-scale__point')].map(e => e.getBoundingClientRect())"
            ".map(b => [b.width, b.height, b.y])"
        )
        assert len(boxes) == 5 * len(ITEMS)
        assert min(min(box[:2]) for box in boxes) >= 44
        for first in range(0, len(boxes), 5):
            assert len({box[2] for box in boxes[first : first + 5]}) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_faults_and_thanks(browser: Browser, copy: Copy, scheme: str) -> None:
    """The two forms as they come back, and both ways of being thanked."""
    context = browser.new_context(base_url=copy.url, bypass_csp=True, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for path, choice in (("/ar/about/feedback/", "found"), ("/fi/about/did-this-help/home/index/", "helped")):
        page.goto(path)
        page.wait_for_timeout(1100)
        page.click("main button[type=submit]")
        expect(page.locator("#faults")).to_be_visible()
        assert faults_of(page) == []
        page.check(f"[name={choice}][value=yes]")
        page.click("main button[type=submit]")
        expect(page.locator("[data-sent]")).to_be_visible()
        assert faults_of(page) == []
        page.goto(path)
        page.fill("[name=message]", "axe")
        page.wait_for_timeout(1100)
        page.click("main button[type=submit]")
        expect(page.locator("[data-reference]")).to_be_visible()
        assert faults_of(page) == []
    context.close()
