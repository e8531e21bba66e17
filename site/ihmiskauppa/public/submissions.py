"""The forms' pages: show one, take one. Binds, validates, makes one call, renders."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, abort, make_response, request

from ihmiskauppa.forms.definition import Form
from ihmiskauppa.forms.files import FileLimits
from ihmiskauppa.intake.submission import Desk, NotTakenError, submit
from ihmiskauppa.languages import Language
from ihmiskauppa.public import binding, privacy
from ihmiskauppa.public.binding import Bound
from ihmiskauppa.public.documents import FrameOf
from ihmiskauppa.public.editions import Edition, Editions
from ihmiskauppa.public.frame import Frame, render
from ihmiskauppa.public.limits import Limits
from ihmiskauppa.public.privacy import FormRequest
from ihmiskauppa.public.uploads import Posted, Refusal
from ihmiskauppa.translations import msgid

NOT_SENT = msgid("Your message was not sent, because something does not work on our side. What you wrote is still below.")
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
        form = edition.form_at(f"{place}/")
        if language not in edition.languages or form is None:
            abort(HTTPStatus.NOT_FOUND)
        if not request.path.endswith("/"):
            return Response(status=HTTPStatus.PERMANENT_REDIRECT, headers={"Location": f"/{language}/{place}/"})
        frame = self._frame(edition, edition.languages[language], form)
        if request.method == "POST":
            return self._take(frame, form)
        if not self.desk.is_open:
            return _answer(render("closed.html", frame), HTTPStatus.SERVICE_UNAVAILABLE)
        return _answer(self._form_page(frame, self._bind(form, language)), HTTPStatus.OK)

    def _take(self, frame: Frame, form: Form) -> Response:
        privacy.refuse_foreign_post(request)
        bound = self._bind(form, frame.language.code)
        seconds = self.limits.wait()
        if seconds:
            return self._wait(frame, bound, seconds)
        if not bound.validate():
            status = REFUSED.get(bound.posted.refusal, HTTPStatus.UNPROCESSABLE_ENTITY)
            return _answer(self._form_page(frame, bound), status)
        assert bound.answers is not None  # noqa: S101 - valid answers are there
        try:
            reference = submit(self.desk, bound.answers, bound.posted_token().nonce)
        except NotTakenError as fault:
            log.error("a submission was not taken", exc_info=fault, extra={"event_fields": {"form": form.name}})
            return _answer(self._form_page(frame, bound, NOT_SENT), HTTPStatus.SERVICE_UNAVAILABLE)
        return _answer(render("sent.html", frame, form=form, reference=reference, dropped=bound.answers.dropped), HTTPStatus.OK)

    def rescue(self) -> Response | None:
        """After an unexpected fault in a post: the form with everything typed, and the truth; None if that fails too."""
        if request.endpoint != "form" or request.method != "POST" or request.view_args is None:
            return None
        edition = self.editions.current
        form = edition.form_at(f"{request.view_args['place']}/")
        language = edition.languages.get(request.view_args["language"])
        if form is None or language is None:
            return None
        frame = self._frame(edition, language, form)
        page = self._form_page(frame, self._bind(form, language.code), NOT_SENT)
        return _answer(page, HTTPStatus.INTERNAL_SERVER_ERROR)

    def _frame(self, edition: Edition, language: Language, form: Form) -> Frame:
        title, summary = (edition.translations.gettext(language.code, text) for text in (form.title, form.summary))
        return self.frame_of(edition, language, form.id, title, summary)

    def _wait(self, frame: Frame, bound: Bound, seconds: int) -> Response:
        answer = _answer(self._form_page(frame, bound, WAIT, -(-seconds // 60)), HTTPStatus.TOO_MANY_REQUESTS)
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def _bind(self, form: Form, language: str) -> Bound:
        posted = posted_form() if request.method == "POST" else Posted()
        return binding.bind(form, language, posted, self.token_keys, self.file_limits)

    def _form_page(self, frame: Frame, bound: Bound, trouble: str = "", wait_minutes: int = 0) -> str:
        return render("form.html", frame, form=bound.definition, bound=bound, trouble=trouble, wait_minutes=wait_minutes)


def posted_form() -> Posted:
    """What the request at hand posted."""
    assert isinstance(request, FormRequest)  # noqa: S101 - the app's own request class, behind Flask's proxy
    return request.posted


def _answer(html: str, status: HTTPStatus) -> Response:
    return make_response(html, status)
