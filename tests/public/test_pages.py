"""Kept pages: the right bytes, in the right encoding, to everyone alike."""

import gzip
import re
from collections.abc import Callable

import brotli
import pytest

from ihmiskauppa.public import privacy
from ihmiskauppa.public.pages import choose_encoding
from tests.client import Page
from tests.crawl import Crawl
from tests.machine import ROOT
from tests.public.conftest import Site

PAGE = "/fi/get-help/police/"
BROTLI = {"Accept-Encoding": "br"}
SERVERS_OWN = len("HTTP/1.1 200 OK\r\nDate: Tue, 24 Nov 2026 20:00:00 GMT\r\nServer: granian\r\n\r\n")
WINDOW = 14 * 1024  # the first ten segments of a connection (RFC 6928), a little rounded down


def test_every_encoding_holds_the_same_page(site: Site) -> None:
    """Identity, gzip and brotli decompress to the same bytes, each with its own length and Content-Encoding."""
    plain = site.client.get(PAGE)
    zipped = site.client.get(PAGE, headers={"Accept-Encoding": "gzip"})
    small = site.client.get(PAGE, headers={"Accept-Encoding": "gzip, deflate, br"})
    assert (plain.headers.get("Content-Encoding"), zipped.headers["Content-Encoding"]) == (None, "gzip")
    assert small.headers["Content-Encoding"] == "br"
    assert gzip.decompress(zipped.data) == brotli.decompress(small.data) == plain.data
    for answer in (plain, zipped, small):
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        assert answer.headers["Vary"] == "Accept-Encoding"


def test_head_has_the_headers_of_get_and_no_body(site: Site) -> None:
    """HEAD answers as GET would, without the body."""
    get, head = site.client.get(PAGE), site.client.open(PAGE, method="HEAD")
    assert head.data == b""
    assert list(head.headers) == list(get.headers)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", ""),
        ("identity", ""),
        ("gzip;q=0, br;q=0", ""),
        ("br;q=0, gzip", "gzip"),
        ("*", "br"),
        ("gzip;q=0.5, *;q=0", "gzip"),
        ("br;q=nonsense", ""),
        ("GZIP", "gzip"),
    ],
)
def test_encoding_is_chosen_as_the_header_allows(accepted: str, encoding: str) -> None:
    """An encoding the client refuses is never used (RFC 9110, 12.5.3)."""
    assert choose_encoding(accepted) == encoding


def test_an_address_without_its_last_slash_leads_to_the_page(site: Site) -> None:
    """`/fi` and `/fi/get-help` are sent on, permanently."""
    for path in ("/fi", "/fi/get-help", "/ar/get-help/police"):
        answer = site.client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (308, f"{path}/")


def test_the_same_bytes_go_to_everyone(site: Site) -> None:
    """Neither cookies, nor language, nor the browser's name change a page."""
    odd = {"Cookie": "a=b", "Accept-Language": "ar", "User-Agent": "x", "Referer": "https://a.example/"}
    assert site.client.get(PAGE).data == site.client.get(PAGE, headers=odd).data


def test_first_view_fits_one_congestion_window(crawled: Crawl) -> None:
    """Page, stylesheet and script, with their headers, are at most 14 kB on the wire, for every kept page in every language."""
    shared = _wire(crawled, "/static/site.css") + _wire(crawled, "/static/exit.js")
    kept = [path for path in crawled.application.pages.paths if path in crawled.pages]
    assert kept
    assert {path: size for path in kept if (size := shared + _wire(crawled, path)) > WINDOW} == {}
    assert len(crawled.client.get("/static/site.css", headers=BROTLI).data) < 8 * 1024
    assert len(crawled.client.get("/static/exit.js", headers=BROTLI).data) < 2 * 1024


def _wire(crawled: Crawl, path: str) -> int:
    answer = crawled.client.get(path, headers=BROTLI)
    return len(answer.data) + SERVERS_OWN + sum(len(name) + len(value) + 4 for name, value in answer.headers)


def test_a_page_asks_for_three_things_at_most(crawled: Crawl) -> None:
    """The page itself, one stylesheet, one script: every page, form and error. Pictures come after, at their places."""
    for name, seen in crawled.looked_at.items():
        loaded = [link.get("href") for link in seen.page.all("link", rel="stylesheet")]
        loaded += [element.get("src") for tag in ("script", "source", "iframe") for element in seen.page.all(tag)]
        assert loaded == ["/static/site.css", "/static/exit.js"], name
        for picture in seen.page.all("img"):
            assert picture.get("loading") == "lazy", name
            assert all(picture.get(attribute) for attribute in ("alt", "width", "height")), name


def test_nginx_gives_every_kept_document_the_type_that_the_site_gives_it(crawled: Crawl) -> None:
    """By the ending, as deploy/nginx.conf lists them; `charset` comes from charset_types."""
    configuration = (ROOT / "deploy/nginx.conf").read_text()
    block = re.search(r"types \{(.*?)\}", configuration, re.DOTALL)
    charset = re.search(r"charset_types ([^;]+);", configuration)
    assert block
    assert charset
    listed = {
        ending: kind
        for kind, *endings in (line.split() for line in block[1].replace(";", "").split("\n") if line.strip())
        for ending in endings
    }
    with_charset = {"text/html", *charset[1].split()}
    for path in crawled.application.pages.paths:
        name = "index.html" if path.endswith("/") else path
        kind = listed[name.rpartition(".")[2]]
        sent = crawled.client.open(path, method="HEAD").headers["Content-Type"]
        assert sent == (f"{kind}; charset=utf-8" if kind in with_charset else kind), path


def test_https_only_has_hsts(site: Site) -> None:
    """Strict-Transport-Security comes over https and never over http, from kept pages and from Flask."""
    for path in (PAGE, "/", "/fi/get-help/write-to-us/", "/nowhere"):
        assert "Strict-Transport-Security" not in site.client.get(path).headers
        assert site.client.get(path, base_url="https://site.example").headers["Strict-Transport-Security"] == privacy.HSTS[1]


def test_practice_says_so_everywhere(make_site: Callable[..., Site]) -> None:
    """A practice copy carries its notice and `noindex` on pages, forms and errors."""
    site = make_site(mode="practice")
    for path in ("/", "/fi/", PAGE, "/sv/get-help/write-to-us/", "/nowhere"):
        answer = site.client.get(path)
        assert "noindex" in answer.headers["X-Robots-Tag"]
        page = Page(answer.text)
        assert page.all("p", class_="ik-practice")
        assert page.one("meta", name="robots").get("content") == "noindex"


def test_production_pages_may_be_found(site: Site) -> None:
    """Without practice, a real page is neither noindex nor marked."""
    answer = site.client.get(PAGE)
    assert "X-Robots-Tag" not in answer.headers
    assert not Page(answer.text).all("meta", name="robots")
