"""Promise 7: axe-core finds nothing, text has a contrast of 7:1, nothing overflows at 320 px or 400 %, all can be touched."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.copies import Copy
from tests.crawl import Crawl

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": TAGS, "resultTypes": ["violations"], "preload": False}
PHONE, SMALL, WIDE = 390, 320, 1280  # 320 px is also 400 % of 1280 px (WCAG 1.4.10)
TIMEOUT = 600  # seconds; one page takes half of one on a quiet machine
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
UNFOLD = """() => {
    document.querySelectorAll('main details').forEach(d => d.open = true);
    document.querySelectorAll('main input[value=yes], main input[value=no]').forEach(i => i.checked = true);
}"""
# WCAG 1.4.6 for all text, however large, and 1.4.11 for the edges of fields. axe decides neither what a panel lies over nor
# links whose `::after` covers them; this looks at each element's own ancestors, which works since no text lies on a picture.
CONTRAST = """() => {
    const parse = text => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return {c: [r, g, b], a}; };
    const luminance = ({c}) => c.map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const over = (top, below) => ({c: top.c.map((v, i) => v * top.a + below.c[i] * (1 - top.a)), a: 1});
    const behind = e => {
        const own = e ? parse(getComputedStyle(e).backgroundColor) : parse('rgb(128, 128, 128)');
        return own.a === 1 ? own : over(own, behind(e.parentElement));
    };
    const ratio = (color, ground) => {
        const [low, high] = [luminance(over(parse(color), ground)), luminance(ground)].sort((a, b) => a - b);
        return (high + .05) / (low + .05);
    };
    const faults = [];
    const hold = (e, color, ground, least) => {
        const found = ratio(color, ground);
        if (found < least) faults.push(`${found.toFixed(1)}:1 ${e.outerHTML.slice(0, 100)}`);
    };
    for (const e of document.body.querySelectorAll('*')) {
        const style = getComputedStyle(e);
        const field = ['INPUT', 'TEXTAREA', 'SELECT'].includes(e.tagName) && e.type !== 'hidden';
        const text = field || [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim());
        if (!text || e.tagName === 'OPTION' || !e.checkVisibility({visibilityProperty: true})) continue;
        if (style.opacity !== '1') faults.push('not opaque: ' + e.outerHTML.slice(0, 100));
        hold(e, e.namespaceURI.endsWith('svg') ? style.fill : style.color, behind(e), 7);
        if (field && parseFloat(style.borderTopWidth) > 0) hold(e, style.borderTopColor, behind(e.parentElement), 3);
    }
    return faults;
}"""


def faults_of(page: Page) -> list[str]:
    """What axe finds, what has too little contrast, whether the page is too wide. Its context bypasses the CSP."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(f"axe.run(document, {json.dumps(RULES)})")
    faults = [f"{v['id']}: {[node['html'][:120] for node in v['nodes']]}" for v in found["violations"]]
    faults += page.evaluate(CONTRAST)
    if page.evaluate(TOO_WIDE):
        faults.append("wider than the window")
    return faults


@pytest.fixture
def axe_page(browser: Browser, copy: Copy) -> Iterator[Page]:
    """A page that axe can be put into."""
    context = browser.new_context(base_url=copy.url, bypass_csp=True)
    yield context.new_page()
    context.close()


@pytest.mark.timeout(TIMEOUT)
def test_nothing_is_wrong_with_any_page(axe_page: Page, crawled: Crawl) -> None:
    """Every page in the languages it exists in, and a fallback of each template, everything unfolded, on a phone.

    On the smallest phone and on a laptop, too, none is wider than its window.
    """
    faults: dict[str, list[str]] = {}
    for path in (*crawled.real, *crawled.fallbacks):
        axe_page.set_viewport_size({"width": PHONE, "height": 800})
        axe_page.goto(path)
        axe_page.evaluate(UNFOLD)
        found = faults_of(axe_page)
        for width in (SMALL, WIDE):
            axe_page.set_viewport_size({"width": width, "height": 800})
            if axe_page.evaluate(TOO_WIDE):
                found.append(f"wider than {width} px")
        if found:
            faults[path] = found
    assert not faults, "\n".join(f"{where}: {found}" for where, found in faults.items())


@pytest.mark.timeout(TIMEOUT)
def test_nothing_is_wrong_with_any_template(axe_page: Page, crawled: Crawl, copy: Copy) -> None:
    """The longest page of each template, and what no link leads to: both schemes, both widths, menu open; more contrast; forced
    colours."""
    faults: dict[tuple[str, ...], list[str]] = {}

    def look(*where: str) -> None:
        if found := faults_of(axe_page):
            faults[where] = found

    for template in _templates(axe_page, crawled, copy):
        axe_page.evaluate(UNFOLD)
        axe_page.evaluate("document.querySelector('.ik-menu').open = true")
        for width in (SMALL, WIDE):
            axe_page.set_viewport_size({"width": width, "height": 800})
            for scheme in ("light", "dark"):
                axe_page.emulate_media(color_scheme=scheme)
                look(template, str(width), scheme)
        axe_page.evaluate("document.querySelector('.ik-menu').open = false")
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
