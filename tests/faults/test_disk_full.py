"""The disk of the database full, before a submission and in the middle of many: the truth to each, and nothing lost."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ihmiskauppa import cli
from tests.copies import running_copy
from tests.faults import arrivals
from tests.faults.visitors import pages_are_up, visit
from tests.machine import need

DISK = 8 << 20  # bytes
ROOM = 384 << 10  # bytes: for some sealed messages of 24 kB, not for all
MESSAGES = 24


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own, in memory, at `folder`; taken away whatever happens."""
    mount, umount = need("mount"), need("umount")
    if os.getuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder.mkdir()
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={DISK},mode=700", "tmpfs", folder], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no small disk can be mounted here: {made.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run([umount, "--lazy", folder], check=True)  # lazily: a program that died badly may hold it open
        assert not folder.is_mount()


def fill(disk: Path, room: int = 0) -> None:
    """Leave `room` bytes free."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    free = os.statvfs(disk)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - room)


def test_a_full_disk_loses_nothing_thanked_for(tmp_path: Path) -> None:
    """Nobody is thanked for what has no room, all keep their text and send it once there is; pages and forwarder stay up."""
    with small_disk(tmp_path / "disk") as disk:
        url = f"sqlite:///{disk / 'ihmiskauppa.db'}"
        cli.migrate_database(url)
        with running_copy(tmp_path, IHMISKAUPPA_DATABASE_URL=url, IHMISKAUPPA_SMTP_TIMEOUT="1") as copy:
            visitor = visit(copy)
            fill(disk)
            assert visitor.send("No room at all").reference == ""
            assert pages_are_up(copy)

            fill(disk, ROOM)
            texts = ["No room at all", *(f"Message number {number}" for number in range(MESSAGES))]
            answers = visitor.send_all(texts)
            thanked = {text: answer.reference for text, answer in zip(texts, answers, strict=True) if answer.reference}
            assert 0 < len(thanked) < len(texts), "the disk was to become full on the way"
            assert pages_are_up(copy)
            assert copy.processes["forwarder"].poll() is None

            (disk / "ballast").unlink()
            again = {text: answer.reference for text, answer in zip(texts, visitor.send_all(texts), strict=True)}
            assert thanked.items() <= again.items(), "the same page sent again is the same message"
            arrivals.check(copy, again)
            assert copy.processes["forwarder"].poll() is None
    assert not (tmp_path / "disk").is_mount()
