"""Error pages: the visitor's language, the hotline, the right status."""

from http import HTTPStatus

import pytest

from tests.client import Page
from tests.public.conftest import Site


@pytest.mark.parametrize(
    ("path", "accepted", "language"),
    [
        ("/ar/nowhere/", "fi", "ar"),
        ("/nowhere", "sv, en;q=0.5", "sv"),
        ("/xx/get-help/", "ar-SY", "ar"),
        ("/nowhere", "tlh", "en"),
        ("/nowhere", "", "en"),
    ],
)
def test_a_missing_page_is_told_in_the_likeliest_language(site: Site, path: str, accepted: str, language: str) -> None:
    """The address decides, then the browser's languages, then English."""
    answer = site.client.get(path, headers={"Accept-Language": accepted})
    assert answer.status_code == HTTPStatus.NOT_FOUND
    page = Page(answer.text)
    assert page.language == language
    assert page.all("a", href="tel:+358295463177")
    assert page.one("meta", name="robots").get("content") == "noindex"


@pytest.mark.parametrize("path", ["/fi/", "/fi/get-help/police/", "/"])
def test_a_page_takes_no_post(site: Site, path: str) -> None:
    """405, with what is allowed."""
    answer = site.client.post(path, data={"message": "x"})
    assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert "GET" in answer.headers["Allow"]
    assert "POST" not in answer.headers["Allow"]


@pytest.mark.parametrize(
    "path", ["/%00/", "/fi/%2e%2e/%2e%2e/etc/passwd", "/fi/get-help/%ff%fe/", "/static/../app.py", "/static/", "/fi//", "/🦊/"]
)
def test_odd_addresses_are_not_found(site: Site, path: str) -> None:
    """Whatever stands in an address, the answer is a page that says there is none."""
    assert site.client.get(path, follow_redirects=False).status_code in {400, 404, 308}


def test_a_visitor_s_address_never_stands_in_the_page(site: Site) -> None:
    """An error page repeats nothing of what was asked for."""
    answer = site.client.get("/fi/<script>alert(1)</script>?q=kanarialintu")
    assert "kanarialintu" not in answer.text
    assert "alert(1)" not in answer.text
