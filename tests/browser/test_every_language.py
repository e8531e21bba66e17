"""Promises 1, 7 and 11: every page that exists in a language, seen by a browser: one test a language, for whoever is free.

The rules are the same for all of them: a text may be too long for its line, too pale in a place where no
other language has one, or in a direction that moves it under something.
"""

import pytest
from playwright.sync_api import Page

from ihmiskauppa import languages, settings
from ihmiskauppa.public import editions
from ihmiskauppa.public.editions import Edition
from ihmiskauppa.settings import ENVIRONMENT_PREFIX, data_folder
from tests.browser.judges import faults_on_a_phone, traces
from tests.copies import Copy
from tests.crawl import real_in, samples_in

LANGUAGES = list(languages.load(data_folder("content") / "languages.toml"))
TIMEOUT = 600  # seconds; one page takes half of one on a quiet machine


@pytest.fixture(scope="session")
def edition(copy: Copy) -> Edition:
    """What the copy shows."""
    return editions.load(settings.read({f"{ENVIRONMENT_PREFIX}INSTANCE": str(copy.instance)}))


@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize("code", LANGUAGES)
def test_nothing_is_wrong_with_any_page(axe_page: Page, edition: Edition, code: str) -> None:
    """Everything unfolded, on a phone; and neither on the smallest phone nor on a laptop is one wider than its window.

    What axe looks at is made by templates: of most languages it sees what is read in fear, and some other pages.
    """
    paths, samples = real_in(edition, code), samples_in(edition, code)
    assert f"/{code}/" in samples
    found = {path: faults_on_a_phone(axe_page, path, with_axe=path in samples) for path in paths}
    assert {path: faults for path, faults in found.items() if faults} == {}


@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize("code", LANGUAGES)
def test_no_page_leaves_anything_or_asks_anyone_else(page: Page, copy: Copy, edition: Edition, code: str) -> None:
    """Cookies, storages, caches, workers, foreign requests and console messages are counted: none.

    What a page sets and asks for is held against every answer within the process, too: most languages show the same few pages.
    """
    assert traces(page, copy.url, sorted(samples_in(edition, code))) == []
