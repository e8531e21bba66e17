"""The page that searches the site, at `/<language>/about/search/`.

The words come in the address, so that no form is posted and nothing is kept; they are in no title and in no log.
"""

import unicodedata
from http import HTTPStatus
from typing import Final

from flask import Flask, abort, request

from ihmiskauppa.pages.catalogue import path_of
from ihmiskauppa.pages.search import LONGEST_QUERY
from ihmiskauppa.public.documents import FrameOf
from ihmiskauppa.public.editions import SEARCH, Edition, Editions
from ihmiskauppa.public.frame import render

# Where someone who found nothing, or does not know what to look for, is likely to be helped.
USEFUL: Final = (
    "get-help/do-you-need-help",
    "get-help/how-we-help",
    "get-help/what-happens",
    "get-help/police",
    "about/contact",
)


def register(app: Flask, editions: Editions, frame_of: FrameOf) -> None:
    """Add the page. Changed content is indexed before it is swapped in."""

    def view(language: str) -> str:
        edition = editions.current
        if language not in edition.languages:
            abort(HTTPStatus.NOT_FOUND)
        reader, query = edition.languages[language], _readable(request.args.get("q", "")[:LONGEST_QUERY])
        texts = (edition.translations.gettext(language, text) for text in (SEARCH.title, SEARCH.summary))
        frame = frame_of(edition, reader, SEARCH.id, *texts, index=not query)
        useful = [edition.catalogue.entry(language, page) for page in USEFUL if page in edition.catalogue.ids]
        found = edition.search.find(query, language) if query else None
        return render("search.html", frame, query=query, found=found, useful=useful, longest=LONGEST_QUERY)

    app.add_url_rule(f"/<language>/{path_of(SEARCH.id)}", "search", view)
    editions.on_change(_prepare)


def _readable(text: str) -> str:
    """Without what HTML may not hold: controls, surrogates and code points that are no characters."""
    return "".join(" " if unicodedata.category(c) in {"Cc", "Cs", "Cn"} else c for c in text).strip()


def _prepare(edition: Edition) -> None:
    edition.search.prepare()
