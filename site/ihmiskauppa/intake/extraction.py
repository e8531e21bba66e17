"""What was filled in in a PDF or a Word file that came with a message, read at arm's length. Never runs on the server.

A file from a stranger is opened by a process of its own (`filled`) that has no environment, an empty home, little memory and
little time, and that cannot open files or sockets. Whatever it does, the answer here is fields or a reason.
"""

import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from ihmiskauppa.forms.files import File

PROGRAM: Final = Path(__file__).with_name("filled.py")
SECONDS: Final = 15.0  # by the clock on the wall
PROCESSOR_SECONDS: Final = 10
MEMORY: Final = 512 * 1024 * 1024  # bytes of address space
ANSWER_BYTES: Final = 1024 * 1024
DESCRIPTORS: Final = 32  # until the libraries are loaded; then none

_KINDS: Final = {"pdf": "pdf", "docx": "word", "zip": "word"}  # by ending
_OLD: Final = "doc"
REASONS: Final[Mapping[str, str]] = {
    "damaged": "tiedosto on vaurioitunut tai rakennettu väärin",
    "encrypted": "tiedosto on suojattu salasanalla",
    "xfa": "lomake on XFA-muotoa, jota tämä ohjelma ei lue",
    "script": "lomakkeessa on ohjelmakoodia (JavaScript); avatkaa tiedosto vain suojatussa ympäristössä",
    "too_much": "tiedosto on liian suuri tai monimutkainen",
    "old": "tiedosto on salasanalla suojattu tai vanhaa Word-muotoa",
    "slow": "lukeminen kesti liian kauan",
    "crashed": "lukeminen keskeytyi: tiedosto on vaurioitunut, liian suuri tai vahingollinen",
}


class ExtractionError(Exception):
    """The document cannot be read; the message says why, in Finnish."""

    def __init__(self, reason: str) -> None:
        super().__init__(REASONS[reason])


@dataclass(frozen=True)
class Field:
    """A field of a form: `kind` is text, choice or check; no values if it was left empty."""

    name: str
    kind: str
    values: tuple[str, ...]


def extract(file: File, program: Path = PROGRAM, seconds: float = SECONDS) -> tuple[Field, ...]:
    """The fields of a PDF or Word file; none of any other. Raises `ExtractionError`."""
    ending = file.signature[0]
    if ending == _OLD:
        raise ExtractionError("old")
    if ending not in _KINDS:
        return ()
    answer = _run(file.content, _KINDS[ending], program, seconds)
    try:
        found = json.loads(answer)
        if "fault" in found:
            raise ExtractionError(found["fault"] if found["fault"] in REASONS else "crashed")
        return tuple(_field(field) for field in found["fields"] or ())
    except (LookupError, TypeError, ValueError, RecursionError) as fault:
        raise ExtractionError("crashed") from fault


def _field(given: Any) -> Field:
    """A field as the process told it. It may have been taken over by the document: nothing of it is believed unchecked."""
    values = given["values"]
    if not isinstance(values, list) or not all(isinstance(text, str) for text in (given["name"], given["kind"], *values)):
        raise TypeError("field")
    return Field(given["name"], given["kind"], tuple(values))


def _run(content: bytes, kind: str, program: Path, seconds: float) -> bytes:
    """What the program answers. The document goes in by memory, which no reader's slowness can block."""
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="ihk-") as home, os.fdopen(os.memfd_create("document"), "wb") as document:
        document.write(content)
        document.flush()
        os.lseek(document.fileno(), 0, os.SEEK_SET)
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-X", "utf8", str(program), kind],
            stdin=document,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=home,
            env={"HOME": home},
            start_new_session=True,
            preexec_fn=_limit,  # safe: the command has one thread
        )
        assert process.stdout is not None  # noqa: S101 - a pipe
        try:
            answer = _read(process.stdout, end)
            process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired as fault:
            raise ExtractionError("slow") from fault
        finally:
            _end(process)
    if process.returncode == -signal.SIGXCPU:
        raise ExtractionError("slow")
    if process.returncode:
        raise ExtractionError("crashed")
    return answer


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, DESCRIPTORS),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS + 1))  # told SIGXCPU first, then killed


def _read(pipe: IO[bytes], end: float) -> bytes:
    """All that comes, in time and not too much of it. Raises `ExtractionError`."""
    answer = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(pipe, selectors.EVENT_READ)
        while True:
            if not waiting.select(max(0.0, end - time.monotonic())):
                raise ExtractionError("slow")
            piece = os.read(pipe.fileno(), 65536)
            if not piece:
                return answer
            answer += piece
            if len(answer) > ANSWER_BYTES:
                raise ExtractionError("too_much")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the program and all it may have started. Its group exists at least until it has been waited for."""
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
