"""The judgement that status and alerts share: real keys, a real outbox, and nothing but our own words and numbers."""

import datetime
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import update

from ihmiskauppa import condition, database
from ihmiskauppa.condition import Condition
from ihmiskauppa.intake import keys
from ihmiskauppa.intake.alerts import Kind
from ihmiskauppa.intake.keys import Keyring
from ihmiskauppa.intake.outbox import Outbox, OutboxRow, enqueue
from ihmiskauppa.settings import Settings
from tests.intake.homes import PublicKey, short_home


@pytest.fixture
def box(configuration: Settings) -> Iterator[Outbox]:
    """The outbox of the test's instance."""
    engine = database.connect(configuration.database_url)
    yield Outbox(engine, 60)
    engine.dispose()


def judge(configuration: Settings, box: Outbox, **later: float) -> Condition:
    now = database.now() + datetime.timedelta(**later)
    return condition.judge(configuration, Keyring(configuration.keyring), box, now)


def found(condition: Condition) -> list[tuple[Kind, int]]:
    return [(trouble.kind, trouble.size) for trouble in condition.troubles]


def put(box: Outbox, name: str, *, hours: int, aside: bool = False) -> None:
    with box._engine.begin() as connection:
        enqueue(connection, name, b"sealed", database.now() - datetime.timedelta(hours=hours))
    if aside:
        item = box.claim(database.now())
        assert item is not None
        box.shunt(item, 550)


def test_all_is_well(configuration: Settings, box: Outbox) -> None:
    """A usable key, and a message that has waited for two hours at most."""
    put(box, "<a@b>", hours=2)
    judged = judge(configuration, box)
    assert (judged.troubles, judged.writing_works, judged.oldest_hours) == ((), True, 2)


def test_mail_that_does_not_leave(configuration: Settings, box: Outbox) -> None:
    """Older than that it is trouble, of the size of its hours."""
    put(box, "<a@b>", hours=5)
    put(box, "<b@b>", hours=0)
    (trouble,) = judge(configuration, box).troubles
    assert (trouble.kind, trouble.size) == (Kind.MAIL_LATE, 5)
    assert trouble.sentence == "Mail does not leave: 2 messages wait, the oldest for 5 hours."


def test_what_was_set_aside_is_not_late_too(configuration: Settings, box: Outbox) -> None:
    """An old message that lies aside is told as such, not as mail that waits."""
    put(box, "<a@b>", hours=50, aside=True)
    put(box, "<b@b>", hours=1)
    judged = judge(configuration, box)
    assert (found(judged), judged.oldest_hours) == ([(Kind.SET_ASIDE, 1)], 50)


def test_the_sizes_do_not_fit(configuration: Settings, box: Outbox) -> None:
    """The mail server once said that it takes 20 MB."""
    put(box, "<a@b>", hours=0)
    item = box.claim(database.now())
    assert item is not None
    box.finish(item, database.now(), 20_000_000)
    assert found(judge(configuration, box)) == [(Kind.SIZE, 1)]
    assert found(judge(replace(configuration, files_megabytes=10), box)) == []


def test_unusable_keys(configuration: Settings, box: Outbox) -> None:
    """One of two is missing: writing works, and a person is needed; both are: the form is closed."""
    both = replace(configuration, inbox_keys=(*configuration.inbox_keys, "B" * 40))
    judged = judge(both, box)
    assert (found(judged), judged.writing_works) == ([(Kind.KEY_UNUSABLE, 1)], True)
    assert judged.troubles[0].sentence == f"Inbox key {'B' * 40}: not in the key ring."
    judged = judge(replace(configuration, inbox_keys=("B" * 40,)), box)
    assert ([kind for kind, _ in found(judged)], judged.writing_works) == ([Kind.FORM_CLOSED, Kind.KEY_UNUSABLE], False)


def test_a_key_ring_that_cannot_be_read(configuration: Settings, box: Outbox) -> None:
    """No folder there: the form is closed, and the reason is told."""
    judged = judge(replace(configuration, instance=configuration.instance / "none"), box)
    assert judged.troubles[0].kind is Kind.FORM_CLOSED
    assert judged.troubles[1].sentence.endswith(": the key ring cannot be read.")


@pytest.fixture
def ending(configuration: Settings) -> Settings:
    """Settings whose only key ends in a hundred days and some hours."""
    with short_home() as home:
        fingerprint = home.make("Short <short@example.org>", "ed25519", "cert,sign", "101d")
        home.add(fingerprint, "101d")
        key = PublicKey(fingerprint, home.export(fingerprint))
    keys.import_certificate(configuration.keyring, key.public)
    return replace(configuration, inbox_keys=(fingerprint,))


def test_a_key_that_will_expire(ending: Settings, box: Outbox) -> None:
    """Told from sixty days before its end, twice the size at half the days; then it is expired, and the form closed."""
    sizes = {days: found(judge(ending, box, days=100 - days)) for days in (90, 61, 58, 29, 14, 1, -2)}
    assert sizes == {
        90: [],
        61: [],
        58: [(Kind.KEY_EXPIRES, 1)],
        29: [(Kind.KEY_EXPIRES, 2)],
        14: [(Kind.KEY_EXPIRES, 4)],
        1: [(Kind.KEY_EXPIRES, 60)],
        -2: [(Kind.FORM_CLOSED, 1), (Kind.KEY_UNUSABLE, 1)],
    }
    (trouble,) = judge(ending, box, days=71).troubles
    assert trouble.sentence.startswith(f"Inbox key {ending.inbox_keys[0]} expires in ")
    assert "Short" not in trouble.sentence


def test_no_trouble_names_a_message(configuration: Settings, box: Outbox) -> None:
    """Every trouble at once: no Message-ID, no address, no user id of a key."""
    put(box, "<canary@canary.example>", hours=9, aside=True)
    put(box, "<canary2@canary.example>", hours=9)
    with box._engine.begin() as connection:
        connection.execute(update(OutboxRow).values(code=550))
    judged = judge(replace(configuration, inbox_keys=("B" * 40,)), box)
    assert len(judged.troubles) == 4
    assert not [trouble for trouble in judged.troubles if "canary" in trouble.sentence or "@" in trouble.sentence]
