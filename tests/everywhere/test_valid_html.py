"""The HTML of every page is valid, as the Nu HTML checker sees it."""

from pathlib import Path

from tests.crawl import Crawl
from tests.everywhere import nu

BAD = "<!doctype html><html lang=en><title>Bad</title><section>No heading</section><p id=a><p id=a>"


def test_the_checker_says_nothing_about_any_page(crawled: Crawl, tmp_path: Path) -> None:
    """Pages in the languages they exist in, a fallback of each template, all states; of a bad page it does say something."""
    pages = {name: seen.page.html for name, seen in crawled.looked_at.items()}
    said = nu.messages({**pages, "bad": BAD}, tmp_path)
    bad = "\n".join(said.pop("bad", ()))
    assert "Section lacks heading" in bad
    assert "Duplicate ID" in bad
    assert said == {}
