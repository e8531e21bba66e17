"""Labels and pick lists: what stands on them, and that nothing from outside becomes more than text."""

import copy
import datetime
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest

from ihmiskauppa.materials import orders, slips
from ihmiskauppa.materials.orders import Line, Order, Status
from ihmiskauppa.materials.slips import Parcel, SlipError

SPACE = "{http://www.w3.org/1999/xhtml}"
ANSWERS: dict[str, Any] = {
    "order": "0123-4567-89AB-CDEF",
    "mark": "1a2b3c4d",
    "orderer": "school",
    "items": [
        {"name": "poster-kitchen-a3-fi", "item": "Juliste, A3, suomi", "pieces": 10},
        {"name": "stickers-a4-ar", "item": "Tarrat, A4, arabia", "pieces": 2},
    ],
    "organisation": "Koulu & Opisto <b>",
    "contact": "Aino",
    "email": "aino@koulu.example",
    "address": "Opintie 7",
    "postcode": "53100",
    "town": "Lappeenranta",
}


def parcel(**changes: Any) -> Parcel:
    return slips.parcel({**copy.deepcopy(ANSWERS), **changes}, str.strip)


def parsed(html: str) -> Element:
    """The document, which must be valid: a strict parser."""
    document: Element = html5lib.HTMLParser(strict=True).parse(html)
    return document


def shown(html: str, name: str) -> list[str]:
    """The texts of all elements of a class."""
    return [" ".join(each.itertext()) for each in parsed(html).iter() if each.get("class") == name]


def test_a_label_has_the_address_and_the_mark() -> None:
    """Not the mail address, not what was ordered; what looks like HTML is text."""
    (label,) = shown(slips.labels([parcel()]), "label")
    assert label == "Koulu & Opisto <b> Aino Opintie 7 53100 LAPPEENRANTA 1a2b3c4d"


def test_labels_stand_on_sheets_of_fourteen() -> None:
    """The fifteenth begins another sheet; none at all is an empty page."""
    html = slips.labels([parcel(mark=f"{number:08}") for number in range(15)])
    assert len(shown(html, "label")) == 15
    assert len(shown(html, "sheet")) == 2
    assert shown(slips.labels([]), "sheet") == []


def test_a_pick_list_adds_up_and_lists_each_parcel() -> None:
    """In all first; then each with its reference, what is needed by when, and its lines."""
    html = slips.pick_list([parcel(), parcel(mark="99999999", needed="2026-12-24", note="Kiitos")])
    sections = [" ".join(part.itertext()) for part in parsed(html).iter(f"{SPACE}section")]
    assert sections[0] == "Yhteensä 20 Juliste, A3, suomi 4 Tarrat, A4, arabia"
    assert "0123-4567-89AB-CDEF" in sections[1]
    assert "Tarvitaan" not in sections[1]
    assert "Tarvitaan viimeistään: 2026-12-24" in sections[2]
    assert "10 Juliste, A3, suomi 2 Tarrat, A4, arabia" in sections[2]


def test_both_load_nothing() -> None:
    """No address, no script; the policy forbids what a text might smuggle in."""
    for html in (slips.labels([parcel()]), slips.pick_list([parcel()])):
        names = {each.tag.removeprefix(SPACE) for each in parsed(html).iter() if isinstance(each.tag, str)}
        assert not names & {"script", "img", "link", "a", "iframe", "object"}
        assert "default-src 'none'" in html
        assert "http://" not in html
        assert "https://" not in html


def test_every_text_is_cleaned() -> None:
    """What makes texts harmless is asked for each of them, once."""
    seen: list[str] = []
    slips.parcel({**ANSWERS, "note": "N", "reason": "R", "needed": "D"}, lambda text: seen.append(text) or text)  # type: ignore[func-returns-value]
    expected = {ANSWERS[name] for name in ("order", "mark", "organisation", "contact", "address", "postcode")}
    assert set(seen) == expected | {"LAPPEENRANTA", "N", "R", "D"} | {
        line[name] for line in ANSWERS["items"] for name in ("name", "item")
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"items": None},
        {"items": [1]},
        {"items": [{"name": "x", "item": "x", "pieces": "5"}]},
        {"items": [{"name": "x", "item": "x", "pieces": True}]},
        {"items": [{"name": "x", "item": "x", "pieces": -1}]},
        {"items": [{"name": "x", "item": ["x"], "pieces": 1}]},
        {"address": 7},
        {"address": None},
        {"note": {"a": 1}},
    ],
)
def test_what_is_no_order_of_ours_is_refused(changes: dict[str, Any]) -> None:
    """Anyone can seal anything: odd shapes are told apart, not printed."""
    with pytest.raises(SlipError):
        parcel(**changes)


def test_what_is_missing_is_refused() -> None:
    """Each of the parts that a parcel cannot do without."""
    for name in ("order", "mark", "items", "organisation", "contact", "address", "postcode", "town"):
        with pytest.raises(SlipError):
            slips.parcel({key: value for key, value in ANSWERS.items() if key != name}, str.strip)


def order(reference: str, **granted: int) -> Order:
    """An order as the server has it, with what it gets of each print."""
    lines = tuple(Line(sku.replace("_", "-"), 10, pieces, reserved=True) for sku, pieces in granted.items())
    return Order(orders.digest(reference), "school", datetime.date(2026, 11, 30), Status.REDUCED, lines)


def test_a_parcel_has_what_is_granted() -> None:
    """Not what was ordered; a line of which nothing is left is not there; the mark is the server's, whatever the mail said."""
    told = slips.as_json(order(ANSWERS["order"], poster_kitchen_a3_fi=4, stickers_a4_ar=0)) + "\n\n"
    gets = slips.as_granted(parcel(mark="forged"), slips.granted(told))
    assert gets is not None
    assert [(line.pieces, line.item) for line in gets.lines] == [(4, "Juliste, A3, suomi")]
    assert gets.mark == orders.digest(ANSWERS["order"])[:8]
    assert "Juliste, A3, suomi" in slips.pick_list([gets])
    assert "Tarrat" not in slips.pick_list([gets])


def test_an_order_that_the_server_does_not_know_is_no_parcel() -> None:
    """Its mark can be copied, its reference cannot be guessed."""
    given = slips.granted(slips.as_json(order("ZZZZ-ZZZZ-ZZZZ-ZZZZ", poster_kitchen_a3_fi=4)))
    assert slips.as_granted(parcel(mark=next(iter(given))[:8]), given) is None


@pytest.mark.parametrize("told", ["x", "[]", "{}", '{"digest": "x", "lines": [{"print": "x", "granted": "many"}]}'])
def test_what_the_server_never_says_is_refused(told: str) -> None:
    """Another file given by mistake is told apart."""
    with pytest.raises(SlipError):
        slips.granted(told)
