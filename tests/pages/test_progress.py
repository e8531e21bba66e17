"""The grid of translations: what a cell says, whose readers come first, what plain versions may lack, counts and data."""

import datetime
from pathlib import Path

import pytest

from ihmiskauppa.languages import Language, Languages
from ihmiskauppa.pages import content, freshness, progress
from ihmiskauppa.pages.freshness import State
from ihmiskauppa.pages.progress import Cell, Row
from tests.pages.test_freshness import page_file

DAY = datetime.date(2026, 11, 24)
LANGUAGES = Languages(
    [
        Language("fi", "Suomi", "ltr", "full", "fi", ()),
        Language("sv", "Svenska", "ltr", "full", "sv_FI", ("fi",)),
        Language("fi-simple", "Selkosuomi", "ltr", "easy", "fi", ("fi",)),
    ]
)


def cell(*states: State, critical: str = "") -> Cell:
    """A cell with parts a, b, … in these states; `critical` are the letters of the safety-critical ones."""
    return Cell(dict(zip("abcdef", states, strict=False)), frozenset(critical))


@pytest.mark.parametrize(
    ("one", "sign"),
    [
        (cell(State.CURRENT, State.CURRENT), "."),
        (cell(State.CURRENT, State.MACHINE, State.MACHINE), "M2"),
        (cell(State.MACHINE, State.STALE), "S1"),
        (cell(State.STALE, State.MACHINE, critical="b"), "S1"),
        (cell(State.STALE, State.STALE, critical="b"), "S2!"),
        (cell(State.DRAFT, State.OVERDUE), "D1"),
        (cell(State.MISSING, State.CURRENT), "-1"),
        (cell(State.MISSING, State.MISSING), "-"),
        (cell(State.WAITING, State.CURRENT, critical="a"), "W1!"),
        (cell(State.CURRENT, critical="a"), "."),
    ],
)
def test_a_cell_says_the_worst_of_a_page(one: Cell, sign: str) -> None:
    """By a letter, with the number of parts, and whether someone's safety hangs on one of these."""
    assert one.sign == sign


def test_those_come_first_whose_readers_risk_most() -> None:
    """Safety-critical before the rest, stale before machine, more languages before fewer, victims before professionals."""
    stale, machine, good = cell(State.STALE), cell(State.MACHINE), cell(State.CURRENT)
    rows = [
        Row("a", "A", ("professional",), {"sv": machine, "en": machine}),
        Row("b", "B", ("victim",), {"sv": machine, "en": machine}),
        Row("c", "C", ("victim",), {"sv": good, "en": good}),
        Row("d", "D", ("professional",), {"sv": stale, "en": good}),
        Row("e", "E", ("professional",), {"sv": stale, "en": stale}),
        Row("f", "F", (), {"sv": cell(State.MACHINE, critical="a"), "en": good}),
        Row("g", "G", (), {"sv": cell(State.STALE, critical="a"), "en": good}),
    ]
    assert [row.page_id for row in sorted(rows, key=lambda row: row.risk)] == ["g", "f", "e", "d", "b", "a", "c"]


def test_the_grid_of_a_page(tmp_path: Path) -> None:
    """A review gets old; a plain version lacks nothing that protects nobody; a language without the page lacks all of it."""
    source = page_file(tmp_path, "fi", {"lead": "Hei", "a": "Yksi", "b": "<Kaksi>"})
    source.path.write_text(source.path.read_text("utf-8").replace("critical = []", 'critical = ["b"]'), encoding="utf-8")
    source = content.parse(source.path, "x/y", "fi")
    swedish = page_file(tmp_path, "sv", {"lead": "Hej", "a": "Ett", "b": "<Två>"})
    plain = page_file(tmp_path, "fi-simple", {"lead": "Moi"})
    freshness.class_changes(source, None, "Anna", DAY)
    for file in (swedish, plain):
        freshness.stamp(file, source, "Bo", DAY)
    freshness.review(swedish, source, "Cecilia", DAY, ["a"])
    files = {"x/y": {"fi": source, "sv": swedish, "fi-simple": plain}, "x/z": {"fi": source}}
    later = DAY + freshness.REVIEW_HOLDS + datetime.timedelta(days=1)
    rows = {row.page_id: row for row in progress.grid(files, LANGUAGES, later)}
    cells = rows["x/y"].cells
    assert cells["sv"].states == {
        "title": State.WAITING,
        "lead": State.WAITING,
        "a": State.OVERDUE,
        "b": State.WAITING,
    }
    assert cells["fi-simple"].states == {"title": State.WAITING, "lead": State.WAITING, "b": State.MISSING}
    assert rows["x/z"].cells["sv"].sign == "-"
    assert progress.counts(tuple(rows.values()), "sv") == {State.WAITING: 3, State.OVERDUE: 1, State.MISSING: 4}
    data = progress.as_data(tuple(rows.values()))
    assert {row["page"]: row["languages"]["sv"]["safety_critical"] for row in data} == {"x/y": True, "x/z": False}


def test_the_page_of_the_grid_shows_titles_as_they_are() -> None:
    """A title with markup characters stays text."""
    row = Row("x/y", "<b>A & B</b>", (), {"sv": cell(State.STALE)})
    html = progress.as_html((row,), LANGUAGES, DAY)
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in html
    assert 'title="stale: a">S1</td>' in html
