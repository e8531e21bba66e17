"""Releases of statistics: what is refused, with file and rows, and which cells are hidden."""

import csv
import datetime
import itertools
import random
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ihmiskauppa import languages
from ihmiskauppa.pages import figures, release, statistics, suppression
from ihmiskauppa.pages.release import Release, StatisticsError
from ihmiskauppa.pages.suppression import Cell, Margins, UnprotectedError
from ihmiskauppa.settings import data_folder

CONTENT = data_folder("content")
LANGUAGES = languages.load(CONTENT / "languages.toml")
NUMBERS = [
    (path.name, line)
    for path in sorted((CONTENT / "statistics/2018").glob("*.csv"))
    for line in range(2, len(path.read_text().splitlines()) + 1)
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the release of 2018 that a test may change; `load` takes the folder above it."""
    return Path(shutil.copytree(CONTENT / "statistics/2018", tmp_path / "statistics/2018"))


def _load(folder: Path) -> Release:
    (only,) = statistics.load(folder.parent, LANGUAGES)
    return only


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_totals_of_the_review() -> None:
    """163 = 111 abroad + 52 in Finland = 65 + 63 + 20 + 15 = 87 + 76; 455 = 361 + 94."""
    (own,) = [one for one in statistics.load(CONTENT / "statistics", LANGUAGES) if one.name == "2018"]
    counts = {table.name: [row.count for row in table.rows] for table in own.tables}
    assert counts["new-clients-by-place"] == [111, 52]
    assert counts["new-clients-by-form"] == [65, 63, 20, 15]
    assert counts["new-clients-by-gender"] == [87, 76]
    assert counts["new-clients-by-place-and-form"] == [47, 43, 10, 11, 18, 20, 10, 4]
    assert {sum(counts[name]) for name in counts if name.startswith("new-clients")} == {163}
    assert counts["people-assisted"] == [361, 94]
    assert own.table("people-assisted").n == 455


def test_figures_used_in_pages_are_those_of_the_release() -> None:
    """The numbers of figures.toml that a release has too are the same."""
    (own,) = [one for one in statistics.load(CONTENT / "statistics", LANGUAGES) if one.name == "2018"]
    named = {name: figure.value for name, figure in figures.load(CONTENT / "figures.toml").items()}
    assert named["new-clients-2018"] == own.table("new-clients-by-gender").n
    assert named["people-helped-2018"] == own.table("people-assisted").n
    assert named["clients-2018"] == own.table("people-assisted").shown("client")
    assert named["refused-2018"] == own.table("referral-decisions").shown("refused")
    assert named["self-referrals-2018-first-half"] == own.table("own-initiative").shown("2018-H1")
    assert named["self-referrals-2018-second-half"] == own.table("own-initiative").shown("2018-H2")


@pytest.mark.parametrize(("name", "line"), NUMBERS)
def test_no_number_can_be_changed_alone(folder: Path, name: str, line: int) -> None:
    """Each number, one more than it was: refused, naming the file and the row."""
    path = folder / name
    lines = path.read_text().splitlines()
    codes, _, count = lines[line - 1].rpartition(",")
    lines[line - 1] = f"{codes},{int(count) + 1}"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(StatisticsError) as fault:
        _load(folder)
    named = [int(number) for part in re.findall(r"rows? ([\d, and]+)", str(fault.value)) for number in re.findall(r"\d+", part)]
    assert name in str(fault.value)
    assert line in named


def test_two_changes_that_keep_the_sum_are_seen(folder: Path) -> None:
    """One person moved from one place to the other: total and sums by form still hold, the sums by place do not."""
    path = folder / "new-clients-by-place-and-form.csv"
    _change(path, "abroad,other,11", "abroad,other,10")
    _change(path, "finland,other,4", "finland,other,5")
    with pytest.raises(
        StatisticsError, match=r"place-and-form\.csv: rows 2, 3, 4 and 5 sum to 110, but row 2 of .*place\.csv to 111"
    ):
        _load(folder)


def test_forms_must_agree_as_places_do(folder: Path) -> None:
    """One person moved from one form to another: the sum over forms is no longer the one of the other table."""
    path = folder / "new-clients-by-place-and-form.csv"
    _change(path, "abroad,other,11", "abroad,other,12")
    _change(path, "abroad,forced-marriage,10", "abroad,forced-marriage,9")
    with pytest.raises(StatisticsError, match=r"place-and-form\.csv: rows 4 and 8 sum to 19, but row 4 of .*form\.csv to 20"):
        _load(folder)


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("own-initiative.csv", "2018-H2", "2019-H1", r"own-initiative\.csv: row 3: 2019-H1 is not within 2018-01-01"),
        ("own-initiative.csv", "2018-H2", "2018-H3", r"row 3: 2018-H3 is not within"),
        ("in-finland-by-year.csv", "2016", "2015", r"row 2: 2015 is not within 2016-01-01"),
        ("new-clients-by-gender.csv", "man,76", "man,-76", r"gender\.csv: row 3: '-76' is no count"),
        ("new-clients-by-gender.csv", "man,76", "man,76.0", "row 3"),
        ("new-clients-by-gender.csv", "man,76", "man", "row 3: 1 columns instead of 2"),
        ("new-clients-by-gender.csv", "man,76", "woman,76", "rows 2 and 3: woman stands there twice"),
        ("new-clients-by-gender.csv", "man,76", "men,76", "gender.csv: row 3: unknown code 'men'"),
        ("new-clients-by-gender.csv", "gender,count", "sex,count", "row 1: the columns must be gender,count"),
        ("new-clients-by-place-and-form.csv", "finland,other,4\n", "", "rows are missing: finland/other"),
        ("sv.toml", 'man = "Män och pojkar"\n', "", r"sv\.toml: new-clients-by-gender\.csv, row 3: 'man' has no label"),
        ("sv.toml", 'man = "Män', 'men = "x"\nman = "Män', r"sv\.toml: .*gender/men"),
        ("en.toml", "{woman}", "{women}", r"en\.toml: new-clients-by-gender: \{women\} is no row"),
        ("en.toml", "{woman}", "87", r"en\.toml: new-clients-by-gender: a number stands in the sentence itself"),
        ("en.toml", "{2017/sexual-exploitation}", "{2016/sexual-exploitation}", r"\{2016/sexual-exploitation\} is hidden"),
        ("en.toml", 'review = "machine"', 'review = "nobody"', r"en\.toml: .*review"),
        ("release.toml", "to = 2018-12-31", "to = 2017-12-31", r"in-finland-by-year\.csv: row 4: 2018 is not within"),
        ("release.toml", "at = 2018-12-31", "at = 2019-12-31", r"release\.toml: .*2019-12-31 is not within the period"),
        ("release.toml", "threshold = 3", 'threshold = "3"', r"release\.toml"),
        ("release.toml", "threshold = 3", "", r"release\.toml: KeyError: 'threshold'"),
        ("release.toml", 'total = "new-clients"', 'total = "clients-new"', "there is no total 'clients-new'"),
        ("release.toml", 'by = "place" }', 'by = "gender" }', "an agreement names what"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, name: str, old: str, new: str, told: str) -> None:
    """Each kind of fault stops the load, with the file, and with the row where there is one."""
    _change(folder / name, old, new)
    with pytest.raises(StatisticsError, match=told):
        _load(folder)


def test_files_that_are_missing_or_too_many(folder: Path) -> None:
    """A full language's texts must be there; a file that nobody reads must not."""
    (folder / "extra.csv").write_text("a,count\n")
    with pytest.raises(StatisticsError, match=r"extra\.csv: no table"):
        _load(folder)
    (folder / "extra.csv").unlink()
    (folder / "sv.toml").unlink()
    with pytest.raises(StatisticsError, match=r"sv\.toml: the texts of this language are missing"):
        _load(folder)


def test_the_small_cell_of_2016_is_hidden_with_another() -> None:
    """Two people are fewer than three; the smallest other cell of the year keeps them from being computed."""
    (own,) = [one for one in statistics.load(CONTENT / "statistics", LANGUAGES) if one.name == "2018"]
    assert {table.name: table.hidden for table in own.tables if table.hidden} == {
        "in-finland-by-year-and-form": {("2016", "forced-marriage-or-other"), ("2016", "sexual-exploitation")}
    }


def test_numbers_that_point_at_one_person_are_left_out() -> None:
    """Nothing crosses age with anything, and no row of the release counts one or two people in sight."""
    (own,) = [one for one in statistics.load(CONTENT / "statistics", LANGUAGES) if one.name == "2018"]
    assert all(len(table.dimensions) == 1 for table in own.tables if {"age", "client-age"} & {*table.dimensions})
    assert min(row.count for table in own.tables for row in table.rows if row.codes not in table.hidden) >= own.threshold


def test_what_another_table_tells_cannot_be_hidden(folder: Path) -> None:
    """A hidden cell that an agreement makes computable is refused: here the form of 2016 stands alone in a table of its own."""
    (folder / "sexual-2016.csv").write_text("form,count\nsexual-exploitation,4\nlabour-exploitation,37\n")
    _change(
        folder / "release.toml",
        "# What two tables both tell.",
        '[[tables]]\nname = "sexual-2016"\ndimensions = ["form"]\ntotal = "both"\n\n[[agreements]]\n'
        'left = { table = "sexual-2016", where = { form = "sexual-exploitation" } }\n'
        'right = { table = "in-finland-by-year-and-form", where = { year = "2016", form = "sexual-exploitation" } }\n',
    )
    _change(folder / "release.toml", "[totals]", "[totals]\nboth = 41")
    with pytest.raises(
        StatisticsError, match=r"year-and-form\.csv: row \d: 2016/.* is hidden, but other tables together tell it"
    ):
        _load(folder)


@pytest.mark.parametrize(
    ("code", "within"),
    [
        *(("2018", True), ("2018-H1", True), ("2018-Q4", True), ("2018-12", True), ("2018-12-31", True), ("2017", False)),
        *(("2018-13", False), ("2018-Q5", False), ("2018-02-30", False), ("2019-01-01", False), ("", False), ("year", False)),
    ],
)
def test_dates_within_a_period(code: str, within: bool) -> None:
    """Years, halves, quarters, months and days; whole ones only."""
    assert statistics._within(code, datetime.date(2018, 1, 1), datetime.date(2018, 12, 31)) is within
    assert not statistics._within("2018-H2", datetime.date(2018, 1, 1), datetime.date(2018, 11, 30))


def test_sentences_are_filled_from_rows() -> None:
    """Counts, sums of a row or of all, and shares."""
    (own,) = [one for one in statistics.load(CONTENT / "statistics", LANGUAGES) if one.name == "2018"]
    table = own.table("new-clients-by-place-and-form")
    told = release.sentence(
        table, "{finland/*} {*/other} {abroad/other} {total} {finland/*%}", str, lambda share: f"{share:.3f}"
    )
    assert told == "52 15 11 163 0.319"
    hidden = replace(table, totals=())
    with pytest.raises(ValueError, match="a sum that is not shown"):
        release.sentence(hidden, "{finland/*}", str, str)


def _tables() -> st.SearchStrategy[dict[Cell, int]]:
    shape = st.tuples(st.integers(1, 3), st.integers(1, 3))

    def of(size: tuple[int, int]) -> st.SearchStrategy[dict[Cell, int]]:
        keys = [(f"r{row}", f"c{column}") for row in range(size[0]) for column in range(size[1])]
        return st.lists(st.integers(0, 6), min_size=len(keys), max_size=len(keys)).map(
            lambda counts: dict(zip(keys, counts, strict=True))
        )

    return shape.flatmap(of)


def _solutions(cells: dict[Cell, int], hidden: frozenset[Cell], margins: Margins) -> Iterator[dict[Cell, int]]:
    """Every table a reader can think of who knows all that is shown, and that a hidden cell is at least one: by trying."""
    names = sorted(hidden)
    groups: list[tuple[list[int], int]] = [(list(range(len(names))), sum(cells[name] for name in names))]
    for place, known in ((0, margins.rows), (1, margins.columns)):
        for code in {name[place] for name in names} if known else ():
            members = [index for index, name in enumerate(names) if name[place] == code]
            groups.append((members, sum(cells[names[index]] for index in members)))

    def extend(chosen: list[int]) -> Iterator[list[int]]:
        for members, whole in groups:
            got = [chosen[index] for index in members if index < len(chosen)]
            left = len(members) - len(got)
            if sum(got) + left > whole or (not left and sum(got) != whole):
                return
        if len(chosen) == len(names):
            yield chosen
            return
        most = min(whole for members, whole in groups if len(chosen) in members)
        # From the true count outwards, so that what differs by one is found soon.
        for count in sorted(range(1, most + 1), key=lambda guess: abs(guess - cells[names[len(chosen)]])):
            yield from extend([*chosen, count])

    for found in itertools.islice(extend([]), 20_000):
        yield dict(zip(names, found, strict=True))


def _hidden(cells: dict[Cell, int], threshold: int, margins: Margins) -> frozenset[Cell] | Cell:
    """The hidden cells, or the one that cannot be protected."""
    try:
        return suppression.hidden(cells, threshold, margins)
    except UnprotectedError as fault:
        return fault.cell


@settings(max_examples=400, deadline=None)
@given(_tables(), st.integers(2, 5), st.builds(Margins, st.booleans(), st.booleans()))
def test_no_hidden_cell_is_determined(cells: dict[Cell, int], threshold: int, margins: Margins) -> None:
    """Every cell below the threshold is hidden, and every hidden cell can have another value: found by trying all tables."""
    hidden = _hidden(cells, threshold, margins)
    assume(isinstance(hidden, frozenset))
    assert isinstance(hidden, frozenset)
    assert {cell for cell, count in cells.items() if 0 < count < threshold} <= hidden
    assert all(cells[cell] for cell in hidden)
    open_still = set(hidden)
    for other in _solutions(cells, hidden, margins):
        open_still -= {cell for cell, count in other.items() if count != cells[cell]}
        if not open_still:
            break
    assert not open_still, (cells, hidden)


@settings(max_examples=300, deadline=None)
@given(_tables(), st.integers(2, 5), st.builds(Margins, st.booleans(), st.booleans()))
def test_what_is_called_unprotected_is_so(cells: dict[Cell, int], threshold: int, margins: Margins) -> None:
    """Where a table is refused, the named cell is known even with every cell hidden that counts anybody."""
    refused = _hidden(cells, threshold, margins)
    if isinstance(refused, tuple):
        everything = frozenset(cell for cell, count in cells.items() if count)
        assert all(other[refused] == cells[refused] for other in _solutions(cells, everything, margins))


def test_larger_tables_are_hidden_the_same_way() -> None:
    """Twelve by eight, mostly small: each hidden cell lies on a cycle of its row and column with others."""
    chance = random.Random(1)  # noqa: S311 - a table, no secret
    cells = {(f"r{row}", f"c{column}"): chance.choice([0, 1, 2, 3, 8, 20]) for row in range(12) for column in range(8)}
    hidden = suppression.hidden(cells, 4, Margins(rows=True, columns=True))
    for place in (0, 1):
        lines = [cell[place] for cell in hidden]
        assert all(lines.count(line) > 1 for line in lines)
    assert len(hidden) < len(cells)


def test_a_table_that_cannot_be_protected_is_refused(folder: Path, make: Callable[[Path, str], None]) -> None:
    """One person alone in a row whose total is shown: refused, with the advice to show fewer totals."""
    make(folder, "year,form,count\n2017,a,1\n2017,b,0\n2018,a,5\n2018,b,6\n")
    with pytest.raises(StatisticsError, match=r"crossed\.csv: row 2: 2017/a is small and can be computed from the totals"):
        _load(folder)


@pytest.fixture
def make() -> Callable[[Path, str], None]:
    """Adds a table of year and form with both totals shown to a release, with its texts."""

    def add(folder: Path, rows: str) -> None:
        (folder / "crossed.csv").write_text(rows)
        whole = sum(int(row[-1]) for row in list(csv.reader(rows.splitlines()))[1:])
        _change(folder / "release.toml", "[totals]", f"[totals]\ncrossed = {whole}")
        table = '[[tables]]\nname = "crossed"\ndimensions = ["year", "form"]\ntime = "year"\nsince = 2016-01-01\n'
        _change(
            folder / "release.toml",
            "# What two tables",
            table + 'total = "crossed"\ntotals = ["year", "form"]\n\n# What two tables',
        )
        for code in ("fi", "sv", "en"):
            _change(folder / f"{code}.toml", "[codes.form]", '[codes.form]\na = "A"\nb = "B"')
            text = '[figures.crossed]\ntitle = "Crossed"\ncounted = "People"\nsentence = "{total}"\n\n'
            _change(folder / f"{code}.toml", "[revisions]", f"{text}[revisions]")

    return add
