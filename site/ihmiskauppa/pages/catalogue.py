"""The set of pages: each placed in the tree of its language, with what stands in for a page a language lacks.

A catalogue is built as a whole from the content folder and never changes; changed content makes a new one.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from markupsafe import Markup

from ihmiskauppa.contacts import Contacts
from ihmiskauppa.languages import SOURCE, Language, Languages
from ihmiskauppa.pages import content, figures, freshness, markup, news, recordings, sidecars
from ihmiskauppa.pages.content import TITLE, ContentError, PageFile, Section
from ihmiskauppa.pages.freshness import State
from ihmiskauppa.pages.published import Published
from ihmiskauppa.pages.recordings import Recording
from ihmiskauppa.remembered import Remembered

HOME: Final = "home/index"
SANITISED: Final = "sanitised.json"  # in the cache's folder
CHECKED: Final = frozenset({State.SOURCE, State.CURRENT})  # by a person


@dataclass(frozen=True)
class Place:
    """Where a form, or a page that the program makes, stands in the tree; it has no content file.

    `link` is how pages refer to it, `titles` and `summaries` are by language code, `languages` those it really exists in (all,
    if empty). What is not in the menu is reached from the page above it.
    """

    id: str
    link: str
    order: int
    titles: Mapping[str, str]
    summaries: Mapping[str, str]
    languages: tuple[str, ...] = ()
    in_menu: bool = True


@dataclass(frozen=True)
class Entry:
    """A line of a menu, a list of contents or the breadcrumbs. `language` is the one its title is written in."""

    id: str
    path: str
    title: str
    summary: str
    language: Language


@dataclass(frozen=True)
class Text:
    """Safe HTML in a language."""

    language: Language
    heading: Markup
    body: Markup

    def read_in(self, code: str) -> "Text":
        """The same with its links within the site pointing to the language `code`."""
        return Text(self.language, markup.in_language(self.heading, code), markup.in_language(self.body, code))


@dataclass(frozen=True)
class ShownSection:
    """A section as a reader gets it.

    `state` is that of the translation; `replaced` says that another language's text stands in its place. `beneath` is what
    stands under a safety-critical text that no person has checked.
    """

    id: str
    text: Text
    state: State
    beneath: Text | None
    replaced: bool

    def read_in(self, code: str) -> "ShownSection":
        """The same with its links within the site pointing to the language `code`."""
        beneath = self.beneath.read_in(code) if self.beneath else None
        return ShownSection(self.id, self.text.read_in(code), self.state, beneath, self.replaced)


@dataclass(frozen=True)
class Page:
    """A page as a reader of `language` gets it; `body_language` differs where the language lacks it.

    `title_language` is that of title and summary: it differs from `body_language` where these are replaced, as sections are.
    `written` are the sections as they are for readers of all languages: what stands in for a page is held once.

    Only a news item has `published`; it may lack `updated`, and always lacks `checked`.
    """

    id: str
    path: str
    language: Language
    body_language: Language
    title: str
    summary: str
    title_language: Language
    title_state: State
    published: Published | None
    updated: datetime.date | None
    checked: datetime.date | None
    review: str | None
    audience: tuple[str, ...]
    shows: str
    art: str
    recordings: tuple[Recording, ...]
    written: tuple[ShownSection, ...]
    translations: tuple[Language, ...]

    @property
    def sections(self) -> tuple[ShownSection, ...]:
        return tuple(section.read_in(self.language.code) for section in self.written)

    @property
    def fallback(self) -> bool:
        return self.language != self.body_language

    @property
    def changed(self) -> str:
        """When it last changed, as exactly as that is known (ISO 8601)."""
        if self.updated is not None:
            return self.updated.isoformat()
        return self.published.text if self.published else ""


def path_of(page_id: str) -> str:
    """The path of a page under its language prefix: `home/index` is empty, `x/index` is `x/`, `x/y` is `x/y/`."""
    section, _, name = page_id.partition("/")
    if page_id == HOME:
        return ""
    return f"{section}/" if name == "index" else f"{section}/{name}/"


def front_of(page_id: str) -> str:
    """The front page of a page's section."""
    return page_id.partition("/")[0] + "/index"


class Catalogue:
    """Every page in every language. Build it with `load`."""

    def __init__(
        self,
        languages: Languages,
        contacts: Contacts,
        pages: Mapping[str, Mapping[str, Page]],
        places: Sequence[Place],
        orders: Mapping[str, int],
        in_turn: frozenset[str],
        fronts: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.languages, self.contacts = languages, contacts
        self._pages = pages
        self._places = {place.id: place for place in places}
        self._order = sorted(orders, key=lambda page_id: (orders[page_id], page_id))
        self._in_turn, self._fronts = in_turn, fronts

    def page(self, language: str, page_id: str) -> Page:
        return self._pages[language][page_id]

    def pages(self) -> Iterator[Page]:
        for by_id in self._pages.values():
            yield from by_id.values()

    @cached_property
    def by_path(self) -> Mapping[str, Page]:
        """Every page by its whole path, `/fi/get-help/police/`."""
        return {page.path: page for page in self.pages()}

    @property
    def ids(self) -> frozenset[str]:
        """Every page, news item, form and page that the program makes."""
        return frozenset(self._order) | frozenset(self._pages[SOURCE])

    def news(self, language: str) -> tuple[Page, ...]:
        """The news items as a reader of `language` gets them, newest first."""
        dated = [(page.published.first, page.id, page) for page in self._pages[language].values() if page.published]
        return tuple(page for _, _, page in sorted(dated, key=lambda item: item[:2], reverse=True))

    def news_language(self, language: str) -> Language | None:
        """The first language of a reader of `language` that has news items of its own."""
        for code in (language, *self.languages[language].fallback):
            if any(not page.fallback for page in self.news(code)):
                return self.languages[code]
        return None

    def entry(self, language: str, page_id: str) -> Entry:
        """The menu line of a page or of a form."""
        place = self._places.get(page_id)
        path = f"/{language}/{path_of(page_id)}"
        if place is not None:
            known = place.languages or tuple(self.languages)
            written = next(code for code in (language, *self.languages[language].fallback) if code in known)
            return Entry(page_id, path, place.titles[language], place.summaries[language], self.languages[written])
        page = self._pages[language][page_id]
        name = self._fronts.get(page_id, {}).get(language)
        if page.fallback and name:
            return Entry(page_id, path, name, "", page.language)
        return Entry(page_id, path, page.title, page.summary, page.title_language)

    def menu(self, language: str) -> tuple[tuple[Entry, tuple[Entry, ...]], ...]:
        """The sections' front pages, each with the pages and forms of its section, in order."""
        fronts = [page_id for page_id in self._order if page_id.endswith("/index") and page_id != HOME]
        return tuple((self.entry(language, front), self._children(language, front)) for front in fronts)

    def beneath(self, language: str, page_id: str) -> tuple[Entry, ...]:
        """What is reached from a page and stands in no menu, in order."""
        return tuple(
            self.entry(language, other)
            for other in self._order
            if other.rpartition("/")[0] == page_id and not self._in_menu(other)
        )

    def breadcrumbs(self, language: str, page_id: str) -> tuple[Entry, ...]:
        """The way from the home page to the page, the page itself left out."""
        front = front_of(page_id)
        way = [HOME] if page_id != HOME else []
        if front != page_id and front != HOME:
            way.append(front)
        above = page_id.rpartition("/")[0]
        if above in self._order:
            way.append(above)
        return tuple(self.entry(language, step) for step in way)

    def neighbours(self, language: str, page_id: str) -> tuple[Entry | None, Entry | None]:
        """What is read before and after a page, where its section is read in turn: its front page first, no stand-ins."""
        section = page_id.partition("/")[0]
        if section not in self._in_turn:
            return None, None
        front = f"{section}/index"
        ids = [front, *(other for other in self._order if other.partition("/")[0] == section and other != front)]
        spoken = self.languages[language].ordinary
        ids = [each for each in ids if each == page_id or self.entry(language, each).language.ordinary == spoken]
        at = ids.index(page_id)
        before, after = ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None
        return (self.entry(language, before) if before else None, self.entry(language, after) if after else None)

    def translations(self, page_id: str) -> tuple[Language, ...]:
        """The languages a page or form really exists in."""
        if page_id in self._places:
            real = self._places[page_id].languages
            return tuple(language for code, language in self.languages.items() if not real or code in real)
        return self._pages[SOURCE][page_id].translations

    def _children(self, language: str, front: str) -> tuple[Entry, ...]:
        section = front.partition("/")[0]
        return tuple(
            self.entry(language, page_id)
            for page_id in self._order
            if page_id.partition("/")[0] == section and page_id != front and self._in_menu(page_id)
        )

    def _in_menu(self, page_id: str) -> bool:
        return page_id not in self._places or self._places[page_id].in_menu


def find(folder: Path, languages: Languages) -> Iterator[PageFile]:
    """The files of all pages and all news items of the content folder. Raises `ContentError` at the first broken one."""
    yield from content.find(folder / "pages", languages)
    yield from news.find(folder / "news", languages)


def load(
    folder: Path,
    languages: Languages,
    contacts: Contacts,
    places: Sequence[Place],
    cache: Path | None = None,
    fronts: Mapping[str, Mapping[str, str]] | None = None,
) -> Catalogue:
    """Build the catalogue from the content folder. Raises `ContentError` with file, line and reason.

    Sanitised HTML is kept in the folder `cache`, if one is given. `fronts` are names of sections by the id of their front page
    and by language: what menus say where the page itself is not there.
    """
    files: dict[str, dict[str, PageFile]] = {}
    for file in find(folder, languages):
        same = files.setdefault(file.id, {})
        if file.language in same:
            raise ContentError(file.path, 1, f"{same[file.language].path} has the same address")
        same[file.language] = file
    for by_language in files.values():
        if SOURCE not in by_language:
            raise ContentError(next(iter(by_language.values())).path.parent, 1, f"the source {SOURCE}.md is missing")
    if HOME not in files:
        raise ContentError(folder / "pages" / HOME, 1, "the home page is missing")
    for section in sorted({page_id.partition("/")[0] for page_id in (*files, *(place.id for place in places))}):
        if f"{section}/index" not in files:
            raise ContentError(folder / "pages" / section / "index", 1, f"the front page of the section {section} is missing")
    for place in places:
        if place.id in files or [other.id for other in places].count(place.id) > 1:
            raise ContentError(folder / "pages" / place.id, 1, f"{place.link} and another page or form share this address")
    links = {page_id: path_of(page_id) for page_id in files} | {place.link: path_of(place.id) for place in places}
    kept = Remembered(cache and cache / SANITISED)
    builder = _Builder(languages, markup.Renderer(contacts, figures.load(folder / "figures.toml"), links, kept), files)
    pages = {code: {page_id: builder.page(page_id, language) for page_id in files} for code, language in languages.items()}
    kept.save()
    listed = {page_id: by_language[SOURCE] for page_id, by_language in files.items() if not by_language[SOURCE].published}
    orders = {page_id: file.order for page_id, file in listed.items()}
    in_turn = frozenset(page_id.partition("/")[0] for page_id, by_language in files.items() if by_language[SOURCE].in_turn)
    orders |= {place.id: place.order for place in places}
    return Catalogue(languages, contacts, pages, places, orders, in_turn, fronts or {})


class _Builder:
    """Renders every section once, reads every sidecar once, and puts pages together from them."""

    def __init__(self, languages: Languages, renderer: markup.Renderer, files: Mapping[str, Mapping[str, PageFile]]) -> None:
        self._languages, self._renderer, self._files = languages, renderer, files
        self._rendered: dict[tuple[str, str, str], Text] = {}
        self._known: dict[tuple[str, str, str], tuple[State, bool]] = {}
        self._pages: dict[tuple[str, str], Page] = {}
        self._histories = {page_id: sidecars.history(by_language[SOURCE]) for page_id, by_language in files.items()}
        self._origins = {
            (page_id, code): sidecars.origins(file)
            for page_id, by_language in files.items()
            for code, file in by_language.items()
            if code != SOURCE
        }

    def page(self, page_id: str, language: Language) -> Page:
        files = self._files[page_id]
        code = next(code for code in (language.code, *language.fallback, SOURCE) if code in files)
        if (page_id, code) not in self._pages:
            self._pages[page_id, code] = self._page(files[code])
        return replace(self._pages[page_id, code], path=f"/{language.code}/{path_of(page_id)}", language=language)

    def _page(self, file: PageFile) -> Page:
        """The page of a file for readers of its own language."""
        language, files = self._languages[file.language], self._files[file.id]
        for section in file.sections:
            self._text(file, section.id)  # what is hidden today must be fit to be shown tomorrow
        head = self._shown_of(file, TITLE)
        return Page(
            id=file.id,
            path=f"/{language.code}/{path_of(file.id)}",
            language=language,
            body_language=language,
            title=head.title,
            summary=head.summary,
            title_language=self._languages[head.language],
            title_state=self._state(file, TITLE),
            published=file.published,
            updated=file.updated,
            checked=file.checked,
            review=file.review,
            audience=files[SOURCE].audience,
            shows=files[SOURCE].shows,
            art=files[SOURCE].art,
            recordings=self._recordings(file),
            written=tuple(self._section(file, wanted.id) for wanted in self._wanted(file)),
            translations=tuple(self._languages[code] for code in self._languages if code in files),
        )

    def _recordings(self, file: PageFile) -> tuple[Recording, ...]:
        """None while a part of the page lacks, or was made from another text: a recording cannot be corrected in part."""
        fit = all(self._state(file, wanted.id) not in freshness.UNFIT for wanted in (*self._wanted(file), *file.parts[:1]))
        return recordings.of_page(file) if fit else ()

    def _wanted(self, file: PageFile) -> Iterator[Section]:
        """The source's sections that readers of `file` get: all, though a plain version may leave out what protects nobody."""
        source = self._files[file.id][SOURCE]
        for section in source.sections:
            plain = self._languages[file.language].plain and section.id not in source.safety_critical
            if file.section(section.id) is not None or not plain:
                yield section

    def _section(self, file: PageFile, section_id: str) -> ShownSection:
        """A section of `file`, or what stands in its place; beneath what no person has checked, what can be trusted."""
        state, shown = self._state(file, section_id), self._shown_of(file, section_id)
        beneath = None
        if section_id in self._files[file.id][SOURCE].safety_critical and self._state(shown, section_id) not in CHECKED:
            trusted = self._trusted(shown, section_id)
            beneath = self._text(trusted, section_id)
        return ShownSection(section_id, self._text(shown, section_id), state, beneath, replaced=shown is not file)

    def _shown_of(self, file: PageFile, part: str) -> PageFile:
        """The file whose text of a part is shown to readers of `file`."""
        return self._trusted(file, part) if self._hidden(file, part) else file

    def _trusted(self, file: PageFile, part: str) -> PageFile:
        """The first fallback of `file` whose text of a part can be shown and is not stale; last, the source."""
        files = self._files[file.id]
        for code in self._languages[file.language].fallback:
            if code in files and self._state(files[code], part) not in freshness.UNFIT:
                return files[code]
        return files[SOURCE]

    def _hidden(self, file: PageFile, part: str) -> bool:
        return self._judged(file, part)[1]

    def _state(self, file: PageFile, part: str) -> State:
        return self._judged(file, part)[0]

    def _judged(self, file: PageFile, part: str) -> tuple[State, bool]:
        """The state of a part of a file, and whether another text stands in its place; found once for all readers."""
        key = (file.id, file.language, part)
        if key not in self._known:
            source = self._files[file.id][SOURCE]
            wanted = source.part(part)
            if file.language == SOURCE or wanted is None:
                self._known[key] = State.SOURCE, False
            else:
                versions, origin = self._histories[file.id].get(part, ()), self._origins[file.id, file.language].get(part)
                state = freshness.state(wanted, versions, file.part(part), origin)
                change = freshness.gravest(wanted, versions, origin.source) if origin else None
                self._known[key] = state, freshness.hidden(state, change, critical=part in source.safety_critical)
        return self._known[key]

    def _text(self, file: PageFile, section_id: str) -> Text:
        key = (file.id, file.language, section_id)
        if key not in self._rendered:
            section = file.section(section_id)
            assert section is not None  # noqa: S101 - a missing one is hidden, and the source has all that is wanted
            language = self._languages[file.language]
            line = section.heading_line
            try:
                heading = self._renderer.heading(section.heading, language)
                line = section.line
                body = self._renderer.body(section.body, language)
            except markup.MarkupError as fault:
                raise ContentError(file.path, line + fault.line - 1, fault.reason) from fault
            self._rendered[key] = Text(language, heading, body)
        return self._rendered[key]
