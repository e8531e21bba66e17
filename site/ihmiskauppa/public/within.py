"""Asking the site from within the process, without a socket: the gateway as a WSGI application, for Werkzeug's client."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from functools import cache
from http import HTTPStatus
from typing import IO, Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from ihmiskauppa.public.gateway import Gateway, Headers
from ihmiskauppa.public.uploads import CHUNK


class _Scope:
    """What RSGI tells of a request, from its WSGI environ."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.http_version = environ["SERVER_PROTOCOL"].removeprefix("HTTP/")
        self.server = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
        self.client = f"{environ.get('REMOTE_ADDR', '127.0.0.1')}:0"
        self.scheme = environ["wsgi.url_scheme"]
        self.method = environ["REQUEST_METHOD"]
        self.path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        self.query_string = environ["QUERY_STRING"]
        names = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}
        names |= {key: key[5:].replace("_", "-").lower() for key in environ if key.startswith("HTTP_")}
        self.headers: dict[str, Any] = {name: environ[key] for key, name in names.items() if environ.get(key)}


class _Exchange:
    """RSGI's protocol over a stream."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.answer: tuple[int, Headers, bytes] | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := self._stream.read(CHUNK):
            yield piece

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self.answer = status, headers, body

    def response_empty(self, status: int, headers: Headers) -> None:
        self.answer = status, headers, b""


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One event loop in a thread of its own, as the server has it, whatever the caller's thread is busy with."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="within", daemon=True).start()
    return loop


def within(gateway: Gateway) -> WSGIApplication:
    """A WSGI application that asks `gateway`."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        exchange = _Exchange(environ["wsgi.input"])
        asyncio.run_coroutine_threadsafe(gateway.__rsgi__(_Scope(environ), exchange), _loop()).result()
        assert exchange.answer is not None  # noqa: S101 - the gateway answers always
        status, headers, body = exchange.answer
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [body]

    return application
