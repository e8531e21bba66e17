"""Answers: texts kept exactly, conditions, dates and times in any digits, and a fault at the field for anything else."""

import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ihmiskauppa import settings
from ihmiskauppa.forms import answers, definition
from ihmiskauppa.forms.answers import Answers, Window
from ihmiskauppa.forms.definition import LONG_LIMIT, Form, Kind, Row
from ihmiskauppa.forms.faults import FaultyAnswersError

ROW = Row("poster-a3-fi", "poster", "Poster", "A3", "Suomi", "fi", "Juliste", 5, 50)
FORMS = definition.load(settings.data_folder("forms"), (ROW,))
SELF = FORMS["self-referral"]
CONTACT = FORMS["contact"]
TODAY = datetime.date(2026, 11, 24)

EVERY_KIND = """\
version = "1"
id = "x/y"
order = 1
title = "T"
summary = "S"
staff = "S"
submit = "Send"
sent = [{ text = "x" }]
[[question]]
name = "text"
kind = "short_text"
label = "L"
staff = "S"
required = true
[[question]]
name = "needs"
kind = "many_of"
label = "L"
staff = "S"
option = [
  { value = "bed", label = "L", staff = "S" },
  { value = "food", label = "L", staff = "S" },
  { value = "other", label = "L", staff = "S" },
]
[[question]]
name = "which"
kind = "short_text"
label = "L"
staff = "S"
after = "needs"
is = "other"
"""


def every_kind(folder: Path) -> Form:
    """A form with what the site's own forms do not use: a required question, and several answers to one."""
    (folder / "every.toml").write_text(EVERY_KIND, encoding="utf-8")
    return definition.parse(folder / "every.toml")


def read(form: Form = SELF, /, **raw: str | Sequence[str]) -> Answers:
    fields = {name: [value] if isinstance(value, str) else value for name, value in raw.items()}
    return answers.read(form, "fi", fields, TODAY)


def faults(form: Form = SELF, /, **raw: str | Sequence[str]) -> dict[str, str]:
    """The faults of a post: the start of each text, by field."""
    with pytest.raises(FaultyAnswersError) as caught:
        read(form, **raw)
    assert len({fault.field for fault in caught.value.faults}) == len(caught.value.faults)
    return {fault.field: fault.text for fault in caught.value.faults}


def window(**parts: str) -> Window:
    raw = {f"safe_time_{name}": value for name, value in parts.items()}
    value = read(message="x", may_contact="yes", **raw).values["safe_time"]
    assert isinstance(value, Window)
    return value


def window_faults(**parts: str) -> dict[str, str]:
    raw = {f"safe_time_{name}": value for name, value in parts.items()}
    return faults(message="x", may_contact="yes", **raw)


# Texts


@given(st.text(max_size=300).filter(lambda text: "\r\n" not in text).map(lambda text: f"{text}x"))
@hypothesis_settings(max_examples=300, deadline=None)
@example("😀👩🏽‍🚒🏳️‍🌈")
@example("مرحبا \u202eabc\u202c \u200f")
@example("e\u0301 é Å\u030a ﷽ ẛ̣")
@example(" a\tb\n\n\n c \r d ")
@example("\ufeff\x00\x0b\u2028\x85 x")
@example("=cmd|' /C calc'!A0")
def test_a_text_is_kept_exactly(text: str) -> None:
    """Whatever someone writes is kept code point by code point, and so it stands in the JSON."""
    made = read(message=text)
    assert made.values == {"message": text}
    assert json.loads(made.as_json())["answers"]["message"] == text


@pytest.mark.parametrize("text", ["\u200b", "\u200e\u200f \ufeff", "\x00\x1b", "\u2800", "\u3164\u115f", "\U000e0041", "\xad"])
def test_what_cannot_be_seen_is_no_message(text: str) -> None:
    """Joiners, direction marks, controls and fillers alone leave nothing to read: thanks for them would be untrue."""
    assert faults(message=text) == {"message": NOTHING}
    assert read(message=f"{text}ك").values == {"message": f"{text}ك"}


@given(st.text(alphabet="a\r\n ", min_size=1, max_size=40))
@hypothesis_settings(max_examples=200, deadline=None)
def test_only_the_line_ends_of_the_form_change(text: str) -> None:
    """A browser sends line ends as CRLF; they become LF again, and nothing else does."""
    raw = text.replace("\r", "").replace("\n", "\r\n") + "."
    assert read(message=raw).values["message"] == raw.replace("\r\n", "\n")


@pytest.mark.parametrize("letter", ["a", "😀", "ش", "\u0301"])
def test_the_limit_counts_characters(letter: str) -> None:
    """20,000 characters of any script are taken; one more is refused with both numbers."""
    assert read(message=letter * LONG_LIMIT).values["message"] == letter * LONG_LIMIT
    with pytest.raises(FaultyAnswersError) as caught:
        read(message=letter * (LONG_LIMIT + 1))
    (fault,) = caught.value.faults
    assert fault.field == "message"
    assert dict(fault.parameters) == {"limit": 20_000, "count": 20_001}
    assert fault.text % fault.parameters == (
        "This is too long: at most 20000 characters fit, and it has 20001. You can send the rest separately."
    )


def test_line_ends_count_as_one_character() -> None:
    """The browser's counter and ours agree on a text full of line ends."""
    assert read(message="x\r\n" * (LONG_LIMIT // 2)).values["message"] == "x\n" * (LONG_LIMIT // 2)


def test_a_short_text_has_its_own_limit() -> None:
    """A question's own limit is the one that counts."""
    assert read(place="x" * 200, message="m").values["place"] == "x" * 200
    assert list(faults(place="x" * 201, message="m")) == ["place"]


def test_blanks_are_no_answer() -> None:
    """A field with nothing but blanks is as if it were empty."""
    assert read(message="x", place=" \t\r\n\u3000").values == {"message": "x"}


def test_fields_the_form_does_not_know_are_ignored() -> None:
    """What a browser or a stranger adds is no answer."""
    assert read(message="x", admin="1", safe_time="now").values == {"message": "x"}


# Anything at all

PLAUSIBLE = (
    *(
        "",
        " ",
        "yes",
        "no",
        "unsure",
        "other",
        "fi",
        "hang_up",
        "press",
        "24.12.2026",
        "2026-12-24",
        "15.00",
        "25:99",
        "٢٤/١٢/٢٠٢٦",
    ),
    *("040 123 4567", "a@b.example", "0", "٣", "²", "9999999999", "0000-00-00", "31.2.2027", "\x00", "x" * 20_001),
)


@given(
    st.sampled_from(sorted(FORMS)),
    st.data(),
)
@hypothesis_settings(max_examples=500, deadline=None)
def test_any_post_gives_answers_or_faults(name: str, data: st.DataObject) -> None:
    """Whatever is posted to a real form, the outcome is answers of that form or faults at its fields, nothing else."""
    form = FORMS[name]
    fields = [field for question in form.questions for field in question.places]
    values = st.lists(st.sampled_from(PLAUSIBLE) | st.text(max_size=20), max_size=3)
    raw = data.draw(st.dictionaries(st.sampled_from(fields) | st.text(max_size=5), values))
    try:
        made = answers.read(form, "fi", raw, TODAY)
    except FaultyAnswersError as error:
        found = error.faults
    else:
        check_answers(form, made)
        return
    places = [fields.index(fault.field) for fault in found]
    assert places
    assert places == sorted(set(places)), "in the order of the form, one a field"
    assert all(fault.text % fault.parameters for fault in found)


def check_answers(form: Form, made: Answers) -> None:
    """Answers are to questions of the form, stand under the choices that were made, and are enough."""
    assert set(made.values) <= {question.name for question in form.questions}
    assert not form.either or any(question in made.values for question in form.either)
    assert all(question.name in made.values for question in form.questions if question.required)
    for question in form.questions:
        if question.after is not None and question.name in made.values:
            assert made.values[question.after.question] == question.after.answer
    json.loads(made.as_json())


@given(st.dictionaries(st.sampled_from([q.name for q in SELF.questions]), st.sampled_from(PLAUSIBLE)))
@hypothesis_settings(max_examples=200, deadline=None)
def test_the_same_answers_give_the_same_json(raw: Mapping[str, str]) -> None:
    """The order in which fields arrive changes nothing."""
    post = {name: [value] for name, value in {**raw, "message": "m"}.items()}
    again = dict(reversed(post.items()))
    try:
        made = answers.read(SELF, "fi", post, TODAY)
    except FaultyAnswersError:
        return
    assert made.as_json() == answers.read(SELF, "fi", again, TODAY).as_json()


def test_the_json_says_form_version_language_and_answers(tmp_path: Path) -> None:
    """What machines read beside the staff's text has a fixed shape."""
    made = read(
        message="hätä",
        safe_now="no",
        may_contact="yes",
        safe_time_from_date="24.12.2026",
        safe_time_until_time="15.30",
        spoken_language="ar",
    )
    assert made.as_json() == json.dumps(
        {
            "form": "self-referral",
            "version": SELF.version,
            "language": "fi",
            "answers": {
                "message": "hätä",
                "safe_now": "no",
                "may_contact": "yes",
                "safe_time": {"from_date": "2026-12-24", "until_time": "15:30"},
                "spoken_language": "ar",
            },
        },
        ensure_ascii=False,
        indent=1,
    )
    made = read(every_kind(tmp_path), text="x", needs=["food", "bed"])
    assert json.loads(made.as_json())["answers"] == {"text": "x", "needs": ["bed", "food"]}


# Choices


@pytest.mark.parametrize("value", ["yes", "no", "unsure"])
def test_an_offered_answer_is_taken(value: str) -> None:
    """Every option of a choice can be chosen."""
    assert read(message="x", safe_now=value).values["safe_now"] == value


@pytest.mark.parametrize(
    "raw",
    [
        {"safe_now": "maybe"},
        {"safe_now": "YES"},
        {"safe_now": "yes "},
        {"safe_now": ["yes", "no"]},
        {"may_contact": "unsure"},
        {"helper": "x" * 1000},
    ],
)
def test_an_answer_that_is_not_offered_is_refused(raw: Mapping[str, str | Sequence[str]]) -> None:
    """What is no option, or two options of one, is a fault at the field."""
    assert faults(message="x", **raw) == dict.fromkeys(raw, "Please choose from the answers that are offered.")


def test_an_unknown_spoken_language_is_refused() -> None:
    """A language is chosen from the list; any other goes by the field for it."""
    good = read(message="x", may_contact="yes", spoken_language="other", spoken_language_other="Oromoo")
    assert (good.values["spoken_language"], good.values["spoken_language_other"]) == ("other", "Oromoo")
    assert list(faults(message="x", may_contact="yes", spoken_language="Oromoo")) == ["spoken_language"]


def test_several_answers_come_in_the_order_of_the_form(tmp_path: Path) -> None:
    """Of a question that takes several, each option counts once, in whatever order it was posted."""
    form = every_kind(tmp_path)
    assert read(form, text="x", needs=["other", "bed", "other", ""]).values["needs"] == ("bed", "other")
    assert list(faults(form, text="x", needs=["bed", "gold"])) == ["needs"]


def test_a_condition_holds_on_one_of_several_answers(tmp_path: Path) -> None:
    """A question under one of several chosen options is asked when that one is among them."""
    form = every_kind(tmp_path)
    assert read(form, text="x", needs=["bed", "other"], which="y").values["which"] == "y"
    made = read(form, text="x", needs=["bed"], which="y")
    assert ("which" in made.values, made.dropped) == (False, True)


def test_a_required_question_must_be_answered(tmp_path: Path) -> None:
    """An empty field that the form cannot do without is a fault there."""
    form = every_kind(tmp_path)
    assert faults(form, text=" ") == {"text": "Please answer this question."}
    assert faults(form) == {"text": "Please answer this question."}


# Conditions

ASK = "Please choose an answer here: you wrote something below it."


@pytest.mark.parametrize(
    "raw",
    [
        {"telephone": "040 123 4567"},
        {"safe_time_from_time": "15"},
        {"spoken_language": "ar"},
        {"spoken_language": "other", "spoken_language_other": "Oromoo"},
        {"spoken_language_other": "Oromoo"},
    ],
)
def test_an_open_choice_with_something_beneath_is_asked_for(raw: Mapping[str, str]) -> None:
    """Where a choice was left open although something stands anywhere under it, nothing is dropped in silence."""
    assert faults(message="x", **raw) == {"may_contact": ASK}


def test_a_nested_open_choice_is_asked_for() -> None:
    """With the outer choice made, the inner one that was left open is asked for."""
    assert faults(message="x", may_contact="yes", spoken_language_other="Oromoo") == {"spoken_language": ASK}
    assert faults(message="x", helper_who="my friend") == {"helper": ASK}


def test_a_choice_that_is_not_offered_is_said_to_be_so() -> None:
    """A choice that is wrong in itself has one fault, not two."""
    assert faults(message="x", may_contact="perhaps", telephone="040 123 4567") == {
        "may_contact": "Please choose from the answers that are offered."
    }


@pytest.mark.parametrize(
    "raw",
    [
        {"telephone": "040 123 4567"},
        {"telephone": "not a number at all"},
        {"spoken_language_other": "Oromoo"},
        {"safe_time_until_date": "1.1.2020"},
    ],
)
def test_what_stands_under_a_choice_not_made_is_dropped(raw: Mapping[str, str]) -> None:
    """Who says "do not contact me" is not contacted: what stands beneath is left out, and that is said."""
    made = read(message="x", may_contact="no", **raw)
    assert made.values == {"message": "x", "may_contact": "no"}
    assert made.dropped


def test_nothing_dropped_is_not_said_to_be() -> None:
    """`dropped` is for what was really left out."""
    assert not read(message="x", may_contact="no", telephone=" ").dropped
    assert not read(message="x", may_contact="yes", telephone="040 123 4567").dropped


# Either

NOTHING = "Please write something here, or give us a way to contact you."


def test_one_of_either_is_enough() -> None:
    """A message alone will do, and so will a number or an address alone."""
    assert read(message="x").values
    assert read(may_contact="yes", telephone="040 123 4567").values
    assert read(CONTACT, email="a@b.example").values == {"email": "a@b.example"}


@pytest.mark.parametrize("raw", [{}, {"message": "  "}, {"place": "Turku"}, {"may_contact": "yes"}])
def test_none_of_either_is_a_fault_at_the_first(raw: Mapping[str, str]) -> None:
    """A form with neither a message nor a way to answer cannot be taken."""
    assert faults(**raw) == {"message": NOTHING}


def test_a_faulty_one_of_either_is_not_asked_for_twice() -> None:
    """Who gave a number with a slip in it is told of the slip only."""
    assert list(faults(CONTACT, telephone="call me")) == ["telephone"]


def test_faults_come_in_the_order_of_the_form() -> None:
    """All faults are given at once, from top to bottom."""
    given = faults(CONTACT, topic="gossip", sender="x" * 201)
    assert list(given) == ["topic", "message", "sender"]
    given = faults(
        message="x" * 20_001, safe_now="maybe", may_contact="yes", telephone="abc", email="abc", safe_time_from_date="abc"
    )
    assert list(given) == ["message", "safe_now", "telephone", "email", "safe_time_from_date"]


# Telephone and e-mail


@pytest.mark.parametrize(
    "text",
    [
        *("112", "040 123 4567", "+358 40 1234567", "(09) 123-456", "040/123.456", "040‐123–456", "00358401234567"),
        *("٠٤٠١٢٣٤٥٦٧", "۰۴۰ ۱۲۳", "\u202d+358 40 123\u202c", " 040 123 4567 ", "1" * 20),
    ],
)
def test_a_telephone_number_is_kept_as_typed(text: str) -> None:
    """Numbers in any digits and with the usual signs are taken as they are."""
    assert read(CONTACT, telephone=text).values["telephone"] == text


@pytest.mark.parametrize("text", ["12", "1" * 21, "040 123 456x", "a@b.example", "call me", "+", "040²", "040,123"])
def test_a_bad_telephone_number_is_refused(text: str) -> None:
    """Too few or too many digits, or letters, are a fault at the field."""
    assert faults(CONTACT, telephone=text) == {
        "telephone": "This does not look like a telephone number. Write digits only, for example 040 123 4567."
    }


@pytest.mark.parametrize("text", ["a@b", "a.b+c@d.example", " a@b.example ", "päivi@esimerkki.fi", "用户@例子.广告"])
def test_an_email_address_is_kept_as_typed(text: str) -> None:
    """Any address with something on both sides of one @ is taken as it is."""
    assert read(CONTACT, email=text).values["email"] == text


@pytest.mark.parametrize("text", ["a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b c", "040 123 4567"])
def test_a_bad_email_address_is_refused(text: str) -> None:
    """What cannot be an address is a fault at the field."""
    assert faults(CONTACT, email=text) == {
        "email": "This does not look like an e-mail address. It needs a part before and after the @ sign."
    }


# Windows


@pytest.mark.parametrize(
    "text",
    [
        *(
            "24.12.2026",
            "24/12/2026",
            "2026-12-24",
            "٢٤.١٢.٢٠٢٦",
            "٢٤/١٢/٢٠٢٦",
            "۲۰۲۶-۱۲-۲۴",
            " 24.12.2026 ",
            "２４.１２.２０２６",
        ),
    ],
)
def test_a_day_can_be_written_in_many_ways(text: str) -> None:
    """Finnish and ISO order, and the digits of any script, mean the same day."""
    assert window(from_date=text) == Window(datetime.date(2026, 12, 24), None, None, None)


def test_a_day_may_lack_its_zeros() -> None:
    """`5.1.2027` is the fifth of January."""
    assert window(from_date="5.1.2027").from_date == datetime.date(2027, 1, 5)
    assert window(until_date="2027-1-5").until_date == datetime.date(2027, 1, 5)


@pytest.mark.parametrize(
    "text", ["tomorrow", "24.12.", "24.12.26", "31.2.2027", "2026-13-01", "0.0.0000", "24.12.2026 x", "²4.12.2026"]
)
def test_a_day_that_cannot_be_read_is_a_fault_at_its_field(text: str) -> None:
    """Nothing is guessed: the field says how to write a day."""
    assert window_faults(from_date=text) == {"safe_time_from_date": "Please write the day like this: 24.12.2026"}
    assert list(window_faults(until_date=text)) == ["safe_time_until_date"]


@pytest.mark.parametrize("text", ["15", "15.00", "15:00", "15:00:00", "١٥:٠٠", "١٥", " 15.00 "])
def test_a_time_can_be_written_in_many_ways(text: str) -> None:
    """With or without minutes, with a point or a colon, in any digits."""
    assert window(from_time=text) == Window(None, None, datetime.time(15), None)


def test_midnight_and_the_minutes_are_kept() -> None:
    """The edges of a day are times too."""
    assert window(from_time="0", until_time="23.59") == Window(None, None, datetime.time(0), datetime.time(23, 59))


@pytest.mark.parametrize("text", ["noon", "24:00", "15:60", "15:0", "3 pm", "1500", "15-16"])
def test_a_time_that_cannot_be_read_is_a_fault_at_its_field(text: str) -> None:
    """Nothing is guessed: the field says how to write a time."""
    assert window_faults(until_time=text) == {"safe_time_until_time": "Please write the time like this: 15:00"}
    assert list(window_faults(from_time=text)) == ["safe_time_from_time"]


def test_a_last_day_that_has_passed_is_refused() -> None:
    """Nobody could keep to it; today is still possible."""
    assert window_faults(until_date="23.11.2026") == {"safe_time_until_date": "This day has already passed."}
    assert window(from_date="1.11.2026", until_date="24.11.2026").until_date == TODAY


def test_a_last_day_before_the_first_is_refused() -> None:
    """The fault stands at the last day; one and the same day is a window."""
    assert window_faults(from_date="26.11.2026", until_date="25.11.2026") == {
        "safe_time_until_date": "The last day is before the first day."
    }
    assert window(from_date="26.11.2026", until_date="26.11.2026").from_date == datetime.date(2026, 11, 26)


def test_an_empty_window_is_no_answer() -> None:
    """All four fields left open give nothing to keep."""
    blank = dict.fromkeys(SELF.question("safe_time").inputs, " ")
    assert "safe_time" not in read(message="x", may_contact="yes", **blank).values


def test_every_kind_is_asked_somewhere(tmp_path: Path) -> None:
    """The forms of these tests ask every kind there is, so that none goes untested."""
    asking = (SELF, CONTACT, FORMS["feedback"], FORMS["order"], every_kind(tmp_path))
    asked = {question.kind for form in asking for question in form.questions}
    assert asked == set(Kind)
