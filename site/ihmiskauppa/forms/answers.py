"""What someone answered: raw fields of a post, checked against a form's definition. Texts are kept exactly as typed."""

import datetime
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from ihmiskauppa.forms import quantities
from ihmiskauppa.forms.definition import WINDOW_PARTS, Condition, Form, Kind, Question
from ihmiskauppa.forms.faults import Fault, FaultyAnswersError
from ihmiskauppa.forms.files import File
from ihmiskauppa.forms.quantities import FaultyQuantitiesError, Quantities
from ihmiskauppa.translations import msgid

TELEPHONE_DIGITS: Final = range(3, 21)

# Drawn as nothing: controls, joiners, direction marks and blanks by category; fillers of Hangul and Braille, which are letters.
_UNSEEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_FILLERS: Final = "\u115f\u1160\u2800\u3164\uffa0"

_TELEPHONE = re.compile(r"[\d\s()+./\-‐-―\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_FINNISH_DATE = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
_POSTCODE = re.compile(r"(?i:FI-?)?[0-9]{5}")
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2})(?:[:.]\d{2})?)?")


@dataclass(frozen=True)
class Window:
    """The days and the hours of a day that suit; any of the four may be left open."""

    from_date: datetime.date | None
    until_date: datetime.date | None
    from_time: datetime.time | None
    until_time: datetime.time | None


@dataclass(frozen=True)
class Attachments:
    """The files that came with an answer, in their order."""

    files: tuple[File, ...]

    @property
    def named(self) -> tuple[tuple[str, File], ...]:
        """Each file with the name it travels under."""
        return tuple((file.our_name(number), file) for number, file in enumerate(self.files, 1))


Value = str | tuple[str, ...] | Window | Attachments | Quantities | datetime.date


@dataclass(frozen=True)
class Answers:
    """Valid answers to a form, by question; unanswered questions are absent.

    `dropped` says that something stood under a choice that was not made, and was left out.
    """

    form: Form
    language: str
    values: Mapping[str, Value]
    dropped: bool

    @property
    def file_bytes(self) -> int:
        """The size of all files together."""
        attached = [value for value in self.values.values() if isinstance(value, Attachments)]
        return sum(len(file.content) for value in attached for file in value.files)

    def as_json(self) -> str:
        """Form, version, language and answers; the same answers give the same text."""
        content = {
            "form": self.form.name,
            "version": self.form.version,
            "language": self.language,
            "answers": {name: _plain(value) for name, value in self.values.items()},
        }
        return json.dumps(content, ensure_ascii=False, indent=1)


class _WrongError(Exception):
    def __init__(self, text: str, field: str = "", **parameters: str | int) -> None:
        super().__init__(text)
        self.text, self.field, self.parameters = text, field, parameters


def read(
    form: Form,
    language: str,
    raw: Mapping[str, Sequence[str]],
    today: datetime.date,
    files: Mapping[str, Sequence[File]] = MappingProxyType({}),
) -> Answers:
    """Check a post's fields and files. Line ends become LF, as the browser had them before it sent the form.

    Raises `FaultyAnswersError`. A question under a choice that was not made is left out; but if the choice was left open
    although something stands under it, the choice is asked for, since a browser may have shown everything.
    """
    values: dict[str, Value] = {}
    faults: list[Fault] = []
    dropped = False
    for question in form.questions:
        if question.kind is Kind.FILES:
            _read_files(question, files.get(question.name, ()), values, faults)
            continue
        given = {name: [_lf(text) for text in raw.get(name, ())] for name in question.inputs}
        blank = not _given(question, raw)
        if question.after is not None and not question.after.holds(values.get(question.after.question)):
            choice = _choice_above(form, question.after, values)
            if not blank and choice.name not in values:
                text = msgid("Please choose an answer here: you wrote something below it.")
                _add(faults, Fault(choice.inputs[0], text, {}))
            dropped = dropped or not blank
            continue
        try:
            if not blank:
                values[question.name] = _value(question, given, today)
            elif question.required:
                text = quantities.NONE_CHOSEN if question.kind is Kind.QUANTITIES else msgid("Please answer this question.")
                raise _WrongError(text)
        except _WrongError as wrong:
            _add(faults, Fault(wrong.field or question.places[-1], wrong.text, wrong.parameters))
        except FaultyQuantitiesError as wrong:
            faults += wrong.faults
    _ask_reasons(form, values, faults)
    faulty = {fault.field for fault in faults}
    asked = {*values, *faulty, *(name for name in form.either if _given(form.question(name), raw) and faults)}
    if not asked.intersection(form.either) and form.either:
        asks_for_contact = {Kind.TELEPHONE, Kind.EMAIL} & {form.question(name).kind for name in form.either}
        text = (
            msgid("Please write something here, or give us a way to contact you.")
            if asks_for_contact
            else msgid("Please answer one of the questions.")
        )
        _add(faults, Fault(form.question(form.either[0]).inputs[0], text, {}))
    if faults:
        places = [name for question in form.questions for name in question.places]
        raise FaultyAnswersError(sorted(faults, key=lambda fault: places.index(fault.field)))
    return Answers(form, language, values, dropped)


def _ask_reasons(form: Form, values: Mapping[str, Value], faults: list[Fault]) -> None:
    """An unusual number is taken with a reason only."""
    for question in form.questions:
        asked = values.get(question.name)
        unusual = asked.unusual if isinstance(asked, Quantities) else None
        if unusual is not None and question.beyond not in values:
            _add(faults, Fault(question.beyond, quantities.REASON, {"most": unusual.row.most}))


def _read_files(question: Question, files: Sequence[File], values: dict[str, Value], faults: list[Fault]) -> None:
    empty = [file.shown_name for file in files if not file.content]
    if empty:
        text = msgid("There is nothing in this file: %(names)s. Please choose another, or none.")
        _add(faults, Fault(question.name, text, {"names": ", ".join(empty)}))
    elif files:
        values[question.name] = Attachments(tuple(files))


def _given(question: Question, raw: Mapping[str, Sequence[str]]) -> bool:
    return any(_visible(text) for name in question.inputs for text in raw.get(name, ()))


def _visible(text: str) -> bool:
    return any(c not in _FILLERS and unicodedata.category(c) not in _UNSEEN_CATEGORIES for c in text)


def _add(faults: list[Fault], fault: Fault) -> None:
    if fault.field not in {known.field for known in faults}:
        faults.append(fault)


def _choice_above(form: Form, condition: Condition, values: Mapping[str, Value]) -> Question:
    """Of the choices on the way to what stands under `condition`, the outermost that was not made so."""
    above = form.question(condition.question)
    if above.after is None or above.after.holds(values.get(above.after.question)):
        return above
    return _choice_above(form, above.after, values)


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n")


def _value(question: Question, given: Mapping[str, Sequence[str]], today: datetime.date) -> Value:
    if question.kind is Kind.WINDOW:
        return _window(question, {name: " ".join(texts) for name, texts in given.items()}, today)
    if question.kind is Kind.QUANTITIES:
        return quantities.read(question, given)
    texts = given[question.name]
    if question.options:
        return _chosen(question, texts)
    text = "\n".join(texts)
    if len(text) > question.limit:
        raise _WrongError(
            msgid(
                "This is too long: at most %(limit)s characters fit, and it has %(count)s. You can send the rest separately."
            ),
            limit=question.limit,
            count=len(text),
        )
    if question.kind is Kind.TELEPHONE:
        digits = sum(character.isdigit() for character in text)
        if not _TELEPHONE.fullmatch(text) or digits not in TELEPHONE_DIGITS:
            raise _WrongError(msgid("This does not look like a telephone number. Write digits only, for example 040 123 4567."))
    if question.kind is Kind.EMAIL and not _EMAIL.fullmatch(text.strip()):
        raise _WrongError(msgid("This does not look like an e-mail address. It needs a part before and after the @ sign."))
    if question.kind is Kind.POSTCODE:
        return _postcode(text)
    if question.kind is Kind.DATE:
        return _coming(question.name, text, today)
    return text


def _chosen(question: Question, texts: Sequence[str]) -> str | tuple[str, ...]:
    known = {option.value: option for option in question.options}
    chosen = tuple(dict.fromkeys(text for text in texts if text))
    if not set(chosen) <= set(known) or (question.kind is not Kind.MANY_OF and len(chosen) > 1):
        raise _WrongError(msgid("Please choose from the answers that are offered."))
    refused = next((known[value].refused for value in chosen if known[value].refused), "")
    if refused:
        raise _WrongError(refused)
    return tuple(value for value in known if value in chosen) if question.kind is Kind.MANY_OF else chosen[0]


def _postcode(text: str) -> str:
    """Five digits, as Finland's postcodes have, whatever stands between them; not 00000, which is no place."""
    digits = _western("".join(text.split()))
    if not _POSTCODE.fullmatch(digits) or not int(digits[-5:]):
        raise _WrongError(msgid("This does not look like a postcode in Finland: five digits, for example 53100."))
    return digits[-5:]


def _coming(field: str, text: str, today: datetime.date) -> datetime.date:
    """A day that is not over; `text` is not blank."""
    day = _date(field, text)
    if day is None or day < today:
        raise _WrongError(msgid("This day has already passed."))
    return day


def _window(question: Question, given: Mapping[str, str], today: datetime.date) -> Window:
    parts = dict(zip(WINDOW_PARTS, question.inputs, strict=True))
    first, last = (_date(parts[name], given[parts[name]]) for name in WINDOW_PARTS[:2])
    start, end = (_time(parts[name], given[parts[name]]) for name in WINDOW_PARTS[2:])
    if last is not None and last < today:
        raise _WrongError(msgid("This day has already passed."), parts["until_date"])
    if first is not None and last is not None and last < first:
        raise _WrongError(msgid("The last day is before the first day."), parts["until_date"])
    return Window(first, last, start, end)


def _date(field: str, text: str) -> datetime.date | None:
    text = _western(text.strip())
    if not text:
        return None
    iso, finnish = _ISO_DATE.fullmatch(text), _FINNISH_DATE.fullmatch(text)
    try:
        if iso:
            return datetime.date(int(iso[1]), int(iso[2]), int(iso[3]))
        if finnish:
            return datetime.date(int(finnish[3]), int(finnish[2]), int(finnish[1]))
    except ValueError:
        pass
    raise _WrongError(msgid("Please write the day like this: 24.12.2026"), field)


def _time(field: str, text: str) -> datetime.time | None:
    text = _western(text.strip())
    if not text:
        return None
    match = _TIME.fullmatch(text)
    try:
        if match:
            return datetime.time(int(match[1]), int(match[2] or 0))
    except ValueError:
        pass
    raise _WrongError(msgid("Please write the time like this: 15:00"), field)


def iso_date(text: str) -> str:
    """A day as someone wrote it, in ISO 8601; "" stays "". Raises ValueError."""
    try:
        day = _date("", text)
    except _WrongError as wrong:
        raise ValueError from wrong
    return day.isoformat() if day else ""


def iso_time(text: str) -> str:
    """A time of day as someone wrote it, in ISO 8601 to the minute; "" stays "". Raises ValueError."""
    try:
        time = _time("", text)
    except _WrongError as wrong:
        raise ValueError from wrong
    return time.strftime("%H:%M") if time else ""


def _western(text: str) -> str:
    """Digits of any script as 0 to 9."""
    return "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in text)


def _plain(value: Value) -> Any:
    if isinstance(value, Attachments):
        return [
            {"name": name, "given_name": file.shown_name, "bytes": len(file.content), "sha256": file.digest}
            for name, file in value.named
        ]
    if isinstance(value, Window):
        return {name: text for name, text in _window_parts(value)}  # noqa: C416
    if isinstance(value, Quantities):
        return [{"name": one.row.name, "item": one.row.staff, "pieces": one.pieces} for one in value.amounts]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _window_parts(window: Window) -> Iterator[tuple[str, str]]:
    for name in WINDOW_PARTS:
        part: datetime.date | datetime.time | None = getattr(window, name)
        if part is not None:
            yield name, part.isoformat() if isinstance(part, datetime.date) else part.strftime("%H:%M")
