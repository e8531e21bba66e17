"""The outbox: every verb, on a real SQLite file; nothing is lost, starved, given twice, or timed."""

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, LargeBinary, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from ihmiskauppa import database
from ihmiskauppa.database import Base
from ihmiskauppa.intake import outbox, receipts
from ihmiskauppa.intake.outbox import LONGEST_DELAY, Item, LastDelivery, Outbox, OutboxRow, delay, enqueue

NOW = datetime.datetime(2026, 11, 24, 13, 47, 12, tzinfo=datetime.UTC)
LEASE = 600
HOUR = datetime.datetime(2026, 11, 24, 13, tzinfo=datetime.UTC)


def after(seconds: int) -> datetime.datetime:
    return NOW + datetime.timedelta(seconds=seconds)


def put(engine: Engine, *names: str, now: datetime.datetime = NOW) -> None:
    for name in names:
        with engine.begin() as connection:
            enqueue(connection, f"<{name}@site.example>", name.encode(), now)


def claim(box: Outbox, now: datetime.datetime = NOW) -> Item:
    item = box.claim(now)
    assert item is not None
    return item


@pytest.fixture
def box(engine: Engine) -> Outbox:
    """An empty outbox."""
    return Outbox(engine, LEASE)


def test_what_is_enqueued_is_claimed_and_finished(box: Outbox, engine: Engine) -> None:
    """A message goes the whole way: waiting, claimed, gone; the hour of the delivery is kept."""
    put(engine, "a")
    assert (box.counts().waiting, box.counts().claimed) == (1, 0)
    item = claim(box)
    assert (item.payload, item.message_id, item.attempts) == (b"a", "<a@site.example>", 0)
    assert (box.counts().waiting, box.counts().claimed) == (0, 1)
    box.finish(item, NOW)
    assert box.counts() == outbox.Counts(0, 0, 0, None, HOUR)
    assert box.claim(NOW) is None


def test_the_callers_transaction_decides(box: Outbox, engine: Engine) -> None:
    """A message is there when the caller commits, and is not when the caller rolls back."""
    with engine.connect() as connection:
        enqueue(connection, "<a@site.example>", b"a", NOW)
        connection.rollback()
    assert box.claim(NOW) is None
    put(engine, "a")
    assert claim(box).payload == b"a"


def test_a_message_id_is_kept_once(engine: Engine) -> None:
    """The same Message-ID cannot be enqueued a second time."""
    put(engine, "a")
    with pytest.raises(IntegrityError):
        put(engine, "a")


def test_new_messages_come_first_in_their_order(box: Outbox, engine: Engine) -> None:
    """Never tried messages are claimed in the order they came, before those that are due again."""
    put(engine, "failed")
    box.defer(claim(box), NOW, 451)
    put(engine, "first", "second")
    later = after(LONGEST_DELAY)
    assert [claim(box, later).payload for _ in range(3)] == [b"first", b"second", b"failed"]


@pytest.mark.parametrize("failure", ["defer", "shunt", "recover", "die"])
def test_a_hundred_bad_messages_delay_no_good_one(failure: str, box: Outbox, engine: Engine) -> None:
    """Whatever became of a hundred earlier messages, the next good one is claimed at once."""
    # What others got wrong (GlobaLeaks): the oldest 100 bad mails starved all later ones.
    put(engine, *(f"bad-{number}" for number in range(100)))
    for _ in range(100):
        item = claim(box)
        if failure == "defer":
            box.defer(item, NOW, 451)
        elif failure != "die":
            box.shunt(item, 550)
    later = after(LONGEST_DELAY + LEASE)
    if failure in {"recover", "die"}:
        assert box.recover(later, shunted=failure == "recover") == 100
    put(engine, "good")
    assert claim(box, later).payload == b"good"


def test_a_deferred_message_waits_and_returns(box: Outbox, engine: Engine) -> None:
    """A deferred message is not due before half a minute, is due within its delay, and counts its attempts."""
    put(engine, "a")
    box.defer(claim(box), NOW, 451)
    assert box.claim(after(14)) is None
    item = claim(box, after(30))
    assert (item.payload, item.attempts) == (b"a", 1)
    with engine.connect() as connection:
        assert connection.execute(select(OutboxRow.code)).scalar() == 451


def test_a_message_is_tried_for_as_long_as_it_takes(box: Outbox, engine: Engine) -> None:
    """After a thousand failures a message still waits, an hour at most, with its bytes unchanged."""
    put(engine, "a")
    moment = NOW
    for number in range(1000):
        item = claim(box, moment)
        assert item.attempts == number
        box.defer(item, moment, 451)
        moment += datetime.timedelta(seconds=LONGEST_DELAY)
    assert claim(box, moment).payload == b"a"


def test_a_lease_ends(box: Outbox, engine: Engine) -> None:
    """What a dead claimant left is taken back when its lease has ended, not a second before."""
    put(engine, "a")
    first = claim(box)
    assert box.recover(after(LEASE - 1)) == 0
    assert box.claim(after(LEASE - 1)) is None
    assert box.recover(after(LEASE)) == 1
    second = claim(box, after(LEASE))
    assert second.payload == first.payload
    assert second.lease != first.lease


def test_a_claimant_who_comes_back_late_changes_nothing(box: Outbox, engine: Engine) -> None:
    """After its lease was given to another, a claimant's defer and shunt have no effect."""
    put(engine, "a")
    late = claim(box)
    box.recover(after(LEASE))
    current = claim(box, after(LEASE))
    box.defer(late, after(LEASE), 451)
    box.shunt(late, 550)
    assert (box.counts().waiting, box.counts().claimed, box.counts().shunted) == (0, 1, 0)
    box.finish(current, after(LEASE))
    assert box.counts().claimed == 0


def test_a_late_delivery_is_a_delivery(box: Outbox, engine: Engine) -> None:
    """A claimant that delivered after its lease ended still takes the message out, and it is not sent again."""
    put(engine, "a")
    late = claim(box)
    box.recover(after(LEASE))
    box.finish(late, after(LEASE))
    assert box.claim(after(LEASE)) is None


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_late_finish_takes_no_other_message(box: Outbox, engine: Engine) -> None:
    """A claimant that finishes late never removes a newer message to which the database gave the same row id."""
    # Trap (SQLite): the id of a deleted last row is given again.
    put(engine, "old")
    late = claim(box)
    box.recover(after(LEASE))
    box.finish(claim(box, after(LEASE)), after(LEASE))
    put(engine, "new")
    box.finish(late, after(LEASE))
    new = claim(box, after(LEASE))
    assert new.payload == b"new"
    assert new.id == late.id  # else this test shows nothing


def test_shunted_messages_wait_for_a_person(box: Outbox, engine: Engine) -> None:
    """A shunted message is never claimed nor recovered by itself, and returns when a person asks for it."""
    put(engine, "a")
    box.shunt(claim(box), 550)
    much_later = after(365 * 24 * 3600)
    assert box.counts().shunted == 1
    assert box.claim(much_later) is None
    assert box.recover(much_later) == 0
    assert box.claim(much_later) is None
    assert box.recover(NOW, shunted=True) == 1
    item = claim(box)
    assert (item.payload, item.attempts) == (b"a", 1)


def test_recovering_shunted_messages_leaves_living_leases(box: Outbox, engine: Engine) -> None:
    """Asking for the shunted messages does not take a message from a claimant at work."""
    put(engine, "working")
    claim(box)
    assert box.recover(NOW, shunted=True) == 0
    assert box.counts().claimed == 1


@given(st.integers(min_value=0, max_value=10_000))
def test_delays_have_bounds(attempts: int) -> None:
    """A wait is never under 15 seconds nor over an hour, and from the eighth failure on is at least half an hour."""
    seconds = delay(attempts)
    assert 15 <= seconds <= 3600
    assert seconds <= 30 * 2 ** min(attempts, 7)
    if attempts >= 7:
        assert seconds >= 1800


def test_delays_are_uneven() -> None:
    """Messages that failed together do not all come back together."""
    assert len({delay(10) for _ in range(100)}) > 20


def test_nothing_finer_than_the_hour_is_kept_of_arrival(box: Outbox, engine: Engine) -> None:
    """Rows that arrived in one hour cannot be told by when; no column of either table holds a time of day."""
    early, late = HOUR, HOUR + datetime.timedelta(seconds=3599)
    put(engine, "early", now=early)
    put(engine, "late", now=late)
    with engine.begin() as connection:
        receipts.keep(connection, "a", "1", early)
        receipts.keep(connection, "b", "2", late)
    with engine.connect() as connection:
        rows = connection.execute(
            select(OutboxRow.state, OutboxRow.due, OutboxRow.lease, OutboxRow.arrived, OutboxRow.attempts, OutboxRow.code)
        ).all()
        kept = connection.execute(select(receipts.ReceiptRow.arrived)).scalars().all()
    assert rows[0] == rows[1]
    assert rows[0].arrived == HOUR.timestamp() // 3600
    assert rows[0].due == 0
    assert len(set(kept)) == 1
    columns = {
        column["name"]: column["type"] for name in ("outbox", "receipts") for column in inspect(engine).get_columns(name)
    }
    assert set(columns) == {
        *("id", "message_id", "payload", "state", "due", "lease", "arrived", "attempts", "code"),
        *("digest", "reference", "counted"),
    }
    assert not [name for name, kind in columns.items() if "DATE" in str(kind) or "TIME" in str(kind)]
    box.finish(claim(box), late)
    with engine.connect() as connection:
        assert connection.execute(select(LastDelivery.hour)).scalar() == HOUR.timestamp() // 3600


def test_a_shunted_message_does_not_tell_when_it_was_refused(box: Outbox, engine: Engine) -> None:
    """A message refused at its first attempt, a second after it arrived, lies aside without that second."""
    put(engine, "a")
    box.shunt(claim(box), 550)
    with engine.connect() as connection:
        row = connection.execute(select(OutboxRow.__table__)).one()
    exact = range(int(NOW.timestamp()) - 3600, int(NOW.timestamp()) + 3600)
    assert not [value for value in row if isinstance(value, int) and value in exact]


def test_the_tables_are_those_of_the_migrations(engine: Engine) -> None:
    """The migrated database has every table, column and index that the code expects."""
    found = inspect(engine)
    for table in Base.metadata.tables.values():
        assert {column["name"] for column in found.get_columns(table.name)} == set(table.columns.keys())
        assert {index["name"] for index in found.get_indexes(table.name) if not index["unique"]} == {
            index.name for index in table.indexes
        }
    assert isinstance(OutboxRow.__table__.c.payload.type, LargeBinary)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(
            insert(OutboxRow).values(message_id="x", payload=b"", state="lost", due=0, lease="", arrived=0, attempts=0, code=0)
        )


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_postgresql_commits_are_synced_whatever_the_server_s_default(engine: Engine) -> None:
    """The tests' server says `synchronous_commit=off`; our connections overrule it."""
    with engine.connect() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_commits_are_synced(engine: Engine) -> None:
    """SQLite syncs every commit to the disk, overwrites what is deleted, and waits for another writer."""
    with engine.connect() as connection:
        pragmas = [
            connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("synchronous", "secure_delete", "journal_mode")
        ]
        assert pragmas == [2, 1, "wal"]
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 10_000


def test_two_claimants_never_get_the_same_message(engine: Engine) -> None:
    """Of four forwarders that claim at the same moment, each on its own connection, three get a message and one none."""
    engines = [database.connect(str(engine.url)) for _ in range(4)]
    barrier = threading.Barrier(len(engines))

    def work(mine: Engine) -> bytes:
        barrier.wait()
        item = Outbox(mine, LEASE).claim(NOW)
        return item.payload if item else b""

    with ThreadPoolExecutor(len(engines)) as threads:
        for number in range(15):
            names = [f"{number}-{letter}" for letter in "abc"]
            put(engine, *names)
            assert sorted(threads.map(work, engines)) == [b"", *(name.encode() for name in names)]
    for one in engines:
        one.dispose()


def test_counts_tell_the_oldest_hour(box: Outbox, engine: Engine) -> None:
    """The counts name the hour in which the oldest undelivered message arrived, set aside or not."""
    put(engine, "new", now=after(7200))
    put(engine, "old")
    assert box.counts().oldest == HOUR
    box.finish(claim(box), NOW)
    box.shunt(claim(box), 550)
    assert box.counts() == outbox.Counts(0, 0, 1, HOUR, HOUR)
