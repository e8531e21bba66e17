"""The daily count: each Finnish day once, sealed, with every reference, and nothing that sets it apart on the outside."""

import datetime
import email
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from ihmiskauppa import database, start
from ihmiskauppa.forms.answers import Answers
from ihmiskauppa.intake import outbox, reading, receipts
from ihmiskauppa.intake.daily_count import FINLAND, Count, CountNotSealedError, DailyCount, DailyCountRow, days_behind, end_of
from ihmiskauppa.intake.keys import Keyring
from ihmiskauppa.intake.outbox import OutboxRow
from ihmiskauppa.intake.reading import ReadMessage
from ihmiskauppa.intake.sealing import Sealer
from ihmiskauppa.intake.submission import Desk, submit
from ihmiskauppa.settings import Settings
from tests.conftest import InboxKey

BEGINNING = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
AFTER_MIDNIGHT = datetime.datetime(2026, 11, 24, 22, 16, tzinfo=datetime.UTC)  # 0.16 on the 25th in Finland
DAY = datetime.timedelta(days=1)


@dataclass
class Site:
    """Counts sealed to the test's inbox key, unless the key is away; and the inbox's reader."""

    configuration: Settings
    engine: Engine
    staff: Any
    key_away: bool = False

    @property
    def sealer(self) -> Sealer:
        fingerprints = ("B" * 40,) if self.key_away else self.configuration.inbox_keys
        return Sealer(Keyring(self.configuration.keyring), fingerprints)

    @property
    def daily_count(self) -> DailyCount:
        return DailyCount(self.engine, lambda count: start.sealed_count(self.configuration, self.sealer, count))

    def take(self, now: datetime.datetime) -> bool:
        return self.daily_count.take(now)

    def receive(self, reference: str, now: datetime.datetime) -> None:
        with self.engine.begin() as connection:
            receipts.keep(connection, f"{reference} {now}", reference, now)

    def mails(self) -> list[bytes]:
        with self.engine.connect() as connection:
            return list(connection.execute(select(OutboxRow.payload).order_by(OutboxRow.id)).scalars())

    def read(self) -> list[ReadMessage]:
        return [reading.open_message(mail, self.staff) for mail in self.mails()]

    def days(self) -> list[tuple[str, int, str | None, list[str]]]:
        """Day, number, day before and references of each count in the outbox."""
        return [
            (one.answers["day"], one.answers["number"], one.answers["previous"], one.answers["references"])
            for one in self.read()
        ]


@pytest.fixture
def site(configuration: Settings, engine: Engine, inbox_key: InboxKey) -> Iterator[Site]:
    """A site that has begun to count on 23 November."""
    with reading.staff_gpg(inbox_key.home) as gpg:
        made = Site(configuration, engine, gpg)
        assert not made.take(BEGINNING)
        yield made


def test_a_day_is_counted_once_after_its_midnight(site: Site) -> None:
    """Nothing before 0.15 in Finland; then one count with the day's references in order of number."""
    site.take(BEGINNING + DAY / 2)
    for hour, reference in ((9, "50000000"), (7, "90000000"), (13, "00000007")):
        site.receive(reference, BEGINNING.replace(day=24, hour=hour))
    assert not site.take(AFTER_MIDNIGHT - datetime.timedelta(minutes=2))
    assert [site.take(AFTER_MIDNIGHT), site.take(AFTER_MIDNIGHT), site.take(AFTER_MIDNIGHT + DAY * 0.9)] == [True, False, False]
    assert site.days() == [
        ("2026-11-23", 1, None, []),
        ("2026-11-24", 2, "2026-11-23", ["00000007", "50000000", "90000000"]),
    ]


def test_the_staff_read_it_in_finnish(site: Site) -> None:
    """Subject, text and JSON as the staff get them, for a day with messages and a day without."""
    site.take(BEGINNING + DAY / 2)
    site.receive("01234567", BEGINNING + DAY / 2)
    site.take(AFTER_MIDNIGHT)
    empty, full = site.read()
    assert (full.subject, full.form, full.language, full.reference) == ("Päivän viestit 24.11.2026: 1", "daily-count", "fi", "")
    assert full.counted == ("01234567",)
    assert "Laskelman numero: 2\nEdellinen laskelma: 23.11.2026\n" in full.text
    assert "\n01234567\n" in full.text
    assert empty.subject == "Päivän viestit 23.11.2026: 0"
    assert "Tämä on ensimmäinen laskelma." in empty.text
    assert "ei tullut yhtään viestiä" in empty.text
    assert full.as_json().startswith('{"reference": "", "form": "daily-count", "language": "fi"')


def test_on_the_outside_it_is_like_a_message(site: Site, answers: Answers) -> None:
    """The same headers in the same order, the same hour, the same parts, and a size in the same range."""
    desk = Desk(site.sealer, site.engine, site.configuration.mail_from, site.configuration.inbox_addresses)
    submit(desk, answers, bytes(16))
    for number in range(100):
        site.receive(f"{number:08}", BEGINNING)
    site.take(BEGINNING + DAY / 2)
    message, count = site.mails()

    def outside(mail: bytes) -> str:
        """All but the Message-ID's token, the boundary, and the armored text."""
        bare = re.sub(rb"(?s)-----BEGIN PGP MESSAGE-----.*-----END", b"", mail)
        bare = re.sub(rb"<[0-9a-f]{32}@", b"<@", bare)
        return re.sub(rb"={3,}\d+==", b"==", bare).decode()

    assert re.sub(r"Date: .*", "", outside(message)) == re.sub(r"Date: .*", "", outside(count))
    assert abs(len(message) - len(count)) < 16  # gpg's session key packet varies by a few bytes
    assert all(b":00:00 +0000" in mail for mail in (message, count))
    assert b"daily" not in count.lower()


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        ("2026-03-28", "2026-03-27T22", "2026-03-28T21"),
        ("2026-03-29", "2026-03-28T22", "2026-03-29T20"),  # 23 hours: the clocks go forward
        ("2026-03-30", "2026-03-29T21", "2026-03-30T20"),
        ("2026-10-25", "2026-10-24T21", "2026-10-25T21"),  # 25 hours: the clocks go back
        ("2026-10-26", "2026-10-25T22", "2026-10-26T21"),
    ],
)
def test_a_day_is_a_day_in_finland(site: Site, day: str, first: str, last: str) -> None:
    """Its first and last hours belong to it, on days of 23 and 25 hours too; the neighbours do not."""
    hour = datetime.timedelta(hours=1)
    opening, closing = (datetime.datetime.fromisoformat(f"{moment}:00+00:00") for moment in (first, last))
    with site.engine.begin() as connection:
        connection.execute(text("DELETE FROM daily_counts"))
    site.take(opening)
    site.receive("00000000", opening - hour)
    site.take(opening + hour / 2)  # the day before
    for reference, moment in (("11111111", opening), ("22222222", closing + hour * 0.9), ("33333333", closing + hour)):
        site.receive(reference, moment)
    assert end_of(datetime.date.fromisoformat(day)) == closing + hour
    assert not site.take(closing + hour * 0.99)
    assert site.take(closing + hour * 1.3)
    assert (site.days()[-1][0], site.days()[-1][3]) == (day, ["11111111", "22222222"])


def test_many_forwarders_make_one_count(site: Site) -> None:
    """Eight at the same moment: one row, one mail."""
    site.receive("00000001", BEGINNING)
    engines = [database.connect(site.engine.url.render_as_string(hide_password=False)) for _ in range(8)]
    counts = [DailyCount(one, lambda count: start.sealed_count(site.configuration, site.sealer, count)) for one in engines]
    barrier, made = threading.Barrier(len(counts)), []

    def take(count: DailyCount) -> None:
        barrier.wait()
        made.append(count.take(BEGINNING + DAY))

    threads = [threading.Thread(target=take, args=(count,)) for count in counts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]
    assert site.days() == [("2026-11-23", 1, None, ["00000001"])]
    for one in engines:
        one.dispose()


def test_many_forwarders_begin_together(site: Site) -> None:
    """The first look at an empty table is noted once, and makes no mail."""
    with site.engine.begin() as connection:
        connection.execute(text("DELETE FROM daily_counts"))
    engines = [database.connect(site.engine.url.render_as_string(hide_password=False)) for _ in range(4)]
    threads = [threading.Thread(target=DailyCount(one, lambda _: ("", b"")).take, args=(BEGINNING,)) for one in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with site.engine.connect() as connection:
        assert connection.execute(select(DailyCountRow.day, DailyCountRow.number)).all() == [(datetime.date(2026, 11, 22), 0)]
    assert site.mails() == []
    for one in engines:
        one.dispose()


def test_a_message_that_came_while_the_count_was_sealed_is_not_lost(site: Site) -> None:
    """One taken between reading and writing stops that count; the next round has it."""
    site.receive("00000001", BEGINNING)

    def slowly(count: Count) -> tuple[str, bytes]:
        site.receive("00000002", BEGINNING + datetime.timedelta(hours=1))
        return start.sealed_count(site.configuration, site.sealer, count)

    assert not DailyCount(site.engine, slowly).take(BEGINNING + DAY)
    assert site.mails() == []
    assert site.take(BEGINNING + DAY)
    assert site.days() == [("2026-11-23", 1, None, ["00000001", "00000002"])]


def test_a_message_stored_after_its_day_was_counted_stands_in_the_next_count(site: Site) -> None:
    """However late a message of the day before is committed, some count names it."""
    site.take(BEGINNING + DAY / 2)
    site.receive("00000009", BEGINNING)
    site.take(BEGINNING + DAY * 1.5)
    assert [references for *_, references in site.days()] == [[], ["00000009"]]


def test_without_a_key_the_count_waits(site: Site) -> None:
    """The references are kept for days, it is known how many lack a count, and then every day gets its own."""
    site.receive("00000001", BEGINNING)
    site.key_away = True
    for day in range(1, 6):
        now = BEGINNING + day * DAY
        assert not site.take(now)
        receipts.forget(site.engine, now)
    assert [days_behind(site.engine, BEGINNING + day * DAY) for day in range(6)] == [0, 1, 2, 3, 4, 5]
    assert site.mails() == []
    site.key_away = False
    now = BEGINNING + 6 * DAY
    assert [site.take(now) for _ in range(7)] == [True] * 6 + [False]
    assert site.days()[0] == ("2026-11-23", 1, None, ["00000001"])
    assert [(day, number) for day, number, *_ in site.days()][-1] == ("2026-11-28", 6)
    assert days_behind(site.engine, now) == 0
    receipts.forget(site.engine, now)
    with site.engine.connect() as connection:
        assert connection.execute(select(receipts.ReceiptRow.reference)).all() == []


def test_after_a_very_long_silence_the_gap_is_told(site: Site) -> None:
    """Days more than a fortnight ago get no count of their own; the number goes on, and no reference is left out."""
    site.take(BEGINNING + DAY)
    site.receive("00000001", BEGINNING + DAY)
    now = BEGINNING + 60 * DAY
    made = 0
    while site.take(now):
        made += 1
    assert made == 14
    first = site.read()[1]
    assert (first.answers["number"], first.answers["previous"]) == (2, "2026-11-23")
    assert first.answers["day"] == (now.date() - 14 * DAY).isoformat()
    assert "Näiden päivien väliltä puuttuu laskelmia." in first.text
    assert first.counted == ("00000001",)


def test_what_cannot_be_sealed_raises_the_room_s_error(site: Site) -> None:
    """The forwarder knows nothing of sealing, so its error is wrapped."""
    site.key_away = True
    with pytest.raises(CountNotSealedError):
        start.sealed_count(site.configuration, site.sealer, Count(datetime.date(2026, 1, 1), 1, None, ()))


def test_the_inbox_tells_what_is_missing(site: Site, answers: Answers, tmp_path: Path) -> None:
    """Of two messages that were taken, one is not in the inbox: the count there names it."""
    desk = Desk(site.sealer, site.engine, site.configuration.mail_from, site.configuration.inbox_addresses)
    here, lost = submit(desk, answers, bytes(16)), submit(desk, answers, b"1" * 16)
    today = database.now().astimezone(FINLAND).date()
    while site.take(end_of(today) + DAY / 24):
        pass
    files = []
    for number, mail in enumerate(site.mails()):
        if number != 1:
            files.append(tmp_path / str(number))
            files[-1].write_bytes(mail)
    inbox = reading.read_all(files, site.staff)
    message, count = inbox.messages[0], inbox.messages[-1]
    assert message.reference == here
    assert message.counted is None
    assert set(count.counted or ()) == {here, lost}
    assert inbox.missing(count) == [lost]


def test_a_count_leaves_with_the_next_delivery(site: Site) -> None:
    """It is claimed like any message, under the Message-ID that its mail carries."""
    site.take(BEGINNING + DAY)
    item = outbox.Outbox(site.engine, 60).claim(BEGINNING + DAY)
    assert item is not None
    assert email.message_from_bytes(item.payload)["Message-ID"] == item.message_id
