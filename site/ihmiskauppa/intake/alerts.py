"""Alerts to the operator: what to tell, when to tell it again, and the ways it travels. Knows neither forms nor cryptography.

A trouble is words and numbers of our own code; nothing a visitor sent, no reference and no address is ever part of one. What
was told stands in one row of the database, so that several forwarders tell it once; while the database itself does not work,
each process remembers for itself.
"""

import contextlib
import datetime
import email.utils
import json
import logging
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from typing import Final, Protocol

from sqlalchemy import BigInteger, Engine, Text, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ihmiskauppa import database, logs
from ihmiskauppa.database import Base
from ihmiskauppa.intake.mail import Mailer, MailError
from ihmiskauppa.settings import ENVIRONMENT_PREFIX

COMMAND_SECONDS: Final = 30  # an alert command may take
STEP_SECONDS: Final = 10  # one SMTP step of an alert may take: meanwhile no message is forwarded
CALM_SECONDS: Final = 180  # a trouble must stay away before it is said to be over, so that nothing flaps
RETRY_SECONDS: Final = 600  # until an alert that did not get through is tried again; longer than one try lasts
DATABASE_SECONDS: Final = 60  # the database must fail before it is told
REMINDER_HOURS: Final = 24
SECONDS_PER_HOUR: Final = 3600
SUBJECT_TROUBLE: Final = "ihmiskauppa: something needs a person"
SUBJECT_WELL: Final = "ihmiskauppa: all is well again"

log = logging.getLogger(__name__)


class Kind(StrEnum):
    """What can be wrong; the value is how the log and the database name it."""

    FORM_CLOSED = "form-closed"
    KEY_UNUSABLE = "key-unusable"
    KEY_EXPIRES = "key-expires"
    MAIL_LATE = "mail-late"
    SET_ASIDE = "set-aside"
    SIZE = "size"
    COUNT_LATE = "count-late"
    STOCK_LOW = "stock-low"
    DATABASE = "database"


UNHURRIED: Final = frozenset({Kind.KEY_EXPIRES, Kind.STOCK_LOW})  # nobody is reminded of these every day


@dataclass(frozen=True)
class Trouble:
    """Something that needs a person. `size` grows as it gets worse; `sentence` says all, `fingerprint` names a key."""

    kind: Kind
    sentence: str
    size: int = 1
    fingerprint: str = ""

    @property
    def name(self) -> str:
        return f"{self.kind} {self.fingerprint}".rstrip()


@dataclass(frozen=True)
class Told:
    """What the operator knows: of each trouble its size, and since when it is gone (seconds since 1970; 0: it is there)."""

    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    hour: int = 0  # since 1970, of the last telling

    def seen(self, troubles: Sequence[Trouble], moment: int) -> "Told":
        """The same knowledge with the times at which a trouble went, or without them if it is back."""
        there = {trouble.name for trouble in troubles}
        went = {name: gone if 0 < gone <= moment else moment for name, (_, gone) in self.sizes.items()}
        return Told({name: (size, 0 if name in there else went[name]) for name, (size, _) in self.sizes.items()}, self.hour)

    def over(self, moment: int) -> list[str]:
        """The troubles that were told and have stayed away for a while."""
        return sorted(name for name, (_, gone) in self.sizes.items() if gone and moment - gone >= CALM_SECONDS)

    def outdated(self, troubles: Sequence[Trouble], moment: int) -> bool:
        """Whether there is news: a trouble began, doubled or ended, or a day has passed with one.

        A key that will expire is told as the days to its end halve, low stock as it concerns twice as many prints, not every
        day. The last troubles are over together.
        """
        grown = any(name not in self.sizes or size >= 2 * self.sizes[name][0] for name, size in _sizes(troubles))
        pressing = any(trouble.kind not in UNHURRIED for trouble in troubles)
        reminder = pressing and moment // SECONDS_PER_HOUR - self.hour >= REMINDER_HOURS
        over = len(self.over(moment))
        return grown or reminder or (over > 0 if troubles else over == len(self.sizes) > 0)

    def after(self, troubles: Sequence[Trouble], moment: int) -> "Told":
        """The knowledge once `troubles` are told; what went a moment ago and may come back stays known."""
        over = self.over(moment)
        kept = {name: known for name, known in self.sizes.items() if name not in over}
        return Told({**kept, **{name: (size, 0) for name, size in _sizes(troubles)}}, moment // SECONDS_PER_HOUR)


def _sizes(troubles: Sequence[Trouble]) -> list[tuple[str, int]]:
    return [(trouble.name, trouble.size) for trouble in troubles]


@dataclass(frozen=True)
class Alert:
    """What the operator gets: plain text."""

    subject: str
    text: str


def compose(troubles: Sequence[Trouble], over: Sequence[str]) -> Alert:
    """The words for what is wrong now and what is over."""
    lines = [f"- {trouble.sentence}" for trouble in troubles] or ["Nothing is wrong any more."]
    lines += ["", "No longer wrong: " + ", ".join(over) + "."] if over else []
    lines += ["", "`ihmiskauppa status` tells more; docs/operating.md what to do."]
    return Alert(SUBJECT_TROUBLE if troubles else SUBJECT_WELL, "\n".join(lines) + "\n")


class AlertError(Exception):
    """An alert did not get through; `code` is an exit status or an SMTP reply, 0 if there was none."""

    def __init__(self, code: int = 0) -> None:
        super().__init__(code)
        self.code = code


class Way(Protocol):
    """How an alert reaches the operator."""

    @property
    def name(self) -> str:
        """For the log."""

    def send(self, alert: Alert) -> None:
        """Raises `AlertError`."""


@dataclass(frozen=True)
class Command:
    """A program that gets the alert on its standard input: subject, empty line, text. No shell; our settings stay with us."""

    arguments: tuple[str, ...]
    seconds: float = COMMAND_SECONDS
    name: str = "command"

    def send(self, alert: Alert) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
        try:
            process = subprocess.Popen(
                self.arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
        except (OSError, ValueError) as fault:
            raise AlertError from fault
        with process:
            try:
                process.communicate(f"{alert.subject}\n\n{alert.text}".encode(), self.seconds)
            except subprocess.TimeoutExpired as fault:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # with whatever it started
                raise AlertError from fault
        if process.returncode:
            raise AlertError(process.returncode)


@dataclass(frozen=True)
class SecondServer:
    """A mail server other than the one that may be in trouble."""

    mailer: Mailer
    name: str = "mail"

    def send(self, alert: Alert) -> None:
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"] = self.mailer.sender, ", ".join(self.mailer.recipients)
        mail["Date"] = email.utils.format_datetime(database.now())
        mail["Message-ID"] = f"<{secrets.token_hex(16)}@{self.mailer.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday reply to this
        mail["Subject"] = alert.subject
        mail.set_content(alert.text)
        try:
            self.mailer.deliver(mail.as_bytes())
        except MailError as fault:
            raise AlertError(fault.code) from fault


class AlertsRow(Base):
    """One row: what was told, as JSON of `Told.sizes`; `again` is when another try is due; `version` grows with each change."""

    __tablename__ = "alerts"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    told: Mapped[str] = mapped_column(Text)
    hour: Mapped[int]
    again: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]


class Alerts:
    """Tells what is wrong, by every way there is, and in the log in any case."""

    def __init__(self, engine: Engine, troubles: Callable[[datetime.datetime], Sequence[Trouble]], ways: Sequence[Way]) -> None:
        self._engine, self._troubles, self._ways = engine, troubles, tuple(ways)
        self._failing_since: float | None = None
        self._remembered, self._again = Told(), 0  # of the database's own trouble

    def watch(self, now: datetime.datetime) -> None:
        """Look for trouble, and tell what is news. Raises `SQLAlchemyError` if the database does not work."""
        moment = int(now.timestamp())
        troubles = tuple(self._troubles(now))
        with self._engine.connect() as connection:
            row = connection.execute(select(AlertsRow.told, AlertsRow.hour, AlertsRow.again, AlertsRow.version)).one()
        told = Told({name: (size, gone) for name, (size, gone) in json.loads(row.told).items()}, row.hour)
        seen = told.seen(troubles, moment)
        if moment < row.again <= moment + 2 * RETRY_SECONDS:  # another tells it just now, or could not (a clock may run ahead)
            self._try_writing()
        elif seen.outdated(troubles, moment):
            # Whoever notes this first may tell; if it fails or dies, anyone tries again later.
            if self._note(row.version, seen, moment + RETRY_SECONDS) and self._tell(troubles, seen.over(moment)):
                self._note(row.version + 1, seen.after(troubles, moment), 0)
        elif seen != told:
            self._note(row.version, seen, 0)
        else:
            self._try_writing()
        self._failing_since = None
        self._remember((), moment)

    def database_failed(self, now: datetime.datetime) -> None:
        """Tell that the database does not work, if that lasts."""
        if self._failing_since is None:
            self._failing_since = time.monotonic()
        if time.monotonic() - self._failing_since >= DATABASE_SECONDS:
            trouble = Trouble(Kind.DATABASE, "The database does not work: no message is taken, none is forwarded.")
            self._remember((trouble,), int(now.timestamp()))

    def _remember(self, troubles: Sequence[Trouble], moment: int) -> None:
        """As `watch`, on the memory of this process."""
        self._remembered = self._remembered.seen(troubles, moment)
        if self._remembered.outdated(troubles, moment) and time.monotonic() >= self._again:
            self._again = int(time.monotonic()) + RETRY_SECONDS
            if self._tell(troubles, self._remembered.over(moment)):
                self._remembered, self._again = self._remembered.after(troubles, moment), 0

    def _note(self, version: int, told: Told, again: int) -> bool:
        """Write what is known, unless another process has written meanwhile; whether that was done."""
        values = {"told": json.dumps(told.sizes), "hour": told.hour, "again": again, "version": version + 1}
        with database.writing(self._engine) as connection:
            return bool(connection.execute(update(AlertsRow).where(AlertsRow.version == version).values(**values)).rowcount)

    def _try_writing(self) -> None:
        """Write what is there: on a full disk the database reads well, and takes no message."""
        with database.writing(self._engine) as connection:
            connection.execute(update(AlertsRow).values(version=AlertsRow.version))

    def _tell(self, troubles: Sequence[Trouble], over: Sequence[str]) -> bool:
        """Whether the alert got through by one way at least; the log is enough only where there is no other."""
        for trouble in troubles:
            fields = {"fingerprint": trouble.fingerprint} if trouble.fingerprint else {}
            logs.event(log, logging.ERROR, "something needs a person", fault=str(trouble.kind), count=trouble.size, **fields)
        if not troubles:
            logs.event(log, logging.WARNING, "all is well again")
        through = [self._sent(way, compose(troubles, over)) for way in self._ways]
        return any(through) or not through

    @staticmethod
    def _sent(way: Way, alert: Alert) -> bool:
        try:
            way.send(alert)
        except AlertError as fault:
            logs.event(log, logging.ERROR, "an alert did not get through, will be tried again", place=way.name, code=fault.code)
            return False
        return True
