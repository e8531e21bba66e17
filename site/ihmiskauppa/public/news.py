"""The news as Atom feeds (RFC 4287), one for each language that has items of its own; the items themselves are pages.

An id is a tag: URI (RFC 4151), so that it is the same wherever the site lives. Atom wants a time to the second: an item of
which the day, the month or the year is known gets the first instant of it, in UTC.
"""

import datetime
from collections.abc import Sequence
from functools import partial
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ihmiskauppa.pages import news, published
from ihmiskauppa.pages.catalogue import Page
from ihmiskauppa.public.documents import Document, Documents, FrameOf
from ihmiskauppa.public.editions import Edition
from ihmiskauppa.public.frame import Frame, render
from ihmiskauppa.translations import msgid

FEED: Final = "feed.atom"
ATOM: Final = "application/atom+xml; charset=utf-8"
# The system's domain, and a day on which it was the system's (its site was renewed there in June 2018). Never to be changed.
TAG: Final = "tag:ihmiskauppa.fi,2019:"
PUBLISHER: Final = msgid("Assistance system for victims of human trafficking")

_SPACE: Final = "http://www.w3.org/2005/Atom"


def documents(edition: Edition, frame_of: FrameOf) -> Documents:
    """A feed for each language that any item really exists in; a stand-in is in the feed of its own language only."""
    found: dict[str, Document] = {}
    for code, language in edition.languages.items():
        items = [item for item in edition.catalogue.news(code) if not item.fallback]
        if items:
            front = edition.catalogue.page(code, news.FRONT)
            frame = frame_of(edition, language, news.FRONT, front.title, front.summary)
            found[frame.path(news.FRONT) + FEED] = Document(partial(_feed, items, frame), ATOM)
    return found


def _feed(items: Sequence[Page], frame: Frame) -> bytes:
    code, address = frame.language.code, frame.public_url + frame.path(news.FRONT)
    publisher = frame.gettext(PUBLISHER)
    feed = Element("feed", {"xmlns": _SPACE, "xml:lang": code})
    _add(feed, "id", f"{TAG}{code}/{news.SECTION}")
    _add(feed, "title", f"{publisher}: {frame.title}")
    _add(feed, "subtitle", frame.summary)
    _add(feed, "updated", max(_updated(item) for item in items))
    _add(SubElement(feed, "author"), "name", publisher)
    SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": address + FEED})
    SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "hreflang": code, "href": address})
    for item in items:
        _entry(feed, item, frame)
    indent(feed)
    body: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return body


def _entry(feed: Element, item: Page, frame: Frame) -> None:
    entry = SubElement(feed, "entry")
    code = frame.language.code
    titled = {"xml:lang": item.title_language.code} if item.title_language != frame.language else None
    _add(entry, "id", f"{TAG}{code}/{item.id}")
    _add(entry, "title", item.title, titled)
    if item.published is not None:
        _add(entry, "published", _instant(item.published.first))
    _add(entry, "updated", _updated(item))
    SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "hreflang": code, "href": frame.public_url + item.path})
    _add(entry, "summary", item.summary, titled)
    html = render("feed-item.html", frame, page=item).replace('href="/', f'href="{frame.public_url}/')
    _add(entry, "content", html, {"type": "html", "xml:lang": code})


def _add(parent: Element, name: str, text: str, attributes: dict[str, str] | None = None) -> None:
    SubElement(parent, name, attributes or {}).text = text


def _updated(item: Page) -> str:
    return _instant(published.parse(item.changed).first)


def _instant(day: datetime.date) -> str:
    """The first instant of a day (RFC 3339), in UTC."""
    return f"{day.isoformat()}T00:00:00Z"
