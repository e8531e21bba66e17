"""Promise 1 in a real browser: every page, and nothing is set, stored, or loaded from elsewhere."""

from playwright.sync_api import Page

from ihmiskauppa.pages.catalogue import HOME
from ihmiskauppa.public.editions import SEARCH
from tests.browser.judges import traces
from tests.copies import Copy
from tests.crawl import Crawl

FIRST_WINDOW = 14 * 1024


def test_nothing_that_is_no_page_of_a_language_leaves_anything(page: Page, copy: Copy, crawled: Crawl) -> None:
    """`/`, a fallback of each template, searches and an error: neither cookies, storages, caches and workers, nor foreign
    requests and console messages; `test_every_language.py` visits all that exists in a language."""
    tree, codes = crawled.edition.catalogue, tuple(crawled.edition.languages)
    searches = [f"{tree.entry(code, SEARCH.id).path}?q={words}" for code in codes for words in ("112", "qqqqq")]
    assert traces(page, copy.url, ("/", *crawled.fallbacks, *searches, "/nowhere")) == []


def test_a_trace_would_be_seen(page: Page, copy: Copy) -> None:
    """The control: a page that sets a cookie, stores, and asks another host is told of by each."""
    page.route("https://elsewhere.example/**", lambda route: route.fulfill(body=""))
    page.add_init_script(
        "document.cookie = 'a=b'; localStorage.setItem('a', 'b'); new Image().src = 'https://elsewhere.example/'"
    )
    told = "\n".join(traces(page, copy.url, ["/fi/"]))
    assert "https://elsewhere.example/" in told
    assert "'cookie': 'a=b', 'local': 1" in told


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
