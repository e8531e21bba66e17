"""A leaflet as a text message: four parts at most in every language, right in each direction, and shown on the item's page."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ihmiskauppa import contacts, languages
from ihmiskauppa.materials import range as materials
from ihmiskauppa.materials import text_message
from ihmiskauppa.materials.range import Kind, RangeError
from ihmiskauppa.settings import data_folder
from tests.public.conftest import Site

CONTENT = data_folder("content")
TONGUES = languages.load(CONTENT / "languages.toml")
PEOPLE = contacts.load(CONTENT / "contacts.toml")
LEAFLET = next(item for item in materials.load(CONTENT, TONGUES).current if item.kind is Kind.LEAFLET)
PAGE = "materials/posters/leaflet/"


def text(code: str) -> str:
    return text_message.text(LEAFLET, TONGUES[code], PEOPLE, "https://www.ihmiskauppa.fi")


@pytest.mark.parametrize("code", [code for code, language in TONGUES.items() if not language.plain])
def test_every_language_has_one_of_four_parts_at_most(code: str) -> None:
    """With the number to call, the number in danger, and the site in that language; nothing is left in braces."""
    said = text(code)
    assert text_message.parts(said) <= 4
    for part in ("+358295463177", "112", f"www.ihmiskauppa.fi/{code}"):
        assert part in said
    assert "{" not in said


def test_parts_are_counted_as_a_phone_counts_them_at_most() -> None:
    """70 UTF-16 units in one, 67 in each of several (3GPP TS 23.040); a letter beyond the first plane counts twice."""
    assert [text_message.parts("ä" * units) for units in (1, 70, 71, 134, 135, 268, 269)] == [1, 1, 2, 2, 3, 4, 5]
    assert text_message.parts("\N{GRINNING FACE}" * 36) == 2


def test_a_number_keeps_its_order_between_words_from_right_to_left() -> None:
    """A mark before its plus sign, and no blank in it; none before other numbers, which would pull along what follows."""
    assert "\N{LEFT-TO-RIGHT MARK}+358295463177" in text("ar")
    assert "\N{LEFT-TO-RIGHT MARK}112" not in text("ar")
    assert "\N{LEFT-TO-RIGHT MARK}" not in text("fi")


def test_the_address_stands_on_a_line_of_its_own() -> None:
    """Phones make it a link, and no word before or after it is taken for a part of it or moved around it."""
    assert "www.ihmiskauppa.fi/ur" in text("ur").split("\n")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (" {address}", "", "the message in sv names no {address}"),
        ("{contact:hotline}", "{contact:nobody}", "the message in sv names no nobody"),
        ("{address}", "{address} " + "Ring. " * 20, "the message in sv takes 6 text messages, 4 at most may it be"),
    ],
)
def test_a_broken_message_stops_the_start(
    make_site: Callable[..., Site], content_copy: Path, old: str, new: str, fault: str
) -> None:
    """The message names item, language and reason."""
    path = content_copy / "materials" / "leaflet" / "sv.toml"
    *words, message = path.read_text(encoding="utf-8").splitlines()
    assert old in message
    path.write_text("\n".join([*words, message.replace(old, new)]) + "\n", encoding="utf-8")
    with pytest.raises(RangeError) as raised:
        make_site(content_folder=content_copy)
    assert fault in str(raised.value)


def test_the_item_s_page_shows_it_in_the_reader_s_language(make_site: Callable[..., Site]) -> None:
    """As text to copy, with its length; in other languages it is one link away. A leaflet is there to print, not to order."""
    site = make_site()
    for code in ("fi", "ar", "th"):
        page = site.client.page(f"/{code}/{PAGE}")
        (shown,) = page.all("blockquote")
        host = site.configuration.public_url.removeprefix("https://")
        assert page.text(shown) == " ".join(text(code).replace("www.ihmiskauppa.fi", host).split())
        assert shown.get("lang") == code
        section = page.one("section", id="message")
        links = {link.get("href") for link in section.iter() if link.get("hreflang")}
        assert links == {f"/{other}/{PAGE}#message" for other in TONGUES if other != code}
        assert not page.all("a", class_="ik-button")
