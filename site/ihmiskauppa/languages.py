"""The languages served and their directions; which of them a visitor is likely to read."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

from babel import Locale, UnknownLocaleError

SOURCE: Final = "fi"  # every page is written in it first

PLAIN: Final = "-simple"  # ends the code of a language's plain version: a variant in the registry of BCP 47

_CODE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-simple)?")


BY_MACHINE: Final = "machine"  # was made what no person has checked
BY_PERSON: Final = "person"  # has checked all that a machine translated


class LanguagesError(Exception):
    """`languages.toml` is broken; the message names the file and the language."""


@dataclass(frozen=True)
class Language:
    """One language of the site.

    `code` is its BCP 47 tag and its path prefix, `name` its own name for itself, `locale` the CLDR locale for dates and
    numbers, `fallback` the languages tried for a page it lacks, `also` further tags browsers send for it. `quotes` are its
    opening and closing quotation marks, `comma` stands between the parts of a list. `unchecked` says that a machine
    translated the texts of the program, and that no person has checked them.
    """

    code: str
    name: str
    direction: Literal["ltr", "rtl"]
    level: Literal["core", "full", "easy"]
    locale: str
    fallback: tuple[str, ...]
    also: tuple[str, ...] = ()
    quotes: str = "“”"
    comma: str = ", "
    unchecked: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is the plain version of a language."""
        return self.code.endswith(PLAIN)

    @property
    def ordinary(self) -> str:
        """The code of the language that it is a plain version of, or its own."""
        return self.code.removesuffix(PLAIN)


class Languages(Mapping[str, Language]):
    """All languages served by code, in the order of the file; those `in_preparation` have files that nobody sees yet."""

    def __init__(self, languages: Iterable[Language], in_preparation: Iterable[str] = ()) -> None:
        self._by_code = {language.code: language for language in languages}
        self.in_preparation = frozenset(in_preparation)

    def __getitem__(self, code: str) -> Language:
        return self._by_code[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    def likely(self, tags: Iterable[str]) -> tuple[Language, ...]:
        """The languages that a visitor who asks for `tags` (best first) is likely to read, best first (RFC 4647 lookup)."""
        found: dict[str, Language] = {}
        for tag in tags:
            wanted = tag.lower()
            while wanted:
                match = self._match(wanted)
                if match is not None:
                    found.setdefault(match.code, match)
                    break
                wanted = wanted.rpartition("-")[0]
        return tuple(found.values())

    def _match(self, tag: str) -> Language | None:
        for language in self.values():
            if tag == language.code.lower() or tag in language.also:
                return language
        return None


def load(path: Path) -> Languages:
    """Read `languages.toml`. Raises `LanguagesError`."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        listed = [
            Language(
                code=entry["code"],
                name=entry["name"],
                direction=cast(Literal["ltr", "rtl"], entry["direction"]),
                level=cast(Literal["core", "full", "easy"], entry["level"]),
                locale=entry.get("locale", entry["code"]),
                fallback=tuple(entry["fallback"]),
                also=tuple(tag.lower() for tag in entry.get("also", ())),
                quotes=entry.get("quotes", Language.quotes),
                comma=entry.get("comma", Language.comma),
                unchecked=entry.get("review") == BY_MACHINE,
            )
            for entry in table["language"]
            if entry.get("served", True)
        ]
        in_preparation = [str(entry["code"]) for entry in table["language"] if not entry.get("served", True)]
        reviews = {entry["code"]: entry.get("review", BY_PERSON) for entry in table["language"]}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as fault:
        raise LanguagesError(f"{path}: {type(fault).__name__}: {fault}") from fault
    if unread := [code for code, review in reviews.items() if review not in (BY_MACHINE, BY_PERSON)]:
        raise LanguagesError(f"{path}: {', '.join(unread)}: review is {BY_MACHINE} or {BY_PERSON}")
    for language in listed:
        texts = (language.code, language.name, language.direction, language.level, language.locale, *language.fallback)
        if not all(isinstance(text, str) for text in (*texts, language.quotes, language.comma)) or len(language.quotes) != 2:
            what = "code, name, direction, level, locale, fallback, quotes and comma are texts, quotes two marks"
            raise LanguagesError(f"{path}: {language.code}: {what}")
        if not _CODE.fullmatch(language.code):
            raise LanguagesError(f"{path}: {language.code!r} is not a language code")
    languages = Languages(listed, in_preparation)
    _refuse_unfit(path, listed, languages)
    if SOURCE not in languages:
        raise LanguagesError(f"{path}: {SOURCE}, the source of every page, is missing")
    return languages


def _refuse_unfit(path: Path, listed: Sequence[Language], languages: Languages) -> None:
    """Raise `LanguagesError` for languages that do not go together."""
    twice = [code for code, count in Counter(language.code for language in listed).items() if count > 1]
    if twice:
        raise LanguagesError(f"{path}: used twice: {', '.join(twice)}")
    for language in listed:
        if language.direction not in {"ltr", "rtl"} or language.level not in {"core", "full", "easy"}:
            raise LanguagesError(f"{path}: {language.code}: unknown direction or level")
        if language.plain != (language.level == "easy") or (language.plain and language.ordinary not in language.fallback[:1]):
            raise LanguagesError(
                f"{path}: {language.code}: level easy, {PLAIN} and the ordinary language as fallback go together"
            )
        unknown = [code for code in language.fallback if code not in languages or code == language.code]
        if unknown or (language.code != SOURCE and SOURCE not in language.fallback):
            raise LanguagesError(f"{path}: {language.code}: fallback must name other languages, {SOURCE} among them")
        try:
            Locale.parse(language.locale)
        except (UnknownLocaleError, ValueError) as fault:
            raise LanguagesError(f"{path}: {language.code}: CLDR has no locale {language.locale!r}") from fault
