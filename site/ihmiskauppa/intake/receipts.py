"""Which posts were already taken: the same post again gets the same reference and makes no second message.

A receipt is HMAC(nonce, answers) → reference. The nonce is in the visitor's page only, so that the database cannot be asked
whether some text was sent. Receipts are forgotten after a day.
"""

import datetime
import hashlib
import hmac
from typing import Final

from sqlalchemy import Connection, Engine, String, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from ihmiskauppa.database import Base

KEPT_HOURS: Final = 24
SECONDS_PER_HOUR: Final = 3600


class ReceiptRow(Base):
    """`digest` is hexadecimal; `arrived` is in hours since 1970."""

    __tablename__ = "receipts"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    reference: Mapped[str] = mapped_column(String(8))
    arrived: Mapped[int] = mapped_column(index=True)


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


def forget(engine: Engine, now: datetime.datetime) -> int:
    """Delete receipts older than a day; how many."""
    limit = int(now.timestamp()) // SECONDS_PER_HOUR - KEPT_HOURS
    with engine.begin() as connection:
        return connection.execute(delete(ReceiptRow).where(ReceiptRow.arrived < limit)).rowcount
