"""Blank forms: the files to fill in, which there are, how they are called, and where those that were built lie.

A file is kept under a hash of all that goes into it. A page offers what lies there; nothing is ever made in a request.
"""

import hashlib
import importlib.metadata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

from ihmiskauppa.contacts import Contacts
from ihmiskauppa.forms import built, document, word
from ihmiskauppa.forms.definition import Form
from ihmiskauppa.languages import Language, Languages
from ihmiskauppa.settings import data_folder
from ihmiskauppa.translations import Translations

FOLDER: Final = "blanks"  # of the instance; may be deleted, and built anew

Maker = Callable[[Form, Language, Translations, Contacts, str], bytes]


@dataclass(frozen=True)
class Kind:
    """A kind of file, by its ending: what makes it, and its media type."""

    ending: str
    name: str
    media_type: str
    make: Maker


KINDS: Final = (
    Kind("pdf", "PDF", "application/pdf", document.fillable),
    Kind("docx", "Word", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", word.fillable),
)
# What a file's look depends on beside its texts.
_LIBRARIES: Final = ("weasyprint", "pikepdf", "python-docx", "fonttools")


@dataclass(frozen=True)
class Blank:
    """One file: a form in a language and a kind. `key` changes whenever its content would."""

    form: Form
    language: Language
    kind: Kind
    key: str

    @property
    def name(self) -> str:
        """What it is called where people keep it."""
        return file_name(self.form, self.form.version, self.language.code, self.kind)

    def path(self, folder: Path) -> Path:
        """Where it lies once it is built."""
        return folder / f"{self.key}.{self.kind.ending}"


def file_name(form: Form, version: str, language: str, kind: Kind) -> str:
    """The name of a version's file: form, language and version can be told from it."""
    return f"{form.file}-{language}-{version}.{kind.ending}"


def wanted(
    forms: Mapping[str, Form], languages: Languages, texts: Translations, people: Contacts, site: str
) -> tuple[Blank, ...]:
    """Every file there should be: each form that has a `file`, in every language and kind."""
    return tuple(
        Blank(form, language, kind, _key(form, language, texts, people, site, kind))
        for form in forms.values()
        if form.file
        for language in languages.values()
        for kind in KINDS
    )


def build(blanks: tuple[Blank, ...], texts: Translations, people: Contacts, site: str, folder: Path) -> int:
    """Make in `folder` what is missing of `blanks`, and remove all else; how many were made."""
    made = {one.path(folder): partial(one.kind.make, one.form, one.language, texts, people, site) for one in blanks}
    return built.build(folder, made)


def replaced(forms: Mapping[str, Form], languages: Languages) -> Iterator[tuple[Form, str, str]]:
    """The files of versions that are no more: form, language, name."""
    for form in forms.values():
        for version in form.replaces if form.file else ():
            for language in languages:
                for kind in KINDS:
                    yield form, language, file_name(form, version, language, kind)


def _key(form: Form, language: Language, texts: Translations, people: Contacts, site: str, kind: Kind) -> str:
    content = (
        _makers(),
        repr(form),
        repr(language),
        texts.digest(language.code),
        repr(sorted(people.items())),
        site,
        kind.ending,
    )
    return hashlib.sha256("\0".join(content).encode()).hexdigest()


@lru_cache(maxsize=1)
def _makers() -> str:
    """A hash of what makes the files: our own code, the fonts, and the libraries' versions."""
    sources = [*Path(__file__).parent.glob("*.py"), *document.TEMPLATES.iterdir(), *data_folder("fonts").iterdir()]
    digest = hashlib.sha256()
    for path in sorted(sources):
        digest.update(path.read_bytes())
    return digest.hexdigest() + "".join(importlib.metadata.version(library) for library in _LIBRARIES)
