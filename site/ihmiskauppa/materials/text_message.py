"""An item's core message as a text message: four parts at most, whatever letters a language has.

A part of a long message holds 67 UTF-16 code units, or 153 letters of the basic alphabet (3GPP TS 23.038 and 23.040). Which of
both a phone chooses depends on one letter; so it is always the former that is counted.
"""

import re
from collections.abc import Iterator
from math import ceil
from typing import Final
from urllib.parse import urlsplit

from ihmiskauppa.contacts import CONTACT, Contacts
from ihmiskauppa.languages import Language
from ihmiskauppa.materials.range import Item

MOST_PARTS: Final = 4
PART: Final = 67  # UTF-16 code units of one part of several
ALONE: Final = 70  # of a message that is not cut
ADDRESS: Final = "{address}"
_ADDRESS: Final = re.compile(rf"\s*{ADDRESS}[.।。።۔]?\s*")
_MEASURED: Final = "https://www.ihmiskauppa.fi"  # the address that faults are judged by: content is the same on every site


def text(item: Item, language: Language, people: Contacts, site: str) -> str:
    """What is sent, contacts and the address of `site` in that language in their places; empty if the item has no message.

    Numbers are as they are called: blanks in one would turn its parts around between words from right to left, and so would a
    plus sign without a mark before it. The address has a line to itself.
    """
    mark = "\N{LEFT-TO-RIGHT MARK}" if language.direction == "rtl" else ""
    message = _ADDRESS.sub(f"\n{urlsplit(site).netloc}/{language.code}\n", item.words_in(language).message).strip()
    return CONTACT.sub(lambda found: people[found[1]].value.replace("+", f"{mark}+"), message)


def parts(message: str) -> int:
    """How many text messages it takes at most."""
    units = len(message.encode("utf-16-le")) // 2
    return 1 if units <= ALONE else ceil(units / PART)


def faults(item: Item, languages: tuple[Language, ...], people: Contacts) -> Iterator[str]:
    """What is wrong with an item's messages, by language."""
    for language in languages:
        message = item.words_in(language).message
        if not message:
            continue
        unknown = {name for name in CONTACT.findall(message) if name not in people}
        if unknown or ADDRESS not in message:
            yield f"the message in {language.code} names no {', '.join(sorted(unknown)) or ADDRESS}"
        elif (taken := parts(text(item, language, people, _MEASURED))) > MOST_PARTS:
            yield f"the message in {language.code} takes {taken} text messages, {MOST_PARTS} at most may it be"
