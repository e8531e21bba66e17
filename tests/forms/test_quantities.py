"""Quantities, postcodes and coming days: what is a number, what asks for a reason, and a clear fault for anything else."""

import datetime
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihmiskauppa import settings
from ihmiskauppa.forms import answers, definition
from ihmiskauppa.forms.answers import Answers
from ihmiskauppa.forms.definition import DefinitionError, Row
from ihmiskauppa.forms.faults import FaultyAnswersError
from ihmiskauppa.forms.quantities import NONE_CHOSEN, ONE_NUMBER, REASON, WHOLE_STEPS, Quantities

ROWS = (
    Row("poster-a3-fi", "poster", "Poster", "A3", "Suomi", "fi", "Juliste, A3, suomi", 5, 50),
    Row("poster-a3-ar", "poster", "Poster", "A3", "العربية", "ar", "Juliste, A3, arabia", 5, 50),
    Row("stickers-a4-fi", "stickers", "Stickers", "A4", "Suomi", "fi", "Tarrat, A4, suomi", 1, 20),
)
ORDER = definition.load(settings.data_folder("forms"), ROWS)["order"]
TODAY = datetime.date(2026, 11, 30)
REST = {
    "orderer": "school",
    "organisation": "Koulu",
    "contact": "A",
    "email": "a@example.org",
    "address": "Katu 1",
    "postcode": "53100",
    "town": "Lappeenranta",
}


def read(**fields: str | list[str]) -> Answers:
    """The answers to an order; `_` in a field's name stands for `-`."""
    raw: Mapping[str, list[str]] = {
        name.replace("_", "-"): value if isinstance(value, list) else [value] for name, value in {**REST, **fields}.items()
    }
    return answers.read(ORDER, "fi", raw, TODAY)


def faults(**fields: str | list[str]) -> dict[str, str]:
    """What is wrong with such an order, by field."""
    with pytest.raises(FaultyAnswersError) as caught:
        read(**fields)
    return {fault.field: fault.text for fault in caught.value.faults}


def test_numbers_are_kept_in_the_order_of_the_rows() -> None:
    """Whatever the order of the fields; empty fields and noughts are no order; digits of any script count."""
    taken = read(items_stickers_a4_fi="٣", items_poster_a3_fi=" 10 ", items_poster_a3_ar="0")
    chosen = taken.values["items"]
    assert isinstance(chosen, Quantities)
    assert [(one.row.name, one.pieces) for one in chosen.amounts] == [("poster-a3-fi", 10), ("stickers-a4-fi", 3)]
    assert json.loads(taken.as_json())["answers"]["items"] == [
        {"name": "poster-a3-fi", "item": "Juliste, A3, suomi", "pieces": 10},
        {"name": "stickers-a4-fi", "item": "Tarrat, A4, suomi", "pieces": 3},
    ]


@pytest.mark.parametrize(
    "text", ["-5", "5.0", "five", "1e1", "5 5", "１２３４５６", "999999999999", "½", "²", "0x5", ["5", "5"]]
)
def test_what_is_no_number_is_told_at_its_field(text: str | list[str]) -> None:
    """Negative, broken, huge, written out or sent twice."""
    assert faults(items_poster_a3_fi=text) == {"items-poster-a3-fi": ONE_NUMBER}


def test_half_packs_are_told_with_the_nearest_whole_ones() -> None:
    """The text names both, so that nobody has to calculate."""
    with pytest.raises(FaultyAnswersError) as caught:
        read(items_poster_a3_fi="7")
    fault = caught.value.faults[0]
    assert (fault.text, dict(fault.parameters)) == (WHOLE_STEPS, {"step": 5, "less": 5, "more": 10})


def test_an_order_of_nothing_is_told_at_the_question() -> None:
    """Left empty, or noughts only."""
    assert faults() == {"items": NONE_CHOSEN}
    assert faults(items_poster_a3_fi="0") == {"items": NONE_CHOSEN}


def test_more_than_usual_needs_a_reason() -> None:
    """Exactly the usual most does not; with a reason any number is taken."""
    read(items_poster_a3_fi="50")
    assert faults(items_poster_a3_fi="55") == {"reason": REASON}
    assert faults(items_poster_a3_fi="55", reason=" \u200b ") == {"reason": REASON}
    assert read(items_poster_a3_fi="55", reason="Every school of the town").values["reason"]


def test_a_private_person_cannot_order() -> None:
    """The answer is refused with the text of the option, and nothing else is wrong."""
    refused = next(option.refused for option in ORDER.question("orderer").options if option.value == "private")
    assert faults(orderer="private", items_poster_a3_fi="5") == {"orderer": refused}


@pytest.mark.parametrize(
    ("text", "kept"),
    [("53100", "53100"), (" 53 100 ", "53100"), ("FI-00100", "00100"), ("fi00100", "00100"), ("٥٣١٠٠", "53100")],
)
def test_postcodes_of_finland_are_five_digits(text: str, kept: str) -> None:
    """With blanks, with the country before them, in any digits."""
    assert read(items_poster_a3_fi="5", postcode=text).values["postcode"] == kept


@pytest.mark.parametrize("text", ["5310", "531000", "SE-11122", "00000", "abcde", "531-00"])
def test_other_postcodes_are_refused(text: str) -> None:
    """Another country's, too long, too short, or the one that is no place."""
    assert set(faults(items_poster_a3_fi="5", postcode=text)) == {"postcode"}


def test_the_day_is_today_or_later() -> None:
    """In both ways of writing it; a day that is over or none at all is a fault."""
    assert read(items_poster_a3_fi="5", needed="30.11.2026").values["needed"] == TODAY
    assert json.loads(read(items_poster_a3_fi="5", needed="2026-12-24").as_json())["answers"]["needed"] == "2026-12-24"
    for text in ("29.11.2026", "2026-02-30", "soon"):
        assert set(faults(items_poster_a3_fi="5", needed=text)) == {"needed"}


@given(st.lists(st.text(max_size=8), max_size=3))
def test_whatever_is_sent_is_a_number_or_a_fault(texts: list[str]) -> None:
    """No text makes the reading of an order fail otherwise."""
    try:
        taken = read(items_poster_a3_fi=texts, reason="x").values["items"]
    except FaultyAnswersError:
        return
    assert isinstance(taken, Quantities)
    assert taken.amounts[0].pieces % 5 == 0 < taken.amounts[0].pieces


def test_quantities_must_say_what_is_asked_beyond_the_usual(tmp_path: Path) -> None:
    """A definition without a question for the reason is broken."""
    text = (settings.data_folder("forms") / "order.toml").read_text(encoding="utf-8")
    broken = tmp_path / "order.toml"
    for wrong in (text.replace('beyond = "reason"\n', ""), text.replace('beyond = "reason"', 'beyond = "nothing"')):
        broken.write_text(wrong, encoding="utf-8")
        with pytest.raises(DefinitionError, match="beyond"):
            definition.parse(broken, ROWS)
