"""gpg missing, slow, hanging, or killed half-way: each visitor told the truth, no half message, and no process left behind."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ihmiskauppa.intake.keys import GPG_SECONDS, RETRY_SECONDS
from tests.copies import Copy, running_copy, wait_until
from tests.faults import arrivals
from tests.faults.visitors import form_is_closed, pages_are_up, visit
from tests.machine import need

HANGING = "98765"  # seconds; no other sleep of this machine has them
# gpg in the background, its input kept (a shell would take it away), killed after some of its few hundredths of a second.
KILLED = 'exec 3<&0\n"$gpg" "$@" <&3 &\n"$sleep" {delay}\nkill -KILL $!\nwait $!'


@dataclass(frozen=True)
class Gpg:
    """The gpg of a copy, which finds no other."""

    path: Path

    def work(self) -> None:
        self._put('exec "$gpg" "$@"')

    def go(self) -> None:
        self.path.unlink()

    def hang(self) -> None:
        self._put(f'"$sleep" {HANGING}\nexec "$gpg" "$@"')

    def take(self, seconds: float) -> None:
        self._put(f'"$sleep" {seconds}\nexec "$gpg" "$@"')

    def be_killed(self, seconds: float) -> None:
        """Die that long after the start of an encryption; the ring can be listed."""
        self._put(f'case "$*" in *--encrypt*) ;; *) exec "$gpg" "$@" ;; esac\n{KILLED.format(delay=seconds)}')

    def _put(self, body: str) -> None:
        fresh = self.path.with_name("fresh")
        fresh.write_text(f"#!/bin/sh\ngpg={need('gpg')} sleep={need('sleep')}\n{body}\n", encoding="utf-8")
        fresh.chmod(0o700)
        fresh.replace(self.path)


@dataclass(frozen=True)
class Process:
    """A process of the site, by what proc(5) tells."""

    state: str
    session: int
    command: str


def processes() -> Iterator[Process]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has just ended
            continue
        yield Process(stat[0], int(stat[3]), command)


def nothing_is_left_of(copy: Copy) -> bool:
    """Whether no gpg of the site runs or waits to be buried."""
    ours = [process for process in processes() if process.session == copy.processes["web"].pid]
    return not [process for process in ours if process.state == "Z" or "gpg" in process.command or HANGING in process.command]


@contextmanager
def copy_with_gpg(folder: Path) -> Iterator[tuple[Copy, Gpg]]:
    """A running copy whose PATH leads to a gpg of its own, and to nothing else but `timeout`."""
    programs = folder / "bin"
    programs.mkdir()
    (programs / "timeout").symlink_to(need("timeout"))
    gpg = Gpg(programs / "gpg")
    gpg.work()
    with running_copy(folder, PATH=str(programs)) as copy:
        yield copy, gpg


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Copy, Gpg]]:
    """One copy for all: after each fault it must work again."""
    with copy_with_gpg(tmp_path_factory.mktemp("site")) as made:
        yield made


thanked: dict[str, str] = {}


def test_a_missing_gpg_is_told(site: tuple[Copy, Gpg]) -> None:
    """It goes while a page is open: its post is told, the form closes at once; gpg comes back, and so do both."""
    copy, gpg = site
    visitor = visit(copy)
    gpg.go()
    assert visitor.send("gpg is gone").reference == ""
    assert form_is_closed(copy)
    assert pages_are_up(copy)
    gpg.work()
    wait_until(lambda: not form_is_closed(copy), RETRY_SECONDS + 5)
    _works_again(copy, {"gpg is gone": visitor.send("gpg is gone").reference})


def test_a_slow_gpg_is_waited_for(site: tuple[Copy, Gpg]) -> None:
    """It needs a second: the visitor waits and is thanked, pages do not wait."""
    copy, gpg = site
    visitor = visit(copy)
    gpg.take(1)
    answer = visitor.send("gpg is slow")
    gpg.work()
    assert answer.seconds > 1
    _works_again(copy, {"gpg is slow": answer.reference})


def test_a_hanging_gpg_is_killed(site: tuple[Copy, Gpg]) -> None:
    """It hangs for good: every visitor is told in bounded time, pages stay up, the form closes, and the hung ones are gone."""
    copy, gpg = site
    visitor = visit(copy)
    gpg.hang()
    texts = [f"gpg hangs {number}" for number in range(12)]
    begun = time.monotonic()
    answers = visitor.send_all(texts, at_once=len(texts))
    assert [answer.reference for answer in answers] == [""] * len(texts)
    assert time.monotonic() - begun < 2 * GPG_SECONDS + 5
    assert pages_are_up(copy)
    assert form_is_closed(copy)
    gpg.work()
    wait_until(lambda: not form_is_closed(copy), RETRY_SECONDS + 5)
    _works_again(copy, dict(zip(texts, (answer.reference for answer in visitor.send_all(texts)), strict=True)))


def test_a_killed_gpg_makes_no_half_message(site: tuple[Copy, Gpg]) -> None:
    """Killed at any moment of its work: what is thanked for is whole, the others keep their text and are sent later."""
    copy, gpg = site
    visitor = visit(copy)
    outcomes: dict[str, str] = {}
    for thousandths in (0, 2, 4, 6, 8, 10, 15, 20, 500):
        gpg.be_killed(thousandths / 1000)
        text = f"gpg is killed after {thousandths} ms"
        outcomes[text] = visitor.send(text).reference
    assert "" in outcomes.values(), "gpg was to be killed"
    assert [reference for reference in outcomes.values() if reference], "gpg was to be done in time once"
    assert not form_is_closed(copy)
    gpg.work()
    _works_again(copy, {text: visitor.send(text).reference for text in outcomes}, before=outcomes)


def _works_again(copy: Copy, sent: dict[str, str], *, before: dict[str, str] | None = None) -> None:
    """What was sent at last, and everything sent in other tests, has arrived; no process is left behind."""
    assert all(sent.values())
    assert all(reference in {"", sent[text]} for text, reference in (before or {}).items()), "the same post, another reference"
    thanked.update(sent)
    arrivals.check(copy, thanked)
    assert wait_until(lambda: nothing_is_left_of(copy), GPG_SECONDS + 5)
