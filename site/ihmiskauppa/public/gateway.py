"""The site as granian calls it (RSGI): kept bytes at once, posts read without holding a thread, the rest to Flask in a thread.

The event loop is never kept waiting: what takes time (rendering, Flask, gpg behind it) runs in threads, of which there are
more than large posts can take.
"""

import asyncio
import io
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from werkzeug.exceptions import HTTPException, ServiceUnavailable
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from ihmiskauppa.public import privacy
from ihmiskauppa.public.bodies import Bodies
from ihmiskauppa.public.pages import KeptPages
from ihmiskauppa.public.privacy import POSTED, SOURCE

Headers = list[tuple[str, str]]
Answer = tuple[int, Headers, bytes]
T = TypeVar("T")

BROKEN: Final[Answer] = (HTTPStatus.INTERNAL_SERVER_ERROR, [("cache-control", "no-store"), ("content-length", "0")], b"")

SHOWING_THREADS: Final = 4  # for pages and forms to be shown, which never wait behind posts

log = logging.getLogger(__name__)


class Scope(Protocol):
    """A request's head as RSGI 1.6 gives it: `path` is percent-decoded, `client` and `server` are address and port."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    headers: Any


class Exchange(Protocol):
    """RSGI's HTTP protocol: the body's pieces as they arrive, and the answer. A body that breaks off ends like any other."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None: ...

    def response_empty(self, status: int, headers: Headers) -> None: ...


class Gateway:
    """The public site. `source_of` names the source of a request by its environ, where trusted proxies are believed already."""

    def __init__(
        self,
        flask: Flask,
        pages: KeptPages,
        bodies: Bodies,
        source_of: Callable[[WSGIEnvironment], str],
        *,
        trusted_proxies: int,
        threads: int,
    ) -> None:
        self.flask, self.pages, self.bodies, self._source_of = flask, pages, bodies, source_of
        self._hops = trusted_proxies
        self._believe_proxies = ProxyFix(_nothing, x_for=trusted_proxies, x_proto=trusted_proxies)
        self._answering = ThreadPoolExecutor(threads, "posts")
        self._showing = ThreadPoolExecutor(SHOWING_THREADS, "pages")

    async def __rsgi__(self, scope: Scope, exchange: Exchange) -> None:
        try:
            status, headers, body = await self._answer(scope, exchange)
        except Exception as fault:
            log.error("a request failed before Flask", exc_info=fault, extra={"event_fields": {}})
            status, headers, body = BROKEN
        if scope.method == "HEAD" or not body:
            exchange.response_empty(status, headers)
        else:
            exchange.response_bytes(status, headers, body)

    async def _answer(self, scope: Scope, exchange: Exchange) -> Answer:
        if scope.method not in {"GET", "HEAD"}:
            return await self._take(self._environ(scope), exchange)
        accepted = scope.headers.get("accept-encoding", "")
        kept = self.pages.at_hand(scope.path, accepted)
        if kept is None and scope.path in self.pages:
            kept = await _in(self._showing, lambda: self.pages.render(scope.path, accepted))
        if kept is not None:
            return HTTPStatus.OK, [*kept.headers, *self._common(scope)], kept.body
        if f"{scope.path}/" in self.pages:
            headers = [*privacy.FOR_FILES, *self._common(scope), ("Location", f"{quote(scope.path)}/"), ("Content-Length", "0")]
            return HTTPStatus.PERMANENT_REDIRECT, headers, b""
        environ = self._environ(scope)
        return await _in(self._showing, lambda: self._ask_flask(environ))

    async def _take(self, environ: WSGIEnvironment, exchange: Exchange) -> Answer:
        """The answer to a request with a body. What was read of it is held until then."""
        environ[SOURCE] = source = self._source_of(environ)
        try:
            async with self.bodies.place(source) as place:
                try:
                    environ[POSTED] = await self.bodies.read(place, exchange, environ)
                except HTTPException as fault:
                    environ[POSTED] = fault
                status, headers, body = await _in(self._answering, lambda: self._ask_flask(environ))
                if not place.complete and environ["SERVER_PROTOCOL"].startswith("HTTP/1"):
                    headers.append(("Connection", "close"))  # what else may come on it is no request
                return status, headers, body
        except ServiceUnavailable as fault:
            environ[POSTED] = fault
            return await _in(self._answering, lambda: self._ask_flask(environ))

    def _ask_flask(self, environ: WSGIEnvironment) -> Answer:
        response = Response.from_app(self.flask, environ, buffered=True)
        return response.status_code, list(response.headers), response.get_data()

    def _common(self, scope: Scope) -> tuple[tuple[str, str], ...]:
        """The headers of every answer, by the scheme the visitor used, as `ProxyFix` reads it."""
        named = [part.strip() for part in scope.headers.get("x-forwarded-proto", "").split(",")] if self._hops else []
        scheme = named[-self._hops] if len(named) >= self._hops > 0 else scope.scheme
        return self.pages.common[scheme == "https", scope.path in self.pages.static]

    def _environ(self, scope: Scope) -> WSGIEnvironment:
        """The request as WSGI tells it (PEP 3333), with an empty body; what trusted proxies say is believed."""
        name, _, port = scope.server.rpartition(":")
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": scope.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": scope.path.encode().decode("latin-1"),
            "QUERY_STRING": scope.query_string,
            "SERVER_NAME": name,
            "SERVER_PORT": port,
            "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
            "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": scope.scheme,
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        for field, value in scope.headers.items():
            if "_" in field:  # would be mistaken for the header with a hyphen there, which a proxy of ours may have set
                continue
            key = field.upper().replace("-", "_")
            key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        self._believe_proxies(environ, _no_response)
        return environ


async def _in(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, work)


def _nothing(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
    return []


def _no_response(_status: str, _headers: Headers, _fault: object = None) -> Callable[[bytes], object]:
    return len
