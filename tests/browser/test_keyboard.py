"""Promise 7: the keyboard alone reaches everything, and where it is can be seen at every step."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.copies import Copy

MOST_STEPS = 150
# What has the focus; whether it is marked, in the window and covered by nothing, the exit that stays at the top least of all
# (WCAG 2.4.7, 2.4.11). What a label or a link's own `::after` lies over is covered by itself.
FOCUS = """() => {
    const e = document.activeElement, box = e.getClientRects()[0], style = getComputedStyle(e);
    const there = box && document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    const own = there && (e.contains(there) || there.contains(e) && there.closest('li, label, summary') !== null);
    return {
        href: e.getAttribute('href') || '', name: e.name || '', type: e.type || '', html: e.outerHTML.slice(0, 120),
        seen: Boolean(own) && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    };
}"""
Focus = dict[str, str]


def _tab_to(page: Page, wanted: Callable[[Focus], bool]) -> None:
    """Press Tab until what is wanted has the focus; every stop on the way must be seen."""
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        focus: Focus = page.evaluate(FOCUS)
        assert focus["seen"], f"{page.url}: {focus['html']}"
        if wanted(focus):
            return
    pytest.fail(f"{page.url}: not reached")


@pytest.mark.parametrize("language", ["fi", "ar"])
@pytest.mark.parametrize("kind", ["page", "bare_page"])
def test_the_keyboard_alone_leads_from_home_to_a_sent_message(
    request: pytest.FixtureRequest, copy: Copy, kind: str, language: str
) -> None:
    """Tab and Enter through a door to the form, with script and without; the message that arrives is the one typed."""
    page: Page = request.getfixturevalue(kind)
    page.goto(f"/{language}/")
    _tab_to(page, lambda focus: focus["href"] == f"/{language}/get-help/" and "ik-menu" not in focus["html"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{language}/get-help/")
    _tab_to(page, lambda focus: focus["href"] == "#main")
    page.keyboard.press("Enter")  # past the header, as the skip link says
    _tab_to(page, lambda focus: focus["href"] == f"/{language}/get-help/write-to-us/")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{language}/get-help/write-to-us/")
    _tab_to(page, lambda focus: focus["name"] == "message")
    text = f"{language} {kind} näppäimistöllä"
    page.keyboard.type(text)
    page.wait_for_timeout(1100)
    _tab_to(page, lambda focus: focus["type"] == "submit")
    page.keyboard.press("Enter")
    reference = page.locator("[data-reference]")
    expect(reference).to_be_visible()
    assert copy.wait_for("".join(re.findall(r"\d", reference.inner_text()))).answers["message"] == text


def test_the_keyboard_alone_sends_the_form(page: Page) -> None:
    """Tab, space and Enter reach every control of the form, what a choice reveals too."""
    page.goto("/en/get-help/write-to-us/")
    page.focus("[name=message]")
    page.keyboard.type("help")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.value") == "unsure"
    page.keyboard.press("Tab")
    seen: list[str] = []
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in range(40):
        seen.append(page.evaluate("document.activeElement.name || document.activeElement.type || ''"))
        if seen[-1] == "submit":
            break
        page.keyboard.press("Tab")
    assert {"may_contact", "telephone", "email", "safe_time_from_time", "spoken_language", "place", "helper"} <= set(seen)
    page.wait_for_timeout(1100)
    page.keyboard.press("Enter")
    expect(page.locator("[data-reference]")).to_be_visible()
