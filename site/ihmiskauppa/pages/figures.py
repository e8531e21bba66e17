"""The figures of `figures.toml`, used by name in pages; where each comes from stands beside it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class FiguresError(Exception):
    """`figures.toml` is broken; the message names the file and the figure."""


@dataclass(frozen=True)
class Figure:
    """A count, and the heading of the source it stands under."""

    name: str
    value: int
    source: str


def load(path: Path) -> Mapping[str, Figure]:
    """Read `figures.toml`. Raises `FiguresError`."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        figures = {name: Figure(name, entry["value"], entry["source"]) for name, entry in table.items()}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as fault:
        raise FiguresError(f"{path}: {type(fault).__name__}: {fault}") from fault
    for figure in figures.values():
        if type(figure.value) is not int or not isinstance(figure.source, str) or not figure.source:
            raise FiguresError(f"{path}: {figure.name}: value must be a whole number, and source must say where it stands")
    return figures
