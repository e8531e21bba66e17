"""Orders as the server keeps them: what was ordered, by which kind of organisation, how far it has come; no name, no address.

An order is known by the digest of a reference that stands on the visitor's page and in the sealed mail only. Every function
that writes works on the caller's transaction and takes its turn (see `stock`). What cannot be promised waits for stock.
"""

import datetime
import enum
import hashlib
import hmac
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, String, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ihmiskauppa.database import Base
from ihmiskauppa.materials import stock
from ihmiskauppa.materials.stock import LONGEST_SKU

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that is read for something else
REFERENCE_LETTERS: Final = 16  # 80 bits
MARK_LETTERS: Final = 8  # of a digest, by which the staff name an order
SENT_REASON: Final = "order"

_BITS: Final = 5  # that a letter stands for
_MEANT: Final = str.maketrans("OIL", "011")
_PURPOSE: Final = b"ihmiskauppa order reference\0"
_UNORDERED: Final = {"sqlite_with_rowid": False}  # row numbers would keep the order of arrival


class Status(enum.StrEnum):
    """How far an order has come."""

    RECEIVED = "received"
    WAITING = "waiting"
    APPROVED = "approved"
    REDUCED = "reduced"
    PACKED = "packed"
    SENT = "sent"
    CANCELLED = "cancelled"


NEXT: Final[Mapping[Status, frozenset[Status]]] = {
    Status.RECEIVED: frozenset({Status.APPROVED, Status.REDUCED, Status.CANCELLED}),
    Status.WAITING: frozenset({Status.REDUCED, Status.CANCELLED}),
    Status.APPROVED: frozenset({Status.REDUCED, Status.PACKED, Status.CANCELLED}),
    Status.REDUCED: frozenset({Status.REDUCED, Status.PACKED, Status.CANCELLED}),
    Status.PACKED: frozenset({Status.SENT}),
    Status.SENT: frozenset(),
    Status.CANCELLED: frozenset(),
}


class OrderError(Exception):
    """A change that cannot be; the message is a sentence for the staff."""


class OrderRow(Base):
    """`digest` is SHA-256 of the reference, hexadecimal; `orderer` the kind of organisation."""

    __tablename__ = "material_orders"
    __table_args__ = _UNORDERED

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    orderer: Mapped[str] = mapped_column(String(20))
    day: Mapped[datetime.date] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(String(10))


class LineRow(Base):
    """What an order asks of a print; `reserved` is 1 while its `granted` pieces are promised from the stock."""

    __tablename__ = "material_order_lines"
    __table_args__ = _UNORDERED

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    sku: Mapped[str] = mapped_column(String(LONGEST_SKU), primary_key=True)
    ordered: Mapped[int]
    granted: Mapped[int]
    reserved: Mapped[int]


@dataclass(frozen=True)
class Line:
    """So many pieces of a print; `reserved` where the `granted` ones lie ready."""

    sku: str
    ordered: int
    granted: int
    reserved: bool

    @property
    def waits(self) -> bool:
        return bool(self.granted) and not self.reserved


@dataclass(frozen=True)
class Order:
    """An order and its lines."""

    digest: str
    orderer: str
    day: datetime.date
    status: Status
    lines: tuple[Line, ...]

    @property
    def mark(self) -> str:
        return self.digest[:MARK_LETTERS]

    @property
    def can_be_cancelled(self) -> bool:
        return Status.CANCELLED in NEXT[self.status]


@dataclass(frozen=True)
class Total:
    """How many pieces of a print were sent to a kind of organisation, of the orders of a year."""

    year: int
    sku: str
    orderer: str
    pieces: int


def reference(nonce: bytes, answers: str) -> str:
    """The reference of an order: the same for the same answers from the same page, and nobody can guess it without the page."""
    number = int.from_bytes(hmac.new(nonce, _PURPOSE + answers.encode(), hashlib.sha256).digest())
    return "".join(ALPHABET[number >> (_BITS * place) & 0x1F] for place in range(REFERENCE_LETTERS))


def digest(written: str) -> str:
    """The digest of a reference as someone wrote it: in any case, with blanks or dashes, with O for 0."""
    letters = unicodedata.normalize("NFKC", written).upper().translate(_MEANT)
    return hashlib.sha256("".join(letter for letter in letters if letter in ALPHABET).encode()).hexdigest()


def place(connection: Connection, name: str, orderer: str, wanted: Mapping[str, int], day: datetime.date) -> None:
    """Keep a new order under its digest, and promise it what there is: whole lines, the others wait."""
    stock.turn(connection)
    lines = [
        {
            "digest": name,
            "sku": sku,
            "ordered": pieces,
            "granted": pieces,
            "reserved": int(stock.reserve(connection, sku, pieces)),
        }
        for sku, pieces in wanted.items()
    ]
    status = Status.RECEIVED if all(line["reserved"] for line in lines) else Status.WAITING
    connection.execute(insert(OrderRow).values(digest=name, orderer=orderer, day=day, status=status))
    connection.execute(insert(LineRow), lines)


def find(connection: Connection, name: str) -> Order | None:
    """The order under a digest."""
    return next(iter(listed(connection, digest_begins=name)), None)


def listed(connection: Connection, statuses: Collection[Status] = (), digest_begins: str = "") -> tuple[Order, ...]:
    """Orders of these statuses (all, if none is named), oldest first; of one day, in no order that tells anything."""
    rows = select(OrderRow.digest, OrderRow.orderer, OrderRow.day, OrderRow.status).order_by(OrderRow.day, OrderRow.digest)
    rows = rows.where(OrderRow.digest.startswith(digest_begins, autoescape=True))
    found = connection.execute(rows.where(OrderRow.status.in_(statuses)) if statuses else rows).all()
    lines: dict[str, list[Line]] = {row.digest: [] for row in found}
    asked = select(LineRow.digest, LineRow.sku, LineRow.ordered, LineRow.granted, LineRow.reserved).order_by(LineRow.sku)
    for line in connection.execute(asked.where(LineRow.digest.startswith(digest_begins, autoescape=True))):
        if line.digest in lines:
            lines[line.digest].append(Line(line.sku, line.ordered, line.granted, bool(line.reserved)))
    return tuple(Order(row.digest, row.orderer, row.day, Status(row.status), tuple(lines[row.digest])) for row in found)


def change(
    connection: Connection, name: str, status: Status, day: datetime.date, granted: Mapping[str, int] = MappingProxyType({})
) -> Order:
    """Bring an order to `status`; the order as it is then. Of a reduced one, `granted` says how many of which print remain.

    What that frees goes to the orders that wait. Raises `OrderError`.
    """
    stock.turn(connection)
    order = find(connection, name)
    if order is None:
        raise OrderError("There is no such order.")
    if status not in NEXT[order.status]:
        ways = ", ".join(sorted(NEXT[order.status])) or "nothing: that is its end"
        raise OrderError(f"An order that is {order.status} cannot become {status}. It can become: {ways}.")
    if status is Status.CANCELLED:
        _release(connection, order)
    elif status is Status.REDUCED:
        _reduce(connection, order, granted)
    elif status is Status.SENT:
        for line in order.lines:
            stock.hand_over(connection, line.sku, line.granted, day, SENT_REASON)
    connection.execute(update(OrderRow).where(OrderRow.digest == order.digest).values(status=status))
    if status in {Status.CANCELLED, Status.REDUCED}:
        serve(connection)
    changed = find(connection, name)
    assert changed is not None  # noqa: S101 - it was there, and this is our turn
    return changed


def _release(connection: Connection, order: Order) -> None:
    for line in order.lines:
        if line.reserved:
            stock.give_back(connection, line.sku, line.granted)
    connection.execute(update(LineRow).where(LineRow.digest == order.digest).values(reserved=0))


def _reduce(connection: Connection, order: Order, granted: Mapping[str, int]) -> None:
    strange = set(granted) - {line.sku for line in order.lines}
    if strange:
        raise OrderError(f"The order has no {', '.join(sorted(strange))}.")
    after = {line.sku: granted.get(line.sku, line.granted) for line in order.lines}
    if any(not 0 <= after[line.sku] <= line.ordered for line in order.lines):
        raise OrderError("An order can be reduced to what was ordered at most, and to nothing at least.")
    if not any(after.values()) or all(after[line.sku] == line.granted for line in order.lines):
        raise OrderError("Say what remains of the order, less than before: --give PRINT=NUMBER. To give nothing, cancel it.")
    _release(connection, order)
    for line in order.lines:
        if after[line.sku] and not stock.reserve(connection, line.sku, after[line.sku]):
            free = stock.all_stock(connection).get(line.sku, stock.Stock()).free
            raise OrderError(f"Of {line.sku}, {after[line.sku]} are not there: {free} are free. Give fewer, or none.")
        ours = (LineRow.digest == order.digest) & (LineRow.sku == line.sku)
        connection.execute(update(LineRow).where(ours).values(granted=after[line.sku], reserved=int(after[line.sku] > 0)))


def serve(connection: Connection) -> tuple[str, ...]:
    """Promise what is free to the orders that wait, the oldest first; the marks of those that wait no longer.

    What does not suffice for one goes to the next: nothing lies idle, and the staff can reduce the one that is too large.
    """
    served = []
    for order in listed(connection, {Status.WAITING}):
        still = False
        for line in order.lines:
            if line.waits and stock.reserve(connection, line.sku, line.granted):
                ours = (LineRow.digest == order.digest) & (LineRow.sku == line.sku)
                connection.execute(update(LineRow).where(ours).values(reserved=1))
            else:
                still = still or line.waits
        if not still:
            connection.execute(update(OrderRow).where(OrderRow.digest == order.digest).values(status=Status.RECEIVED))
            served.append(order.mark)
    return tuple(served)


def move_stock(connection: Connection, movement: stock.Movement, low: int | None = None) -> tuple[str, ...]:
    """Stock in or out, and what comes of it for the orders that wait: their marks. Raises `StockError`."""
    stock.turn(connection)
    stock.move(connection, movement, low)
    return serve(connection)


def totals(connection: Connection) -> tuple[Total, ...]:
    """What was sent, by the year of the order, print and kind of organisation."""
    found: dict[tuple[int, str, str], int] = {}
    rows = (
        select(OrderRow.day, OrderRow.orderer, LineRow.sku, func.sum(LineRow.granted))
        .join(LineRow, LineRow.digest == OrderRow.digest)
        .where(OrderRow.status == Status.SENT)
        .group_by(OrderRow.day, OrderRow.orderer, LineRow.sku)
    )
    for day, orderer, sku, pieces in connection.execute(rows):
        key = (day.year, sku, orderer)
        found[key] = found.get(key, 0) + int(pieces)
    return tuple(Total(*key, pieces) for key, pieces in sorted(found.items()) if pieces)
