"""`ihmiskauppa orders`: what the staff do with orders and stock on the server, where no name and no address is known.

An order is named by its mark, the first letters of its digest, which stands in the sealed mail; or by its whole reference.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TypeVar

import click
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ihmiskauppa import database, languages, settings
from ihmiskauppa.materials import orders, slips, stock
from ihmiskauppa.materials import range as materials
from ihmiskauppa.materials.orders import MARK_LETTERS, REFERENCE_LETTERS, Order, OrderError, Status, Total
from ihmiskauppa.materials.range import Print, RangeError
from ihmiskauppa.materials.stock import Movement, Stock, StockError
from ihmiskauppa.public.binding import today

OPEN: Final = (Status.RECEIVED, Status.WAITING, Status.APPROVED, Status.REDUCED, Status.PACKED)

_WORDS: Final = [status.value for status in Status]
_SET: Final = [status.value for status in Status if status not in {Status.RECEIVED, Status.WAITING}]  # these come by themselves

T = TypeVar("T")


@contextmanager
def _told() -> Iterator[None]:
    """What cannot be done is said in a sentence, with exit status 1."""
    try:
        yield
    except (OrderError, StockError, RangeError) as fault:
        raise click.ClickException(str(fault)) from None
    except SQLAlchemyError as fault:
        raise click.ClickException(f"The database does not work ({type(fault).__name__}).") from None


def _read(ask: Callable[[Connection], T]) -> T:
    with _told(), database.reading(database.connect(settings.read().database_url)) as connection:
        return ask(connection)


def _write(act: Callable[[Connection], T]) -> T:
    with _told(), database.writing(database.connect(settings.read().database_url)) as connection:
        return act(connection)


def _prints() -> Mapping[str, Print]:
    """Everything in the range by sku, retired or not."""
    folder = settings.read().content_folder
    with _told():
        found = materials.load(folder, languages.load(folder / "languages.toml"))
    return {one.sku: one for item in found.items.values() for one in item.prints(found.languages)}


@click.group("orders")
def orders_group() -> None:
    """Orders of posters, flyers and cards, and their stock."""


@orders_group.command("list")
@click.option("--status", "statuses", type=click.Choice(_WORDS), multiple=True, help="Only these; else all not finished.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object a line, with the lines of the order: for `read --orders`."
)
def list_orders(statuses: tuple[str, ...], *, as_json: bool) -> None:
    """Orders, oldest first, a line each: mark, day, status, kind of organisation, pieces, what waits for stock."""
    wanted = [Status(status) for status in statuses] or OPEN
    found = _read(lambda connection: orders.listed(connection, wanted))
    if as_json:
        click.echo("".join(slips.as_json(order) + "\n" for order in found), nl=False)
        return
    for order in found:
        pieces = sum(line.granted for line in order.lines)
        waits = sum(line.granted for line in order.lines if line.waits)
        more = f", {waits} of them wait for stock" if waits else ""
        click.echo(f"{order.mark}  {order.day}  {order.status:<9}  {order.orderer:<12}  {pieces} pieces{more}")
    if not found:
        click.echo("There is no such order.")


@orders_group.command("show")
@click.argument("mark")
def show(mark: str) -> None:
    """One order with its lines, by its mark or its reference."""
    click.echo("\n".join(_lines(_read(lambda connection: _one(connection, mark)))))


@orders_group.command("set")
@click.argument("mark")
@click.argument("status", type=click.Choice(_SET))
@click.option("--give", "given", multiple=True, metavar="PRINT=NUMBER", help="What remains of a line, when reduced.")
def set_status(mark: str, status: str, given: tuple[str, ...]) -> None:
    """Bring an order to a status: approved, reduced, packed, sent or cancelled. Sent takes it off the stock."""
    granted = dict(_given(each) for each in given)

    def change(connection: Connection) -> Order:
        return orders.change(connection, _one(connection, mark).digest, Status(status), today(), granted)

    click.echo("\n".join(_lines(_write(change))))


def _given(text: str) -> tuple[str, int]:
    sku, _, number = text.rpartition("=")
    if not sku or not (number.isascii() and number.isdigit()):
        raise click.ClickException(f"{text}: write a print and how many remain, as in poster-kitchen-a3-fi=10.")
    return sku, int(number)


def _one(connection: Connection, mark: str) -> Order:
    """The order meant. Raises `OrderError`."""
    letters = mark.replace("-", "").replace(" ", "")
    if len(letters) == REFERENCE_LETTERS:
        found = orders.listed(connection, digest_begins=orders.digest(letters))
    elif len(letters) >= MARK_LETTERS:
        found = orders.listed(connection, digest_begins=letters.lower())
    else:
        raise OrderError(f"A mark has {MARK_LETTERS} letters and digits.")
    if len(found) != 1:
        raise OrderError(f"There are {len(found)} orders like that.")
    return found[0]


def _lines(order: Order) -> Iterator[str]:
    yield f"{order.mark}  {order.day}  {order.status}  {order.orderer}"
    for line in order.lines:
        reduced = f" of {line.ordered} ordered" if line.granted != line.ordered else ""
        yield f"  {line.granted:>6}  {line.sku}{reduced}{', waits for stock' if line.waits else ''}"


@orders_group.group("stock", invoke_without_command=True)
@click.pass_context
def stock_group(context: click.Context) -> None:
    """The stock of every print: on hand, promised to orders, free, and from when on it is low."""
    if context.invoked_subcommand is None:
        _show_stock(_read(stock.all_stock))


_PIECES: Final = click.IntRange(1, stock.MOST_PIECES)
_REASON: Final = "Why; no names of persons."


@stock_group.command("in")
@click.argument("sku", metavar="PRINT")
@click.argument("pieces", type=_PIECES)
@click.option("--reason", required=True, help=_REASON)
@click.option("--low", type=click.IntRange(0, stock.MOST_PIECES), help="Fewer free ones are low; first: an order's usual most.")
def stock_in(sku: str, pieces: int, reason: str, low: int | None) -> None:
    """Pieces of a print came. Orders that wait get them, the oldest first."""
    prints = _prints()
    if sku not in prints:
        raise click.ClickException(f"There is no print {sku}. Prints are named like {next(iter(prints))}.")

    def bring(connection: Connection) -> tuple[str, ...]:
        first = sku not in stock.all_stock(connection)
        bound = prints[sku].item.most if first and low is None else low
        return orders.move_stock(connection, Movement(today(), sku, pieces, reason), bound)

    served = _write(bring)
    _show_stock(_read(stock.all_stock), sku)
    for mark in served:
        click.echo(f"The order {mark} waits no longer.")


@stock_group.command("out")
@click.argument("sku", metavar="PRINT")
@click.argument("pieces", type=_PIECES)
@click.option("--reason", required=True, help=_REASON)
@click.option("--low", type=click.IntRange(0, stock.MOST_PIECES), help="Fewer free ones are low from now on; 0: never.")
def stock_out(sku: str, pieces: int, reason: str, low: int | None) -> None:
    """Pieces of a print went, other than by an order. What is promised stays."""
    _write(lambda connection: orders.move_stock(connection, Movement(today(), sku, -pieces, reason), low))
    _show_stock(_read(stock.all_stock), sku)


@stock_group.command("journal")
@click.argument("sku", metavar="[PRINT]", default="")
def journal(sku: str) -> None:
    """What came and went, and why, oldest first."""
    for movement in _read(lambda connection: stock.journal(connection, sku)):
        click.echo(f"{movement.day}  {movement.pieces:>+7}  {movement.sku}  {movement.reason}")


@orders_group.command("low")
def low_stock() -> None:
    """The prints of which it is time to print more."""
    low = {sku: level for sku, level in _read(stock.all_stock).items() if level.is_low}
    if low:
        _show_stock(low)
    else:
        click.echo("No stock is low.")


def _show_stock(levels: Mapping[str, Stock], sku: str = "") -> None:
    click.echo(f"{'on hand':>8} {'promised':>9} {'free':>7} {'low':>6}  print")
    for name, level in levels.items():
        if sku in {"", name}:
            mark = "  LOW" if level.is_low else ""
            click.echo(f"{level.on_hand:>8} {level.reserved:>9} {level.free:>7} {level.low:>6}  {name}{mark}")


@orders_group.command("totals")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV.")
def totals(*, as_csv: bool) -> None:
    """What was sent, by the year of the order, print, language and kind of organisation."""
    found = _read(orders.totals)
    prints = _prints()
    if as_csv:
        click.echo(_csv(found, prints), nl=False)
        return
    for total in found:
        click.echo(f"{total.year}  {total.pieces:>7}  {total.sku}  {total.orderer}")
    if not found:
        click.echo("Nothing was sent.")


def _csv(found: tuple[Total, ...], prints: Mapping[str, Print]) -> str:
    """RFC 4180, but for line ends; a print that is in the range no more has its name only."""
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(("year", "print", "item", "size", "language", "organisation", "pieces"))
    for total in found:
        one = prints.get(total.sku)
        what = (one.item.name, one.size.name, one.language.code) if one else ("", "", "")
        lines.writerow((total.year, total.sku, *what, total.orderer, total.pieces))
    return written.getvalue()
