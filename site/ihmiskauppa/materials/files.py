"""The files of the range: of each print a PDF to read, a PDF for print shops and a preview; their names, and where they lie.

A file is kept under a hash of all that goes into it. A page offers what lies there; nothing is ever made in a request.
"""

import hashlib
import importlib.metadata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

from ihmiskauppa.contacts import Contacts
from ihmiskauppa.forms import built
from ihmiskauppa.forms.document import PUBLISHER
from ihmiskauppa.materials import artwork
from ihmiskauppa.materials.range import Item, Print, Range
from ihmiskauppa.pages.catalogue import path_of
from ihmiskauppa.settings import data_folder
from ihmiskauppa.translations import Translations

FOLDER: Final = "materials"  # of the instance; may be deleted, and built anew
PREVIEW_WIDTH: Final = 240  # pixels; under 6 kB each, so that six of them are no burden on a phone


@dataclass(frozen=True)
class Kind:
    """A kind of file: what its name ends in after the version, and its media type."""

    ending: str
    media_type: str


SCREEN: Final = Kind(".pdf", "application/pdf")
FOR_PRINT: Final = Kind("-print.pdf", "application/pdf")
PREVIEW: Final = Kind(".webp", "image/webp")
KINDS: Final = (SCREEN, FOR_PRINT, PREVIEW)
# What a file's look depends on beside its texts and drawings.
_LIBRARIES: Final = ("weasyprint", "pikepdf", "pypdfium2", "pillow", "segno")


@dataclass(frozen=True)
class File:
    """One file. `key` changes whenever its content would, and is the same for all kinds of one print."""

    one: Print
    kind: Kind
    key: str

    @property
    def name(self) -> str:
        """What it is called where people keep it."""
        return file_name(self.one, self.one.item.version, self.kind)

    def path(self, folder: Path) -> Path:
        """Where it lies once it is built."""
        return folder / f"{self.key}{self.kind.ending}"


def file_name(one: Print, version: str, kind: Kind) -> str:
    """The name of a version's file: item, size, language and version can be told from it."""
    return f"ihmiskauppa-{one.sku}-{version}{kind.ending}"


def wanted(materials: Range, texts: Translations, people: Contacts, site: str) -> tuple[File, ...]:
    """Every file there should be; none where the site does not know its own address, which the QR codes lead to.

    An item has a preview a language: that of its first size.
    """
    prints = materials.prints if site else ()
    return tuple(file for one in prints for file in _files_of(one, _key(one, texts, people, site)))


def _files_of(one: Print, key: str) -> Iterator[File]:
    for kind in KINDS:
        if kind is not PREVIEW or one.size == one.item.sizes[0]:
            yield File(one, kind, key)


def build(files: tuple[File, ...], texts: Translations, people: Contacts, site: str, folder: Path) -> int:
    """Make in `folder` what is missing of `files`, and remove all else; how many were made."""
    return built.build(folder, {file.path(folder): partial(_make, file, texts, people, site, folder) for file in files})


def replaced(materials: Range) -> Iterator[tuple[Print, str]]:
    """The files of versions that are no more, those of a retired item among them: print, name."""
    for item in materials.items.values():
        for version in (*item.replaces, *([item.version] if item.retired else [])):
            for one in item.prints(materials.languages):
                for kind in KINDS:
                    yield one, file_name(one, version, kind)


def _make(file: File, texts: Translations, people: Contacts, site: str, folder: Path) -> bytes:
    if file.kind is PREVIEW:
        screen = replace(file, kind=SCREEN).path(folder)  # made before it
        made = screen if screen.exists() else built.ready(screen)
        return artwork.preview(made.read_bytes(), PREVIEW_WIDTH)
    return artwork.pdf(file.one, _page_address(file.one, site), people, texts, for_print=file.kind is FOR_PRINT)


def _page_address(one: Print, site: str) -> str:
    """Where its QR code leads."""
    return f"{site}/{one.language.code}/{path_of(one.item.page)}"


def _key(one: Print, texts: Translations, people: Contacts, site: str) -> str:
    content = (
        _makers(),
        _drawings(one.item.folder),
        repr(_described(one.item)),
        repr((one.size, one.language, one.item.words_in(one.language))),
        repr([texts.gettext(one.language.code, text) for text in shown_texts(one.item)]),
        repr(sorted(people.items())),
        _page_address(one, site),
    )
    return hashlib.sha256("\0".join(content).encode()).hexdigest()


def shown_texts(item: Item) -> tuple[str, ...]:
    """The msgids that its files show beside its words: a change of any other text leaves them as they are."""
    return (*item.texts, PUBLISHER, artwork.QR_TEXT)


def _described(item: Item) -> Item:
    """The item without what is its other languages', or its place on this machine."""
    return replace(item, words={}, folder=Path())


def _drawings(folder: Path) -> str:
    """A hash of an item's own drawings, which lie beside its words."""
    return _digest(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".toml")


@lru_cache(maxsize=1)
def _makers() -> str:
    """A hash of what makes the files: our own code, the fonts, and the libraries' versions."""
    package = Path(__file__).parent
    folders = (package, package.parent / "forms", package.parent / "templates" / "materials", data_folder("fonts"))
    sources = (path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return _digest(sources) + "".join(importlib.metadata.version(library) for library in _LIBRARIES)


def _digest(paths: Iterator[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
