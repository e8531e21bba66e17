"""The sidecars `<language>.toml` beside the pages: what is known of each version. Reads and writes; judges nothing.

A source's sidecar has every version that was classed, oldest first: its text, who wrote it and when, and how far it changed
what the one before it said. A translation's says from which version of the source each part was made, by whom, when, and who
reviewed it.
"""

import datetime
import enum
import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ihmiskauppa.pages.content import ContentError, PageFile

HASH_DIGITS: Final = 16  # hexadecimal; a name for a version, not a protection


class Change(enum.StrEnum):
    """How far a change of the source reaches, from a spelling mistake to what someone's safety hangs on; in this order."""

    SMALL = "small"
    MEANING = "meaning"
    SAFETY = "safety"


@dataclass(frozen=True)
class Version:
    """One text of a part of the source. `change` and `was`, the version before it, are empty in the first only."""

    text: str
    by: str
    made: datetime.date
    change: Change | None = None
    was: str = ""

    @property
    def name(self) -> str:
        return version(self.text)


@dataclass(frozen=True)
class Origin:
    """Where a part of a translation comes from: `source` is the version it was made from, `text` its own version then."""

    source: str
    text: str
    by: str
    made: datetime.date
    reviewer: str = ""
    reviewed: datetime.date | None = None


# By the names of parts: of a source, all versions; of a translation, the origins.
History = Mapping[str, tuple[Version, ...]]
Origins = Mapping[str, Origin]


def version(text: str) -> str:
    """The name of this version of a part: the start of the SHA-256 of its text."""
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]


def path_of(page: PageFile) -> Path:
    """Where the sidecar of `page` lies."""
    return page.path.with_suffix(".toml")


def history(source: PageFile) -> History:
    """The sidecar of a source; empty if there is none. Raises `ContentError`."""
    path = path_of(source)
    found: dict[str, tuple[Version, ...]] = {}
    for name, entry in _read(path).items():
        try:
            versions = tuple(_version(each) for each in entry["version"])
        except (KeyError, TypeError, ValueError) as fault:
            raise ContentError(path, 1, f"{name}: {type(fault).__name__}: {fault}") from fault
        for before, after in zip((None, *versions), versions, strict=False):
            if after.was != (before.name if before else "") or (after.change is None) != (before is None):
                raise ContentError(
                    path, 1, f"{name}: the version of {after.made} was classed against another text than stands before it"
                )
        found[name] = versions
    return found


def origins(translation: PageFile) -> Origins:
    """The sidecar of a translation; empty if there is none. Raises `ContentError`."""
    path = path_of(translation)
    found: dict[str, Origin] = {}
    for name, entry in _read(path).items():
        try:
            found[name] = _origin(entry)
        except (KeyError, TypeError, ValueError) as fault:
            raise ContentError(path, 1, f"{name}: {type(fault).__name__}: {fault}") from fault
    return found


def write_history(source: PageFile, kept: History) -> None:
    """Write the sidecar of a source."""
    blocks: list[str] = []
    for name, versions in kept.items():
        for each in versions:
            lines = [f"[[{name}.version]]", *_who(each.by, each.made)]
            if each.change is not None:
                lines += [f'change = "{each.change}"', f'was = "{each.was}"']
            blocks.append("\n".join([*lines, f"text = {_long(each.text)}"]))
    _write(path_of(source), blocks)


def write_origins(translation: PageFile, kept: Origins) -> None:
    """Write the sidecar of a translation."""
    blocks: list[str] = []
    for name, origin in kept.items():
        lines = [f"[{name}]", f'source = "{origin.source}"', f'text = "{origin.text}"', *_who(origin.by, origin.made)]
        if origin.reviewed is not None:
            lines += [f"reviewer = {_short(origin.reviewer)}", f"reviewed = {origin.reviewed.isoformat()}"]
        blocks.append("\n".join(lines))
    _write(path_of(translation), blocks)


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ContentError(path, 1, f"{type(fault).__name__}: {fault}") from fault


@lru_cache(maxsize=8)  # a page's translations are looked at one after the other, each beside the same source
def _parsed(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def _version(entry: dict[str, Any]) -> Version:
    _expect(entry, {"text": str, "by": str, "made": datetime.date}, {"change": str, "was": str})
    change = Change(entry["change"]) if "change" in entry else None
    return Version(entry["text"], entry["by"], entry["made"], change, entry.get("was", ""))


def _origin(entry: dict[str, Any]) -> Origin:
    texts = dict.fromkeys(("source", "text", "by"), str)
    _expect(entry, {**texts, "made": datetime.date}, {"reviewer": str, "reviewed": datetime.date})
    if ("reviewer" in entry) != ("reviewed" in entry):
        raise ValueError("reviewer and reviewed go together")
    return Origin(**entry)


def _expect(entry: dict[str, Any], needed: Mapping[str, type], optional: Mapping[str, type]) -> None:
    """Raise `ValueError` unless `entry` has just these keys with these types; a moment is no day, and true no text."""
    kinds = {**needed, **optional}
    if not set(needed) <= set(entry) <= set(kinds):
        raise ValueError(f"has {', '.join(sorted(entry))}; belongs there: {', '.join(kinds)}")
    for key, value in entry.items():
        if type(value) is not kinds[key]:
            raise ValueError(f"{key} must be {'a day' if kinds[key] is datetime.date else 'a text'}")


def _who(by: str, made: datetime.date) -> tuple[str, str]:
    return f"by = {_short(by)}", f"made = {made.isoformat()}"


def _short(text: str) -> str:
    """A TOML basic string: JSON's, but for the one character that only TOML forbids."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _long(text: str) -> str:
    """A TOML string with its lines on lines of their own, so that a reader of differences sees what changed."""
    return '"""\n' + "\n".join(_short(line)[1:-1] for line in text.split("\n")) + '"""'


def _write(path: Path, blocks: Iterable[str]) -> None:
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8", newline="\n")
