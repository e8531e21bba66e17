"""The library: acts, conventions, guides, reports and the like, from `resources.toml`, as editors listed them.

A resource is told of in the languages it has texts in; a page of ours that is a resource knows itself which languages it has.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError

from ihmiskauppa.languages import SOURCE, Language, Languages
from ihmiskauppa.pages.catalogue import Catalogue
from ihmiskauppa.pages.content import AUDIENCES, REVIEWS
from ihmiskauppa.translations import msgid

FILE: Final = "resources.toml"
# In the order of the page.
KINDS: Final = {
    "act": msgid("Acts"),
    "convention": msgid("Conventions"),
    "guide": msgid("Guides"),
    "campaign": msgid("Campaigns"),
    "report": msgid("Reports"),
    "review": msgid("Reviews"),
}

_KEYS: Final = {"id": str, "kind": str, "audiences": list, "languages": list, "year": int, "address": str, "texts": dict}
_OPTIONAL: Final = frozenset({"languages", "address"})
_TEXTS: Final = ("title", "summary", "publisher")


class ResourcesError(Exception):
    """`resources.toml` is broken; the message names the file, the resource and the reason."""


@dataclass(frozen=True)
class Texts:
    """What a language says of a resource; `review` is None in the source."""

    language: Language
    title: str
    summary: str
    publisher: str
    review: str | None


@dataclass(frozen=True)
class Tongue:
    """A language that a resource is written in; not every one is a language of the site."""

    code: str
    name: str


@dataclass(frozen=True)
class Resource:
    """One resource. `address` is a link elsewhere, `page` the id of a page of ours; it may have neither, never both."""

    id: str
    kind: str
    audiences: tuple[str, ...]
    languages: tuple[Tongue, ...]
    year: int
    address: str
    page: str
    texts: Mapping[str, Texts]

    @property
    def host(self) -> str:
        """Where `address` leads."""
        return urlsplit(self.address).netloc

    def texts_for(self, language: Language) -> Texts:
        """The texts that a reader of `language` gets."""
        return self.texts[next(code for code in (language.code, *language.fallback, SOURCE) if code in self.texts)]

    def matches(self, audience: str, kind: str, language: str) -> bool:
        """Whether it is for this audience, of this kind and in this language; an empty choice leaves all."""
        codes = {tongue.code for tongue in self.languages}
        return (
            (not audience or audience in self.audiences)
            and (not kind or kind == self.kind)
            and (not language or language in codes)
        )


def load(path: Path, languages: Languages, catalogue: Catalogue) -> tuple[Resource, ...]:
    """Read `resources.toml`, in its order. Raises `ResourcesError`."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ResourcesError(f"{path}: {type(fault).__name__}: {fault}") from fault
    entries = table.pop("resource", [])
    if table or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ResourcesError(f"{path}: it has [[resource]] tables, nothing else")
    found: dict[str, Resource] = {}
    for number, entry in enumerate(entries, 1):
        place = f"{path}: {entry.get('id', f'resource {number}')}"
        try:
            resource = _resource(entry, languages, catalogue)
        except ValueError as fault:
            raise ResourcesError(f"{place}: {fault}") from fault
        if resource.id in found:
            raise ResourcesError(f"{place}: this id is used twice")
        found[resource.id] = resource
    return tuple(found.values())


def _resource(entry: Mapping[str, Any], languages: Languages, catalogue: Catalogue) -> Resource:
    for key, value in entry.items():
        if key not in _KEYS:
            raise ValueError(f"{key!r} is no key of a resource")
        if type(value) is not _KEYS[key]:
            raise ValueError(f"{key} must be {_KEYS[key].__name__}")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise ValueError(f"{key} must be a list of texts")
    missing = set(_KEYS) - _OPTIONAL - set(entry)
    if missing:
        raise ValueError(f"missing: {', '.join(sorted(missing))}")
    audiences, address, texts = tuple(entry["audiences"]), entry.get("address", ""), entry["texts"]
    if SOURCE not in texts or not set(texts) <= set(languages):
        raise ValueError(f"texts must be in {SOURCE}, and otherwise in languages of languages.toml")
    if entry["kind"] not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    if not audiences or not set(audiences) <= AUDIENCES:
        raise ValueError(f"audiences must be among {', '.join(sorted(AUDIENCES))}")
    ours = address in catalogue.ids
    if address and not ours and not (address.startswith("https://") and urlsplit(address).netloc):
        raise ValueError(f"address must be https://… or the id of a page; {address!r} is neither")
    if "languages" not in entry and not ours:
        raise ValueError("languages may be left out only where address is a page of ours, which knows them")
    return Resource(
        id=entry["id"],
        kind=entry["kind"],
        audiences=audiences,
        languages=_tongues(entry["languages"], languages) if "languages" in entry else _of_page(catalogue, address),
        year=entry["year"],
        address="" if ours else address,
        page=address if ours else "",
        texts={code: _texts(texts[code], language) for code, language in languages.items() if code in texts},
    )


def _of_page(catalogue: Catalogue, page_id: str) -> tuple[Tongue, ...]:
    return tuple(Tongue(language.code, language.name) for language in catalogue.translations(page_id))


def _tongues(codes: list[str], languages: Languages) -> tuple[Tongue, ...]:
    """Each language by its own name: ours, or else CLDR's."""
    tongues = []
    for code in codes:
        if code in languages:
            tongues.append(Tongue(code, languages[code].name))
            continue
        try:
            name = str(Locale.parse(code, sep="-").display_name)
        except (UnknownLocaleError, ValueError) as fault:
            raise ValueError(f"{code!r} is no language that CLDR knows") from fault
        tongues.append(Tongue(code, name[:1].upper() + name[1:]))
    if not tongues or len({tongue.code for tongue in tongues}) < len(tongues):
        raise ValueError("languages: at least one, each once")
    return tuple(tongues)


def _texts(entry: object, language: Language) -> Texts:
    expected = {*_TEXTS, *(() if language.code == SOURCE else ("review",))}
    if not isinstance(entry, dict) or set(entry) != expected:
        raise ValueError(f"{language.code} must have {', '.join(sorted(expected))}, nothing else")
    for key, text in entry.items():
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{language.code}: {key} must be a text")
    review = entry.get("review")
    if review is not None and review not in REVIEWS:
        raise ValueError(f"{language.code}: review must be one of {', '.join(sorted(REVIEWS))}")
    return Texts(language, entry["title"], entry["summary"], entry["publisher"], review)
