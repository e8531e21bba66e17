"""Releases of statistics as they lie in `statistics/<release>/`: `release.toml`, rows in `<table>.csv`, texts in `<lang>.toml`.

A release that is incomplete, or whose numbers disagree, is refused with file and rows. A new release is files, no code.
"""

import csv
import datetime
import io
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ihmiskauppa.languages import SOURCE, Languages
from ihmiskauppa.pages import agreement
from ihmiskauppa.pages.release import RELEASE, FigureText, Licence, Release, Row, Side, StatisticsError, Table, Texts

COUNT: Final = "count"
REVIEWS: Final = frozenset({"machine", "person"})

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TIME = re.compile(r"(\d{4})(?:-(?:H([12])|Q([1-4])|(\d{2})(?:-(\d{2}))?))?")


def load(folder: Path, languages: Languages) -> tuple[Release, ...]:
    """Every release under `folder`, the latest period first. Raises `StatisticsError`."""
    found = [_release(path, languages) for path in sorted(folder.iterdir()) if path.is_dir()] if folder.exists() else []
    return tuple(sorted(found, key=lambda release: (release.end, release.name), reverse=True))


def _release(folder: Path, languages: Languages) -> Release:
    path = folder / "release.toml"
    if not _NAME.fullmatch(folder.name):
        raise StatisticsError(folder, "a release is named with small letters a to z, digits and hyphens")
    raw = _toml(path)
    try:
        start, end = _days(raw["period"]["from"], raw["period"]["to"])
        release = Release(
            name=folder.name,
            path=path,
            start=start,
            end=end,
            published=_days(raw["published"])[0],
            threshold=_whole(raw["threshold"]),
            source=_text(raw["source"]),
            licence=Licence(_text(raw["licence"]["name"]), _text(raw["licence"]["address"])),
            revisions=tuple((_days(entry["date"])[0], _text(entry["name"])) for entry in raw["revisions"]),
            totals={name: _whole(value) for name, value in raw.get("totals", {}).items()},
            agreements=tuple((_side(entry["left"]), _side(entry["right"])) for entry in raw.get("agreements", ())),
            tables=tuple(_table(folder, entry, start, end) for entry in raw["tables"]),
            texts={code: _texts(folder / f"{code}.toml", code) for code in languages if (folder / f"{code}.toml").exists()},
        )
    except (KeyError, TypeError, AttributeError, ValueError) as fault:
        raise StatisticsError(path, f"{type(fault).__name__}: {fault}") from fault
    return agreement.checked(release, languages)


def _table(folder: Path, entry: Mapping[str, Any], start: datetime.date, end: datetime.date) -> Table:
    name = _text(entry["name"])
    path = folder / f"{name}.csv"
    dimensions = tuple(_text(dimension) for dimension in entry["dimensions"])
    totals = tuple(_text(dimension) for dimension in entry.get("totals", ()))
    if not _NAME.fullmatch(name) or name == RELEASE:
        raise ValueError(f"a table cannot be named {name!r}")
    if len(dimensions) not in {1, 2} or len(set(dimensions)) != len(dimensions) or not set(totals) <= set(dimensions):
        raise ValueError(f"{name}: one or two dimensions, and totals of some of them")
    at = entry.get("at")
    first, last = _days(at, at) if at else _days(entry.get("since", start), end)
    if last > end or (at and first < start):
        raise ValueError(f"{name}: {at} is not within the period")
    time = _text(entry.get("time", "-"))
    if time != "-" and time not in dimensions:
        raise ValueError(f"{name}: {time} is none of its dimensions")
    rows = _rows(path, dimensions)
    for row in rows if time != "-" else ():
        code = row.codes[dimensions.index(time)]
        if not _within(code, first, last):
            raise StatisticsError(path, f"row {row.line}: {code} is not within {first} to {last}")
    return Table(name, path, dimensions, rows, _text(entry["total"]), totals, first, last)


def _rows(path: Path, dimensions: tuple[str, ...]) -> tuple[Row, ...]:
    """Read a CSV file (RFC 4180, UTF-8) with a column a dimension and the count, whole and each combination once."""
    try:
        text = path.read_bytes().decode("utf-8")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise StatisticsError(path, f"{type(fault).__name__}: {fault}") from fault
    header = [*dimensions, COUNT]
    if not lines or lines[0] != header:
        raise StatisticsError(path, f"row 1: the columns must be {','.join(header)}")
    rows: list[Row] = []
    seen: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(header):
            raise StatisticsError(path, f"row {number}: {len(line)} columns instead of {len(header)}")
        codes = tuple(line[:-1])
        if not re.fullmatch(r"0|[1-9][0-9]{0,8}", line[-1]):
            raise StatisticsError(path, f"row {number}: {line[-1]!r} is no count; a whole number from 0")
        if codes in seen:
            raise StatisticsError(path, f"rows {seen[codes]} and {number}: {'/'.join(codes)} stands there twice")
        seen[codes] = number
        rows.append(Row(number, codes, int(line[-1])))
    if not any(row.count for row in rows):
        raise StatisticsError(path, "there is nothing in it")
    if len(dimensions) == 2:
        first, second = (list(dict.fromkeys(codes[place] for codes in seen)) for place in (0, 1))
        missing = [f"{one}/{other}" for one in first for other in second if (one, other) not in seen]
        if missing:
            raise StatisticsError(path, f"rows are missing: {', '.join(missing)}")
    return tuple(rows)


def _within(code: str, first: datetime.date, last: datetime.date) -> bool:
    """Whether the whole of a year, half, quarter, month or day lies between the two."""
    match = _TIME.fullmatch(code)
    if match is None:
        return False
    year, half, quarter, month, day = (int(part) if part else 0 for part in match.groups())
    months = {"half": 6 if half else 0, "quarter": 3 if quarter else 0}
    try:
        length = max(months.values()) or (1 if month else 12)
        from_month = month or (half - 1) * 6 + 1 if half else month or ((quarter - 1) * 3 + 1 if quarter else 1)
        begin = datetime.date(year, from_month, day or 1)
        after = datetime.date(year + (from_month + length - 1) // 12, (from_month + length - 1) % 12 + 1, 1)
        finish = begin if day else after - datetime.timedelta(days=1)
    except ValueError:
        return False
    return first <= begin and finish <= last


def _side(entry: Mapping[str, Any]) -> Side:
    where = {name: (codes,) if isinstance(codes, str) else tuple(codes) for name, codes in entry.get("where", {}).items()}
    return Side(_text(entry["table"]), where, _text(entry.get("by", "-")))


def _texts(path: Path, code: str) -> Texts:
    raw = _toml(path)
    try:
        review = raw.get("review")
        if (review is None) != (code == SOURCE) or (review is not None and review not in REVIEWS):
            raise ValueError(f"review must be one of {', '.join(sorted(REVIEWS))}, and only in a translation")
        return Texts(
            language=code,
            path=path,
            title=_text(raw["title"]),
            summary=_text(raw["summary"]),
            intro=tuple(_text(paragraph) for paragraph in raw["intro"]),
            review=review,
            dimensions={name: _text(label) for name, label in raw["dimensions"].items()},
            labels={name: {key: _text(label) for key, label in labels.items()} for name, labels in raw["codes"].items()},
            figures={
                name: FigureText(
                    _text(entry["title"]), _text(entry["counted"]), _text(entry["sentence"]), entry.get("note", "")
                )
                for name, entry in raw["figures"].items()
            },
            revisions={name: _text(told) for name, told in raw["revisions"].items()},
        )
    except (KeyError, TypeError, AttributeError, ValueError) as fault:
        raise StatisticsError(path, f"{type(fault).__name__}: {fault}") from fault


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise StatisticsError(path, f"{type(fault).__name__}: {fault}") from fault


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f"{value!r} is not a text")
    return value


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"{value!r} is not a whole number from 0")
    return value


def _days(*values: object) -> tuple[datetime.date, ...]:
    for value in values:
        if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
            raise TypeError(f"{value!r} is not a day")
    return values  # type: ignore[return-value]
