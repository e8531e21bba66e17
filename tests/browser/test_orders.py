"""An order in a browser, from the page to the staff's reader: with and without scripts, in three languages."""

import re

import pytest
from playwright.sync_api import Page, expect

from ihmiskauppa import practice
from ihmiskauppa.intake.reading import ReadMessage
from tests.copies import Copy, wait_until

POSTER, CARD = "items-poster-kitchen-a3-fi", "items-card-hotline-card-ar"
ADDRESS = {
    "organisation": "Päiväkoti Käki",
    "contact": "Aino Käki",
    "email": "aino@kaki.example",
    "address": "Käenkuja 3 B",
    "postcode": "53 100",
    "town": "Lappeenranta",
}


@pytest.fixture(params=["page", "bare_page"])
def visitor(request: pytest.FixtureRequest) -> Page:
    """A browser with scripts, and one without."""
    page: Page = request.getfixturevalue(request.param)
    return page


def choose(page: Page, name: str, pieces: str) -> None:
    """Open the part of the form where a print stands, and write a number."""
    if not page.locator(f"#{name}").is_visible():
        page.locator(f"details:has(#{name}) > summary").click()
    page.fill(f"#{name}", pieces)


def arrived(copy: Copy, letters: str) -> ReadMessage:
    """The sealed order as the staff read it."""
    orders = wait_until(lambda: [m for m in copy.inbox() if m.answers.get("order", "").replace("-", "") == letters])
    return orders[0]


@pytest.mark.parametrize("code", ["fi", "en", "ar"])
def test_from_the_order_to_its_end(visitor: Page, copy: Copy, code: str) -> None:
    """Private persons are stopped at once; faults keep everything; ordered, followed, cancelled; the staff have read it all."""
    visitor.goto(f"/{code}/materials/order/")
    private = visitor.locator(".ik-choice:has([name=orderer][value=private]) .ik-revealed")
    expect(private).to_be_hidden()
    visitor.check("[name=orderer][value=private]")
    expect(private.locator("a")).to_be_visible()
    visitor.check("[name=orderer][value=school]")
    choose(visitor, POSTER, "7")
    choose(visitor, CARD, "25")
    for name, text in ADDRESS.items():
        visitor.fill(f"#{name}", text)
    visitor.wait_for_timeout(1100)
    visitor.click("form[data-form=order] button")

    expect(visitor.locator(f"#{POSTER}-fault")).to_be_visible()
    expect(visitor.locator(f"#{CARD}")).to_have_value("25")
    expect(visitor.locator("#address")).to_have_value(ADDRESS["address"])
    visitor.click(f"#faults a[href='#{POSTER}']")
    choose(visitor, POSTER, "10")
    visitor.click("form[data-form=order] button")

    letters = re.sub(r"\s", "", visitor.locator("[data-reference]").inner_text())
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{16}", letters)
    expect(visitor.locator("tbody tr")).to_have_count(2)
    visitor.click("a[href$='/materials/order-status/']")
    visitor.fill("#reference", "-".join(re.findall("....", letters)).lower())
    visitor.wait_for_timeout(1100)
    visitor.click("form[data-form=order-status] button")
    assert letters not in visitor.url.upper()
    expect(visitor.locator("[aria-current=step]")).to_be_visible()

    visitor.click("form[data-form=order-status] button")
    expect(visitor.locator("#cancel-fault")).to_be_visible()
    visitor.check("#cancel")
    visitor.click("form[data-form=order-status] button")
    expect(visitor.locator("form[data-form=order-status]")).to_have_count(0)
    expect(visitor.locator(".ik-progress__step")).to_have_count(2)

    message = arrived(copy, letters)
    assert (message.form, message.language) == ("order", code)
    assert {name: message.answers[name] for name in ADDRESS} == {**ADDRESS, "postcode": "53100"}
    assert [(line["name"], line["pieces"]) for line in message.answers["items"]] == [
        (POSTER.removeprefix("items-"), 10),
        (CARD.removeprefix("items-"), 25),
    ]
    shown = copy.run("orders", "show", message.answers["mark"]).stdout
    assert "cancelled" in shown
    assert "Käki" not in shown


def test_the_staff_see_an_order_through(bare_page: Page, copy: Copy) -> None:
    """Stock comes, the order is reduced, packed and sent, and its page says so; the papers are made from the mail."""
    copy.run("orders", "stock", "in", "poster-you-a4-sv", "50", "--reason", "printed")
    bare_page.goto("/sv/materials/order/#poster-you")
    bare_page.check("[name=orderer][value=association]")
    choose(bare_page, "items-poster-you-a4-sv", "5")
    for name, text in ADDRESS.items():
        bare_page.fill(f"#{name}", text)
    bare_page.wait_for_timeout(1100)
    bare_page.click("form[data-form=order] button")
    letters = re.sub(r"\s", "", bare_page.locator("[data-reference]").inner_text())
    mark = arrived(copy, letters).answers["mark"]
    done = copy.run("orders", "set", mark, "reduced", "--give", "poster-you-a4-sv=3")
    assert done.returncode == 0, done.stderr
    told = copy.instance / "orders.jsonl"
    told.write_text(copy.run("orders", "list", "--status", "reduced", "--json").stdout)
    for status in ("packed", "sent"):
        done = copy.run("orders", "set", mark, status)
        assert done.returncode == 0, done.stderr
    bare_page.goto("/sv/materials/order-status/")
    bare_page.fill("#reference", letters)
    bare_page.wait_for_timeout(1100)
    bare_page.click("form[data-form=order-status] button")
    expect(bare_page.locator(".ik-progress__step--reached")).to_have_count(4)
    inbox, home = str(practice.maildir(copy.instance)), str(practice.staff_home(copy.instance))
    picked = copy.run("read", "--home", home, "--picklist", "--orders", str(told), inbox).stdout
    assert "<td>3</td>" in picked
    assert "<td>5</td>" not in picked
    labels = copy.run("read", "--home", home, "--labels", "--only", mark, inbox)
    assert labels.stdout.count('class="label"') == 1
    bare_page.set_content(labels.stdout)
    expect(bare_page.locator(".label")).to_contain_text("53100 LAPPEENRANTA")
    assert bare_page.locator(".label").evaluate("e => e.scrollHeight <= e.clientHeight && e.scrollWidth <= e.clientWidth")
