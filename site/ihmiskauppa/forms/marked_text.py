"""What a screen reader is given of a PDF's text (ISO 32000-1, 14.9): the words themselves, whatever glyphs stand for them.

WeasyPrint writes no `/ActualText` (ligatures, marks and right-to-left scripts come out as garbage, although validators pass),
no `/Lang` of single words, leaves destinations in `/ToUnicode` empty, and marks the feet of pages as words that have no place.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_EMPTY: Final = re.compile(rb"(<[0-9A-Fa-f]+>) <>")
_ISOLATES: Final = {0x2066: None, 0x2069: None}  # which order glyphs, and are no words
_PICTURE: Final = "/Figure"  # has a text of its own
_NOTHING: Final = rb"\1 <200B>"  # ZERO WIDTH SPACE
# Two Arabic letters under one glyph, by the one character that means both: readers turn a line around letter by letter.
_BOTH: Final = {
    f"<{unicodedata.normalize('NFKC', both).encode('utf-16-be').hex()}>".encode(): f"<{ord(both):04x}>".encode()
    for both in "\ufef5\ufef7\ufef9\ufefb\ufc43"
}


class MarkedTextError(Exception):
    """The marked runs of a page are not those that were laid out."""


@dataclass(frozen=True)
class Run:
    """A run of text as it was laid out, and its language."""

    text: str
    language: str


def runs(page: Any) -> Iterator[Run]:
    """The text that WeasyPrint draws on a laid-out page, in its order: one a marked-content identifier that is no picture's."""
    from weasyprint.formatting_structure.boxes import TextBox

    for box in page._page_box.descendants(placeholders=True):
        if isinstance(box, TextBox):
            yield Run(box.text.translate(_ISOLATES), box.style["lang"] or "")


def mend(pdf: Any, pages: Sequence[Sequence[Run]], *, rtl: bool) -> None:
    """Write each run's text and language to its structure element, and to its place on the page; feet become artifacts.

    On the page not right to left: a reader that takes it from there would turn it around once more. Raises `MarkedTextError`.
    """
    language = str(pdf.Root.Lang)
    numbers = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    parents = {int(key): owners for key, owners in zip(numbers[::2], numbers[1::2], strict=True)}
    placed = set(_placed(pdf.Root.StructTreeRoot))
    for page, laid_out in zip(pdf.pages, pages, strict=True):
        marked = enumerate(parents[int(page.StructParents)])
        owners = {place: owner for place, owner in marked if owner is not None and owner.S != _PICTURE}
        if len(owners) != len(laid_out):
            raise MarkedTextError(f"{len(laid_out)} runs were laid out, {len(owners)} are marked")
        by_place = dict(zip(owners, laid_out, strict=True))
        for place, run in by_place.items():
            owners[place].ActualText = run.text
            if run.language and run.language != language:
                owners[place].Lang = run.language
        feet = {place for place, owner in owners.items() if owner.objgen not in placed}
        _write(pdf, page, feet, {} if rtl else by_place)
        for place in feet:
            parents[int(page.StructParents)][place] = None
    for font in pdf.objects:
        if _is_dictionary(font) and "/ToUnicode" in font:
            meant = _EMPTY.sub(_NOTHING, font.ToUnicode.read_bytes())
            for letters, both in _BOTH.items():
                meant = meant.replace(letters, both)
            font.ToUnicode.write(meant)


def _is_dictionary(found: Any) -> bool:
    import pikepdf

    return isinstance(found, pikepdf.Dictionary)


def _placed(element: Any) -> Iterator[tuple[int, int]]:
    """The structure elements that can be reached from one, by their numbers."""
    kids = element.get("/K", [])
    for kid in [kids] if _is_dictionary(kids) else kids:
        if _is_dictionary(kid) and "/S" in kid:
            yield kid.objgen
            yield from _placed(kid)


def _write(pdf: Any, page: Any, feet: set[int], by_place: Mapping[int, Run]) -> None:
    """Give the marks on a page their words, if there are any, and turn those of its foot into an artifact (14.8.2.2)."""
    import pikepdf

    foot = [pikepdf.Name.Artifact, pikepdf.Dictionary(Type=pikepdf.Name.Pagination, Subtype=pikepdf.Name.Footer)]
    instructions = list(pikepdf.parse_content_stream(page))
    for number, instruction in enumerate(instructions):
        if str(instruction.operator) == "BDC" and "/MCID" in instruction.operands[1]:
            properties = instruction.operands[1]
            if int(properties.MCID) in feet:
                instructions[number] = pikepdf.ContentStreamInstruction(foot, instruction.operator)
            elif int(properties.MCID) in by_place:
                properties.ActualText = by_place[int(properties.MCID)].text
    page.Contents = pdf.make_stream(pikepdf.unparse_content_stream(instructions))
