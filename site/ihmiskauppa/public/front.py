"""The addresses outside any language: `/`, where a language is chosen, and `/healthz`."""

from flask import Flask, Response, make_response, request

from ihmiskauppa.public.documents import FrameOf
from ihmiskauppa.public.editions import Edition, Editions
from ihmiskauppa.public.errors import language_of_request
from ihmiskauppa.public.frame import render
from ihmiskauppa.translations import msgid

TITLE = msgid("Choose your language")


def register(app: Flask, editions: Editions, frame_of: FrameOf) -> None:
    """Add `/` and `/healthz`."""

    def choose() -> Response:
        edition: Edition = editions.current
        likely = edition.languages.likely(request.accept_languages.values())
        others = [language for language in edition.languages.values() if language not in likely]
        language = language_of_request(edition)
        title = edition.translations.gettext(language.code, TITLE)
        answer = make_response(render("front.html", frame_of(edition, language, None, title), likely=likely, others=others))
        answer.headers["Vary"] = "Accept-Language"
        return answer

    def healthz() -> Response:
        return Response("pages can be served\n", mimetype="text/plain")

    app.add_url_rule("/", "front", choose)
    app.add_url_rule("/healthz", "healthz", healthz)
