"""Taking an order of materials: the stock is promised and the order kept together with its sealed mail, or neither is.

Name and address are in the mail only. An order has a reference of its own, too long to be guessed; its digest is kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ihmiskauppa import database
from ihmiskauppa.forms.answers import Answers
from ihmiskauppa.forms.definition import SHORT_LIMIT, Form, Kind, Question
from ihmiskauppa.forms.quantities import Quantities
from ihmiskauppa.intake.submission import Desk, submit
from ihmiskauppa.materials import figures, orders, stock
from ihmiskauppa.materials.orders import Line, Order
from ihmiskauppa.materials.range import SIZE_TITLES, Range
from ihmiskauppa.materials.stock import Level, Stock
from ihmiskauppa.public.binding import today
from ihmiskauppa.public.frame import Frame
from ihmiskauppa.translations import msgid

FORM: Final = "order"
GROUP: Final = 4  # letters of a reference that are read together
LEVELS: Final = {
    Level.ENOUGH: msgid("in stock"),
    Level.FEW: msgid("few left"),
    Level.OUT: msgid("out of stock: print it yourself, or order it and wait"),
}
BY_ITEM: Final = msgid("By item")
BY_LANGUAGE: Final = msgid("By language")
BY_ORDERER: Final = msgid("By kind of organisation")

_ITEMS: Final = "items"  # the questions that are known here
_ORDERER: Final = "orderer"
_REFERENCE: Final = Question("order", Kind.SHORT_TEXT, "", "", "Tilauksen tunnus", SHORT_LIMIT, (), False, None, False)
_MARK: Final = Question("mark", Kind.SHORT_TEXT, "", "", "Merkki tilausluettelossa", SHORT_LIMIT, (), False, None, False)


@dataclass(frozen=True)
class Named:
    """What a print is called: msgids, and the name of its language in that language."""

    title: str
    size: str
    language: str
    code: str


@dataclass(frozen=True)
class NamedLine:
    """A line of an order, and what its print is called."""

    named: Named
    line: Line


@dataclass(frozen=True)
class Sent:
    """A table of what was sent: names in the reader's language, and pieces, None where they are not shown."""

    heading: str
    pieces: tuple[tuple[str, int | None], ...]


def stock_in_words(engine: Engine, form: Form) -> Mapping[str, str]:
    """What is said beside each row of the order form, msgids; nothing while the database does not answer."""
    rows = [row for question in form.questions for row in question.rows]
    if not rows:
        return {}
    try:
        with database.reading(engine) as connection:
            there = stock.all_stock(connection)
    except SQLAlchemyError:
        return {}
    return {row.name: LEVELS[there.get(row.name, Stock()).level(row.step)] for row in rows}


def take(desk: Desk, answers: Answers, nonce: bytes) -> str:
    """Keep and send an order; its reference. The same post again gives the same, and makes no second order.

    Raises `NotTakenError` when nothing was kept.
    """
    reference = orders.reference(nonce, answers.as_json())
    name = orders.digest(reference)
    if _known(desk.engine, name) is None:  # its receipt is forgotten after a day, and the page may still be open
        orderer = str(answers.values[_ORDERER])
        place = partial(orders.place, name=name, orderer=orderer, wanted=_wanted(answers), day=today())
        submit(desk, _with(answers, reference, name), nonce, beside=place)
    return reference


def in_groups(reference: str) -> str:
    """A reference as people copy it: `ABCD-EFGH-…`."""
    return "-".join(reference[start : start + GROUP] for start in range(0, len(reference), GROUP))


def lines(engine: Engine, reference: str, answers: Answers, materials: Range) -> tuple[NamedLine, ...]:
    """What was ordered; of each line, whether it waits for stock, if the database says so just now."""
    order = _known(engine, orders.digest(reference))
    if order is not None:
        return named(order.lines, materials)
    return named([Line(sku, pieces, pieces, reserved=True) for sku, pieces in _wanted(answers).items()], materials)


def named(asked: Iterable[Line], materials: Range) -> tuple[NamedLine, ...]:
    """Lines with the names of their prints, in the order of the range; what is no longer offered is named, too."""
    names = {
        one.sku: Named(one.item.title, SIZE_TITLES[one.size.name], one.language.name, one.language.code)
        for item in materials.items.values()
        for one in item.prints(materials.languages)
    }
    places = list(names)
    found = [NamedLine(names.get(line.sku, Named(line.sku, "", "", "")), line) for line in asked]
    return tuple(sorted(found, key=lambda each: places.index(each.line.sku) if each.line.sku in names else len(places)))


def sent(engine: Engine, frame: Frame) -> tuple[Sent, ...]:
    """What was sent so far, in three ways; nothing while nothing was, or the database does not answer."""
    try:
        with database.reading(engine) as connection:
            totals = orders.totals(connection)
    except SQLAlchemyError:
        return ()
    prints = {one.sku: one for item in frame.edition.range.items.values() for one in item.prints(frame.edition.languages)}
    known = [total for total in totals if total.sku in prints]
    kinds = {option.value: option.label for option in frame.edition.forms[FORM].question(_ORDERER).options}
    return tuple(
        Sent(heading, tuple(pieces.items()))
        for heading, group in (
            (BY_ITEM, lambda total: frame.gettext(prints[total.sku].item.title)),
            (BY_LANGUAGE, lambda total: prints[total.sku].language.name),
            (BY_ORDERER, lambda total: frame.gettext(kinds.get(total.orderer, total.orderer))),
        )
        if (pieces := figures.public(known, group))
    )


def _wanted(answers: Answers) -> dict[str, int]:
    asked = answers.values[_ITEMS]
    assert isinstance(asked, Quantities)  # noqa: S101 - what that question takes
    return {amount.row.name: amount.pieces for amount in asked.amounts}


def _known(engine: Engine, name: str) -> Order | None:
    """The order, if it is there; None also when the database does not answer: what comes next will say so."""
    try:
        with database.reading(engine) as connection:
            return orders.find(connection, name)
    except SQLAlchemyError:
        return None


def _with(answers: Answers, reference: str, name: str) -> Answers:
    """The answers as the staff get them: with reference and mark before everything else."""
    known = {_REFERENCE.name: in_groups(reference), _MARK.name: name[: orders.MARK_LETTERS]}
    form = answers.form.asking((_REFERENCE, _MARK, *answers.form.questions))
    return replace(answers, form=form, values=known | dict(answers.values))
