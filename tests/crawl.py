"""The whole site as its links lead through it, within the process: every page, and the template each was rendered from.

Nothing is listed by hand, so that a new page is looked at by every check from the day it exists. The answers that no link leads
to (errors, results of the search, a form with faults, the thanks) are called states.

What stands in for a page that a language lacks has that language's frame and another's body, both seen elsewhere. Most lack
most pages; so all of it is met in the languages `WHOLE`, and in any other one of each section.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlsplit
from xml.etree.ElementTree import Element

from flask import before_render_template
from jinja2 import Template

from ihmiskauppa.app import build_public_app
from ihmiskauppa.pages.catalogue import HOME
from ihmiskauppa.public import posters
from ihmiskauppa.public.editions import ORDER_STATUS, POSTERS, SEARCH, Edition, load
from ihmiskauppa.public.form_token import HASTE_SECONDS
from ihmiskauppa.public.gateway import Gateway
from ihmiskauppa.settings import Settings
from tests.client import CHOSEN, SPACE, CheckedClient, Page

WHOLE: Final = ("fi", "sv", "en", "ar")
FEARED: Final = (HOME, "get-help/do-you-need-help", "get-help/police", "get-help/write-to-us")
SHARES: Final = 5  # so many languages see together a page of each make

# An order that is taken.
ORDER: Final = {
    "orderer": "school",
    "organisation": "Koulu",
    "contact": "Aino",
    "email": "aino@koulu.example",
    "address": "Opintie 7",
    "postcode": "53100",
    "town": "Lappeenranta",
    "items-poster-kitchen-a3-fi": "5",
}


@dataclass(frozen=True)
class Seen:
    """A page, and what it was rendered from: the template's name, with that of its form or what it shows beneath its text."""

    status: int
    page: Page
    template: str


@dataclass(frozen=True)
class Crawl:
    """What was seen. Pages are by path, states by the path they were met at and a word; links led to `passed_by`, too."""

    application: Gateway
    client: CheckedClient
    edition: Edition
    pages: Mapping[str, Seen]
    files: frozenset[str]
    passed_by: frozenset[str]
    states: Mapping[str, Seen]

    @cached_property
    def real(self) -> tuple[str, ...]:
        """`/`, and the real pages of every language."""
        return ("/", *(path for code in self.edition.languages for path in real_in(self.edition, code)))

    @cached_property
    def _of_tree(self) -> frozenset[str]:
        tree = self.edition.catalogue
        return frozenset(tree.entry(code, each).path for each in tree.ids for code in self.edition.languages)

    @cached_property
    def fallbacks(self) -> tuple[str, ...]:
        """One page a template that stands in a language it does not exist in."""
        standing_in = sorted(self._of_tree.intersection(self.pages) - set(self.real))
        return tuple({self.pages[path].template: path for path in standing_in}.values())

    @cached_property
    def looked_at(self) -> Mapping[str, Seen]:
        """What a check looks at that looks at everything once: real pages, fallbacks and states."""
        return {**{path: self.pages[path] for path in (*self.real, *self.fallbacks)}, **self.states}

    @cached_property
    def longest(self) -> Mapping[str, str]:
        """The path of the longest real page of each template."""
        by_length = sorted(self.real, key=lambda path: len(self.pages[path].page.html))
        return {self.pages[path].template: path for path in by_length}

    @cached_property
    def longest_states(self) -> Mapping[str, str]:
        """The name of the longest state of each template and word, whatever the form."""
        by_length = sorted(self.states, key=lambda name: len(self.states[name].page.html))
        return {f"{self.states[name].template.partition(' ')[0]} {name.partition(' ')[2]}": name for name in by_length}


def real_in(edition: Edition, code: str) -> tuple[str, ...]:
    """Every page of the tree that really exists in a language, and each form about a page once."""
    tree, language = edition.catalogue, edition.languages[code]
    there = (tree.entry(code, each).path for each in sorted(tree.ids) if language in tree.translations(each))
    about_pages = (f"/{code}/{form.id}/{HOME}/" for form in edition.forms.values() if form.of_page)
    return (*there, *about_pages)


def addresses(edition: Edition) -> frozenset[str]:
    """Every page of the tree in every language, really there or not, and every form about one."""
    tree = edition.catalogue
    about = [form.id for form in edition.forms.values() if form.of_page]
    return frozenset(
        path
        for code in edition.languages
        for page_id in tree.ids
        for path in (tree.entry(code, page_id).path, *(f"/{code}/{form}/{page_id}/" for form in about))
    )


def _worth_a_look(edition: Edition) -> frozenset[str]:
    """Of those, all but what is said at the top of this module."""
    looked_at = {path for path in addresses(edition) if path.split("/")[1] in WHOLE}
    for code in edition.languages:
        looked_at.update(real_in(edition, code))
        standing_in = {
            page_id.partition("/")[0]: entry.path
            for page_id in sorted(edition.catalogue.ids)
            if (entry := edition.catalogue.entry(code, page_id)).language.code != code
        }
        looked_at.update(standing_in.values())
    return frozenset(looked_at)


def samples_in(edition: Edition, code: str) -> frozenset[str]:
    """Of a language's real pages: all in the languages `WHOLE`; in others what is read in fear, and its share of the makes.

    A make is what is rendered from the same template with other texts: each is seen in a fifth of all languages.
    """
    paths = real_in(edition, code)
    if code in WHOLE:
        return frozenset(paths)
    tree, makes = edition.catalogue, {}
    for path in paths:
        folder = path.rstrip("/").rpartition("/")[0]
        items = folder.endswith(("/signs-check", "/posters"))  # paths of the signs check, and items, are alike
        makes["page" if path in tree.by_path else folder if items else path] = path
    share = sorted(makes.values())[list(edition.languages).index(code) % SHARES :: SHARES]
    return frozenset(share) | {tree.entry(code, each).path for each in FEARED}


class _Visitor:
    """A client that knows what its last answer was rendered from."""

    def __init__(self, application: Gateway) -> None:
        self.client = CheckedClient(application)
        self._template = ""
        before_render_template.connect(self._note, application.flask)

    def _note(self, _sender: object, template: Template, context: Mapping[str, Any], **_: object) -> None:
        shows = getattr(context.get("page"), "shows", "") or getattr(context.get("form"), "name", "")
        self._template = f"{template.name} {shows}".strip()

    def see(self, path: str, posted: Mapping[str, str] | None = None) -> Seen:
        self._template = ""
        answer = self.client.get(path) if posted is None else self.client.post(path, data=posted)
        assert self._template, f"{path}: {answer.status}, rendered from no template"
        return Seen(answer.status_code, Page(answer.text), self._template)


def crawl(configuration: Settings) -> Crawl:
    """Follow every link from the front page, then meet the states."""
    application = build_public_app(configuration, watch=False)
    visitor = _Visitor(application)
    edition = load(configuration)
    pages: dict[str, Seen] = {}
    files: set[str] = set()
    passed_by: set[str] = set()
    not_looked_at = addresses(edition) - _worth_a_look(edition)
    waiting, met = ["/"], {"/"}
    while waiting:
        path = waiting.pop()
        if path in not_looked_at:
            passed_by.add(path)
            continue
        if not path.endswith("/"):
            files.add(path)
            assert visitor.client.get(path).status_code == HTTPStatus.OK, f"{path}: a dead link"
            continue
        pages[path] = visitor.see(path)
        assert pages[path].status == HTTPStatus.OK, f"{path}: a dead link"
        page = pages[path].page
        for address in (*(a.get("href", "") for a in page.all("a")), *(img.get("src", "") for img in page.all("img"))):
            target = urlsplit(address)
            if not target.scheme and target.path and target.path not in met:
                met.add(target.path)
                waiting.append(target.path)
    time.sleep(HASTE_SECONDS)  # forms sent sooner are taken for a machine's
    closed = _Visitor(build_public_app(replace(configuration, inbox_keys=()), watch=False))
    states = {**dict(_states(visitor, closed, edition, pages)), **dict(_only_practice(configuration, application))}
    return Crawl(application, visitor.client, edition, pages, frozenset(files), frozenset(passed_by), states)


def _states(visitor: _Visitor, closed: _Visitor, edition: Edition, pages: Mapping[str, Seen]) -> Iterator[tuple[str, Seen]]:
    for code in edition.languages:
        yield f"/{code}/ error", visitor.see(f"/{code}/nowhere/")
        search = edition.catalogue.entry(code, SEARCH.id).path
        for word, query in (("found", edition.catalogue.entry(code, HOME).title), ("not found", "qqqqq")):
            yield f"{search} {word}", visitor.see(f"{search}?q={quote(query)}")
        catalogue = edition.catalogue.entry(code, POSTERS.id).path
        for word, query in (("some", "kind=card"), ("none", "audience=victim&kind=flyer")):
            yield f"{catalogue} {word}", visitor.see(f"{catalogue}{posters.CHOSEN}?{query}")
    chosen = {(seen.template, seen.page.language): path for path, seen in pages.items()}  # of many forms about a page, one
    for path, seen in ((path, pages[path]) for path in chosen.values()):
        for form in (form for form in seen.page.all("form") if form.get("method") == "post"):
            empty, filled = _filled(form, texts=False), _filled(form, texts=True)
            yield f"{path} faults", visitor.see(path, empty)
            yield f"{path} closed", closed.see(path)
            yield f"{path} trouble", closed.see(path, filled)
            yield f"{path} sent", visitor.see(path, filled)
    for code in edition.languages:
        yield from _of_an_order(visitor, edition, pages, code)


def _of_an_order(visitor: _Visitor, edition: Edition, pages: Mapping[str, Seen], code: str) -> Iterator[tuple[str, Seen]]:
    """What someone sees who orders, looks how far the order has come, forgets a tick, and cancels it."""
    form, status = (edition.catalogue.entry(code, each).path for each in (edition.forms["order"].id, ORDER_STATUS.id))
    ordered = visitor.see(form, {**_hidden(pages[form]), **ORDER})
    yield f"{form} ordered", ordered
    found = next(each for each in ordered.page.everything() if each.get("data-reference") is not None)
    asked = {**_hidden(pages[status]), "reference": "".join(found.itertext())}
    yield f"{status} unknown", visitor.see(status, {**asked, "reference": "x"})
    yield f"{status} shown", visitor.see(status, asked)
    yield f"{status} not ticked", visitor.see(status, {**asked, "cancel": "asked"})


def _hidden(seen: Seen) -> dict[str, str]:
    return {"token": seen.page.one("input", name="token").get("value", "")}


def _only_practice(configuration: Settings, real: Gateway) -> Iterator[tuple[str, Seen]]:
    """Pages that a practice copy keeps and a real site does not have."""
    practice = build_public_app(replace(configuration, mode="practice"), watch=False)
    visitor = _Visitor(practice)
    for path in sorted(set(practice.pages.paths) - set(real.pages.paths)):
        yield f"{path} practice", visitor.see(path)


def _filled(form: Element, *, texts: bool) -> dict[str, str]:
    """What is posted by someone who fills in nothing, or every large field and the last of every choice."""
    inputs = list(form.iter(SPACE + "input"))
    posted = {field.get("name", ""): field.get("value", "") for field in inputs if field.get("type") == "hidden"}
    if texts:
        posted |= {field.get("name", ""): field.get("value", "") for field in inputs if field.get("type") in CHOSEN - {"file"}}
        posted |= {area.get("name", ""): "x" for area in form.iter(SPACE + "textarea")}
    return posted
