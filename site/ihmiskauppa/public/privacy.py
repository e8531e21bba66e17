"""What every answer carries and every post must pass: headers, the origin of posts, requests kept in memory."""

import io
from typing import IO, Final
from urllib.parse import urlsplit

from flask import Request
from werkzeug.exceptions import Forbidden

# `data:` is for the empty icon that keeps browsers from asking for /favicon.ico.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Features a page of ours never uses, so that nothing that might get into one can either.
REFUSED_FEATURES: Final = (
    *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media", "fullscreen"),
    *("geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection", "local-fonts", "magnetometer"),
    *("microphone", "midi", "payment", "picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial"),
    *("storage-access", "usb", "xr-spatial-tracking"),
)
HEADERS: Final = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", ", ".join(f"{feature}=()" for feature in REFUSED_FEATURES)),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)
HSTS: Final = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
NO_INDEX: Final = ("X-Robots-Tag", "noindex, nofollow")

# A whole post, in bytes. The longest text allowed is some 80 kB; far longer ones are still kept and answered at the field.
LONGEST_POST: Final = 4 * 1024 * 1024
MOST_PARTS: Final = 200


class InMemoryRequest(Request):
    """A request whose parts never touch a disk: Werkzeug would spool parts over 500 kB to a temporary file."""

    max_content_length = LONGEST_POST
    max_form_memory_size = LONGEST_POST
    max_form_parts = MOST_PARTS

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        return io.BytesIO()


def headers(*, https: bool, practice: bool) -> tuple[tuple[str, str], ...]:
    """The headers of every answer, whatever it is."""
    return (*HEADERS, *((HSTS,) if https else ()), *((NO_INDEX,) if practice else ()))


def refuse_foreign_post(request: Request) -> None:
    """Raise Forbidden for a post from another site.

    With `no-referrer`, browsers send `Origin: null` for our own forms, so `null` passes; `Sec-Fetch-Site` (Fetch Metadata)
    tells the truth wherever it is sent.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site.lower() in {"cross-site", "same-site"}:
            raise Forbidden
        return
    origin = request.headers.get("Origin", "null")
    if origin != "null" and urlsplit(origin).netloc.lower() != request.host.lower():
        raise Forbidden
