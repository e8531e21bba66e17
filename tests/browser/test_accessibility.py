"""Promise 7: axe-core finds nothing on any page; nothing overflows at 320 px or 400 %; keyboard and touch reach everything."""

import json
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_traces import PATHS
from tests.copies import Copy

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def _violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(f"axe.run(document, {json.dumps(RULES)})")
    return [f"{v['id']}: {[node['html'][:120] for node in v['nodes']]}" for v in found["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(browser: Browser, copy: Copy, scheme: str) -> None:
    """All pages and forms, in every language, everything unfolded, in both colour schemes."""
    context = browser.new_context(base_url=copy.url, bypass_csp=True, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    faults: dict[str, list[str]] = {}
    for path in PATHS:
        page.goto(path)
        page.evaluate("document.querySelectorAll('.ik-details, .ik-source').forEach(d => d.open = true)")
        page.evaluate("document.querySelectorAll('input[value=yes], input[value=no]').forEach(i => i.checked = true)")
        found = _violations(page)
        if found:
            faults[path] = found
    context.close()
    assert not faults


def test_axe_finds_nothing_on_errors_and_confirmation(browser: Browser, copy: Copy) -> None:
    """The form with faults, the open menu, and the confirmation."""
    context = browser.new_context(base_url=copy.url, bypass_csp=True, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto("/ar/get-help/write-to-us/")
    page.wait_for_timeout(1100)
    page.check("[name=may_contact][value=yes]")
    page.fill("[name=telephone]", "not a number")
    page.click("button[type=submit]")
    assert page.locator(".ik-summary").is_visible()
    assert _violations(page) == []
    page.click(".ik-menu > summary")
    assert _violations(page) == []
    page.goto("/ar/about/write-to-us/")
    page.fill("[name=message]", "مرحبا")
    page.wait_for_timeout(1100)
    page.click("button[type=submit]")
    expect(page.locator("[data-reference]")).to_be_visible()
    assert _violations(page) == []
    context.close()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_overflows(browser: Browser, copy: Copy, width: int) -> None:
    """No page scrolls sideways at any width; 320 px is also 400 % of 1280 px (WCAG 1.4.10)."""
    context = browser.new_context(base_url=copy.url, viewport={"width": width, "height": 800})
    page = context.new_page()
    wide = []
    for path in PATHS:
        page.goto(path)
        page.evaluate("document.querySelectorAll('input[value=yes], input[value=no]').forEach(i => i.checked = true)")
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(path)
    context.close()
    assert not wide


def test_controls_are_large_enough_to_touch(page: Page) -> None:
    """Buttons, fields, choices' labels, menu lines and the exit are 44 px high at least (WCAG 2.5.5)."""
    page.goto("/fi/get-help/write-to-us/")
    page.check("[name=may_contact][value=yes]")
    page.click(".ik-menu > summary")
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, summary, select, textarea, input[type=text], input[type=tel], '
            + 'input[type=date], input[type=time], .ik-choice__label, .ik-menu__panel a, .ik-exit a')]
            .filter(e => e.offsetParent !== null && e.getBoundingClientRect().height < 43.5)
            .map(e => e.outerHTML.slice(0, 80) + e.getBoundingClientRect().height)"""
    )
    assert small == []


def test_the_error_summary_takes_focus_and_leads_to_the_field(page: Page) -> None:
    """After an error focus is on the summary; its link moves focus to the field."""
    page.goto("/fi/about/write-to-us/")
    page.wait_for_timeout(1100)
    page.click("button[type=submit]")
    expect(page.locator("#faults")).to_be_focused()
    page.click(".ik-summary a")
    assert page.evaluate("document.activeElement.name") == "message"


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
