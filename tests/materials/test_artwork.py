"""Prints as files: tagged for the screen, with bleed for the printer, with the right words, code and picture."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import page
import pikepdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageChops

from ihmiskauppa import contacts, languages, translations
from ihmiskauppa.materials import artwork
from ihmiskauppa.materials import range as materials
from ihmiskauppa.materials.artwork import ArtworkError
from ihmiskauppa.materials.range import Kind, Print
from ihmiskauppa.settings import data_folder

TONGUES = languages.load(data_folder("content") / "languages.toml")
TEXTS = translations.load(data_folder("translations"), TONGUES)
PEOPLE = contacts.load(data_folder("content") / "contacts.toml")
RANGE = materials.load(data_folder("content"), TONGUES)
PRINTS = {one.sku: one for one in RANGE.prints}
# On the screen every item in every language with words of its own, once, and a plain version; for the printer every item and
# size, once, and right to left.
SHOWN = [
    *{(one.item.name, one.language.code): sku for sku, one in PRINTS.items() if not one.language.plain}.values(),
    "poster-you-a3-fi-simple",
]
PRINTED = {
    **{(one.item.name, one.size.name): sku for sku, one in PRINTS.items() if one.language.code == "fi"},
    **{(one.item.name, "ar"): sku for sku, one in PRINTS.items() if one.language.code == "ar"},
}.values()
DRAWN = sorted({one.item.name for one in PRINTS.values() if (one.item.folder / "picture.svg").exists()})
POINTS = 72 / 25.4  # of PDF in a millimetre
LARGEST = 300_000  # bytes
BLANK = {
    Kind.LEAFLET: 0.005,
    Kind.POSTER: 0.4,
    Kind.FLYER: 0.05,
}  # the share of a sheet that is another colour than with a blank picture, at least
TICKS = 10  # mm around the trimmed sheet where marks stand
ISOLATES = re.compile("[\u2066\u2069]")

assert PRINTS
assert len(DRAWN) >= 4


def address(one: Print) -> str:
    return f"https://ihmiskauppa.fi/{one.language.code}/{one.item.page}/"


@cache
def made(sku: str, *, for_print: bool = False) -> bytes:
    return artwork.pdf(PRINTS[sku], address(PRINTS[sku]), PEOPLE, TEXTS, for_print=for_print)


def opened(sku: str, *, for_print: bool = False) -> Any:
    return pikepdf.open(io.BytesIO(made(sku, for_print=for_print)))


def rendered(pdf: bytes, *, number: int = 0, dots: int = 150) -> Image.Image:
    with pypdfium2.PdfDocument(pdf) as document:
        drawn: Image.Image = document[number].render(scale=dots / 72).to_pil()
        return drawn.convert("RGB")


def validated(pdf: bytes, folder: Path) -> str:
    path = folder / "print.pdf"
    path.write_bytes(pdf)
    return str(page.validate_pdf(str(path), profile=page.ValidationProfile.PDF_UA_1))


def spoken(pdf: Any) -> str:
    """What a screen reader is given: the words of the structure, pictures' texts among them."""
    return " ".join(_spoken(pdf.Root.StructTreeRoot.K[0]))


def _spoken(element: Any) -> Iterator[str]:
    for key in ("/ActualText", "/Alt"):
        if key in element:
            yield str(element[key])
    for kid in element.get("/K", []):
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield from _spoken(kid)


def words(one: Print, name: str) -> str:
    return one.item.words_in(one.language)[name].replace("\n", " ")


def codes(image: Image.Image) -> set[str]:
    return {found.text for found in zxingcpp.read_barcodes(image.convert("L"))}


@pytest.mark.parametrize("sku", SHOWN)
def test_the_screen_pdf_is_pdf_ua_and_small(sku: str, tmp_path: Path) -> None:
    """No failure in any rule of PDF/UA-1, the item's own title and language, the trimmed size, no larger than a phone likes."""
    report = validated(made(sku), tmp_path)
    assert "0 failed" in report
    assert "no failures" in report
    one = PRINTS[sku]
    with opened(sku) as pdf:
        assert str(pdf.Root.Lang) == one.language.code
        assert str(pdf.docinfo.Title) == TEXTS.gettext(one.language.code, one.item.title)
        for sheet in pdf.pages:
            assert [float(side) / POINTS for side in sheet.MediaBox] == pytest.approx(
                [0, 0, one.size.width, one.size.height], abs=0.1
            )
    assert len(made(sku)) < LARGEST


def test_the_validator_finds_faults(tmp_path: Path) -> None:
    """The same file without its language, or with a picture that has no text, fails: silence means something."""
    for spoil in (_without_language, _without_alternative):
        with opened("poster-you-a4-en") as pdf:
            spoil(pdf)
            saved = io.BytesIO()
            pdf.save(saved)
        assert "no failures" not in validated(saved.getvalue(), tmp_path), spoil.__name__


def _without_language(pdf: Any) -> None:
    del pdf.Root.Lang


def _without_alternative(pdf: Any) -> None:
    for found in pdf.objects:
        if isinstance(found, pikepdf.Dictionary) and found.get("/S") == "/Figure":
            del found["/Alt"]


@pytest.mark.parametrize("sku", SHOWN)
def test_every_word_is_said_and_every_code_leads_to_the_page(sku: str) -> None:
    """All its words stand in the structure; the code read off the rendered sheet is the page in that language."""
    one = PRINTS[sku]
    with opened(sku) as pdf:
        said = ISOLATES.sub("", spoken(pdf))
    shown = {
        name: re.sub(r"\{contact:([a-z-]+)\}", lambda found: PEOPLE[found[1]].shown.replace(" ", "\xa0"), words(one, name))
        for name in one.item.words_in(one.language).by_name
    }
    missing = {name for name, text in shown.items() if "".join(text.split()) not in "".join(said.split())}
    assert not missing
    assert codes(rendered(made(sku))) == {address(one)}


@pytest.mark.parametrize("sku", ["poster-kitchen-a4-fi", "card-hotline-card-ar"])
def test_a_torn_code_is_still_read(sku: str) -> None:
    """Stickers and posters lose corners: with a quarter of each side gone it is still read; with most of it gone not."""
    sheet = rendered(made(sku))
    (found,) = zxingcpp.read_barcodes(sheet.convert("L"))
    right, bottom = found.position.bottom_right.x, found.position.bottom_right.y
    side = found.position.top_right.x - found.position.top_left.x
    for torn, read in ((0.25, True), (0.6, False)):
        sheet.paste("#fff", (round(right - torn * side), round(bottom - torn * side), right + 3, bottom + 3))
        assert (address(PRINTS[sku]) in codes(sheet)) is read


@pytest.mark.parametrize("code", ["fi", "sv", "en"])
def test_the_flyer_tells_of_the_police_what_the_page_tells(code: str) -> None:
    """The same sentences everywhere, none left out: a helper must not read two versions."""
    item = RANGE.items["flyer-speaking"]
    told = (data_folder("content") / "pages" / item.page / f"{code}.md").read_text(encoding="utf-8").replace("'", "’")
    for paragraph in item.words[code]["police_text"].strip().split("\n"):
        assert f"\n{paragraph}\n" in told


@pytest.mark.parametrize("sku", PRINTED)
def test_the_print_pdf_has_its_boxes_marks_and_code(sku: str) -> None:
    """The trimmed sheet in millimetres, at least 3 mm of bleed around it, marks beyond on white, and the code still read."""
    one = PRINTS[sku]
    with opened(sku, for_print=True) as pdf:
        for sheet in pdf.pages:
            left, bottom, right, top = (float(side) / POINTS for side in sheet.TrimBox)
            assert (right - left, top - bottom) == pytest.approx((one.size.width, one.size.height), abs=0.05)
            bleed = [float(side) / POINTS for side in sheet.BleedBox]
            assert [left - bleed[0], bottom - bleed[1], bleed[2] - right, bleed[3] - top] == pytest.approx([3.5] * 4, abs=0.1)
            media = [float(side) / POINTS for side in sheet.MediaBox]
            assert [left - media[0], bottom - media[1]] == pytest.approx([TICKS] * 2, abs=0.05)
    assert len(made(sku, for_print=True)) < LARGEST
    image = rendered(made(sku, for_print=True))
    assert codes(image) == {address(one)}
    corner = image.crop((0, 0, round(6 / 25.4 * 150), round(6 / 25.4 * 150)))
    assert corner.getpixel((2, 2)) == (255, 255, 255)


@pytest.mark.parametrize("sku", sorted({*SHOWN, *PRINTED}))
def test_every_font_is_embedded(sku: str) -> None:
    """A printer's machine has none of our fonts; each one used lies in the file, as a subset."""
    with opened(sku, for_print=sku in PRINTED) as pdf:
        fonts = [
            found for found in pdf.objects if isinstance(found, pikepdf.Dictionary) and found.get("/Type") == "/FontDescriptor"
        ]
        assert fonts
        for font in fonts:
            assert {"/FontFile2", "/FontFile3"} & set(font.keys())
            assert re.match(r"/[A-Z]{6}\+", str(font.FontName))


@pytest.mark.parametrize("sku", ["poster-kitchen-a3-fi", "poster-cleaner-a4-fi", "poster-you-a4-ar"])
def test_the_art_reaches_over_the_trim(sku: str) -> None:
    """Three millimetres outside the trimmed sheet there is still colour, so that no cut leaves a white edge."""
    image = rendered(made(sku, for_print=True))
    outside = round((TICKS - 3) / 25.4 * 150)
    for place in ((outside, image.height // 4), (image.width - outside, image.height // 4), (image.width // 3, outside)):
        assert sum(image.getpixel(place)) < 3 * 128, place  # type: ignore[arg-type]  # a dark colour, not paper


def share_of_difference(first: Image.Image, second: Image.Image) -> float:
    difference = ImageChops.difference(first, second).convert("L").point([0] * 24 + [255] * 232)
    return difference.histogram()[255] / (difference.width * difference.height)


@pytest.mark.parametrize("name", DRAWN)
def test_the_picture_is_on_the_paper(name: str, tmp_path: Path) -> None:
    """A drawing can come out blank and nothing says so: with it, a good part of the sheet differs from the sheet without."""
    one = next(one for one in PRINTS.values() if one.item.name == name and one.language.code == "fi")
    (tmp_path / "picture.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>', encoding="utf-8")
    bare = replace(one, item=replace(one.item, folder=tmp_path))
    without = artwork.pdf(bare, address(one), PEOPLE, TEXTS, for_print=True)
    assert (
        share_of_difference(rendered(made(one.sku, for_print=True), dots=40), rendered(without, dots=40)) > BLANK[one.item.kind]
    )
    assert share_of_difference(rendered(without, dots=40), rendered(without, dots=40)) == 0


def with_words(one: Print, **changed: str) -> Print:
    own = one.item.words_in(one.language)
    words = replace(own, by_name={**own.by_name, **changed})
    return replace(one, item=replace(one.item, words={**one.item.words, one.language.code: words}))


def test_long_words_shrink_and_too_long_ones_are_refused() -> None:
    """A language with long words gets smaller letters, not letters over the picture's edge; there is an end to it."""
    one = PRINTS["poster-kitchen-a4-fi"]
    long = with_words(one, line="Ihmiskaupanvastainen\ntunnistamisvelvollisuus")
    with pypdfium2.PdfDocument(artwork.pdf(long, address(one), PEOPLE, TEXTS, for_print=False)) as document:
        text = document[0].get_textpage()
        right = max(text.get_charbox(place)[2] for place in range(len("Ihmiskaupanvastainen")))
    assert right <= 0.92 * one.size.width * POINTS + 1
    with pytest.raises(ArtworkError, match="poster-kitchen-a4-fi: the text is too long for line"):
        artwork.pdf(with_words(one, line="Liian pitkä rivi " * 40), address(one), PEOPLE, TEXTS, for_print=False)


def test_a_letter_that_no_font_has_stops_the_building() -> None:
    """A box in place of a letter must not be printed a thousand times."""
    one = PRINTS["poster-kitchen-a4-fi"]
    with pytest.raises(ArtworkError, match="notdef"):
        artwork.pdf(with_words(one, line="𓀀"), address(one), PEOPLE, TEXTS, for_print=False)


def test_the_card_says_nothing_outside_and_names_nothing_inside() -> None:
    """Folded it is a pattern; open, it names neither human trafficking nor the site, in no language."""
    for one in (one for one in PRINTS.values() if one.item.name == "card-hotline"):
        with pypdfium2.PdfDocument(made(one.sku)) as document:
            assert len(document) == 2
            assert document[1].get_textpage().count_chars() == 0
            inside = document[0].get_textpage().get_text_range().lower()
        assert not re.search(r"ihmiskau|människohandel|traffick|اتجار|uhri|offer för|victim|ضحايا", inside)
    outside = rendered(made("card-hotline-card-fi"), number=1, dots=60)
    assert len(set(outside.get_flattened_data())) > 10


@pytest.mark.parametrize("name", [item.name for item in RANGE.current])
def test_a_preview_is_small_and_not_blank(name: str) -> None:
    """A WebP picture as wide as asked for, under 6 kB at 240 pixels, with more than paper on it."""
    sku = next(sku for sku in SHOWN if PRINTS[sku].item.name == name)
    small = artwork.preview(made(sku), 240)
    image = Image.open(io.BytesIO(small))
    assert (image.format, image.width) == ("WEBP", 240)
    assert len(small) < 6000
    assert len(set(image.convert("RGB").get_flattened_data())) >= 6


def test_the_same_words_give_the_same_bytes() -> None:
    """A file's hash is that of what it shows: no date, no chance."""
    one = PRINTS["card-hotline-card-ar"]
    assert artwork.pdf(one, address(one), PEOPLE, TEXTS, for_print=False) == made(one.sku)
