"""The languages someone can choose to speak: their own names, and the names the staff read."""

import unicodedata

import pytest

from ihmiskauppa.forms.spoken import OTHER, RIGHT_TO_LEFT, SPOKEN, staff_name


@pytest.mark.parametrize("code", [*SPOKEN, OTHER])
def test_the_staff_read_every_language_in_finnish(code: str) -> None:
    """No language reaches the staff as a bare code."""
    name = staff_name(code)
    assert name
    assert name != code
    assert name == name.lower()


def test_no_two_languages_have_the_same_name() -> None:
    """A choice is clear both to the one who makes it and to the one who reads it."""
    assert len(set(SPOKEN.values())) == len(SPOKEN)
    assert len({staff_name(code) for code in (*SPOKEN, OTHER)}) == len(SPOKEN) + 1


@pytest.mark.parametrize(
    ("code", "name"),
    [
        *(("fi", "suomi"), ("sv", "ruotsi"), ("ar", "arabia"), ("prs", "dari"), ("kmr", "kurdi (kurmandži)")),
        *(("other", "muu kieli"), ("fi-simple", "suomi"), ("xx", "xx")),
    ],
)
def test_the_finnish_name_of_a_language(code: str, name: str) -> None:
    """Names come from CLDR, with what CLDR lacks added; a code nobody knows stays as it is."""
    assert staff_name(code) == name


def test_a_script_does_not_hide_the_language() -> None:
    """A code with a script still has a Finnish name."""
    assert "kiina" in staff_name("zh-Hans")


@pytest.mark.parametrize("code", SPOKEN)
def test_names_written_from_right_to_left_are_known(code: str) -> None:
    """The direction of a name is that of its letters."""
    directions = {unicodedata.bidirectional(letter) for letter in SPOKEN[code]}
    assert (code in RIGHT_TO_LEFT) is bool(directions & {"R", "AL"})


def test_other_is_no_language() -> None:
    """The code for another language is not itself one of the languages."""
    assert OTHER not in SPOKEN
