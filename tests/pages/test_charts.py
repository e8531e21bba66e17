"""Bar charts as geometry: nothing overlaps, nothing is wider than a narrow column, right to left is the mirror image."""

import itertools
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihmiskauppa.pages import charts
from ihmiskauppa.pages.charts import COLUMN, LONGEST, THICKNESS, Group, Value

LABELS = st.text(st.characters(categories=["L", "Mn", "Nd", "Zs", "Po"]), min_size=1, max_size=80).filter(str.strip)
VALUES = st.builds(Value, LABELS, st.none() | st.integers(0, 10**6), st.integers(0, 10**6).map(str))
GROUPS = st.lists(
    st.builds(Group, LABELS | st.just(""), st.lists(VALUES, min_size=1, max_size=5).map(tuple)), min_size=1, max_size=4
)


def test_bars_are_as_long_as_their_counts() -> None:
    """One scale for all groups, from nought; a hidden count and a nought have no bar but a text."""
    values = (Value("a", 100, "100"), Value("b", 50, "50"), Value("c", None, ".."), Value("d", 0, "0"))
    chart = charts.bars([Group("", values)], "ltr")
    assert [bar.width for bar in chart.bars] == [LONGEST, LONGEST / 2]
    assert [line.text for line in chart.texts if line.kind == "number"] == ["100", "50", "..", "0"]


@given(GROUPS, st.sampled_from(["ltr", "rtl"]))
def test_nothing_overlaps(groups: list[Group], direction: Literal["ltr", "rtl"]) -> None:
    """From the top down: every line and bar begins where the one before has ended; all within the height."""
    chart = charts.bars(groups, direction)
    lines = [(line.y - 0.85, line.y + 0.3) for line in chart.texts if line.kind != "number"]
    spans = sorted(lines + [(bar.y, bar.y + THICKNESS) for bar in chart.bars])
    assert all(before[1] <= after[0] + 0.01 for before, after in itertools.pairwise(spans))
    assert spans[-1][1] <= chart.height
    assert all(bar.x >= 0 and bar.x + bar.width <= 100 for bar in chart.bars)
    numbers = [line for line in chart.texts if line.kind == "number"]
    assert len(numbers) == sum(len(group.values) for group in groups)


@given(GROUPS)
def test_right_to_left_is_the_mirror_image(groups: list[Group]) -> None:
    """Each bar and text stands as far from the right as it stood from the left."""
    left, right = charts.bars(groups, "ltr"), charts.bars(groups, "rtl")
    assert [bar.x + bar.width for bar in right.bars] == pytest.approx([100 - bar.x for bar in left.bars])
    assert [line.x for line in right.texts] == pytest.approx([100 - line.x for line in left.texts])
    assert [line.shift for line in right.texts] == [-line.shift for line in left.texts]


@given(LABELS)
def test_no_line_is_wider_than_the_column(label: str) -> None:
    """Whatever the script and however long its words; no letter is lost."""
    lines = charts.broken(label)
    assert all(charts.width(line) <= COLUMN for line in lines)
    assert "".join("".join(lines).split()) == "".join(label.split())


def test_long_finnish_words_break_where_they_may() -> None:
    """At blanks first, at a soft hyphen in a word that is too long for a line."""
    assert charts.broken("Alaikäinen asiakkaaksi tullessaan, nyt täysi-ikäinen") == [
        "Alaikäinen asiakkaaksi tullessaan,",
        "nyt täysi-ikäinen",
    ]
    long = "kansainvälistäsuojelua\u00adhakeneiden\u00advastaanotto"
    assert charts.broken(long)[0].endswith("-")
    assert all(charts.width(line) <= COLUMN for line in charts.broken(long))
