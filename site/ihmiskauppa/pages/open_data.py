"""The tables of a release as files: CSV and JSON, with labels in the reader's language, licence and citation inside.

CSV is RFC 4180: UTF-8, a header row, CRLF. It starts with a byte order mark, since Excel, which staff and journalists open such
files with, else reads `ä` wrongly; readers of data skip it. RFC 4180 knows no comments, so licence and citation are columns.
A hidden count is `..` in CSV, null in JSON, with a note. Nothing of ours starts like a formula; if it did, it would be quoted.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ihmiskauppa.pages.release import Release, Table, Texts

HIDDEN: Final = ".."
BYTE_ORDER_MARK: Final = "\ufeff"
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Terms:
    """What accompanies the figures wherever they go: how to cite them, and why some are hidden."""

    citation: str
    hidden: str


def table_csv(release: Release, table: Table, texts: Texts, terms: Terms) -> str:
    """One table: code and label of each dimension, the count."""
    header = [name for dimension in table.dimensions for name in (dimension, f"{dimension}_label")]
    rows = (
        [
            *(text for pair in _labelled(table, texts, codes) for text in pair[1:]),
            *_count(table, codes, terms),
            *_terms(release, terms),
        ]
        for codes in (row.codes for row in table.rows)
    )
    return _csv([*header, "count", "note", "licence", "citation"], rows)


def release_csv(release: Release, texts: Texts, terms: Terms) -> str:
    """All tables under one another; tables of one dimension leave the second empty."""
    columns = [f"{name}_{place}" for place in (1, 2) for name in ("dimension", "code", "label")]
    rows = []
    for table in release.tables:
        for row in table.rows:
            cells = [text for triple in _labelled(table, texts, row.codes) for text in triple]
            empty = [""] * (len(columns) - len(cells))
            title = texts.figures[table.name].title
            rows.append([table.name, title, *cells, *empty, *_count(table, row.codes, terms), *_terms(release, terms)])
    return _csv(["table", "title", *columns, "count", "note", "licence", "citation"], rows)


def table_json(release: Release, table: Table, texts: Texts, terms: Terms, told: str) -> str:
    """One table; `told` is its sentence."""
    return _json(_head(release, texts, terms) | _table(table, texts, terms, told))


def release_json(release: Release, texts: Texts, terms: Terms, told: Mapping[str, str]) -> str:
    """The whole release; `told` are the sentences by table."""
    tables = [_table(table, texts, terms, told[table.name]) for table in release.tables]
    revisions = [{"date": day.isoformat(), "text": texts.revisions[name]} for day, name in release.revisions]
    return _json(_head(release, texts, terms) | {"revisions": revisions, "tables": tables})


def _labelled(table: Table, texts: Texts, codes: Sequence[str]) -> list[tuple[str, str, str]]:
    return [(name, code, texts.label(name, code)) for name, code in zip(table.dimensions, codes, strict=True)]


def _count(table: Table, codes: tuple[str, ...], terms: Terms) -> tuple[str, str]:
    count = table.shown(*codes)
    return (HIDDEN, terms.hidden) if count is None else (str(count), "")


def _terms(release: Release, terms: Terms) -> tuple[str, str]:
    return f"{release.licence.name}, {release.licence.address}", terms.citation


def _head(release: Release, texts: Texts, terms: Terms) -> dict[str, Any]:
    return {
        "release": release.name,
        "release_title": texts.title,
        "language": texts.language,
        "period": {"from": release.start.isoformat(), "to": release.end.isoformat()},
        "published": release.published.isoformat(),
        "source": release.source,
        "licence": {"name": release.licence.name, "address": release.licence.address},
        "citation": terms.citation,
    }


def _table(table: Table, texts: Texts, terms: Terms, told: str) -> dict[str, Any]:
    figure = texts.figures[table.name]
    rows = []
    for row in table.rows:
        count = table.shown(*row.codes)
        cells: dict[str, Any] = dict(zip(table.dimensions, row.codes, strict=True))
        rows.append(cells | {"count": count} | ({"note": terms.hidden} if count is None else {}))
    return {
        "table": table.name,
        "title": figure.title,
        "counted": figure.counted,
        "from": table.start.isoformat(),
        "to": table.end.isoformat(),
        "n": table.n,
        "sentence": told,
        "note": figure.note,
        "dimensions": [
            {
                "id": dimension,
                "label": texts.dimensions[dimension],
                "codes": {code: texts.label(dimension, code) for code in table.codes(dimension)},
            }
            for dimension in table.dimensions
        ],
        "totals": {name: {code: table.sum(name, code) for code in table.codes(name)} for name in table.totals},
        "rows": rows,
    }


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    for row in (header, *rows):
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row])
    return BYTE_ORDER_MARK + written.getvalue()


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
