"""The allow-list for logging: no message, value or source line of anybody else's reaches a log or a last traceback."""

import io
import logging
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from ihmiskauppa import logs
from ihmiskauppa.logs import AllowListFormatter, FieldNotAllowedError

CANARY = "Canary-of-a-visitor"


class Log:
    """A logger of any name that writes through the allow-list into a text."""

    def __init__(self, name: str) -> None:
        self.stream = io.StringIO()
        self.logger = logging.getLogger(name)
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(AllowListFormatter())
        self.logger.addHandler(self.handler)
        self.logger.setLevel(logging.DEBUG)
        self.logger.propagate = False

    @property
    def text(self) -> str:
        return self.stream.getvalue()


@pytest.fixture
def ours() -> Iterator[Log]:
    """A logger of our own package."""
    log = Log(f"ihmiskauppa.test-{uuid.uuid4()}")
    yield log
    log.logger.removeHandler(log.handler)


@pytest.fixture(params=["werkzeug", "sqlalchemy.engine", "ihmiskauppaX", "root.ihmiskauppa"])
def foreign(request: pytest.FixtureRequest) -> Iterator[Log]:
    """A logger of somebody else's."""
    log = Log(f"{request.param}.test")
    yield log
    log.logger.removeHandler(log.handler)


class VisitorError(Exception):
    """An exception whose text is what a visitor wrote."""


def fail(secret: str) -> None:
    """Fail with a value in a local variable, in a message, and in the message of a cause."""
    try:
        int(secret)
    except ValueError as fault:
        raise VisitorError(secret) from fault


def test_an_event_is_written_with_its_fields_in_order(ours: Log) -> None:
    """An event is a fixed sentence with fields from the list."""
    logs.event(ours.logger, logging.INFO, "mail delivered", count=2, attempts=1, state="waiting")
    assert ours.text.endswith(f" INFO {ours.logger.name}: mail delivered attempts=1 count=2 state=waiting\n")


def test_an_event_without_fields_is_written(ours: Log) -> None:
    """A sentence alone is an event, too."""
    logs.event(ours.logger, logging.ERROR, "no key is usable")
    assert ours.text.endswith(": no key is usable\n")


@pytest.mark.parametrize("field", ["message", "address", "user_agent", "path", "ip", "reference"])
def test_a_field_that_is_not_on_the_list_is_refused(ours: Log, field: str) -> None:
    """A mistake in our own code fails in the tests instead of writing."""
    with pytest.raises(FieldNotAllowedError, match=field):
        logs.event(ours.logger, logging.INFO, "event", **{field: CANARY})
    assert ours.text == ""


@pytest.mark.parametrize("value", [None, b"x", 1.5, ["x"], ValueError(CANARY)])
def test_a_value_that_is_neither_word_nor_number_is_refused(ours: Log, value: object) -> None:
    """No object whose text nobody foresaw can be a field."""
    with pytest.raises(FieldNotAllowedError, match="count"):
        logs.event(ours.logger, logging.INFO, "event", count=value)  # type: ignore[arg-type]
    assert ours.text == ""


def test_a_foreign_message_is_withheld(foreign: Log) -> None:
    """Of a record of any library only the logger, the level and the place are written."""
    foreign.logger.warning("POST %s from %s", CANARY, CANARY, extra={"event_fields": {"count": CANARY}}, stack_info=True)
    assert CANARY not in foreign.text
    assert "POST" not in foreign.text
    assert f" WARNING {foreign.logger.name}: (message withheld) at test_logs:" in foreign.text


def test_a_message_of_ours_that_is_no_event_is_withheld(ours: Log) -> None:
    """Our own code cannot go round the list either."""
    ours.logger.error("failed for %s", CANARY)
    ours.logger.error(f"failed for {CANARY}")  # noqa: G004 - the mistake this is about
    assert CANARY not in ours.text
    assert ours.text.count("(message withheld)") == 2


def test_an_exception_s_text_is_withheld_and_its_way_kept(foreign: Log) -> None:
    """A traceback keeps files, lines, functions and types of the whole chain; no message, value or source line."""
    try:
        fail(CANARY)
    except VisitorError:
        foreign.logger.exception("failed: %s", CANARY)
    line = fail.__code__.co_firstlineno
    assert CANARY not in foreign.text
    assert "raise VisitorError(secret)" not in foreign.text
    assert "VisitorError\n" in foreign.text
    assert f"{__file__}:{line + 5} in fail" in foreign.text
    assert "  builtins.ValueError\n" in foreign.text
    assert f"{__file__}:{line + 3} in fail" in foreign.text


def test_the_context_of_an_exception_is_told_as_well() -> None:
    """An exception raised while another was handled leads to that other."""
    try:
        try:
            fail(CANARY)
        except VisitorError:
            dict[str, str]()["x"]
    except KeyError as error:
        told = logs.bare_traceback(error)
    assert told.index("builtins.KeyError") < told.index("VisitorError") < told.index("builtins.ValueError")
    assert CANARY not in told


def test_exceptions_that_cause_each_other_come_to_an_end() -> None:
    """A circle of causes is told once round."""
    first, second = ValueError("1"), TypeError("2")
    first.__cause__, second.__cause__ = second, first
    assert logs.bare_traceback(first).split() == ["builtins.ValueError", "builtins.TypeError"]


def test_a_traceback_survives_an_exception_that_counts_as_false() -> None:
    """A cause with no length is still a cause."""

    class EmptyError(Exception):
        def __len__(self) -> int:
            return 0

    error = ValueError(CANARY)
    error.__cause__ = EmptyError(CANARY)
    assert "EmptyError" in logs.bare_traceback(error)


def test_exc_info_without_an_exception_is_nothing(ours: Log) -> None:
    """Asking for a traceback where there is none writes the line alone."""
    ours.logger.error("x", exc_info=True)  # noqa: LOG014 - the mistake this is about
    assert ours.text.count("\n") == 1


SCRIPT = """
import asyncio, ctypes, gc, logging, logging.config, resource, sys, threading, warnings
from ihmiskauppa import logs
logging.config.dictConfig(logs.configuration())
logs.harden_process()
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
secret = sys.argv[1]
logging.getLogger("somebody").warning("%s", secret)
logging.getLogger("somebody").warning("%d", secret)
other = logging.getLogger("other")
other.addHandler(logging.StreamHandler())
other.propagate = False
other.warning("%d", secret)
logging.getLogger("granian.access").critical(secret)
logs.event(logging.getLogger("ihmiskauppa.x"), logging.INFO, "an event", count=1)
def fail():
    raise RuntimeError(secret)
thread = threading.Thread(target=fail, name=secret)
thread.start()
thread.join()
class Gone:
    def __del__(self):
        raise LookupError(secret)
Gone()
gc.collect()
async def never_awaited():
    async def task():
        raise OSError(secret)
    asyncio.create_task(task())
    await asyncio.sleep(0)
asyncio.run(never_awaited())
fail()
"""


def test_a_hardened_process_leaves_no_core_and_no_value() -> None:
    """No core dump, not dumpable, and whatever fails, wherever it fails, says its type and place but never its text."""
    ran = subprocess.run([sys.executable, "-c", SCRIPT, CANARY], capture_output=True, text=True, check=False, timeout=30)
    assert ran.stdout == "(0, 0) 0\n"
    assert ran.returncode == 1
    assert CANARY not in ran.stderr
    assert " ihmiskauppa.x: an event count=1\n" in ran.stderr
    assert ran.stderr.count(" somebody: (message withheld)") == 2
    assert "granian" not in ran.stderr
    assert ran.stderr.count("builtins.RuntimeError\n") == 2
    for kind in ("LookupError", "OSError"):
        assert f"builtins.{kind}\n" in ran.stderr
    assert "<string>:" in ran.stderr


def test_a_keyboard_interrupt_ends_without_a_traceback() -> None:
    """Ctrl-C is no fault."""
    script = "from ihmiskauppa import logs\nlogs.harden_process()\nraise KeyboardInterrupt\n"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=30)
    assert ran.stderr == ""
    assert ran.returncode != 0


def test_swap_that_is_not_encrypted_is_found(tmp_path: Path) -> None:
    """A partition and a file are plain; zram and dm-crypt are not; without /proc/swaps there is nothing to tell."""
    swaps, blocks = tmp_path / "swaps", tmp_path / "block"
    for device, name in (("dm-0", "CRYPT-PLAIN-swap"), ("dm-1", "LVM-abc")):
        (blocks / device / "dm").mkdir(parents=True)
        (blocks / device / "dm" / "uuid").write_text(name)
    areas = ("/dev/sda2", "/swapfile", "/dev/zram0", "/dev/dm-0", "/dev/dm-1")
    swaps.write_text("Filename Type Size Used Priority\n" + "".join(f"{area} partition 1 0 -2\n" for area in areas))
    assert logs.plain_swap(swaps, blocks) == ["/dev/sda2", "/swapfile", "/dev/dm-1"]
    assert logs.plain_swap(tmp_path / "none", blocks) == []
