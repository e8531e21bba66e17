"""How much one source may send, without keeping who it is: limits key on an HMAC of the address that changes every day.

The key of the day is derived in this process and never reaches the store of counts.
"""

import datetime
import hashlib
import hmac
import ipaddress
from collections.abc import Callable
from typing import Final

from flask import request
from flask_limiter import Limiter

IPV6_SOURCE_BITS: Final = 64  # one household or phone, RFC 6177

_PURPOSE = b"ihmiskauppa limits"


def limiter(source_of: Callable[[], str], store: str) -> Limiter:
    """A limiter that counts by `source_of` the request at hand."""
    return Limiter(source_of, storage_uri=store, strategy="moving-window", headers_enabled=False)


def source_of_request(key: bytes, clock: Callable[[], datetime.datetime]) -> Callable[[], str]:
    """A function that names the source of the request at hand."""
    return lambda: source(key, request.remote_addr or "", clock().date())


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
