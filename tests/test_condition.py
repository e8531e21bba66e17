"""The judgement that status and alerts share: real keys, a real outbox, and nothing but our own words and numbers."""

import datetime
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine, update

from ihmiskauppa import condition, database
from ihmiskauppa.condition import Condition
from ihmiskauppa.intake import keys
from ihmiskauppa.intake.alerts import Kind, Told, Trouble
from ihmiskauppa.intake.daily_count import DailyCount
from ihmiskauppa.intake.keys import Keyring
from ihmiskauppa.intake.outbox import Outbox, OutboxRow, enqueue
from ihmiskauppa.materials import orders
from ihmiskauppa.materials.stock import Movement
from ihmiskauppa.settings import Settings
from tests.intake.homes import PublicKey, short_home


@pytest.fixture
def engine(configuration: Settings) -> Iterator[Engine]:
    """The database of the test's instance."""
    made = database.connect(configuration.database_url)
    yield made
    made.dispose()


def judge(configuration: Settings, engine: Engine, **later: float) -> Condition:
    now = database.now() + datetime.timedelta(**later)
    return condition.judge(configuration, Keyring(configuration.keyring), engine, now)


def found(condition: Condition) -> list[tuple[Kind, int]]:
    return [(trouble.kind, trouble.size) for trouble in condition.troubles]


def put(engine: Engine, name: str, *, hours: int, aside: bool = False) -> None:
    with engine.begin() as connection:
        enqueue(connection, name, b"sealed", database.now() - datetime.timedelta(hours=hours))
    if aside:
        box = Outbox(engine, 60)
        item = box.claim(database.now())
        assert item is not None
        box.shunt(item, 550)


def test_all_is_well(configuration: Settings, engine: Engine) -> None:
    """A usable key, and a message that has waited for two hours at most."""
    put(engine, "<a@b>", hours=2)
    judged = judge(configuration, engine)
    assert (judged.troubles, judged.writing_works, judged.oldest_hours) == ((), True, 2)


def test_mail_that_does_not_leave(configuration: Settings, engine: Engine) -> None:
    """Older than that it is trouble, of the size of its hours."""
    put(engine, "<a@b>", hours=5)
    put(engine, "<b@b>", hours=0)
    (trouble,) = judge(configuration, engine).troubles
    assert (trouble.kind, trouble.size) == (Kind.MAIL_LATE, 5)
    assert trouble.sentence == "Mail does not leave: 2 messages wait, the oldest for 5 hours."


def test_what_was_set_aside_is_not_late_too(configuration: Settings, engine: Engine) -> None:
    """An old message that lies aside is told as such, not as mail that waits."""
    put(engine, "<a@b>", hours=50, aside=True)
    put(engine, "<b@b>", hours=1)
    judged = judge(configuration, engine)
    assert (found(judged), judged.oldest_hours) == ([(Kind.SET_ASIDE, 1)], 50)


def test_the_sizes_do_not_fit(configuration: Settings, engine: Engine) -> None:
    """The mail server once said that it takes 20 MB."""
    box = Outbox(engine, 60)
    put(engine, "<a@b>", hours=0)
    item = box.claim(database.now())
    assert item is not None
    box.finish(item, database.now(), 20_000_000)
    assert found(judge(configuration, engine)) == [(Kind.SIZE, 1)]
    assert found(judge(replace(configuration, files_megabytes=10), engine)) == []


def test_unusable_keys(configuration: Settings, engine: Engine) -> None:
    """One of two is missing: writing works, and a person is needed; both are: the form is closed."""
    both = replace(configuration, inbox_keys=(*configuration.inbox_keys, "B" * 40))
    judged = judge(both, engine)
    assert (found(judged), judged.writing_works) == ([(Kind.KEY_UNUSABLE, 1)], True)
    assert judged.troubles[0].sentence == f"Inbox key {'B' * 40}: not in the key ring."
    judged = judge(replace(configuration, inbox_keys=("B" * 40,)), engine)
    assert ([kind for kind, _ in found(judged)], judged.writing_works) == ([Kind.FORM_CLOSED, Kind.KEY_UNUSABLE], False)


def test_a_key_ring_that_cannot_be_read(configuration: Settings, engine: Engine) -> None:
    """No folder there: the form is closed, and the reason is told."""
    judged = judge(replace(configuration, instance=configuration.instance / "none"), engine)
    assert judged.troubles[0].kind is Kind.FORM_CLOSED
    assert judged.troubles[1].sentence.endswith(": the key ring cannot be read.")


def test_a_count_that_does_not_come(configuration: Settings, engine: Engine) -> None:
    """Yesterday's is late from two in the morning in Finland; with each day it is worse; before the beginning there is none."""
    noon = datetime.datetime(2026, 11, 24, 10, tzinfo=datetime.UTC)
    ring = Keyring(configuration.keyring)
    assert condition.judge(configuration, ring, engine, noon).troubles == ()
    DailyCount(engine, lambda _: ("", b"")).take(noon)
    late = [
        [trouble.size for trouble in condition.judge(configuration, ring, engine, noon + datetime.timedelta(hours=h)).troubles]
        for h in (0, 13, 14, 37, 38)
    ]
    assert late == [[], [], [1], [1], [2]]


@pytest.fixture
def ending(configuration: Settings) -> Settings:
    """Settings whose only key ends in a hundred days and some hours."""
    with short_home() as home:
        fingerprint = home.make("Short <short@example.org>", "ed25519", "cert,sign", "101d")
        home.add(fingerprint, "101d")
        key = PublicKey(fingerprint, home.export(fingerprint))
    keys.import_certificate(configuration.keyring, key.public)
    return replace(configuration, inbox_keys=(fingerprint,))


def test_a_key_that_will_expire(ending: Settings, engine: Engine) -> None:
    """Told from sixty days before its end, twice the size at half the days; then it is expired, and the form closed."""
    sizes = {days: found(judge(ending, engine, days=100 - days)) for days in (90, 61, 58, 29, 14, 1, -2)}
    assert sizes == {
        90: [],
        61: [],
        58: [(Kind.KEY_EXPIRES, 1)],
        29: [(Kind.KEY_EXPIRES, 2)],
        14: [(Kind.KEY_EXPIRES, 4)],
        1: [(Kind.KEY_EXPIRES, 60)],
        -2: [(Kind.FORM_CLOSED, 1), (Kind.KEY_UNUSABLE, 1)],
    }
    (trouble,) = judge(ending, engine, days=71).troubles
    assert trouble.sentence.startswith(f"Inbox key {ending.inbox_keys[0]} expires in ")
    assert "Short" not in trouble.sentence


def test_no_trouble_names_a_message(configuration: Settings, engine: Engine) -> None:
    """Every trouble at once: no Message-ID, no address, no user id of a key."""
    put(engine, "<canary@canary.example>", hours=9, aside=True)
    put(engine, "<canary2@canary.example>", hours=9)
    with engine.begin() as connection:
        connection.execute(update(OutboxRow).values(code=550))
    judged = judge(replace(configuration, inbox_keys=("B" * 40,)), engine)
    assert len(judged.troubles) == 4
    assert not [trouble for trouble in judged.troubles if "canary" in trouble.sentence or "@" in trouble.sentence]


def test_low_stock_is_named(configuration: Settings, engine: Engine) -> None:
    """Prints of which fewer are free than their bound says, the first five by name; how many there are is the size."""
    with database.writing(engine) as connection:
        for number in range(7):
            orders.move_stock(connection, Movement(datetime.date(2026, 11, 30), f"print-{number}", 4, "printed"), low=5)
        orders.move_stock(connection, Movement(datetime.date(2026, 11, 30), "enough", 5, "printed"), low=5)
    (trouble,) = judge(configuration, engine).troubles
    assert (trouble.kind, trouble.size) == (Kind.STOCK_LOW, 7)
    assert "print-0, print-1, print-2, print-3, print-4, 2 more" in trouble.sentence
    assert "enough" not in trouble.sentence


def test_low_stock_is_told_again_when_it_doubles_not_every_day() -> None:
    """A trouble that may wait for weeks reminds nobody each day."""
    low = Trouble(Kind.STOCK_LOW, "Stock is low.", 2)
    told = Told().after([low], 0)
    assert not told.outdated([low], 10 * 24 * 3600)
    assert not told.outdated([replace(low, size=3)], 10 * 24 * 3600)
    assert told.outdated([replace(low, size=4)], 3600)
