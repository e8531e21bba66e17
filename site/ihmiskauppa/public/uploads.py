"""Reading a posted form: text always, files within bounds and behind a gate, all of it in memory, bounded.

Text fields stand before files in our forms, so that a body cut short still gives back what was written. A body with too much
in it is read on and thrown away, up to a bound, so that the browser sees the answer instead of a broken connection.
"""

import enum
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Final

from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, ServiceUnavailable
from werkzeug.sansio import multipart

from ihmiskauppa.forms.files import File, FileLimits

LARGE: Final = 1_000_000  # bytes; a body from here on passes the gate if it brings files
DRAINED: Final = 64_000_000  # bytes read and thrown away before an answer that refuses
MOST_LARGE: Final = 8  # large bodies held at once by this process
MOST_LARGE_PER_SOURCE: Final = 2
MOST_READ_PER_SOURCE: Final = 6  # bodies of one source read at once, of any size
READ_PATIENCE: Final = 3.0  # seconds a body waits for others of its source to be read
THREADS_FOR_PAGES: Final = 16  # threads that no body can take
DEADLINE: Final = 300.0  # seconds a large body may take: 15 MB at 50 kB/s
CHUNK: Final = 64 * 1024  # bytes
# All text of one post, in bytes. The longest text allowed is some 80 kB; far longer ones are kept and answered at the field.
LONGEST_TEXT: Final = 4 * 1024 * 1024
MOST_PARTS: Final = 200


class Refusal(enum.Enum):
    """Why the files of a post were not taken, although its text was."""

    TOO_LARGE = "too large"
    BUSY = "busy"
    LATE = "late"


class Gate:
    """Counts what this process holds at once, all together and by source; a source with too much waits `patience` seconds."""

    def __init__(self, most: int, most_per_source: int, patience: float = 0) -> None:
        self._most, self._most_per_source, self._patience = most, most_per_source, patience
        self._room = threading.Condition()
        self._held: Counter[str] = Counter()
        self._waiting = 0

    def enter(self, source: str) -> bool:
        """Whether one more of `source` may come in; if so, it must `leave`."""
        with self._room:
            if self._held.total() + self._waiting >= self._most:
                return False
            self._waiting += 1
            free = self._room.wait_for(lambda: self._held[source] < self._most_per_source, self._patience)
            self._waiting -= 1
            if free:
                self._held[source] += 1
            return free

    def leave(self, source: str) -> None:
        with self._room:
            self._held[source] -= 1
            self._held += Counter()  # forgets sources with nothing held
            self._room.notify_all()


def large_gate() -> Gate:
    """The gate for large bodies; text never comes to it."""
    return Gate(MOST_LARGE, MOST_LARGE_PER_SOURCE)


def reading_gate(threads: int) -> Gate:
    """The gate for all bodies while they are read. A sender who falls silent holds a thread; pages always keep some."""
    return Gate(threads - THREADS_FOR_PAGES, MOST_READ_PER_SOURCE, READ_PATIENCE)


@dataclass
class Posted:
    """A posted form: its text, its files by field, the names of all files that came, and why none was taken, if so.

    `gate_source` is the source whose place at the gate it holds.
    """

    text: MultiDict[str, str] = field(default_factory=MultiDict)
    files: dict[str, list[File]] = field(default_factory=dict)
    file_names: list[str] = field(default_factory=list)
    refusal: Refusal | None = None
    gate_source: str | None = None

    def refuse(self, why: Refusal) -> None:
        """Let go of every file, keep the names."""
        self.refusal = self.refusal or why
        self.files.clear()


@dataclass(frozen=True)
class Uploads:
    """How posts are read in this process."""

    limits: FileLimits
    gate: Gate
    reading: Gate
    clock: Callable[[], float] = time.monotonic

    def read(self, stream: IO[bytes], boundary: bytes, length: int, source: str) -> Posted:
        """Read a multipart/form-data body of `length` bytes (RFC 7578).

        Of a body larger than `DRAINED` the text that came first is taken, and no file. Raises
        RequestEntityTooLarge for more text than `LONGEST_TEXT` or too many parts, BadRequest for what is no form,
        ServiceUnavailable when too many bodies are being read.
        """
        with self.entered(source):
            return self._read(stream, boundary, length, source)

    @contextmanager
    def entered(self, source: str) -> Iterator[None]:
        """A place among the bodies that are read at once. Raises ServiceUnavailable if there is none."""
        if not self.reading.enter(source):
            raise ServiceUnavailable
        try:
            yield
        finally:
            self.reading.leave(source)

    def _read(self, stream: IO[bytes], boundary: bytes, length: int, source: str) -> Posted:
        posted = Posted()
        decoder = multipart.MultipartDecoder(boundary, max_parts=MOST_PARTS)
        try:
            self._parts(decoder, stream, length, source, posted)
        except (ValueError, RequestEntityTooLarge) as fault:
            self.release(posted)
            if isinstance(fault, RequestEntityTooLarge):
                raise
            raise BadRequest from fault
        return posted

    def release(self, posted: Posted) -> None:
        """Let go of the files, and of the place at the gate."""
        posted.files.clear()
        if posted.gate_source is not None:
            self.gate.leave(posted.gate_source)
            posted.gate_source = None

    def _parts(self, decoder: multipart.MultipartDecoder, stream: IO[bytes], length: int, source: str, posted: Posted) -> None:
        text_left = LONGEST_TEXT
        head: multipart.Field | multipart.File | None = None
        body = bytearray()
        for event in self._events(decoder, stream, length, posted):
            if isinstance(event, multipart.Field | multipart.File):
                head, body = event, bytearray()
                if isinstance(event, multipart.File) and event.filename:
                    posted.file_names.append(event.filename)
                    self._pass_gate(length, source, posted)
            elif isinstance(event, multipart.Data) and isinstance(head, multipart.File):
                self._keep_file(posted, head, body, event)
            elif isinstance(event, multipart.Data) and head is not None:
                text_left -= len(event.data)
                if text_left < 0:
                    raise RequestEntityTooLarge
                body += event.data
                if not event.more_data:
                    posted.text.add(head.name or "", body.decode("utf-8", "replace"))

    def _pass_gate(self, length: int, source: str, posted: Posted) -> None:
        if length < LARGE or posted.gate_source is not None or posted.refusal:
            return
        if length > DRAINED:
            posted.refuse(Refusal.TOO_LARGE)
        elif self.gate.enter(source):
            posted.gate_source = source
        else:
            posted.refuse(Refusal.BUSY)

    def _keep_file(self, posted: Posted, head: multipart.File, body: bytearray, event: multipart.Data) -> None:
        if posted.refusal:
            return
        body += event.data
        kept = [len(file.content) for files in posted.files.values() for file in files]
        chosen = bool(body or head.filename)  # an empty part without a name is a field where nothing was chosen
        if self.limits.exceeded([*kept, len(body)] if chosen else kept):
            body.clear()
            posted.refuse(Refusal.TOO_LARGE)
        elif chosen and not event.more_data:
            posted.files.setdefault(head.name or "", []).append(File(head.filename, bytes(body)))
            body.clear()

    def _events(
        self, decoder: multipart.MultipartDecoder, stream: IO[bytes], length: int, posted: Posted
    ) -> Iterator[multipart.Event]:
        """The events of the body as it arrives; ends early at `DRAINED` bytes and at the deadline."""
        left, deadline = min(length, DRAINED), self.clock() + DEADLINE
        while True:
            event = decoder.next_event()
            if not isinstance(event, multipart.NeedData):
                if isinstance(event, multipart.Epilogue):
                    return
                yield event
                continue
            if posted.gate_source is not None and self.clock() > deadline:
                posted.refuse(Refusal.LATE)
                return
            data = stream.read(min(CHUNK, left)) if left else b""
            if not data:
                if left or length <= DRAINED:
                    decoder.receive_data(None)
                    if left:
                        raise ValueError("the body broke off")
                    continue
                return
            left -= len(data)
            decoder.receive_data(data)


def drain(stream: IO[bytes]) -> None:
    """Read and throw away what is left of a body that was refused, up to `DRAINED` bytes."""
    left = DRAINED
    while left > 0:
        data = stream.read(min(CHUNK, left))
        if not data:
            return
        left -= len(data)
