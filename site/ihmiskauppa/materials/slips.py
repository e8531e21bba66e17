"""What the staff print for orders on their own machine: address labels and pick lists, each one HTML file that loads nothing.

The texts are from outside: whoever calls has made control and direction marks visible; here they become text of HTML. What was
ordered stands in the sealed mail; what was granted of it only the server knows, and `ihmiskauppa orders list --json` tells.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any, Final

from ihmiskauppa.materials import orders
from ihmiskauppa.materials.orders import Order

FORM: Final = "order"
LABELS_A_SHEET: Final = 14  # 99.1 × 38.1 mm, two beside each other: the usual sheet for parcels

_HEAD: Final = """<!DOCTYPE html>
<html lang="fi">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
"""
_LABEL_STYLE: Final = """
@page { size: A4; margin: 15.1mm 4.6mm 0 }
body { margin: 0; font: 11pt/1.25 sans-serif; color: #000; background: #fff }
.sheet { display: grid; grid-template-columns: 99.1mm 99.1mm; grid-auto-rows: 38.1mm; column-gap: 2.5mm; break-after: page }
.label { box-sizing: border-box; padding: 4mm 6mm; overflow: hidden; overflow-wrap: anywhere; position: relative }
.label p { margin: 0 }
.label small { position: absolute; inset-block-end: 2mm; inset-inline-end: 4mm; font-size: 7pt }
"""
_LIST_STYLE: Final = """
@page { size: A4; margin: 15mm }
body { font: 11pt/1.35 sans-serif; color: #000; background: #fff }
section { break-inside: avoid; margin-block: 0 8mm; border-block-start: 1pt solid #000 }
h2 { font-size: 13pt; margin: 3mm 0 1mm }
p { margin: 0 0 1mm; overflow-wrap: anywhere }
td { padding: .5mm 4mm .5mm 0; vertical-align: top }
td:first-child { text-align: end; font-variant-numeric: tabular-nums }
"""


class SlipError(Exception):
    """Not an order of ours: something of it is missing or odd."""


@dataclass(frozen=True)
class Wanted:
    """So many pieces of a print, named by its sku and as the staff call it."""

    sku: str
    item: str
    pieces: int


@dataclass(frozen=True)
class Parcel:
    """One order, as it is packed; empty texts were not answered."""

    mark: str
    reference: str
    organisation: str
    contact: str
    address: str
    postcode: str
    town: str
    needed: str
    note: str
    reason: str
    lines: tuple[Wanted, ...]


def parcel(answers: Mapping[str, Any], clean: Callable[[str], str]) -> Parcel:
    """The order that an order's answers are, every text made harmless by `clean`. Raises `SlipError`."""
    try:
        lines = tuple(_wanted(line, clean) for line in answers["items"])
        texts = {name: clean(_text(answers[name])) for name in ("mark", "organisation", "contact", "address", "postcode")}
        texts |= {name: clean(_text(answers.get(name, ""))) for name in ("needed", "note", "reason")}
        town = clean(_text(answers["town"]).upper())  # as the post wants it
        return Parcel(reference=clean(_text(answers["order"])), town=town, lines=lines, **texts)
    except (KeyError, TypeError) as fault:  # anyone can seal anything to a public key
        raise SlipError from fault


def as_json(order: Order) -> str:
    """What the staff's machine must know of an order, as one line of JSON: no more than the server knows."""
    lines = [{"print": line.sku, "ordered": line.ordered, "granted": line.granted, "waits": line.waits} for line in order.lines]
    whole = {"mark": order.mark, "day": str(order.day), "status": order.status, "orderer": order.orderer, "lines": lines}
    return json.dumps({"digest": order.digest} | whole)


def granted(told: str) -> dict[str, dict[str, int]]:
    """By the digest of an order, how many pieces of which print it gets: from lines of `as_json`. Raises `SlipError`."""
    try:
        found = [json.loads(line) for line in told.splitlines() if line.strip()]
        return {one["digest"]: {line["print"]: int(line["granted"]) for line in one["lines"]} for one in found}
    except (ValueError, KeyError, TypeError) as fault:
        raise SlipError from fault


def as_granted(parcel: Parcel, given: Mapping[str, Mapping[str, int]]) -> Parcel | None:
    """The parcel with what its order gets. None: the server does not count it among these; whoever made it up knew a mark,
    but no reference.
    """
    name = orders.digest(parcel.reference)
    gets = given.get(name)
    if gets is None:
        return None
    lines = tuple(replace(line, pieces=gets.get(line.sku, 0)) for line in parcel.lines)
    return replace(parcel, mark=name[: orders.MARK_LETTERS], lines=tuple(line for line in lines if line.pieces))


def labels(parcels: Sequence[Parcel]) -> str:
    """A sheet of address labels for every fourteen parcels; the mark, small, tells which parcel each belongs to."""
    sheets = [parcels[start : start + LABELS_A_SHEET] for start in range(0, len(parcels), LABELS_A_SHEET)]
    body = "".join(f'<div class="sheet">\n{"".join(map(_label, sheet))}</div>\n' for sheet in sheets)
    return _page("Osoitetarrat", _LABEL_STYLE, body)


def pick_list(parcels: Sequence[Parcel]) -> str:
    """What to take from the shelves in all, and then parcel by parcel."""
    together: Counter[str] = Counter()
    for one in parcels:
        for line in one.lines:
            together[line.item] += line.pieces
    whole = f"<section><h2>Yhteensä</h2>{_table(together.items())}</section>\n"
    return _page(
        "Keräilylista", _LIST_STYLE, f"<h1>Keräilylista: {len(parcels)} tilausta</h1>\n{whole}{''.join(map(_picked, parcels))}"
    )


def _page(title: str, style: str, body: str) -> str:
    return f"{_HEAD.format(title=title, style=style)}{body}</body>\n</html>\n"


def _label(one: Parcel) -> str:
    lines = (one.organisation, one.contact, one.address, f"{one.postcode} {one.town}")
    return f'<div class="label">{"".join(f"<p>{escape(line)}</p>" for line in lines)}<small>{escape(one.mark)}</small></div>\n'


def _picked(one: Parcel) -> str:
    told = (
        ("Tunnus", one.reference),
        ("Vastaanottaja", f"{one.organisation}, {one.contact}, {one.postcode} {one.town}"),
        ("Tarvitaan viimeistään", one.needed),
        ("Perustelu", one.reason),
        ("Lisätietoja", one.note),
    )
    facts = "".join(f"<p>{name}: {escape(text)}</p>" for name, text in told if text)
    return f"<section><h2>{escape(one.mark)}</h2>{facts}{_table((line.item, line.pieces) for line in one.lines)}</section>\n"


def _table(lines: Iterable[tuple[str, int]]) -> str:
    rows = "".join(f"<tr><td>{pieces}</td><td>{escape(item)}</td></tr>" for item, pieces in lines)
    return f"<table>{rows}</table>"


def _wanted(line: Mapping[str, Any], clean: Callable[[str], str]) -> Wanted:
    return Wanted(clean(_text(line["name"])), clean(_text(line["item"])), _pieces(line["pieces"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _pieces(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise TypeError("no number of pieces")
    return value
