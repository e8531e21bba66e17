"""A form as a fillable, tagged PDF (PDF/UA-1, ISO 14289-1).

WeasyPrint lays it out; `acroform` and `marked_text` mend what it leaves wrong. The fields are named as the inputs of the web
form; a choice among several is a field an option, `name:value`, and a language is written in words. Beneath each label stands
the Finnish one of the people who read the inbox.
"""

import datetime
import io
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ihmiskauppa.contacts import Contacts
from ihmiskauppa.forms import acroform, field_font, marked_text, paper
from ihmiskauppa.forms.definition import LONG_LIMIT, Form, Kind, Question
from ihmiskauppa.languages import Language
from ihmiskauppa.settings import data_folder
from ihmiskauppa.translations import Translations, msgid

if TYPE_CHECKING:
    from weasyprint import Document

PUBLISHER: Final = msgid("Assistance system for victims of human trafficking")
# The families of `site/fonts`, in the order in which a glyph is looked for.
_FONTS: Final = (
    "Noto Sans",
    *(f"Noto Sans {script}" for script in ("Arabic", "Thai", "Ethiopic", "Devanagari", "Bengali", "SC")),
)
_OWN_FONTS: Final = {"ur": "Noto Nastaliq Urdu"}  # before all others: Urdu is not read in the letters of Arabic

TEMPLATES: Final = Path(__file__).parent.parent / "templates" / "documents"
_FONTCONFIG: Final = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>"""


class DocumentError(Exception):
    """A PDF could not be made as it must be; the message says why."""


def fillable(form: Form, language: Language, texts: Translations, people: Contacts, site: str) -> bytes:
    """The PDF; the same form and texts give the same bytes. Raises `DocumentError`."""
    import pikepdf  # only `forms build` needs these libraries, not the web process

    said = _Said(form, language, texts, people, site)
    with our_fonts_only() as folder, no_missing_glyph():
        controls = folder / "field.ttf"
        controls.write_bytes(field_font.make(language))
        laid_out = _lay_out(said, controls)
        raw = laid_out.write_pdf(pdf_variant="pdf/ua-1", pdf_forms=True, pdf_identifier=form.file.encode())
    with pikepdf.open(io.BytesIO(raw)) as pdf:
        acroform.mend(pdf, said.names, rtl=language.direction == "rtl")
        marked_text.mend(pdf, [list(marked_text.runs(page)) for page in laid_out.pages], rtl=language.direction == "rtl")
        made = io.BytesIO()
        pdf.save(made, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return made.getvalue()


def _lay_out(said: "_Said", controls: Path) -> "Document":
    import weasyprint

    html = _environment().get_template("form.html").render(said=said, paper=paper, controls=controls.as_uri())
    return weasyprint.HTML(string=html, base_url=str(TEMPLATES)).render(pdf_variant="pdf/ua-1", pdf_forms=True)


def _environment() -> Environment:
    loader = FileSystemLoader(TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def families(language: Language) -> tuple[str, ...]:
    """The families of `site/fonts` for a language, in the order in which a glyph is looked for."""
    own = _OWN_FONTS.get(language.ordinary)
    return (own, *_FONTS) if own else _FONTS


@contextmanager
def our_fonts_only() -> Iterator[Path]:
    """The same result on every machine: no font of the system's. Gives a folder for files that live as long."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        configuration = folder / "fonts.conf"
        configuration.write_text(_FONTCONFIG.format(fonts=data_folder("fonts"), cache=folder / "cache"), encoding="utf-8")
        before = os.environ.get("FONTCONFIG_FILE")
        os.environ["FONTCONFIG_FILE"] = str(configuration)
        try:
            yield folder
        finally:
            del os.environ["FONTCONFIG_FILE"]
            if before is not None:
                os.environ["FONTCONFIG_FILE"] = before


@contextmanager
def no_missing_glyph() -> Iterator[None]:
    """Anything that WeasyPrint warns of (a box in place of a letter, above all) stops the building."""
    found: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
    if found:
        raise DocumentError("; ".join(sorted(set(found))))


@dataclass(frozen=True)
class _Said:
    """What the template shows: the form's texts in the visitor's language, contacts in their places."""

    form: Form
    language: Language
    texts: Translations
    people: Contacts
    site: str

    def text(self, message: str) -> str:
        return paper.shown(message, self.language, self.texts, self.people)

    def source(self, message: str) -> str:
        return paper.source_of(message, self.language, self.people)

    def staff(self, label: str) -> Markup:
        """The inbox's Finnish label, beneath the visitor's."""
        if self.language.ordinary == paper.STAFF_LANGUAGE or not label:
            return Markup()
        return Markup('<span class="staff" lang="{}">{}</span>').format(paper.STAFF_LANGUAGE, label)

    def only_if(self, question: Question) -> str:
        """Under which answer a question is to be answered."""
        assert question.after is not None  # noqa: S101 - asked of such questions only
        above = self.form.question(question.after.question)
        answer = next(option for option in above.options if option.value == question.after.answer)
        return self.text(paper.ONLY_IF) % {"answer": self.text(answer.label)}

    def has_more(self, question: Question) -> bool:
        """Whether questions stand under its answers."""
        return any(self.form.under(question.name, option.value) for option in question.options)

    def is_long(self, question: Question) -> bool:
        return question.limit >= LONG_LIMIT // 4

    @property
    def version_lines(self) -> tuple[str, ...]:
        return tuple(paper.version_lines(self.form, self.language, self.texts))

    @property
    def address(self) -> str:
        return f"{self.site}/{self.language.code}/{self.form.id}/" if self.site else ""

    @property
    def families(self) -> tuple[str, ...]:
        return families(self.language)

    @property
    def publisher(self) -> str:
        return self.text(PUBLISHER)

    @property
    def day(self) -> datetime.date:
        return datetime.date.fromisoformat(self.form.version)

    @cached_property
    def names(self) -> dict[str, acroform.Name]:
        """By the name of a field: what a screen reader says there, and whether it must be answered."""
        return dict(entry for question in self.form.questions for entry in self._names(question))

    def _names(self, question: Question) -> Iterator[tuple[str, acroform.Name]]:
        label = self.text(question.label)
        if question.kind is Kind.WINDOW:
            for name, part in zip(question.inputs, paper.WINDOW_LABELS, strict=True):
                yield name, acroform.Name(f"{label}: {self.text(part)}", question.required)
        elif question.kind is Kind.MANY_OF:
            for option in question.options:
                yield f"{question.name}:{option.value}", acroform.Name(f"{label}: {self.text(option.label)}", question.required)
        elif question.kind is not Kind.FILES:
            chosen = (
                {} if question.kind is Kind.LANGUAGE else {o.value: f"{label}: {self.text(o.label)}" for o in question.options}
            )
            yield question.name, acroform.Name(label, question.required, chosen)
