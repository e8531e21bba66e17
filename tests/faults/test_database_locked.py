"""The database closed to the site: locked by another program, or its server away. The truth in bounded time, and then on."""

import os
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from ihmiskauppa import cli
from ihmiskauppa.database import LOCK_SECONDS
from tests.copies import Copy, running_copy
from tests.faults import arrivals
from tests.faults.visitors import Visitor, pages_are_up, visit
from tests.machine import need
from tests.servers import POSTGRESQL_USER, PostgreSQL, postgresql_server

LONGEST = 2 * LOCK_SECONDS + 5  # the wait for the turn, or for a connection; the wait for the lock; and some time to seal
SMTP_TIMEOUT = "1"  # second: a short lease, as the forwarder may have claimed a message when its database goes away
TEXTS = tuple(f"Locked out {number}" for number in range(10))


def refused_while_locked(copy: Copy, visitor: Visitor, known: str) -> None:
    """All who write are told in bounded time, and pages are up; but whoever sends again what was taken is thanked again."""
    with ThreadPoolExecutor() as pool:
        again = pool.submit(visitor.send, known)
        sending = pool.submit(visitor.send_all, TEXTS, len(TEXTS))
        while not sending.done():
            assert pages_are_up(copy)
        answers = sending.result()
    assert [answer.reference for answer in answers] == [""] * len(TEXTS)
    assert max(answer.seconds for answer in answers) < LONGEST
    assert again.result().reference


def taken_afterwards(copy: Copy, visitor: Visitor, known: str) -> None:
    """The same page sends the same texts again, and they arrive."""
    texts = [known, *TEXTS]
    answers = visitor.send_all(texts)
    arrivals.check(copy, {text: answer.reference for text, answer in zip(texts, answers, strict=True)})
    assert copy.processes["forwarder"].poll() is None


def test_a_locked_sqlite_is_told_and_then_works(tmp_path: Path) -> None:
    """Another program holds the write lock longer than we wait: no thanks, the text kept, pages up; let go, all works."""
    with running_copy(tmp_path, IHMISKAUPPA_SMTP_TIMEOUT=SMTP_TIMEOUT) as copy:
        visitor = visit(copy)
        assert visitor.send("Before").reference
        other = sqlite3.connect(copy.instance / "ihmiskauppa.db", isolation_level=None, timeout=20)
        other.execute("BEGIN IMMEDIATE")
        refused_while_locked(copy, visitor, "Before")
        other.rollback()
        other.close()
        taken_afterwards(copy, visitor, "Before")


def test_a_locked_postgresql_is_told_and_then_works(tmp_path: Path, postgresql: PostgreSQL) -> None:
    """Another program holds the table longer than we wait: no thanks, the text kept, pages up; let go, all works."""
    url = postgresql.create()
    cli.migrate_database(url)
    with running_copy(tmp_path, IHMISKAUPPA_DATABASE_URL=url, IHMISKAUPPA_SMTP_TIMEOUT=SMTP_TIMEOUT) as copy:
        visitor = visit(copy)
        assert visitor.send("Before").reference
        with psycopg.connect(url) as other:
            other.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
            refused_while_locked(copy, visitor, "Before")
        taken_afterwards(copy, visitor, "Before")


def control(data: Path, *arguments: str) -> None:
    """Stop PostgreSQL, or start it again as it was started."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    program = str(found[-1]) if found else need("pg_ctl")
    runuser = [need("runuser"), "-u", POSTGRESQL_USER, "--"] if os.getuid() == 0 else []
    command = [*runuser, program, "-D", str(data), "-w", "-l", str(data / "again.log"), *arguments]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, cwd="/")


def test_a_postgresql_server_that_stops_is_told_and_then_works(tmp_path: Path) -> None:
    """The server stops under the site: no thanks, the text kept, pages up; started again, the same page and forwarder work."""
    with postgresql_server() as server:
        data, url = server.data, server.create()
        cli.migrate_database(url)
        with running_copy(tmp_path / "copy", IHMISKAUPPA_DATABASE_URL=url, IHMISKAUPPA_SMTP_TIMEOUT=SMTP_TIMEOUT) as copy:
            visitor = visit(copy)
            thanked = {"Before": visitor.send("Before").reference}
            control(data, "stop", "-m", "immediate")  # as if it had crashed
            refused = visitor.send_all(["Before", "During", "During as well"])
            assert [answer.reference for answer in refused] == ["", "", ""]
            assert pages_are_up(copy)
            control(data, "restart")
            try:
                texts = ["Before", "During", "During as well"]
                again = {text: visitor.send(text).reference for text in texts}
                assert thanked.items() <= again.items(), "the same page sent again is the same message"
                arrivals.check(copy, again)
                assert copy.processes["forwarder"].poll() is None
            finally:
                control(data, "stop", "-m", "immediate")
