"""A print of the range as a file: a tagged PDF for the screen (PDF/UA-1), one for the printer, and a small picture of either.

The templates lie in `templates/materials/`, one a kind (or an item), with lengths in rem: a hundredth of the sheet's width.
Text stands in areas of fixed size and shrinks until it fits, so that a language with long words needs no layout of its own.
"""

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ihmiskauppa.contacts import CONTACT, HOTLINE, Contact, Contacts
from ihmiskauppa.forms import marked_text
from ihmiskauppa.forms.document import PUBLISHER, DocumentError, families, no_missing_glyph, our_fonts_only
from ihmiskauppa.forms.paper import isolated
from ihmiskauppa.materials.range import Print
from ihmiskauppa.translations import Translations, msgid

if TYPE_CHECKING:
    from weasyprint import Document

TEMPLATES: Final = Path(__file__).parent.parent / "templates" / "materials"
QR_TEXT: Final = msgid("QR code. It opens the page %(address)s")
BLEED: Final = 3.5  # mm that the art goes over the trim; WeasyPrint's BleedBox lies 10 points (3.53 mm) outside
_QR_LEVEL: Final = "q"  # a quarter of the code may be torn off or dirty (ISO/IEC 18004)
_QR_QUIET: Final = 4  # modules of white around the code, as the standard demands
_ARABIC: Final = 1.15  # its letters are lower than Latin ones of the same size, and all right-to-left languages here use them
_SCRIPTS: Final = {"ur": 0.9}
_SHRINK: Final = 0.94  # of an area's text, each time that it does not fit
_ATTEMPTS: Final = 14  # down to 0.42 of the size drawn: beyond that, the words are too long for the item
_TOLERANCE: Final = 0.5  # CSS pixels by which a line box may stand over
_SHORT: Final = 9  # letters of a last word that would look lost on a line of its own
_PALETTES: Final = (32, 24, 16, 12, 8)  # colours of a preview: as many as its weight allows
_PREVIEW_WEIGHT: Final = 0.1  # bytes a square of its width: 5,760 for 240 pixels
_EFFORT: Final = 4  # of WebP: two more make it a hundredth smaller in sixty times the time
_FINER: Final = 4  # pixels rendered for one of the preview


class ArtworkError(Exception):
    """A print could not be made as it must be; the message names it and says why."""


def pdf(one: Print, page_address: str, people: Contacts, texts: Translations, *, for_print: bool) -> bytes:
    """The print, for the screen or (trimmed, with bleed and marks) for the printer. Raises `ArtworkError`."""
    import pikepdf  # only `materials build` needs these libraries, not the web process

    sheet = Sheet(one, page_address, people, texts, for_print)
    try:
        with our_fonts_only(), no_missing_glyph():
            laid_out = _fitted(sheet)
            options = {} if for_print else {"pdf_variant": "pdf/ua-1"}
            raw = laid_out.write_pdf(pdf_identifier=one.sku.encode(), **options)
    except DocumentError as fault:
        raise ArtworkError(f"{one.sku}: {fault}") from fault
    with pikepdf.open(io.BytesIO(raw)) as opened:
        if not for_print:
            rtl = one.language.direction == "rtl"
            marked_text.mend(opened, [list(marked_text.runs(page)) for page in laid_out.pages], rtl=rtl)
        made = io.BytesIO()
        opened.save(made, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return made.getvalue()


def preview(made: bytes, width: int) -> bytes:
    """The first page of a PDF as a WebP picture, `width` pixels wide; in few colours, as flat drawings compress best."""
    import pypdfium2
    from PIL import Image

    with pypdfium2.PdfDocument(made) as document:
        page = document[0]
        drawn = page.render(scale=_FINER * width / page.get_width()).to_pil().convert("RGB")
    small = drawn.resize((width, round(drawn.height * width / drawn.width)), Image.Resampling.BOX)
    for colours in _PALETTES:
        written = io.BytesIO()
        few = small.quantize(colours, dither=Image.Dither.NONE).convert("RGB")
        few.save(written, "WEBP", lossless=True, quality=100, method=_EFFORT)
        if written.tell() <= _PREVIEW_WEIGHT * width**2:
            break
    return written.getvalue()


def _fitted(sheet: "Sheet") -> "Document":
    """Laid out with the largest text that stays within its areas."""
    for _ in range(_ATTEMPTS):
        laid_out = _lay_out(sheet)
        too_long = {area for page in laid_out.pages for area in _overflowing(page._page_box)}
        if not too_long:
            return laid_out
        for area in too_long:
            sheet.shrunk[area] = sheet.fit(area) * _SHRINK
    raise ArtworkError(f"{sheet.one.sku}: the text is too long for {', '.join(sorted(too_long))}")


def _lay_out(sheet: "Sheet") -> "Document":
    import weasyprint

    item = sheet.one.item
    html = _environment().select_template([f"{item.name}.html", f"{item.kind}.html"]).render(sheet=sheet)
    variant = None if sheet.for_print else "pdf/ua-1"
    return weasyprint.HTML(string=html, base_url=str(TEMPLATES)).render(pdf_variant=variant)


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _overflowing(page_box: Any) -> Iterator[str]:
    """The names of the areas of a laid-out page out of which a line or a word stands."""
    for area in page_box.descendants(placeholders=True):
        if area.element is not None and "data-area" in area.element.attrib and hasattr(area, "children") and _is_over(area):
            yield area.element.attrib["data-area"]


def _is_over(area: Any) -> bool:
    from weasyprint.formatting_structure.boxes import LineBox, TextBox

    left, top = area.content_box_x() - _TOLERANCE, area.content_box_y() - _TOLERANCE
    right, bottom = left + area.width + 2 * _TOLERANCE, top + area.height + 2 * _TOLERANCE
    return any(
        # A font's own height says nothing: that of Arabic is twice its letters'.
        (isinstance(box, LineBox) and not (top <= box.position_y and box.position_y + box.height <= bottom))
        or (isinstance(box, TextBox) and not (left <= box.position_x and box.position_x + box.width <= right))
        for box in area.descendants(placeholders=True)
    )


def _as_source(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


@dataclass(frozen=True)
class Sheet:
    """What a template shows. `shrunk` is by area: how much smaller than drawn its text must be."""

    one: Print
    page_address: str
    people: Contacts
    texts: Translations
    for_print: bool
    shrunk: dict[str, float] = field(default_factory=dict)

    @property
    def families(self) -> tuple[str, ...]:
        return families(self.one.language)

    @property
    def bleed(self) -> float:
        return BLEED

    @property
    def host(self) -> str:
        """The address that people remember and type."""
        return isolated(urlsplit(self.page_address).hostname or "")

    @property
    def hotline(self) -> Contact:
        return self.people[HOTLINE]

    @property
    def publisher(self) -> str:
        return self.text(PUBLISHER)

    @property
    def qr_text(self) -> str:
        return self.text(QR_TEXT) % {"address": isolated(self.page_address)}

    @cached_property
    def qr(self) -> str:
        """The code of the page's address as an image source; its quiet zone is part of it."""
        import segno

        made = io.BytesIO()
        code = segno.make(self.page_address, error=_QR_LEVEL, micro=False, boost_error=False)
        code.save(made, kind="svg", border=_QR_QUIET, light="#fff", dark="#000", omitsize=True, xmldecl=False)
        return _as_source("image/svg+xml", made.getvalue())

    def picture(self, name: str) -> str:
        """A drawing of the item's as an image source, by the name of its file. Raises `ArtworkError`."""
        try:
            return _as_source("image/svg+xml", (self.one.item.folder / f"{name}.svg").read_bytes())
        except OSError as fault:
            raise ArtworkError(f"{self.one.sku}: {fault}") from fault

    def fit(self, area: str) -> float:
        """How large its text is, as a share of what the template says."""
        letters = _ARABIC if self.one.language.direction == "rtl" else 1.0
        return self.shrunk.get(area, _SCRIPTS.get(self.one.language.ordinary, letters))

    def text(self, message: str) -> str:
        return self.texts.gettext(self.one.language.code, message)

    def words(self, name: str) -> Markup:
        """What is printed there; a line's end in the words is one on the paper."""
        return Markup("<br>").join(self.lines(name))

    def lines(self, name: str) -> Iterator[str]:
        """What is printed there, line by line, contacts in their places. A line's last word never stands alone beneath it."""
        for line in self.one.item.words_in(self.one.language)[name].split("\n"):
            before, space, last = line.rpartition(" ")
            kept = f"{before}\N{NO-BREAK SPACE}{last}" if space and len(last) <= _SHORT else line
            yield CONTACT.sub(lambda found: self.number(found[1]), kept)

    def number(self, contact: str) -> str:
        """A telephone number that never breaks."""
        return isolated(self.people[contact].shown.replace(" ", "\N{NO-BREAK SPACE}"))
