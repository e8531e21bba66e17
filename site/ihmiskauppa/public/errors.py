"""Error pages in the visitor's language, each with the hotline; faults are logged without a value of theirs.

Where nothing stands at an address, it may be an old one (`pages.addresses`): then the answer leads to what holds now.
"""

import logging
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, make_response, request
from werkzeug.exceptions import HTTPException, InternalServerError

from ihmiskauppa.languages import Language
from ihmiskauppa.pages.search import LONGEST_QUERY
from ihmiskauppa.public.documents import FrameOf
from ihmiskauppa.public.editions import Edition, Editions
from ihmiskauppa.public.frame import render
from ihmiskauppa.public.pages import KeptPages
from ihmiskauppa.public.submissions import Submissions
from ihmiskauppa.translations import msgid

# Status: heading, explanation. A form answers 408, 413, 422, 429 and 503 with itself and all that was typed, wherever it can.
TEXTS: Final = {
    400: (msgid("The page could not be shown"), msgid("Your browser sent something that we could not read.")),
    403: (
        msgid("This form was sent from another site"),
        msgid("Please open the form on this site and send it from there."),
    ),
    404: (
        msgid("There is no page at this address"),
        msgid("It may have moved. You can search for it here. The menu shows all pages."),
    ),
    405: (msgid("This page cannot be used in that way"), msgid("Please use the links and forms on the pages.")),
    408: (
        msgid("It took too long"),
        msgid("What you sent did not arrive in time. It was not taken. Please try again, or call us."),
    ),
    410: (msgid("What was here is gone"), msgid("It was replaced by something newer. Please use this page instead:")),
    411: (
        msgid("Your message could not be received"),
        msgid("Your browser did not say how long it is. It was not sent. Please try another browser, or call us."),
    ),
    413: (
        msgid("This was too much to send at once"),
        msgid("Your message was not sent. Please shorten it, or call us."),
    ),
    422: (
        msgid("Something in what you sent is not right"),
        msgid("It was not taken. Please go back and look at what you filled in, or call us."),
    ),
    429: (
        msgid("Please wait a moment"),
        msgid("Many messages came from your connection. Please try again in a few minutes, or call us."),
    ),
    500: (
        msgid("Something went wrong on our side"),
        msgid("It is not your fault. Please try again in a moment, or call us."),
    ),
    503: (
        msgid("This does not work at the moment"),
        msgid("It is not your fault. Please try again later, or call us."),
    ),
}
READING: Final = frozenset({"GET", "HEAD"})

log = logging.getLogger(__name__)


def register(app: Flask, editions: Editions, frame_of: FrameOf, submissions: Submissions, kept: KeptPages) -> None:
    """Answer every fault with a page. Flask does not know the paths that are `kept`: reading them never comes here."""

    def page(error: HTTPException) -> Response:
        edition = editions.current
        status = error.code if error.code in TEXTS else (500 if (error.code or 500) >= 500 else 400)
        methods = frozenset[str]()
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED} and request.method not in READING:
            methods = _methods(app, edition, kept)
            status = HTTPStatus.METHOD_NOT_ALLOWED if methods else HTTPStatus.NOT_FOUND
        replacement = None
        if status == HTTPStatus.NOT_FOUND:
            now_at = edition.addresses.now_at(request.path)
            if now_at and request.method in READING:
                return Response(status=HTTPStatus.MOVED_PERMANENTLY, headers={"Location": now_at})
            replacement = edition.addresses.replacement(request.path)
            status = HTTPStatus.GONE if replacement else status
        answer = make_response(_page(edition, frame_of, status, replacement), status)
        if methods:
            answer.headers["Allow"] = ", ".join(sorted(methods))
        return answer

    def fault(error: Exception) -> Response:
        log.error("a request failed", exc_info=error, extra={"event_fields": {}})
        try:
            rescued = submissions.rescue()
        except HTTPException:  # not a form that can be read: there is nothing to give back
            rescued = None
        return rescued or page(InternalServerError())

    app.register_error_handler(HTTPException, page)
    app.register_error_handler(Exception, fault)


def _page(edition: Edition, frame_of: FrameOf, status: int, replacement: str | None) -> str:
    heading, text = TEXTS[status]
    language = language_of_request(edition)
    frame = frame_of(edition, language, None, edition.translations.gettext(language.code, heading))
    entry = edition.catalogue.entry(language.code, replacement) if replacement else None
    search = LONGEST_QUERY if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE} else 0
    return render("error.html", frame, heading=heading, text=text, entry=entry, longest=search)


def _methods(app: Flask, edition: Edition, kept: KeptPages) -> frozenset[str]:
    """What can be asked of the address at hand; empty if nothing is there."""
    if request.path in kept:
        return READING
    adapter = app.create_url_adapter(request)
    assert adapter is not None  # noqa: S101 - there is a request
    try:
        rule, values = adapter.match(method="GET", return_rule=True)
    except HTTPException:
        return frozenset()
    unknown = values.get("language", "en") not in edition.languages
    if unknown or (rule.endpoint == "form" and edition.form_at(f"{values['place']}/") is None):
        return frozenset()
    return frozenset(rule.methods or READING)


def language_of_request(edition: Edition) -> Language:
    """The language of the address, or the likeliest of the browser's, or English."""
    prefix = request.path.split("/")[1] if "/" in request.path else ""
    if prefix in edition.languages:
        return edition.languages[prefix]
    likely = edition.languages.likely(request.accept_languages.values())
    return likely[0] if likely else edition.languages["en"]
