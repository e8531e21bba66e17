"""How much one source may send, without keeping who it is: limits key on an HMAC of the address that changes every day.

The key of the day is derived in this process and never reaches the store of counts.
"""

import datetime
import hashlib
import hmac
import ipaddress
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from wsgiref.types import WSGIEnvironment

import redis
from flask import Flask, request
from flask_limiter import Limiter, RateLimitExceeded

from ihmiskauppa import logs
from ihmiskauppa.public.privacy import SOURCE

IPV6_SOURCE_BITS: Final = 64  # one household or phone, RFC 6177

MEMORY: Final = "memory://"
STORE_SECONDS: Final = 5  # to wait for the store's answer

_PURPOSE = b"ihmiskauppa limits"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """Counts what sources send: in the store, and while that is away, in this process."""

    limiters: tuple[Limiter, ...]
    limit: str

    def wait(self) -> int:
        """Seconds the source of the request at hand must wait before it may send; 0 if it may now, which is counted."""
        for limiter in self.limiters:
            try:
                with limiter.limit(self.limit):
                    return 0
            except RateLimitExceeded:
                current = limiter.current_limit
                return max(1, int(current.reset_at - time.time())) if current else 60
            except redis.RedisError:
                logs.event(log, logging.ERROR, "the limiter's store does not answer; this process counts by itself")
        return 0


def limits(app: Flask, store: str, limit: str) -> Limits:
    """Limits by the source of the request at hand."""
    stores = [store] if store == MEMORY else [store, MEMORY]
    patience: dict[str, str | int] = {"socket_timeout": STORE_SECONDS, "socket_connect_timeout": STORE_SECONDS}
    made = tuple(
        Limiter(_source_at_hand, storage_uri=uri, storage_options=None if uri == MEMORY else patience, strategy="moving-window")
        for uri in stores
    )
    for limiter in made:
        limiter.init_app(app)
    return Limits(made, limit)


def source_of(key: bytes, clock: Callable[[], datetime.datetime], onion_host: str) -> Callable[[WSGIEnvironment], str]:
    """A function that names the source of a request by its environ.

    Over the onion service there is no address to tell visitors apart by: each request is a source of its own, so that no one
    can close the door for all. Such a request has no `X-Forwarded-For`, which our proxy puts on every other one and nobody can
    take away; the host alone could be claimed by anybody.
    """

    def name(environ: WSGIEnvironment) -> str:
        host = environ.get("HTTP_HOST", "").partition(":")[0]
        if onion_host and host == onion_host and "HTTP_X_FORWARDED_FOR" not in environ:
            return secrets.token_hex(16)
        return source(key, environ.get("REMOTE_ADDR", ""), clock().date())

    return name


def store_faults(store: str) -> list[str]:
    """Why `store` may not be used: it cannot be reached, or it writes to a disk. In memory there is nothing to object to."""
    if store == MEMORY:
        return []
    address = store.replace("redis+unix://", "unix://")
    try:
        with redis.Redis.from_url(address, socket_timeout=STORE_SECONDS, decode_responses=True) as client:
            saves = client.config_get("save", "appendonly")
    except redis.RedisError as fault:
        return [f"limiter_store cannot be asked whether it writes to a disk ({type(fault).__name__}): CONFIG GET must work."]
    if saves.get("save") or saves.get("appendonly") != "no":
        return ["limiter_store writes to a disk: start it with --save '' --appendonly no."]
    return []


def _source_at_hand() -> str:
    return str(request.environ[SOURCE])


def source(key: bytes, address: str, day: datetime.date) -> str:
    """The name of the source `address` on `day`: hexadecimal, meaningless without `key`, and another one tomorrow."""
    try:
        parsed = ipaddress.ip_address(address)
        if parsed.version == 6:
            address = str(ipaddress.ip_network((parsed, IPV6_SOURCE_BITS), strict=False))
    except ValueError:
        address = ""  # no address (a socket file): all of these are one source
    day_key = hmac.new(key, _PURPOSE + day.isoformat().encode(), hashlib.sha256).digest()
    return hmac.new(day_key, address.encode(), hashlib.sha256).hexdigest()
