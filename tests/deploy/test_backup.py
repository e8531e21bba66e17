"""Backup and restore of a SQLite outbox, by the command that docs/operating.md gives."""

import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from ihmiskauppa import database
from ihmiskauppa.intake.outbox import Outbox, enqueue
from ihmiskauppa.settings import Settings
from tests.machine import ROOT, need


def test_what_waits_is_in_the_backup_and_comes_back(configuration: Settings, tmp_path: Path) -> None:
    """With the database open and written to, the copy is whole; put back, every message waits as it did."""
    need("sqlite3")
    engine = database.connect(configuration.database_url)
    with engine.begin() as connection:
        for number in range(20):
            enqueue(connection, f"<{number}@site.example>", b"sealed" * 1000, database.now())
    text = (ROOT / "docs/operating.md").read_text()
    command = re.search(r'^sqlite3 \S+ ".+"$', text, re.MULTILINE)
    assert command, "the manual gives the command"
    live, kept = configuration.instance / "ihmiskauppa.db", tmp_path / "kept.db"
    line = (
        command[0].replace("/var/lib/ihmiskauppa/ihmiskauppa.db", str(live)).replace("/var/backups/ihmiskauppa.db", str(kept))
    )
    subprocess.run(["sh", "-c", line], check=True)
    engine.dispose()
    for file in configuration.instance.glob("ihmiskauppa.db*"):
        file.unlink()
    live.write_bytes(kept.read_bytes())
    with closing(sqlite3.connect(live)) as check:
        assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    engine = database.connect(configuration.database_url)
    assert Outbox(engine, 60).counts().waiting == 20
    engine.dispose()
