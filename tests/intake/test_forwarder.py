"""The forwarder: from a real outbox to a real mail server, and what it does when either is away."""

import datetime
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from ihmiskauppa import cli, database
from ihmiskauppa.intake import receipts
from ihmiskauppa.intake.forwarder import Forwarder
from ihmiskauppa.intake.outbox import Outbox, OutboxRow, enqueue
from ihmiskauppa.intake.receipts import ReceiptRow
from tests.intake.mail_servers import Authority, Post, free_port, mailer, serve

PATIENCE = 10  # seconds


def payload(name: str) -> bytes:
    return f"Message-ID: <{name}@site.example>\r\n\r\n{name}\r\n".encode()


def put(engine: Engine, *names: str) -> None:
    with engine.begin() as connection:
        for name in names:
            enqueue(connection, f"<{name}@site.example>", payload(name), database.now())


def forwarder(engine: Engine, authority: Authority, port: int, **changed: Any) -> Forwarder:
    post = mailer(port, authority, **changed)
    return Forwarder(Outbox(engine, 2 * post.longest), post, engine)


def events(caplog: pytest.LogCaptureFixture) -> list[tuple[str, dict[str, int]]]:
    return [(record.levelname, getattr(record, "event_fields", {})) for record in caplog.records if "forwarder" in record.name]


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@contextmanager
def running(worker: Forwarder) -> Iterator[threading.Thread]:
    """The forwarder's loop in a thread, stopped at the end."""
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(PATIENCE)
    assert not thread.is_alive()


def test_a_message_is_delivered_and_finished(engine: Engine, authority: Authority, certificate: Path) -> None:
    """A step takes the next message to the mail server and out of the outbox; without one it says so."""
    post = Post()
    put(engine, "a", "b")
    with serve(post, certificate) as port:
        worker = forwarder(engine, authority, port)
        assert [worker.step() for _ in range(3)] == [True, True, False]
    assert post.mails == [payload("a"), payload("b")]
    counts = worker.outbox.counts()
    assert (counts.waiting, counts.claimed, counts.shunted) == (0, 0, 0)
    assert counts.last_delivery == database.hour(database.now())


def test_a_temporary_failure_defers(
    engine: Engine, authority: Authority, certificate: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After 4xx the message waits, a warning tells code and attempts, and a later step delivers the same bytes."""
    post = Post({"DATA": "451 later"})
    put(engine, "a")
    with serve(post, certificate) as port:
        worker = forwarder(engine, authority, port)
        assert worker.step()
        assert (worker.outbox.counts().waiting, worker.outbox.counts().shunted) == (1, 0)
        assert not worker.step()  # not due yet
        assert ("WARNING", {"code": 451, "attempts": 1}) in events(caplog)
        post.replies.clear()
        with engine.begin() as connection:
            connection.execute(update(OutboxRow).values(due=0))
        assert worker.step()
    assert post.mails == [payload("a")]
    assert worker.outbox.counts().waiting == 0


def test_a_permanent_failure_shunts(
    engine: Engine, authority: Authority, certificate: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After 5xx the message is set aside with an alarm, the next one is delivered, and a person can bring it back."""
    post = Post({"RCPT": "550 no"})
    put(engine, "a")
    with serve(post, certificate) as port:
        worker = forwarder(engine, authority, port)
        assert worker.step()
        assert worker.outbox.counts().shunted == 1
        assert ("ERROR", {"code": 550}) in events(caplog)
        post.replies.clear()
        put(engine, "b")
        assert worker.step()
        assert not worker.step()
        assert post.mails == [payload("b")]
        assert worker.outbox.recover(database.now(), shunted=True) == 1
        assert worker.step()
    assert post.mails == [payload("b"), payload("a")]


def test_a_message_is_delivered_once_when_the_server_complains_at_quit(
    engine: Engine, authority: Authority, certificate: Path
) -> None:
    """A server that answers QUIT with an error gets a message once, not at every attempt."""
    post = Post({"QUIT": "421 closing"})
    put(engine, "a")
    with serve(post, certificate) as port:
        worker = forwarder(engine, authority, port)
        assert worker.step()
        assert not worker.step()
    assert post.mails == [payload("a")]
    assert worker.outbox.counts().waiting == 0


def test_a_silent_server_gets_the_same_bytes_again(engine: Engine, authority: Authority, certificate: Path) -> None:
    """A time-out after DATA defers the message; the repeat is byte for byte the same mail."""
    # Trap (SMTP): after a time-out following DATA the server may have it: same Message-ID.
    post = Post(slow=1.5)
    put(engine, "a")
    with serve(post, certificate) as port:
        worker = forwarder(engine, authority, port, timeout=1)
        worker.step()
        with engine.begin() as connection:
            connection.execute(update(OutboxRow).values(due=0))
        worker.step()
    assert post.mails == [payload("a")] * 2


def test_no_log_names_a_message(
    engine: Engine, authority: Authority, certificate: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither a Message-ID nor what the server said reaches the log."""
    put(engine, "secret-id")
    with serve(Post({"RCPT": "550 canary from the server"}), certificate) as port:
        forwarder(engine, authority, port).step()
    logged = " ".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records if "ihmiskauppa" in record.name)
    assert "set aside" in logged
    assert "secret-id" not in logged
    assert "canary" not in logged


def test_run_empties_the_outbox_and_stops(engine: Engine, authority: Authority, certificate: Path) -> None:
    """The loop delivers what is there and what comes, and ends when it is told to."""
    post = Post()
    put(engine, "a", "b")
    with serve(post, certificate) as port, running(forwarder(engine, authority, port)):
        wait_for(lambda: len(post.mails) == 2)
        put(engine, "c")
        wait_for(lambda: len(post.mails) == 3)
    assert post.mails == [payload(name) for name in "abc"]


def test_run_waits_for_a_mail_server(engine: Engine, authority: Authority, certificate: Path) -> None:
    """With the mail server down the loop goes on, and it delivers when the server is back."""
    post, worker = Post(), forwarder(engine, authority, free_port())
    put(engine, "a")
    with running(worker) as thread:
        wait_for(lambda: worker.outbox.counts().waiting == 1 and attempts(engine) == 1)
        assert thread.is_alive()
    with serve(post, certificate) as port:
        with engine.begin() as connection:
            connection.execute(update(OutboxRow).values(due=0))
        with running(forwarder(engine, authority, port)):
            wait_for(lambda: post.mails == [payload("a")])


def attempts(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.sum(OutboxRow.attempts))).scalar_one()


def test_run_survives_a_database_that_is_away(
    engine: Engine, authority: Authority, certificate: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """When the table is away for a moment the loop waits, says so in the log, and delivers afterwards."""
    post = Post()
    with serve(post, certificate) as port, running(forwarder(engine, authority, port)) as thread:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE outbox RENAME TO away"))
        wait_for(lambda: any("database" in record.getMessage() for record in caplog.records))
        assert thread.is_alive()
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO outbox"))
        put(engine, "a")
        wait_for(lambda: post.mails == [payload("a")])


def test_run_waits_for_a_database_that_comes_later(
    authority: Authority, certificate: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Started before its database can be opened, the loop waits, and works when the file is there."""
    folder, post = tmp_path / "later", Post()
    late = database.connect(f"sqlite:///{folder / 'outbox.db'}")
    with pytest.raises(SQLAlchemyError):
        Outbox(late, 60).claim(database.now())
    with serve(post, certificate) as port, running(forwarder(late, authority, port)):
        wait_for(lambda: any("database" in record.getMessage() for record in caplog.records))
        folder.mkdir()
        cli.migrate_database(str(late.url))
        put(late, "a")
        wait_for(lambda: post.mails == [payload("a")])
    late.dispose()


def test_a_delivery_that_could_not_be_noted_is_repeated(engine: Engine, authority: Authority, certificate: Path) -> None:
    """If the database fails between the server's 250 and our commit, the lease ends and identical bytes go again."""
    post = Post()
    put(engine, "a")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE last_delivery RENAME TO away"))
    with serve(post, certificate) as port:
        worker = forwarder(engine, authority, port)
        with pytest.raises(SQLAlchemyError):
            worker.step()
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO last_delivery"))
        assert worker.outbox.counts().claimed == 1
        with engine.begin() as connection:
            connection.execute(update(OutboxRow).values(due=0))  # as if the lease had ended
        worker.tidy()
        assert worker.step()
    assert post.mails == [payload("a")] * 2
    assert worker.outbox.counts().claimed == 0


def test_tidying_takes_back_and_forgets(engine: Engine, authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    """A round of the clock takes back what dead forwarders held, with a warning, and forgets yesterday's receipts."""
    put(engine, "a")
    long_ago = database.now() - datetime.timedelta(days=2)
    with engine.begin() as connection:
        receipts.keep(connection, "old", "1", long_ago)
        receipts.count(connection, database.now())
        receipts.keep(connection, "new", "2", database.now())
    assert Outbox(engine, 60).claim(long_ago) is not None
    worker = forwarder(engine, authority, free_port())
    assert worker.outbox.counts().claimed == 1
    worker.tidy()
    assert (worker.outbox.counts().claimed, worker.outbox.counts().waiting) == (0, 1)
    assert ("WARNING", {"count": 1}) in events(caplog)
    with engine.connect() as connection:
        assert connection.execute(select(ReceiptRow.digest)).scalars().all() == ["new"]


def test_two_forwarders_deliver_each_message_once(engine: Engine, authority: Authority, certificate: Path) -> None:
    """Two loops on one database share the work without sending anything twice."""
    post = Post()
    names = [f"m{number}" for number in range(30)]
    put(engine, *names)
    second = database.connect(str(engine.url))
    with (
        serve(post, certificate) as port,
        running(forwarder(engine, authority, port)),
        running(forwarder(second, authority, port)),
    ):
        wait_for(lambda: len(post.mails) >= len(names))
        wait_for(lambda: Outbox(engine, 0).counts().claimed == 0)
    second.dispose()
    assert sorted(post.mails) == sorted(payload(name) for name in names)
