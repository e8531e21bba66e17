"""`ihmiskauppa orders`: stock in and out, orders from list to sent, totals; and a sentence for whatever cannot be."""

import csv
import datetime
import io
from collections.abc import Mapping

import pytest
from click.testing import CliRunner

from ihmiskauppa import database
from ihmiskauppa.cli import main
from ihmiskauppa.materials import orders, slips
from ihmiskauppa.settings import Settings

POSTER, CARD = "poster-kitchen-a3-fi", "card-hotline-card-ar"
REFERENCE = "0123456789ABCDEF"
MARK = orders.digest(REFERENCE)[:8]


class Office:
    """The command, on a database of its own."""

    def __init__(self, configuration: Settings) -> None:
        self._environment = {
            "IHMISKAUPPA_INSTANCE": str(configuration.instance),
            "IHMISKAUPPA_DATABASE_URL": configuration.database_url,
        }
        self._url = configuration.database_url

    def run(self, *arguments: str) -> str:
        done = CliRunner().invoke(main, ["orders", *arguments], env=self._environment)
        assert done.exit_code == 0, done.output
        return done.output

    def refused(self, *arguments: str) -> str:
        done = CliRunner().invoke(main, ["orders", *arguments], env=self._environment)
        assert done.exit_code != 0, done.output
        return done.output

    def place(self, reference: str = REFERENCE, wanted: Mapping[str, int] | None = None) -> None:
        engine = database.connect(self._url)
        with database.writing(engine) as connection:
            name, day = orders.digest(reference), datetime.date(2026, 11, 30)
            orders.place(connection, name, "school", wanted or {POSTER: 5}, day)
        engine.dispose()


@pytest.fixture
def office(configuration: Settings) -> Office:
    """Nothing in stock, nothing ordered."""
    return Office(configuration)


def test_from_stock_to_sent(office: Office) -> None:
    """The whole way of an order, named by its mark and by its reference as it stands in the mail."""
    assert POSTER in office.run("stock", "in", POSTER, "60", "--reason", "first print")
    office.place()
    assert office.run("list").split() == [MARK, "2026-11-30", "received", "school", "5", "pieces"]
    assert office.run("show", "0123-4567-89AB-CDEF").split() == [MARK, "2026-11-30", "received", "school", "5", POSTER]
    office.run("set", MARK, "approved")
    office.run("set", MARK, "packed")
    assert "sent" in office.run("set", REFERENCE, "sent")
    assert office.run("list") == "There is no such order.\n"
    assert MARK in office.run("list", "--status", "sent")
    assert office.run("stock").split()[-5:] == ["55", "0", "55", "50", POSTER]
    assert [line.split()[1] for line in office.run("stock", "journal").splitlines()] == ["+60", "-5"]


def test_the_first_stock_sets_when_it_is_low(office: Office) -> None:
    """An order's usual most, until another bound is said; 0 is never."""
    office.run("stock", "in", POSTER, "49", "--reason", "printed")
    assert POSTER in office.run("low")
    office.run("stock", "in", POSTER, "1", "--reason", "found in the cellar")
    assert office.run("low") == "No stock is low.\n"
    office.run("stock", "out", POSTER, "50", "--reason", "old version", "--low", "0")
    assert office.run("low") == "No stock is low.\n"


def test_a_restock_names_the_orders_that_wait_no_longer(office: Office) -> None:
    """So that the staff know what can be packed now."""
    office.place(wanted={POSTER: 5, CARD: 25})
    assert "30 of them wait for stock" in office.run("list", "--status", "waiting")
    assert "waits no longer" not in office.run("stock", "in", POSTER, "5", "--reason", "printed")
    assert f"The order {MARK} waits no longer." in office.run("stock", "in", CARD, "25", "--reason", "printed")


def test_a_reduced_order_says_what_remains(office: Office) -> None:
    """With the numbers given; the rest is free again."""
    office.run("stock", "in", POSTER, "10", "--reason", "printed")
    office.place(wanted={POSTER: 10})
    assert "5  poster-kitchen-a3-fi of 10 ordered" in office.run("set", MARK, "reduced", "--give", f"{POSTER}=5")
    assert slips.granted(office.run("list", "--json")) == {orders.digest(REFERENCE): {POSTER: 5}}


def test_what_cannot_be_is_said_in_a_sentence(office: Office) -> None:
    """A step that is not next, an order that is not there, half a mark, a print that does not exist, a number that is none."""
    office.place()
    assert "It can become: cancelled, reduced." in office.refused("set", MARK, "packed")
    assert "There are 0 orders like that." in office.refused("show", "ffffffff")
    assert "There are 0 orders like that." in office.refused("show", "%%%%%%%%")
    assert "A mark has 8 letters" in office.refused("show", "ff")
    assert "There is no print poster-moon" in office.refused("stock", "in", "poster-moon", "5", "--reason", "x")
    assert "Only 0 pieces" in office.refused("stock", "out", POSTER, "5", "--reason", "x")
    assert "how many remain" in office.refused("set", MARK, "reduced", "--give", f"{POSTER}=many")
    assert "needs a reason" in office.refused("stock", "in", POSTER, "5", "--reason", " ")
    office.refused("set", MARK, "received")


def test_totals_are_of_what_was_sent(office: Office) -> None:
    """In words and as CSV, by item, language and kind of organisation."""
    assert office.run("totals") == "Nothing was sent.\n"
    office.run("stock", "in", POSTER, "60", "--reason", "printed")
    office.place()
    for status in ("approved", "packed", "sent"):
        office.run("set", MARK, status)
    office.place("ANOTHER")
    assert office.run("totals").split() == ["2026", "5", POSTER, "school"]
    assert list(csv.DictReader(io.StringIO(office.run("totals", "--csv")))) == [
        {
            "year": "2026",
            "print": POSTER,
            "item": "poster-kitchen",
            "size": "a3",
            "language": "fi",
            "organisation": "school",
            "pieces": "5",
        }
    ]


def test_without_a_database_it_says_so(office: Office, configuration: Settings) -> None:
    """No traceback: a sentence."""
    (configuration.instance / "ihmiskauppa.db").unlink()
    assert "The database does not work" in office.refused("list")
