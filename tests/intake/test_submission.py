"""Taking a submission: sealed and committed before anyone is thanked, once for the same post, or not at all."""

import contextlib
import datetime
import email
import sqlite3
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, delete, func, select, text

from ihmiskauppa import database
from ihmiskauppa.forms.answers import Answers
from ihmiskauppa.intake import reading
from ihmiskauppa.intake.keys import Keyring
from ihmiskauppa.intake.outbox import OutboxRow
from ihmiskauppa.intake.receipts import ReceiptRow
from ihmiskauppa.intake.sealing import Sealer
from ihmiskauppa.intake.submission import Desk, NotTakenError, submit
from tests.conftest import InboxKey
from tests.intake.homes import BAD_KINDS, PublicKey, ring, short_home

NONCE = b"0123456789abcdef"
RECIPIENTS = ("inbox@example.org",)
CANARY = "canary-8f1d-kanarialintu-كناري"


def desk_of(engine: Engine, keyring: Keyring, *fingerprints: str) -> Desk:
    return Desk(Sealer(keyring, fingerprints), engine, "site@site.example", RECIPIENTS)


@pytest.fixture
def desk(engine: Engine, inbox_key: InboxKey, tmp_path: Path) -> Desk:
    """A desk that works."""
    return desk_of(engine, ring(tmp_path / "keyring", inbox_key), inbox_key.fingerprint)


@pytest.fixture(scope="session")
def staff(inbox_key: InboxKey) -> Iterator[Any]:
    """The staff's gpg."""
    with reading.staff_gpg(inbox_key.home) as gpg:
        yield gpg


def mails(engine: Engine) -> list[bytes]:
    with engine.connect() as connection:
        return list(connection.execute(select(OutboxRow.payload).order_by(OutboxRow.id)).scalars())


def receipts_of(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(ReceiptRow)).scalar_one()


def test_what_is_thanked_for_is_kept(desk: Desk, engine: Engine, answers: Answers, staff: Any) -> None:
    """After `submit` another connection finds one mail, which the staff can read, under the reference that was shown."""
    assert desk.is_open
    reference = submit(desk, answers, NONCE)
    assert len(reference) == 8
    assert reference.isdigit()
    other = database.connect(str(engine.url))
    (mail,) = mails(other)
    other.dispose()
    read = reading.open_message(mail, staff)
    assert read.reference == reference
    assert read.answers == answers.values


def test_the_row_bears_the_mails_own_id(desk: Desk, engine: Engine, answers: Answers) -> None:
    """The Message-ID in the outbox is that of the stored mail."""
    submit(desk, answers, NONCE)
    with engine.connect() as connection:
        name = connection.execute(select(OutboxRow.message_id)).scalar_one()
    mail = email.message_from_bytes(mails(engine)[0], policy=SMTP)
    assert isinstance(mail, EmailMessage)
    assert mail["Message-ID"] == name


def test_the_same_post_twice_is_one_message(desk: Desk, engine: Engine, answers: Answers) -> None:
    """Sending the same answers from the same page again gives the same reference and no second message."""
    first = submit(desk, answers, NONCE)
    assert submit(desk, answers, NONCE) == first
    assert len(mails(engine)) == 1


def test_the_same_post_after_delivery_is_known(desk: Desk, engine: Engine, answers: Answers) -> None:
    """A repeat is known although its message has already left the outbox."""
    first = submit(desk, answers, NONCE)
    with engine.begin() as connection:
        connection.execute(delete(OutboxRow))
    assert submit(desk, answers, NONCE) == first
    assert mails(engine) == []


def test_a_changed_post_is_a_new_message(desk: Desk, engine: Engine, answers: Answers) -> None:
    """Other answers, another language, or another page make another message with another reference."""
    changed = [
        (answers, NONCE),
        (replace(answers, values={"message": "toinen"}), NONCE),
        (replace(answers, language="fi"), NONCE),
        (answers, NONCE[::-1]),
    ]
    references = {submit(desk, posted, nonce) for posted, nonce in changed}
    assert len(references) == 4
    assert len(mails(engine)) == 4


def test_the_same_post_from_eight_threads_is_one_message(desk: Desk, engine: Engine, answers: Answers) -> None:
    """Eight posts of the same page at the same moment get one reference and make one message, five times over."""
    with ThreadPoolExecutor(8) as threads:
        for number in range(5):
            nonce = bytes([number]) * 16
            references = set(threads.map(lambda _, nonce=nonce: submit(desk, answers, nonce), range(8)))
            assert len(references) == 1
            assert len(mails(engine)) == receipts_of(engine) == number + 1


def test_different_posts_from_eight_threads_are_all_kept(desk: Desk, engine: Engine, answers: Answers) -> None:
    """Many posts at once are all stored."""
    with ThreadPoolExecutor(8) as threads:
        references = list(threads.map(lambda number: submit(desk, answers, number.to_bytes(16)), range(40)))
    assert len(set(references)) == len(mails(engine)) == 40


@pytest.mark.parametrize("kind", BAD_KINDS)
def test_the_desk_is_closed_without_a_usable_key(
    kind: str, unusable: Mapping[str, PublicKey], engine: Engine, answers: Answers, tmp_path: Path
) -> None:
    """With an unusable key alone the desk says so beforehand, and a post is not taken and leaves nothing."""
    key = unusable[kind]
    desk = desk_of(engine, ring(tmp_path / "keyring", key), key.fingerprint)
    assert not desk.is_open
    with pytest.raises(NotTakenError):
        submit(desk, answers, NONCE)
    assert (mails(engine), receipts_of(engine)) == ([], 0)


@pytest.mark.parametrize("kind", BAD_KINDS)
def test_the_desk_is_open_with_one_good_key(
    kind: str, unusable: Mapping[str, PublicKey], inbox_key: InboxKey, engine: Engine, answers: Answers, tmp_path: Path
) -> None:
    """An unusable key beside a good one closes nothing."""
    bad = unusable[kind]
    desk = desk_of(engine, ring(tmp_path / "keyring", bad, inbox_key), bad.fingerprint, inbox_key.fingerprint)
    assert desk.is_open
    assert submit(desk, answers, NONCE)
    assert len(mails(engine)) == 1


def test_the_desk_closes_when_the_key_expires(engine: Engine, tmp_path: Path) -> None:
    """A desk that is open closes by itself the moment its only key expires."""
    with short_home() as home:
        brief = home.make("Brief <brief@example.org>", "ed25519", "cert,sign", "seconds=4")
        home.add(brief, "0")
        desk = desk_of(engine, ring(tmp_path / "keyring", home.key(brief)), brief)
    assert desk.is_open
    end = database.now() + datetime.timedelta(seconds=5)
    while database.now() < end and desk.is_open:
        time.sleep(0.05)
    assert not desk.is_open


def test_a_missing_key_ring_closes_the_desk(engine: Engine, inbox_key: InboxKey, answers: Answers, tmp_path: Path) -> None:
    """Without a key ring the desk is closed, and opens without a restart once the key was imported."""
    desk = desk_of(engine, Keyring(tmp_path / "keyring"), inbox_key.fingerprint)
    assert not desk.is_open
    with pytest.raises(NotTakenError):
        submit(desk, answers, NONCE)
    ring(tmp_path / "keyring", inbox_key)
    assert desk.is_open


def test_if_the_message_cannot_be_stored_nothing_is(desk: Desk, engine: Engine, answers: Answers) -> None:
    """When the outbox fails, no receipt is kept, the visitor is not thanked, and the same post works later."""
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE outbox RENAME TO away"))
    with pytest.raises(NotTakenError):
        submit(desk, answers, NONCE)
    assert receipts_of(engine) == 0
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO outbox"))
    assert mails(engine) == []
    assert submit(desk, answers, NONCE)
    assert len(mails(engine)) == 1


def test_what_belongs_to_a_message_is_kept_with_it_or_not_at_all(desk: Desk, engine: Engine, answers: Answers) -> None:
    """It is written on the message's own transaction, once for the same post; if it fails, there is no message either."""
    calls: list[int] = []

    def beside(connection: Connection) -> None:
        calls.append(connection.execute(select(func.count()).select_from(OutboxRow)).scalar_one())

    def broken(connection: Connection) -> None:
        connection.execute(text("INSERT INTO nowhere VALUES (1)"))

    with pytest.raises(NotTakenError):
        submit(desk, answers, NONCE, broken)
    assert (mails(engine), receipts_of(engine)) == ([], 0)
    assert submit(desk, answers, NONCE, beside) == submit(desk, answers, NONCE, beside)
    assert calls == [1]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_full_disk_keeps_nothing(desk: Desk, engine: Engine, answers: Answers) -> None:
    """When the database cannot grow, the post is not taken, and no receipt says that it was."""
    with engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))  # of the connection that the pool keeps
    with pytest.raises(NotTakenError):
        submit(desk, answers, NONCE)
    with engine.connect() as connection:
        connection.execute(text("PRAGMA max_page_count = 1000000"))
    assert (mails(engine), receipts_of(engine)) == ([], 0)
    assert submit(desk, answers, NONCE)


def test_without_a_database_nothing_is_taken(desk: Desk, answers: Answers, tmp_path: Path) -> None:
    """A database that cannot be opened means that the post is not taken."""
    nowhere = database.connect(f"sqlite:///{tmp_path / 'nowhere' / 'x.db'}")
    with pytest.raises(NotTakenError):
        submit(replace(desk, engine=nowhere), answers, NONCE)
    nowhere.dispose()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_database_never_holds_the_plain_text(desk: Desk, engine: Engine, answers: Answers, tmp_path: Path) -> None:
    """The visitor's words are in no file of the database, neither before nor after a checkpoint."""
    submit(desk, replace(answers, values={"message": CANARY, "telephone": "+358 40 1234567"}), NONCE)
    with engine.begin() as writer:
        writer.execute(text("INSERT INTO receipts VALUES ('control-bird', '1', 1, 0)"))

    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in tmp_path.glob("outbox.db*")}

    def search() -> None:
        found = files()
        for form in (CANARY.encode(), CANARY.encode("utf-16-le"), b"canary-8f1d", b"1234567", NONCE, NONCE.hex().encode()):
            assert not [name for name, content in found.items() if form in content]

    assert "outbox.db-wal" in files()
    assert any(b"control-bird" in content for content in files().values())  # the search finds what is there
    search()
    with contextlib.closing(sqlite3.connect(tmp_path / "outbox.db")) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    search()


def test_references_do_not_count(desk: Desk, answers: Answers) -> None:
    """References are random, eight digits each, and tell nothing about how many messages there were."""
    references = [submit(desk, answers, number.to_bytes(16)) for number in range(20)]
    assert {len(reference) for reference in references} == {8}
    assert len({reference[0] for reference in references}) > 2
    assert references != sorted(references)
