"""Promises 6 and 10: senders who fall silent cannot take the pages away, nor the form from others."""

import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.copies import Copy

SILENT = 60
HEAD = (
    b"POST /en/get-help/write-to-us/ HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\nmessage=a"
)


@contextmanager
def _silent_senders(copy: Copy) -> Iterator[None]:
    """Posts that never end."""
    port = int(copy.environment["PORT"])
    with ExitStack() as stack:
        for _ in range(SILENT):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.sendall(HEAD)
        time.sleep(1)
        yield


def test_pages_and_forms_stay_up(copy: Copy) -> None:
    """With sixty posts of one source hanging, every page and form answers within two seconds."""
    with _silent_senders(copy):
        for path in ("/", "/en/", "/static/site.css", "/healthz", "/ar/get-help/write-to-us/"):
            start = time.monotonic()
            with urllib.request.urlopen(copy.url + path, timeout=10) as answer:  # noqa: S310 - our own loopback
                assert answer.status == 200
            assert time.monotonic() - start < 2, path
