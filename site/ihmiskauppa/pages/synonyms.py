"""Words that mean the same to someone who searches, and words that ask for help now, from `synonyms.toml`, by language."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ihmiskauppa.languages import Languages


class SynonymsError(Exception):
    """`synonyms.toml` is broken; the message names the file, the language and the reason."""


@dataclass(frozen=True)
class Synonyms:
    """Of one language: `groups` of words or phrases that find each other; `urgent` ones bring the hotline to the top."""

    groups: tuple[tuple[str, ...], ...] = ()
    urgent: tuple[str, ...] = ()


def load(path: Path, languages: Languages) -> Mapping[str, Synonyms]:
    """Read `synonyms.toml`. Raises `SynonymsError`."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise SynonymsError(f"{path}: {type(fault).__name__}: {fault}") from fault
    return {code: _parse(f"{path}: {code}", code in languages, entry) for code, entry in table.items()}


def _parse(place: str, known: bool, entry: object) -> Synonyms:
    if not known:
        raise SynonymsError(f"{place}: no language of languages.toml")
    if not isinstance(entry, dict) or not set(entry) <= {"groups", "urgent"}:
        raise SynonymsError(f"{place}: a language has groups and urgent, nothing else")
    groups, urgent = entry.get("groups", []), entry.get("urgent", [])
    for group in (*(groups if isinstance(groups, list) else [groups]), urgent):
        if not isinstance(group, list) or not all(isinstance(word, str) and word.strip() for word in group):
            raise SynonymsError(f"{place}: not a list of words: {group!r}")
    for group in groups:
        if len(group) < 2:
            raise SynonymsError(f"{place}: {group!r} is alone in its group")
    return Synonyms(tuple(tuple(group) for group in groups), tuple(urgent))
