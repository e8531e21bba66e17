"""The clock of the machine jumps a day forwards and back: no message waits for the jump to pass, no open page is refused."""

import datetime
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, func, select

from ihmiskauppa import practice
from ihmiskauppa.database import connect, now
from ihmiskauppa.intake.keys import PRACTICE_MARK
from ihmiskauppa.intake.outbox import CLOCKS_APART, LONGEST_DELAY, Outbox, OutboxRow, enqueue
from ihmiskauppa.intake.reading import staff_gpg
from tests.copies import Copy, running_copy, wait_until
from tests.faults import arrivals
from tests.faults.visitors import Visitor, pages_are_up, visit
from tests.intake.conftest import engine  # noqa: F401 - a fixture
from tests.intake.homes import NEVER, short_home
from tests.machine import need

LEASE = 600  # seconds
DAY = datetime.timedelta(days=1)
AHEAD = "+1d"
JUMPS = (AHEAD, "+0", "-1d", "+0")


def put(engine: Engine, *names: str, at: datetime.datetime) -> None:  # noqa: F811
    with engine.begin() as connection:
        for name in names:
            enqueue(connection, f"<{name}@site.example>", name.encode(), at)


def due(box: Outbox, at: datetime.datetime) -> set[bytes]:
    """What can be claimed at that moment, once the forwarder has tidied."""
    box.recover(at)
    return {item.payload for item in iter(lambda: box.claim(at), None)}


def test_what_a_clock_ahead_put_off_is_not_put_off_for_a_day(engine: Engine) -> None:  # noqa: F811
    """Deferred and leased under a clock a day ahead, a message is due as soon as the clock is right again."""
    box, right = Outbox(engine, LEASE), now()
    put(engine, "deferred", "leased", at=right + DAY)
    item = box.claim(right + DAY)
    assert item is not None
    box.defer(item, right + DAY, 451)
    assert box.claim(right + DAY) is not None
    assert due(box, right) == {b"deferred", b"leased"}


def test_a_clock_that_goes_back_less_puts_off_for_less(engine: Engine) -> None:  # noqa: F811
    """However far the clock goes back, no message waits longer than the longest delay and some minutes."""
    box, right = Outbox(engine, LEASE), now()
    for minutes in (1, 10, 60, 90, 180):
        put(engine, f"{minutes}", at=right)
        item = box.claim(right + datetime.timedelta(minutes=minutes))
        assert item is not None
        box.defer(item, right + datetime.timedelta(minutes=minutes), 451)
        waited = next(s for s in range(0, 86400, 60) if due(box, right + datetime.timedelta(seconds=s)))
        assert waited <= LONGEST_DELAY + CLOCKS_APART
        box.finish(item, right)


def test_living_waits_and_leases_are_left_alone(engine: Engine) -> None:  # noqa: F811
    """With clocks that differ a little, and after any number of failures, tidying takes nothing from anybody."""
    box, moment = Outbox(engine, LEASE), now()
    put(engine, "leased", "deferred", at=moment)
    assert box.claim(moment) is not None
    item = box.claim(moment)
    assert item is not None
    for failures in range(20):
        box.defer(item, moment, 451)
        assert due(box, moment - datetime.timedelta(seconds=CLOCKS_APART)) == set(), failures
        item = box.claim(moment + datetime.timedelta(seconds=LONGEST_DELAY))
        assert item is not None


@contextmanager
def copy_under_a_clock(folder: Path) -> Iterator[tuple[Copy, Path]]:
    """A copy without its inbox, whose programs and their gpg read their clock's offset in a file; its key is some years old."""
    library = subprocess.run(
        [need("faketime"), "-m", "-f", "+0", need("printenv"), "LD_PRELOAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    offset = folder / "offset"
    offset.write_text("+0", encoding="ascii")
    clock = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # a jump does not move it
    }
    gpg = folder / "bin" / "gpg"
    gpg.parent.mkdir()
    assignments = " ".join(f"{name}='{value}'" for name, value in clock.items())
    gpg.write_text(f'#!/bin/sh\n{assignments} exec {need("gpg")} "$@"\n', encoding="utf-8")
    gpg.chmod(0o700)
    (gpg.parent / "timeout").symlink_to(need("timeout"))
    _make_old_key(folder / "instance")
    with running_copy(
        folder, inbox=False, files=False, everything=False, PATH=str(gpg.parent), IHMISKAUPPA_SMTP_TIMEOUT="2", **clock
    ) as copy:
        yield copy, offset


def _make_old_key(instance: Path) -> None:
    then = "20200101T000000"
    staff = practice.staff_home(instance)
    staff.mkdir(mode=0o700, parents=True)
    with short_home() as home, staff_gpg(staff) as gpg:
        name = f"{PRACTICE_MARK} <{practice.ADDRESS}>"
        home.add(home.make(name, "ed25519", "cert,sign", NEVER, at=then), NEVER, at=then)
        gpg.import_keys(home.gpg("--export-secret-keys"))


def put_off(copy: Copy) -> int:
    """How many messages wait for a moment that is too far ahead, by the right clock."""
    box = connect(copy.environment["IHMISKAUPPA_DATABASE_URL"])
    with box.connect() as connection:
        far = OutboxRow.due > now().timestamp() + LONGEST_DELAY + CLOCKS_APART
        count = connection.execute(select(func.count()).select_from(OutboxRow).where(far)).scalar_one()
    box.dispose()
    return count


def test_messages_travel_whatever_the_clock_does(tmp_path: Path) -> None:
    """Pages opened before each jump are taken after it; what was put off for a day is due once the clock is right."""
    with copy_under_a_clock(tmp_path) as (copy, offset):
        thanked: dict[str, str] = {}
        page: Visitor = visit(copy)
        for number, jump in enumerate(JUMPS):
            offset.write_text(jump, encoding="ascii")
            for kind, visitor in (("older", page), ("new", visit(copy))):
                text = f"{kind} page, jump {number}"
                thanked[text] = visitor.send(text).reference
                page = visitor
            assert pages_are_up(copy)
            if jump == AHEAD:
                wait_until(lambda: put_off(copy), 20)
        assert all(thanked.values()), thanked
        copy.stop("forwarder", signal.SIGKILL)
        copy.start("forwarder", "forward")  # its next round is at its start, not within a minute
        wait_until(lambda: not put_off(copy), 20)
        copy.start("inbox", "practice", "mail-server")
        arrivals.check(copy, thanked)
