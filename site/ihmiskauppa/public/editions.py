"""The content as a whole set: languages, contacts, texts, forms and pages that belong together.

An edition never changes. When a file does, or which of the inbox's keys can be used, the whole new edition is built and swapped
in; if that fails, the old one stays and the operator is told.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ihmiskauppa import contacts, database, languages, logs, translations
from ihmiskauppa.contacts import Contacts, ContactsError
from ihmiskauppa.feedback import questionnaire
from ihmiskauppa.feedback.questionnaire import QuestionnaireError
from ihmiskauppa.forms import blanks, definition, indicators
from ihmiskauppa.forms.blanks import Blank
from ihmiskauppa.forms.definition import DefinitionError, Form
from ihmiskauppa.forms.indicators import Check, IndicatorsError
from ihmiskauppa.languages import Language, Languages, LanguagesError
from ihmiskauppa.materials import files as printed
from ihmiskauppa.materials import range as materials
from ihmiskauppa.materials import rows, text_message
from ihmiskauppa.materials.files import File
from ihmiskauppa.materials.range import Item, Print, Range, RangeError
from ihmiskauppa.pages import accessibility, addresses, catalogue, markup, resources, search, security, statistics, synonyms
from ihmiskauppa.pages.accessibility import AccessibilityError, Statement
from ihmiskauppa.pages.addresses import Addresses, AddressesError
from ihmiskauppa.pages.catalogue import Catalogue, Place
from ihmiskauppa.pages.content import ContentError
from ihmiskauppa.pages.figures import FiguresError
from ihmiskauppa.pages.release import RELEASE, Release, StatisticsError
from ihmiskauppa.pages.resources import Resource, ResourcesError
from ihmiskauppa.pages.search import Search
from ihmiskauppa.pages.security import Security, SecurityError
from ihmiskauppa.pages.synonyms import SynonymsError
from ihmiskauppa.public.inbox_key import InboxKey, UsableKey
from ihmiskauppa.settings import Settings
from ihmiskauppa.translations import Translations, TranslationsError, msgid

LOOK_SECONDS: Final = 2.0
CACHE: Final = "cache"  # folder of the instance; may be deleted at any time
# Endings of the files that an edition is made of, or offers.
MARKED: Final = frozenset({".md", ".toml", ".po", ".csv", ".svg", ".docx", ".pdf", ".webp", ".mp3", ".mp4"})
FIRST_RELEASE: Final = 10  # the order of the latest release among the pages of its section
BROKEN: Final = (
    *(AccessibilityError, AddressesError),
    *(ContactsError, ContentError, DefinitionError, FiguresError, IndicatorsError, LanguagesError, StatisticsError),
    *(QuestionnaireError, RangeError, ResourcesError, SecurityError, SynonymsError, TranslationsError),
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MadePage:
    """A page that the program makes, and its place in the tree; `title` and `summary` are msgids."""

    id: str
    link: str
    order: int
    title: str
    summary: str
    in_menu: bool = True


SEARCH: Final = MadePage(
    "about/search", "about/search", 100, msgid("Search"), msgid("Find a page of this site by its words, in your own language.")
)
SITE_MAP: Final = MadePage(
    "about/site-map", "about/site-map", 110, msgid("Site map"), msgid("All pages of this site, and what each is about.")
)
LIBRARY: Final = MadePage(
    "materials/library",
    "materials/library",
    30,
    msgid("Library"),
    msgid("Acts, agreements, reports and guides about human trafficking, by whom they are for, their kind and their language."),
)
POSTERS: Final = MadePage(
    "materials/posters",
    "materials/posters",
    10,
    msgid("Posters, flyers and cards"),
    msgid(
        "Posters, a flyer, a pocket card and stickers about human trafficking: see them, print them, order them free of charge."
    ),
)
ORDER_STATUS: Final = MadePage(
    "materials/order-status",
    "materials/order-status",
    25,
    msgid("How far is my order?"),
    msgid("With the reference of your order you see how far it has come, and can cancel it until it is packed."),
    in_menu=False,
)
# What menus call a section whose front page a language lacks: that page's English title.
FRONTS: Final = {
    "assistance-system/index": msgid("The assistance system"),
    "figures/index": msgid("Figures"),
    "materials/index": msgid("Materials"),
    "news/index": msgid("News"),
}
# Without the forms and the range's items. A view or a kept document answers at each one's path.
MADE_PAGES: Final = (SEARCH, SITE_MAP, LIBRARY, POSTERS, ORDER_STATUS)


@dataclass(frozen=True)
class Asked:
    """A form at an address, and the page it is about, if it is about one."""

    form: Form
    page_id: str = ""

    @property
    def id(self) -> str:
        """What stands at the address, as if it were a page of the tree."""
        return f"{self.form.id}/{self.page_id}" if self.page_id else self.form.id


@dataclass(frozen=True)
class Offered:
    """A blank form that was built: where it lies, and its size in bytes."""

    blank: Blank
    file: Path
    size: int


@dataclass(frozen=True)
class Printed:
    """A file of the range that was built: where it lies, and its size in bytes."""

    file: File
    path: Path
    size: int


@dataclass(frozen=True)
class Edition:
    """One whole set of content."""

    languages: Languages
    contacts: Contacts
    translations: Translations
    forms: Mapping[str, Form]
    signs: Check
    releases: tuple[Release, ...]
    catalogue: Catalogue
    search: Search
    security: Security
    addresses: Addresses
    accessibility: Statement
    resources: tuple[Resource, ...]
    blanks: Mapping[str, Offered]
    range: Range
    prints: Mapping[str, Printed]
    inbox_keys: tuple[UsableKey, ...] = ()

    def blanks_of(self, form: Form, language: Language) -> Mapping[str, Offered]:
        """The blank forms of a form in a language, by their paths."""
        return {
            path: offered
            for path, offered in self.blanks.items()
            if (offered.blank.form.name, offered.blank.language.code) == (form.name, language.code)
        }

    def prints_of(self, item: Item) -> Mapping[str, Printed]:
        """The files of an item, by their paths."""
        return {path: each for path, each in self.prints.items() if each.file.one.item.name == item.name}

    def form_at(self, path: str) -> Asked | None:
        """The form at a path under a language prefix (`get-help/write-to-us/`)."""
        for form in self.forms.values():
            place = catalogue.path_of(form.id)
            page_id = path.removeprefix(place).removesuffix("/")
            if form.of_page and path == f"{place}{page_id}/" and page_id in self.catalogue.ids:
                return Asked(form, page_id)
            if not form.of_page and path == place:
                return Asked(form)
        return None


def load(settings: Settings) -> Edition:
    """Read everything. Raises one of `BROKEN`."""
    tongues = languages.load(settings.content_folder / "languages.toml")
    people = contacts.load(settings.content_folder / "contacts.toml")
    texts = translations.load(settings.translations_folder, tongues, settings.instance / CACHE)
    ordered = materials.load(settings.content_folder, tongues)
    forms = definition.load(settings.forms_folder, rows.of_range(ordered, texts))
    questionnaire.check(forms)
    signs = indicators.load(settings.forms_folder)
    releases = statistics.load(settings.content_folder / "statistics", tongues)
    placed = [
        *(MadePage(f.id, f"form:{f.name}", f.order, f.title, f.summary) for f in forms.values() if not f.of_page),
        *_of_signs(signs),
        *MADE_PAGES,
        *(_of_item(item, order) for order, item in enumerate(ordered.items.values())),
    ]
    places = [
        Place(
            id=made.id,
            link=made.link,
            order=made.order,
            titles={code: texts.gettext(code, made.title) for code in tongues},
            summaries={code: texts.gettext(code, made.summary) for code in tongues},
            in_menu=made.in_menu,
        )
        for made in placed
    ]
    places += [_of_release(release, tongues, order) for order, release in enumerate(releases, FIRST_RELEASE)]
    for form in forms.values():
        for text in form.texts:
            markup.check_contacts(text, people, form.name)
    for text in signs.texts:
        markup.check_contacts(text, people, indicators.FILE)
    fronts = {
        front: {code: texts.gettext(code, name) for code in tongues if texts.has(code, name)} for front, name in FRONTS.items()
    }
    pages = catalogue.load(settings.content_folder, tongues, people, places, settings.instance / CACHE, fronts)
    for link in sorted(signs.links - pages.ids):
        raise IndicatorsError(f"{settings.forms_folder / indicators.FILE}: a step leads to {link}, which is no page")
    for form in forms.values():
        for link in sorted(form.pages - pages.ids):
            raise DefinitionError(f"{settings.forms_folder / form.name}.toml: an answer leads to {link}, which is no page")
    for item in ordered.items.values():
        if item.page not in pages.ids:
            raise RangeError(f"{settings.content_folder / materials.FILE}: {item.name}: {item.page} is no page")
        for reason in text_message.faults(item, item.languages(tongues), people):
            raise RangeError(f"{settings.content_folder / materials.FILE}: {item.name}: {reason}")
    found_by = synonyms.load(settings.content_folder / "synonyms.toml", tongues)
    unfound = {SEARCH.id, *(item_id(item) for item in ordered.items.values() if item.retired)}
    searched = search.of_catalogue(pages, [place for place in places if place.id not in unfound])
    secure = security.load(settings.content_folder / security.FILE, people, tongues)
    words = Search(tongues, found_by, searched)
    offered = _offered(blanks.wanted(forms, tongues, texts, people, settings.public_url), settings.instance / blanks.FOLDER)
    built = _printed(printed.wanted(ordered, texts, people, settings.public_url), settings.instance / printed.FOLDER)
    files = downloads(releases, tongues) | set(offered) | set(built)
    old = addresses.load(settings.content_folder / addresses.FILE, tongues, pages.ids, files)
    gone = {_blank_path(form, code, name): form.id for form, code, name in blanks.replaced(forms, tongues)}
    gone |= {_print_path(one, name): item_id(one.item) for one, name in printed.replaced(ordered)}
    old = replace(old, gone={**old.gone, **gone})
    statement = accessibility.load(settings.content_folder / accessibility.FILE, tongues, people)
    listed = resources.load(settings.content_folder / resources.FILE, tongues, pages)
    return Edition(
        *(tongues, people, texts, forms, signs, releases, pages, words, secure, old, statement, listed, offered),
        *(ordered, built),
    )


def downloads(releases: tuple[Release, ...], languages: Languages) -> frozenset[str]:
    """The paths of the figures' files."""
    return frozenset(
        f"/{code}/{catalogue.path_of(release.id)}{name}.{kind}"
        for release in releases
        for code in languages
        for name in (RELEASE, *(table.name for table in release.tables))
        for kind in ("csv", "json")
    )


def _offered(wanted: tuple[Blank, ...], folder: Path) -> dict[str, Offered]:
    """What was built, by its path on the site."""
    found = {}
    for blank in wanted:
        file = blank.path(folder)
        if file.exists():
            found[_blank_path(blank.form, blank.language.code, blank.name)] = Offered(blank, file, file.stat().st_size)
    return found


def _blank_path(form: Form, language: str, name: str) -> str:
    return f"/{language}/{catalogue.path_of(form.id)}{name}"


def item_id(item: Item) -> str:
    """The id of an item's page."""
    return f"{POSTERS.id}/{item.name}"


def _of_item(item: Item, order: int) -> MadePage:
    """The place of an item's page, beneath the catalogue's."""
    return MadePage(item_id(item), item_id(item), order, item.title, item.summary, in_menu=False)


def _printed(wanted: tuple[File, ...], folder: Path) -> dict[str, Printed]:
    """What of the range was built, by its path on the site."""
    found = {}
    for file in wanted:
        path = file.path(folder)
        if path.exists():
            found[_print_path(file.one, file.name)] = Printed(file, path, path.stat().st_size)
    return found


def _print_path(one: Print, name: str) -> str:
    return f"/{one.language.code}/{catalogue.path_of(item_id(one.item))}{name}"


def _of_signs(check: Check) -> list[MadePage]:
    """The places of the signs check's pages; pages link to the front as `page:signs-check`."""
    paths = [MadePage(path.id, f"signs-check:{path.name}", path.order, path.title, path.summary) for path in check.paths]
    return [MadePage(check.id, "signs-check", check.order, check.title, check.summary), *paths]


def _of_release(release: Release, languages: Languages, order: int) -> Place:
    """The place of a release of statistics; pages link to it as `page:figures/2018`."""
    texts = {code: release.texts_for(language) for code, language in languages.items()}
    return Place(
        id=release.id,
        link=release.id,
        order=order,
        titles={code: own.title for code, own in texts.items()},
        summaries={code: own.summary for code, own in texts.items()},
        languages=tuple(release.texts),
    )


@dataclass(frozen=True)
class _Seen:
    """What an edition is made of, as it was at the last look."""

    files: frozenset[tuple[str, int, int]]
    inbox_keys: tuple[UsableKey, ...]


class Editions:
    """Holds the current edition and, once watching, replaces it when content changes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.inbox_key = InboxKey.of(settings)
        self._seen = self._look()
        self.current = self._load()
        self._listeners: list[Callable[[Edition], None]] = []

    def on_change(self, listener: Callable[[Edition], None]) -> None:
        self._listeners.append(listener)

    def watch(self) -> None:
        """Look for changes every two seconds, for as long as the process lives."""
        threading.Thread(target=self._watch, name="editions", daemon=True).start()

    def refresh(self) -> bool:
        """Look once; whether a new edition is in place."""
        seen = self._look()
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            edition = self._load()
        except (*BROKEN, OSError) as fault:
            place = str(fault).split(": ", 1)[0]
            logs.event(log, logging.ERROR, "changed content is broken, the old edition stays", place=place)
            if seen.inbox_keys == self.current.inbox_keys:
                return False
            # A key that may no longer be used leaves the contact page whatever else is broken.
            edition = replace(self.current, inbox_keys=seen.inbox_keys)
        try:
            for listener in self._listeners:
                listener(edition)
        except Exception as fault:  # a template that this content breaks: the watch goes on, and the old pages with it
            log.error("changed content cannot be shown, the old edition stays", exc_info=fault, extra={"event_fields": {}})
            return False
        self.current = edition
        logs.event(log, logging.INFO, "changed content is in place")
        return True

    def _watch(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(LOOK_SECONDS)
            self.refresh()

    def _load(self) -> Edition:
        return replace(load(self._settings), inbox_keys=self._seen.inbox_keys)

    def _look(self) -> _Seen:
        folders = (self._settings.content_folder, self._settings.forms_folder, self._settings.translations_folder)
        built = (self._settings.instance / name for name in (blanks.FOLDER, printed.FOLDER))
        marks = frozenset(mark for folder in (*folders, *built) for mark in _marks(folder))
        return _Seen(marks, self.inbox_key.usable(database.now()))


def _marks(folder: Path) -> list[tuple[str, int, int]]:
    marks = []
    for path in folder.rglob("*"):
        try:
            status = path.stat()
        except OSError:
            continue  # it went away while we looked: the next look sees the rest
        if path.suffix in MARKED:
            marks.append((str(path), status.st_mtime_ns, status.st_size))
    return marks
