"""Backup, restore and migration of the outbox, by the commands of docs/operating.md, read out of the page."""

import datetime
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
import trustme
from alembic.script import ScriptDirectory
from sqlalchemy import Date, Engine, LargeBinary, MetaData, String, Text, make_url, select

from ihmiskauppa import cli, database, settings
from ihmiskauppa.forms import definition
from ihmiskauppa.forms.answers import Answers
from ihmiskauppa.intake import reading
from ihmiskauppa.intake.forwarder import Forwarder
from ihmiskauppa.intake.keys import Keyring
from ihmiskauppa.intake.outbox import Outbox
from ihmiskauppa.intake.sealing import Sealer
from ihmiskauppa.intake.submission import Desk, submit
from tests.conftest import InboxKey, make_instance
from tests.copies import COMMAND
from tests.intake.mail_servers import INBOX, SENDER, Authority, Post, mailer, serve
from tests.machine import ROOT, need
from tests.servers import PostgreSQL

KINDS = ("sqlite", "postgresql")
ALEMBIC = "alembic_version"
NONCE = b"0123456789abcdef"
Rows = dict[str, list[dict[str, Any]]]


def _commands() -> dict[str, tuple[str, str]]:
    """How to keep and how to put back, for both databases, as they stand in the manual."""
    section = re.search(
        r"^## Backup and restore\n(.*?)^## ", (ROOT / "docs/operating.md").read_text(), re.DOTALL | re.MULTILINE
    )
    assert section
    keep, restore, dump, load = re.findall(r"^```\n(.*?)^```$", section[1], re.DOTALL | re.MULTILINE)
    return {"sqlite": (keep, restore), "postgresql": (dump, load)}


@dataclass
class Machine:
    """An instance with its database, on which the manual's commands can be given; what they said to systemd."""

    kind: str
    folder: Path
    url: str

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        made = database.connect(self.url)
        try:
            yield made
        finally:
            made.dispose()

    def rows(self) -> Rows:
        """Everything in the database, by table."""
        with self.engine() as engine, engine.connect() as connection:
            metadata = MetaData()
            metadata.reflect(connection)
            tables = [table for name, table in metadata.tables.items() if name != ALEMBIC]
            return {
                table.name: [
                    dict(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
                ]
                for table in tables
            }

    def give(self, commands: str) -> list[str]:
        """The commands, with this machine's folders, database and users; what systemctl was told."""
        told = self.folder / "systemctl"
        told.write_text("")
        prelude = f"""set -e
            systemctl() {{ echo "$@" >> {told}; }}
            runuser() {{ shift 3; "$@"; }}
            ik() {{ {COMMAND} "$@"; }}
            """
        changes = {
            "/var/lib/ihmiskauppa/": f"{self.folder}/instance/",
            "/var/backups/": f"{self.folder}/",
            "-o ihmiskauppa -g ihmiskauppa ": "",
        }
        environment = {**os.environ, "IHMISKAUPPA_INSTANCE": f"{self.folder}/instance", "IHMISKAUPPA_DATABASE_URL": self.url}
        if self.kind == "postgresql":
            url = make_url(self.url)
            changes["owner=ihmiskauppa"] = f"owner={url.username}"
            commands = re.sub(r"(?<= )ihmiskauppa$|(?<= )ihmiskauppa(?= >)", str(url.database), commands, flags=re.MULTILINE)
            commands = commands.replace("dbname=ihmiskauppa", f"dbname={url.database}")
            environment |= {"PGHOST": str(url.host), "PGPORT": str(url.port), "PGUSER": str(url.username)}
        for there, here in changes.items():
            commands = commands.replace(there, here)
        done = subprocess.run(
            ["sh", "-c", prelude + commands], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), commands + done.stderr
        return told.read_text().splitlines()


@pytest.fixture(params=KINDS)
def machine(request: pytest.FixtureRequest, tmp_path: Path, inbox_key: InboxKey) -> Machine:
    """An instance whose database is SQLite or PostgreSQL, not yet migrated."""
    made = make_instance(tmp_path / "instance", inbox_key)
    for file in made.instance.glob("ihmiskauppa.db*"):
        file.unlink()
    if request.param == "sqlite":
        need("sqlite3")
        return Machine(request.param, tmp_path, made.database_url)
    need("pg_dump")
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return Machine(request.param, tmp_path, server.create())


@pytest.fixture(scope="module")
def mail_server(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Engine, Post], Sequence[bytes]]:
    """Delivers what waits, to a real mail server with TLS; what it took."""
    authority = Authority(trustme.CA(), tmp_path_factory.mktemp("authority"))
    certificate = authority.issue("localhost")

    def deliver(engine: Engine, post: Post) -> Sequence[bytes]:
        already = len(post.mails)
        with serve(post, certificate) as port:
            by = mailer(port, authority)
            worker = Forwarder(Outbox(engine, 2 * by.longest), by, engine)
            while worker.step():
                pass
        return post.mails[already:]

    return deliver


def test_a_backup_comes_back_whole_and_repeats_are_seen_once(
    machine: Machine, inbox_key: InboxKey, mail_server: Callable[[Engine, Post], Sequence[bytes]]
) -> None:
    """One message waiting, one being sent, one set aside, one gone before: all rows are put back as they were. What left
    after the backup leaves once more, the same bytes under the same Message-ID, and the reader folds it; a visitor who
    sends the same page again gets the same reference, and no second message."""
    keep, restore = _commands()[machine.kind]
    cli.migrate_database(machine.url)
    form = definition.parse(settings.data_folder("forms") / "self-referral.toml")
    answers = [Answers(form, "en", {"message": f"message {number}"}, dropped=False) for number in range(4)]
    post = Post()
    with machine.engine() as engine:
        desk = Desk(Sealer(Keyring(machine.folder / "instance/keyring"), (inbox_key.fingerprint,)), engine, SENDER, INBOX)
        references = [submit(desk, answers[0], NONCE)]
        assert len(mail_server(engine, post)) == 1
        references += [submit(desk, each, NONCE) for each in answers[1:]]
        outbox, moment = Outbox(engine, 600), database.now()
        aside = outbox.claim(moment)
        assert aside
        outbox.shunt(aside, 550)
        assert outbox.claim(moment)
        before = machine.rows()
        machine.give(keep)
        (first,) = mail_server(engine, post)
    assert machine.rows() != before

    told = machine.give(restore)
    assert told == ["stop ihmiskauppa-web ihmiskauppa-forwarder", "start ihmiskauppa-web ihmiskauppa-forwarder"]
    assert machine.rows() == before
    assert {row["state"] for row in before["outbox"]} == {"waiting", "claimed", "shunted"}
    assert len(before["receipts"]) == 4
    assert len(before["last_delivery"]) == 1

    with machine.engine() as engine:
        (again,) = mail_server(engine, post)
        assert again == first
        late = database.now() + datetime.timedelta(seconds=601)
        assert Outbox(engine, 600).recover(late, shunted=True) == 2
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE outbox SET due = 0")  # instead of waiting ten minutes
        mail_server(engine, post)
        assert machine.rows()["outbox"] == []
        desk = Desk(desk.sealer, engine, SENDER, INBOX)
        assert [submit(desk, each, NONCE) for each in answers] == references
        assert machine.rows()["outbox"] == []
    files = [machine.folder / f"{number}.eml" for number in range(len(post.mails))]
    for file, mail in zip(files, post.mails, strict=True):
        file.write_bytes(mail)
    with reading.staff_gpg(inbox_key.home) as gpg:
        inbox = reading.read_all(files, gpg)
    assert inbox.foreign == {}
    assert len({message_from_bytes(mail)["Message-ID"] for mail in post.mails}) == 4
    assert sorted(message.reference for message in inbox.messages) == sorted(references)
    assert sorted(message.copies for message in inbox.messages) == [1, 1, 1, 2]


def test_a_backup_is_for_its_owner_only(machine: Machine) -> None:
    """Whoever else is on the machine cannot read it, nor the database that was put back."""
    cli.migrate_database(machine.url)
    keep, restore = _commands()[machine.kind]
    machine.give(keep)
    machine.give(restore)
    files = [*machine.folder.glob("ihmiskauppa.d*"), *(machine.folder / "instance").glob("ihmiskauppa.db")]
    assert files
    assert {file.stat().st_mode & 0o077 for file in files} == {0}


def _revisions() -> list[str]:
    scripts = ScriptDirectory(str(settings.data_folder("migrations")))
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


def _fill(engine: Engine) -> None:
    """A row in every table that has none, made from the types of its columns."""
    metadata = MetaData()
    metadata.reflect(engine)
    with engine.begin() as connection:
        for name, table in metadata.tables.items():
            if name == ALEMBIC or connection.execute(select(table)).first():
                continue
            values: dict[str, Any] = {}
            for column in table.columns:
                match column.type:
                    case LargeBinary():
                        values[column.name] = bytes(range(256)) * 100
                    case Date():
                        values[column.name] = datetime.date(2026, 11, 24)
                    case String() | Text():
                        values[column.name] = "waiting" if column.name == "state" else column.name[: column.type.length]
                    case _:
                        values[column.name] = 1
            connection.execute(table.insert().values(values))


@pytest.mark.parametrize("revision", _revisions())
def test_every_earlier_backup_can_be_put_back_and_migrated(machine: Machine, revision: str) -> None:
    """Kept at any revision with a row in every table, put back under today's program: nothing is lost or changed, and the
    program accepts the database."""
    keep, restore = _commands()[machine.kind]
    cli.migrate_database(machine.url, revision)
    with machine.engine() as engine:
        _fill(engine)
    before = machine.rows()
    assert all(before.values()), "every table has a row"
    machine.give(keep)
    machine.give(restore)
    after = machine.rows()
    for name, rows in before.items():
        assert [{key: row[key] for key in rows[0]} for row in after[name]] == rows
    assert database.faults(machine.url, _revisions()[-1]) == []
    with machine.engine() as engine:
        item = Outbox(engine, 60).claim(database.now())
    assert item
    assert item.payload == bytes(range(256)) * 100


def test_the_commands_are_those_of_the_machine() -> None:
    """Nothing is changed for the test that is not in the manual: each program that is called exists."""
    lines = [line for pair in _commands().values() for commands in pair for line in commands.splitlines()]
    called = {re.sub(r"^\(umask 077 && |^runuser -u postgres -- |\)$", "", line).split()[0] for line in lines}
    called |= {line.split(" -- ")[1].split()[0] for line in lines if " -- " in line}
    programs = {"sqlite3", "rm", "install", "pg_dump", "pg_restore", "createdb", "dropdb", "runuser"}
    assert called <= programs | {"systemctl", "ik"}
    assert all(shutil.which(program) for program in programs & called)
