"""Hostile posts: what one holds, how it is written into a body, and the strategies that make them from a form's definition."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ihmiskauppa.forms.definition import Form, Kind, Question
from tests.everywhere import corpus

T = TypeVar("T")

PACKS: Final = (b"25", b"50", b" 25 ", "\u0662\u0665".encode())  # whole packs of whatever there is
POSTCODES: Final = (b"53100", b"FI-00100", b"53 100")
_TAKEN: Final = {Kind.QUANTITIES: PACKS[:2], Kind.POSTCODE: POSTCODES, Kind.EMAIL: corpus.ADDRESSES[:3]}
BOUNDARY: Final = b"----b0undary7MA4YWxk"  # in no text of the corpus: a browser chooses one that is not in its data
TOKEN: Final = "token"
URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = f"multipart/form-data; boundary={BOUNDARY.decode()}"


@dataclass(frozen=True)
class Part:
    """One field of a post; with a `file_name` it is a file. All of it as bytes on the wire."""

    name: bytes
    content: bytes
    file_name: bytes | None = None
    header: bytes = b""

    @property
    def text(self) -> str:
        """The text a server must read: UTF-8, with U+FFFD for what is none."""
        return self.content.decode("utf-8", "replace")


@dataclass(frozen=True)
class Post:
    """A post to the form `form` in `language`. Its token is put in by whoever sends it, unless it brings its own."""

    form: str
    language: str
    parts: tuple[Part, ...]
    multipart: bool
    own_token: bool = False
    headers: tuple[tuple[str, str], ...] = ()

    def texts(self, name: str) -> list[str]:
        """What stands under a name, as a server must read it."""
        return [part.text for part in self.parts if part.file_name is None and part.name == name.encode()]

    def files(self, name: str) -> list[Part]:
        """The files under a name, without the empty part of a field where none was chosen."""
        if not self.multipart:
            return []
        return [p for p in self.parts if p.file_name is not None and p.name == name.encode() and (p.file_name or p.content)]

    @property
    def injects(self) -> bool:
        """Whether any part tries to become a header."""
        return any(corpus.MARK.encode() in field for p in self.parts for field in (p.content, p.name, p.file_name or b""))

    def body(self, token: str) -> tuple[bytes, str]:
        """The body and its content type; files are left out of an urlencoded one."""
        parts = self.parts if self.own_token else (Part(TOKEN.encode(), token.encode()), *self.parts)
        if not self.multipart:
            pairs = [(quote_from_bytes(p.name), quote_from_bytes(p.content)) for p in parts if p.file_name is None]
            return "&".join(f"{name}={text}" for name, text in pairs).encode(), URLENCODED
        return b"".join(map(_written, parts)) + b"--" + BOUNDARY + b"--\r\n", MULTIPART


def _written(part: Part) -> bytes:
    head = b'Content-Disposition: form-data; name="' + _quoted(part.name) + b'"'
    if part.file_name is not None:
        head += b'; filename="' + _quoted(part.file_name) + b'"'
    lines = [b"--" + BOUNDARY, head, *([part.header] if part.header else ()), b"", part.content, b""]
    return b"\r\n".join(lines)


def _quoted(name: bytes) -> bytes:
    """As browsers write it: HTML, 4.10.21.8."""
    return name.replace(b"\r", b"%0D").replace(b"\n", b"%0A").replace(b'"', b"%22")


Draw = Callable[[SearchStrategy[T]], T]


def _of(known: Sequence[bytes]) -> SearchStrategy[bytes]:
    return st.sampled_from(known)


def _mixed(known: Sequence[bytes]) -> SearchStrategy[bytes]:
    """From the corpus; two of it in a row; or whatever else there is."""
    return st.one_of(
        *(_of(known), _of(known), _of(corpus.TEXTS)),
        st.tuples(_of(known), _of(corpus.TEXTS)).map(b"".join),
        st.text(st.characters(codec="utf-8"), max_size=60).map(str.encode),
        st.binary(max_size=40),
    )


def _mostly(good: Sequence[bytes], bad: Sequence[bytes]) -> SearchStrategy[bytes]:
    return st.one_of(*[_of(good)] * 5, _mixed(bad))


def _contents(question: Question, name: str) -> SearchStrategy[bytes]:
    """What is written into a field: most of it good enough to be taken, but for free text, which always is."""
    if question.options:
        return _mostly([option.value.encode() for option in question.options], corpus.CHOICES)
    if question.kind is Kind.TELEPHONE:
        return _mostly(corpus.NUMBERS[:3], corpus.NUMBERS)
    if question.kind is Kind.EMAIL:
        return _mostly(corpus.ADDRESSES[:3], corpus.ADDRESSES)
    if question.kind is Kind.QUANTITIES:
        return _mostly(PACKS, corpus.NUMBERS)
    if question.kind is Kind.POSTCODE:
        return _mostly(POSTCODES, corpus.NUMBERS)
    if question.kind is Kind.DATE or (question.kind is Kind.WINDOW and name.endswith("date")):
        return _mostly(corpus.DAYS[:8], corpus.DAYS)
    if question.kind is Kind.WINDOW:
        return _mostly(corpus.TIMES[:3], corpus.TIMES)
    return _mixed(corpus.TEXTS)


def _good(question: Question) -> SearchStrategy[bytes]:
    """An answer that is taken."""
    if question.options:
        return _of([option.value.encode() for option in question.options if not option.refused])
    if question.kind in _TAKEN:
        return _of(_TAKEN[question.kind])
    return _of(corpus.NUMBERS[:3]) if question.kind is Kind.TELEPHONE else st.just("Nimi, نام".encode())


_FILE: Final = st.builds(
    Part,
    st.just(b""),
    st.one_of(_of([content for content in corpus.FILES if content]), _of(corpus.FILES), st.binary(min_size=1, max_size=60)),
    _of(corpus.FILE_NAMES),
    st.one_of(st.just(b"Content-Type: image/jpeg"), _of(corpus.PART_HEADERS)),
)
_STRAY: Final = st.builds(Part, _of(corpus.NAMES), _of(corpus.TEXTS))
_TOKEN: Final = st.builds(Part, st.just(TOKEN.encode()), _mixed(corpus.TEXTS))
_NOTHING_CHOSEN: Final = Part(b"", b"", b"", b"Content-Type: application/octet-stream")  # what browsers send for no file


def posts(forms: Mapping[str, Form], languages: Sequence[str]) -> SearchStrategy[Post]:
    """Posts to any of `forms` in any of `languages`."""
    contents = {(f.name, name): _contents(q, name) for f in forms.values() for q in f.questions for name in q.inputs}

    def parts_of(draw: Draw[Any], form: Form, question: Question, name: str) -> Iterator[Part]:
        """A field once; rarely not at all, or twice, or, where many answers are possible, many times."""
        if question.kind is Kind.FILES:
            files = draw(st.one_of(st.just([]), st.just([_NOTHING_CHOSEN]), st.lists(_FILE, min_size=1, max_size=6)))
            yield from (replace(file, name=name.encode()) for file in files)
            return
        times = draw(st.sampled_from([1, 1, 1, 1, 1, 0, 0, 2, 20 if question.kind is Kind.MANY_OF else 1]))
        for _ in range(times):
            yield Part(name.encode(), draw(contents[form.name, name]))

    @st.composite
    def post(draw: Draw[Any]) -> Post:
        form = draw(st.sampled_from(list(forms.values())))
        fields = [(question, name) for question in form.questions for name in question.inputs]
        often = {q.inputs[0] for q in form.questions if q.required or q.name == "message"}
        # Where much is required, hardly any post would be taken if each answer were good for itself.
        surely = {q.inputs[0] for q in form.questions if q.required} if draw(st.booleans()) else set()
        filled = draw(st.sampled_from([1, 2, 3, 6, len(fields)]))
        chosen = draw(
            st.lists(st.integers(0, len(fields) - 1), unique=True, min_size=min(filled, 6, len(fields)), max_size=filled)
        )
        parts = [
            part
            for number, (question, name) in enumerate(fields)
            if number in chosen or filled == len(fields) or name in surely or (name in often and filled < 6)
            for part in (
                [Part(name.encode(), draw(_good(question)))] if name in surely else parts_of(draw, form, question, name)
            )
        ]
        strays = draw(st.lists(_STRAY, max_size=3)) if draw(st.integers(0, 4)) == 4 else []
        tokens = draw(st.lists(_TOKEN, max_size=2)) if draw(st.integers(0, 11)) == 11 else None
        headers = (draw(st.sampled_from(corpus.HEADERS)),) if draw(st.integers(0, 8)) == 8 else ()
        language, multipart = draw(st.sampled_from(languages)), draw(st.sampled_from([True, True, False]))
        return Post(form.name, language, (*(tokens or ()), *strays, *parts), multipart, tokens is not None, headers)

    return post()


@dataclass(frozen=True)
class Request:
    """Any request whatsoever."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content_type: str = ""


def requests(places: Sequence[str]) -> SearchStrategy[Request]:
    """Requests to any address, `places` among them, by any method, with any header and any body."""
    return st.builds(
        Request,
        st.one_of(st.just("GET"), st.just("POST"), st.sampled_from(corpus.METHODS)),
        st.one_of(st.sampled_from(places), st.sampled_from(corpus.PATHS)),
        st.lists(st.sampled_from(corpus.HEADERS), max_size=4).map(tuple),
        st.one_of(st.just(b""), _of(corpus.BODIES), st.binary(max_size=200), _of(corpus.TEXTS)),
        st.one_of(st.just("multipart/form-data; boundary=b"), st.just(URLENCODED), st.sampled_from(corpus.CONTENT_TYPES)),
    )
