"""The signed nonce in every form: shows that we served it, tells one filling-in from another, and knows an impossible haste.

It is no session: nothing is stored, nothing is tied to a visitor, and age alone never refuses.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from wtforms import ValidationError
from wtforms.csrf.core import CSRF

from ihmiskauppa.translations import msgid

FIELD: Final = "token"
NONCE_BYTES: Final = 16
TIME_BYTES: Final = 8
MAC_BYTES: Final = 16
# Nobody reads, fills in and sends a form within a second of its being served.
HASTE_SECONDS: Final = 1.0

_PURPOSE = b"ihmiskauppa form token"


class ForgedTokenError(Exception):
    """Not a token of ours for this form."""


@dataclass(frozen=True)
class Token:
    """`issued` in milliseconds since 1970."""

    issued: int
    nonce: bytes

    def sign(self, key: bytes, form: str) -> str:
        body = self.issued.to_bytes(TIME_BYTES) + self.nonce
        return base64.urlsafe_b64encode(body + _mac(key, form, body)).decode("ascii")


@dataclass
class TokenContext:
    """What `FormToken` works with: the keys (newest first), the form's name, what was posted, and the time."""

    keys: tuple[bytes, ...]
    form: str
    posted: str
    clock: Callable[[], float] = time.time

    def posted_token(self) -> Token:
        """Raises `ForgedTokenError`."""
        return read(self.keys, self.form, self.posted)


class FormToken(CSRF):
    """WTForms' place for such a token. The posted one, if it is ours, comes back: corrections keep their nonce."""

    def setup_form(self, form: Any) -> Any:
        self._context: TokenContext = form.meta.csrf_context
        return super().setup_form(form)

    def generate_csrf_token(self, _csrf_token_field: Any) -> str:
        try:
            self._context.posted_token()
        except ForgedTokenError:
            issued = int(self._context.clock() * 1000)
            return Token(issued, secrets.token_bytes(NONCE_BYTES)).sign(self._context.keys[0], self._context.form)
        return self._context.posted

    def validate_csrf_token(self, _form: Any, _field: Any) -> None:
        try:
            token = self._context.posted_token()
        except ForgedTokenError:
            raise ValidationError(
                msgid("The form could not be sent yet. Nothing you wrote is lost: please send it again.")
            ) from None
        if 0 <= self._context.clock() * 1000 - token.issued < HASTE_SECONDS * 1000:
            raise ValidationError(msgid("That was very fast. Nothing you wrote is lost: please send it again."))


def read(keys: tuple[bytes, ...], form: str, text: str) -> Token:
    """The token in `text`, signed with any of `keys` for `form`. Raises `ForgedTokenError`."""
    try:
        data = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise ForgedTokenError from None
    body, mac = data[:-MAC_BYTES], data[-MAC_BYTES:]
    if len(body) != TIME_BYTES + NONCE_BYTES or not any(hmac.compare_digest(mac, _mac(key, form, body)) for key in keys):
        raise ForgedTokenError
    return Token(int.from_bytes(body[:TIME_BYTES]), body[TIME_BYTES:])


def _mac(key: bytes, form: str, body: bytes) -> bytes:
    return hmac.new(key, _PURPOSE + b"\0" + form.encode() + b"\0" + body, hashlib.sha256).digest()[:MAC_BYTES]
