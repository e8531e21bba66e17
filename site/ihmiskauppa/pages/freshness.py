"""Which source version each section of a translation was made from: the sidecars `<language>.toml` beside the pages.

A sidecar has one table a section. A translation's says the hash of the source section it was made from, by whom and when,
and who reviewed it; the source's keeps the hash of the text last classified, so that no change goes unnoticed.
"""

import datetime
import enum
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ihmiskauppa.languages import PLAIN, SOURCE
from ihmiskauppa.pages.content import ContentError, PageFile, Section

HASH_DIGITS: Final = 16  # hexadecimal; a name for a version, not a protection


class State(enum.Enum):
    """How far a translated section can be trusted."""

    SOURCE = "source"
    MISSING = "missing"
    MACHINE = "machine"
    CURRENT = "current"
    STALE = "stale"


@dataclass(frozen=True)
class Origin:
    """What a sidecar says of one section."""

    source: str
    by: str
    made: datetime.date
    reviewed: datetime.date | None = None


def version(section: Section) -> str:
    """The name of this version of a section: the start of the SHA-256 of its text."""
    return hashlib.sha256(section.text.encode()).hexdigest()[:HASH_DIGITS]


def sidecar_path(page: PageFile) -> Path:
    """Where the sidecar of `page` lies."""
    return page.path.with_suffix(".toml")


def read(page: PageFile) -> Mapping[str, Origin]:
    """The sidecar of `page`; empty if there is none. Raises `ContentError`."""
    path = sidecar_path(page)
    if not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        origins = {
            name: Origin(entry["source"], entry["by"], entry["made"], entry.get("reviewed")) for name, entry in table.items()
        }
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as fault:
        raise ContentError(path, 1, f"{type(fault).__name__}: {fault}") from fault
    for name, origin in origins.items():
        texts, days = (origin.source, origin.by), (origin.made, origin.reviewed or origin.made)
        if not all(isinstance(text, str) for text in texts) or not all(isinstance(day, datetime.date) for day in days):
            raise ContentError(path, 1, f"{name}: source and by are texts, made and reviewed are days")
    return origins


def state(source: Section | None, origin: Origin | None) -> State:
    """Where the translation with this `origin` stands against the source section as it is now."""
    if source is None or origin is None:
        return State.STALE
    if origin.source != version(source):
        return State.STALE
    return State.CURRENT if origin.reviewed else State.MACHINE


def stamp(page: PageFile, source: PageFile, by: str, today: datetime.date) -> None:
    """Write the sidecar that says: every section of `page` was made from `source` as it is now.

    What was already said of a section that has not changed since is kept.
    """
    before = read(page)
    blocks: list[str] = []
    for section in source.sections:
        origin = before.get(section.id)
        if origin is None or origin.source != version(section):
            origin = Origin(version(section), by, today)
        maker = json.dumps(origin.by, ensure_ascii=False)
        block = f'[{section.id}]\nsource = "{origin.source}"\nby = {maker}\nmade = {origin.made.isoformat()}\n'
        if origin.reviewed:
            block += f"reviewed = {origin.reviewed.isoformat()}\n"
        blocks.append(block)
    sidecar_path(page).write_text("\n".join(blocks), encoding="utf-8")


def unclassified(source: PageFile) -> list[str]:
    """Section ids of a source page that changed since its sidecar was written."""
    assert source.language == SOURCE  # noqa: S101
    known = read(source)
    return [s.id for s in source.sections if s.id not in known or known[s.id].source != version(s)]


_CONTACT: Final = re.compile(r"\{contact:[a-z0-9-]+\}")
_COUNTED: Final = re.compile(r"\]\(([^)]+)\)|(\{(?:contact|figure):[a-z0-9-]+\})|^(:::+[ \t]*\S*)|(\d+)", re.MULTILINE)


def differences(file: PageFile, source: PageFile) -> list[str]:
    """What a translation has that its source lacks, or the other way: sections, links, names, containers, numbers.

    A plain version may leave out sections and more, but nothing that is safety-critical, and no telephone number there.
    """
    if file.language.endswith(PLAIN):
        return _plain_differences(file, source)
    ours, theirs = [s.id for s in file.sections], [s.id for s in source.sections]
    if ours != theirs:
        return [f"{file.path}: sections {ours} differ from the source's {theirs}"]
    faults = []
    for section, original in zip(file.sections, source.sections, strict=True):
        extra, lacking = _counted(section.text), _counted(original.text)
        if extra != lacking:
            odd = sorted((set(extra) ^ set(lacking)) or set(extra))
            faults.append(f"{file.path}:{section.line}: {section.id}: not as in the source: {', '.join(odd)}")
    return faults


def _plain_differences(file: PageFile, source: PageFile) -> list[str]:
    ours, theirs = [s.id for s in file.sections], [s.id for s in source.sections]
    if ours != [section_id for section_id in theirs if section_id in ours]:
        return [f"{file.path}: sections {ours} are not among the source's {theirs}, or in another order"]
    lacking = [s.id for s in source.sections if s.id in source.safety_critical and s.id not in ours]
    faults = [f"{file.path}: lacks the safety-critical section {section_id}" for section_id in lacking]
    for section in file.sections:
        original = source.section(section.id)
        assert original is not None  # noqa: S101 - ours are among theirs
        missing = set(_CONTACT.findall(original.text)) - set(_CONTACT.findall(section.text))
        if section.id in source.safety_critical and missing:
            faults.append(f"{file.path}:{section.line}: {section.id}: lacks {', '.join(sorted(missing))}")
    return faults


def _counted(text: str) -> list[str]:
    return sorted(next(group for group in match.groups() if group) for match in _COUNTED.finditer(text))
