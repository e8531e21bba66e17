"""How many pieces of each print there are, how many of these are promised to orders, and why they came and went.

Whoever changes stock or orders takes a turn first: one transaction at a time on either database, so that two orders never take
the same last poster and nobody waits for another in a circle. Knows no order, and no day finer than a day.
"""

import datetime
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import CheckConstraint, Connection, String, insert, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from ihmiskauppa.database import Base

LONGEST_SKU: Final = 100  # characters
LONGEST_REASON: Final = 200  # characters
MOST_PIECES: Final = 10_000_000  # of a print; a number beyond is a slip of the fingers


class StockError(Exception):
    """A change that cannot be; the message is a sentence for the staff."""


class Level(enum.StrEnum):
    """What is said of a print's stock."""

    ENOUGH = "enough"
    FEW = "few"
    OUT = "out"


class StockRow(Base):
    """A print: `reserved` of the pieces `on_hand` are promised. With fewer than `low` free, it is time to print."""

    __tablename__ = "material_stock"
    __table_args__ = (CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="promised"),)

    sku: Mapped[str] = mapped_column(String(LONGEST_SKU), primary_key=True)
    on_hand: Mapped[int]
    reserved: Mapped[int]
    low: Mapped[int]


class MovementRow(Base):
    """Pieces that came (more than 0) or went (less) on a day, and why."""

    __tablename__ = "material_movements"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[datetime.date]
    sku: Mapped[str] = mapped_column(String(LONGEST_SKU))
    pieces: Mapped[int]
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON))


@dataclass(frozen=True)
class Stock:
    """How it stands with one print."""

    on_hand: int = 0
    reserved: int = 0
    low: int = 0

    @property
    def free(self) -> int:
        """Pieces that nobody has been promised."""
        return self.on_hand - self.reserved

    @property
    def is_low(self) -> bool:
        return self.free < self.low

    def level(self, step: int) -> Level:
        """What to say to someone who can order `step` pieces at least."""
        if self.free < step:
            return Level.OUT
        return Level.FEW if self.is_low else Level.ENOUGH


@dataclass(frozen=True)
class Movement:
    """A line of the journal."""

    day: datetime.date
    sku: str
    pieces: int
    reason: str


def turn(connection: Connection) -> None:
    """Make the caller's transaction the only one that changes stock or orders, until it ends. Readers do not wait."""
    if connection.dialect.name == "postgresql":  # SQLite lets one writer in anyway (`database.writing`)
        connection.execute(text(f"LOCK TABLE {StockRow.__tablename__} IN SHARE ROW EXCLUSIVE MODE"))


def all_stock(connection: Connection) -> Mapping[str, Stock]:
    """The stock of every print that ever had any."""
    rows = connection.execute(select(StockRow.sku, StockRow.on_hand, StockRow.reserved, StockRow.low).order_by(StockRow.sku))
    return {row.sku: Stock(row.on_hand, row.reserved, row.low) for row in rows}


def journal(connection: Connection, sku: str = "") -> tuple[Movement, ...]:
    """What came and went, of one print or of all, oldest first."""
    rows = select(MovementRow.day, MovementRow.sku, MovementRow.pieces, MovementRow.reason).order_by(MovementRow.id)
    return tuple(Movement(*row) for row in connection.execute(rows.where(MovementRow.sku == sku) if sku else rows))


def reserve(connection: Connection, sku: str, pieces: int) -> bool:
    """Promise free pieces; False if there are not so many."""
    enough = (StockRow.sku == sku) & (StockRow.on_hand - StockRow.reserved >= pieces)
    return bool(connection.execute(update(StockRow).where(enough).values(reserved=StockRow.reserved + pieces)).rowcount)


def give_back(connection: Connection, sku: str, pieces: int) -> None:
    """Pieces that were promised are free again."""
    connection.execute(update(StockRow).where(StockRow.sku == sku).values(reserved=StockRow.reserved - pieces))


def hand_over(connection: Connection, sku: str, pieces: int, day: datetime.date, reason: str) -> None:
    """Pieces that were promised are gone."""
    gone = {"on_hand": StockRow.on_hand - pieces, "reserved": StockRow.reserved - pieces}
    connection.execute(update(StockRow).where(StockRow.sku == sku).values(**gone))
    _note(connection, Movement(day, sku, -pieces, reason))


def move(connection: Connection, movement: Movement, low: int | None = None) -> None:
    """Pieces came or went outside of orders; with `low`, that bound is new, too. Raises `StockError`."""
    if not movement.reason.strip() or len(movement.reason) > LONGEST_REASON:
        raise StockError(f"A change of stock needs a reason of at most {LONGEST_REASON} characters.")
    stock = all_stock(connection).get(movement.sku)
    after = movement.pieces + (stock.on_hand if stock else 0)
    free = stock.free if stock else 0
    if free + movement.pieces < 0:
        promised = f"; {stock.reserved} more are promised to orders" if stock and stock.reserved else ""
        raise StockError(f"Only {free} pieces of {movement.sku} are free{promised}.")
    if after > MOST_PIECES:
        raise StockError(f"{after} pieces of {movement.sku} are more than can be meant.")
    if stock is None:
        connection.execute(insert(StockRow).values(sku=movement.sku, on_hand=after, reserved=0, low=low or 0))
    else:
        bound = stock.low if low is None else low
        connection.execute(update(StockRow).where(StockRow.sku == movement.sku).values(on_hand=after, low=bound))
    _note(connection, movement)


def _note(connection: Connection, movement: Movement) -> None:
    values = {"day": movement.day, "sku": movement.sku, "pieces": movement.pieces, "reason": movement.reason.strip()}
    connection.execute(insert(MovementRow).values(**values))
