"""Error pages in the visitor's language, each with the hotline; faults are logged without a value of theirs."""

import logging
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, make_response, request
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed

from ihmiskauppa.languages import Language
from ihmiskauppa.public.documents import FrameOf
from ihmiskauppa.public.editions import Edition, Editions
from ihmiskauppa.public.frame import render
from ihmiskauppa.public.submissions import Submissions
from ihmiskauppa.translations import msgid

# Status: heading, explanation.
TEXTS: Final = {
    400: (msgid("The page could not be shown"), msgid("Your browser sent something that we could not read.")),
    403: (
        msgid("This form was sent from another site"),
        msgid("Please open the form on this site and send it from there."),
    ),
    404: (msgid("There is no page at this address"), msgid("It may have moved. The menu shows all pages.")),
    405: (msgid("This page cannot be used in that way"), msgid("Please use the links and forms on the pages.")),
    413: (
        msgid("This was too much to send at once"),
        msgid("Your message was not sent. Please shorten it, or call us."),
    ),
    429: (msgid("Please wait a moment"), msgid("Many messages came from your connection.")),
    500: (
        msgid("Something went wrong on our side"),
        msgid("It is not your fault. Please try again in a moment, or call us."),
    ),
    503: (
        msgid("This does not work at the moment"),
        msgid("It is not your fault. Please try again later, or call us."),
    ),
}

log = logging.getLogger(__name__)


def register(app: Flask, editions: Editions, frame_of: FrameOf, submissions: Submissions) -> None:
    """Answer every fault with a page."""

    def page(error: HTTPException) -> Response:
        status = error.code if error.code in TEXTS else (500 if (error.code or 500) >= 500 else 400)
        edition = editions.current
        if status == HTTPStatus.NOT_FOUND and request.path in edition.catalogue.by_path:
            status = HTTPStatus.METHOD_NOT_ALLOWED  # a kept page, which Flask does not know: GET and HEAD never come here
        heading, text = TEXTS[status]
        language = language_of_request(edition)
        title = edition.translations.gettext(language.code, heading)
        answer = make_response(
            render("error.html", frame_of(edition, language, None, title), heading=heading, text=text), status
        )
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            methods = error.valid_methods if isinstance(error, MethodNotAllowed) else None
            answer.headers["Allow"] = ", ".join(sorted(methods or ("GET", "HEAD")))
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


def language_of_request(edition: Edition) -> Language:
    """The language of the address, or the likeliest of the browser's, or English."""
    prefix = request.path.split("/")[1] if "/" in request.path else ""
    if prefix in edition.languages:
        return edition.languages[prefix]
    likely = edition.languages.likely(request.accept_languages.values())
    return likely[0] if likely else edition.languages["en"]
