"""Gettext by the site's own language codes, with fallbacks; extraction and checking of the texts to translate.

The msgids are English. The `.po` files are read as they are: no compiled file can be older than its source. Flask-Babel
formats dates and numbers only.
"""

import base64
import gettext
import hashlib
import io
import re
import struct
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

from ihmiskauppa import typography
from ihmiskauppa.glossary import Glossary, Text
from ihmiskauppa.languages import Language, Languages
from ihmiskauppa.remembered import Remembered

MSGID_LANGUAGE: Final = "en"
TEXT_KEYS: Final = frozenset(
    {"title", "summary", "lead", "label", "hint", "text", "refused", "sent", "submit", "legend", "alt"}
)

_SOME_LENGTH: Final = 10  # characters
_PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|\{contact:[a-z0-9-]+\}")
# Header lines that would change with every update and tell nobody anything.
_IDLE_HEADERS: Final = ("# ", '"POT-', '"PO-', '"Last-', '"Language-Team', '"Report-', '"Generated-', '"Project-')
_KEYWORDS: dict[str, Any] = {
    "gettext": None,
    "_": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "msgid": None,
}

COMPILED: Final = "texts.json"  # in the cache's folder
# All of the program that compiled texts depend on.
_PROGRAM: Final = Path(__file__).read_text(encoding="utf-8") + version("babel")


class TranslationsError(Exception):
    """A `.po` file is missing or broken; the message names it."""


def msgid(text: str) -> str:
    """Mark `text` for extraction where it is written, to be translated where it is shown."""
    return text


@dataclass(frozen=True)
class Translations:
    """The texts of every language; a text a language lacks comes from its fallbacks, last from the msgid itself."""

    by_language: Mapping[str, gettext.NullTranslations]
    digests: Mapping[str, str]

    def gettext(self, language: str, text: str) -> str:
        return self.by_language[language].gettext(text)

    def ngettext(self, language: str, singular: str, plural: str, count: int) -> str:
        return self.by_language[language].ngettext(singular, plural, count)

    def digest(self, language: str) -> str:
        """A hash of all texts of `language`, with those that stand in for missing ones: another text, another hash."""
        return self.digests[language]

    def has(self, language: str, text: str) -> bool:
        """Whether `language` itself, without fallback, has `text`."""
        return _holds(self.by_language[language], text)

    def lacks(self, language: str, text: str) -> bool:
        """Whether readers of `language` get the English msgid itself, though they do not read English."""
        texts: gettext.NullTranslations | None = self.by_language[language]
        while texts is not None and not _holds(texts, text):
            texts = texts._fallback  # type: ignore[attr-defined]
        return texts is None and language.partition("-")[0] != MSGID_LANGUAGE


def _holds(texts: gettext.NullTranslations, text: str) -> bool:
    return isinstance(texts, gettext.GNUTranslations) and any(
        key in texts._catalog  # type: ignore[attr-defined]
        for key in (text, (text, 0))
    )


def po_path(folder: Path, language: str) -> Path:
    """Where a language's texts lie."""
    return folder / language / "messages.po"


def load(folder: Path, languages: Languages, cache: Path | None = None) -> Translations:
    """Read every language's `.po` file. Raises `TranslationsError`.

    Compiled texts are kept in the folder `cache`, if one is given.
    """
    kept = Remembered(cache and cache / COMPILED)
    own: dict[str, gettext.NullTranslations] = {MSGID_LANGUAGE: gettext.NullTranslations()}
    digests = dict.fromkeys(languages, "")
    for code in languages:
        if not _has_texts(folder, languages[code]):
            own[code] = gettext.NullTranslations()
        elif code != MSGID_LANGUAGE:
            own[code], digests[code] = _texts(po_path(folder, code), code, kept)
    kept.save()
    for code, language in languages.items():
        if code != MSGID_LANGUAGE and MSGID_LANGUAGE not in language.fallback[:1]:
            for fallback in language.fallback:
                if code.startswith(fallback + "-"):
                    own[code].add_fallback(own[fallback])
                    digests[code] += digests[fallback]
    return Translations(own, digests)


def _texts(path: Path, code: str, kept: Remembered) -> tuple[gettext.GNUTranslations, str]:
    """The texts of a `.po` file, and their hash."""
    try:
        written = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise TranslationsError(f"{path}: {fault}") from fault

    def compiled() -> str:
        return base64.b64encode(_compiled(path, code)).decode()

    made = kept.get((_PROGRAM, code, written), compiled)
    try:
        texts = gettext.GNUTranslations(io.BytesIO(base64.b64decode(made, validate=True)))
    except (OSError, ValueError, struct.error):  # kept, and broken
        texts = gettext.GNUTranslations(io.BytesIO(_compiled(path, code)))
    texts._catalog = {_held_once(key): text for key, text in texts._catalog.items()}  # type: ignore[attr-defined]
    said = sorted((repr(key), text) for key, text in texts._catalog.items() if key)  # type: ignore[attr-defined]
    return texts, hashlib.sha256(repr(said).encode()).hexdigest()


def _held_once(key: str | tuple[str, int]) -> str | tuple[str, int]:
    """A msgid as the one object that all languages share."""
    return sys.intern(key) if isinstance(key, str) else (sys.intern(key[0]), key[1])


def _compiled(path: Path, code: str) -> bytes:
    """A `.po` file as a `.mo` file."""
    catalog = _read(path, code)
    for message in [message for message in catalog if message.id and not all(_strings(message))]:
        catalog.delete(message.id, message.context)  # Babel would write the msgid in its place: no fallback
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    return compiled.getvalue()


def _has_texts(folder: Path, language: Language) -> bool:
    """Whether a language has, or should have, texts of its own: a plain version may do with those of its ordinary language.

    A plain version's `.po` file holds only what it says more simply.
    """
    return not language.plain or po_path(folder, language.code).exists()


def _read(path: Path, code: str) -> Catalog:
    try:
        with path.open("rb") as file:
            return read_po(file, locale=code.partition("-")[0] if code.endswith("-simple") else None, abort_invalid=True)
    except (OSError, PoFileError, ValueError) as fault:
        raise TranslationsError(f"{path}: {fault}") from fault


def extract_toml(
    fileobj: IO[bytes],
    keywords: Any,  # noqa: ARG001 - Babel's signature
    comment_tags: Any,  # noqa: ARG001
    options: Any,  # noqa: ARG001
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Babel extractor: the texts visitors see in a form definition, or in the range of materials."""
    source = fileobj.read().decode("utf-8")
    for text in _toml_texts(tomllib.loads(source)):
        position = source.find(text.splitlines()[0][:40]) if text else -1
        yield source.count("\n", 0, max(position, 0)) + 1, "gettext", text, []


def _toml_texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in TEXT_KEYS and isinstance(value, str):
                yield value
            else:
                yield from _toml_texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _toml_texts(value)


def extract(package: Path, forms: Path, content: Path) -> Catalog:
    """All texts to translate: from the package's Python and templates, the form definitions, and the range of materials."""
    catalog = Catalog(project="ihmiskauppa", charset="utf-8")
    sources = (
        (package, [("**.py", "python"), ("templates/**.html", "jinja2")], "ihmiskauppa/"),
        (forms, [("**.toml", "ihmiskauppa.translations:extract_toml")], "forms/"),
        (content, [("materials.toml", "ihmiskauppa.translations:extract_toml")], "content/"),
    )
    for folder, methods, prefix in sources:
        options = {"templates/**.html": {"extensions": "jinja2.ext.i18n,jinja2.ext.do", "trimmed": "true", "silent": "false"}}
        for name, line, text, comments, context in extract_from_dir(
            str(folder), methods, options, keywords=_KEYWORDS, comment_tags=("Translators:",)
        ):
            catalog.add(text, None, [(prefix + name, line)], auto_comments=comments, context=context)
    return catalog


def update(folder: Path, languages: Languages, extracted: Catalog) -> None:
    """Bring every language's `.po` file up to date with `extracted`; nothing is guessed, nothing obsolete is kept.

    To that of a plain version nothing is added.
    """
    for language in _with_files(folder, languages):
        path = po_path(folder, language.code)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_updated(path, language, extracted), encoding="utf-8")


def outdated(folder: Path, languages: Languages, extracted: Catalog) -> list[str]:
    """The `.po` files that an update would change, a sentence each: their texts, or where these stand, are not as extracted."""
    paths = [(po_path(folder, language.code), language) for language in _with_files(folder, languages)]
    return [
        f"{path}: not up to date; run: ihmiskauppa translations update"
        for path, language in paths
        if path.exists() and path.read_text(encoding="utf-8") != _updated(path, language, extracted)
    ]


def reword(folder: Path, languages: Languages, old: str, new: str) -> list[str]:
    """Give the translations of a msgid to another that says the same; the codes of the languages that had one.

    Raises `TranslationsError` if the placeholders differ: then it is no small fix.
    """
    if set(_PLACEHOLDER.findall(old)) != set(_PLACEHOLDER.findall(new)):
        raise TranslationsError(f"{old!r} and {new!r} have other placeholders")
    done = []
    for language in _with_files(folder, languages):
        path = po_path(folder, language.code)
        catalog = _read(path, language.code)
        message = catalog.get(old)
        if message is not None and message.string:
            catalog.delete(old)
            catalog.add(new, message.string, message.locations, message.flags, message.auto_comments, message.user_comments)
            path.write_text(_as_text(catalog), encoding="utf-8")
            done.append(language.code)
    return done


def _with_files(folder: Path, languages: Languages) -> list[Language]:
    return [language for code, language in languages.items() if code != MSGID_LANGUAGE and _has_texts(folder, language)]


def _updated(path: Path, language: Language, extracted: Catalog) -> str:
    catalog = _read(path, language.code) if path.exists() else Catalog(locale=_locale(language.code), project="ihmiskauppa")
    own = {_key(message) for message in catalog if message.id}
    catalog.update(extracted, no_fuzzy_matching=True)
    if language.plain:
        for message in [message for message in catalog if message.id and _key(message) not in own]:
            catalog.delete(message.id, message.context)
    catalog.obsolete.clear()
    return _as_text(catalog)


def _as_text(catalog: Catalog) -> str:
    catalog.fuzzy = False
    written = io.BytesIO()
    write_po(written, catalog, width=118, ignore_obsolete=True, include_lineno=False)
    return "\n".join(line for line in written.getvalue().decode().split("\n") if not line.startswith(_IDLE_HEADERS))


def _locale(code: str) -> str:
    return {"zh-Hans": "zh_Hans", "prs": "fa", "kmr": "ku"}.get(code, code.removesuffix("-simple"))


def check(folder: Path, languages: Languages, extracted: Catalog) -> list[str]:
    """What is wrong with the translations, a sentence each: missing, unknown, fuzzy, or with other placeholders."""
    faults: list[str] = []
    wanted = {_key(message) for message in extracted if message.id}
    for code in languages:
        if code == MSGID_LANGUAGE or not _has_texts(folder, languages[code]):
            continue
        path = po_path(folder, code)
        try:
            catalog = _read(path, code)
        except TranslationsError as fault:
            faults.append(str(fault))
            continue
        found = {_key(message): message for message in catalog if message.id}
        missing = set() if languages[code].plain else wanted - set(found)
        faults += [f"{path}: missing: {text!r}" for text in sorted(missing)]
        faults += [f"{path}: no longer used: {text!r}" for text in sorted(set(found) - wanted)]
        for text, message in found.items():
            strange = typography.faults(languages[code], "\n".join(_strings(message)))
            faults += [f"{path}: {reason}: {text!r}" for reason in (*_message_faults(message), *strange)]
    return faults


def word_faults(folder: Path, languages: Languages, glossary: Glossary) -> list[str]:
    """The texts that call something otherwise than the glossary does, a sentence each. A place is the msgid."""
    return [
        f"{po_path(folder, language.code)}: {_key(message)!r}: {fault}"
        for language in _with_files(folder, languages)
        if po_path(folder, language.code).exists()
        for message in _read(po_path(folder, language.code), language.code)
        for text in _strings(message)
        if message.id and text
        for fault in glossary.faults(Text(language.code, text), Text(MSGID_LANGUAGE, _key(message)), _key(message))
    ]


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def _is_twice(text: str) -> bool:
    """Whether a text of some length is one half twice: a slip of whoever puts files together."""
    half = len(text) // 2
    return half >= _SOME_LENGTH and text[:half].strip() == text[half:].strip()


def _message_faults(message: Message) -> list[str]:
    texts = _strings(message)
    ids = [message.id] if isinstance(message.id, str) else list(message.id or ())
    if message.fuzzy:
        return ["fuzzy"]
    if not all(texts):
        return ["not translated"]
    if any(_is_twice(text) for text in texts):
        return ["said twice over"]
    allowed = set().union(*(_PLACEHOLDER.findall(text) for text in ids))
    needed = set(_PLACEHOLDER.findall(ids[0])) if len(ids) == 1 else set()
    for text in texts:
        used = set(_PLACEHOLDER.findall(text))
        if not needed <= used <= allowed:
            return ["placeholders differ"]
    return []
