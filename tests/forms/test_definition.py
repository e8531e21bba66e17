"""Form definitions: what a good file gives, and a named fault for every kind of broken one."""

import re
from pathlib import Path

import pytest

from ihmiskauppa import settings
from ihmiskauppa.forms import definition
from ihmiskauppa.forms.definition import (
    LONG_LIMIT,
    SHORT_LIMIT,
    Condition,
    DefinitionError,
    Form,
    Kind,
    Note,
    Option,
    Question,
    Row,
)
from ihmiskauppa.forms.spoken import OTHER, SPOKEN

HEAD = """\
version = "1"
id = "get-help/write"
order = 70
title = "Write"
summary = "Write to us"
staff = "Ilmoitus"
either = ["message", "mail"]
submit = "Send"

[[note]]
text = "Plain"

[[note]]
text = "Who reads it"
safety_critical = true

[[sent]]
text = "It is stored."

[[sent]]
text = "Somebody reads it."
"""
QUESTIONS = """
[[question]]
name = "message"
kind = "long_text"
label = "What happened?"
hint = "In your own words"
staff = "Viesti"

[[question]]
name = "topic"
kind = "one_of"
label = "About what?"
staff = "Aihe"
required = true
[[question.option]]
value = "work"
label = "Work"
staff = "Työ"
flag = "TYÖ"
text = "Call us"
[[question.option]]
value = "home"
label = "Home"
staff = "Koti"

[[question]]
name = "needs"
kind = "many_of"
label = "What do you need?"
staff = "Tarpeet"
[[question.option]]
value = "bed"
label = "A bed"
staff = "Sänky"
[[question.option]]
value = "food"
label = "Food"
staff = "Ruoka"

[[question]]
name = "reply"
kind = "yes_no"
label = "May we answer?"
staff = "Vastaus"
[[question.option]]
value = "no"
text = "Then we cannot."

[[question]]
name = "mail"
kind = "email"
after = "reply"
is = "yes"
label = "Address"
staff = "Osoite"
safety_critical = true

[[question]]
name = "phone"
kind = "telephone"
label = "Number"
staff = "Numero"
limit = 60

[[question]]
name = "tongue"
kind = "language"
label = "Language"
staff = "Kieli"

[[question]]
name = "time"
kind = "window"
label = "When?"
staff = "Aika"

[[question]]
name = "place"
kind = "short_text"
label = "Where?"
staff = "Missä"

[[question]]
name = "files"
kind = "files"
label = "Files"
staff = "Tiedostot"

[[question]]
name = "clear"
kind = "scale"
label = "This was clear."
staff = "Selkeys"

[[question]]
name = "code"
kind = "postcode"
label = "Postcode"
staff = "Postinumero"

[[question]]
name = "day"
kind = "date"
label = "Until when?"
staff = "Mihin mennessä"

[[question]]
name = "items"
kind = "quantities"
label = "How many?"
staff = "Montako"
beyond = "message"
"""
ROW = Row("poster-fi", "poster", "Poster", "A3", "Suomi", "fi", "Juliste", 5, 50)


def parsed(folder: Path, text: str) -> Form:
    path = folder / "write.toml"
    path.write_text(text, encoding="utf-8")
    return definition.parse(path, (ROW,))


def test_a_form_s_own_texts_arrive(tmp_path: Path) -> None:
    """The name is the file's, and everything at the head of the file is in the form."""
    form = parsed(tmp_path, HEAD + QUESTIONS)
    assert (form.name, form.version, form.id, form.order) == ("write", "1", "get-help/write", 70)
    assert (form.title, form.summary, form.staff, form.submit) == ("Write", "Write to us", "Ilmoitus", "Send")
    assert form.notes == (Note("Plain", safety_critical=False), Note("Who reads it", safety_critical=True))
    assert form.either == ("message", "mail")
    assert form.sent == (Note("It is stored.", safety_critical=False), Note("Somebody reads it.", safety_critical=False))


def test_every_kind_of_question_arrives(tmp_path: Path) -> None:
    """Each kind is there once, in the order of the file, with its limit and its options."""
    questions = {question.name: question for question in parsed(tmp_path, HEAD + QUESTIONS).questions}
    assert {question.kind for question in questions.values()} == set(Kind)
    assert list(questions) == [
        "message",
        "topic",
        "needs",
        "reply",
        "mail",
        "phone",
        "tongue",
        "time",
        "place",
        "files",
        "clear",
        "code",
        "day",
        "items",
    ]
    assert (questions["items"].rows, questions["items"].beyond) == ((ROW,), "message")
    assert questions["items"].places == ("items-poster-fi", "items")
    assert questions["message"] == Question(
        "message",
        Kind.LONG_TEXT,
        "What happened?",
        "In your own words",
        "Viesti",
        LONG_LIMIT,
        (),
        required=False,
        after=None,
        safety_critical=False,
    )
    assert questions["topic"].required
    assert questions["topic"].options == (
        Option("work", "Work", "Työ", "Call us", "TYÖ"),
        Option("home", "Home", "Koti"),
    )
    assert [option.value for option in questions["needs"].options] == ["bed", "food"]
    assert [option.value for option in questions["clear"].options] == ["1", "2", "3", "4", "5"]
    assert [(o.value, o.staff, o.text) for o in questions["reply"].options] == [
        ("yes", "Kyllä", ""),
        ("no", "Ei", "Then we cannot."),
    ]
    assert questions["mail"].after == Condition("reply", "yes")
    assert questions["mail"].safety_critical
    assert (questions["phone"].limit, questions["place"].limit) == (60, SHORT_LIMIT)
    assert [option.value for option in questions["tongue"].options] == [*SPOKEN, OTHER]


def test_what_an_option_says_can_be_safety_critical(tmp_path: Path) -> None:
    """The flag of an option, of yes and no too, arrives."""
    flagged = (HEAD + QUESTIONS).replace('text = "Call us"', 'text = "Call us"\nsafety_critical = true')
    flagged = flagged.replace('text = "Then we cannot."', 'text = "Then we cannot."\nsafety_critical = true')
    form = parsed(tmp_path, flagged)
    assert [option.safety_critical for option in form.question("topic").options] == [True, False]
    assert [option.safety_critical for option in form.question("reply").options] == [False, True]


def test_a_window_has_four_inputs_and_the_others_one(tmp_path: Path) -> None:
    """A window's four fields carry its name."""
    form = parsed(tmp_path, HEAD + QUESTIONS)
    assert form.question("time").inputs == ("time_from_date", "time_until_date", "time_from_time", "time_until_time")
    assert form.question("mail").inputs == ("mail",)


def test_questions_are_found_under_their_answer(tmp_path: Path) -> None:
    """`under` gives what an answer opens; a section shows the others always."""
    form = parsed(tmp_path, HEAD + QUESTIONS)
    assert [question.name for question in form.under("reply", "yes")] == ["mail"]
    assert form.under("reply", "no") == ()
    assert "mail" not in [question.name for question in form.sections[0].shown_always]
    assert len(form.sections[0].shown_always) == len(form.questions) - 1


SECTIONS = """
[[section]]
name = "person"
title = "The person"
staff = "Henkilö"
[[section.note]]
text = "As little as needed."
safety_critical = true
[[section.question]]
name = "agrees"
kind = "yes_no"
label = "Do they agree?"
staff = "Suostumus"
[[section.question]]
name = "message"
kind = "long_text"
label = "What happened?"
staff = "Viesti"
after = "agrees"
is = "yes"

[[section]]
name = "contact"
title = "Contact"
staff = "Yhteys"
[[section.question]]
name = "mail"
kind = "email"
label = "Address"
staff = "Osoite"
"""


def test_a_long_form_has_sections(tmp_path: Path) -> None:
    """Each with title, notes and questions; a form has them or bare questions, not both."""
    form = parsed(tmp_path, HEAD + SECTIONS)
    assert [(section.name, section.title, section.staff) for section in form.sections] == [
        ("person", "The person", "Henkilö"),
        ("contact", "Contact", "Yhteys"),
    ]
    assert form.sections[0].notes == (Note("As little as needed.", True),)
    assert [question.name for question in form.sections[0].shown_always] == ["agrees"]
    assert [question.name for question in form.questions] == ["agrees", "message", "mail"]
    assert "As little as needed." in form.texts
    with pytest.raises(DefinitionError, match="either sections or questions"):
        parsed(tmp_path, HEAD + QUESTIONS + SECTIONS)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param('name = "contact"', 'name = "person"', "section person: not a name, or used twice", id="twice"),
        pytest.param('name = "contact"', 'name = "mail"', "section mail: not a name, or used twice", id="a question's name"),
        pytest.param('name = "contact"', 'name = "A b"', "section A b: not a name", id="no name"),
        pytest.param('title = "Contact"\n', "", "title", id="no title"),
        pytest.param(
            'kind = "email"', 'kind = "email"\nafter = "agrees"\nis = "yes"', "mail: stands in another section", id="far"
        ),
        pytest.param('version = "1"', 'version = "1"\nreplaces = ["1"]', "replaces itself", id="itself"),
        pytest.param('version = "1"', 'version = "1/2"', "part of a file's name", id="version"),
        pytest.param('version = "1"', 'version = "1"\nfile = "../x"', "is no file's name", id="file"),
    ],
)
def test_broken_sections_and_files_are_named(tmp_path: Path, old: str, new: str, reason: str) -> None:
    """What is wrong with a section, a version or the name of the file is said."""
    with pytest.raises(DefinitionError, match=re.escape(reason)):
        parsed(tmp_path, (HEAD + SECTIONS).replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param("order = 70", "order =", "TOMLDecodeError", id="TOML fault"),
        *(
            pytest.param(f"\n{key} = ", f"\nno_{key} = ", key, id=f"no {key}")
            for key in ("id", "order", "title", "summary", "staff", "submit", "name", "kind", "label", "is")
        ),
        pytest.param('version = "1"\n', "", "version", id="no version"),
        pytest.param("[[sent]]", "[[said]]", "said", id="no sent"),
        pytest.param("either =", "eiter =", "unknown: eiter", id="unknown key of the form"),
        pytest.param("hint =", "hnit =", "message: unknown: hnit", id="unknown key of a question"),
        pytest.param("flag =", "flags =", "unknown: flags", id="unknown key of an option"),
        pytest.param("safety_critical = true\n\n[[sent]]", "critical = true\n\n[[sent]]", "unknown: critical", id="of a note"),
        pytest.param('text = "It is stored."', 'text = "x"\nflag = "y"', "unknown: flag", id="unknown key of sent"),
        pytest.param('"long_text"', '"essay"', "essay", id="unknown kind"),
        pytest.param('name = "phone"', 'name = "mail"', "mail: not a name, or used twice", id="name twice"),
        pytest.param('name = "phone"', 'name = "Phone"', "Phone: not a name", id="bad name"),
        pytest.param('name = "phone"', 'name = "time_from_date"', "time: not a name, or used twice", id="input twice"),
        pytest.param('name = "phone"', "name = 5", "name", id="number for a name"),
        pytest.param('after = "reply"', 'after = "reaply"', "no such earlier answer", id="after nothing"),
        pytest.param('after = "reply"', 'after = "phone"', "no such earlier answer", id="after a later question"),
        pytest.param('is = "yes"', 'is = "maybe"', "no such earlier answer", id="after an answer not offered"),
        pytest.param('after = "reply"\n', "", "after", id="is without after"),
        pytest.param('[[question.option]]\nvalue = "food"\nlabel = "Food"\nstaff = "Ruoka"\n', "", "two options", id="one"),
        pytest.param('value = "food"', 'value = "bed"', "two options", id="option twice of two"),
        pytest.param(
            '[[question.option]]\nvalue = "food"',
            '[[question.option]]\nvalue = "bed"\nlabel = "B"\nstaff = "S"\n[[question.option]]\nvalue = "food"',
            "used twice",
            id="option twice of three",
        ),
        pytest.param('value = "food"\n', "", "value", id="option without value"),
        pytest.param('value = "no"', 'value = "never"', "reply", id="yes or no or something else"),
        pytest.param('either = ["message", "mail"]', 'either = ["letter"]', "do not exist: letter", id="either unknown"),
        pytest.param("limit = 60", 'limit = "60"', "limit", id="text for a limit"),
        pytest.param("limit = 60", "limit = 0", "limit", id="limit of nothing"),
        pytest.param("required = true", 'required = "no"', "required", id="text for required"),
        pytest.param("order = 70", 'order = "70"', "order", id="text for the order"),
        pytest.param('title = "Write"', "title = 5", "title", id="number for the title"),
        pytest.param('label = "Where?"', "label = 5", "label", id="number for a label"),
        pytest.param('text = "Plain"', "text = 5", "text", id="number for a note"),
        pytest.param('label = "Food"', "label = 5", "label", id="number for an option"),
        pytest.param('label = "Food"', 'label = "Food"\nsafety_critical = true', "without a text", id="option without a text"),
        pytest.param(
            'label = "Food"', 'label = "Food"\ntext = "x"\nsafety_critical = 1', "safety_critical", id="number for a flag"
        ),
    ],
)
def test_a_broken_definition_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    """Whatever is wrong with a form file, the fault names the file and what is wrong."""
    assert old in HEAD + QUESTIONS
    with pytest.raises(DefinitionError) as caught:
        parsed(tmp_path, (HEAD + QUESTIONS).replace(old, new, 1))
    assert str(caught.value).startswith(f"{tmp_path / 'write.toml'}: ")
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('question = ["x"]\n' + HEAD, id="questions are texts"),
        pytest.param("question = 5\n" + HEAD, id="questions are a number"),
        pytest.param(HEAD, id="no questions"),
        pytest.param("sent = []\n" + (HEAD + QUESTIONS).replace("[[sent]]", "[[note]]"), id="sent says nothing"),
    ],
)
def test_a_definition_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    """A file whose tables have the wrong shape is a fault like any other."""
    with pytest.raises(DefinitionError, match=r"write\.toml: "):
        parsed(tmp_path, text)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """A definition in another encoding is a fault that names the file."""
    (tmp_path / "write.toml").write_bytes((HEAD + QUESTIONS).encode("latin-1"))
    with pytest.raises(DefinitionError, match=r"write\.toml"):
        definition.parse(tmp_path / "write.toml")


def test_all_forms_of_a_folder_are_loaded_by_name(tmp_path: Path) -> None:
    """Every definition of the folder is a form, named as its file."""
    for name in ("b", "a"):
        (tmp_path / f"{name}.toml").write_text(HEAD + QUESTIONS, encoding="utf-8")
    assert list(definition.load(tmp_path)) == ["a", "b"]


def test_the_site_s_forms_ask_for_little() -> None:
    """In the forms people in need use, no question must be answered, and none asks for an account of who they are."""
    forms = definition.load(settings.data_folder("forms"))
    assert {"contact", "self-referral"} <= set(forms)
    for name in ("contact", "self-referral"):
        assert not [question.name for question in forms[name].questions if question.required]
        assert forms[name].either[0] == "message"
