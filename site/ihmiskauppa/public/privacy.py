"""What every answer carries and every post must pass: headers, the origin of posts, requests kept in memory."""

import io
from collections.abc import Callable
from typing import IO, Final
from urllib.parse import parse_qsl, urlsplit

from flask import Request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, Forbidden, RequestEntityTooLarge
from werkzeug.utils import cached_property

from ihmiskauppa.public.uploads import LONGEST_TEXT, MOST_PARTS, Posted, Uploads

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
    """The request of the public app: reads multipart forms by `uploads`, as the app's subclass sets it."""

    uploads: Uploads
    source: Callable[[], str]

    @cached_property
    def posted(self) -> Posted:
        """The posted form. A body that is not multipart (or none) has text only."""
        if self.mimetype != "multipart/form-data":
            with self.uploads.entered(type(self).source()):
                return Posted(text=MultiDict(self._urlencoded()))
        boundary = self.mimetype_params.get("boundary", "")
        if not boundary.isascii() or not boundary or self.content_length is None:
            raise BadRequest
        stream = self.environ["wsgi.input"]
        return self.uploads.read(stream, boundary.encode("ascii"), self.content_length, type(self).source())

    def _urlencoded(self) -> MultiDict[str, str]:
        """The fields of an urlencoded body, which must be as long as it says: half a message is none."""
        length = self.content_length or 0
        if length > LONGEST_TEXT:
            raise RequestEntityTooLarge
        body = self.environ["wsgi.input"].read(length) if length else b""
        if len(body) < length:
            raise BadRequest
        try:
            fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_PARTS, errors="replace")
        except (UnicodeDecodeError, ValueError):
            raise BadRequest from None
        return MultiDict(fields if self.mimetype == "application/x-www-form-urlencoded" else ())

    def close(self) -> None:
        """Let go of the posted files and of the place at the gate."""
        posted = self.__dict__.get("posted")
        if isinstance(posted, Posted):
            self.uploads.release(posted)
        super().close()


def request_class(uploads: Uploads, source: Callable[[], str]) -> type[FormRequest]:
    """The request class of one app, which reads forms by `uploads` and names sources by `source`."""
    return type("AppRequest", (FormRequest,), {"uploads": uploads, "source": staticmethod(source)})


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
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        raise Forbidden from None
    if origin != "null" and host.lower() != request.host.lower():
        raise Forbidden
