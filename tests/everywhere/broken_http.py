"""Requests that break HTTP itself (RFC 9112), as bytes for a socket: no client library would write them."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from tests.everywhere import corpus

_BODY: Final = b'--b\r\nContent-Disposition: form-data; name="message"\r\n\r\nkesken\r\n--b--\r\n'
_KINDS: Final = (b"multipart/form-data; boundary=b", b"application/x-www-form-urlencoded", b"text/plain")

_FIRST_LINES: Final = (
    *(
        b"",
        b"\r\n\r\n",
        b"GET",
        b"GET /",
        b"GET / HTTP/0.9",
        b"GET / HTTP/9.9",
        b"GET / HTTP/1.1 x",
        b"GET  /  HTTP/1.1",
        b"GET\t/\tHTTP/1.1",
    ),
    *(
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0",
        b"CONNECT evil.example:443 HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"HELO x",
    ),
    *(
        b"GET http://evil.example/fi/ HTTP/1.1",
        b"GET //evil.example/fi/ HTTP/1.1",
        b"GET \\fi HTTP/1.1",
        b"GET /\x00 HTTP/1.1",
        b"GET /\xff HTTP/1.1",
    ),
    *(
        b"GET /\x01\x7f HTTP/1.1",
        b"GET /fi/#x HTTP/1.1",
        b"GET ? HTTP/1.1",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1",
        b"A" * 100_000,
        b"G\x00T / HTTP/1.1",
    ),
    *(
        b"post / HTTP/1.1",
        b"GET / http/1.1",
        b"GET / HTTP/1.10",
        b"GET / HTTP/-1",
        b"GET / HTTP/",
        b"EHLO x\r\nMAIL FROM:<a@b>",
        b"GET /%0 HTTP/1.1",
    ),
)
_HEADERS: Final = (
    *(
        b"",
        b"Host",
        b": x",
        b"Host: a\r\nHost: b",
        b"Host: a\r\n b",
        b" Host: a",
        b"Host : a",
        b"Host: \x00",
        b"Ho\x00st: a",
        b"X: \xff\xfe",
        b"X: a\rb",
    ),
    *(
        b"X: a\nBcc: b@c",
        b"X" * 70_000 + b": a",
        b"X: " + b"a" * 70_000,
        b"X: y\r\n" * 300,
        b"Cookie: " + b"a=b; " * 4000,
        b"Connection: \x01",
        b"X:\r\n\r\n",
    ),
    *(
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13",
        b"Upgrade: h2c\r\nHTTP2-Settings: AAAA",
    ),
    *(
        b"Expect: 100-continue",
        b"Expect: 200-ok",
        b"Transfer-Encoding: x",
        b"Te: trailers",
        b"Host: [",
        b"Host: " + b"a." * 3000,
        b"Host: \xe4.example",
    ),
    *(
        b"Accept-Language: \xff\xfe",
        b"Accept-Language: " + b"fi," * 5000,
        b"Accept-Encoding: br;q=\x80",
        b"Range: bytes=0-0,-1,5-2",
        b"Content-Type: \xff",
    ),
)
_LENGTHS: Final = (
    *(
        b"Content-Length: 5",
        b"Content-Length: 0",
        b"Content-Length: 999",
        b"Content-Length: -1",
        b"Content-Length: +66",
        b"Content-Length: 0x42",
        b"Content-Length:",
    ),
    *(
        b"Content-Length: 1e2",
        b"Content-Length: 66, 66",
        b"Content-Length: 66\r\nContent-Length: 5",
        b"Content-Length: 99999999999999999999999",
        b"Content-Length: \xb2",
    ),
    *(
        b"X: no length at all",
        b"Content-Length: 66\r\nTransfer-Encoding: chunked",
        "Content-Length: ٦٦".encode(),
        b"Content-Length: 18446744073709551615",
    ),
)
_CHUNKS: Final = (
    *(
        b"5\r\nhello\r\n0\r\n\r\n",
        b"zz\r\nhello\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhel",
        b"5;x=" + b"y" * 9000 + b"\r\nhello\r\n0\r\n\r\n",
        b"0\r\nX: y\r\n\r\n",
    ),
    *(
        b"ffffffffffffffff\r\nhello",
        b"5\nhello\n0\n\n",
        b"3\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"0\r\n\r\nGET /fi/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"",
        b"\r\n",
    ),
    *(
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(_BODY), _BODY),
        b"00000000000000000000005\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
)


def cases(form: str, token: str) -> Iterator[bytes]:
    """Some two hundred requests, each whole in itself; those with a body go to the form at the path `form`."""
    post = b"POST " + form.encode() + b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n%s\r\n\r\n"
    for line in _FIRST_LINES:
        yield line + b"\r\nHost: localhost\r\n\r\n"
    for header in _HEADERS:
        yield b"GET /fi/ HTTP/1.1\r\n" + header + b"\r\n\r\n"
    for path in corpus.PATHS:
        yield b"GET " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    for length in _LENGTHS:
        yield from (post % (kind, length) + _BODY for kind in _KINDS[:2])
    for chunks in _CHUNKS:
        yield from (post % (kind, b"Transfer-Encoding: chunked") + chunks for kind in _KINDS[:2])
    for kind in (kind for kind in corpus.CONTENT_TYPES if "\n" not in kind):
        yield post % (kind.encode("latin-1"), b"Content-Length: %d" % len(_BODY)) + _BODY
    whole = (
        _BODY.replace(b"--b--", b"--b")
        + b'Content-Disposition: form-data; name="token"\r\n\r\n'
        + token.encode()
        + b"\r\n--b--\r\n"
    )
    for cut in (1, 10, 60, len(whole) - 8, len(whole) - 1):  # a body that breaks off is half a message
        yield post % (_KINDS[0], b"Content-Length: %d" % len(whole)) + whole[:cut]
    for body in chain(corpus.BODIES):
        yield post % (_KINDS[0], b"Content-Length: %d" % len(body)) + body
