"""Alerts: told once when trouble begins, grows, lasts or ends, by real commands and real mail servers, whoever watches."""

import datetime
import email
import json
import threading
import time
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import SQLAlchemyError

from ihmiskauppa import database
from ihmiskauppa.intake import alerts, forwarder
from ihmiskauppa.intake.alerts import Alert, AlertError, Alerts, AlertsRow, Command, Kind, SecondServer, Told, Trouble, Way
from ihmiskauppa.intake.forwarder import Forwarder
from ihmiskauppa.intake.outbox import Outbox
from tests.copies import wait_until
from tests.intake.mail_servers import Authority, Post, free_port, mailer, serve

NOW = datetime.datetime(2026, 11, 24, 13, 47, tzinfo=datetime.UTC)
CLOSED = Trouble(Kind.FORM_CLOSED, "Nobody can write to us.")
ASIDE = Trouble(Kind.SET_ASIDE, "Set aside: 1 messages.")
EXPIRES = Trouble(Kind.KEY_EXPIRES, "Inbox key A expires in 59 days.", 1, "A")
ALERT = Alert("subject", "täxt\n")


def later(**spans: float) -> datetime.datetime:
    return NOW + datetime.timedelta(**spans)


class Desk:
    """Alerts by a real command into files, of troubles that the test says."""

    def __init__(self, engine: Engine, folder: Path, *ways: Way) -> None:
        self.troubles: Sequence[Trouble] = ()
        self._folder = folder / "alerts"
        self._folder.mkdir(exist_ok=True)
        command = Command(("sh", "-c", 'cat > "$(mktemp "$0/XXXXXX")"', str(self._folder)))
        self.alerts = Alerts(engine, lambda _: self.troubles, ways or [command])

    @property
    def subjects(self) -> list[str]:
        files = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return [path.read_text().split("\n")[0].removeprefix("ihmiskauppa: ") for path in files]

    @property
    def texts(self) -> str:
        return "\n".join(path.read_text() for path in self._folder.iterdir())

    def at(self, now: datetime.datetime, *troubles: Trouble) -> int:
        """How many alerts a round at `now` sends."""
        before, self.troubles = len(self.subjects), troubles
        self.alerts.watch(now)
        return len(self.subjects) - before


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Desk:
    """Alerts by a command."""
    return Desk(engine, tmp_path)


def test_trouble_is_told_once_and_so_is_its_end(desk: Desk) -> None:
    """One alert when it begins, none while it lasts, one when it has been away for a while; then silence."""
    assert [desk.at(later(minutes=n)) for n in range(2)] == [0, 0]
    assert [desk.at(later(minutes=n), CLOSED) for n in range(2, 60)] == [1, *[0] * 57]
    assert [desk.at(later(minutes=n)) for n in range(60, 70)] == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert desk.subjects == ["something needs a person", "all is well again"]
    assert "Nobody can write to us." in desk.texts
    assert "No longer wrong: form-closed." in desk.texts


def test_what_comes_and_goes_is_no_flood(desk: Desk) -> None:
    """Trouble that is there every other minute for a day is told once, and again as a reminder."""
    sent = sum(desk.at(later(minutes=n), *([CLOSED] if n % 2 else [])) for n in range(25 * 60))
    assert sent == 2
    assert set(desk.subjects) == {"something needs a person"}


def test_another_trouble_is_told_at_once(desk: Desk) -> None:
    """A second one tells both; when one of them ends the alert names what is left."""
    assert desk.at(NOW, CLOSED) == 1
    assert desk.at(later(minutes=1), CLOSED, ASIDE) == 1
    assert desk.at(later(minutes=2), ASIDE) == 0
    assert desk.at(later(minutes=6), ASIDE) == 1
    assert desk.subjects == ["something needs a person"] * 3
    assert desk.at(later(minutes=7), ASIDE, CLOSED) == 1  # it came back: news again


def test_troubles_that_end_one_after_the_other_are_over_together(desk: Desk) -> None:
    """All is well once, when the last of them has stayed away."""
    desk.at(NOW, CLOSED, ASIDE)
    assert [desk.at(later(minutes=1), ASIDE), desk.at(later(minutes=2))] == [0, 0]
    assert [desk.at(later(minutes=n)) for n in range(3, 8)] == [0, 0, 1, 0, 0]
    assert desk.subjects == ["something needs a person", "all is well again"]


def test_it_is_told_again_as_it_doubles(desk: Desk) -> None:
    """From one message set aside to nine: told at 1, 2, 4 and 8."""
    sizes = [*range(1, 10), 5, 9]
    sent = [desk.at(later(minutes=n), Trouble(Kind.SET_ASIDE, "…", size)) for n, size in enumerate(sizes)]
    assert sent == [1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0]


def test_a_reminder_comes_daily(desk: Desk) -> None:
    """Trouble that lasts three days, looked at every hour, makes three alerts; a key's far end makes one."""
    assert sum(desk.at(later(hours=n), CLOSED) for n in range(72)) == 3
    desk.at(later(hours=73), EXPIRES)
    assert sum(desk.at(later(hours=n), EXPIRES) for n in range(74, 200)) == 1  # the end of the other


def test_two_keys_are_two_troubles(desk: Desk) -> None:
    """The same kind with another fingerprint is news."""
    first, second = (Trouble(Kind.KEY_UNUSABLE, "expired", fingerprint=name * 40) for name in "AB")
    assert [desk.at(NOW, first), desk.at(NOW, first), desk.at(NOW, first, second)] == [1, 0, 1]


def test_many_forwarders_tell_it_once(engine: Engine, tmp_path: Path) -> None:
    """Eight watchers on one database at the same moment send one alert for each step that trouble grows, and one at its end."""
    engines = [database.connect(engine.url.render_as_string(hide_password=False)) for _ in range(8)]
    desks = [Desk(one, tmp_path) for one in engines]
    growing = [[Trouble(Kind.SET_ASIDE, "…", 2**step)] for step in range(20)]
    for minute, troubles in enumerate([*growing, *([[]] * 6)]):
        barrier = threading.Barrier(len(desks))

        def watch(
            desk: Desk, minute: int = minute, troubles: Sequence[Trouble] = troubles, barrier: threading.Barrier = barrier
        ) -> None:
            desk.troubles = troubles
            barrier.wait()
            desk.alerts.watch(later(minutes=minute))

        threads = [threading.Thread(target=watch, args=(desk,)) for desk in desks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert desks[0].subjects == ["something needs a person"] * len(growing) + ["all is well again"]
    for one in engines:
        one.dispose()


def test_forwarders_that_see_different_things_do_not_flap(engine: Engine, tmp_path: Path) -> None:
    """On two machines, one with an unusable key: its trouble is told once, and never said to be over."""
    one, other = Desk(engine, tmp_path), Desk(engine, tmp_path)
    for minute in range(30):
        one.at(later(minutes=minute), CLOSED)
        other.at(later(minutes=minute, seconds=30))
    assert one.subjects == ["something needs a person"]


def test_an_alert_that_does_not_get_through_is_tried_again(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A command that fails is logged with its status, and tried again in ten minutes, not every minute."""
    switch = tmp_path / "works"
    desk = Desk(engine, tmp_path, Command(("sh", "-c", f"echo >> {tmp_path}/tries; test -e {switch} || exit 3")))
    for minute in range(15):
        desk.at(later(minutes=minute), CLOSED)
    switch.touch()
    for minute in range(15, 40):
        desk.at(later(minutes=minute), CLOSED)
    assert len((tmp_path / "tries").read_text()) == 3
    failures = [record for record in caplog.records if "did not get through" in record.getMessage()]
    assert [(record.levelname, vars(record)["event_fields"]) for record in failures] == [
        ("ERROR", {"place": "command", "code": 3})
    ] * 2


def test_one_way_of_two_is_enough(engine: Engine, tmp_path: Path) -> None:
    """Where a command is missing, the second way has told it, and nothing is repeated."""
    tries = tmp_path / "tries"
    desk = Desk(engine, tmp_path, Command((str(tmp_path / "none"),)), Command(("sh", "-c", f"echo >> {tries}")))
    for minute in range(30):
        desk.at(later(minutes=minute), CLOSED)
    assert len(tries.read_text()) == 1


def test_without_any_way_the_log_tells(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    """Kind and size once, as fields of the allow-list, and the end."""
    telling = [[CLOSED, EXPIRES], [CLOSED, EXPIRES], [], []]
    for minute, troubles in enumerate(telling):
        Alerts(engine, lambda _, found=troubles: found, ()).watch(later(minutes=minute * 5))  # type: ignore[misc]
    told = [(record.getMessage(), vars(record)["event_fields"]) for record in caplog.records if "alerts" in record.name]
    assert told == [
        ("something needs a person", {"fault": "form-closed", "count": 1}),
        ("something needs a person", {"fault": "key-expires", "count": 1, "fingerprint": "A"}),
        ("all is well again", {}),
    ]


def test_a_clock_that_ran_ahead_does_no_harm(desk: Desk) -> None:
    """Told, failed or gone in a future that never was: the next alert comes all the same."""
    desk.at(later(days=400), CLOSED)
    desk.at(later(days=400, minutes=1))
    assert desk.at(NOW) == 0
    assert desk.at(later(minutes=4)) == 1
    assert desk.at(later(minutes=5), CLOSED) == 1


@given(st.lists(st.tuples(st.sets(st.sampled_from(["a", "b", "c"])), st.integers(1, 9)), max_size=40))
def test_what_was_told_is_known_and_ends(rounds: list[tuple[set[str], int]]) -> None:
    """Whatever comes and goes: straight after a telling there is no news, and quiet at the end leaves nothing known."""
    told, moment = Told(), int(NOW.timestamp())
    for names, size in rounds:
        moment += 60
        troubles = [Trouble(Kind.KEY_UNUSABLE, "…", size, name) for name in sorted(names)]
        told = told.seen(troubles, moment)
        if told.outdated(troubles, moment):
            told = told.after(troubles, moment)
        assert not told.outdated(troubles, moment)
        assert names <= {name.removeprefix("key-unusable ") for name in told.sizes}
    told = told.seen((), moment + 60)
    end = moment + 60 + alerts.CALM_SECONDS
    assert told.outdated((), end) == bool(told.sizes)
    assert told.after((), end).sizes == {}


def test_a_command_gets_the_text_and_none_of_our_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Subject and text on standard input, in UTF-8; no shell looks at its arguments; our environment stays with us."""
    monkeypatch.setenv("IHMISKAUPPA_DATABASE_URL", "secret")
    script = 'cat > "$1"; env > "$1.env"; echo "$2" >> "$1"; echo noise; echo noise >&2'
    Command(("sh", "-c", script, "sh", str(tmp_path / "got"), "$HOME; `id`")).send(ALERT)
    assert (tmp_path / "got").read_bytes() == "subject\n\ntäxt\n$HOME; `id`\n".encode()
    assert "PATH=" in (tmp_path / "got.env").read_text()
    assert "IHMISKAUPPA" not in (tmp_path / "got.env").read_text()


def test_a_command_that_reads_nothing_may(tmp_path: Path) -> None:
    """A program that closes its input unread has not failed."""
    Command(("true",)).send(Alert("s", "x" * 1_000_000))


@pytest.mark.parametrize("arguments", [("false",), ("/none/such",), ("",), ("a\0b",), ("/",)])
def test_a_command_that_fails_says_so(arguments: tuple[str, ...]) -> None:
    """By status or because it cannot be started."""
    with pytest.raises(AlertError):
        Command(arguments).send(ALERT)


def test_a_command_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    """After its time, the program and its children are gone."""
    script = f'sleep 300 & echo $! > "{tmp_path}/child"; cat > /dev/null; wait'
    started = time.monotonic()
    with pytest.raises(AlertError):
        Command(("sh", "-c", script), seconds=1).send(ALERT)
    assert time.monotonic() - started < 10
    child = int((tmp_path / "child").read_text())

    def gone() -> bool:
        try:
            return Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    wait_until(gone, 10)


def test_a_second_server_brings_the_alert(authority: Authority, certificate: Path) -> None:
    """A plain mail to the operator, marked as automatic (RFC 3834), over verified TLS."""
    post = Post()
    with serve(post, certificate) as port:
        SecondServer(mailer(port, authority, recipients=("ops@example.org",))).send(ALERT)
    (content,) = post.mails
    mail = email.message_from_bytes(content, policy=SMTP)
    assert isinstance(mail, EmailMessage)
    assert (mail["Subject"], mail["To"], mail["Auto-Submitted"]) == ("subject", "ops@example.org", "auto-generated")
    assert post.recipients == ["ops@example.org"]
    assert mail.get_content().replace("\r\n", "\n") == "täxt\n"


def test_a_second_server_that_is_not_trusted_gets_nothing(authority: Authority, certificate: Path, tmp_path: Path) -> None:
    """A certificate of another authority, a refusal, and no server at all: the alert did not get through."""
    stranger, post = Authority(trustme.CA(), tmp_path), Post()
    with serve(post, certificate) as port, pytest.raises(AlertError):
        SecondServer(mailer(port, stranger)).send(ALERT)
    assert post.mails == []
    with serve(Post({"RCPT": "550 no"}), certificate) as port, pytest.raises(AlertError) as refused:
        SecondServer(mailer(port, authority)).send(ALERT)
    assert refused.value.code == 550
    with pytest.raises(AlertError):
        SecondServer(mailer(free_port(), authority)).send(ALERT)


def test_a_try_never_outlasts_the_wait_for_the_next(authority: Authority) -> None:
    """Both ways at their slowest take less time than passes until another forwarder may try."""
    slowest = mailer(1, authority, timeout=alerts.STEP_SECONDS).longest
    assert slowest + alerts.COMMAND_SECONDS < alerts.RETRY_SECONDS / 2


def test_a_database_that_fails_is_told_from_memory(
    engine: Engine, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The forwarder tells that the database does not work, once, and that all is well when it works again."""
    monkeypatch.setattr(alerts, "DATABASE_SECONDS", 1)
    monkeypatch.setattr(alerts, "CALM_SECONDS", 1)
    monkeypatch.setattr(forwarder, "CLOCK_SECONDS", 0.2)
    desk, post = Desk(engine, tmp_path), mailer(free_port(), authority)
    worker = Forwarder(Outbox(engine, 60), post, engine, alerts=desk.alerts)
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE outbox RENAME TO away"))
    thread.start()
    try:
        wait_until(lambda: desk.subjects, 20)
        time.sleep(2)
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO outbox"))
        wait_until(lambda: len(desk.subjects) == 2, 20)
    finally:
        stop.set()
        thread.join(20)
    assert desk.subjects == ["something needs a person", "all is well again"]
    assert "The database does not work" in desk.texts


def test_a_database_that_only_reads_has_failed(engine: Engine, tmp_path: Path) -> None:
    """Each round writes: on a full disk a database reads well, but takes no message."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execute(text("CREATE TRIGGER full BEFORE UPDATE ON alerts BEGIN SELECT RAISE(ABORT, 'full'); END"))
            connection.commit()
    else:
        with engine.begin() as connection:
            name = connection.execute(text("SELECT current_database()")).scalar_one()
            connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        engine.dispose()
    with pytest.raises(SQLAlchemyError):
        Desk(engine, tmp_path).at(NOW)


def test_a_fault_in_the_watch_keeps_no_mail_back(
    engine: Engine, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the judgement raises, the round ends with a line in the log."""

    def broken(_now: datetime.datetime) -> Sequence[Trouble]:
        raise ValueError("canary")

    worker = Forwarder(Outbox(engine, 60), mailer(free_port(), authority), engine, alerts=Alerts(engine, broken, ()))
    worker.tidy()
    assert "the clock's round failed" in [record.getMessage() for record in caplog.records]
    assert not worker.step()


def test_the_row_holds_kinds_and_numbers_only(desk: Desk, engine: Engine) -> None:
    """No sentence is kept, and when trouble began only to the hour."""
    desk.at(NOW, CLOSED)
    with engine.connect() as connection:
        row = connection.execute(select(AlertsRow.told, AlertsRow.hour, AlertsRow.again)).one()
    assert json.loads(row.told) == {"form-closed": [1, 0]}
    assert (row.hour, row.again) == (int(NOW.timestamp()) // 3600, 0)
