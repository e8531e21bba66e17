"""Padding and encryption, in memory: the moment after which only the holders of the inbox's keys can read a message.

Knows OpenPGP through python-gnupg; no database, no form. Whatever a visitor's text may claim to be, it is sealed here.
"""

import base64
import datetime
import logging
from collections.abc import Iterator
from typing import Final

from ihmiskauppa import logs
from ihmiskauppa.intake.keys import Keyring, KeysError

PADDING_FLOOR: Final = 16 * 1024  # bytes
# OpenPGP packet tags (RFC 9580, 5) that a sealed message may consist of, in this order.
SESSION_KEY_PACKET: Final = 1
SEIPD_PACKET: Final = 18

_ARMOR_START = b"-----BEGIN PGP MESSAGE-----"
_ARMOR_END = b"-----END PGP MESSAGE-----"

log = logging.getLogger(__name__)


class SealingError(Exception):
    """The message could not be encrypted; nothing of it was kept."""


class Sealer:
    """Encrypts to every usable key of the inbox; the unusable ones are left out and logged."""

    def __init__(self, keyring: Keyring, fingerprints: tuple[str, ...], *, hide_recipients: bool = False) -> None:
        # Each once: gpg writes one session key packet for a key, however often it is named.
        self._keyring, self._fingerprints = keyring, tuple(dict.fromkeys(fingerprints))
        self._left_out: frozenset[str] = frozenset()
        self._arguments = ["-z", "0", "--throw-keyids" if hide_recipients else "--no-throw-keyids"]

    def recipients(self, now: datetime.datetime) -> tuple[str, ...]:
        """The fingerprints a message sealed at `now` can be read with; empty if writing does not work."""
        try:
            usable = self._keyring.usable(self._fingerprints, now)
        except KeysError:
            usable = ()
        self._tell(frozenset(self._fingerprints) - frozenset(usable))
        return usable

    def _tell(self, left_out: frozenset[str]) -> None:
        """Log which keys are left out, once for each change: a line a form would tell when someone opened one."""
        if left_out != self._left_out:
            self._left_out = left_out
            for fingerprint in sorted(left_out):
                logs.event(log, logging.ERROR, "inbox key left out: it cannot be encrypted to", fingerprint=fingerprint)

    def seal(self, entity: bytes, now: datetime.datetime) -> bytes:
        """`entity` padded and encrypted, ASCII-armored. Raises `SealingError`."""
        recipients = self.recipients(now)
        if not recipients:
            raise SealingError("no usable key")
        try:
            result = self._keyring.gpg.encrypt(pad(entity), list(recipients), armor=True, extra_args=self._arguments)
        except (OSError, KeysError) as fault:
            self._keyring.look_again()
            raise SealingError("gpg failed") from fault
        if not result.ok or not result.data:
            self._keyring.look_again()
            raise SealingError("gpg refused")
        sealed: bytes = result.data
        tags = tuple(packet_tags(sealed))
        if tags != (SESSION_KEY_PACKET,) * len(recipients) + (SEIPD_PACKET,):
            raise SealingError("not the packets that were asked for")
        return sealed


def padme(length: int) -> int:
    """The Padmé length for `length` bytes: at most 12 % more, few distinct values (PURBs, PoPETs 2019, algorithm 1)."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    free_bits = exponent - exponent.bit_length()
    mask = (1 << free_bits) - 1
    return (length + mask) & ~mask


def pad(entity: bytes) -> bytes:
    """`entity`, multipart MIME, with blanks behind its closing boundary, where readers ignore them (RFC 2046, 5.1.1)."""
    length = max(PADDING_FLOOR, padme(len(entity)))
    blank = b" " * 76 + b"\r\n"
    filler = (blank * ((length - len(entity)) // len(blank) + 1))[: length - len(entity)]
    if filler.endswith(b"\r"):
        filler = filler[:-1] + b" "
    return entity + filler


def mail_size(content: int) -> int:
    """About how many bytes the mail has that carries `content` bytes of files: base64, padded, armored with CRLF."""
    entity = padme(content * 4 // 3 * 78 // 76)
    return entity * 4 // 3 * 66 // 64


def packet_tags(armored: bytes) -> Iterator[int]:
    """The tags of the packets of an armored message, outermost only. Raises `SealingError` if it is not one."""
    start, end = armored.find(_ARMOR_START), armored.rfind(_ARMOR_END)
    if start != 0 or end < 0 or b"\n\n" not in armored:
        raise SealingError("not an armored message")
    lines = armored[armored.index(b"\n\n") + 2 : end].split()
    data = base64.b64decode(b"".join(line for line in lines if not line.startswith(b"=")))
    position = 0
    while position < len(data):
        header = data[position]
        position += 1
        if header & 0x40:
            yield header & 0x3F
            position = _after_new_format(data, position)
        else:
            yield (header >> 2) & 0x0F
            octets = (1, 2, 4, 0)[header & 3]
            if not octets:
                return
            position += octets + int.from_bytes(data[position : position + octets])


def _after_new_format(data: bytes, position: int) -> int:
    """The position behind a packet body whose new-format length starts at `position` (RFC 9580, 4.2.1)."""
    while True:
        first = data[position]
        if first < 192:
            return position + 1 + first
        if first < 224:
            return position + 2 + ((first - 192) << 8) + data[position + 1] + 192
        if first == 255:
            return position + 5 + int.from_bytes(data[position + 1 : position + 5])
        position += 1 + (1 << (first & 0x1F))
