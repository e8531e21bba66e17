"""How far an order has come, at `/<language>/materials/order-status/`: shown, and cancelled, by its reference.

The reference is posted, so that it stands in no address, no history and no log.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, abort, make_response, request
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ihmiskauppa import database
from ihmiskauppa.forms.definition import SHORT_LIMIT, Form, Kind, Option, Question, Section
from ihmiskauppa.forms.faults import Fault
from ihmiskauppa.forms.files import FileLimits
from ihmiskauppa.materials import orders
from ihmiskauppa.materials.orders import Order, OrderError, Status
from ihmiskauppa.pages.catalogue import path_of
from ihmiskauppa.public import binding, privacy
from ihmiskauppa.public.binding import Bound, today
from ihmiskauppa.public.documents import FrameOf
from ihmiskauppa.public.editions import ORDER_STATUS, Edition, Editions
from ihmiskauppa.public.frame import Frame, render
from ihmiskauppa.public.limits import Limits
from ihmiskauppa.public.orders import named
from ihmiskauppa.public.submissions import posted_form
from ihmiskauppa.public.uploads import Posted
from ihmiskauppa.translations import msgid

UNKNOWN: Final = msgid("There is no order under this reference. Please look whether all its letters and digits are right.")
NOT_NOW: Final = msgid(
    "Orders cannot be shown at the moment, because something does not work on our side. Please try again later."
)
WAIT: Final = msgid("Many questions came from your connection. Please wait a while, and try again.")
TICK: Final = msgid("Please tick this box if you want to cancel the order.")
TOO_LATE: Final = msgid("The order can no longer be cancelled: it is packed.")
WORDS: Final[Mapping[Status, str]] = {
    Status.RECEIVED: msgid("Received"),
    Status.WAITING: msgid("Waiting for stock"),
    Status.APPROVED: msgid("Approved"),
    Status.REDUCED: msgid("Reduced"),
    Status.PACKED: msgid("Packed"),
    Status.SENT: msgid("Sent"),
    Status.CANCELLED: msgid("Cancelled"),
}

_NAME: Final = "order-status"
_REFERENCE: Final = Question(
    name="reference",
    kind=Kind.SHORT_TEXT,
    label=msgid("The reference of your order"),
    hint=msgid("Sixteen letters and digits, as they stood on the page after you ordered."),
    staff="",
    limit=SHORT_LIMIT,
    options=(),
    required=True,
    after=None,
    safety_critical=False,
)
_ASKED: Final = Option("asked", "", "")
_SURE: Final = Option("sure", msgid("Yes, I want to cancel this order. It cannot be brought back."), "")
_CANCEL: Final = replace(
    _REFERENCE,
    name="cancel",
    kind=Kind.MANY_OF,
    label=msgid("Cancel this order"),
    hint="",
    options=(_ASKED, _SURE),
    required=False,
)
_FORM: Final = Form(
    name=_NAME,
    version="1",
    id=ORDER_STATUS.id,
    order=ORDER_STATUS.order,
    title=ORDER_STATUS.title,
    summary=ORDER_STATUS.summary,
    staff="",
    notes=(),
    sections=(Section("", "", "", (), (_REFERENCE, _CANCEL)),),
    either=(),
    submit=msgid("Show my order"),
    sent=(),
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OrderStatus:
    """The view."""

    editions: Editions
    engine: Engine
    token_keys: tuple[bytes, ...]
    limits: Limits
    file_limits: FileLimits
    frame_of: FrameOf

    def register(self, app: Flask) -> None:
        app.add_url_rule(f"/<language>/{path_of(ORDER_STATUS.id)}", _NAME, self.view, methods=["GET", "POST"])

    def view(self, language: str) -> Response:
        edition = self.editions.current
        if language not in edition.languages:
            abort(HTTPStatus.NOT_FOUND)
        posted = posted_form() if request.method == "POST" else Posted()
        bound = binding.bind(_FORM, language, posted, self.token_keys, self.file_limits)
        frame = self._frame(edition, language)
        if request.method == "GET":
            return _page(frame, bound, HTTPStatus.OK)
        privacy.refuse_foreign_post(request)
        seconds = self.limits.wait()
        if seconds:
            answer = _page(frame, bound, HTTPStatus.TOO_MANY_REQUESTS, WAIT)
            answer.headers["Retry-After"] = str(seconds)
            return answer
        if not bound.validate():
            return _page(frame, bound, HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            return self._answer(frame, bound)
        except SQLAlchemyError as fault:
            log.error("an order could not be shown", exc_info=fault, extra={"event_fields": {}})
            return _page(frame, bound, HTTPStatus.SERVICE_UNAVAILABLE, NOT_NOW)

    def _frame(self, edition: Edition, language: str) -> Frame:
        texts = (edition.translations.gettext(language, text) for text in (ORDER_STATUS.title, ORDER_STATUS.summary))
        return self.frame_of(edition, edition.languages[language], ORDER_STATUS.id, *texts)

    def _answer(self, frame: Frame, bound: Bound) -> Response:
        """The order, cancelled first if that was asked for. Raises `SQLAlchemyError`."""
        name = orders.digest(bound.value(_REFERENCE.name))
        with database.reading(self.engine) as connection:
            order = orders.find(connection, name)
        if order is None:
            bound.faults = (Fault(_REFERENCE.name, UNKNOWN),)
            return _page(frame, bound, HTTPStatus.UNPROCESSABLE_ENTITY)
        if not bound.chosen(_CANCEL.name, _ASKED.value) or order.status is Status.CANCELLED:  # a second press cancels no more
            return _shown(frame, bound, order)
        if not bound.chosen(_CANCEL.name, _SURE.value):
            bound.faults = (Fault(_CANCEL.name, TICK),)
            return _shown(frame, bound, order)
        try:
            with database.writing(self.engine) as connection:
                order = orders.change(connection, name, Status.CANCELLED, today())
        except OrderError:  # packed a moment ago, or long since: then nothing offered to cancel it
            return _shown(frame, bound, order, TOO_LATE)
        return _shown(frame, bound, order)


def _page(frame: Frame, bound: Bound, status: HTTPStatus, trouble: str = "") -> Response:
    return make_response(render("order-status.html", frame, bound=bound, question=_REFERENCE, trouble=trouble), status)


def _shown(frame: Frame, bound: Bound, order: Order, trouble: str = "") -> Response:
    steps, reached = _steps(order)
    html = render(
        "order.html",
        frame,
        bound=bound,
        order=order,
        lines=named(order.lines, frame.edition.range),
        steps=[frame.gettext(WORDS[step]) for step in steps],
        reached=reached,
        cancel=_CANCEL,
        trouble=trouble,
    )
    wrong = HTTPStatus.CONFLICT if trouble else HTTPStatus.UNPROCESSABLE_ENTITY
    return make_response(html, wrong if trouble or bound.faults else HTTPStatus.OK)


def _steps(order: Order) -> tuple[tuple[Status, ...], int]:
    """The steps of an order on its way, and which of them it has reached, from 1."""
    if order.status is Status.CANCELLED:
        return (Status.RECEIVED, Status.CANCELLED), 2
    waits = (Status.WAITING,) if order.status is Status.WAITING else ()
    reduced = any(line.granted < line.ordered for line in order.lines)
    steps = (Status.RECEIVED, *waits, Status.REDUCED if reduced else Status.APPROVED, Status.PACKED, Status.SENT)
    return steps, steps.index(order.status) + 1
