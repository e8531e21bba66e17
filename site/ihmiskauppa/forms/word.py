"""A form as a Word document with content controls (ECMA-376, 17.5.2): alias = label, tag = name of the field.

A choice is a check box an option, tagged `name:value`; the parts of a window have their inputs' names. Beneath each label
stands the Finnish one of the people who read the inbox.
"""

import datetime
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from ihmiskauppa.contacts import Contacts
from ihmiskauppa.forms import paper
from ihmiskauppa.forms.definition import LONG_LIMIT, Form, Kind, Note, Option, Question
from ihmiskauppa.forms.spoken import OTHER
from ihmiskauppa.languages import Language
from ihmiskauppa.translations import Translations, msgid

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

WRITE_HERE: Final = msgid("Write here")
CHOOSE_LANGUAGE: Final = msgid("Choose a language")

_W14: Final = "http://schemas.microsoft.com/office/word/2010/wordml"
_BRAND: Final = "0B4F54"
_QUIET: Final = "4A5A5C"
_DANGER: Final = "8A2A00"
_SMALL: Final = 9  # points
_LONG_LINES: Final = 6
_INDENT: Final = 0.8  # cm, of what stands under an answer
_AFTER_BIDI: Final = ("adjustRightInd", "snapToGrid", "spacing", "ind", "contextualSpacing", "mirrorIndents", "jc", "rPr")
_AFTER_LANG: Final = ("eastAsianLayout", "specVanish", "oMath")
# What stands after each element that we place, by the schema (ECMA-376, 17.3).
_FOLLOWING: Final = {
    "pBdr": ("shd", "tabs", "suppressAutoHyphens", "bidi", *_AFTER_BIDI),
    "bidi": _AFTER_BIDI,
    "szCs": ("highlight", "u", "effect", "bdr", "shd", "fitText", "vertAlign", "rtl", "cs", "em", "lang", *_AFTER_LANG),
    "rtl": ("cs", "em", "lang", *_AFTER_LANG),
    "lang": _AFTER_LANG,
}
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # that a ZIP file can tell


def fillable(form: Form, language: Language, texts: Translations, people: Contacts, site: str) -> bytes:
    """The Word document; the same form and texts give the same bytes."""
    import docx  # only `forms build` needs it, not the web process

    writer = _Writer(docx.Document(), form, language, texts, people)
    writer.write(site)
    made = io.BytesIO()
    writer.document.save(made)
    return _without_times(made.getvalue())


def _without_times(archive: bytes) -> bytes:
    """The same ZIP archive, its entries without the moment they were made."""
    rewritten = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(rewritten, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, _EARLIEST), old.read(name), zipfile.ZIP_DEFLATED)
    return rewritten.getvalue()


@dataclass
class _Writer:
    """Writes one form into one document, from its head to its end."""

    document: "Document"
    form: Form
    language: Language
    texts: Translations
    people: Contacts
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    def text(self, message: str) -> str:
        return paper.shown(message, self.language, self.texts, self.people)

    def write(self, site: str) -> None:
        from docx.shared import Cm

        self._properties()
        self._styles()
        for sheet in self.document.sections:
            sheet.page_width, sheet.page_height = Cm(21), Cm(29.7)
            sheet.left_margin = sheet.right_margin = Cm(2)
            sheet.top_margin = sheet.bottom_margin = Cm(1.8)
        self._paragraph(self.text(self.form.title), style="Title")
        self._paragraph(self.text(self.form.summary))
        self._paragraph(" · ".join(paper.version_lines(self.form, self.language, self.texts)), small=True)
        self._notes(self.form.notes)
        for section in self.form.sections:
            if section.title:
                heading = self._paragraph(self.text(section.title), style="Heading 1")
                self._staff(heading, section.staff)
            self._notes(section.notes)
            for question in section.shown_always:
                self._question(question)
        self._paragraph(self.text(paper.RETURN), style="Heading 1")
        address = f" {site}/{self.language.code}/{self.form.id}/" if site else ""
        for line in paper.how_to_return():
            self._paragraph(self.text(line) + (address if line == paper.RETURN_ONLINE else ""), style="List Bullet")

    def _notes(self, notes: Iterable[Note]) -> None:
        for note in notes:
            self._paragraph(self.text(note.text))
            if note.safety_critical:
                self._source(note.text)

    def _source(self, message: str, deep: int = 0) -> None:
        """The text that a safety-critical one was made from, small beneath it, if it needs that."""
        source = paper.source_of(message, self.language, self.people)
        if not source:
            return
        paragraph = self._paragraph(source, small=True, deep=deep, language=paper.SOURCE_LANGUAGE)
        paragraph.paragraph_format.keep_with_next = True

    def _properties(self) -> None:
        properties = self.document.core_properties
        properties.title = self.text(self.form.title)
        properties.author = self.text(msgid("Assistance system for victims of human trafficking"))
        properties.language = self.language.code
        properties.version = self.form.version
        properties.comments = ""
        made = datetime.datetime.combine(datetime.date.fromisoformat(self.form.version), datetime.time(), datetime.UTC)
        properties.created = properties.modified = made

    def _styles(self) -> None:
        from docx.shared import Pt, RGBColor

        styles = self.document.styles
        for name, size in (("Normal", 11), ("Title", 22), ("Heading 1", 15), ("Heading 2", 12)):
            style: Any = styles[name]
            style.font.size = Pt(size)
            style.font.name = "Calibri"
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for key in [key for key in fonts.attrib if key.endswith("Theme")]:
                del fonts.attrib[key]
            for script in ("hAnsi", "cs"):
                fonts.set(_w(script), "Calibri" if script == "hAnsi" else "Arial")
            _place(style.element.get_or_add_rPr(), _element("w:szCs", val=str(size * 2)))
            if name != "Normal":
                style.font.color.rgb = RGBColor.from_string(_BRAND)
        lang = _element("w:lang", val=self.language.code, bidi=self.language.code)
        _place(styles["Normal"].element.get_or_add_rPr(), lang)

    def _paragraph(
        self, text: str = "", *, style: str = "Normal", small: bool = False, deep: int = 0, color: str = "", language: str = ""
    ) -> "Paragraph":
        """A paragraph of text; in another `language` than the document's, from left to right."""
        from docx.shared import Cm, Pt, RGBColor

        paragraph = self.document.add_paragraph(style=style)
        paragraph.paragraph_format.space_after = Pt(4)
        if deep:
            paragraph.paragraph_format.left_indent = Cm(_INDENT * deep)
        if self.language.direction == "rtl" and not language:
            _place(paragraph._p.get_or_add_pPr(), _element("w:bidi"))
        if text:
            run = paragraph.add_run(text)
            if language:
                _place(run._r.get_or_add_rPr(), _element("w:lang", val=language))
            else:
                self._rtl(run)
            if small:
                run.font.size = Pt(_SMALL)
                run.font.color.rgb = RGBColor.from_string(_QUIET)
            if color:
                run.font.color.rgb = RGBColor.from_string(color)
        return paragraph

    def _rtl(self, run: Any) -> None:
        if self.language.direction == "rtl":
            _place(run._r.get_or_add_rPr(), _element("w:rtl"))

    def _staff(self, paragraph: "Paragraph", label: str) -> None:
        """The inbox's Finnish label, small, on a line of its own under another."""
        from docx.shared import Pt, RGBColor

        if self.language.ordinary == paper.STAFF_LANGUAGE or not label:
            return
        paragraph.add_run().add_break()
        run = paragraph.add_run(label)
        run.font.size, run.font.bold = Pt(_SMALL), False
        run.font.color.rgb = RGBColor.from_string(_QUIET)
        _place(run._r.get_or_add_rPr(), _element("w:lang", val=paper.STAFF_LANGUAGE))

    def _question(self, question: Question, deep: int = 0) -> None:
        if question.kind is Kind.FILES:
            return
        if question.after is not None:
            above = self.form.question(question.after.question)
            answer = next(option for option in above.options if option.value == question.after.answer)
            condition = self.text(paper.ONLY_IF) % {"answer": self.text(answer.label)}
            self._paragraph(condition, small=True, deep=deep).paragraph_format.keep_with_next = True
        label = self._paragraph(self.text(question.label), style="Heading 2", deep=deep)
        self._staff(label, question.staff)
        notes = [paper.REQUIRED if question.required else "", question.hint]
        if question.options and question.kind is not Kind.LANGUAGE:
            notes.append(paper.CHOOSE_MANY if question.kind is Kind.MANY_OF else paper.CHOOSE_ONE)
        for note in filter(None, notes):
            self._paragraph(self.text(note), small=True, deep=deep).paragraph_format.keep_with_next = True
        for text in filter(None, (question.label, question.hint) if question.safety_critical else ()):
            self._source(text, deep)
        if question.kind is Kind.WINDOW:
            self._window(question, deep)
        elif question.kind is Kind.LANGUAGE:
            self._languages(question, deep)
        elif question.options:
            for option in question.options:
                self._option(question, option, deep)
            return
        else:
            self._field(question.name, self.text(question.label), deep, long=question.limit >= LONG_LIMIT // 4)
        for option in question.options:
            self._under(question, option, deep)

    def _option(self, question: Question, option: Option, deep: int) -> None:
        paragraph = self._paragraph(deep=deep)
        label = self.text(option.label)
        checkbox = _element("w14:checkbox")
        checkbox.append(_element("w14:checked", val="0"))
        for state, glyph in (("checkedState", "2612"), ("uncheckedState", "2610")):
            checkbox.append(_element(f"w14:{state}", val=glyph, font="MS Gothic"))
        box = self._control(f"{question.name}:{option.value}", f"{self.text(question.label)}: {label}", checkbox)
        run = _element("w:r")
        properties = _element("w:rPr")
        properties.append(_element("w:rFonts", ascii="MS Gothic", eastAsia="MS Gothic", hAnsi="MS Gothic"))
        run.append(properties)
        run.append(_words("\u2610"))
        box.append(run)
        paragraph._p.append(box.getparent())
        self._rtl(paragraph.add_run(f" {label}"))
        if self.language.ordinary != paper.STAFF_LANGUAGE and option.staff not in {label, option.value}:
            from docx.shared import Pt, RGBColor

            staff = paragraph.add_run(f"  {option.staff}")
            staff.font.size, staff.font.color.rgb = Pt(_SMALL), RGBColor.from_string(_QUIET)
            _place(staff._r.get_or_add_rPr(), _element("w:lang", val=paper.STAFF_LANGUAGE))
        if option.text:
            self._paragraph(self.text(option.text), deep=deep + 1, color=_DANGER)
        if option.safety_critical:
            self._source(option.text, deep + 1)
        self._under(question, option, deep)

    def _under(self, question: Question, option: Option, deep: int) -> None:
        for below in self.form.under(question.name, option.value):
            self._question(below, deep + 1)

    def _window(self, question: Question, deep: int) -> None:
        for name, message in zip(question.inputs, paper.WINDOW_LABELS, strict=True):
            label = self.text(message)
            self._paragraph(label, deep=deep).paragraph_format.keep_with_next = True
            self._field(name, label, deep, date=name.endswith("_date"))

    def _languages(self, question: Question, deep: int) -> None:
        choice = _element("w:dropDownList")
        for option in question.options:
            shown = self.text(option.label) if option.value == OTHER else option.label
            choice.append(_element("w:listItem", displayText=shown, value=option.value))
        self._placed(question.name, self.text(question.label), choice, self.text(CHOOSE_LANGUAGE), deep)

    def _field(self, name: str, label: str, deep: int, *, long: bool = False, date: bool = False) -> None:
        kind = _element("w:date") if date else _element("w:text", **({"multiLine": "1"} if long else {}))
        if date:
            kind.append(_element("w:dateFormat", val="d.M.yyyy"))
            kind.append(_element("w:lid", val="fi-FI"))
        self._placed(name, label, kind, self.text(WRITE_HERE), deep, lines=_LONG_LINES if long else 1)

    def _placed(self, tag: str, alias: str, kind: Any, placeholder: str, deep: int, lines: int = 1) -> None:
        """A control in a framed paragraph of its own, showing what to do until something is written."""
        paragraph = self._paragraph(deep=deep)
        paragraph.paragraph_format.keep_together = True
        borders = _element("w:pBdr")
        for side in ("top", "left", "bottom", "right"):
            borders.append(_element(f"w:{side}", val="single", sz="6", space="4", color="7A8B8D"))
        _place(paragraph._p.get_or_add_pPr(), borders)
        content = self._control(tag, alias, kind, placeholder=True)
        run = _element("w:r")
        look = _element("w:rPr")
        look.append(_element("w:color", val=_QUIET))
        if self.language.direction == "rtl":
            look.append(_element("w:rtl"))
        run.append(look)
        run.append(_words(placeholder))
        for _ in range(lines - 1):  # room to write by hand
            run.append(_element("w:br"))
        content.append(run)
        paragraph._p.append(content.getparent())

    def _control(self, tag: str, alias: str, kind: Any, *, placeholder: bool = False) -> Any:
        """The content of a new control; its parent is the control."""
        control, properties, content = _element("w:sdt"), _element("w:sdtPr"), _element("w:sdtContent")
        properties.append(_element("w:alias", val=alias[:200]))
        properties.append(_element("w:tag", val=tag))
        properties.append(_element("w:id", val=str(next(self.ids))))
        properties.append(_element("w:lock", val="sdtLocked"))
        if placeholder:
            properties.append(_element("w:showingPlcHdr"))
        properties.append(kind)
        control.append(properties)
        control.append(content)
        return content


def _place(properties: Any, element: Any) -> None:
    """Put `element` among the properties where the schema wants it: Word refuses another order."""
    following = _FOLLOWING[element.tag.rpartition("}")[2]]
    for old in properties.findall(element.tag):
        properties.remove(old)
    properties.insert_element_before(element, *(f"w:{name}" for name in following))


def _w(name: str) -> str:
    from docx.oxml.ns import qn

    return str(qn(f"w:{name}"))


def _element(name: str, **attributes: str) -> Any:
    """An element of WordprocessingML (or its extension of 2010) with attributes of the same namespace."""
    from docx.oxml import OxmlElement
    from lxml import etree

    prefix, _, local = name.partition(":")
    if prefix == "w14":
        made: Any = etree.Element(f"{{{_W14}}}{local}", nsmap={"w14": _W14})
        for key, value in attributes.items():
            made.set(f"{{{_W14}}}{key}", value)
        return made
    made = OxmlElement(name)
    for key, value in attributes.items():
        made.set(_w(key), value)
    return made


def _words(text: str) -> Any:
    words = _element("w:t")
    words.text = text
    words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return words
