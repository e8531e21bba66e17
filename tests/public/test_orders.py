"""Ordering: what the page says of the stock, what is taken, kept and sealed, and how far an order has come."""

import datetime
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from werkzeug.test import TestResponse

from ihmiskauppa import database
from ihmiskauppa.app import build_public_app
from ihmiskauppa.forms.definition import Kind
from ihmiskauppa.intake import reading
from ihmiskauppa.intake.outbox import OutboxRow
from ihmiskauppa.materials import orders
from ihmiskauppa.materials.orders import Order, Status
from ihmiskauppa.materials.stock import Movement
from ihmiskauppa.public import order_status
from ihmiskauppa.public.editions import load
from ihmiskauppa.public.uploads import MOST_PARTS
from tests.client import CheckedClient, Page
from tests.conftest import InboxKey
from tests.public.conftest import Site

FORM = "/en/materials/order/"
STATUS = "/en/materials/order-status/"
POSTER = "poster-kitchen-a3-fi"
FIELDS = {
    "orderer": "school",
    "organisation": "Koulu Kanarialintu",
    "contact": "Kanarialintu Aino",
    "email": "aino@koulu.example",
    "address": "Kanarialinnuntie 7",
    "postcode": "53100",
    "town": "Lappeenranta",
}
TODAY = datetime.date(2026, 11, 30)


@pytest.fixture
def own_site(make_site: Callable[..., Site]) -> Site:
    """A site where nobody has ordered yet."""
    return make_site()


@pytest.fixture
def engine(own_site: Site) -> Iterator[Engine]:
    """Its database, with ten of a poster and a few stickers."""
    made = database.connect(own_site.configuration.database_url)
    with database.writing(made) as connection:
        orders.move_stock(connection, Movement(TODAY, POSTER, 10, "printed"), 0)
        orders.move_stock(connection, Movement(TODAY, "stickers-a4-fi", 3, "printed"), 5)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def staff(inbox_key: InboxKey) -> Iterator[Any]:
    """The staff's gpg."""
    with reading.staff_gpg(inbox_key.home) as gpg:
        yield gpg


def order(site: Site, **fields: str | list[str]) -> TestResponse:
    """Fill in and send the order form; by default five posters."""
    items = {name.replace("_", "-"): value for name, value in fields.items() if name.startswith("items_")}
    others = {name: value for name, value in fields.items() if not name.startswith("items_")}
    return site.send(FORM, **{**FIELDS, **others, **(items or {f"items-{POSTER}": "5"})})


def reference(answer: TestResponse) -> str:
    """The reference on a confirmation."""
    assert answer.status_code == 200, Page(answer.text).text()
    found = [element for element in Page(answer.text).everything() if element.get("data-reference") is not None]
    assert len(found) == 1
    letters = "".join(found[0].itertext())
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{16}", letters)
    return letters


def kept(engine: Engine) -> tuple[Order, ...]:
    with database.reading(engine) as connection:
        return orders.listed(connection)


def mails(engine: Engine) -> list[bytes]:
    with engine.connect() as connection:
        return list(connection.execute(select(OutboxRow.payload)).scalars())


def words(answer: TestResponse) -> str:
    return Page(answer.text).text()


def test_the_form_says_what_is_in_stock(own_site: Site, engine: Engine) -> None:
    """In words, beside the field, and read with it; every print of the range has one."""
    page = own_site.client.page(FORM)
    assert page.text(page.one("span", id=f"items-{POSTER}-stock")) == "in stock"
    assert page.text(page.one("span", id="items-stickers-a4-fi-stock")) == "few left"
    assert page.text(page.one("span", id="items-poster-you-a3-ar-stock")).startswith("out of stock")
    assert page.one("input", id=f"items-{POSTER}").get("aria-describedby") == f"items-{POSTER}-stock"
    assert len([each for each in page.all("input") if each.get("name", "").startswith("items-")]) > 20


def test_the_form_fits_into_one_post(own_site: Site) -> None:
    """Also when everything that is for everywhere is there in all the languages to come: thirty-one, and three plain ones."""
    edition = load(own_site.configuration)
    questions = [question for question in edition.forms["order"].questions if question.kind is not Kind.QUANTITIES]
    items = edition.range.current
    prints = sum(len(item.sizes) * (34 if item.everywhere else 3) for item in items)
    assert len(questions) + prints + 1 < MOST_PARTS


def test_an_order_is_kept_and_sealed_together(own_site: Site, engine: Engine, staff: Any) -> None:
    """The database has kind, prints and day; the mail has everything, with the reference and the mark."""
    letters = reference(order(own_site, reason="Uusi kampus", needed="2099-12-24"))
    (found,) = kept(engine)
    assert (found.digest, found.orderer, found.status) == (orders.digest(letters), "school", Status.RECEIVED)
    assert [(line.sku, line.ordered, line.granted, line.reserved) for line in found.lines] == [(POSTER, 5, 5, True)]
    (mail,) = mails(engine)
    read = reading.open_message(mail, staff)
    assert read.form == "order"
    assert read.answers["order"].replace("-", "") == letters
    assert read.answers["mark"] == found.mark
    assert read.answers["address"] == "Kanarialinnuntie 7"
    assert read.answers["items"] == [{"name": POSTER, "item": "Juliste: ravintolan keittiö, A3, suomi", "pieces": 5}]
    assert "5 kpl  Juliste: ravintolan keittiö, A3, suomi" in read.text
    assert "Tarvitaan viimeistään:\n24.12.2099" in read.text


def test_nothing_of_who_ordered_is_in_the_database(own_site: Site, engine: Engine) -> None:
    """Every column of every table, as text, holds none of it."""
    letters = reference(order(own_site, note="Kanarialintu laulaa"))
    with engine.connect() as connection:
        for table in database.Base.metadata.tables:
            for row in connection.execute(text(f"SELECT * FROM {table}")):
                shown = str(tuple(row)).lower()
                for secret in ("kanaria", "koulu.example", "53100", "lappeenranta", letters.lower()):
                    assert secret not in shown, table


def test_the_same_post_again_is_the_same_order(own_site: Site, engine: Engine) -> None:
    """Also when its receipt has been forgotten: one order, one mail, one promise, the same reference."""
    fields = {"token": own_site.token(FORM), **FIELDS, f"items-{POSTER}": "5"}
    first = reference(own_site.client.post(FORM, data=fields))
    assert reference(own_site.client.post(FORM, data=fields)) == first
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM receipts"))
    assert reference(own_site.client.post(FORM, data=fields)) == first
    assert (len(kept(engine)), len(mails(engine))) == (1, 1)
    assert reference(own_site.client.post(FORM, data={**fields, "town": "Imatra"})) != first


def test_an_order_that_cannot_be_kept_is_not_sent_either(own_site: Site, engine: Engine) -> None:
    """When the tables of orders fail, no mail and no receipt stay behind, and the visitor is told."""
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE material_order_lines RENAME TO gone"))
    answer = order(own_site)
    assert answer.status_code == 503
    assert "Kanarialinnuntie 7" in answer.text
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO material_order_lines"))
    assert (kept(engine), mails(engine)) == ((), [])
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM receipts")).scalar() == 0


def test_a_private_person_is_led_to_the_downloads(own_site: Site, engine: Engine) -> None:
    """The page holds the warning and the link without script; sent all the same, nothing is taken, and all is kept."""
    page = own_site.client.page(FORM)
    choice = next(each for each in page.all("div", **{"class": "ik-choice"}) if "private person" in page.text(each))
    assert "can put you in danger" in page.text(choice)
    assert [each.get("href") for each in choice.iter("{http://www.w3.org/1999/xhtml}a")] == ["/en/materials/posters/"]
    answer = order(own_site, orderer="private")
    assert answer.status_code == 422
    assert "We do not send material to private persons" in words(answer)
    assert Page(answer.text).one("input", id=f"items-{POSTER}").get("value") == "5"
    assert (kept(engine), mails(engine)) == ((), [])


def test_faults_stand_beside_their_fields_and_all_is_kept(own_site: Site, engine: Engine) -> None:
    """Garbage in a number opens its part of the form and stays as it was typed; so does everything else."""
    answer = order(own_site, items_poster_you_a4_ar="seven", items_poster_kitchen_a3_fi="-5", postcode="abc")
    assert answer.status_code == 422
    page = Page(answer.text)
    for name, value in (("items-poster-you-a4-ar", "seven"), (f"items-{POSTER}", "-5"), ("postcode", "abc")):
        assert page.one("input", id=name).get("value") == value
        assert f"{name}-fault" in page.one("input", id=name).get("aria-describedby", "")
    opened = [each for each in page.all("details") if each.get("open") is not None]
    assert len(opened) == 2
    assert page.one("input", id="address").get("value") == "Kanarialinnuntie 7"
    assert kept(engine) == ()


def status(site: Site, **fields: str | list[str]) -> TestResponse:
    return site.client.post(STATUS, data={"token": site.token(STATUS), **fields})


def reached(answer: TestResponse) -> str:
    """The step an order has reached, as the page says it."""
    (step,) = [each for each in Page(answer.text).everything() if each.get("aria-current") == "step"]
    return "".join(step.itertext()).replace(" (done)", "")


def test_the_status_follows_the_order(own_site: Site, engine: Engine) -> None:
    """From received to sent; the reference is taken with dashes and in small letters, and stands in no address."""
    letters = reference(order(own_site))
    written = "-".join(re.findall("....", letters.lower()))
    assert reached(status(own_site, reference=written)) == "Received"
    for step, word in ((Status.APPROVED, "Approved"), (Status.PACKED, "Packed"), (Status.SENT, "Sent")):
        with database.writing(engine) as connection:
            orders.change(connection, orders.digest(letters), step, TODAY)
        answer = status(own_site, reference=written)
        assert reached(answer) == word
        assert ("Cancel this order" in words(answer)) == (step is Status.APPROVED)
        assert "Kanarialintu" not in answer.text


def test_what_waits_and_what_was_reduced_is_said(own_site: Site, engine: Engine) -> None:
    """On the confirmation, and on the status page with the numbers."""
    answer = order(own_site, items_poster_kitchen_a3_fi="20")
    assert "(waits for stock)" in words(answer)
    letters = reference(answer)
    assert reached(status(own_site, reference=letters)) == "Waiting for stock"
    with database.writing(engine) as connection:
        orders.change(connection, orders.digest(letters), Status.REDUCED, TODAY, {POSTER: 10})
    answer = status(own_site, reference=letters)
    assert reached(answer) == "Reduced"
    assert "10 (you asked for 20)" in words(answer)


def test_an_order_is_cancelled_with_a_tick_until_it_is_packed(own_site: Site, engine: Engine) -> None:
    """Without the tick nothing happens; with it the stock is free again; twice is as good as once."""
    letters = reference(order(own_site))
    answer = status(own_site, reference=letters, cancel="asked")
    assert (answer.status_code, kept(engine)[0].status) == (422, Status.RECEIVED)
    assert "Please tick this box" in words(answer)
    for _ in range(2):
        answer = status(own_site, reference=letters, cancel=["asked", "sure"])
        assert (answer.status_code, reached(answer)) == (200, "Cancelled")
    assert reference(order(own_site, items_poster_kitchen_a3_fi="10"))
    assert [line.reserved for one in kept(engine) for line in one.lines if one.status is Status.RECEIVED] == [True]


def test_a_packed_order_is_not_cancelled(own_site: Site, engine: Engine) -> None:
    """The page says that it is too late."""
    letters = reference(order(own_site))
    with database.writing(engine) as connection:
        for step in (Status.APPROVED, Status.PACKED):
            orders.change(connection, orders.digest(letters), step, TODAY)
    answer = status(own_site, reference=letters, cancel=["asked", "sure"])
    assert (answer.status_code, kept(engine)[0].status) == (409, Status.PACKED)
    assert "can no longer be cancelled" in words(answer)


@pytest.mark.parametrize(
    "written", ["0000000000000000", "x", "'; DROP TABLE material_orders; --", "%", "\u202e\x00", "A" * 5000]
)
def test_a_wrong_reference_gets_a_calm_answer(own_site: Site, engine: Engine, written: str) -> None:
    """Nothing is shown, the text stays in its field, and nothing breaks."""
    order(own_site)
    answer = status(own_site, reference=written)
    assert answer.status_code == 422
    assert "Received" not in words(answer)


def test_an_empty_reference_is_asked_for(own_site: Site) -> None:
    """The field is named, as in every form."""
    assert "Please answer this question." in words(status(own_site))


def test_questions_are_limited(own_site: Site) -> None:
    """Nobody can try references without end; the page says so and when to come back."""
    application = build_public_app(replace(own_site.configuration, post_limits="1 per minute"), watch=False)
    site = Site(own_site.configuration, CheckedClient(application), application)
    assert status(site, reference="x").status_code == 422
    answer = status(site, reference="x")
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)


def test_a_database_that_does_not_answer_closes_nothing_for_good(own_site: Site, engine: Engine) -> None:
    """The form is shown without words on stock; the status page says that it does not work now."""
    with engine.begin() as connection:
        for table in ("material_stock", "material_orders"):
            connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_gone"))
    page = own_site.client.page(FORM)
    assert page.one("input", id=f"items-{POSTER}").get("aria-describedby") is None
    answer = status(own_site, reference="x")
    assert (answer.status_code, "cannot be shown at the moment" in words(answer)) == (503, True)


def test_a_post_from_another_site_is_refused(own_site: Site) -> None:
    """Nobody's page can ask or cancel in a visitor's name."""
    answer = own_site.client.post(STATUS, data={"reference": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_every_status_has_its_words() -> None:
    """On the status page, and each on its own step."""
    assert set(order_status.WORDS) == set(Status)


def test_what_was_sent_is_a_small_public_figure(own_site: Site, engine: Engine) -> None:
    """Nothing before anything was sent; then pieces by item, language and kind of organisation, a single order's few not."""
    assert "What was sent so far" not in words(own_site.client.get(FORM))
    for pieces, shown in (("5", False), ("5", True)):
        letters = reference(order(own_site, items_poster_kitchen_a3_fi=pieces))
        with database.writing(engine) as connection:
            for step in (Status.APPROVED, Status.PACKED, Status.SENT):
                orders.change(connection, orders.digest(letters), step, TODAY)
        page = own_site.client.page(FORM)
        rows = [page.text(row) for row in page.all("tr")]
        assert (rows.count("By languagePieces"), "Suomi10" in rows) == (int(shown), shown)
