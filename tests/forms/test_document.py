"""A form as a fillable PDF: tagged, named, readable, of bounded size, and the same as the form's definition."""

import io
import re
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import page
import pikepdf
import pytest

from ihmiskauppa import contacts, languages, translations
from ihmiskauppa.forms import acroform, definition, document, marked_text, paper
from ihmiskauppa.forms.definition import Form, Kind, Question
from ihmiskauppa.forms.document import DocumentError
from ihmiskauppa.settings import data_folder
from tests import verapdf
from tests.machine import need

TONGUES = languages.load(data_folder("content") / "languages.toml")
TEXTS = translations.load(data_folder("translations"), TONGUES)
PEOPLE = contacts.load(data_folder("content") / "contacts.toml")
FORMS = {name: form for name, form in definition.load(data_folder("forms")).items() if form.file}
EVERY = [(name, code) for name in FORMS for code in TONGUES]
LARGEST = 150_000  # bytes
# Where each character has its outline, or each letter a shape for each neighbour, a form of ten pages weighs more.
LARGEST_OF = {"zh-Hans": 200_000, "ur": 175_000}
RADIO, MULTILINE = 1 << 15, 1 << 12  # of /Ff

assert FORMS


@cache
def made(name: str, code: str) -> bytes:
    return document.fillable(FORMS[name], TONGUES[code], TEXTS, PEOPLE, "https://site.example")


def fresh(name: str, code: str) -> Any:
    """The PDF opened, for a test that changes it."""
    return pikepdf.open(io.BytesIO(made(name, code)))


opened = cache(fresh)


def validated(pdf: bytes, folder: Path) -> Any:
    path = folder / "form.pdf"
    path.write_bytes(pdf)
    return page.validate_pdf(str(path), profile=page.ValidationProfile.PDF_UA_1)


def expected(form: Form) -> list[str]:
    """The names of the fields of a form, in their order, from its definition alone."""
    return [name for question in form.questions for name in _expected(form, question)]


def _expected(form: Form, question: Question) -> Iterator[str]:
    if question.kind is Kind.MANY_OF:
        yield from (f"{question.name}:{option.value}" for option in question.options)
    elif question.after is not None and form.question(question.after.question).kind is Kind.LANGUAGE:
        return  # a language is written in words
    elif question.kind is not Kind.FILES:
        yield from question.inputs


@pytest.mark.parametrize(("name", "code"), EVERY)
def test_it_is_pdf_ua(name: str, code: str, tmp_path: Path) -> None:
    """No failure in any rule, and no larger than a phone likes."""
    report = validated(made(name, code), tmp_path)
    assert "0 failed" in str(report)
    assert "no failures" in str(report)
    assert len(made(name, code)) < LARGEST_OF.get(code, LARGEST)


def test_verapdf_finds_nothing(tmp_path: Path) -> None:
    """Nor does veraPDF's engine, in any form and language; in the same file without its language it does."""
    paths = {}
    for name, code in EVERY:
        paths[name, code] = tmp_path / f"{name}-{code}.pdf"
        paths[name, code].write_bytes(made(name, code))
    bad = tmp_path / "bad.pdf"
    spoilt = fresh("concern", "en")
    del spoilt.Root.Lang
    spoilt.save(bad)
    found = verapdf.faults([*paths.values(), bad])
    assert {key: found[path] for key, path in paths.items() if found[path]} == {}
    assert any(fault.startswith("7.2-") for fault in found[bad])


def test_the_validator_finds_faults(tmp_path: Path) -> None:
    """The same file without its language, or with a picture of no name, is found: silence means something."""
    pdf = fresh("concern", "en")
    del pdf.Root.Lang
    saved = io.BytesIO()
    pdf.save(saved)
    assert "Result: failed" in str(validated(saved.getvalue(), tmp_path))


@pytest.mark.parametrize(("name", "code"), EVERY)
def test_every_field_has_its_name(name: str, code: str) -> None:
    """The fields are the definition's, in its order; each says its label, a radio button also its question."""
    form = FORMS[name]

    def said(text: str) -> str:
        return TEXTS.gettext(code, text)

    fields = {str(field.T): field for field in opened(name, code).Root.AcroForm.Fields}
    assert list(fields) == expected(form)
    for question in form.questions:
        if question.kind is Kind.MANY_OF:
            for option in question.options:
                assert str(fields[f"{question.name}:{option.value}"].TU) == f"{said(question.label)}: {said(option.label)}"
        elif question.kind is Kind.WINDOW:
            assert all(str(fields[part].TU).startswith(f"{said(question.label)}: ") for part in question.inputs)
        elif question.name in fields:
            field = fields[question.name]
            assert str(field.TU) == said(question.label)
            assert bool(int(field.get("/Ff", 0)) & acroform.REQUIRED) == question.required
            if question.options and question.kind is not Kind.LANGUAGE:
                assert int(field.Ff) & RADIO
                assert [str(value) for value in field.Opt] == [option.value for option in question.options]
                labels = [f"{said(question.label)}: {said(option.label)}" for option in question.options]
                assert [str(kid.TU) for kid in field.Kids] == labels
                assert all("/T" not in kid for kid in field.Kids)
                states = [next(state for state in kid.AP.N if state != "/Off") for kid in field.Kids]
                assert states == [f"/{place}" for place in range(len(states))]
            elif question.kind is Kind.LONG_TEXT:
                assert int(field.Ff) & MULTILINE


@pytest.mark.parametrize(("name", "code"), EVERY)
def test_title_language_and_order(name: str, code: str) -> None:
    """Title and language are the visitor's; the tab order follows the structure; no viewer is asked to draw the fields anew."""
    pdf = opened(name, code)
    assert str(pdf.docinfo["/Title"]) == TEXTS.gettext(code, FORMS[name].title)
    assert str(pdf.Root.Lang) == code
    assert "/NeedAppearances" not in pdf.Root.AcroForm
    order = [str(one.get("/T") or one.Parent.T) for sheet in pdf.pages for one in sheet.get("/Annots", [])]
    assert list(dict.fromkeys(order)) == expected(FORMS[name])
    for sheet in pdf.pages:
        assert str(sheet.Tabs) == "/S" or "/Annots" not in sheet
        for annotation in sheet.get("/Annots", []):
            assert int(annotation.F) & acroform.PRINT


def elements(node: Any) -> Iterator[Any]:
    """The structure elements under one, in reading order."""
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from elements(kid)


@pytest.mark.parametrize(("name", "code"), EVERY)
def test_a_screen_reader_gets_the_words(name: str, code: str) -> None:
    """What it is given in the structure, read in order, holds every text of the form, and Finnish labels as Finnish."""
    runs = [one for one in elements(opened(name, code).Root.StructTreeRoot) if "/ActualText" in one]
    spoken = "".join("".join(str(one.ActualText) for one in runs).split())
    form = FORMS[name]
    labels = [question.label for question in form.questions if list(_expected(form, question))]
    for message in (form.title, *filter(None, form.texts[: -len(form.sent)]), *labels):
        text = TEXTS.gettext(code, message)
        for contact in PEOPLE.values():
            text = text.replace(f"{{contact:{contact.name}}}", contact.shown)
        assert "".join(text.split()) in spoken, message
    finnish = {str(one.ActualText) for one in runs if str(one.get("/Lang", "")) == "fi"}
    assert any(question.staff in finnish for question in form.questions) == (TONGUES[code].ordinary != "fi")


@pytest.mark.parametrize("code", ["fi", "en"])
def test_the_words_are_those_of_the_glyphs(code: str) -> None:
    """Where glyphs can be read one by one, the marked words are the same: no run has got another's text."""
    pdf = opened("referral", code)
    for sheet in pdf.pages:
        letters = {name: _letters(font) for name, font in sheet.Resources.Font.items()}
        marked, font, shown = None, "", ""
        for instruction in pikepdf.parse_content_stream(sheet):
            operator = str(instruction.operator)
            if operator == "BDC" and "/MCID" in instruction.operands[1]:
                marked, shown = str(instruction.operands[1].ActualText), ""
            elif operator == "Tf":
                font = str(instruction.operands[0])
            elif operator in {"TJ", "Tj"}:
                for part in instruction.operands[0]:
                    if isinstance(part, pikepdf.String):
                        codes = bytes(part).hex()
                        shown += "".join(letters[font].get(codes[at : at + 4], "") for at in range(0, len(codes), 4))
            elif operator == "EMC" and marked is not None:
                assert "".join(shown.split()) == "".join(marked.split())
                marked = None


def _letters(font: Any) -> dict[str, str]:
    pairs = re.findall(r"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]+)>", font.ToUnicode.read_bytes().decode())
    return {glyph.lower(): bytes.fromhex(code).decode("utf-16-be") for glyph, code in pairs}


@pytest.mark.parametrize("code", ["en", "ar"])
def test_feet_of_pages_are_no_words(code: str) -> None:
    """What stands at the foot of every page is an artifact; every mark that is left has its place in the structure."""
    pdf = opened("referral", code)
    placed = {one.objgen for one in elements(pdf.Root.StructTreeRoot)}
    numbers = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    owners = {int(key): owner for key, owner in zip(numbers[::2], numbers[1::2], strict=True)}
    for sheet in pdf.pages:
        begun = [list(one.operands) for one in pikepdf.parse_content_stream(sheet) if str(one.operator) == "BDC"]
        feet = [operands for operands in begun if operands[0] == "/Artifact" and operands[1].get("/Subtype") == "/Footer"]
        assert len(feet) == 1
        for operands in begun:
            if "/MCID" in operands[1]:
                assert owners[int(sheet.StructParents)][int(operands[1].MCID)].objgen in placed


@pytest.mark.parametrize("code", ["fi", "ar"])
def test_text_can_be_copied(code: str, tmp_path: Path) -> None:
    """A reader that knows nothing of structure gets the same letters in the same order (as Unicode compares them, NFKC)."""
    path = tmp_path / "form.pdf"
    path.write_bytes(made("concern", code))
    copied = subprocess.run([need("pdftotext"), str(path), "-"], check=True, capture_output=True, text=True).stdout
    plain = "".join(unicodedata.normalize("NFKC", copied).translate(dict.fromkeys((0x202A, 0x202B, 0x202C, 0x200B))).split())
    publisher = TEXTS.gettext(code, document.PUBLISHER)
    assert code == "fi" or "لا" in publisher
    assert "".join(publisher.split()) in plain


@pytest.mark.parametrize("code", TONGUES)
def test_what_matters_for_safety_has_its_source_beneath(code: str) -> None:
    """Under a translation that no person has checked, the English of what tells of police, consent or readers (promise 11)."""
    for name, form in FORMS.items():
        runs = [one for one in elements(opened(name, code).Root.StructTreeRoot) if "/ActualText" in one]
        english = "".join("".join(str(one.ActualText) for one in runs if str(one.get("/Lang", "")) == "en").split())
        notes = [note for notes in (form.notes, *(section.notes for section in form.sections)) for note in notes]
        critical = [note.text for note in notes if note.safety_critical]
        critical += [q.label for q in form.questions if q.safety_critical and list(_expected(form, q))]
        critical += [option.text for q in form.questions for option in q.options if option.safety_critical]
        assert critical
        for text in critical:
            shown = paper.source_of(text, TONGUES["ar"], PEOPLE)
            assert ("".join(shown.split()) in english) == (TONGUES[code].ordinary not in {"en", "fi"}), text


def test_runs_that_do_not_fit_stop_the_build() -> None:
    """If what is marked is not what was laid out, no file is made rather than one with wrong words."""
    pdf = fresh("concern", "en")
    with pytest.raises(marked_text.MarkedTextError):
        marked_text.mend(pdf, [[] for _ in pdf.pages], rtl=False)


@pytest.mark.parametrize("code", ["fi", "ar"])
def test_fonts_are_embedded_and_subset(code: str, tmp_path: Path) -> None:
    """All of them; and the fields' own is small."""
    path = tmp_path / "form.pdf"
    path.write_bytes(made("referral", code))
    listed = subprocess.run([need("pdffonts"), str(path)], check=True, capture_output=True, text=True).stdout.splitlines()[2:]
    assert listed
    for line in listed:
        assert re.match(r"[A-Z]{6}\+(Noto-Sans|Field)", line)
        assert line.split()[-5:-2] == ["yes", "yes", "yes"]
    pdf = opened("referral", code)
    fields = [
        font for font in pdf.objects if isinstance(font, pikepdf.Dictionary) and "Field" in str(font.get("/FontName", ""))
    ]
    assert fields
    assert all(len(font.FontFile2.read_bytes()) < 100_000 for font in fields)


def test_no_mark_maps_to_nothing() -> None:
    """Every glyph of every font says what it is: an empty destination makes some readers drop the word."""
    pdf = opened("concern", "ar")
    for font in pdf.objects:
        if isinstance(font, pikepdf.Dictionary) and "/ToUnicode" in font:
            assert b"> <>" not in font.ToUnicode.read_bytes()


@pytest.mark.parametrize("text", ["بيت آمن 15:00", "บ้านปลอดภัย", "ሰላም ነው", "🏠 e\u0301"])
def test_what_is_typed_in_any_script_stays(text: str) -> None:
    """Filled in, saved and opened again, a field has exactly what was typed; a chosen answer is chosen."""
    pdf = fresh("concern", "ar")
    fields = {str(field.T): field for field in pdf.Root.AcroForm.Fields}
    fields["concern"].V = text
    saved = io.BytesIO()
    pdf.save(saved)
    reopened = pikepdf.open(saved)
    again = {str(field.T): field for field in reopened.Root.AcroForm.Fields}
    assert str(again["concern"].V) == text
    assert int(again["concern"].Q) == acroform.RIGHT


def test_the_same_form_gives_the_same_bytes() -> None:
    """A file kept by its content is not made anew as another."""
    assert document.fillable(FORMS["concern"], TONGUES["ar"], TEXTS, PEOPLE, "https://site.example") == made("concern", "ar")


def test_a_letter_without_a_glyph_stops_the_build() -> None:
    """No one is given a box in place of a word."""
    form = replace(FORMS["concern"], title="\U0001f3e0 \u13a0")
    with pytest.raises(DocumentError, match="notdef"):
        document.fillable(form, TONGUES["en"], TEXTS, PEOPLE, "")


def test_replaced_versions_are_named() -> None:
    """Whoever holds an old file can see that this one stands in its place."""
    form = replace(FORMS["concern"], replaces=("2019-01-01",))
    pdf = pikepdf.open(io.BytesIO(document.fillable(form, TONGUES["en"], TEXTS, PEOPLE, "")))
    runs = [str(one.ActualText) for one in elements(pdf.Root.StructTreeRoot) if "/ActualText" in one]
    assert any("2019-01-01" in run for run in runs)
