"""The range of materials: `content/materials.toml`, and what is printed on each, a file a language beside its artwork.

Titles, summaries and alternative texts are English msgids (see `translations`). The words on an item are no msgids: what is
printed is written for its place, line by line, and many languages never need it. Knows no file that is built, and no stock.
"""

import enum
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ihmiskauppa.forms.tables import known
from ihmiskauppa.languages import SOURCE, Language, Languages
from ihmiskauppa.pages.content import AUDIENCES, REVIEWS
from ihmiskauppa.translations import msgid

FILE: Final = "materials.toml"
FOLDER: Final = "materials"  # of the content: a folder an item, with its words and its artwork

_ITEM_KEYS: Final = {
    **dict.fromkeys(("name", "kind", "audience", "page", "title", "summary", "alt", "version", "licence"), str),
    **dict.fromkeys(("sizes", "replaces"), list),
    **dict.fromkeys(("everywhere", "retired"), bool),
    **dict.fromkeys(("step", "most"), int),
}
_NAME: Final = re.compile(r"[a-z]+(-[a-z]+)*")
_VERSION: Final = re.compile(r"[0-9][0-9.-]*")
_REVIEW: Final = "review"  # keys of a file of words that are not printed
_MESSAGE: Final = "message"


class RangeError(Exception):
    """`materials.toml` or an item's words are broken; the message names file, item and reason."""


class Kind(enum.StrEnum):
    """What an item is."""

    LEAFLET = "leaflet"
    POSTER = "poster"
    FLYER = "flyer"
    CARD = "card"
    STICKERS = "stickers"


@dataclass(frozen=True)
class Size:
    """The trimmed sheet as it is printed, in millimetres; a folded item is `folds` times smaller in the hand."""

    name: str
    width: int
    height: int
    folds: int = 1


SIZES: Final = {
    size.name: size
    for size in (
        Size("a3", 297, 420),
        Size("a4", 210, 297),
        Size("a5-folded", 297, 210, folds=2),
        Size("card", 85, 110, folds=2),
    )
}

# As they are called where paper is bought.
SIZE_TITLES: Final = {
    "a3": "A3",
    "a4": "A4",
    "a5-folded": msgid("A5, folded from A4"),
    "card": msgid("85 × 55 mm, folded"),
}


@dataclass(frozen=True)
class Words:
    """What is printed on an item in a language, by the names its template uses; `review` is None in the source.

    `message` is the same as a text message (see `text_message`); most items have none.
    """

    language: str
    by_name: Mapping[str, str]
    review: str | None
    message: str = ""

    def __getitem__(self, name: str) -> str:
        return self.by_name[name]


@dataclass(frozen=True)
class Item:
    """One poster, flyer, card or sheet. Its QR code leads to `page`; it is ordered by `step`, up to `most` without a reason.

    Both are 0 for what is there to print only. `words` are by language; a retired item is shown and downloaded no more, and
    named where it was.
    """

    name: str
    kind: Kind
    audience: str
    sizes: tuple[Size, ...]
    everywhere: bool
    page: str
    title: str
    summary: str
    alt: str
    version: str
    replaces: tuple[str, ...]
    licence: str
    retired: bool
    step: int
    most: int
    words: Mapping[str, Words]
    folder: Path

    @property
    def texts(self) -> tuple[str, ...]:
        """Its msgids."""
        return (self.title, self.summary, self.alt)

    def languages(self, languages: Languages) -> tuple[Language, ...]:
        """Those it exists in: where its words are; a plain version has the words of its ordinary language."""
        return tuple(language for language in languages.values() if language.code in self.words or self._lent(language))

    @property
    def is_ordered(self) -> bool:
        return self.step > 0 and not self.retired

    def words_in(self, language: Language) -> Words:
        return self.words[language.code if language.code in self.words else language.ordinary]

    def prints(self, languages: Languages) -> Iterator["Print"]:
        """All there is of it to download, and to order if it can be ordered."""
        for size in self.sizes:
            for language in self.languages(languages):
                yield Print(self, size, language)

    def _lent(self, language: Language) -> bool:
        return self.everywhere and language.plain and language.ordinary in self.words


@dataclass(frozen=True)
class Print:
    """An item in a size and a language: what is downloaded, stocked and ordered."""

    item: Item
    size: Size
    language: Language

    @property
    def sku(self) -> str:
        """Its name in stock and in orders: the version is not part of it (`poster-kitchen-a3-fi`)."""
        return f"{self.item.name}-{self.size.name}-{self.language.code}"


@dataclass(frozen=True)
class Range:
    """All items, by name, in the order of the file."""

    items: Mapping[str, Item]
    languages: Languages

    @property
    def current(self) -> tuple[Item, ...]:
        """What is not retired."""
        return tuple(item for item in self.items.values() if not item.retired)

    @property
    def prints(self) -> tuple[Print, ...]:
        """Everything to download."""
        return tuple(one for item in self.current for one in item.prints(self.languages))


def load(content: Path, languages: Languages) -> Range:
    """Read the range. Raises `RangeError`; that a page exists is for the caller to see."""
    path = content / FILE
    try:
        table = known(tomllib.loads(path.read_text(encoding="utf-8")), {"item": list})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError, ValueError) as fault:
        raise RangeError(f"{path}: {fault}") from fault
    items: dict[str, Item] = {}
    for number, entry in enumerate(table.get("item", ()), 1):
        try:
            item = _item(known(entry, _ITEM_KEYS), content / FOLDER, languages)
            for reason in _faults(item, languages):
                raise ValueError(f"{item.name}: {reason}")
        except (KeyError, TypeError, ValueError) as fault:
            raise RangeError(f"{path}: item {number}: {type(fault).__name__}: {fault}") from fault
        if item.name in items:
            raise RangeError(f"{path}: {item.name} is there twice")
        items[item.name] = item
    return Range(items, languages)


def _item(entry: dict[str, Any], folder: Path, languages: Languages) -> Item:
    own = folder / entry["name"]
    return Item(
        name=entry["name"],
        kind=Kind(entry["kind"]),
        audience=entry["audience"],
        sizes=tuple(SIZES[size] for size in entry["sizes"]),
        everywhere=entry.get("everywhere", False),
        page=entry["page"],
        title=entry["title"],
        summary=entry["summary"],
        alt=entry["alt"],
        version=entry["version"],
        replaces=tuple(entry.get("replaces", ())),
        licence=entry["licence"],
        retired=entry.get("retired", False),
        step=entry.get("step", 0),
        most=entry.get("most", 0),
        words={code: _words(own / f"{code}.toml", code) for code in languages if (own / f"{code}.toml").exists()},
        folder=own,
    )


def _words(path: Path, language: str) -> Words:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ValueError(f"{path}: {fault}") from fault
    review, message = table.pop(_REVIEW, None), table.pop(_MESSAGE, "")
    if (review not in REVIEWS) != (language == SOURCE):
        raise ValueError(
            f"{path}: {_REVIEW} stands in every translation, not in the source: one of {', '.join(sorted(REVIEWS))}"
        )
    if not isinstance(message, str) or not all(isinstance(text, str) and text.strip() for text in table.values()):
        raise ValueError(f"{path}: words are texts")
    return Words(language, table, review, message)


def _faults(item: Item, languages: Languages) -> Iterator[str]:
    if not _NAME.fullmatch(item.name):
        yield "not a name"
    if item.audience not in AUDIENCES:
        yield f"audience must be one of {', '.join(sorted(AUDIENCES))}"
    if not item.sizes:
        yield "it has no size"
    if item.version in item.replaces or not all(_VERSION.fullmatch(version) for version in (item.version, *item.replaces)):
        yield "a version cannot be part of a file's name, or replaces itself"
    if (item.step or item.most) and (not 1 <= item.step <= item.most or item.most % item.step):
        yield "most must be some whole steps"
    if SOURCE not in item.words:
        yield f"its words in {SOURCE} are missing"
        return
    wanted = {
        code for code, language in languages.items() if language.level == "full" or (item.everywhere and not language.plain)
    }
    if wanted - set(item.words):
        yield f"its words are missing in {', '.join(sorted(wanted - set(item.words)))}"
    for words in item.words.values():
        if (set(words.by_name), bool(words.message)) != (set(item.words[SOURCE].by_name), bool(item.words[SOURCE].message)):
            yield f"its words in {words.language} are not those of the source"
