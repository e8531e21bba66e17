"""A recording in a browser: nothing of it is loaded before the visitor asks, and then it plays."""

import shutil
from pathlib import Path

from playwright.sync_api import Browser, expect

from ihmiskauppa.settings import data_folder
from tests.copies import running_copy, wait_until
from tests.public.test_recordings import PAGE, stamped


def test_a_recording_is_loaded_on_request_only(browser: Browser, tmp_path: Path) -> None:
    """With the keyboard, as a visitor would; the page's policy lets it play."""
    content = Path(shutil.copytree(data_folder("content"), tmp_path / "content"))
    stamped(content, "fi")
    with running_copy(tmp_path, inbox=False, IHMISKAUPPA_CONTENT_FOLDER=str(content)) as copy:
        page = browser.new_page(base_url=copy.url, viewport={"width": 320, "height": 800})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"/fi/{PAGE}/")
        page.wait_for_load_state("networkidle")
        player = page.locator("audio")
        expect(player).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert not [url for url in asked if "/recordings/" in url]
        player.focus()
        page.keyboard.press("Space")
        wait_until(lambda: player.evaluate("audio => audio.currentTime > 0"))
        assert [url for url in asked if "/recordings/" in url]
        page.close()
