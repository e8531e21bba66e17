"""The practice copy as `make run` makes it, and the README that tells of it."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from ihmiskauppa import practice, settings
from ihmiskauppa.intake.keys import Keyring
from tests.copies import COMMAND, START_SECONDS, Copy, free_port, responds, wait_until
from tests.machine import ROOT


def test_the_private_half_stays_out_of_the_server_s_ring(tmp_path: Path) -> None:
    """The ring has the marked public key and no private key; preparing again changes neither key nor token key."""
    instance = tmp_path / "instance"
    first = practice.prepare(instance)
    ring = Keyring(instance / "keyring")
    (certificate,) = ring.certificates().values()
    assert certificate.practice
    assert not list((instance / "keyring").resolve().rglob("*.key"))
    assert list(practice.staff_home(instance).rglob("*.key"))
    token_key = (instance / "form-token.key").read_text()
    second = practice.prepare(instance)
    assert second["IHMISKAUPPA_INBOX_KEYS"] == first["IHMISKAUPPA_INBOX_KEYS"] == certificate.fingerprint
    assert (instance / "form-token.key").read_text() == token_key


def test_two_copies_run_side_by_side(tmp_path: Path) -> None:
    """`practice run`, as `make run` calls it, twice at once, each with its port and instance; Ctrl-C ends all of it."""
    runs: list[tuple[str, subprocess.Popen[bytes]]] = []
    for name in ("one", "two"):
        port = free_port()
        environment = {**os.environ, "PORT": str(port), "IHMISKAUPPA_INSTANCE": str(tmp_path / name)}
        with (tmp_path / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [str(COMMAND), "practice", "run"], env=environment, stdout=log, stderr=log, cwd=ROOT, start_new_session=True
            )
        runs.append((f"http://localhost:{port}", process))
    try:
        for url, _ in runs:
            wait_until(lambda url=url: responds(url), START_SECONDS)  # type: ignore[misc]
        for name, (url, _) in zip(("one", "two"), runs, strict=True):
            assert url in (tmp_path / f"{name}.log").read_text()
            assert "make inbox" in (tmp_path / f"{name}.log").read_text()
    finally:
        for _, process in runs:
            process.send_signal(signal.SIGINT)
        for _, process in runs:
            process.wait(20)
    for url, _ in runs:
        assert not responds(url)


def test_an_empty_inbox_says_so(tmp_path: Path) -> None:
    """Before anything arrived, the inbox is empty; before `make run`, there is none."""
    copy = Copy("", tmp_path, {"IHMISKAUPPA_INSTANCE": str(tmp_path / "instance"), "PATH": "/usr/bin:/bin"}, tmp_path / "log")
    assert "make run first" in copy.run("practice", "inbox").stderr
    practice.prepare(tmp_path / "instance")
    assert "empty" in copy.run("practice", "inbox").stdout
    assert copy.run("practice", "inbox", "--format", "json").stdout == ""


README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_s_table_holds_every_setting() -> None:
    """Each setting stands there with its default and its meaning as the code has them, and no other."""
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (.*) \|$", README, re.MULTILINE))
    expected = {name: f"{default} | {meaning}" for name, default, meaning in settings.table()}
    assert rows == expected


@pytest.mark.parametrize("command", ["make run", "make test", "make inbox"])
def test_the_readme_names_the_commands(command: str) -> None:
    """What the README tells a newcomer to type exists in the Makefile."""
    assert command in README
    assert re.search(rf"^{command.split()[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_lock_names_no_index() -> None:
    """Every package of the lock has hashes, and no address stands in it."""
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    packages = re.findall(r"^[a-z0-9][a-z0-9._-]*==", lock, re.MULTILINE)
    assert len(packages) > 40
    assert lock.count("--hash=sha256:") > len(packages)
