"""The allow-list for logging: nothing a visitor sent, and nothing that identifies one, can reach a log.

Our own code logs events: a fixed name and a few fields whose names and types are on the list below. Of any other record,
from whatever library, only the logger's name, the level and the place in the code are written. A traceback keeps files,
lines and exception types, never an exception's message and never a value.
"""

import ctypes
import logging
import resource
import sys
import threading
import traceback
from pathlib import Path
from typing import Final

# Fields an event may carry. Numbers, and words from our own code; never text that came with a request.
FIELDS: Final = frozenset(
    {
        "attempts",
        "count",
        "code",
        "days",
        "fault",
        "fingerprint",
        "form",
        "language",
        "place",
        "seconds",
        "state",
        "status",
    }
)
OUR_ROOT: Final = "ihmiskauppa"
_PR_SET_DUMPABLE: Final = 4  # prctl(2)


class FieldNotAllowedError(Exception):
    """An event was given a field that is not on the list: a mistake in our code, caught by the tests."""


def event(logger: logging.Logger, level: int, name: str, **fields: str | int) -> None:
    """Log the event `name` (a constant sentence) with `fields`.

    Raises `FieldNotAllowedError` for a field that is not in `FIELDS`, or whose value is neither a word nor a number.
    """
    for key, value in fields.items():
        if key not in FIELDS or not isinstance(value, str | int):
            raise FieldNotAllowedError(key)
    logger.log(level, name, extra={"event_fields": fields})


class AllowListFormatter(logging.Formatter):
    """Writes a record with nothing in it that is not on the allow-list."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = self.formatTime(record, "%Y-%m-%dT%H:%M:%S")
        fields: dict[str, str | int] | None = getattr(record, "event_fields", None)
        if fields is not None and (record.name == OUR_ROOT or record.name.startswith(OUR_ROOT + ".")):
            text = record.msg
            if fields:
                text += " " + " ".join(f"{key}={value}" for key, value in sorted(fields.items()))
        else:
            text = f"(message withheld) at {record.module}:{record.lineno}"
        line = f"{stamp} {record.levelname} {record.name}: {text}"
        if record.exc_info and record.exc_info[1] is not None:
            line += "\n" + bare_traceback(record.exc_info[1])
        return line

    def formatException(self, ei: object) -> str:  # noqa: N802, ARG002
        return ""


def bare_traceback(error: BaseException) -> str:
    """The way to `error` and to its causes: file, line, function and type, without messages, source or values."""
    lines: list[str] = []
    told: list[int] = []
    here: BaseException | None = error
    while here is not None and id(here) not in told:
        told.append(id(here))
        lines.append(f"  {type(here).__module__}.{type(here).__qualname__}")
        lines += [f"    {f.filename}:{f.lineno} in {f.name}" for f in traceback.extract_tb(here.__traceback__)]
        here = here.__cause__ if here.__cause__ is not None else here.__context__
    return "\n".join(lines)


def configuration(level: str = "INFO") -> dict[str, object]:
    """A `logging.config.dictConfig` that sends everything through the allow-list to standard error."""
    quiet = {"level": level, "handlers": ["stderr"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"allow-list": {"()": AllowListFormatter}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "allow-list", "stream": "ext://sys.stderr"},
            "nowhere": {"class": "logging.NullHandler"},  # a logger without any would print to standard error as it is
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            OUR_ROOT: dict(quiet),
            "_granian": {**quiet, "level": "WARNING"},
            "granian.access": {"level": "CRITICAL", "handlers": ["nowhere"], "propagate": False},
        },
    }


def harden_process() -> None:
    """No core dump, no reading of our memory by other processes of the user, no values in a last traceback."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    logging.captureWarnings(capture=True)  # else a warning's text would go straight to standard error
    logging.raiseExceptions = False  # else a failing log call would print its arguments
    sys.excepthook = _bare_excepthook
    threading.excepthook = lambda args: _write(args.exc_value)
    sys.unraisablehook = lambda args: _write(args.exc_value)


def plain_swap(swaps: Path = Path("/proc/swaps"), blocks: Path = Path("/sys/block")) -> list[str]:
    """The swap areas in use that are neither compressed memory nor encrypted (dm-crypt): plain text may reach their disk."""
    try:
        lines = swaps.read_text(encoding="utf-8").splitlines()[1:]
    except OSError:
        return []
    plain = []
    for area in (line.split()[0] for line in lines if line.strip()):
        device = Path(area).resolve().name
        if device.startswith("zram"):
            continue
        try:
            encrypted = (blocks / device / "dm" / "uuid").read_text(encoding="ascii").startswith("CRYPT-")
        except OSError:
            encrypted = False
        if not encrypted:
            plain.append(area)
    return plain


def _bare_excepthook(_kind: type[BaseException], error: BaseException, _trace: object) -> None:
    if isinstance(error, KeyboardInterrupt):
        return
    _write(error)


def _write(error: BaseException | None) -> None:
    if error is not None:
        sys.stderr.write("Unhandled:\n" + bare_traceback(error) + "\n")
