"""What the staff print for orders on their own machine: address labels and pick lists, each one HTML file that loads nothing.

The texts are from outside: whoever calls has made control and direction marks visible; here they become text of HTML.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

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
class Parcel:
    """One order, as it is packed. `lines` are pieces and what of; empty texts were not answered."""

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
    lines: tuple[tuple[int, str], ...]


def parcel(answers: Mapping[str, Any], clean: Callable[[str], str]) -> Parcel:
    """The order that an order's answers are, every text made harmless by `clean`. Raises `SlipError`."""
    try:
        lines = tuple((_pieces(line["pieces"]), clean(_text(line["item"]))) for line in answers["items"])
        texts = {name: clean(_text(answers[name])) for name in ("mark", "organisation", "contact", "address", "postcode")}
        texts |= {name: clean(_text(answers.get(name, ""))) for name in ("needed", "note", "reason")}
        town = clean(_text(answers["town"]).upper())  # as the post wants it
        return Parcel(reference=clean(_text(answers["order"])), town=town, lines=lines, **texts)
    except (KeyError, TypeError) as fault:  # anyone can seal anything to a public key
        raise SlipError from fault


def labels(parcels: Sequence[Parcel]) -> str:
    """A sheet of address labels for every fourteen parcels; the mark, small, tells which parcel each belongs to."""
    sheets = [parcels[start : start + LABELS_A_SHEET] for start in range(0, len(parcels), LABELS_A_SHEET)]
    body = "".join(f'<div class="sheet">\n{"".join(map(_label, sheet))}</div>\n' for sheet in sheets)
    return _page("Osoitetarrat", _LABEL_STYLE, body)


def pick_list(parcels: Sequence[Parcel]) -> str:
    """What to take from the shelves in all, and then parcel by parcel."""
    together: Counter[str] = Counter()
    for one in parcels:
        for pieces, item in one.lines:
            together[item] += pieces
    whole = f"<section><h2>Yhteensä</h2>{_table((n, item) for item, n in together.items())}</section>\n"
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
    return f"<section><h2>{escape(one.mark)}</h2>{facts}{_table(one.lines)}</section>\n"


def _table(lines: Iterable[tuple[int, str]]) -> str:
    rows = "".join(f"<tr><td>{pieces}</td><td>{escape(item)}</td></tr>" for pieces, item in lines)
    return f"<table>{rows}</table>"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _pieces(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise TypeError("no number of pieces")
    return value
