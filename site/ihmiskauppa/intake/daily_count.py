"""The daily count: once a day the inbox is told, sealed like everything else, which messages were taken that day.

With it the readers can see that nothing is missing: neither a message, nor, since counts are numbered, a count. Days are
those of Finland. What the count says, and how it is sealed, is not known here.
"""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Row, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from ihmiskauppa import database
from ihmiskauppa.database import Base
from ihmiskauppa.intake import outbox, receipts

FINLAND: Final = ZoneInfo("Europe/Helsinki")  # whole hours from UTC, as receipts have them
AFTER_MIDNIGHT: Final = datetime.timedelta(minutes=15)  # what came before midnight may still be being sealed then
LATE: Final = datetime.timedelta(hours=2)  # after midnight: a count that is still missing needs a person
LONGEST_DAYS: Final = receipts.UNCOUNTED_HOURS // 24  # how many days are counted afterwards, if none could be for long


class CountNotSealedError(Exception):
    """The count cannot be encrypted now."""


class _ReceiptsChangedError(Exception):
    """A message was taken after the references were read."""


class DailyCountRow(Base):
    """A day that was counted. `number` is 0 for the day before counting began, of which there is no count."""

    __tablename__ = "daily_counts"

    day: Mapped[datetime.date] = mapped_column(primary_key=True)
    number: Mapped[int]


@dataclass(frozen=True)
class Count:
    """All messages taken on `day`, by reference, and the day of the count before, if there was one."""

    day: datetime.date
    number: int
    previous: datetime.date | None
    references: Sequence[str]


@dataclass(frozen=True)
class DailyCount:
    """Counts the days that are over. `seal` makes Message-ID and mail of a count, or raises `CountNotSealedError`."""

    engine: Engine
    seal: Callable[[Count], tuple[str, bytes]]

    def take(self, now: datetime.datetime) -> bool:
        """Enqueue the count of the earliest day that lacks one; whether that was done.

        What cannot be sealed waits: the references are kept meanwhile.
        """
        count = self._due(now)
        if count is None:
            return False
        end = end_of(count.day)
        try:
            message_id, mail = self.seal(count)
            with database.writing(self.engine) as connection:
                connection.execute(insert(DailyCountRow).values(day=count.day, number=count.number))
                if receipts.count(connection, end) != len(count.references):
                    raise _ReceiptsChangedError
                outbox.enqueue(connection, message_id, mail, now)
        except CountNotSealedError:  # told once it is late: see `days_behind`
            return False
        except (IntegrityError, _ReceiptsChangedError):  # another forwarder was faster; or the next round counts what came
            return False
        return True

    def _due(self, now: datetime.datetime) -> Count | None:
        yesterday = _yesterday(now - AFTER_MIDNIGHT)
        with self.engine.connect() as connection:
            last = _last(connection)
            if last is not None and last.day < yesterday:
                day = max(last.day + datetime.timedelta(days=1), yesterday - datetime.timedelta(days=LONGEST_DAYS - 1))
                references = receipts.uncounted(connection, end_of(day))
                return Count(day, last.number + 1, last.day if last.number else None, references)
        if last is None:
            self._begin(yesterday)
        return None

    def _begin(self, yesterday: datetime.date) -> None:
        try:
            with database.writing(self.engine) as connection:
                connection.execute(insert(DailyCountRow).values(day=yesterday, number=0))
        except IntegrityError:
            return  # another forwarder has begun


def days_behind(engine: Engine, now: datetime.datetime) -> int:
    """How many days that were over hours ago have no count yet."""
    with engine.connect() as connection:
        last = _last(connection)
    return max((_yesterday(now - LATE) - last.day).days, 0) if last else 0


def _last(connection: Connection) -> Row[datetime.date, int] | None:
    newest = select(DailyCountRow.day, DailyCountRow.number).order_by(DailyCountRow.day.desc()).limit(1)
    return connection.execute(newest).first()


def _yesterday(now: datetime.datetime) -> datetime.date:
    return now.astimezone(FINLAND).date() - datetime.timedelta(days=1)


def end_of(day: datetime.date) -> datetime.datetime:
    """The midnight at which `day` ends in Finland."""
    return datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time(), FINLAND)
