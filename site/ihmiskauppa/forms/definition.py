"""What a form asks: one TOML file a form, parsed and checked once.

Texts for visitors are English msgids (see `translations`); `staff` is the Finnish label the inbox's readers see. A question
with `after` is shown only under that answer of an earlier question. A long form has sections, each with its questions. Of a
form that is `counted`, the choices are never sent: the room `feedback` counts them. What quantities are asked of (`Row`) is
given by the caller: a definition does not know it.
"""

import enum
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from ihmiskauppa.forms import indicators
from ihmiskauppa.forms.spoken import OTHER, SPOKEN
from ihmiskauppa.forms.tables import known
from ihmiskauppa.translations import msgid

SHORT_LIMIT: Final = 200  # characters
LONG_LIMIT: Final = 20_000

_NAME = re.compile(r"[a-z][a-z_]*")
_FILE = re.compile(r"[a-z][a-z-]*")
_VERSION = re.compile(r"[0-9][0-9.-]*")
_FORM_KEYS: Final = {
    **dict.fromkeys(("version", "id", "title", "summary", "staff", "submit", "file"), str),
    **dict.fromkeys(("either", "note", "question", "section", "sent", "replaces"), list),
    **dict.fromkeys(("counted", "of_page"), bool),
    "order": int,
}
_QUESTION_KEYS: Final = {
    **dict.fromkeys(("name", "kind", "label", "hint", "staff", "after", "is", "beyond"), str),
    **dict.fromkeys(("required", "safety_critical"), bool),
    "limit": int,
    "option": list,
}
_SECTION_KEYS: Final = {**dict.fromkeys(("name", "title", "staff"), str), **dict.fromkeys(("note", "question"), list)}
_NOTE_KEYS: Final = {"text": str, "safety_critical": bool}
_OPTION_KEYS: Final = {
    **dict.fromkeys(("value", "label", "staff", "text", "flag", "refused", "page"), str),
    "safety_critical": bool,
}


class DefinitionError(Exception):
    """A form file is broken; the message names file, question and reason."""


class Kind(enum.StrEnum):
    """What a question takes for an answer."""

    SHORT_TEXT = "short_text"
    LONG_TEXT = "long_text"
    ONE_OF = "one_of"
    MANY_OF = "many_of"
    YES_NO = "yes_no"
    SCALE = "scale"
    LANGUAGE = "language"
    TELEPHONE = "telephone"
    EMAIL = "email"
    POSTCODE = "postcode"
    DATE = "date"
    QUANTITIES = "quantities"
    WINDOW = "window"
    FILES = "files"


# The inputs of a date and time window, by the suffix of their names.
WINDOW_PARTS: Final = ("from_date", "until_date", "from_time", "until_time")

# How far someone agrees with a statement: a Likert scale of five points, each with its label and that for the staff.
AGREEMENT: Final = (
    (msgid("Strongly disagree"), "Täysin eri mieltä"),
    (msgid("Disagree"), "Eri mieltä"),
    (msgid("Neither agree nor disagree"), "Ei samaa eikä eri mieltä"),
    (msgid("Agree"), "Samaa mieltä"),
    (msgid("Strongly agree"), "Täysin samaa mieltä"),
)


@dataclass(frozen=True)
class Option:
    """One answer to choose. `text` is shown at once to whoever chooses it; `flag` stands in the subject the staff see.

    With an answer that is `refused`, the form is not taken: the text says why. `page` is one that helps whoever chooses it.
    What is `safety_critical` is the text.
    """

    value: str
    label: str
    staff: str
    text: str = ""
    flag: str = ""
    refused: str = ""
    page: str = ""
    safety_critical: bool = False


@dataclass(frozen=True)
class Row:
    """Something of which a number can be asked for: whole `step`s, and more than `most` only with a reason.

    `group` and `part` are msgids, under which rows stand together; `label` is the rest of its name, in its own `language`.
    A page can lead to the group's `anchor`.
    """

    name: str
    anchor: str
    group: str
    part: str
    label: str
    language: str
    staff: str
    step: int
    most: int


@dataclass(frozen=True)
class Condition:
    """Under which answer of which question something is shown."""

    question: str
    answer: str

    def holds(self, value: object) -> bool:
        """Whether `value`, an answer to the question (a tuple to a many-of question), is or holds that answer."""
        return value == self.answer or (isinstance(value, tuple) and self.answer in value)


@dataclass(frozen=True)
class Question:
    """One thing asked. `limit` counts characters (Unicode code points).

    Of quantities, `beyond` names the question that gives the reason for a number that is more than usual.
    """

    name: str
    kind: Kind
    label: str
    hint: str
    staff: str
    limit: int
    options: tuple[Option, ...]
    required: bool
    after: Condition | None
    safety_critical: bool
    rows: tuple[Row, ...] = ()
    beyond: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of its fields in a post."""
        if self.kind is Kind.QUANTITIES:
            return tuple(self.input_of(row) for row in self.rows)
        if self.kind is Kind.WINDOW:
            return tuple(f"{self.name}_{part}" for part in WINDOW_PARTS)
        return (self.name,)

    @property
    def places(self) -> tuple[str, ...]:
        """Where a fault of it can be: its fields, and the question as a whole."""
        return (*self.inputs, self.name) if self.kind is Kind.QUANTITIES else self.inputs

    @property
    def grouped(self) -> Mapping[str, Mapping[str, tuple[Row, ...]]]:
        """The rows by group and part, in their order."""
        found: dict[str, dict[str, tuple[Row, ...]]] = {}
        for row in self.rows:
            parts = found.setdefault(row.group, {})
            parts[row.part] = (*parts.get(row.part, ()), row)
        return found

    def input_of(self, row: Row) -> str:
        return f"{self.name}-{row.name}"


@dataclass(frozen=True)
class Note:
    """A paragraph above the questions."""

    text: str
    safety_critical: bool


@dataclass(frozen=True)
class Section:
    """Questions that belong together, under a title; a form without sections has one, without name and title."""

    name: str
    title: str
    staff: str
    notes: tuple[Note, ...]
    questions: tuple[Question, ...]

    @property
    def shown_always(self) -> tuple[Question, ...]:
        """The questions that stand under no answer of another."""
        return tuple(question for question in self.questions if question.after is None)


@dataclass(frozen=True)
class Form:
    """A form as defined. `id` is its place in the tree of pages; of `either`, at least one must be answered.

    A form `of_page` has no place of its own: it asks about a page, whose id follows in its address. A form with a `file` can be
    filled in on paper or in a file of that name, too; `replaces` are its earlier versions.
    """

    name: str
    version: str
    id: str
    order: int
    title: str
    summary: str
    staff: str
    notes: tuple[Note, ...]
    sections: tuple[Section, ...]
    either: tuple[str, ...]
    submit: str
    sent: tuple[Note, ...]
    counted: bool = False
    of_page: bool = False
    file: str = ""
    replaces: tuple[str, ...] = ()

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """All questions, in their order."""
        return tuple(question for section in self.sections for question in section.questions)

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts that may name contacts."""
        options = [text for question in self.questions for option in question.options for text in (option.text, option.refused)]
        notes = [note.text for notes in (self.notes, *(section.notes for section in self.sections)) for note in notes]
        return (*notes, *options, *(note.text for note in self.sent))

    @property
    def pages(self) -> frozenset[str]:
        """The pages that answers lead to."""
        return frozenset(option.page for question in self.questions for option in question.options if option.page)

    def question(self, name: str) -> Question:
        return next(question for question in self.questions if question.name == name)

    def asking(self, questions: Iterable[Question]) -> "Form":
        """The form with other questions, in one section."""
        return replace(self, sections=(Section("", "", "", (), tuple(questions)),))

    def under(self, question: str, answer: str) -> tuple[Question, ...]:
        """The questions shown under an answer."""
        return tuple(q for q in self.questions if q.after == Condition(question, answer))


def load(folder: Path, rows: Sequence[Row] = ()) -> Mapping[str, Form]:
    """All forms of `folder` by name; the signs check is none. `rows` are what quantities are asked of.

    Raises `DefinitionError`.
    """
    forms = [parse(path, rows) for path in sorted(folder.glob("*.toml")) if path.name != indicators.FILE]
    return {form.name: form for form in forms}


def parse(path: Path, rows: Sequence[Row] = ()) -> Form:
    """Read one definition. Raises `DefinitionError`."""
    try:
        table = known(tomllib.loads(path.read_text(encoding="utf-8")), _FORM_KEYS)
        form = Form(
            name=path.stem,
            version=table["version"],
            id=table["id"],
            order=table["order"],
            title=table["title"],
            summary=table["summary"],
            staff=table["staff"],
            notes=_notes(table, "note"),
            sections=tuple(_sections(table, tuple(rows))),
            either=tuple(table.get("either", ())),
            submit=table["submit"],
            sent=_notes(table, "sent"),
            counted=table.get("counted", False),
            of_page=table.get("of_page", False),
            file=table.get("file", ""),
            replaces=tuple(table.get("replaces", ())),
        )
        for reason in _faults(form):
            raise DefinitionError(f"{path}: {reason}")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as fault:
        raise DefinitionError(f"{path}: {type(fault).__name__}: {fault}") from fault
    return form


def _sections(table: dict[str, Any], rows: tuple[Row, ...]) -> Iterator[Section]:
    if ("section" in table) == ("question" in table):
        raise ValueError("a form has either sections or questions")
    if "question" in table:
        yield Section("", "", "", (), _questions(table, rows))
    for entry in table.get("section", ()):
        section = known(entry, _SECTION_KEYS)
        yield Section(section["name"], section["title"], section["staff"], _notes(section, "note"), _questions(section, rows))


def _notes(table: dict[str, Any], name: str) -> tuple[Note, ...]:
    notes = [known(note, _NOTE_KEYS) for note in table.get(name, ())]
    return tuple(Note(note["text"], note.get("safety_critical", False)) for note in notes)


def _questions(table: dict[str, Any], rows: tuple[Row, ...]) -> tuple[Question, ...]:
    return tuple(_question(known(entry, _QUESTION_KEYS), rows) for entry in table["question"])


def _question(entry: dict[str, Any], rows: tuple[Row, ...]) -> Question:
    kind = Kind(entry["kind"])
    if "is" in entry and "after" not in entry:
        raise ValueError(f"{entry['name']}: is without after")
    return Question(
        name=entry["name"],
        kind=kind,
        label=entry["label"],
        hint=entry.get("hint", ""),
        staff=entry["staff"],
        limit=entry.get("limit", LONG_LIMIT if kind is Kind.LONG_TEXT else SHORT_LIMIT),
        options=tuple(_options(kind, entry)),
        required=entry.get("required", False),
        after=Condition(entry["after"], entry["is"]) if "after" in entry else None,
        safety_critical=entry.get("safety_critical", False),
        rows=rows if kind is Kind.QUANTITIES else (),
        beyond=entry.get("beyond", ""),
    )


def _options(kind: Kind, entry: dict[str, Any]) -> Iterator[Option]:
    options = [known(option, _OPTION_KEYS) for option in entry.get("option", ())]
    if kind is Kind.YES_NO:
        said = {option["value"]: option for option in options}
        if not set(said) <= {"yes", "no"}:
            raise ValueError(f"{entry['name']}: only yes and no can have a text")
        for value, label, staff in (("yes", msgid("Yes"), "Kyllä"), ("no", msgid("No"), "Ei")):
            option = said.get(value, {})
            critical = option.get("safety_critical", False)
            yield Option(value, label, staff, option.get("text", ""), safety_critical=critical)
    elif kind is Kind.SCALE:
        for point, (label, staff) in enumerate(AGREEMENT, 1):
            yield Option(str(point), label, staff)
    elif kind is Kind.LANGUAGE:
        for code, name in SPOKEN.items():
            yield Option(code, name, code)
        yield Option(OTHER, msgid("Another language"), OTHER)
    elif kind in {Kind.ONE_OF, Kind.MANY_OF}:
        for option in options:
            yield Option(**option)


def _faults(form: Form) -> Iterator[str]:
    seen: dict[str, Question] = {}
    for question in form.questions:
        if not _NAME.fullmatch(question.name) or set(question.inputs) & {name for q in seen.values() for name in q.inputs}:
            yield f"{question.name}: not a name, or used twice"
        if question.after is not None:
            earlier = seen.get(question.after.question)
            if earlier is None or question.after.answer not in [option.value for option in earlier.options]:
                yield f"{question.name}: after {question.after.question} is {question.after.answer}: no such earlier answer"
        if question.kind in {Kind.ONE_OF, Kind.MANY_OF} and len({o.value for o in question.options}) < 2:
            yield f"{question.name}: needs at least two options"
        if len({o.value for o in question.options}) < len(question.options):
            yield f"{question.name}: an option is used twice"
        if bool(question.beyond) != (question.kind is Kind.QUANTITIES) or any(not 1 <= r.step <= r.most for r in question.rows):
            yield f"{question.name}: quantities, and they alone, say what is asked beyond; their steps are 1 to most"
        if any(option.safety_critical and not option.text for option in question.options):
            yield f"{question.name}: an option without a text has nothing that is safety-critical"
        if question.limit < 1:
            yield f"{question.name}: limit must be at least 1"
        seen[question.name] = question
    for question in form.questions:
        if question.beyond and question.beyond not in seen:
            yield f"{question.name}: beyond {question.beyond}: there is no such question"
    names = [section.name for section in form.sections if section.title]
    for name in names:
        if not _NAME.fullmatch(name) or names.count(name) > 1 or name in seen:
            yield f"section {name}: not a name, or used twice"
    for section in form.sections:
        own = {question.name for question in section.questions}
        for question in section.questions:
            if question.after is not None and question.after.question not in own:
                yield f"{question.name}: stands in another section than {question.after.question}"
    if form.version in form.replaces or not all(_VERSION.fullmatch(version) for version in (form.version, *form.replaces)):
        yield "a version cannot be part of a file's name, or replaces itself"
    if form.file and (not _FILE.fullmatch(form.file) or {q.kind for q in form.questions} & {Kind.SCALE} or form.counted):
        yield f"{form.file} is no file's name, or the form cannot be filled in on paper"
    if not set(form.either) <= set(seen):
        yield f"either names questions that do not exist: {', '.join(sorted(set(form.either) - set(seen)))}"
    if not form.sent:
        yield "sent must say what happens next"
