"""Promise 7: axe-core finds nothing, text has a contrast of 7:1, nothing overflows at 320 px or 400 %, all can be touched."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.judges import SMALL, UNFOLD, WIDE, faults_of, faults_of_colours, faults_of_the_menu, faults_on_a_phone
from tests.copies import Copy
from tests.crawl import Crawl

MENU = "open => { document.querySelector('.ik-menu').open = open }"
TIMEOUT = 900  # seconds; some three hundred looks, each half of one on a quiet machine


@pytest.mark.timeout(TIMEOUT)
def test_nothing_is_wrong_with_the_front_and_the_fallbacks(axe_page: Page, crawled: Crawl) -> None:
    """`/`, and a fallback of each template; `test_every_language.py` looks at all that exists in a language."""
    found = {path: faults for path in ("/", *crawled.fallbacks) if (faults := faults_on_a_phone(axe_page, path))}
    assert found == {}


@pytest.mark.timeout(TIMEOUT)
def test_nothing_is_wrong_with_any_template(axe_page: Page, crawled: Crawl, copy: Copy) -> None:
    """The longest page of each template, and what no link leads to, menu open: both widths; colours in both schemes, with more
    contrast, and forced."""
    faults: dict[tuple[str, ...], list[str]] = {}

    def look(*where: str, judge: Callable[[Page], list[str]] = faults_of_colours) -> None:
        if found := judge(axe_page):
            faults[where] = found

    for template in _templates(axe_page, crawled, copy):
        axe_page.evaluate(UNFOLD)
        axe_page.evaluate("window.scrollTo(0, 0)")  # a page with faults has scrolled to them, and the exit lies over its header
        for width in (SMALL, WIDE):
            axe_page.set_viewport_size({"width": width, "height": 800})
            look(template, str(width), judge=faults_of)
            axe_page.evaluate(MENU, True)
            look(template, str(width), "menu", judge=faults_of_the_menu)
            axe_page.evaluate(MENU, False)
        axe_page.evaluate(MENU, True)
        for scheme in ("light", "dark"):
            axe_page.emulate_media(color_scheme=scheme)
            look(template, scheme)
        axe_page.evaluate(MENU, False)
        axe_page.emulate_media(contrast="more")
        look(template, "dark", "more contrast")
        axe_page.emulate_media(color_scheme="light")
        look(template, "light", "more contrast")
        axe_page.emulate_media(contrast="no-preference", forced_colors="active")
        look(template, "forced colours")
        axe_page.emulate_media(forced_colors="none")
    assert not faults, "\n".join(f"{where}: {found}" for where, found in faults.items())


def _templates(page: Page, crawled: Crawl, copy: Copy) -> Iterator[str]:
    """Show one page after the other; what no link leads to is put in the answer to a request of the copy's own address."""
    for template, path in crawled.longest.items():
        page.goto(path)
        yield template
    html = ""
    page.route(f"{copy.url}/state/", lambda route: route.fulfill(body=html, content_type="text/html"))
    for kind, name in crawled.longest_states.items():
        html = crawled.states[name].page.html
        page.goto("/state/")
        yield kind


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
