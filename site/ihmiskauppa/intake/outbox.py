"""Sealed messages waiting for the mail server. Knows neither forms nor cryptography: a row is bytes with an id.

The verbs: enqueue, claim, finish, defer, shunt, recover. A row is waiting, claimed until its lease ends, or shunted: set
aside for a person, never dropped. When a message arrived is kept to the hour only.
"""

import contextlib
import datetime
import random
import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Connection,
    Engine,
    Index,
    LargeBinary,
    String,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from ihmiskauppa.database import Base

WAITING: Final = "waiting"
CLAIMED: Final = "claimed"
SHUNTED: Final = "shunted"
AT_ONCE: Final = 0  # as `due`: before every message that has failed once
FIRST_DELAY: Final = 30  # seconds
LONGEST_DELAY: Final = 3600  # seconds
CLOCKS_APART: Final = 600  # seconds between the clocks of two forwarders' machines, at most
SECONDS_PER_HOUR: Final = 3600


class OutboxRow(Base):
    """One sealed message. `due` is in seconds since 1970: when to try, or when the lease ends; `arrived` is in hours."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'claimed', 'shunted')", name="state"),
        Index("ix_outbox_state_due_id", "state", "due", "id"),
        Index("ix_outbox_arrived", "arrived"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    message_id: Mapped[str] = mapped_column(String(255), unique=True)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10))
    due: Mapped[int]
    lease: Mapped[str] = mapped_column(String(32))
    arrived: Mapped[int]
    attempts: Mapped[int]
    code: Mapped[int]


class LastDelivery(Base):
    """One row: the hour of the last delivery, in hours since 1970, and how large a mail the server took then (0: not said)."""

    __tablename__ = "last_delivery"

    id: Mapped[int] = mapped_column(primary_key=True)
    hour: Mapped[int]
    largest_mail: Mapped[int] = mapped_column(BigInteger, server_default="0")


@dataclass(frozen=True)
class Item:
    """A claimed message: its bytes go out exactly as they are, however often."""

    id: int
    message_id: str
    payload: bytes
    attempts: int
    lease: str


@dataclass(frozen=True)
class Counts:
    """How many messages are in which state; the hours are those in which the oldest undelivered and not set aside arrived."""

    waiting: int
    claimed: int
    shunted: int
    oldest: datetime.datetime | None
    last_delivery: datetime.datetime | None
    largest_mail: int = 0
    oldest_unsent: datetime.datetime | None = None


def enqueue(connection: Connection, message_id: str, payload: bytes, now: datetime.datetime) -> None:
    """Add a sealed message on the caller's transaction: it is kept when that commits."""
    connection.execute(
        insert(OutboxRow).values(
            message_id=message_id,
            payload=payload,
            state=WAITING,
            due=AT_ONCE,
            lease="",
            arrived=int(now.timestamp()) // SECONDS_PER_HOUR,
            attempts=0,
            code=0,
        )
    )


class Outbox:
    """The forwarder's side. `lease_seconds` must be longer than all time-outs of one delivery together."""

    def __init__(self, engine: Engine, lease_seconds: int) -> None:
        self._engine, self._lease_seconds = engine, lease_seconds

    def claim(self, now: datetime.datetime) -> Item | None:
        """The next message to try, now leased to the caller: never tried ones first, then by when they are due."""
        moment = int(now.timestamp())
        lease = secrets.token_hex(16)
        with self._engine.begin() as connection:
            row = connection.execute(
                select(OutboxRow.id, OutboxRow.message_id, OutboxRow.payload, OutboxRow.attempts)
                .where(OutboxRow.state == WAITING, OutboxRow.due <= moment)
                .order_by(OutboxRow.due, OutboxRow.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if row is None:
                return None
            connection.execute(
                update(OutboxRow)
                .where(OutboxRow.id == row.id)
                .values(state=CLAIMED, due=moment + self._lease_seconds, lease=lease)
            )
        return Item(row.id, row.message_id, row.payload, row.attempts, lease)

    def finish(self, item: Item, now: datetime.datetime, largest_mail: int = 0) -> None:
        """Delivered: the row is gone; the hour is kept, and the server's word on how large a mail may be (0: not said)."""
        values = {"hour": int(now.timestamp()) // SECONDS_PER_HOUR, "largest_mail": largest_mail}
        with self._engine.begin() as connection:
            # By message id: SQLite gives the id of a deleted row to a new one, and a claimant may come back late.
            connection.execute(delete(OutboxRow).where(OutboxRow.message_id == item.message_id))
            if not connection.execute(update(LastDelivery).values(**values)).rowcount:
                with contextlib.suppress(IntegrityError), connection.begin_nested():  # another's first delivery, just now
                    connection.execute(insert(LastDelivery).values(id=1, **values))

    def defer(self, item: Item, now: datetime.datetime, code: int) -> None:
        """Not now: tried again after a growing, uneven wait of an hour at most, for as long as it takes."""
        self._release(item, WAITING, int(now.timestamp()) + delay(item.attempts), code)

    def shunt(self, item: Item, code: int) -> None:
        """Refused for good: set aside for a person."""
        self._release(item, SHUNTED, AT_ONCE, code)  # not the moment: it would tell when the message arrived

    def recover(self, now: datetime.datetime, *, shunted: bool = False) -> int:
        """Take back what a dead claimant left behind (and, when asked, what was shunted); how many rows that were.

        What is due later than any wait or lease lasts was put off by a clock that ran ahead, and would wait until then.
        """
        moment = int(now.timestamp())
        ahead = OutboxRow.due > moment + max(LONGEST_DELAY, self._lease_seconds) + CLOCKS_APART
        abandoned = (OutboxRow.state == CLAIMED) & (OutboxRow.due <= moment) | (OutboxRow.state != SHUNTED) & ahead
        with self._engine.begin() as connection:
            result = connection.execute(
                update(OutboxRow)
                .where(abandoned | (OutboxRow.state == SHUNTED) if shunted else abandoned)
                .values(state=WAITING, due=moment, lease="")  # due now, but behind what was never tried
            )
        return result.rowcount

    def counts(self) -> Counts:
        with self._engine.connect() as connection:
            by_state = dict(connection.execute(select(OutboxRow.state, func.count()).group_by(OutboxRow.state)).all())
            oldest = connection.execute(select(func.min(OutboxRow.arrived))).scalar()
            unsent = connection.execute(select(func.min(OutboxRow.arrived)).where(OutboxRow.state != SHUNTED)).scalar()
            last = connection.execute(select(LastDelivery.hour, LastDelivery.largest_mail)).first()
        return Counts(
            waiting=by_state.get(WAITING, 0),
            claimed=by_state.get(CLAIMED, 0),
            shunted=by_state.get(SHUNTED, 0),
            oldest=_at(oldest),
            last_delivery=_at(last.hour) if last else None,
            largest_mail=last.largest_mail if last else 0,
            oldest_unsent=_at(unsent),
        )

    def _release(self, item: Item, state: str, due: int, code: int) -> None:
        with self._engine.begin() as connection:
            connection.execute(
                update(OutboxRow)
                .where(OutboxRow.id == item.id, OutboxRow.lease == item.lease)
                .values(state=state, due=due, lease="", attempts=OutboxRow.attempts + 1, code=code)
            )


def delay(attempts: int) -> int:
    """Seconds to wait after `attempts` earlier failures: doubling from 30 s to an hour, with jitter downwards."""
    longest = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(attempts, 20))
    return random.randint(longest // 2, longest)  # noqa: S311 - spreads the load, protects nothing


def _at(hours: int | None) -> datetime.datetime | None:
    return None if hours is None else datetime.datetime.fromtimestamp(hours * SECONDS_PER_HOUR, datetime.UTC)
