"""How often each answer was given on a day: all that is kept of choices. No text, no order, no time, no language, no source.

Each question is counted by itself, so that a busy day's rows tell nothing of who answered what together. A small count tells
more: on a day when one person answered, that day's rows are that person's choices, side by side, and a count of one under a
page says that somebody had it open that day. Who that was they do not say; but someone who knows who answered, and can read
the database, reads the rest there. So nothing is asked, and nothing added, that would narrow down who it is. SQLite's tables
have no row numbers, which would keep the order in which rows were first written, one person's together. What a database's own
log and row versions tell of the last few transactions is not in our hands.

Anyone may answer, as often as the limits let them: counts show where to look, and prove nothing.
"""

import datetime
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, String, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from ihmiskauppa.database import Base
from ihmiskauppa.feedback.questionnaire import Tally

FINLAND: Final = ZoneInfo("Europe/Helsinki")
TAKEN_KEPT: Final = datetime.timedelta(days=1)  # how long a page that was sent is known again, after its day
UNORDERED: Final = {"sqlite_with_rowid": False}


class CountRow(Base):
    """How often `answer` was given to `question` on `day`, a day of Finland."""

    __tablename__ = "feedback_counts"
    __table_args__ = UNORDERED

    day: Mapped[datetime.date] = mapped_column(primary_key=True)
    question: Mapped[str] = mapped_column(String(255), primary_key=True)
    answer: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[int]


class TakenRow(Base):
    """A page that was counted: the SHA-256, in hexadecimal, of its nonce, which stands in the visitor's page only."""

    __tablename__ = "feedback_taken"
    __table_args__ = UNORDERED

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[datetime.date] = mapped_column(index=True)


@dataclass(frozen=True)
class Total:
    """How often an answer was given in a period."""

    tally: Tally
    count: int


def add(connection: Connection, nonce: bytes, tallies: Iterable[Tally], day: datetime.date) -> None:
    """Count on the caller's transaction; what comes again from the same page (the same `nonce`) is not counted again."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    _forget(connection, day - TAKEN_KEPT)
    taken = insert(TakenRow).values(digest=hashlib.sha256(nonce).hexdigest(), day=day).on_conflict_do_nothing()
    if connection.execute(taken.returning(TakenRow.digest)).first() is None:
        return
    for tally in sorted(tallies):  # in one order, so that no two transactions wait for each other
        row = insert(CountRow).values(day=day, question=tally.question, answer=tally.answer, count=1)
        more = {"count": CountRow.count + 1}
        connection.execute(row.on_conflict_do_update(index_elements=["day", "question", "answer"], set_=more))


def day_of(moment: datetime.datetime) -> datetime.date:
    """The day in Finland."""
    return moment.astimezone(FINLAND).date()


def _forget(connection: Connection, before: datetime.date) -> None:
    old = select(TakenRow.digest).where(TakenRow.day < before).with_for_update(skip_locked=True)
    connection.execute(delete(TakenRow).where(TakenRow.digest.in_(old)))


def totals(connection: Connection, first: datetime.date, last: datetime.date) -> tuple[Total, ...]:
    """What was counted from `first` to `last`, both included, by question and answer."""
    rows = connection.execute(
        select(CountRow.question, CountRow.answer, func.sum(CountRow.count))
        .where(CountRow.day.between(first, last))
        .group_by(CountRow.question, CountRow.answer)
    )
    return tuple(sorted((Total(Tally(question, answer), int(count)) for question, answer, count in rows), key=_place))


def _place(total: Total) -> tuple[str, float, str]:
    """Numbers by size, words by letter."""
    answer = total.tally.answer
    return total.tally.question, float(answer) if answer[0].isdigit() else 0, answer
