"""Promise 1 in a real browser: every page, and nothing is set, stored, or loaded from elsewhere."""

from urllib.parse import urlsplit

from playwright.sync_api import Page

from ihmiskauppa import languages
from ihmiskauppa.forms import definition, indicators
from ihmiskauppa.pages import catalogue, statistics
from ihmiskauppa.public.editions import MADE_PAGES
from ihmiskauppa.settings import data_folder
from tests.copies import Copy

LANGUAGES = languages.load(data_folder("content") / "languages.toml")
PLACES = sorted(
    {page.id for page in catalogue.find(data_folder("content"), LANGUAGES)}
    | {page.id for page in MADE_PAGES}
    | {form.id for form in definition.load(data_folder("forms")).values() if not form.of_page}
    | {f"{form.id}/get-help/police" for form in definition.load(data_folder("forms")).values() if form.of_page}
    | set(indicators.load(data_folder("forms")).pages)
    | {release.id for release in statistics.load(data_folder("content") / "statistics", LANGUAGES)}
)
PATHS = ["/", "/nowhere", *(f"/{code}/{catalogue.path_of(place)}" for code in LANGUAGES for place in PLACES)]
PATHS += [f"/{code}/about/search/?q={words}" for code in LANGUAGES for words in ("112", "qqqqq")]

STORED = """async () => ({
  cookie: document.cookie,
  local: localStorage.length,
  session: sessionStorage.length,
  databases: (await indexedDB.databases()).length,
  caches: (await caches.keys()).length,
  workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""


def test_no_page_leaves_anything_or_asks_anyone_else(page: Page, copy: Copy) -> None:
    """Cookies, storages, caches, workers, foreign requests and console messages are counted over all pages: none."""
    foreign: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: foreign.append(request.url) if not _ours(request.url, copy) else None)
    page.on("console", lambda message: messages.append(message.text) if "404" not in message.text else None)
    page.on("pageerror", lambda error: messages.append(str(error)))
    for path in PATHS:
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


def test_an_information_page_makes_three_requests(page: Page) -> None:
    """The page, one stylesheet, one script; together with their headers within 14 kB on the wire, as the browser counts."""
    sizes: dict[str, int] = {}
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    names: dict[str, str] = {}
    client.on("Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]}))
    client.on(
        "Network.loadingFinished",
        lambda event: sizes.update({names[event["requestId"]]: int(event["encodedDataLength"])}),
    )
    page.goto("/fi/", wait_until="networkidle")
    web = {url: size for url, size in sizes.items() if not url.startswith("data:")}
    assert len(web) == 3, web
    assert sum(web.values()) <= 14 * 1024, web
