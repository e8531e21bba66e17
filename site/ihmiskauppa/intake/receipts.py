"""Which posts were already taken: the same post again gets the same reference and makes no second message.

A receipt is HMAC(nonce, answers) → reference. The nonce is in the visitor's page only, so that the database cannot be asked
whether some text was sent. A day's references go to the inbox in a count (`daily_count`); once counted and a day old, a receipt
is forgotten.
"""

import datetime
import hashlib
import hmac
from typing import Final

from sqlalchemy import ColumnElement, Connection, Engine, String, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ihmiskauppa.database import Base

KEPT_HOURS: Final = 24
UNCOUNTED_HOURS: Final = 14 * 24  # the longest a receipt waits for its count
SECONDS_PER_HOUR: Final = 3600


class ReceiptRow(Base):
    """`digest` is hexadecimal; `arrived` is in hours since 1970; `counted` is 1 once the reference stands in a count."""

    __tablename__ = "receipts"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    reference: Mapped[str] = mapped_column(String(8))
    arrived: Mapped[int] = mapped_column(index=True)
    counted: Mapped[int] = mapped_column(server_default="0")


def digest(nonce: bytes, answers: str) -> str:
    """HMAC-SHA-256 of the answers under the nonce of the page they were typed on."""
    return hmac.new(nonce, answers.encode(), hashlib.sha256).hexdigest()


def find(connection: Connection, name: str) -> str | None:
    """The reference given for this digest, if any."""
    return connection.execute(select(ReceiptRow.reference).where(ReceiptRow.digest == name)).scalar()


def keep(connection: Connection, name: str, reference: str, now: datetime.datetime) -> None:
    """Store a receipt on the caller's transaction. A second one for the same digest raises IntegrityError."""
    connection.execute(
        insert(ReceiptRow).values(digest=name, reference=reference, arrived=int(now.timestamp()) // SECONDS_PER_HOUR)
    )


def uncounted(connection: Connection, until: datetime.datetime) -> tuple[str, ...]:
    """The references of messages taken before `until`, a full hour, that no count has named; sorted, not as they arrived."""
    return tuple(sorted(connection.execute(select(ReceiptRow.reference).where(_uncounted(until))).scalars()))


def count(connection: Connection, until: datetime.datetime) -> int:
    """Note on the caller's transaction that `uncounted` is counted; how many receipts that were."""
    return connection.execute(update(ReceiptRow).where(_uncounted(until)).values(counted=1)).rowcount


def _uncounted(until: datetime.datetime) -> ColumnElement[bool]:
    return (ReceiptRow.arrived < int(until.timestamp()) // SECONDS_PER_HOUR) & (ReceiptRow.counted == 0)


def forget(engine: Engine, now: datetime.datetime) -> int:
    """Delete receipts that are older than a day and counted, or too old to wait for a count; how many."""
    hour = int(now.timestamp()) // SECONDS_PER_HOUR
    counted = (ReceiptRow.arrived < hour - KEPT_HOURS) & (ReceiptRow.counted == 1)
    with engine.begin() as connection:
        return connection.execute(delete(ReceiptRow).where(counted | (ReceiptRow.arrived < hour - UNCOUNTED_HOURS))).rowcount
