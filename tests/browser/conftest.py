"""A running practice copy and a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.copies import Copy, running_copy

EXIT = "https://www.ilmatieteenlaitos.fi/"


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """Site, forwarder and practice inbox as processes, with some files of forms and posters."""
    with running_copy(tmp_path_factory.mktemp("copy"), files=True, everything=True) as running:
        yield running


def _context(browser: Browser, copy: Copy, *, script: bool) -> BrowserContext:
    context = browser.new_context(
        base_url=copy.url, java_script_enabled=script, viewport={"width": 390, "height": 800}, locale="fi-FI"
    )
    context.route(EXIT + "**", lambda route: route.fulfill(body="<title>Sää</title><h1>Sää</h1>", content_type="text/html"))
    return context


@pytest.fixture
def page(browser: Browser, copy: Copy) -> Iterator[Page]:
    """A new page in a new profile, with scripts; the exit's address answers with a harmless page."""
    context = _context(browser, copy, script=True)
    yield context.new_page()
    context.close()


@pytest.fixture
def axe_page(browser: Browser, copy: Copy) -> Iterator[Page]:
    """A page that axe can be put into; it asks for nothing compressed, since compressing takes as long as looking."""
    context = browser.new_context(base_url=copy.url, bypass_csp=True, extra_http_headers={"Accept-Encoding": "identity"})
    yield context.new_page()
    context.close()


@pytest.fixture
def bare_page(browser: Browser, copy: Copy) -> Iterator[Page]:
    """The same without scripts."""
    context = _context(browser, copy, script=False)
    yield context.new_page()
    context.close()
