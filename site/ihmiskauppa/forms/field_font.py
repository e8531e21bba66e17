"""The font of a PDF's fields: small, since viewers need it whole, with the letters that people may type."""

import io
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ihmiskauppa.languages import Language
from ihmiskauppa.settings import data_folder

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

NAME: Final = "Ihmiskauppa Field"
_LATIN_FILE: Final = "NotoSans-Regular.ttf"
_BASIC: Final = (*range(0x20, 0x7F), *range(0xA0, 0x100), 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x20AC)
_LATIN: Final = (*_BASIC, *range(0x100, 0x180))
_CYRILLIC: Final = (*_BASIC, *range(0x400, 0x530))
_VIETNAMESE: Final = (*_LATIN, 0x1A0, 0x1A1, 0x1AF, 0x1B0, *range(0x300, 0x324), *range(0x1EA0, 0x1EFA))
_WIDER: Final = (*_LATIN, 0x218, 0x219, 0x21A, 0x21B, 0x2BB, 0x2BC)  # Romanian and Uzbek letters too
_ARABIC: Final = ("NotoSansArabic-Regular.ttf", (*range(0x600, 0x700), *range(0x750, 0x780), 0x200C, 0x200D))
_THAI: Final = ("NotoSansThai-Regular.ttf", tuple(range(0xE00, 0xE80)))
_ETHIOPIC: Final = ("NotoSansEthiopic-Regular.ttf", tuple(range(0x1200, 0x1380)))
_DEVANAGARI: Final = ("NotoSansDevanagari-Regular.ttf", (*range(0x900, 0x980), 0x200C, 0x200D))
_BENGALI: Final = ("NotoSansBengali-Regular.ttf", (0x964, 0x965, *range(0x980, 0xA00), 0x200C, 0x200D))
# The letters of another script's font beside the Latin ones, by language. Chinese has too many: viewers bring their own.
_BESIDE: Final = {
    **dict.fromkeys(("ar", "fa", "prs", "ckb", "ur"), _ARABIC),
    **dict.fromkeys(("am", "ti"), _ETHIOPIC),
    **dict.fromkeys(("hi", "ne"), _DEVANAGARI),
    "bn": _BENGALI,
    "th": _THAI,
}
# The letters of the Latin font, by language; of any other language, Latin ones.
_LETTERS: Final = {
    **dict.fromkeys((*_BESIDE, "zh-Hans"), _BASIC),
    **dict.fromkeys(("ru", "uk", "bg"), _CYRILLIC),
    **dict.fromkeys(("ro", "uz"), _WIDER),
    "vi": _VIETNAMESE,
}


def make(language: Language) -> bytes:
    """The font for a language's fields, as TrueType."""
    return _make(language.ordinary)


@cache
def _make(code: str) -> bytes:
    font = _subset(_LATIN_FILE, _LETTERS.get(code, _LATIN))
    if code in _BESIDE:
        font = _merged(font, _subset(*_BESIDE[code]))
    for record in font["name"].names:
        named = {1: NAME, 2: "Regular", 3: f"{NAME} {code}", 4: NAME, 6: NAME.replace(" ", "")}
        record.string = named[record.nameID]
    made = io.BytesIO()
    font.save(made)
    return made.getvalue()


def _subset(file: str, letters: tuple[int, ...]) -> "TTFont":
    from fontTools import subset, ttLib

    font = ttLib.TTFont(data_folder("fonts") / file, recalcTimestamp=False)
    options = subset.Options(layout_features=[], name_IDs=[1, 2, 3, 4, 6], notdef_outline=True, hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=letters)
    subsetter.subset(font)
    for table in ("GDEF", "GPOS", "GSUB"):  # of no use to a viewer's fields, and not alike in two fonts
        if table in font:
            del font[table]
    return font


def _merged(*fonts: "TTFont") -> "TTFont":
    """Both fonts as one; they have the same units."""
    from fontTools import merge

    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / f"{number}.ttf") for number, _ in enumerate(fonts)]
        for font, path in zip(fonts, paths, strict=True):
            font.save(path)
        joined = merge.Merger().merge(paths)
    joined.recalcTimestamp = False
    joined["head"].created = joined["head"].modified = fonts[0]["head"].created
    return joined
