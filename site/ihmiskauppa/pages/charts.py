"""Bar charts as geometry: where each bar, label and number stands. A template draws them as SVG.

Heights are in em and widths in per cent, so that a chart fills its column at any width without its text growing or shrinking.
A label has a line of its own above its bar, and is broken where it would be wider than a column at 320 px: labels in any
script fit, and no bar needs its colour to be told from another. In a language written from right to left all is mirrored.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

COLUMN: Final = 17.0  # em; 320 px less the margins are 18 em of 16 px
LONGEST: Final = 78.0  # per cent; the number stands beside the bar
LINE: Final = 1.6  # em from one line to the next
THICKNESS: Final = 1.1
GAP: Final = 0.7
BASELINE: Final = 1.05  # of the first line

_NARROW: Final = frozenset("iljtfrI.,:;'’|!()[] -\u00ad")
_WIDE: Final = frozenset("mwMWÆŒ@%—")


@dataclass(frozen=True)
class Value:
    """What a bar shows: its label, its count (None: hidden), and the number as the reader sees it."""

    label: str
    count: int | None
    shown: str


@dataclass(frozen=True)
class Group:
    """Bars that belong together, under a heading if there are several groups."""

    heading: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Text:
    """A line of text; `x` in per cent, `shift` and `y` (its baseline) in em."""

    text: str
    x: float
    shift: float
    y: float
    kind: Literal["heading", "label", "number"]


@dataclass(frozen=True)
class Bar:
    """A bar; `x` and `width` in per cent, `y` in em."""

    x: float
    width: float
    y: float


@dataclass(frozen=True)
class Chart:
    """A whole chart; `height` in em."""

    height: float
    direction: Literal["ltr", "rtl"]
    bars: tuple[Bar, ...]
    texts: tuple[Text, ...]
    thickness: float = THICKNESS


def bars(groups: Sequence[Group], direction: Literal["ltr", "rtl"]) -> Chart:
    """One scale from nought for all bars; the longest leaves room for its number."""
    longest = max((value.count or 0 for group in groups for value in group.values), default=0) or 1
    mirrored = direction == "rtl"
    edge = 100.0 if mirrored else 0.0
    drawn: list[Bar] = []
    texts: list[Text] = []
    y = 0.0
    for number, group in enumerate(groups):
        y += GAP if number and group.heading else 0.0
        for line in broken(group.heading) if group.heading else ():
            texts.append(Text(line, edge, 0.0, round(y + BASELINE, 2), "heading"))
            y += LINE
        for value in group.values:
            for line in broken(value.label):
                texts.append(Text(line, edge, 0.0, round(y + BASELINE, 2), "label"))
                y += LINE
            width = round((value.count or 0) / longest * LONGEST, 2)
            end = round(100 - width, 2) if mirrored else width
            if width:
                drawn.append(Bar(end if mirrored else 0.0, width, round(y, 2)))
            shift = 0.5 if width else 0.0
            texts.append(Text(value.shown, end, -shift if mirrored else shift, round(y + THICKNESS * 0.85, 2), "number"))
            y += THICKNESS + GAP
    return Chart(round(y, 2), direction, tuple(drawn), tuple(texts))


def broken(text: str, column: float = COLUMN) -> list[str]:
    """`text` in lines at most about `column` em wide, broken at blanks; a word wider still, at a soft hyphen or anywhere."""
    lines: list[str] = []
    for word in text.split():
        *whole, rest = _pieces(word, column)
        if lines and not whole and width(f"{lines[-1]} {rest}") <= column:
            lines[-1] = f"{lines[-1]} {rest}"
        else:
            lines += [*whole, rest]
    return lines


def _pieces(word: str, column: float) -> Iterator[str]:
    """The word, or if it is too wide, parts of it that are not."""
    if width(word) <= column:
        yield word.replace("\u00ad", "")
        return
    start = 0
    while start < len(word):
        end = start + 1
        while end < len(word) and (width(word[start : end + 1]) < column - 0.5 or unicodedata.combining(word[end])):
            end += 1
        soft = word.rfind("\u00ad", start + 1, end)
        if end < len(word) and soft > 0:
            end = soft + 1
        piece = word[start:end].replace("\u00ad", "")
        yield piece + ("-" if end < len(word) and soft > 0 else "")
        start = end


def width(text: str) -> float:
    """About how many em wide, rather too much than too little; what combines with the letter before it has none."""
    total = 0.0
    for character in text:
        if unicodedata.category(character) in {"Mn", "Me", "Cf"} and character != "\u00ad":
            continue
        if unicodedata.east_asian_width(character) in {"W", "F"}:
            total += 1.0
        elif character in _NARROW:
            total += 0.34
        elif character in _WIDE or "\u1200" <= character <= "\u139f":
            total += 0.9
        else:
            total += 0.72 if character.isupper() else 0.56
    return total
