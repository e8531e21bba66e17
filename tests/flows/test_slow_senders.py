"""Promises 6 and 10: senders who fall silent cannot take the pages away, nor the form from others."""

import multiprocessing.connection
import resource
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.copies import Copy, running_copy
from tests.flows.posting import body_of, token_of

SILENT = 900
FORM = "/en/get-help/write-to-us/"
PATHS = ("/", "/en/", "/static/site.css", "/healthz", "/ar/get-help/write-to-us/")
HEAD = (
    b"POST /en/get-help/write-to-us/ HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\nmessage=s%C3%A4ily"
)


@pytest.fixture(scope="module")
def behind_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A copy that believes one proxy, so that the test can come from two addresses; its first seconds, with the search's
    indexes to make, are over."""
    with running_copy(tmp_path_factory.mktemp("slow"), inbox=False, IHMISKAUPPA_TRUSTED_PROXIES="1") as running:
        for path in ("/en/about/search/?q=112", *PATHS):
            urllib.request.urlopen(running.url + path, timeout=60).close()  # noqa: S310 - our own loopback
        yield running


@contextmanager
def _silent_senders(copy: Copy) -> Iterator[list[socket.socket]]:
    """Posts of one source that never end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2 * SILENT)), hard))
    with ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", int(copy.environment["PORT"])))) for _ in range(SILENT)
        ]
        for connection in connections:
            connection.sendall(HEAD)
        time.sleep(1)
        yield connections


def test_pages_forms_and_posts_of_others_stay_up(behind_proxy: Copy) -> None:
    """With 900 posts of one source hanging, pages, forms and another source's message are answered within two seconds."""
    with _silent_senders(behind_proxy) as silent:
        for path in PATHS:
            start = time.monotonic()
            with urllib.request.urlopen(behind_proxy.url + path, timeout=10) as answer:  # noqa: S310 - our own loopback
                assert answer.status == 200
            assert time.monotonic() - start < 2, path
        token = token_of(behind_proxy.url + FORM)
        start = time.monotonic()
        headers = {"Content-Type": "multipart/form-data; boundary=b", "X-Forwarded-For": "192.0.2.2"}
        post = urllib.request.Request(behind_proxy.url + FORM, body_of(token=token, message="hello"), headers)  # noqa: S310
        with urllib.request.urlopen(post, timeout=10) as answer:  # noqa: S310
            assert b"data-reference" in answer.read()
        assert time.monotonic() - start < 2
        made_way = multiprocessing.connection.wait(silent, 10)[0]
        assert isinstance(made_way, socket.socket)
        cut = b"".join(iter(lambda: made_way.recv(65536), b""))
        assert cut.startswith(b"HTTP/1.1 408 ")
        assert "säily</textarea>".encode() in cut


def test_a_stop_does_not_wait_for_them(behind_proxy: Copy) -> None:
    """The site ends within twenty seconds with posts hanging (`Copy.stop` raises otherwise), and starts again."""
    with _silent_senders(behind_proxy):
        behind_proxy.stop("web")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(behind_proxy.url + "/healthz", timeout=5)  # noqa: S310
