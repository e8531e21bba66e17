"""What the things that matter most are called in each language: `glossary.toml`, and whether a translation keeps to it.

A term's words are beginnings: `consent` finds “consented”. They are looked for in lower case, anywhere in a word, because
languages join words and put letters before them.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ihmiskauppa.languages import PLAIN

# Addresses, placeholders, names of containers and of hosts: words in them are no words.
_CODE: Final = re.compile(r"\{[a-z]+:[a-z0-9-]+\}|%\([a-z_]+\)[sd]|\]\([^)]*\)|^:::.*$|\b[\w-]+\.fi\b", re.MULTILINE)
_LINK: Final = re.compile(r"\[[^\]]*\]\([^)]*\)")
_KEYS: Final = frozenset({"means", "say", "never", "but"})


class GlossaryError(Exception):
    """`glossary.toml` is broken; the message names the file and the term."""


@dataclass(frozen=True)
class Term:
    """One thing and its words: by language what is said, and what never is; `but` are places that need not say it."""

    name: str
    means: str
    say: Mapping[str, tuple[str, ...]]
    never: Mapping[str, tuple[str, ...]]
    but: frozenset[str]


@dataclass(frozen=True)
class Text:
    """A text in a language (its BCP 47 code)."""

    language: str
    words: str

    @property
    def searched(self) -> str:
        """Where a term's words are looked for."""
        return _CODE.sub(" ", self.words).casefold()

    @property
    def asking(self) -> str:
        """Where terms are looked for that a translation must have, too: not in links, which each language words in its way."""
        return _CODE.sub(" ", _LINK.sub(" ", self.words)).casefold()


@dataclass(frozen=True)
class Glossary:
    """All terms, in the order of the file."""

    terms: tuple[Term, ...]

    def faults(self, text: Text, source: Text, place: str) -> Iterator[str]:
        """What `text` calls otherwise than the glossary does, where its source names a term; a sentence each.

        A plain version may use any word but one that is never used: explaining a thing often means not naming it.
        """
        ours, theirs = text.searched, source.asking
        for term in self.terms:
            wrong = [word for word in term.never.get(text.language.removesuffix(PLAIN), ()) if word in ours]
            if wrong:
                yield f"says “{wrong[0]}”, which is never said for: {term.name} ({term.means})"
            say = term.say.get(text.language, ())
            named = any(word in theirs for word in term.say.get(source.language, ()))
            if named and say and not {place, f"{text.language} {place}"} & term.but and not any(word in ours for word in say):
                yield f"the source speaks of: {term.name}; here is none of its words: {', '.join(say)}"


def load(path: Path) -> Glossary:
    """Read `glossary.toml`. Raises `GlossaryError`."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise GlossaryError(f"{path}: {type(fault).__name__}: {fault}") from fault
    return Glossary(tuple(_term(path, name, entry) for name, entry in table.items()))


def _term(path: Path, name: str, entry: Any) -> Term:
    if not isinstance(entry, dict) or not set(entry) <= _KEYS or not isinstance(entry.get("means"), str):
        raise GlossaryError(f"{path}: {name}: a term has means, say, never and but, and no more")
    tables = [entry.get(key, {}) for key in ("say", "never")]
    listed = [each for table in tables for each in (table.values() if isinstance(table, dict) else ["no table"])]
    for each in (*listed, entry.get("but", [])):
        if not isinstance(each, list) or not all(isinstance(word, str) and word for word in each):
            raise GlossaryError(f"{path}: {name}: words and places are lists of texts, words by language")
    if any(word != word.casefold() for each in listed for word in each):
        raise GlossaryError(f"{path}: {name}: words are in lower case")
    say, never = ({code: tuple(each) for code, each in table.items()} for table in tables)
    return Term(name, entry["means"], say, never, frozenset(entry.get("but", ())))
