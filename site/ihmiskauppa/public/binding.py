"""A form's definition as a Flask-WTF form: the posted fields, the token, and the faults by field."""

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import Field

from ihmiskauppa.forms import answers
from ihmiskauppa.forms.answers import Answers
from ihmiskauppa.forms.definition import Form, Kind, Question, Row
from ihmiskauppa.forms.faults import Fault, FaultyAnswersError
from ihmiskauppa.forms.files import File, FileLimits
from ihmiskauppa.public.form_token import FIELD, FormToken, Token, TokenContext
from ihmiskauppa.public.uploads import Posted, Refusal
from ihmiskauppa.translations import msgid

FINLAND: Final = ZoneInfo("Europe/Helsinki")

# Controls and noncharacters, which no HTML document may hold (HTML, 13.2.3.5).
_FORBIDDEN = re.compile(
    "[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x9f\\ufdd0-\\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)
_LINE_END = re.compile(r"\r\n|[\r\v]")

REFUSALS: Final = {
    Refusal.TOO_LARGE: msgid(
        "Your files were not taken: at most %(most)s files fit, %(each)s MB each and %(together)s MB together. "
        "You can send the rest in another message."
    ),
    Refusal.BUSY: msgid(
        "Your files were not taken: many files are arriving just now. "
        "Please send your message without files, or wait a minute and choose them again."
    ),
    Refusal.LATE: msgid(
        "Your files were not taken: it took too long until they arrived. Please send fewer or smaller files, or none."
    ),
    Refusal.CUT: msgid(
        "Your message was not sent: it took too long to arrive, and only a part of it is here. "
        "Please look at it, and send it again."
    ),
}


class RawField(Field):
    """The texts posted under one name, as they came; the definition says what they must be."""

    data: list[str]

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = list(valuelist)

    def process_data(self, _value: Any) -> None:
        self.data = []


class DefinedForm(FlaskForm):  # type: ignore[misc]
    """Base of the classes that `bind` makes from definitions."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Our token instead of a session."""

        csrf = True
        csrf_class = FormToken
        csrf_field_name = FIELD

        def get_translations(self, _form: Any) -> None:
            return None  # our texts are translated where they are shown


@dataclass
class Bound:
    """A form as posted (or empty): what the fields hold, what is wrong, and the valid answers once `validate` said so.

    `beside` are msgids of what is said beside rows, by their names.
    """

    definition: Form
    language: str
    wtform: DefinedForm
    context: TokenContext
    posted: Posted
    limits: FileLimits
    beside: Mapping[str, str]
    faults: tuple[Fault, ...] = ()
    answers: Answers | None = None

    @property
    def token(self) -> str:
        return str(self.wtform[FIELD].current_token)

    def posted_token(self) -> Token:
        return self.context.posted_token()

    def value(self, name: str) -> str:
        """What stands in a text field as a page can hold it: slide programs' line breaks as LF, what HTML forbids as U+FFFD."""
        return _FORBIDDEN.sub("\ufffd", _LINE_END.sub("\n", "\n".join(self.wtform[name].data)))

    def moment(self, name: str, kind: str) -> str | None:
        """A day or a time as its input takes it (ISO 8601); None if it cannot be read: the input would drop it unseen."""
        try:
            return answers.iso_date(self.value(name)) if kind == "date" else answers.iso_time(self.value(name))
        except ValueError:
            return None

    def holds_any(self, question: Question, rows: Sequence[Row]) -> bool:
        """Whether something stands in a field of `rows`, or is wrong there."""
        names = [question.input_of(row) for row in rows]
        return any(self.value(name) or self.fault(name) for name in names)

    def chosen(self, name: str, option: str) -> bool:
        return option in self.wtform[name].data

    @property
    def files_to_choose_again(self) -> tuple[str, ...]:
        """The files that came and cannot be put back into the form: browsers do not let a page choose files."""
        return tuple(File(name, b"").shown_name for name in self.posted.file_names)

    def fault(self, name: str) -> Fault | None:
        """What is wrong at the field `name`, if anything."""
        return next((fault for fault in self.faults if fault.field == name), None)

    def label(self, field: str) -> str:
        """What `field` is called: the label of its question, or the group of its row, a msgid; "" if it belongs to none."""
        asking = self.definition.questions
        groups = {question.input_of(row): row.group for question in asking for row in question.rows}
        return groups.get(field) or next((question.label for question in asking if field in question.places), "")

    def validate(self) -> bool:
        """Whether the form may be taken; fills `answers` or `faults`."""
        faults = [] if self.wtform.validate() else [Fault("", str(text)) for text in self.wtform[FIELD].errors]
        raw: Mapping[str, Sequence[str]] = {field.name: field.data for field in self.wtform if field.name != FIELD}
        try:
            self.answers = answers.read(self.definition, self.language, raw, today(), self.posted.files)
        except FaultyAnswersError as error:
            faults += error.faults
        if self.posted.refusal:
            of_files = self.posted.refusal is not Refusal.CUT
            field = next((q.name for q in self.definition.questions if of_files and q.kind is Kind.FILES), "")
            faults.append(Fault(field, REFUSALS[self.posted.refusal], self.limits.numbers()))
        self.faults = tuple(faults)
        return not faults


def today() -> datetime.date:
    """The day in Finland."""
    return datetime.datetime.now(FINLAND).date()


def bind(
    definition: Form,
    language: str,
    posted: Posted,
    keys: tuple[bytes, ...],
    limits: FileLimits,
    beside: Mapping[str, str] = MappingProxyType({}),
) -> Bound:
    """The form with what was posted; an empty `Posted` makes an empty form."""
    context = TokenContext(keys, definition.name, posted.text.get(FIELD, ""))
    form = _form_class(definition)(formdata=posted.text, meta={"csrf_context": context})
    return Bound(definition, language, form, context, posted, limits, beside)


@cache
def _form_class(definition: Form) -> type[DefinedForm]:
    fields = {name: RawField() for question in definition.questions for name in question.inputs}
    return type("PostedForm", (DefinedForm,), fields)
