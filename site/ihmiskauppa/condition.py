"""How keys, outbox, delivery and stock are: the one judgement that `ihmiskauppa status` shows and that alerts are made from."""

import datetime
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from ihmiskauppa import database
from ihmiskauppa.forms.files import MEGABYTE
from ihmiskauppa.intake import daily_count, sealing
from ihmiskauppa.intake.alerts import Kind, Trouble
from ihmiskauppa.intake.keys import Keyring, KeysError
from ihmiskauppa.intake.outbox import Counts, Outbox
from ihmiskauppa.materials import stock
from ihmiskauppa.settings import Settings

STALE_HOURS: Final = 2  # an undelivered message older than this is trouble
EXPIRY_DAYS: Final = 60  # before its end a key is trouble: a new one must be made, brought here and learnt by all readers

NAMED_PRINTS: Final = 5  # in a sentence on low stock


@dataclass(frozen=True)
class KeyCondition:
    """A key of the inbox: why it cannot be encrypted to ("" if it can), and its end, if it has one."""

    fingerprint: str
    trouble: str
    expires: datetime.datetime | None = None
    known: bool = True

    def days_left(self, now: datetime.datetime) -> int | None:
        return (self.expires - now).days if self.expires else None


@dataclass(frozen=True)
class Condition:
    """How everything is at `moment`."""

    moment: datetime.datetime
    keys: tuple[KeyCondition, ...]
    counts: Counts
    size_trouble: str
    days_uncounted: int = 0
    low_stock: tuple[str, ...] = ()

    @property
    def writing_works(self) -> bool:
        return any(not key.trouble for key in self.keys)

    @property
    def oldest_hours(self) -> int:
        """Hours since the oldest undelivered message arrived, set aside or not."""
        return _hours(self.counts.oldest, self.moment)

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """Everything that needs a person: our own words and numbers, and fingerprints of the inbox's keys."""
        found = []
        if not self.writing_works:
            found.append(Trouble(Kind.FORM_CLOSED, "No key of the inbox is usable: nobody can write to us."))
        for key in self.keys:
            days = key.days_left(self.moment)
            if key.trouble:
                sentence = f"Inbox key {key.fingerprint}: {key.trouble}."
                found.append(Trouble(Kind.KEY_UNUSABLE, sentence, fingerprint=key.fingerprint))
            elif days is not None and days < EXPIRY_DAYS:
                sentence = f"Inbox key {key.fingerprint} expires in {days} days."
                found.append(Trouble(Kind.KEY_EXPIRES, sentence, EXPIRY_DAYS // max(days, 1), key.fingerprint))
        late = _hours(self.counts.oldest_unsent, self.moment)
        if late > STALE_HOURS:
            unsent = self.counts.waiting + self.counts.claimed
            sentence = f"Mail does not leave: {unsent} messages wait, the oldest for {late} hours."
            found.append(Trouble(Kind.MAIL_LATE, sentence, late))
        if self.counts.shunted:
            sentence = f"Refused by the mail server and set aside: {self.counts.shunted} messages."
            found.append(Trouble(Kind.SET_ASIDE, sentence, self.counts.shunted))
        if self.size_trouble:
            found.append(Trouble(Kind.SIZE, self.size_trouble))
        if self.days_uncounted:
            sentence = f"No daily count was made for {self.days_uncounted} days: does a forwarder run, can it seal?"
            found.append(Trouble(Kind.COUNT_LATE, sentence, self.days_uncounted))
        if self.low_stock:
            named, more = self.low_stock[:NAMED_PRINTS], len(self.low_stock) - NAMED_PRINTS
            shown = ", ".join([*named, *([f"{more} more"] if more > 0 else [])])
            sentence = f"Stock is low: {shown}. `ihmiskauppa orders low` tells how much there is."
            found.append(Trouble(Kind.STOCK_LOW, sentence, len(self.low_stock)))
        return tuple(found)


def judge(configuration: Settings, keyring: Keyring, engine: Engine, now: datetime.datetime) -> Condition:
    """Look at everything. Raises `SQLAlchemyError`; a key ring that cannot be read makes every key unusable."""
    counts = Outbox(engine, 0).counts()
    return Condition(
        now,
        _keys(configuration, keyring, now),
        counts,
        size_trouble(configuration, counts.largest_mail),
        daily_count.days_behind(engine, now),
        _low_stock(engine),
    )


def _low_stock(engine: Engine) -> tuple[str, ...]:
    with database.reading(engine) as connection:
        return tuple(sku for sku, level in stock.all_stock(connection).items() if level.is_low)


def _keys(configuration: Settings, keyring: Keyring, now: datetime.datetime) -> tuple[KeyCondition, ...]:
    try:
        ring = keyring.certificates()
    except KeysError:
        return tuple(KeyCondition(name, "the key ring cannot be read", known=False) for name in configuration.inbox_keys)
    return tuple(
        KeyCondition(name, ring[name].trouble(now), ring[name].expires)
        if name in ring
        else KeyCondition(name, "not in the key ring", known=False)
        for name in configuration.inbox_keys
    )


def size_trouble(configuration: Settings, largest_mail: int) -> str:
    """What is wrong between the files we take and the mail that the server takes, by its own word; "" if nothing."""
    needed = sealing.mail_size(configuration.files_megabytes * MEGABYTE)
    if not largest_mail or needed <= largest_mail:
        return ""
    return f"files_megabytes lets mails of {needed} bytes arise; the mail server takes {largest_mail} at most. Lower it."


def _hours(since: datetime.datetime | None, now: datetime.datetime) -> int:
    return int((now - since).total_seconds() // 3600) if since else 0
