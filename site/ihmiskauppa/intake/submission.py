"""Taking a submission: message, sealing, outbox, in that order; only then is there a reference to thank with."""

import contextlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from ihmiskauppa import database
from ihmiskauppa.database import now
from ihmiskauppa.forms.answers import Answers
from ihmiskauppa.intake import message, outbox, receipts
from ihmiskauppa.intake.sealing import Sealer, SealingError

REFERENCE_DIGITS: Final = 8
LARGE: Final = 1_000_000  # bytes; sealing such an entity takes several times its size in memory
MOST_LARGE_SEALED: Final = 2  # at once in this process

_large_seals = threading.BoundedSemaphore(MOST_LARGE_SEALED)


class NotTakenError(Exception):
    """Nothing was stored: the visitor must be told so."""


@dataclass(frozen=True)
class Desk:
    """What taking a submission needs."""

    sealer: Sealer
    engine: Engine
    sender: str
    recipients: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Whether a message could be sealed now."""
        return bool(self.sealer.recipients(now()))


def _nothing(_connection: Connection) -> None:
    pass


def submit(desk: Desk, answers: Answers, nonce: bytes, beside: Callable[[Connection], None] = _nothing) -> str:
    """Seal and store `answers`; the reference to show. When it returns, the message is committed to the disk.

    The same answers from the same page (the same `nonce`) are stored once and get the same reference, even when nothing can be
    sealed any more. `beside` writes what belongs to the message on the same transaction: both are kept, or neither. Raises
    `NotTakenError` when nothing was stored.
    """
    moment = now()
    name = receipts.digest(nonce, answers.as_json())
    reference = f"{secrets.randbelow(10**REFERENCE_DIGITS):0{REFERENCE_DIGITS}}"
    headers = message.new_headers(desk.sender, desk.recipients, moment)
    try:
        with _large_seals if answers.file_bytes > LARGE else contextlib.nullcontext():
            mail = message.envelope(desk.sealer.seal(message.entity(answers, reference, headers), moment), headers)
        with database.writing(desk.engine) as connection:
            known = receipts.find(connection, name)
            if known is not None:
                return known
            receipts.keep(connection, name, reference, moment)
            outbox.enqueue(connection, headers.message_id, mail, moment)
            beside(connection)
    except (SealingError, SQLAlchemyError) as fault:
        known = _known(desk, name)  # sealed before, or by another process at the same moment
        if known is None:
            raise NotTakenError from fault
        return known
    return reference


def _known(desk: Desk, name: str) -> str | None:
    """The reference given for `name` before; None also when the database does not answer."""
    try:
        with database.reading(desk.engine) as connection:
            return receipts.find(connection, name)
    except SQLAlchemyError:
        return None
