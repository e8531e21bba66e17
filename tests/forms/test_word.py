"""A form as a Word document: its controls are the form's questions, in LibreOffice too, and right to left where that is so."""

import io
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from ihmiskauppa import contacts, languages, translations
from ihmiskauppa.forms import definition, paper, word
from ihmiskauppa.forms.definition import WINDOW_PARTS, Form, Kind, Question
from ihmiskauppa.settings import data_folder
from tests.machine import need

TONGUES = languages.load(data_folder("content") / "languages.toml")
TEXTS = translations.load(data_folder("translations"), TONGUES)
PEOPLE = contacts.load(data_folder("content") / "contacts.toml")
FORMS = {name: form for name, form in definition.load(data_folder("forms")).items() if form.file}
CHECK_BOX = "{http://schemas.microsoft.com/office/word/2010/wordml}checkbox"
EVERY = [(name, code) for name in FORMS for code in TONGUES]

assert FORMS


@cache
def made(name: str, code: str) -> bytes:
    return word.fillable(FORMS[name], TONGUES[code], TEXTS, PEOPLE, "https://site.example")


def controls(document: bytes) -> dict[str, tuple[str, str]]:
    """The controls of a document: by tag, the kind of each and its alias; in their order."""
    found: dict[str, tuple[str, str]] = {}
    for properties in docx.Document(io.BytesIO(document)).element.iter(qn("w:sdtPr")):
        tag = properties.find(qn("w:tag")).get(qn("w:val"))
        assert tag not in found
        found[tag] = (_kind(properties), properties.find(qn("w:alias")).get(qn("w:val")))
    return found


def _kind(properties: Any) -> str:
    if properties.find(CHECK_BOX) is not None:
        return "check box"
    for name in ("date", "dropDownList"):
        if properties.find(qn(f"w:{name}")) is not None:
            return name
    text = properties.find(qn("w:text"))
    return "text of lines" if text.get(qn("w:multiLine")) == "1" else "text"


def expected(form: Form) -> dict[str, str]:
    """What the controls of a form should be, from its definition alone."""
    return dict(entry for question in form.questions for entry in _expected(question))


def _expected(question: Question) -> Iterator[tuple[str, str]]:
    if question.kind is Kind.WINDOW:
        for part in WINDOW_PARTS:
            yield f"{question.name}_{part}", "date" if part.endswith("date") else "text"
    elif question.kind is Kind.LANGUAGE:
        yield question.name, "dropDownList"
    elif question.options:
        for option in question.options:
            yield f"{question.name}:{option.value}", "check box"
    elif question.kind is not Kind.FILES:
        yield question.name, "text of lines" if question.kind is Kind.LONG_TEXT else "text"


@pytest.mark.parametrize(("name", "code"), EVERY)
def test_every_question_has_its_control(name: str, code: str) -> None:
    """Each by its name, of the right kind; the alias says the label in the visitor's language."""
    form, found = FORMS[name], controls(made(name, code))
    assert {tag: kind for tag, (kind, _) in found.items()} == expected(form)
    for question in form.questions:
        if question.name in found:
            assert found[question.name][1] == TEXTS.gettext(code, question.label)[:200]


@pytest.mark.parametrize(("name", "code"), EVERY)
def test_all_is_said_in_both_languages(name: str, code: str) -> None:
    """Every label, note, warning and number stands there, and beneath it what the inbox's readers call it."""
    text = "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(made(name, code))).paragraphs)
    text = text.replace("\u2066", "").replace("\u2069", "").replace("\u00a0", " ")  # isolates around numbers, spaces within
    form = FORMS[name]
    said = [form.title, *(question.label for question in form.questions if question.kind is not Kind.FILES)]
    said += [option.label for q in form.questions if q.kind is not Kind.LANGUAGE for option in q.options]
    for message in said:
        assert TEXTS.gettext(code, message).replace("\u00a0", " ") in text
    for message in filter(None, form.texts[: -len(form.sent)]):
        shown = TEXTS.gettext(code, message).replace("\u00a0", " ")
        for contact in PEOPLE.values():
            shown = shown.replace(f"{{contact:{contact.name}}}", contact.shown)
        assert shown in text
    assert PEOPLE[contacts.HOTLINE].shown in text
    assert form.version in text
    if TONGUES[code].ordinary != "fi":
        for question in form.questions:
            assert question.kind is Kind.FILES or question.staff in text


@pytest.mark.parametrize("name", FORMS)
def test_right_to_left_is_marked(name: str) -> None:
    """In Arabic every paragraph runs from the right, but the English beneath what matters for safety; in Finnish none does."""
    for code in ("ar", "fi"):
        everything = docx.Document(io.BytesIO(made(name, code))).paragraphs
        paragraphs = [one for one in everything if _language(one) != paper.SOURCE_LANGUAGE]
        assert (len(everything) > len(paragraphs)) == (code == "ar")
        marked = [paragraph for paragraph in paragraphs if paragraph._p.get_or_add_pPr().find(qn("w:bidi")) is not None]
        assert len(marked) == (len(paragraphs) if code == "ar" else 0)


def _language(paragraph: Paragraph) -> str:
    """The language that all of it is marked with; "" for the document's."""
    marks = [run._r.find(f"{qn('w:rPr')}/{qn('w:lang')}") for run in paragraph.runs]
    found = {"" if mark is None else mark.get(qn("w:val")) for mark in marks}
    return found.pop() if len(found) == 1 else ""


@pytest.mark.parametrize("code", TONGUES)
def test_what_matters_for_safety_has_its_source_beneath(code: str) -> None:
    """Under a translation that no person has checked, the English of what tells of police, consent or readers (promise 11)."""
    for name, form in FORMS.items():
        paragraphs = docx.Document(io.BytesIO(made(name, code))).paragraphs
        english = {one.text for one in paragraphs if _language(one) == paper.SOURCE_LANGUAGE}
        notes = [note for notes in (form.notes, *(section.notes for section in form.sections)) for note in notes]
        critical = [note.text for note in notes if note.safety_critical]
        critical += [q.label for q in form.questions if q.safety_critical and q.kind is not Kind.FILES]
        critical += [option.text for q in form.questions for option in q.options if option.safety_critical]
        expected = {paper.source_of(text, TONGUES[code], PEOPLE) for text in critical} - {""}
        assert expected <= english
        assert bool(english) == (TONGUES[code].ordinary not in {"en", "fi"})


def test_the_same_form_gives_the_same_bytes() -> None:
    """A file kept by its content is not made anew as another."""
    first = made("concern", "fi")
    assert word.fillable(FORMS["concern"], TONGUES["fi"], TEXTS, PEOPLE, "https://site.example") == first


def test_replaced_versions_are_named() -> None:
    """Whoever holds an old file can see that this one stands in its place."""
    form = replace(FORMS["concern"], replaces=("2019-01-01",))
    document = docx.Document(io.BytesIO(word.fillable(form, TONGUES["en"], TEXTS, PEOPLE, "")))
    assert any("2019-01-01" in paragraph.text for paragraph in document.paragraphs)


@pytest.mark.parametrize("code", ["fi", "ar"])
def test_libreoffice_opens_it_and_keeps_its_controls(code: str, tmp_path: Path) -> None:
    """Opened and saved again by another program, every control is still there, with what was written in it."""
    office = need("soffice")
    written = "بيت آمن บ้าน 🏠"
    document = docx.Document(io.BytesIO(made("referral", code)))
    for control in document.element.iter(qn("w:sdt")):
        if control.find(f"{qn('w:sdtPr')}/{qn('w:tag')}").get(qn("w:val")) == "story":
            next(control.iter(qn("w:t"))).text = written
            placeholder = control.find(f"{qn('w:sdtPr')}/{qn('w:showingPlcHdr')}")
            placeholder.getparent().remove(placeholder)
    document.save(str(tmp_path / "filled.docx"))
    to_word = ("--headless", "--convert-to", "docx:MS Word 2007 XML", "--outdir", str(tmp_path / "saved"))
    subprocess.run(
        [office, f"-env:UserInstallation=file://{tmp_path / 'profile'}", *to_word, str(tmp_path / "filled.docx")],
        check=True,
        capture_output=True,
        timeout=120,
    )
    saved = (tmp_path / "saved/filled.docx").read_bytes()
    # LibreOffice 7.4 keeps no tags, and no aliases but those of texts.
    properties = list(docx.Document(io.BytesIO(saved)).element.iter(qn("w:sdtPr")))
    aliases = {found.get(qn("w:val")) for one in properties if (found := one.find(qn("w:alias"))) is not None}
    before = list(controls(made("referral", code)).values())
    assert {alias for kind, alias in before if kind.startswith("text")} <= aliases
    for kind, element in (("check box", CHECK_BOX), ("date", qn("w:date")), ("dropDownList", qn("w:dropDownList"))):
        assert sum(one.find(element) is not None for one in properties) == [found for found, _ in before].count(kind)
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        assert written in archive.read("word/document.xml").decode()


@pytest.mark.parametrize(("name", "code"), EVERY)
def test_no_frame_is_cut_by_a_page(name: str, code: str) -> None:
    """Room to write in stands on one page; so does all that is framed."""
    paragraphs = docx.Document(io.BytesIO(made(name, code))).element.iter(qn("w:pPr"))
    framed = [each for each in paragraphs if each.find(qn("w:pBdr")) is not None]
    assert framed
    assert all(each.find(qn("w:keepLines")) is not None for each in framed)
