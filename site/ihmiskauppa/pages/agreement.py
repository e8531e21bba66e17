"""Whether a release's numbers and texts agree, and which of its cells are hidden. A fault names file and rows."""

import re
from dataclasses import replace
from typing import Final

from ihmiskauppa.languages import SOURCE, Languages
from ihmiskauppa.pages import suppression
from ihmiskauppa.pages.release import PLACEHOLDER, Release, Row, Side, StatisticsError, Table, Texts, lines_of, parts, sentence
from ihmiskauppa.pages.suppression import Margins, UnprotectedError

_YEAR: Final = re.compile(r"\d{4}")


def checked(release: Release, languages: Languages) -> Release:
    """The release with its small cells hidden, if everything in it agrees. Raises `StatisticsError`."""
    _check_files(release, languages)
    _check_totals(release)
    _check_agreements(release)
    release = _with_hidden(release)
    for texts in release.texts.values():
        _check_texts(release, texts, full=texts.language == SOURCE)
    return release


def _check_files(release: Release, languages: Languages) -> None:
    """Nothing is missing, and nothing lies there that nobody reads."""
    folder = release.path.parent
    names = [table.name for table in release.tables]
    if len(set(names)) != len(names) or not names:
        raise StatisticsError(release.path, "tables need names of their own, and there must be one")
    expected = {"release.toml"} | {f"{name}.csv" for name in names} | {f"{code}.toml" for code in languages}
    others = sorted(path.name for path in folder.iterdir() if path.name not in expected)
    if others:
        raise StatisticsError(folder / others[0], "no table of release.toml and no language has this name")
    for code, language in languages.items():
        if language.level == "full" and code not in release.texts:
            raise StatisticsError(folder / f"{code}.toml", "the texts of this language are missing")
    if not release.start <= release.end <= release.published or not release.revisions:
        raise StatisticsError(
            release.path, "the period ends before it starts or after it was published, or no revision is told"
        )
    days = [day for day, _ in release.revisions]
    if days != sorted(days) or days[0] != release.published:
        raise StatisticsError(release.path, "revisions stand in order of their days; the first is the day of publication")


def _check_totals(release: Release) -> None:
    """Parts sum to the totals that release.toml names."""
    for table in release.tables:
        if table.total not in release.totals:
            raise StatisticsError(release.path, f"{table.name}: there is no total {table.total!r}")
        if table.n != release.totals[table.total]:
            raise StatisticsError(
                table.path, f"{lines_of(table.rows)} sum to {table.n}, but {table.total} is {release.totals[table.total]}"
            )
    unused = set(release.totals) - {table.total for table in release.tables}
    if unused:
        raise StatisticsError(release.path, f"no table has the total {', '.join(sorted(unused))}")


def _check_agreements(release: Release) -> None:
    """What two tables both tell is the same: the sum over places equals the sum over forms, and so on."""
    for left, right in release.agreements:
        ours, theirs = parts(release, left), parts(release, right)
        if set(ours) != set(theirs):
            raise StatisticsError(release.path, f"{left.table} and {right.table} have different codes of {left.by}")
        for code, rows in ours.items():
            one, other = sum(row.count for row in rows), sum(row.count for row in theirs[code])
            if one != other:
                path, far = release.table(left.table).path, release.table(right.table).path.name
                raise StatisticsError(
                    path, f"{lines_of(rows)} sum to {one}, but {lines_of(theirs[code])} of {far} to {other} ({code or 'all'})"
                )


def _with_hidden(release: Release) -> Release:
    """The release with small cells of cross-tables hidden. Raises `StatisticsError` where that does not help."""
    tables: list[Table] = []
    for table in release.tables:
        cells = {row.codes: row.count for row in table.rows}
        known = {*table.totals, *(side.by for pair in release.agreements for side in pair if _is_margin(side, table))}
        try:
            if len(table.dimensions) == 2:
                margins = Margins(table.dimensions[0] in known, table.dimensions[1] in known)
                pairs = {(codes[0], codes[1]): count for codes, count in cells.items()}
                table = replace(table, hidden=suppression.hidden(pairs, release.threshold, margins))
        except UnprotectedError as fault:
            row = next(row for row in table.rows if row.codes == fault.cell)
            raise StatisticsError(
                table.path, f"row {row.line}: {fault} is small and can be computed from the totals: show fewer, or merge codes"
            ) from fault
        tables.append(table)
    release = replace(release, tables=tuple(tables))
    _check_together(release)
    return release


def _is_margin(side: Side, table: Table) -> bool:
    return side.table == table.name and side.by != "-" and not side.where


def _check_together(release: Release) -> None:
    """No hidden cell can be computed from several tables together, by what agreements say of them."""
    unknown = [(table.name, codes) for table in release.tables for codes in sorted(table.hidden)]
    equations: list[dict[tuple[str, tuple[str, ...]], int]] = []

    def equation(*sides: tuple[int, Table, tuple[Row, ...]]) -> None:
        found: dict[tuple[str, tuple[str, ...]], int] = {}
        for sign, table, rows in sides:
            for row in rows:
                if row.codes in table.hidden:
                    found[table.name, row.codes] = found.get((table.name, row.codes), 0) + sign
        equations.append(found)

    for table in release.tables:
        equation((1, table, table.rows))
        for dimension in table.totals:
            for code in table.codes(dimension):
                equation((1, table, table.chosen({dimension: (code,)})))
    for left, right in release.agreements:
        theirs = parts(release, right)
        for code, rows in parts(release, left).items():
            equation((1, release.table(left.table), rows), (-1, release.table(right.table), theirs[code]))
    for name, codes in suppression.determined(unknown, equations):
        table = release.table(name)
        row = next(row for row in table.rows if row.codes == codes)
        raise StatisticsError(table.path, f"row {row.line}: {'/'.join(codes)} is hidden, but other tables together tell it")


def _check_texts(release: Release, texts: Texts, *, full: bool) -> None:
    """Every table, dimension, code and revision has its text, and every text its use."""
    used: dict[str, set[str]] = {}
    for table in release.tables:
        for place, dimension in enumerate(table.dimensions):
            if dimension not in texts.dimensions:
                raise StatisticsError(texts.path, f"{table.path.name}: the dimension {dimension} has no label")
            for row in table.rows:
                code = row.codes[place]
                if code in texts.labels.get(dimension, {}):
                    used.setdefault(dimension, set()).add(code)
                elif not _YEAR.fullmatch(code):
                    if full:
                        raise StatisticsError(table.path, f"row {row.line}: unknown code {code!r} of {dimension}")
                    raise StatisticsError(texts.path, f"{table.path.name}, row {row.line}: {code!r} has no label")
        if table.name not in texts.figures:
            raise StatisticsError(texts.path, f"{table.path.name} has no title and sentence")
        told = texts.figures[table.name].sentence
        try:
            sentence(table, told, str, str)
        except ValueError as fault:
            raise StatisticsError(texts.path, f"{table.name}: {fault}") from fault
        if re.search(r"\d", re.sub(r"\b(19|20)\d\d\b", "", PLACEHOLDER.sub("", told))):
            raise StatisticsError(texts.path, f"{table.name}: a number stands in the sentence itself, not in the rows")
    odd = {f"{name}/{code}" for name, codes in texts.labels.items() for code in set(codes) - used.get(name, set())}
    odd |= set(texts.dimensions) - {name for table in release.tables for name in table.dimensions}
    odd |= set(texts.figures) - {table.name for table in release.tables}
    odd |= set(texts.revisions) ^ {name for _, name in release.revisions}
    if odd:
        raise StatisticsError(texts.path, f"belongs to no row, or is missing: {', '.join(sorted(odd))}")
