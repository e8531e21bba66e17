"""What every answer carries and every post must pass: headers, the origin of posts, requests kept in memory."""

import io
from typing import IO, Final
from urllib.parse import urlsplit

from flask import Request
from werkzeug.exceptions import Forbidden, HTTPException

from ihmiskauppa.public.uploads import LONGEST_TEXT, MOST_PARTS, Posted

# Where in the environ a request finds its source, and what was read of its body: `Posted`, or an `HTTPException`.
SOURCE: Final = "ihmiskauppa.source"
POSTED: Final = "ihmiskauppa.posted"

# `data:` is for the empty icon that keeps browsers from asking for /favicon.ico.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# What a page of ours never uses and would be worst in somebody else's hands: what hears, sees, finds or pays. Each visitor pays
# for each name with every page, so what only a script could reach, which the policy above does not let in, is not all listed.
REFUSED_FEATURES: Final = (
    *("camera", "display-capture", "geolocation", "hid", "microphone", "midi", "payment", "serial", "storage-access", "usb"),
)
HEADERS: Final = (
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)
# For documents: nothing else has features to refuse or is opened by another, and they are most of what a header weighs.
PERMISSIONS_POLICY: Final = ("Permissions-Policy", ", ".join(f"{feature}=()" for feature in REFUSED_FEATURES))
OPENER_POLICY: Final = ("Cross-Origin-Opener-Policy", "same-origin")
FOR_DOCUMENTS: Final = (("Content-Security-Policy", CONTENT_SECURITY_POLICY), OPENER_POLICY, PERMISSIONS_POLICY)
FOR_FILES: Final = (("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),)
HSTS: Final = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
NO_INDEX: Final = ("X-Robots-Tag", "noindex")


class InMemoryRequest(Request):
    """A request whose parts never touch a disk: Werkzeug would spool parts over 500 kB to a temporary file."""

    max_content_length = LONGEST_TEXT
    max_form_memory_size = LONGEST_TEXT
    max_form_parts = MOST_PARTS

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        return io.BytesIO()


class FormRequest(InMemoryRequest):
    """The request of the public app. What was posted has been read before Flask is asked."""

    @property
    def posted(self) -> Posted:
        """The posted form. Raises what reading it ended with."""
        posted = self.environ.get(POSTED)
        if isinstance(posted, HTTPException):
            raise posted
        return posted if isinstance(posted, Posted) else Posted()


def headers(*, https: bool, practice: bool) -> tuple[tuple[str, str], ...]:
    """The headers of every answer, whatever it is, beside those `for_type`."""
    return (*HEADERS, *((HSTS,) if https else ()), *((NO_INDEX,) if practice else ()))


def for_type(content_type: str) -> tuple[tuple[str, str], ...]:
    """The headers of an answer that depend on what it is."""
    return FOR_DOCUMENTS if content_type.startswith("text/html") else FOR_FILES


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
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        raise Forbidden from None
    if origin != "null" and host.lower() != request.host.lower():
        raise Forbidden
