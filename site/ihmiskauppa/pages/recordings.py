"""A page read aloud, and a page in sign language: files beside its text that are shown only while they say what the text says.

Beside `<language>.md` lie `<language>.mp3` (read aloud) and `<language>.mp4` (signed: beside Finnish in Finnish Sign Language,
beside Swedish in Finland-Swedish Sign Language), and `<language>.recorded.toml` with a table for each: `text`, the version
of the whole page that is spoken, and `file`, the start of the SHA-256 of the file. With another text nothing is
shown: an old recording could promise what no longer holds.
"""

import datetime
import enum
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ihmiskauppa.pages.content import ContentError, PageFile
from ihmiskauppa.pages.sidecars import version

DIGEST_DIGITS: Final = 32
_KEYS: Final = {"text": str, "file": str, "by": str, "made": datetime.date}


class Kind(enum.Enum):
    """What a recording is: the name of its table, and the ending of its file."""

    SPOKEN = "spoken"
    SIGNED = "signed"

    @property
    def ending(self) -> str:
        return "mp3" if self is Kind.SPOKEN else "mp4"

    @property
    def media_type(self) -> str:
        return "audio/mpeg" if self is Kind.SPOKEN else "video/mp4"


@dataclass(frozen=True)
class Recording:
    """A file that says what its page says; `size` in bytes."""

    kind: Kind
    path: Path
    digest: str
    size: int

    @property
    def name(self) -> str:
        """Under which it is served: another content, another name."""
        return f"{self.digest}.{self.kind.ending}"


def file_of(page: PageFile, kind: Kind) -> Path:
    """Where a page's recording lies, if there is one."""
    return page.path.with_suffix(f".{kind.ending}")


def of_page(page: PageFile) -> tuple[Recording, ...]:
    """The recordings of the page as it reads now. Raises `ContentError`."""
    said = spoken_version(page)
    return tuple(
        Recording(kind, path, entry["file"], path.stat().st_size)
        for kind, entry in _sidecar(page).items()
        if entry["text"] == said and (path := file_of(page, kind)).exists()
    )


def faults(page: PageFile) -> list[str]:
    """What an editor must do before a recording of the page is shown, a sentence each. Raises `ContentError`."""
    known, said, found = _sidecar(page), spoken_version(page), []
    for kind in Kind:
        path, entry = file_of(page, kind), known.get(kind)
        if not path.exists():
            found += [f"{path}: is missing, though it is named beside the page"] if entry else []
        elif entry is None or entry["file"] != _digest(path):
            found.append(f"{path}: not shown: nobody has said which text it speaks; see: ihmiskauppa translations recorded")
        elif entry["text"] != said:
            found.append(f"{path}: not shown: the page has changed since; record it anew, or remove it")
    return found


def stamp(page: PageFile, by: str, day: datetime.date) -> list[Kind]:
    """Say that all recordings beside the page speak its text as it is now; which these are."""
    kinds = [kind for kind in Kind if file_of(page, kind).exists()]
    blocks = []
    for kind in kinds:
        words = (("text", spoken_version(page)), ("file", _digest(file_of(page, kind))), ("by", by))
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in words]
        blocks.append("\n".join([f"[{kind.value}]", *lines, f"made = {day.isoformat()}"]))
    if blocks:
        _path(page).write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    return kinds


def spoken_version(page: PageFile) -> str:
    """The version of a page's whole text."""
    return version("\n\n".join(part.text for part in page.parts))


def _path(page: PageFile) -> Path:
    return page.path.with_suffix(".recorded.toml")


def _sidecar(page: PageFile) -> Mapping[Kind, Mapping[str, Any]]:
    path = _path(page)
    if not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        known = {Kind(name): entry for name, entry in table.items()}
        if any({key: type(value) for key, value in entry.items()} != _KEYS for entry in known.values()):
            raise ValueError(f"a recording has {', '.join(_KEYS)}, and no more")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValueError, AttributeError) as fault:
        raise ContentError(path, 1, f"{type(fault).__name__}: {fault}") from fault
    return known


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:DIGEST_DIGITS]
