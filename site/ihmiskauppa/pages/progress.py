"""How far the translations are: a grid of pages and languages, those first whose readers risk most; as HTML and as data, too.

A language that lacks a page altogether has a cell in which everything is missing: its readers get the page in another one.
"""

import datetime
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any, Final

from ihmiskauppa.languages import SOURCE, Languages
from ihmiskauppa.pages import freshness, sidecars
from ihmiskauppa.pages.content import PageFile
from ihmiskauppa.pages.freshness import State

# What a reader risks, worst first: a text that may be wrong, one nobody has checked, none in a language one reads.
RISK: Final = (State.STALE, State.DRAFT, State.MACHINE, State.MISSING, State.WAITING, State.OVERDUE, State.CURRENT)
SIGNS: Final = dict(zip(RISK, ("S", "D", "M", "-", "W", "O", "."), strict=True))
COLOURS: Final = dict(zip(RISK, ("red", "red", "yellow", "bright_black", "cyan", "cyan", "green"), strict=True))
_AUDIENCES: Final = ("victim", "helper", "public", "professional")
_STYLE: Final = """body{font:16px/1.5 system-ui,sans-serif;margin:1.5rem;color:#111;background:#fff}
table{border-collapse:collapse}
th,td{border:1px solid #ccc;padding:.2rem .5rem;text-align:start}thead th{position:sticky;top:0;background:#fff}
.red{background:#f8d0cc}.yellow{background:#fbeebc}.bright_black{background:#e4e4e4}.cyan{background:#cdeaf0}.green{background:#cfecd2}"""


@dataclass(frozen=True)
class Cell:
    """One page in one language: the state of each part; `critical` are the names of the safety-critical ones."""

    states: Mapping[str, State]
    critical: frozenset[str]

    @cached_property
    def worst(self) -> str:
        """The part whose reader risks most."""
        return min(self.states, key=lambda part: (RISK.index(self.states[part]), part not in self.critical))

    @property
    def state(self) -> State:
        return self.states[self.worst]

    @property
    def is_critical(self) -> bool:
        """Whether a safety-critical part is among those in the worst state."""
        return self.worst in self.critical and self.state is not State.CURRENT

    @property
    def sign(self) -> str:
        """The worst state by its letter, how many parts are in it, and `!` if a safety-critical one is among them."""
        if self.state is State.CURRENT or set(self.states.values()) == {State.MISSING}:
            return SIGNS[self.state]
        count = list(self.states.values()).count(self.state)
        return f"{SIGNS[self.state]}{count}{'!' if self.is_critical else ''}"

    @property
    def risk(self) -> tuple[bool, int]:
        """Sorts cells, the one whose reader risks most first."""
        return not self.is_critical, RISK.index(self.state)


@dataclass(frozen=True)
class Row:
    """One page in every language but the source's."""

    page_id: str
    title: str
    audience: tuple[str, ...]
    cells: Mapping[str, Cell]

    @property
    def risk(self) -> tuple[list[tuple[bool, int]], int, str]:
        """Sorts rows: by their cells, worst first; then by who reads the page; then by name."""
        readers = [_AUDIENCES.index(who) for who in self.audience] or [len(_AUDIENCES)]
        return sorted(cell.risk for cell in self.cells.values()), min(readers), self.page_id


def grid(files: Mapping[str, Mapping[str, PageFile]], languages: Languages, day: datetime.date) -> tuple[Row, ...]:
    """The rows of all pages on a day, sorted. Raises `ContentError`."""
    rows = []
    for page_id, by_language in files.items():
        source = by_language[SOURCE]
        cells = {code: _cell(by_language.get(code), source, languages, code, day) for code in languages if code != SOURCE}
        rows.append(Row(page_id, source.title, source.audience, cells))
    return tuple(sorted(rows, key=lambda row: row.risk))


def _cell(file: PageFile | None, source: PageFile, languages: Languages, code: str, day: datetime.date) -> Cell:
    if file is None:
        return Cell(dict.fromkeys((part.id for part in source.parts), State.MISSING), frozenset())
    origins = sidecars.origins(file)
    states = {part: freshness.on(day, state, origins.get(part)) for part, state in freshness.states(file, source).items()}
    if languages[code].plain:  # may leave out what protects nobody
        left_out = [part for part, state in states.items() if state is State.MISSING and part not in source.safety_critical]
        states = {part: state for part, state in states.items() if part not in left_out}
    return Cell(states, source.safety_critical)


def counts(rows: tuple[Row, ...], language: str) -> Counter[State]:
    """How many parts of all pages are in which state in a language."""
    return Counter(state for row in rows for state in row.cells[language].states.values())


def as_data(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    """The grid for programs: a list of pages, the state of each part in each language."""
    return [
        {
            "page": row.page_id,
            "languages": {
                code: {
                    "state": cell.state.value,
                    "safety_critical": cell.is_critical,
                    "parts": {part: state.value for part, state in cell.states.items()},
                }
                for code, cell in row.cells.items()
            },
        }
        for row in rows
    ]


def as_html(rows: tuple[Row, ...], languages: Languages, day: datetime.date) -> str:
    """The grid as a page of its own, for editors; each cell says in words what its colour says."""
    codes = [code for code in languages if code != SOURCE]
    legend = ", ".join(f"{sign} {state.value}" for state, sign in SIGNS.items())
    head = "".join(f'<th scope="col" title="{escape(languages[code].name)}">{code}</th>' for code in codes)
    body = "".join(
        f'<tr><th scope="row">{escape(row.page_id)}<br><span lang="{SOURCE}">{escape(row.title)}</span></th>'
        + "".join(
            f'<td class="{COLOURS[cell.state]}" title="{_in_words(cell)}">{cell.sign}</td>' for cell in row.cells.values()
        )
        + "</tr>\n"
        for row in rows
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Translations on {day.isoformat()}</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>Translations on {day.isoformat()}</h1>\n"
        f"<p>{legend}; with how many parts are so, and ! where someone's safety hangs on one of them.</p>\n"
        f'<table><thead><tr><th scope="col">Page</th>{head}</tr></thead>\n<tbody>{body}</tbody></table></body></html>\n'
    )


def _in_words(cell: Cell) -> str:
    by_state: dict[State, list[str]] = {}
    for part, state in cell.states.items():
        by_state.setdefault(state, []).append(part)
    return escape("; ".join(f"{state.value}: {', '.join(by_state[state])}" for state in RISK if state in by_state))
