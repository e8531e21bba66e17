"""What a screen reader is given of a PDF's text (ISO 32000-1, 14.9): the words themselves, whatever glyphs stand for them.

WeasyPrint writes no `/ActualText` (ligatures, marks and right-to-left scripts come out as garbage, although validators pass),
no `/Lang` of single words, and leaves destinations in `/ToUnicode` empty.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_EMPTY: Final = re.compile(rb"(<[0-9A-Fa-f]+>) <>")
_ISOLATES: Final = {0x2066: None, 0x2069: None}  # which order glyphs, and are no words
_PICTURE: Final = "/Figure"  # has a text of its own
_NOTHING: Final = rb"\1 <200B>"  # ZERO WIDTH SPACE


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
    """Write each run's text and language to its structure element, and to its place on the page.

    There not right to left: a reader that takes it from there would turn it around once more. Raises `MarkedTextError`.
    """
    language = str(pdf.Root.Lang)
    numbers = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    parents = {int(key): owners for key, owners in zip(numbers[::2], numbers[1::2], strict=True)}
    for page, laid_out in zip(pdf.pages, pages, strict=True):
        owners = {place: owner for place, owner in enumerate(parents[int(page.StructParents)]) if owner.S != _PICTURE}
        if len(owners) != len(laid_out):
            raise MarkedTextError(f"{len(laid_out)} runs were laid out, {len(owners)} are marked")
        by_place = dict(zip(owners, laid_out, strict=True))
        for place, run in by_place.items():
            owners[place].ActualText = run.text
            if run.language and run.language != language:
                owners[place].Lang = run.language
        if not rtl:
            _write(pdf, page, by_place)
    for font in pdf.objects:
        if _is_dictionary(font) and "/ToUnicode" in font:
            font.ToUnicode.write(_EMPTY.sub(_NOTHING, font.ToUnicode.read_bytes()))


def _is_dictionary(found: Any) -> bool:
    import pikepdf

    return isinstance(found, pikepdf.Dictionary)


def _write(pdf: Any, page: Any, by_place: Mapping[int, Run]) -> None:
    import pikepdf

    instructions = list(pikepdf.parse_content_stream(page))
    for instruction in instructions:
        if str(instruction.operator) == "BDC" and "/MCID" in instruction.operands[1]:
            properties = instruction.operands[1]
            if int(properties.MCID) in by_place:
                properties.ActualText = by_place[int(properties.MCID)].text
    page.Contents = pdf.make_stream(pikepdf.unparse_content_stream(instructions))
