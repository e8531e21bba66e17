"""Promise 1 in a real browser: every page, and nothing is set, stored, or loaded from elsewhere."""

from urllib.parse import urlsplit

from playwright.sync_api import Page

from ihmiskauppa.pages.catalogue import HOME
from ihmiskauppa.public.editions import SEARCH
from tests.copies import Copy
from tests.crawl import Crawl

FIRST_WINDOW = 14 * 1024

STORED = """async () => ({
  cookie: document.cookie,
  local: localStorage.length,
  session: sessionStorage.length,
  databases: (await indexedDB.databases()).length,
  caches: (await caches.keys()).length,
  workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""


def test_no_page_leaves_anything_or_asks_anyone_else(page: Page, copy: Copy, crawled: Crawl) -> None:
    """Cookies, storages, caches, workers, foreign requests and console messages are counted over all pages in the
    languages they exist in, a fallback of each template, searches and an error: none."""
    foreign: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: foreign.append(request.url) if not _ours(request.url, copy) else None)
    page.on("console", lambda message: messages.append(message.text) if "404" not in message.text else None)
    page.on("pageerror", lambda error: messages.append(str(error)))
    tree, codes = crawled.edition.catalogue, tuple(crawled.edition.languages)
    searches = [f"{tree.entry(code, SEARCH.id).path}?q={words}" for code in codes for words in ("112", "qqqqq")]
    for path in (*crawled.real, *crawled.fallbacks, *searches, "/nowhere"):
        page.goto(path)
        found = page.evaluate(STORED)
        assert found == {"cookie": "", "local": 0, "session": 0, "databases": 0, "caches": 0, "workers": 0}, path
        referrer = page.evaluate("document.referrer")
        assert referrer == ""
    assert page.context.cookies() == []
    assert foreign == []
    assert messages == []


def _ours(url: str, copy: Copy) -> bool:
    return urlsplit(url).scheme == "data" or url.startswith(copy.url)


def test_an_information_page_makes_three_requests(page: Page, crawled: Crawl) -> None:
    """The page, one stylesheet, one script; together with their headers within 14 kB on the wire, as the browser counts.

    Of the home pages and the longest page that editors wrote; `tests/public/test_pages.py` adds up all pages, of a site that is
    no practice copy and so has no notice on each.
    """
    homes = [crawled.edition.catalogue.entry(code, HOME).path for code in crawled.edition.languages]
    for path in (*homes, crawled.longest["page.html"]):
        sizes = _sizes(page, path)
        assert len(sizes) == 3, sizes
        assert sum(sizes.values()) <= FIRST_WINDOW, sizes


def _sizes(page: Page, path: str) -> dict[str, int]:
    """Bytes on the wire of each address that a visit to `path` asks for."""
    sizes: dict[str, int] = {}
    names: dict[str, str] = {}
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    client.on("Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]}))
    client.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: int(event["encodedDataLength"])}))
    page.goto(path, wait_until="networkidle")
    client.detach()
    return {names[each]: size for each, size in sizes.items() if not names[each].startswith("data:")}
