"""Any definition, through its files and back: what was filled in comes out under the names that the definition gave."""

import io
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docx
import pikepdf
from docx.oxml.ns import qn
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ihmiskauppa import contacts, languages, translations
from ihmiskauppa.forms import definition, document, word
from ihmiskauppa.forms.definition import Form, Kind
from ihmiskauppa.forms.files import File
from ihmiskauppa.forms.spoken import SPOKEN
from ihmiskauppa.intake.extraction import extract
from ihmiskauppa.settings import data_folder

TONGUES = languages.load(data_folder("content") / "languages.toml")
TEXTS = translations.load(data_folder("translations"), TONGUES)
PEOPLE = contacts.load(data_folder("content") / "contacts.toml")
CODES = {name: code for code, name in SPOKEN.items()}
CHECKED = "{http://schemas.microsoft.com/office/word/2010/wordml}checked"
VALUE = "{http://schemas.microsoft.com/office/word/2010/wordml}val"
# Of files, each made, filled, and opened by a process of its own: few, and none made smaller when one fails.
FEW = settings(max_examples=10, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))

NAMES = st.from_regex(r"[a-z][a-z]{2,8}", fullmatch=True)
LABELS = st.text("abc äöå éß ÅÄÖ ,?–", min_size=1, max_size=30).map(str.strip).filter(bool)
TYPED = st.text("abc ÄÖ é €ساعدوني ช่วย ሰላም 🆘", min_size=1, max_size=40).map(str.strip).filter(bool)
KINDS = st.sampled_from(["short_text", "long_text", "one_of", "many_of", "yes_no", "telephone", "email", "window", "language"])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@st.composite
def toml(draw: st.DrawFn) -> str:
    """A definition as an editor would write it: questions of every kind, some with options, some under another's answer."""
    lines = [
        'version = "2026-01-02"',
        'id = "a/b"',
        "order = 1",
        'submit = "Send"',
        'file = "any"',
        'sent = [{text = "Thanks"}]',
    ]
    lines += [f"{key} = {_quoted(draw(LABELS))}" for key in ("title", "summary", "staff")]
    above: list[tuple[str, str]] = []  # a question, and one of its answers
    for name in draw(st.lists(NAMES, min_size=1, max_size=6, unique=True)):
        kind = draw(KINDS)
        lines += ["[[question]]", f'name = "{name}"', f'kind = "{kind}"']
        lines += [f"{key} = {_quoted(draw(LABELS))}" for key in ("label", "hint", "staff")]
        lines += [f"{key} = {str(draw(st.booleans())).lower()}" for key in ("required", "safety_critical")]
        if draw(st.booleans()) and above:
            lines += [f'after = "{above[-1][0]}"', f'is = "{above[-1][1]}"']
        if kind in {"one_of", "many_of"}:
            values = draw(st.lists(NAMES, min_size=2, max_size=4, unique=True))
            for value in values:
                lines += ["[[question.option]]", f'value = "{value}"']
                lines += [f"{key} = {_quoted(draw(LABELS))}" for key in ("label", "staff")]
            above.append((name, values[-1]))
    return "\n".join(lines) + "\n"


@st.composite
def filled(draw: st.DrawFn) -> tuple[Form, dict[str, Any]]:
    """A definition, and answers to all of it, by the names of its inputs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.toml"
        path.write_text(draw(toml()), encoding="utf-8")
        form = definition.parse(path)
    answers: dict[str, Any] = {}
    for question in form.questions:
        values = [option.value for option in question.options]
        if question.kind is Kind.MANY_OF:
            answers[question.name] = tuple(v for v in values if draw(st.booleans()))
        elif question.kind is Kind.LANGUAGE:
            answers[question.name] = draw(st.sampled_from(list(SPOKEN.values())))
        elif values:
            answers[question.name] = (draw(st.sampled_from(values)),)
        else:
            answers |= {name: draw(TYPED) for name in question.inputs}
    return form, answers


def expected(form: Form, answers: Mapping[str, Any], *, boxes: frozenset[Kind]) -> dict[str, tuple[str, ...]]:
    """The fields that come back: a question of these kinds is a box an option, any other field has its words."""
    found: dict[str, tuple[str, ...]] = {}
    for question in form.questions:
        for name in question.inputs:
            if question.kind in boxes:
                found |= {f"{name}:{o.value}": ("x",) if o.value in answers[name] else () for o in question.options}
            else:
                found[name] = answers[name] if isinstance(answers[name], tuple) else (answers[name],)
    return found


def fill_pdf(content: bytes, answers: Mapping[str, Any]) -> bytes:
    """The PDF as a viewer would save it."""
    pdf = pikepdf.open(io.BytesIO(content))
    for field in pdf.Root.AcroForm.Fields:
        name, _, value = str(field.T).partition(":")
        if value:
            field.V = next(state for state in field.AP.N if state != "/Off") if value in answers[name] else "/Off"
            field.V = pikepdf.Name(str(field.V))
        elif field.FT == "/Btn":
            chosen = [str(one) for one in field.Opt].index(answers[name][0])
            field.V = pikepdf.Name(f"/{chosen}")
        else:
            field.V = pikepdf.String(answers[name])
    saved = io.BytesIO()
    pdf.save(saved)
    return saved.getvalue()


def fill_word(content: bytes, answers: Mapping[str, Any]) -> bytes:
    """The Word file as Word would save it."""
    opened = docx.Document(io.BytesIO(content))
    for control in opened.element.iter(qn("w:sdt")):
        properties = control.find(qn("w:sdtPr"))
        name, _, value = properties.find(qn("w:tag")).get(qn("w:val")).partition(":")
        if value:
            next(properties.iter(CHECKED)).set(VALUE, "1" if value in answers[name] else "0")
            continue
        words = next(control.iter(qn("w:t")))
        words.text = answers[name]
        for line in list(control.iter(qn("w:br"))):  # of the placeholder
            line.getparent().remove(line)
        placeholder = properties.find(qn("w:showingPlcHdr"))
        if placeholder is not None:
            properties.remove(placeholder)
    saved = io.BytesIO()
    opened.save(saved)
    return saved.getvalue()


def came_back(content: bytes, name: str) -> dict[str, tuple[str, ...]]:
    return {one.name: one.values for one in extract(File(name, content))}


@FEW
@given(filled())
def test_a_pdf_brings_back_what_was_filled_in(made: tuple[Form, dict[str, Any]]) -> None:
    """Whatever the definition and whatever is typed, every field comes back under its name, choices by their values."""
    form, answers = made
    content = document.fillable(form, TONGUES["en"], TEXTS, PEOPLE, "")
    found = came_back(fill_pdf(content, answers), "x.pdf")
    wanted = expected(form, answers, boxes=frozenset({Kind.MANY_OF}))
    assert set(found) == set(wanted)  # a question under an answer stands there, wherever it was defined
    for name, values in found.items():
        assert bool(values) == bool(wanted[name]) if ":" in name else values == wanted[name]


@FEW
@given(filled())
def test_a_word_file_brings_back_what_was_filled_in(made: tuple[Form, dict[str, Any]]) -> None:
    """The same for Word, where every choice is a box an option, and a language is chosen from a list."""
    form, answers = made
    content = word.fillable(form, TONGUES["ar"], TEXTS, PEOPLE, "")
    found = came_back(fill_word(content, answers), "x.docx")
    wanted = expected(form, answers, boxes=frozenset({Kind.MANY_OF, Kind.ONE_OF, Kind.YES_NO}))
    wanted |= {question.name: (CODES[answers[question.name]],) for question in form.questions if question.kind is Kind.LANGUAGE}
    assert set(found) == set(wanted)  # a question under an answer stands there, wherever it was defined
    for name, values in found.items():
        assert bool(values) == bool(wanted[name]) if ":" in name else values == wanted[name]
