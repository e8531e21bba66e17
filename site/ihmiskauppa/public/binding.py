"""A form's definition as a Flask-WTF form: the posted fields, the token, and the faults by field."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field

from ihmiskauppa.forms import answers
from ihmiskauppa.forms.answers import Answers, Fault, FaultyAnswersError
from ihmiskauppa.forms.definition import Form
from ihmiskauppa.public.form_token import FIELD, FormToken, Token, TokenContext

FINLAND: Final = ZoneInfo("Europe/Helsinki")


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
    """A form as posted (or empty): what the fields hold, what is wrong, and the valid answers once `validate` said so."""

    definition: Form
    language: str
    wtform: DefinedForm
    context: TokenContext
    faults: tuple[Fault, ...] = ()
    answers: Answers | None = None

    @property
    def token(self) -> str:
        return str(self.wtform[FIELD].current_token)

    def posted_token(self) -> Token:
        return self.context.posted_token()

    def value(self, name: str) -> str:
        """What stands in a text field."""
        return "\n".join(self.wtform[name].data)

    def chosen(self, name: str, option: str) -> bool:
        return option in self.wtform[name].data

    def fault(self, name: str) -> Fault | None:
        """What is wrong at the field `name`, if anything."""
        return next((fault for fault in self.faults if fault.field == name), None)

    def validate(self) -> bool:
        """Whether the form may be taken; fills `answers` or `faults`."""
        faults = [] if self.wtform.validate() else [Fault("", str(text), {}) for text in self.wtform[FIELD].errors]
        raw: Mapping[str, Sequence[str]] = {field.name: field.data for field in self.wtform if field.name != FIELD}
        today = datetime.datetime.now(FINLAND).date()
        try:
            self.answers = answers.read(self.definition, self.language, raw, today)
        except FaultyAnswersError as error:
            faults += error.faults
        self.faults = tuple(faults)
        return not faults


def bind(definition: Form, language: str, posted: MultiDict[str, str] | None, keys: tuple[bytes, ...]) -> Bound:
    """The form with what was posted, or empty with None."""
    context = TokenContext(keys, definition.name, posted.get(FIELD, "") if posted is not None else "")
    form = _form_class(definition)(formdata=posted, meta={"csrf_context": context})
    return Bound(definition, language, form, context)


@cache
def _form_class(definition: Form) -> type[DefinedForm]:
    fields = {name: RawField() for question in definition.questions for name in question.inputs}
    return type("PostedForm", (DefinedForm,), fields)
