"""Posters, flyers and cards: the catalogue, a page an item, and the files that were built.

The whole catalogue and the items' pages are kept documents. What a choice leaves of the catalogue is made for each request, at
an address of its own beneath: a kept document is the same whatever stands behind its `?`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final

from flask import Flask, abort, request

from ihmiskauppa.languages import Language
from ihmiskauppa.materials import text_message
from ihmiskauppa.materials.files import FOR_PRINT, PREVIEW, PREVIEW_WIDTH, SCREEN
from ihmiskauppa.materials.files import Kind as FileKind
from ihmiskauppa.materials.range import SIZE_TITLES, Item, Kind, Size
from ihmiskauppa.pages.catalogue import path_of
from ihmiskauppa.public import library
from ihmiskauppa.public.documents import Document, Documents, FrameOf
from ihmiskauppa.public.editions import POSTERS, Edition, Editions, Printed, item_id
from ihmiskauppa.public.frame import Frame, render
from ihmiskauppa.public.library import Choice, Option
from ihmiskauppa.translations import msgid

CHOSEN: Final = "chosen/"  # beneath the catalogue's path
ORDER: Final = "order"  # the form
KINDS: Final = {
    Kind.LEAFLET: msgid("Leaflet"),
    Kind.POSTER: msgid("Poster"),
    Kind.FLYER: msgid("Flyer"),
    Kind.CARD: msgid("Pocket card"),
    Kind.STICKERS: msgid("Stickers"),
}


@dataclass(frozen=True)
class Preview:
    """A picture of an item: where it is, and its size in pixels."""

    path: str
    width: int
    height: int


@dataclass(frozen=True)
class Download:
    """The files of one print: its size, and the paths and sizes in bytes of those that were built."""

    size: Size
    screen: tuple[str, int] | None
    for_print: tuple[str, int] | None


@dataclass(frozen=True)
class Shown:
    """An item as a reader gets it: `language` is the one that its preview is in, the reader's own if it is there."""

    item: Item
    path: str
    language: Language
    languages: tuple[Language, ...]
    preview: Preview | None
    order: str
    _files: Mapping[str, Printed]

    @classmethod
    def of(cls, item: Item, frame: Frame) -> "Shown":
        languages = item.languages(frame.edition.languages)
        nearest = (frame.language.code, *frame.language.fallback)
        language = next((each for code in nearest for each in languages if each.code == code), languages[0])
        form = frame.edition.forms.get(ORDER)
        order = f"{frame.path(form.id)}#{item.name}" if form and item.is_ordered else ""
        files = frame.edition.prints_of(item)
        return cls(item, frame.path(item_id(item)), language, languages, _preview(files, language), order, files)

    def downloads(self, language: Language) -> tuple[Download, ...]:
        """What was built in a language, by size."""
        return tuple(
            Download(size, self._file(size, language, SCREEN), self._file(size, language, FOR_PRINT))
            for size in self.item.sizes
        )

    @property
    def offered(self) -> tuple[Language, ...]:
        """The languages in which anything was built, the nearest to the reader's first."""
        built = {printed.file.one.language for printed in self._files.values()}
        return tuple(sorted((each for each in self.languages if each in built), key=lambda each: each != self.language))

    def _file(self, size: Size, language: Language, kind: FileKind) -> tuple[str, int] | None:
        for path, printed in self._files.items():
            one = printed.file.one
            if (one.size, one.language, printed.file.kind) == (size, language, kind):
                return path, printed.size
        return None


def _preview(files: Mapping[str, Printed], language: Language) -> Preview | None:
    for path, printed in files.items():
        if printed.file.kind is PREVIEW and printed.file.one.language == language:
            size = printed.file.one.size
            return Preview(path, PREVIEW_WIDTH, round(PREVIEW_WIDTH * size.height / size.width))
    return None


def documents(edition: Edition, frame_of: FrameOf) -> Documents:
    """The whole catalogue and each item in every language, and every file, byte by byte as it was built."""
    made: dict[str, Document] = {}
    for language in edition.languages.values():
        made[f"/{language.code}/{path_of(POSTERS.id)}"] = Document(partial(_catalogue, edition, language, frame_of, {}))
        for item in edition.range.items.values():
            path = f"/{language.code}/{path_of(item_id(item))}"
            made[path] = Document(partial(_item, edition, language, frame_of, item))
    for path, printed in edition.prints.items():
        made[path] = Document(printed.path.read_bytes, printed.file.kind.media_type)
    return made


def register(app: Flask, editions: Editions, frame_of: FrameOf) -> None:
    """Add what the choices leave of the catalogue."""

    def view(language: str) -> str:
        edition = editions.current
        if language not in edition.languages:
            abort(HTTPStatus.NOT_FOUND)
        return _catalogue(edition, edition.languages[language], frame_of, request.args, index=False)

    app.add_url_rule(f"/<language>/{path_of(POSTERS.id)}{CHOSEN}", "posters", view)


def _catalogue(edition: Edition, language: Language, frame_of: FrameOf, asked: Mapping[str, str], *, index: bool = True) -> str:
    texts = (edition.translations.gettext(language.code, text) for text in (POSTERS.title, POSTERS.summary))
    frame = frame_of(edition, language, POSTERS.id, *texts, index=index)
    items = edition.range.current
    choices = _choices(items, frame, asked)
    found = [item for item in items if _matches(item, edition, *(choice.chosen for choice in choices))]
    return render(
        "posters.html",
        frame,
        choices=choices,
        chosen=frame.path(POSTERS.id) + CHOSEN,
        shown=[Shown.of(item, frame) for item in found],
        order=frame.path(edition.forms[ORDER].id) if ORDER in edition.forms else "",
        kinds=KINDS,
        sizes=SIZE_TITLES,
        audiences=library.AUDIENCES,
    )


def _item(edition: Edition, language: Language, frame_of: FrameOf, item: Item) -> str:
    title, summary = (edition.translations.gettext(language.code, text) for text in (item.title, item.summary))
    frame = frame_of(edition, language, item_id(item), title, summary, index=not item.retired)
    shown = Shown.of(item, frame)
    message = text_message.text(item, shown.language, edition.contacts, frame.public_url) if frame.public_url else ""
    return render(
        "poster.html",
        frame,
        shown=shown,
        catalogue=edition.catalogue.entry(language.code, POSTERS.id),
        kinds=KINDS,
        sizes=SIZE_TITLES,
        audiences=library.AUDIENCES,
        message=message,
        parts=text_message.parts(message),
    )


def _choices(items: Sequence[Item], frame: Frame, asked: Mapping[str, str]) -> tuple[Choice, Choice, Choice]:
    """For whom, which kind, which language: what any item has, as the address says that it was chosen."""

    def choice(name: str, label: str, options: Sequence[Option]) -> Choice:
        return Choice.of(name, frame.gettext(label), options, asked)

    audiences, kinds = {item.audience for item in items}, {item.kind for item in items}
    written = {language for item in items for language in item.languages(frame.edition.languages)}
    tongues = [language for language in frame.edition.languages.values() if language in written]
    return (
        choice(
            "audience",
            library.AUDIENCE,
            [Option(a, frame.gettext(text)) for a, text in library.AUDIENCES.items() if a in audiences],
        ),
        choice("kind", library.KIND, [Option(k, frame.gettext(text)) for k, text in KINDS.items() if k in kinds]),
        choice("language", library.LANGUAGE, [Option(each.code, each.name, each.code) for each in tongues]),
    )


def _matches(item: Item, edition: Edition, audience: str, kind: str, language: str) -> bool:
    """Whether it has all that was chosen."""
    return (
        audience in {"", item.audience}
        and kind in {"", item.kind}
        and (not language or language in {each.code for each in item.languages(edition.languages)})
    )
