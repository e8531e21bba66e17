"""Markdown to safe HTML: the only place of the pages that makes `Markup`.

Two walls: the parser knows no HTML (a tag in a source file is a fault), and what it makes passes bleach's allow-list.
Contacts and figures come by name, links to pages and forms by id; a name that does not exist is a fault with its line.
Links within the site are written `/~/…`; `in_language` puts the reader's language there.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from babel.numbers import format_decimal
from bleach.sanitizer import Cleaner
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup, escape
from mdit_py_plugins.container import container_plugin

from ihmiskauppa.contacts import Contact, Contacts, ContactsError
from ihmiskauppa.languages import Language
from ihmiskauppa.pages.figures import Figure
from ihmiskauppa.remembered import Remembered

READER: Final = "/~/"  # stands for the language prefix of whoever reads the page
CONTAINERS: Final = ("notice", "danger", "fact", "steps", "doors")

_NAME = re.compile(r"\{(contact|figure):([a-z0-9-]+)\}")
_TAG = re.compile(r"<[A-Za-z/!?]")
_FENCE = re.compile(r"^:::+[ \t]*(\S.*)?$", re.MULTILINE)
_CLASSES: Final = frozenset({*(f"ik-{name}" for name in CONTAINERS), "ik-details", "ik-contact", "ik-figure"})
_TAGS: Final = frozenset(
    [
        "a",
        "bdi",
        "blockquote",
        "br",
        "code",
        "details",
        "div",
        "em",
        "h3",
        "h4",
        "hr",
        "li",
        "ol",
        "p",
        "section",
        "span",
        "strong",
        "summary",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
        "wbr",
    ]
)


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "class":
        return value in _CLASSES
    allowed = {"a": {"href", "rel"}, "bdi": {"dir"}, "td": {"data-column"}, "th": {"scope"}}
    return name in allowed.get(tag, set())


_SANITIZER: Final = Cleaner(tags=_TAGS, attributes=_allowed, protocols={"https", "mailto", "tel"}, strip=True)


# All of the program that the HTML depends on.
_PROGRAM: Final = Path(__file__).read_text(encoding="utf-8") + "".join(
    version(n) for n in ("bleach", "markdown-it-py", "babel")
)


class MarkupError(Exception):
    """A section cannot be rendered; `line` counts from 1 within the section's body."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


class Renderer:
    """Renders sections of pages. `places` maps every page id and `form:name` to its path under the language prefix."""

    def __init__(
        self, contacts: Contacts, figures: Mapping[str, Figure], places: Mapping[str, str], kept: Remembered | None = None
    ) -> None:
        self._contacts, self._figures, self._places = contacts, figures, places
        self._kept = kept or Remembered()
        named = repr((sorted(contacts.items()), sorted(figures.items()), sorted(places.items())))
        self._made_by = hashlib.sha256((named + _PROGRAM).encode()).hexdigest()
        self._markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
        for name in CONTAINERS:
            container_plugin(self._markdown, name, render=_container)
        container_plugin(self._markdown, "details", validate=_is_details, render=_details)
        self._markdown.core.ruler.push("names", self._names)
        self._markdown.core.ruler.push("tables", _head_tables)

    def body(self, text: str, language: Language) -> Markup:
        """A section's body as safe HTML. Raises `MarkupError`."""
        return self._made("body", text, language, self._markdown.render)

    def heading(self, text: str, language: Language) -> Markup:
        """A heading's text as safe HTML without a block around it. Raises `MarkupError`."""
        return self._made("heading", text, language, self._markdown.renderInline)

    def plain(self, text: str, language: Language) -> str:
        """The same as `heading`, without any tag: for titles and lists of contents."""
        return str(self.heading(text, language).striptags())

    def _made(self, kind: str, text: str, language: Language, render: Callable[[str, dict[str, Language]], str]) -> Markup:
        def make() -> str:
            _check_source(text)
            return str(_SANITIZER.clean(render(text, {"language": language})))

        made_from = (self._made_by, kind, repr(language), text)
        return Markup(self._kept.get(made_from, make))  # noqa: S704 - what the allow-list let pass is safe

    def _names(self, state: StateCore) -> None:
        language: Language = state.env["language"]
        for token in state.tokens:
            line = token.map[0] + 1 if token.map else 1
            _check_block(token, line)
            children: list[Token] = []
            for child in token.children or ():
                if child.type in {"softbreak", "hardbreak"}:
                    line += 1
                elif child.type == "link_open":
                    self._link(child, line)
                elif child.type == "text" and "{" in child.content:
                    children += self._by_name(child, language, line)
                    continue
                children.append(child)
            if token.children is not None:
                token.children = children

    def _by_name(self, token: Token, language: Language, line: int) -> Sequence[Token]:
        parts: list[Token] = []
        position = 0
        for match in _NAME.finditer(token.content):
            parts.append(Token("text", "", 0, content=token.content[position : match.start()]))
            parts.append(Token("html_inline", "", 0, content=self._named(match[1], match[2], language, line)))
            position = match.end()
        parts.append(Token("text", "", 0, content=token.content[position:]))
        return parts

    def _named(self, kind: str, name: str, language: Language, line: int) -> str:
        if kind == "figure":
            if name not in self._figures:
                raise MarkupError(line, f"there is no figure {name!r} in figures.toml")
            return f'<bdi class="ik-figure">{escape(format_decimal(self._figures[name].value, locale=language.locale))}</bdi>'
        if name not in self._contacts:
            raise MarkupError(line, f"there is no contact {name!r} in contacts.toml")
        return str(contact_link(self._contacts[name]))

    def _link(self, token: Token, line: int) -> None:
        href = str(token.attrGet("href") or "")
        if href.startswith("https://"):
            token.attrSet("rel", "noreferrer noopener")
            return
        target, _, anchor = href.partition("#")
        place = self._places.get(target.removeprefix("page:"))
        if place is None or not href.startswith(("page:", "form:")):
            raise MarkupError(line, f"a link goes to page:…, form:… or https://…; {href!r} leads nowhere")
        token.attrSet("href", READER + place + (f"#{anchor}" if anchor else ""))


def in_language(html: Markup, code: str) -> Markup:
    """Point the links within the site to the language `code`; what has none stays the same object, for all languages."""
    if READER not in html:
        return html
    return Markup(str(html).replace(f'href="{READER}', f'href="/{code}/'))  # noqa: S704 - code is a language of ours


def _check_source(text: str) -> None:
    tag = _TAG.search(text)
    if tag:
        raise MarkupError(text.count("\n", 0, tag.start()) + 1, "HTML is not allowed in content files")
    opened: list[int] = []
    for fence in _FENCE.finditer(text):
        line = text.count("\n", 0, fence.start()) + 1
        if fence[1] is None:
            if not opened:
                raise MarkupError(line, "::: closes nothing")
            opened.pop()
        elif fence[1].split()[0] not in (*CONTAINERS, "details"):
            raise MarkupError(line, f"there is no container {fence[1].split()[0]!r}")
        else:
            opened.append(line)
    if opened:
        raise MarkupError(opened[-1], "this container is never closed")
    for match in re.finditer(r"\{[^}\s]*\}?", text):
        if not _NAME.fullmatch(match[0]):
            raise MarkupError(text.count("\n", 0, match.start()) + 1, f"{match[0]!r} is neither a contact nor a figure")


def _check_block(token: Token, line: int) -> None:
    if token.type == "heading_open" and token.tag not in _TAGS:
        raise MarkupError(line, "a heading within a section has three or four #; a line under a text makes one, too")
    if token.type == "ordered_list_open" and token.attrGet("start") is not None:
        raise MarkupError(line, f"a list begins with 1; a text that begins with a year is written {token.attrGet('start')}\\.")
    if token.type == "inline":
        for number, text in enumerate(token.content.split("\n")):
            if text.lstrip().startswith(":::"):
                raise MarkupError(
                    line + number, f"{text.strip()!r} belongs to no container: details need a title, an outer :::: more colons"
                )


def _head_tables(state: StateCore) -> None:
    """Say which cells head what: in words too (`data-column`), for phones, where each cell stands on a line of its own.

    A head that begins with an empty cell means that the first cell of each row heads its row.
    """
    columns: list[str] = []
    column, in_head = 0, False
    for token, text in pairwise(state.tokens):
        if token.type in {"thead_open", "tbody_open"}:
            in_head = token.type == "thead_open"
            columns = [] if in_head else columns
        elif token.type == "tr_open":
            column = 0
        elif token.type in {"th_open", "td_open"}:
            plain = "".join(child.content for child in text.children or () if child.type == "text").strip()
            name = plain if in_head else columns[column]
            head = bool(name) if in_head else not name
            token.tag = "th" if head else "td"
            if head:
                token.attrSet("scope", "col" if in_head else "row")
            elif name:
                token.attrSet("data-column", name)
            columns += [name] if in_head else []
        elif token.type in {"th_close", "td_close"}:
            head = bool(columns[column]) if in_head else not columns[column]
            token.tag = "th" if head else "td"
            column += 1


def _container(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    token = tokens[index]
    return f'<div class="ik-{token.info.split()[0]}">\n' if token.nesting == 1 else "</div>\n"


def _is_details(params: str, *_: Any) -> bool:
    return params.strip().startswith("details ")


def _details(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    if tokens[index].nesting == 1:
        title = tokens[index].info.strip().removeprefix("details ").strip()
        return f'<details class="ik-details"><summary>{escape(title)}</summary>\n'
    return "</details>\n"


def in_english(text: str) -> Markup:
    """Plain text, English, in a page of another language (WCAG 3.1.2)."""
    return Markup('<span lang="en" dir="ltr">{}</span>').format(text)


def with_contacts(text: str, contacts: Contacts) -> Markup:
    """Plain text with contacts by name (a form's texts have them too) as safe HTML; anything else in it is escaped."""
    parts: list[Markup] = []
    position = 0
    for match in _NAME.finditer(text):
        parts += [escape(text[position : match.start()]), contact_link(contacts[match[2]])]
        position = match.end()
    return Markup("").join([*parts, escape(text[position:])])


def check_contacts(text: str, contacts: Contacts, place: str) -> None:
    """Raise `ContactsError` if `text`, which stands in `place`, names what is no contact."""
    for match in _NAME.finditer(text):
        if match[1] != "contact" or match[2] not in contacts:
            raise ContactsError(f"{place}: {match[0]} is no contact of contacts.toml")


def contact_link(contact: Contact) -> Markup:
    """A contact as a link; numbers and addresses read left to right in every language, and long ones break before their "@"."""
    link = Markup('<a class="ik-contact" href="{}"><bdi dir="ltr">{}</bdi></a>')
    return link.format(contact.href, Markup("<wbr>@").join(map(escape, contact.shown.split("@"))))
