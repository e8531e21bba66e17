"""What is in a posted body, taken in as it arrives: text always, files within bounds and behind a gate; in memory, bounded.

Text fields stand before files in our forms, so that a body cut short still gives back what was written. A body with too much
in it is taken in to the end and thrown away, up to a bound.
"""

import enum
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl
from wsgiref.types import WSGIEnvironment

from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, LengthRequired, RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio import multipart

from ihmiskauppa.forms.files import File, FileLimits

LARGE: Final = 1_000_000  # bytes; a body from here on passes the gate if it brings files
DRAINED: Final = 64_000_000  # bytes read and thrown away before an answer that refuses
MOST_LARGE: Final = 8  # large bodies held at once by this process
MOST_LARGE_PER_SOURCE: Final = 2
CHUNK: Final = 64 * 1024  # bytes parsed at once
MOST_UNPARSED: Final = 4 * CHUNK  # bytes: more than this without an end is no head of a part
# All text of one post, in bytes. The longest text allowed is some 80 kB; far longer ones are kept and answered at the field.
LONGEST_TEXT: Final = 4 * 1024 * 1024
MOST_PARTS: Final = 200
URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"

_CUT_ESCAPE = re.compile(rb"%[0-9A-Fa-f]?$")


class Refusal(enum.Enum):
    """Why a post was not taken whole: its files, or with `CUT` the message itself."""

    TOO_LARGE = "too large"
    BUSY = "busy"
    LATE = "late"
    CUT = "cut"


class Gate:
    """Counts the large bodies this process holds, all together and by source. For one thread only."""

    def __init__(self, most: int = MOST_LARGE, most_per_source: int = MOST_LARGE_PER_SOURCE) -> None:
        self._most, self._most_per_source = most, most_per_source
        self._held: Counter[str] = Counter()

    def enter(self, source: str) -> bool:
        """Whether one more of `source` may come in; if so, it must `leave`."""
        if self._held.total() >= self._most or self._held[source] >= self._most_per_source:
            return False
        self._held[source] += 1
        return True

    def leave(self, source: str) -> None:
        self._held[source] -= 1
        self._held += Counter()  # forgets sources with nothing held


@dataclass
class Posted:
    """A posted form: its text, its files by field, the names of all files that came, and why it is not whole, if so."""

    text: MultiDict[str, str] = field(default_factory=MultiDict)
    files: dict[str, list[File]] = field(default_factory=dict)
    file_names: list[str] = field(default_factory=list)
    refusal: Refusal | None = None

    def refuse(self, why: Refusal) -> None:
        """Let go of every file, keep the names."""
        self.refusal = self.refusal or why
        self.files.clear()


class FormBody:
    """A body being taken in: urlencoded, of a kind that is no form (which gives nothing), or none at all."""

    def __init__(self, length: int, *, form: bool) -> None:
        self.length, self._form = length, form
        self._taken = bytearray()
        self._refusal: Refusal | None = None

    @property
    def held(self) -> int:
        """Bytes in memory that count against the room."""
        return len(self._taken)

    def receive(self, piece: bytes) -> None:
        """The next bytes. Raises RequestEntityTooLarge."""
        self._taken += piece
        if len(self._taken) > LONGEST_TEXT:
            raise RequestEntityTooLarge

    def end_late(self) -> None:
        """It took too long: what is here is all there will be."""
        self._refusal = Refusal.CUT

    def end(self, came: int) -> Posted:
        """The form, after `came` bytes. Raises BadRequest if the body broke off, or is no form: half a message is none."""
        if came < self.length and self._refusal is None:
            raise BadRequest
        content = _CUT_ESCAPE.sub(b"", self._taken) if self._refusal else bytes(self._taken)
        try:
            fields = parse_qsl(content.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_PARTS, errors="replace")
        except (UnicodeDecodeError, ValueError):
            raise BadRequest from None
        return Posted(MultiDict(fields if self._form else ()), refusal=self._refusal)

    def release(self) -> None:
        """Let go of everything."""
        self._taken.clear()


class MultipartBody(FormBody):
    """A multipart/form-data body (RFC 7578) being taken in."""

    def __init__(self, length: int, boundary: bytes, limits: FileLimits, gate: Gate, source: str) -> None:
        super().__init__(length, form=True)
        self._decoder = multipart.MultipartDecoder(boundary, max_form_memory_size=MOST_UNPARSED, max_parts=MOST_PARTS)
        self._limits, self._gate, self._source = limits, gate, source
        self._passed = False
        self._head: multipart.Field | multipart.File | None = None
        self._text = 0
        self._posted = Posted()

    @property
    def held(self) -> int:
        files = 0 if self._passed else sum(len(file.content) for files in self._posted.files.values() for file in files)
        return self._text + files + (0 if self._passed else len(self._taken))

    def receive(self, piece: bytes) -> None:
        """The next bytes. Raises RequestEntityTooLarge for too much text or too many parts, BadRequest for what is no form."""
        try:
            for start in range(0, len(piece), CHUNK):
                self._decoder.receive_data(piece[start : start + CHUNK])
                self._work_off()
        except ValueError as fault:
            raise BadRequest from fault

    def end_late(self) -> None:
        if isinstance(self._head, multipart.Field):
            kept_back = bytes(self._decoder.buffer)  # until it is clear that no boundary begins in it
            cut = self._taken + kept_back.removeprefix(b"" if self._taken else b"\r\n").partition(b"\r\n--")[0]
            self._posted.text.add(self._head.name or "", cut.decode("utf-8", "ignore"))
        self._posted.refuse(Refusal.LATE if self._posted.file_names else Refusal.CUT)

    def end(self, came: int) -> Posted:
        whole = came >= self.length
        if not whole and self._posted.refusal is None:
            raise BadRequest
        if whole:
            try:
                self._decoder.receive_data(None)
                self._work_off()
            except ValueError as fault:
                raise BadRequest from fault
        return self._posted

    def release(self) -> None:
        super().release()
        self._posted.files.clear()
        if self._passed:
            self._gate.leave(self._source)
            self._passed = False

    def _work_off(self) -> None:
        while not isinstance(event := self._decoder.next_event(), multipart.NeedData | multipart.Epilogue):
            if isinstance(event, multipart.Field | multipart.File):
                self._begin(event)
            elif isinstance(event, multipart.Data) and isinstance(self._head, multipart.File):
                self._keep_file(self._head, event)
            elif isinstance(event, multipart.Data) and isinstance(self._head, multipart.Field):
                self._keep_text(self._head, event)

    def _begin(self, head: multipart.Field | multipart.File) -> None:
        self._head, self._taken = head, bytearray()
        if isinstance(head, multipart.File) and head.filename:
            self._posted.file_names.append(head.filename)
            self._pass_gate()

    def _pass_gate(self) -> None:
        if self.length < LARGE or self._passed or self._posted.refusal:
            return
        if self.length > DRAINED:
            self._posted.refuse(Refusal.TOO_LARGE)
        elif self._gate.enter(self._source):
            self._passed = True
        else:
            self._posted.refuse(Refusal.BUSY)

    def _keep_text(self, head: multipart.Field, event: multipart.Data) -> None:
        self._text += len(event.data)
        if self._text > LONGEST_TEXT:
            raise RequestEntityTooLarge
        self._taken += event.data
        if not event.more_data:
            self._posted.text.add(head.name or "", self._taken.decode("utf-8", "replace"))
            self._head, self._taken = None, bytearray()

    def _keep_file(self, head: multipart.File, event: multipart.Data) -> None:
        if self._posted.refusal:
            return
        self._taken += event.data
        kept = [len(file.content) for files in self._posted.files.values() for file in files]
        chosen = bool(self._taken or head.filename)  # an empty part without a name is a field where nothing was chosen
        if self._limits.exceeded([*kept, len(self._taken)] if chosen else kept):
            self._taken = bytearray()
            self._posted.refuse(Refusal.TOO_LARGE)
        elif chosen and not event.more_data:
            self._posted.files.setdefault(head.name or "", []).append(File(head.filename, bytes(self._taken)))
            self._taken = bytearray()


def body_of(environ: WSGIEnvironment, limits: FileLimits, gate: Gate, source: str) -> FormBody:
    """What takes in the body of this request.

    Raises LengthRequired, or BadRequest, for a body whose end could not be told from a broken one.
    """
    stated = environ.get("CONTENT_LENGTH", "")
    kind, options = parse_options_header(environ.get("CONTENT_TYPE"))
    if not stated and (kind == MULTIPART or "HTTP_TRANSFER_ENCODING" in environ):
        raise LengthRequired
    if stated and not (stated.isascii() and stated.isdigit()):
        raise BadRequest
    if kind != MULTIPART:
        return FormBody(int(stated or 0), form=kind == URLENCODED)
    boundary = options.get("boundary", "")
    if not boundary or not boundary.isascii():
        raise BadRequest
    return MultipartBody(int(stated), boundary.encode("ascii"), limits, gate, source)
