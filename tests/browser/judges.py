"""What is held against a page in the browser: axe-core's rules, the contrast of all text, its width; and what it may leave."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import axe_playwright_python
from playwright.sync_api import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUICK = {"resultTypes": ["violations"], "preload": False}
COLOURS = ["color-contrast", "color-contrast-enhanced", "link-in-text-block"]
# axe's own look at colours costs more than all its other rules, and is laxer than `CONTRAST`: for templates only. So is
# its look at links, which are underlined.
RULES = {**QUICK, "runOnly": TAGS, "rules": {name: {"enabled": False} for name in COLOURS}}
COLOUR_RULES = {**QUICK, "runOnly": {"type": "rule", "values": COLOURS}}
PHONE, SMALL, WIDE = 390, 320, 1280  # 320 px is also 400 % of 1280 px (WCAG 1.4.10)
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
STORED = """async () => ({
  cookie: document.cookie,
  local: localStorage.length,
  session: sessionStorage.length,
  databases: (await indexedDB.databases()).length,
  caches: (await caches.keys()).length,
  workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""
NOTHING = {"cookie": "", "local": 0, "session": 0, "databases": 0, "caches": 0, "workers": 0}


def faults_of(page: Page, *, with_axe: bool = True) -> list[str]:
    """What axe finds, what has too little contrast, whether the page is too wide. Its context bypasses the CSP."""
    faults = [*(_axe(page, RULES) if with_axe else ()), *page.evaluate(CONTRAST)]
    if page.evaluate(TOO_WIDE):
        faults.append("wider than the window")
    return faults


def faults_of_the_menu(page: Page) -> list[str]:
    """What is wrong with the open menu itself; what it lies over cannot be touched until it is closed."""
    return [*_axe(page, RULES, "'.ik-menu'"), *page.evaluate(CONTRAST)]


def faults_of_colours(page: Page) -> list[str]:
    """What both measures find in the colours as they are just now, and nothing else."""
    return [*_axe(page, COLOUR_RULES), *page.evaluate(CONTRAST)]


def _axe(page: Page, rules: dict[str, Any], where: str = "document") -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(f"axe.run({where}, {json.dumps(rules)})")
    return [f"{v['id']}: {[node['html'][:120] for node in v['nodes']]}" for v in found["violations"]]


def faults_on_a_phone(page: Page, path: str, *, with_axe: bool = True) -> list[str]:
    """What is wrong with the page at `path`, everything unfolded, on a phone; and whether others are too narrow for it."""
    page.set_viewport_size({"width": PHONE, "height": 800})
    page.goto(path)
    page.evaluate(UNFOLD)
    found = faults_of(page, with_axe=with_axe)
    for width in (SMALL, WIDE):
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate(TOO_WIDE):
            found.append(f"wider than {width} px")
    return found


def traces(page: Page, site: str, paths: Iterable[str]) -> list[str]:
    """What the pages at `paths` of `site` set or store, ask of others, say on the console, or tell of where one came from."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url) if not _ours(request.url, site) else None)
    page.on("console", lambda message: found.append(message.text) if "404" not in message.text else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    for path in paths:
        page.goto(path)
        stored = page.evaluate(STORED)
        found += [f"{path} keeps {stored}"] if stored != NOTHING else []
        referrer = page.evaluate("document.referrer")
        found += [f"{path} sees {referrer}"] if referrer else []
    return found + [str(cookie) for cookie in page.context.cookies()]


def _ours(url: str, site: str) -> bool:
    return urlsplit(url).scheme == "data" or url.startswith(site)
