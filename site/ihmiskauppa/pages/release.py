"""What a release of statistics is: tables of counts, their texts in each language, and what holds between them.

Knows no files: `statistics` reads them, `agreement` checks that the numbers agree and hides small cells.
"""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ihmiskauppa.languages import SOURCE, Language

RELEASE: Final = "release"  # the name of what is downloaded for all tables at once
PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


class StatisticsError(Exception):
    """A release is broken: which file, and why; the reason names the rows."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


@dataclass(frozen=True)
class Row:
    """A count of one combination of codes; `line` is where it stands in the file, from 1."""

    line: int
    codes: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Table:
    """One table: its dimensions, one or two, and a row for every combination of their codes.

    `totals` are the dimensions whose codes have their sums shown, `hidden` the cells that are not shown, `total` the name of
    the sum it must have, `start` and `end` the days its counts lie between.
    """

    name: str
    path: Path
    dimensions: tuple[str, ...]
    rows: tuple[Row, ...]
    total: str
    totals: tuple[str, ...]
    start: datetime.date
    end: datetime.date
    hidden: frozenset[tuple[str, ...]] = frozenset()

    @property
    def n(self) -> int:
        """How many were counted."""
        return sum(row.count for row in self.rows)

    def codes(self, dimension: str) -> tuple[str, ...]:
        """The codes of a dimension in the order of the file."""
        place = self.dimensions.index(dimension)
        return tuple(dict.fromkeys(row.codes[place] for row in self.rows))

    def chosen(self, where: Mapping[str, tuple[str, ...]]) -> tuple[Row, ...]:
        """The rows whose codes are among those of `where`."""
        places = {self.dimensions.index(dimension): codes for dimension, codes in where.items()}
        return tuple(row for row in self.rows if all(row.codes[place] in codes for place, codes in places.items()))

    def sum(self, dimension: str, code: str) -> int:
        """The sum of all rows with this code."""
        return sum(row.count for row in self.chosen({dimension: (code,)}))

    def shown(self, *codes: str) -> int | None:
        """The count of a cell; None where it is hidden."""
        return None if codes in self.hidden else next(row.count for row in self.rows if row.codes == codes)


@dataclass(frozen=True)
class FigureText:
    """What a language calls a table: title, what is counted, the sentence with its placeholders, and what else must be said."""

    title: str
    counted: str
    sentence: str
    note: str


@dataclass(frozen=True)
class Texts:
    """All texts of a release in one language. `labels` are by dimension and code; `review` is None in the source."""

    language: str
    path: Path
    title: str
    summary: str
    intro: tuple[str, ...]
    review: str | None
    dimensions: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]
    figures: Mapping[str, FigureText]
    revisions: Mapping[str, str]

    def label(self, dimension: str, code: str) -> str:
        """What a code means; a year is its own name."""
        return self.labels.get(dimension, {}).get(code, code)


@dataclass(frozen=True)
class Side:
    """One side of an agreement: the rows of a table, all or those `where` chooses, added up by the codes of `by`."""

    table: str
    where: Mapping[str, tuple[str, ...]]
    by: str


@dataclass(frozen=True)
class Licence:
    """Under which terms the figures may be used."""

    name: str
    address: str


@dataclass(frozen=True)
class Release:
    """One release: figures of a period, with all that is needed to read, check and cite them."""

    name: str
    path: Path
    start: datetime.date
    end: datetime.date
    published: datetime.date
    threshold: int
    source: str
    licence: Licence
    revisions: tuple[tuple[datetime.date, str], ...]
    totals: Mapping[str, int]
    agreements: tuple[tuple[Side, Side], ...]
    tables: tuple[Table, ...]
    texts: Mapping[str, Texts]

    @property
    def id(self) -> str:
        """Its page in the tree."""
        return f"figures/{self.name}"

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)

    def texts_for(self, language: Language) -> Texts:
        """The texts that a reader of `language` gets."""
        return self.texts[next(code for code in (language.code, *language.fallback, SOURCE) if code in self.texts)]


def parts(release: Release, side: Side) -> Mapping[str, tuple[Row, ...]]:
    """The rows of one side of an agreement, by the code they are added up for. Raises `StatisticsError`."""
    table = next((table for table in release.tables if table.name == side.table), None)
    if table is None or not {*side.where, side.by} <= {*table.dimensions, "-"}:
        raise StatisticsError(release.path, f"an agreement names what {side.table} is not or has not")
    for dimension, codes in side.where.items():
        unknown = set(codes) - set(table.codes(dimension))
        if unknown:
            raise StatisticsError(release.path, f"an agreement names {', '.join(sorted(unknown))}, no code of {side.table}")
    rows = table.chosen(side.where)
    if side.by == "-":
        return {"": rows}
    place = table.dimensions.index(side.by)
    return {
        code: tuple(row for row in rows if row.codes[place] == code) for code in dict.fromkeys(r.codes[place] for r in rows)
    }


def sentence(table: Table, template: str, number: Callable[[int], str], percent: Callable[[float], str]) -> str:
    """The sentence with its numbers: `{code}`, `{code/code}`, `*` for all codes, `{total}`, `%` behind it for the share of all.

    Raises `ValueError` where a placeholder names nothing, or what is hidden.
    """

    def filled(match: re.Match[str]) -> str:
        name, share = match[1].removesuffix("%"), match[1].endswith("%")
        count = _named(table, name)
        return percent(count / table.n) if share else number(count)

    return PLACEHOLDER.sub(filled, template)


def _named(table: Table, name: str) -> int:
    if name == "total":
        return table.n
    wanted = name.split("/")
    if len(wanted) != len(table.dimensions):
        raise ValueError(f"{{{name}}} has not one code a dimension")
    where = {dimension: (code,) for dimension, code in zip(table.dimensions, wanted, strict=True) if code != "*"}
    rows = table.chosen(where)
    if not rows:
        raise ValueError(f"{{{name}}} is no row of the table")
    if len(where) == len(table.dimensions) and rows[0].codes in table.hidden:
        raise ValueError(f"{{{name}}} is hidden")
    if 0 < len(where) < len(table.dimensions) and not set(where) <= set(table.totals):
        raise ValueError(f"{{{name}}} is a sum that is not shown")
    return sum(row.count for row in rows)


def lines_of(rows: tuple[Row, ...]) -> str:
    """`rows 2, 3 and 4`: where to look."""
    numbers = [str(row.line) for row in rows]
    return f"row {numbers[0]}" if len(numbers) == 1 else f"rows {', '.join(numbers[:-1])} and {numbers[-1]}"
