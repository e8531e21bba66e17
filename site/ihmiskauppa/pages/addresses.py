"""Old addresses, from `addresses.toml`: where what stood there is now, and what has gone for good and which page replaced it.

An old address is written as people read it (`/fi/ohjeita`), without an end after `?` or `#`; a slash at its end makes no
difference. It can never hide a page or a file that exists, nor lead to another old address.
"""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ihmiskauppa.languages import Languages
from ihmiskauppa.pages.catalogue import path_of

FILE: Final = "addresses.toml"
ALIAS: Final = "alias"
GONE: Final = "gone"
_ADDRESS_KEY: Final = {ALIAS: "old", GONE: "address"}
_KEYS: Final = {ALIAS: frozenset({"old", "page", "language"}), GONE: frozenset({"address", "page"})}

_ADDRESS = re.compile(r"(/(?!\.{1,2}(/|$))[^/?#%\\]+)+/?")
_HEADER = re.compile(r"\s*\[\[\s*[\"']?(alias|gone)[\"']?\s*\]\]")
# The program's own, under no language.
_FIXED: Final = frozenset({"/healthz", "/robots.txt", "/sitemap.xml", "/inbox-key.asc"})
_FIXED_FOLDERS: Final = ("/static/", "/.well-known/")
_FEED: Final = ".atom"


class AddressesError(Exception):
    """`addresses.toml` is broken: where, and why."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}")


@dataclass(frozen=True)
class Addresses:
    """Old addresses, each without a slash at its end: `moved` to a path of today, `gone` with the id of the page instead."""

    moved: Mapping[str, str]
    gone: Mapping[str, str]

    def now_at(self, path: str) -> str | None:
        """Where what stood at `path` is now; None if nothing is known of it."""
        return self.moved.get(path.rstrip("/"))

    def replacement(self, path: str) -> str | None:
        """The page that replaced what stood at `path` and is gone; None if nothing is known of it."""
        return self.gone.get(path.rstrip("/"))


@dataclass(frozen=True)
class _Entry:
    """A table of the file, and the line it starts on."""

    kind: str
    address: str
    page: str
    language: str
    line: int


def load(path: Path, languages: Languages, pages: Collection[str], files: Collection[str]) -> Addresses:
    """Read `addresses.toml`; `pages` are all ids there are, `files` the paths of downloads. Raises `AddressesError`."""
    entries = list(_entries(path))
    taken = {f"/{code}/{path_of(page)}".rstrip("/") for code in languages for page in pages} | set(files)
    old = {entry.address for entry in entries if entry.kind == ALIAS}
    moved: dict[str, str] = {}
    gone: dict[str, str] = {}
    for entry in entries:
        fault = _fault(entry, languages, taken)
        if entry.address in moved or entry.address in gone:
            fault = f"{entry.address} stands here twice"
        elif entry.page not in pages:
            ways = {f"/{code}/{path_of(entry.page)}".rstrip("/") for code in languages}
            chained = "is an old address itself: name the page it leads to" if ways & old else "is no page"
            fault = f"{entry.page} {chained}"
        if fault:
            raise AddressesError(path, entry.line, fault)
        if entry.kind == GONE:
            gone[entry.address] = entry.page
        else:
            moved[entry.address] = f"/{entry.language or _prefix(entry.address)}/{path_of(entry.page)}"
    return Addresses(moved, gone)


def _fault(entry: _Entry, languages: Languages, taken: Collection[str]) -> str:
    """What is wrong with an address, if anything."""
    address = entry.address
    if not _ADDRESS.fullmatch(address) or not address.isprintable() or " " in address:
        return f"{address!r} is no address as it is read: /fi/ohjeita, without host, ?, # and %"
    if address in taken or address in _FIXED or f"{address}/".startswith(_FIXED_FOLDERS) or address.endswith(_FEED):
        return f"{address} exists"
    if entry.kind == ALIAS and not entry.language and _prefix(address) not in languages:
        return f'{address} is in no language: add language = "…"'
    if entry.language and entry.language not in languages:
        return f"{entry.language!r} is no language of languages.toml"
    return ""


def _prefix(address: str) -> str:
    return address.split("/")[1]


def _entries(path: Path) -> Iterator[_Entry]:
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        line = re.search(r"at line (\d+)", str(fault))
        raise AddressesError(path, int(line[1]) if line else 1, str(fault)) from fault
    except (OSError, UnicodeDecodeError) as fault:
        raise AddressesError(path, 1, f"{type(fault).__name__}: {fault}") from fault
    headers = [(match[1], number) for number, line in enumerate(text.split("\n"), 1) if (match := _HEADER.match(line))]
    for kind, listed in table.items():
        if kind not in _KEYS or not isinstance(listed, list):
            raise AddressesError(path, 1, f"{kind}: there is only [[{ALIAS}]] and [[{GONE}]]")
        lines = [number for name, number in headers if name == kind]
        for index, entry in enumerate(listed):
            yield _entry(path, lines[index] if index < len(lines) else 1, kind, entry)


def _entry(path: Path, line: int, kind: str, entry: Any) -> _Entry:
    keys = _KEYS[kind]
    needed = keys - {"language"}
    if not isinstance(entry, dict) or not needed <= set(entry) <= keys:
        raise AddressesError(path, line, f"[[{kind}]] has {', '.join(sorted(needed))}" + (", language" * ("language" in keys)))
    if not all(isinstance(value, str) and value for value in entry.values()):
        raise AddressesError(path, line, f"[[{kind}]]: every value is a text")
    return _Entry(kind, entry[_ADDRESS_KEY[kind]].rstrip("/"), entry["page"], entry.get("language", ""), line)
