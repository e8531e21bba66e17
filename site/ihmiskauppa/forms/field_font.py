"""The font of a PDF's fields: small, since viewers need it whole, with the letters that people may type."""

import io
from functools import cache
from typing import Final

from ihmiskauppa.languages import Language
from ihmiskauppa.settings import data_folder

NAME: Final = "Ihmiskauppa Field"
_LATIN: Final = (*range(0x20, 0x7F), *range(0xA0, 0x180), 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x20AC)
# The font of a script beside Latin, by the script's first language; with the letters of that language's keyboards.
_SCRIPTS: Final = {"ar": ("NotoSansArabic-Regular.ttf", (*range(0x20, 0x7F), 0xA0, *range(0x600, 0x700)))}
_ORDINARY: Final = ("NotoSans-Regular.ttf", _LATIN)


def make(language: Language) -> bytes:
    """The font for a language's fields, as TrueType."""
    return _make(language.ordinary)


@cache
def _make(code: str) -> bytes:
    from fontTools import subset, ttLib

    file, letters = _SCRIPTS.get(code, _ORDINARY)
    font = ttLib.TTFont(data_folder("fonts") / file, recalcTimestamp=False)
    options = subset.Options(layout_features=[], name_IDs=[1, 2, 3, 4, 6], notdef_outline=True, hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=letters)
    subsetter.subset(font)
    for record in font["name"].names:
        named = {1: NAME, 2: "Regular", 3: f"{NAME} {code}", 4: NAME, 6: NAME.replace(" ", "")}
        record.string = named[record.nameID]
    made = io.BytesIO()
    font.save(made)
    return made.getvalue()
