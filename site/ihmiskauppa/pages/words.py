"""How each language's words are told apart and made alike for the search: folding, stems, grams where no spaces are written.

Knows neither pages nor queries. A *token* is what the index holds of a word; a *bare* word has no accents at all, as those
type it who lack the keyboard. Nothing here remembers a word: what visitors look for stays nowhere.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import Stemmer

STEM: Final = 4  # letters; a shorter stem is not taken for the start of other words
LONG: Final = 6  # letters of a word that may lose more than its last one
GRAM: Final = 3  # characters; a shorter query finds the grams that begin with it

# Thai, Lao, Burmese, Khmer, kana, Han.
_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_APOSTROPHES: Final = "'’‘ʼʻ`´ʹ"
_NO_APOSTROPHE: Final = str.maketrans("", "", _APOSTROPHES)
_ARABIC_SIGNS: Final = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")  # tashkeel, tatweel, Qur'anic signs


def _letters() -> str:
    """Letters, digits and combining marks as ranges of one character class, which `re` matches ten times as fast as a choice.

    Of the basic plane, where all our languages are written. What `isalnum` takes for a letter lacks Indic vowels.
    """
    unspaced = re.compile(f"[{_UNSPACED}]")
    codes = [code for code in range(0x10000) if _is_letter(chr(code)) and not unspaced.match(chr(code))]
    starts = [code for code, before in zip(codes, (-2, *codes), strict=False) if code != before + 1]
    ends = [code for code, after in zip(codes, (*codes[1:], -2), strict=True) if code != after - 1]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "\u200d" or unicodedata.category(character).startswith("M")


_WORD_OF: Final = f"[{_letters()}]+"
_RUN: Final = re.compile(f"[{_UNSPACED}]+")
_WORD: Final = re.compile(f"[{_UNSPACED}]+|{_WORD_OF}(?:[{_APOSTROPHES}]{_WORD_OF})*")
_ELIDED: Final = re.compile(f"[{_UNSPACED}]+|{_WORD_OF}")

_PERSIAN: Final = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "ە": "ه", "ھ": "ه", "ہ": "ه", "ۂ": "ه"})
_ARABIC: Final = str.maketrans({"ی": "ي", "ک": "ك", "ٱ": "ا"})
# After the stems, which need them: what is written either way in Arabic, and Sorani letters that keyboards lack.
_ALIKE: Final = str.maketrans({"ة": "ه", "ى": "ي", "ے": "ی", "ں": "ن", "ێ": "ی", "ې": "ی", "ۆ": "و", "ڕ": "ر", "ڵ": "ل"})
_AMHARIC: Final = str.maketrans(  # series that sound alike, each of seven vowels
    {
        chr(other + vowel): chr(first + vowel)
        for other, first in ((0x1210, 0x1200), (0x1280, 0x1200), (0x1220, 0x1230), (0x12D0, 0x12A0), (0x1340, 0x1338))
        for vowel in range(7)
    }
)
_DEVANAGARI: Final = str.maketrans({"\u093c": "", "\u0901": "\u0902"})  # the dot below; candrabindu for anusvara
# Finnish consonants that change with the case, at the end of a stem: lupa, luvan. Its stemmer leaves them.
_STRONG: Final = {
    "pp": "p",
    "v": "p",
    "tt": "t",
    "d": "t",
    "kk": "k",
    "ng": "nk",
    "mm": "mp",
    "nn": "nt",
    "ll": "lt",
    "rr": "rt",
}
_GRADES: Final = re.compile(f"({'|'.join(_STRONG)})(?=[aeiouyäö]?$)")
_BARE: Final = {**_PERSIAN, **_ALIKE, ord("ٱ"): "ا", **_DEVANAGARI, **_AMHARIC}
_LATIN: Final = str.maketrans({"đ": "d", "ł": "l", "ø": "o", "ı": "i", "æ": "ae", "œ": "oe", "ħ": "h", "ŧ": "t"})


@dataclass(frozen=True)
class Writing:
    """What is particular to a language.

    `stems` names its Snowball algorithm; where there is none, up to `cut` letters at the end may differ, `least` stay.
    `letters` are no accented forms of others but letters of their own (None: all are). `before` and `after` the stemmer,
    letters are put for others; `drops` are vowels it leaves at the end of some forms.
    """

    stems: str = ""
    letters: str | None = ""
    before: Mapping[int, str] = field(default_factory=dict)
    after: Mapping[int, str] = field(default_factory=dict)
    elides: bool = False
    dotless: bool = False
    gradates: bool = False
    drops: str = ""
    cut: int = 2
    least: int = 3


WRITINGS: Final[Mapping[str, Writing]] = {
    "fi": Writing("finnish", "åäö", gradates=True),
    "sv": Writing("swedish", "åäö"),
    "en": Writing("english"),
    "ru": Writing("russian"),
    "et": Writing("estonian", "äõöü", drops="aeiu"),
    "ar": Writing("arabic", before=_ARABIC, after=_ALIKE),
    "fa": Writing("persian", before=_PERSIAN, after=_ALIKE),
    "prs": Writing("persian", before=_PERSIAN, after=_ALIKE),
    "ckb": Writing(before=_PERSIAN, after=_ALIKE),
    "ur": Writing(before=_PERSIAN, after=_ALIKE),
    "fr": Writing("french", elides=True),
    "es": Writing("spanish"),
    "pt": Writing("portuguese"),
    "ro": Writing("romanian", before=str.maketrans({"ş": "ș", "ţ": "ț"})),
    "pl": Writing("polish"),
    "tr": Writing("turkish", dotless=True),
    "hi": Writing("hindi", before=_DEVANAGARI),
    "ne": Writing("nepali", before=_DEVANAGARI),
    "am": Writing(before=_AMHARIC, cut=1, least=2),
    "ti": Writing(cut=1, least=2),
    "vi": Writing(letters=None, cut=0),
}


class Words:
    """The words of one language. Not safe to share between threads: Snowball's stemmers are not."""

    def __init__(self, code: str) -> None:
        self.writing = WRITINGS.get(code) or WRITINGS.get(code.partition("-")[0]) or Writing()
        # Without a cache: it would hold what visitors look for.
        self._stemmer = Stemmer.Stemmer(self.writing.stems, 0) if self.writing.stems else None

    def find(self, text: str) -> Iterator[re.Match[str]]:
        """The words of `text` (NFC) and the runs of scripts without spaces, where they stand."""
        return (_ELIDED if self.writing.elides else _WORD).finditer(text)

    def token(self, word: str) -> str:
        """What the index holds of a word; empty if nothing is left of it."""
        writing = self.writing
        if writing.dotless:
            word = word.replace("I", "ı").replace("İ", "i")
        word = _folded(word).translate(writing.before)
        if writing.stems == "arabic" and word.endswith("ه"):
            word = word[:-1] + "ة"  # often written so; as a suffix, "his", the stemmer drops either
        if self._stemmer is not None:
            word = self._stemmer.stemWord(word)
        if writing.drops and len(word) > STEM:
            word = word.rstrip(writing.drops)
        if writing.gradates:
            word = _GRADES.sub(lambda match: _STRONG[match[0]], word)
        word = word.translate(writing.after)
        return word if writing.letters is None else _without_accents(word, writing.letters)

    def root(self, token: str) -> str:
        """The start of `token` that its other forms share; empty if it is too short to say."""
        if self._stemmer is not None:
            return token if len(token) >= STEM else ""
        cut = min(self.writing.cut, 1 if len(token) < LONG else LONG)
        shared = token[: len(token) - cut]
        return shared if cut and len(shared) >= self.writing.least else ""


def is_run(word: str) -> bool:
    """Whether `word` is of a script without spaces."""
    return _RUN.fullmatch(word) is not None


def grams(run: str) -> list[str]:
    """What the index holds of a run: at each character the gram that begins there, shorter ones at the end."""
    run = _folded(run)
    return [run[start : start + GRAM] for start in range(len(run))]


def is_bare(word: str) -> bool:
    """Whether the word may have been typed without its accents."""
    return bare(word) == _folded(word)


def bare(word: str) -> str:
    """The word without any accent, and without any difference between letters that a keyboard may lack."""
    return _without_accents(_folded(word).translate(_BARE), "")


def _folded(word: str) -> str:
    """One way of writing: no case, no presentation forms, no Arabic vowel signs or hamza carriers, no apostrophes, 0 to 9."""
    word = unicodedata.normalize("NFKC", word).casefold()
    if not word.isascii():
        word = "".join(_plain(character) for character in word)
        # NFKC has taken Thai's one vowel for two characters; a run keeps its length.
        word = unicodedata.normalize("NFC", word).replace("\u0e4d\u0e32", "\u0e33")
    return word.translate(_NO_APOSTROPHE)


@cache  # by single character, not by word
def _plain(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if "\u0600" <= character <= "\u06ff":
        return _ARABIC_SIGNS.sub("", unicodedata.normalize("NFD", character))
    return "" if character in "\u200c\u200d" else character


def _without_accents(word: str, letters: str) -> str:
    return "".join(character if character in letters else _unaccented(character) for character in word)


@cache
def _unaccented(character: str) -> str:
    """Of Latin, Greek and Cyrillic; й, ї and ў are letters."""
    if character in "йїў":
        return character
    decomposed = unicodedata.normalize("NFD", character)
    return "".join(part for part in decomposed if not "\u0300" <= part <= "\u036f").translate(_LATIN)
