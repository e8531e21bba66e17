"""The database closed to the site: locked by another program, or its server away. The truth in bounded time, and then on."""

import os
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ihmiskauppa import cli
from ihmiskauppa.database import SQLITE_BUSY_SECONDS
from tests.copies import running_copy
from tests.faults import arrivals
from tests.faults.visitors import pages_are_up, visit
from tests.machine import need
from tests.servers import POSTGRESQL_USER, postgresql_server

# The wait for the lock, another one for the look whether the same post was taken before, and some time to seal.
LONGEST = 2 * SQLITE_BUSY_SECONDS + 5


def test_a_locked_sqlite_is_told_and_then_works(tmp_path: Path) -> None:
    """Another program holds the write lock longer than we wait: no thanks, the text kept, pages up; let go, all works."""
    with running_copy(tmp_path) as copy:
        visitor = visit(copy)
        other = sqlite3.connect(copy.instance / "ihmiskauppa.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor() as pool:
            sending = pool.submit(visitor.send, "Locked out")
            while not sending.done():
                assert pages_are_up(copy)
            refused = sending.result()
        assert refused.reference == ""
        assert refused.seconds < LONGEST
        other.rollback()
        other.close()
        arrivals.check(copy, {"Locked out": visitor.send("Locked out").reference})
        assert copy.processes["forwarder"].poll() is None


def control(data: Path, *arguments: str) -> None:
    """Stop PostgreSQL, or start it again as it was started."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    program = str(found[-1]) if found else need("pg_ctl")
    runuser = [need("runuser"), "-u", POSTGRESQL_USER, "--"] if os.getuid() == 0 else []
    command = [*runuser, program, "-D", str(data), "-w", "-l", str(data / "again.log"), *arguments]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, cwd="/")


def test_a_postgresql_server_that_stops_is_told_and_then_works(tmp_path: Path) -> None:
    """The server stops under the site: no thanks, the text kept, pages up; started again, the same page and forwarder work."""
    data = tmp_path / "server" / "data"
    with postgresql_server(tmp_path / "server") as server:
        url = server.create()
        cli.migrate_database(url)
        with running_copy(tmp_path / "copy", IHMISKAUPPA_DATABASE_URL=url) as copy:
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
