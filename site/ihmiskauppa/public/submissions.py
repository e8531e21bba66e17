"""The forms' pages: show one, take one. Binds, validates, makes one call, renders."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, abort, make_response, request

from ihmiskauppa.forms.answers import Answers
from ihmiskauppa.forms.files import FileLimits
from ihmiskauppa.intake.submission import Desk, NotTakenError, submit
from ihmiskauppa.languages import Language
from ihmiskauppa.pages.catalogue import Entry
from ihmiskauppa.public import binding, feedback, orders, privacy
from ihmiskauppa.public.binding import Bound
from ihmiskauppa.public.documents import FrameOf
from ihmiskauppa.public.editions import Asked, Edition, Editions
from ihmiskauppa.public.frame import Frame, render
from ihmiskauppa.public.limits import Limits
from ihmiskauppa.public.privacy import FormRequest
from ihmiskauppa.public.uploads import Posted, Refusal
from ihmiskauppa.translations import msgid

NOT_SENT = msgid("Your message was not sent, because something does not work on our side. What you wrote is still below.")
WORDS_NOT_SENT = msgid(
    "What you wrote in your own words cannot be sent at the moment; it is still below. "
    "Empty that field to send your other answers."
)
WAIT = msgid("Many messages came from your connection. Yours was not sent yet; what you wrote is still below.")

REFUSED: Mapping[Refusal | None, HTTPStatus] = {
    Refusal.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Refusal.BUSY: HTTPStatus.TOO_MANY_REQUESTS,
    Refusal.LATE: HTTPStatus.REQUEST_TIMEOUT,
    Refusal.CUT: HTTPStatus.REQUEST_TIMEOUT,
}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Submissions:
    """The views of all forms."""

    editions: Editions
    desk: Desk
    token_keys: tuple[bytes, ...]
    limits: Limits
    file_limits: FileLimits
    frame_of: FrameOf

    def register(self, app: Flask) -> None:
        app.add_url_rule("/<language>/<path:place>/", "form", self.view, methods=["GET", "POST"])

    def view(self, language: str, place: str) -> Response:
        edition = self.editions.current
        asked = edition.form_at(f"{place}/")
        if language not in edition.languages or asked is None:
            abort(HTTPStatus.NOT_FOUND)
        if not request.path.endswith("/"):
            return Response(status=HTTPStatus.PERMANENT_REDIRECT, headers={"Location": f"/{language}/{place}/"})
        frame = self._frame(edition, edition.languages[language], asked)
        if request.method == "POST":
            return self._take(frame, asked)
        if not self.desk.is_open and not asked.form.counted:
            return _answer(render("closed.html", frame), HTTPStatus.SERVICE_UNAVAILABLE)
        return _answer(self._form_page(frame, asked, self._bind(asked, language)), HTTPStatus.OK)

    def _take(self, frame: Frame, asked: Asked) -> Response:
        privacy.refuse_foreign_post(request)
        bound = self._bind(asked, frame.language.code)
        seconds = self.limits.wait()
        if seconds:
            return self._wait(frame, asked, bound, seconds)
        if not bound.validate():
            status = REFUSED.get(bound.posted.refusal, HTTPStatus.UNPROCESSABLE_ENTITY)
            return _answer(self._form_page(frame, asked, bound), status)
        assert bound.answers is not None  # noqa: S101 - valid answers are there
        try:
            reference = self._keep(asked, bound.answers, bound.posted_token().nonce)
        except NotTakenError as fault:
            log.error("a submission was not taken", exc_info=fault, extra={"event_fields": {"form": asked.form.name}})
            trouble = WORDS_NOT_SENT if asked.form.counted and not self.desk.is_open else NOT_SENT
            return _answer(self._form_page(frame, asked, bound, trouble), HTTPStatus.SERVICE_UNAVAILABLE)
        return _answer(self._thanks(frame, asked, bound.answers, reference), HTTPStatus.OK)

    def _keep(self, asked: Asked, answers: Answers, nonce: bytes) -> str:
        """The reference of what was sent; "" if there was nothing to send. Raises `NotTakenError`."""
        if asked.form.counted:
            return feedback.take(self.desk, answers, nonce, asked.page_id)
        if asked.form.name == orders.FORM:
            return orders.take(self.desk, answers, nonce)
        return submit(self.desk, answers, nonce)

    def _thanks(self, frame: Frame, asked: Asked, answers: Answers, reference: str) -> str:
        if asked.form.name == orders.FORM:
            lines = orders.lines(self.desk.engine, reference, answers, frame.edition.range)
            return render("ordered.html", frame, form=asked.form, lines=lines, reference=orders.in_groups(reference))
        told = {"reference": reference, "dropped": answers.dropped, "about": _about(frame, asked)}
        return render("sent.html", frame, form=asked.form, **told)

    def rescue(self) -> Response | None:
        """After an unexpected fault in a post: the form with everything typed, and the truth; None if that fails too."""
        if request.endpoint != "form" or request.method != "POST" or request.view_args is None:
            return None
        edition = self.editions.current
        asked = edition.form_at(f"{request.view_args['place']}/")
        language = edition.languages.get(request.view_args["language"])
        if asked is None or language is None:
            return None
        frame = self._frame(edition, language, asked)
        page = self._form_page(frame, asked, self._bind(asked, language.code), NOT_SENT)
        return _answer(page, HTTPStatus.INTERNAL_SERVER_ERROR)

    def _frame(self, edition: Edition, language: Language, asked: Asked) -> Frame:
        texts = (asked.form.title, asked.form.summary)
        title, summary = (edition.translations.gettext(language.code, text) for text in texts)
        return self.frame_of(edition, language, asked.id, title, summary, index=not asked.page_id)

    def _wait(self, frame: Frame, asked: Asked, bound: Bound, seconds: int) -> Response:
        answer = _answer(self._form_page(frame, asked, bound, WAIT, -(-seconds // 60)), HTTPStatus.TOO_MANY_REQUESTS)
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def _bind(self, asked: Asked, language: str) -> Bound:
        posted = posted_form() if request.method == "POST" else Posted()
        beside = orders.stock_in_words(self.desk.engine, asked.form)
        return binding.bind(asked.form, language, posted, self.token_keys, self.file_limits, beside)

    def _form_page(self, frame: Frame, asked: Asked, bound: Bound, trouble: str = "", wait_minutes: int = 0) -> str:
        told = {"trouble": trouble, "wait_minutes": wait_minutes, "is_open": self.desk.is_open, "about": _about(frame, asked)}
        if asked.form.name == orders.FORM:
            sent = orders.sent(self.desk.engine, frame)
            return render("order-form.html", frame, form=asked.form, bound=bound, sent=sent, **told)
        return render("form.html", frame, form=asked.form, bound=bound, **told)


def _about(frame: Frame, asked: Asked) -> Entry | None:
    """The page that a form is about, if it is about one."""
    return frame.edition.catalogue.entry(frame.language.code, asked.page_id) if asked.page_id else None


def posted_form() -> Posted:
    """What the request at hand posted."""
    assert isinstance(request, FormRequest)  # noqa: S101 - the app's own request class, behind Flask's proxy
    return request.posted


def _answer(html: str, status: HTTPStatus) -> Response:
    return make_response(html, status)
