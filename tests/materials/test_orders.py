"""Orders in both databases: what is kept of them, how far they come, and what each step does to the stock."""

import datetime
import itertools
import re

import pytest
from sqlalchemy import Engine, inspect

from ihmiskauppa import database
from ihmiskauppa.materials import orders
from ihmiskauppa.materials.orders import NEXT, Line, Order, OrderError, Status, Total
from ihmiskauppa.materials.stock import Stock
from tests.materials.test_stock import DAY, STICKERS, bring, stock_of

POSTER = "poster-kitchen-a3-fi"


def place(engine: Engine, reference: str = "ABCD", day: datetime.date = DAY, orderer: str = "school", **wanted: int) -> str:
    """A new order of prints (`_` stands for `-`), by default five posters; its digest."""
    name = orders.digest(reference)
    pieces = {sku.replace("_", "-"): number for sku, number in wanted.items()} or {POSTER: 5}
    with database.writing(engine) as connection:
        orders.place(connection, name, orderer, pieces, day)
    return name


def change(engine: Engine, name: str, status: Status, **granted: int) -> Order:
    with database.writing(engine) as connection:
        return orders.change(connection, name, status, DAY, {sku.replace("_", "-"): n for sku, n in granted.items()})


def find(engine: Engine, name: str) -> Order:
    with database.reading(engine) as connection:
        found = orders.find(connection, name)
    assert found is not None
    return found


def test_a_reference_is_the_page_s_and_the_answers() -> None:
    """The same for the same post, another for other answers or another page; sixteen letters of Crockford's alphabet."""
    first = orders.reference(b"nonce", "answers")
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{16}", first)
    assert first == orders.reference(b"nonce", "answers")
    assert len({first, orders.reference(b"other", "answers"), orders.reference(b"nonce", "others")}) == 3


def test_a_reference_is_known_however_it_is_written() -> None:
    """In small letters, with dashes or blanks, with what is easily taken for something else, in full width."""
    name = orders.digest("0123456789ABCDEF")
    for written in (
        "0123-4567-89ab-cdef",
        " 0123 4567 89AB CDEF\n",
        "oi23456789abcdef",
        "OL23456789ABCDEF",
        "０１２３４５６７８９ＡＢＣＤＥＦ",
    ):
        assert orders.digest(written) == name
    assert orders.digest("1123456789ABCDEF") != name


def test_an_order_is_promised_what_there_is(engine: Engine) -> None:
    """Whole lines are promised; with one that is not, the order waits, and holds what it has."""
    bring(engine, 10, POSTER)
    name = place(engine, poster_kitchen_a3_fi=5, stickers_a4_fi=1)
    assert find(engine, name) == Order(
        name, "school", DAY, Status.WAITING, (Line(POSTER, 5, 5, reserved=True), Line(STICKERS, 1, 1, reserved=False))
    )
    assert stock_of(engine, POSTER) == Stock(10, 5)


def test_a_restock_serves_the_oldest_first(engine: Engine) -> None:
    """By day, whichever was written first; what does not suffice for one goes to the next."""
    late = place(engine, "LATE", DAY + datetime.timedelta(days=1), stickers_a4_fi=2)
    large = place(engine, "LARGE", DAY, stickers_a4_fi=9)
    early = place(engine, "EARLY", DAY - datetime.timedelta(days=1), stickers_a4_fi=3)
    assert bring(engine, 4) == (early[:8],)
    assert [find(engine, name).status for name in (early, large, late)] == [Status.RECEIVED, Status.WAITING, Status.WAITING]
    assert bring(engine, 1) == (late[:8],)
    assert bring(engine, 9) == (large[:8],)
    assert stock_of(engine) == Stock(14, 14)


def test_from_received_to_sent(engine: Engine) -> None:
    """Approved, packed, sent: only then do the pieces leave the stock, with a line in the journal."""
    bring(engine, 10, POSTER)
    name = place(engine)
    for status in (Status.APPROVED, Status.PACKED):
        change(engine, name, status)
        assert stock_of(engine, POSTER) == Stock(10, 5)
    change(engine, name, Status.SENT)
    assert stock_of(engine, POSTER) == Stock(5, 0)


def test_a_cancelled_order_gives_its_stock_to_the_next(engine: Engine) -> None:
    """The one that waited is served at once."""
    bring(engine, 5, POSTER)
    first, second = place(engine, "FIRST"), place(engine, "SECOND")
    assert find(engine, second).status is Status.WAITING
    change(engine, first, Status.CANCELLED)
    assert find(engine, second).status is Status.RECEIVED
    assert stock_of(engine, POSTER) == Stock(5, 5)
    with pytest.raises(OrderError, match="cannot become cancelled"):
        change(engine, first, Status.CANCELLED)
    assert stock_of(engine, POSTER) == Stock(5, 5), "nothing is given back twice"


def test_a_reduced_order_frees_what_it_does_not_get(engine: Engine) -> None:
    """A line can go to nothing; what remains is promised, also where it waited before."""
    bring(engine, 5, POSTER)
    name = place(engine, poster_kitchen_a3_fi=20, stickers_a4_fi=3)
    assert find(engine, name).status is Status.WAITING
    reduced = change(engine, name, Status.REDUCED, poster_kitchen_a3_fi=5, stickers_a4_fi=0)
    assert reduced.lines == (Line(POSTER, 20, 5, reserved=True), Line(STICKERS, 3, 0, reserved=False))
    assert stock_of(engine, POSTER) == Stock(5, 5)
    change(engine, name, Status.PACKED)
    change(engine, name, Status.SENT)
    assert stock_of(engine, POSTER) == Stock(0, 0)


@pytest.mark.parametrize(
    "granted",
    [{}, {"poster_kitchen_a3_fi": 5}, {"poster_kitchen_a3_fi": 0}, {"poster_kitchen_a3_fi": 6}, {"poster_you_a3_fi": 1}],
)
def test_what_is_no_reduction_is_refused(engine: Engine, granted: dict[str, int]) -> None:
    """Nothing named, the same, nothing left, more than ordered, or what was not ordered; nothing changes."""
    bring(engine, 10, POSTER)
    name = place(engine)
    before = find(engine, name)
    with pytest.raises(OrderError):
        change(engine, name, Status.REDUCED, **granted)
    assert (find(engine, name), stock_of(engine, POSTER)) == (before, Stock(10, 5))


def test_an_order_is_not_reduced_to_what_is_not_there(engine: Engine) -> None:
    """The sentence says how many are free."""
    bring(engine, 5, POSTER)
    name = place(engine, poster_kitchen_a3_fi=20)
    with pytest.raises(OrderError, match="10 are not there: 5 are free"):
        change(engine, name, Status.REDUCED, poster_kitchen_a3_fi=10)


PATHS = {
    Status.RECEIVED: (),
    Status.APPROVED: (Status.APPROVED,),
    Status.REDUCED: (Status.REDUCED,),
    Status.PACKED: (Status.APPROVED, Status.PACKED),
    Status.SENT: (Status.APPROVED, Status.PACKED, Status.SENT),
    Status.CANCELLED: (Status.CANCELLED,),
}


def test_no_other_step_is_possible(engine: Engine) -> None:
    """From every status to every other that is not in the table: refused, with what is possible instead."""
    bring(engine, 1000, POSTER)
    for number, (status, wanted) in enumerate(itertools.product(PATHS, Status)):
        if wanted in NEXT[status]:
            continue
        name = place(engine, f"{number}", poster_kitchen_a3_fi=10)
        for step in PATHS[status]:
            change(engine, name, step, **({"poster_kitchen_a3_fi": 5} if step is Status.REDUCED else {}))
        with pytest.raises(OrderError, match=f"An order that is {status} cannot become {wanted}"):
            change(engine, name, wanted)
    with pytest.raises(OrderError, match="no such order"):
        change(engine, orders.digest("NONE"), Status.APPROVED)


def test_totals_are_of_what_was_sent(engine: Engine) -> None:
    """By year, print and kind of organisation; what was ordered and not sent is none of it."""
    bring(engine, 100, POSTER)
    sent = [place(engine, "A"), place(engine, "B", DAY.replace(day=2)), place(engine, "C", DAY.replace(year=2027), "health")]
    place(engine, "D")
    for name in sent:
        for status in (Status.APPROVED, Status.PACKED, Status.SENT):
            change(engine, name, status)
    with database.reading(engine) as connection:
        assert orders.totals(connection) == (Total(2026, POSTER, "school", 10), Total(2027, POSTER, "health", 5))


def test_no_column_could_hold_a_name_or_a_time(engine: Engine) -> None:
    """Digests, kinds, days and numbers; reasons are the staff's own. A column more is a decision, and fails here."""
    columns = {
        table: {column["name"]: str(column["type"]) for column in inspect(engine).get_columns(table)}
        for table in ("material_orders", "material_order_lines")
    }
    assert columns == {
        "material_orders": {"digest": "VARCHAR(64)", "orderer": "VARCHAR(20)", "day": "DATE", "status": "VARCHAR(10)"},
        "material_order_lines": {
            "digest": "VARCHAR(64)",
            "sku": "VARCHAR(100)",
            "ordered": "INTEGER",
            "granted": "INTEGER",
            "reserved": "INTEGER",
        },
    }
