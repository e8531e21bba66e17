"""Numbers asked of rows, such as how many posters in which language: whole steps, digits of any script."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ihmiskauppa.forms.definition import Question, Row
from ihmiskauppa.forms.faults import Fault
from ihmiskauppa.translations import msgid

DIGITS: Final = 5  # the longest number that is read: who needs a hundred thousand posters calls
ONE_NUMBER: Final = msgid("Please write one whole number here, in digits, for example %(step)s. Leave it empty for none.")
WHOLE_STEPS: Final = msgid("These are sent in packs of %(step)s. Please write %(less)s or %(more)s.")
NONE_CHOSEN: Final = msgid("Please choose at least one item, and write how many you need.")
REASON: Final = msgid("You ask for more than %(most)s pieces of one item. Please say what they are for.")


@dataclass(frozen=True)
class Amount:
    """So many pieces of a row; never none."""

    row: Row
    pieces: int


@dataclass(frozen=True)
class Quantities:
    """What is asked for, in the order of the rows."""

    amounts: tuple[Amount, ...]

    @property
    def unusual(self) -> Amount | None:
        """The first that is more than is given without a reason."""
        return next((amount for amount in self.amounts if amount.pieces > amount.row.most), None)


def read(question: Question, given: Mapping[str, Sequence[str]]) -> Quantities:
    """The numbers posted. Raises `FaultyQuantitiesError`."""
    amounts: list[Amount] = []
    faults: list[Fault] = []
    for row in question.rows:
        field = question.input_of(row)
        texts = [text for text in given[field] if text.strip()]
        if not texts:
            continue
        pieces = _number(texts)
        if pieces is None:
            faults.append(Fault(field, ONE_NUMBER, {"step": row.step}))
        elif pieces % row.step:
            less = max(pieces - pieces % row.step, 0)
            faults.append(Fault(field, WHOLE_STEPS, {"step": row.step, "less": less, "more": less + row.step}))
        elif pieces:
            amounts.append(Amount(row, pieces))
    if not amounts and not faults:
        faults.append(Fault(question.name, NONE_CHOSEN))
    if faults:
        raise FaultyQuantitiesError(faults)
    return Quantities(tuple(amounts))


class FaultyQuantitiesError(Exception):
    """Some numbers are none; `faults` says which and why."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = tuple(faults)


def _number(texts: Sequence[str]) -> int | None:
    """The number that stands in a field once; None if it is none, negative, too long to be meant, or there several times."""
    text = texts[0].strip()
    if len(texts) > 1 or len(text) > DIGITS or not all(character.isdecimal() for character in text):
        return None
    return int("".join(str(unicodedata.digit(character)) for character in text))
