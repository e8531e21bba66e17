"""Stock in both databases: what came and went, what is said of it, and the last ten among very many."""

import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from ihmiskauppa import database
from ihmiskauppa.materials import orders, stock
from ihmiskauppa.materials.orders import Status
from ihmiskauppa.materials.stock import Level, Movement, Stock, StockError

DAY = datetime.date(2026, 11, 30)
STICKERS = "stickers-a4-fi"


def bring(engine: Engine, pieces: int, sku: str = STICKERS, low: int | None = None, reason: str = "printed") -> tuple[str, ...]:
    """Stock in (or out, if less than 0); the marks of the orders that wait no longer."""
    with database.writing(engine) as connection:
        return orders.move_stock(connection, Movement(DAY, sku, pieces, reason), low)


def stock_of(engine: Engine, sku: str = STICKERS) -> Stock:
    with database.reading(engine) as connection:
        return stock.all_stock(connection).get(sku, Stock())


def test_stock_comes_and_goes_with_a_reason(engine: Engine) -> None:
    """The journal holds each change with its day; the bound of low stock stays until another is said."""
    bring(engine, 100, low=20)
    bring(engine, -30, reason=" damp in the cellar ")
    assert stock_of(engine) == Stock(on_hand=70, reserved=0, low=20)
    with database.reading(engine) as connection:
        assert stock.journal(connection) == (
            Movement(DAY, STICKERS, 100, "printed"),
            Movement(DAY, STICKERS, -30, "damp in the cellar"),
        )
        assert stock.journal(connection, "poster-you-a3-fi") == ()


@pytest.mark.parametrize(("pieces", "reason"), [(-11, "lost"), (1, ""), (1, " "), (1, "x" * 201), (10_000_001, "slip")])
def test_an_impossible_change_changes_nothing(engine: Engine, pieces: int, reason: str) -> None:
    """More out than there is, no reason, too long a reason, or more than can be meant."""
    bring(engine, 10)
    with pytest.raises(StockError):
        bring(engine, pieces, reason=reason)
    assert stock_of(engine).on_hand == 10
    with database.reading(engine) as connection:
        assert len(stock.journal(connection)) == 1


def test_what_is_promised_cannot_be_taken_out(engine: Engine) -> None:
    """The sentence says how many are free, and how many are promised."""
    bring(engine, 10)
    with database.writing(engine) as connection:
        assert stock.reserve(connection, STICKERS, 8)
    with pytest.raises(StockError, match="Only 2 pieces of stickers-a4-fi are free; 8 more are promised"):
        bring(engine, -3)


def test_the_database_itself_refuses_to_promise_too_much(engine: Engine) -> None:
    """Whatever a program gets wrong, no more is promised than is there."""
    bring(engine, 10)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text("UPDATE material_stock SET reserved = 11"))


@pytest.mark.parametrize(
    ("on_hand", "step", "level"),
    [(0, 1, Level.OUT), (4, 5, Level.OUT), (5, 5, Level.FEW), (19, 1, Level.FEW), (20, 1, Level.ENOUGH)],
)
def test_stock_in_words(on_hand: int, step: int, level: Level) -> None:
    """Fewer than one pack is as good as none; fewer than the bound are few."""
    assert Stock(on_hand, 0, low=20).level(step) is level
    assert Stock(on_hand + 7, 7, low=20).level(step) is level, "what is promised to others does not count"


def test_sixty_four_race_for_the_last_ten(engine: Engine) -> None:
    """Ten get one each, 54 wait, nothing is promised twice; and a restock then serves every one of them."""
    bring(engine, 10)

    def order(number: int) -> None:
        with database.writing(engine) as connection:
            orders.place(connection, orders.digest(f"{number}"), "school", {STICKERS: 1}, DAY)

    with ThreadPoolExecutor(64) as pool:
        list(pool.map(order, range(64)))
    with database.reading(engine) as connection:
        statuses = [one.status for one in orders.listed(connection)]
    assert (statuses.count(Status.RECEIVED), statuses.count(Status.WAITING)) == (10, 54)
    assert stock_of(engine) == Stock(on_hand=10, reserved=10)
    assert len(bring(engine, 54)) == 54
    assert stock_of(engine) == Stock(on_hand=64, reserved=64)


def test_racing_for_several_things_in_different_order_ends(engine: Engine) -> None:
    """Orders of the same two prints, named either way round, and restocks in between, never wait for each other in a circle."""
    other = "card-hotline-card-ar"
    bring(engine, 20)
    bring(engine, 20, other)

    def act(number: int) -> None:
        if number % 8 == 0:
            bring(engine, 1, other)
            return
        wanted = {STICKERS: 1, other: 1} if number % 2 else {other: 1, STICKERS: 1}
        name = orders.digest(f"{number}")
        with database.writing(engine) as connection:
            orders.place(connection, name, "health", wanted, DAY)
        if number % 3 == 0:
            with database.writing(engine) as connection:
                orders.change(connection, name, Status.CANCELLED, DAY)

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(act, range(64)))
    with database.reading(engine) as connection:
        promised = {STICKERS: 0, other: 0}
        for one in orders.listed(connection):
            for line in one.lines:
                promised[line.sku] += line.granted if line.reserved else 0
    assert (stock_of(engine).reserved, stock_of(engine, other).reserved) == (promised[STICKERS], promised[other])
