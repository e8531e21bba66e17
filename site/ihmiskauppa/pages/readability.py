"""How hard a page is to read: LIX, the words a sentence, and the bounds that pages for victims and plain language keep.

LIX = words / sentences + 100 × words of more than six letters / words (C. H. Björnsson, Läsbarhet, 1968). A sentence ends at a
full stop, a colon, a question or an exclamation mark, or with its paragraph, heading or list item.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

from ihmiskauppa.languages import SOURCE
from ihmiskauppa.pages.catalogue import Page

LONG: Final = 6  # letters: a word with more is a long one
# Means of a whole page. Finnish words are longer, so that the same plainness scores higher.
VICTIM_LIX: Final = {SOURCE: 55.0}
VICTIM_LIX_ELSEWHERE: Final = 45.0
EASY_LIX: Final = {SOURCE: 42.0}
EASY_LIX_ELSEWHERE: Final = 30.0
EASY_SENTENCE: Final = {SOURCE: 9.0}  # words
VICTIM: Final = "victim"  # in a page's audience
LATIN: Final = frozenset({"fi", "sv", "en"})  # the bounds were set for these

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_END = re.compile(r"[.:!?…]+(?=\s|$)")
_INLINE: Final = frozenset({"a", "bdi", "br", "code", "em", "span", "strong"})


@dataclass(frozen=True)
class Readability:
    """Counts of a page's words: all, long ones, and the sentences they make. Nothing at all is as easy as can be: 0."""

    words: int
    long_words: int
    sentences: int

    @property
    def per_sentence(self) -> float:
        return self.words / max(self.sentences, 1)

    @property
    def lix(self) -> float:
        return self.per_sentence + 100 * self.long_words / max(self.words, 1)


class _Blocks(HTMLParser):
    """The texts of a page that stand by themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = [""]

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        if tag not in _INLINE:
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        self.handle_starttag(tag, ())

    def handle_data(self, data: str) -> None:
        self.blocks[-1] += data


def sentences(html: str) -> Iterator[list[str]]:
    """The words of each sentence of a fragment of HTML; numbers are no words."""
    parser = _Blocks()
    parser.feed(html)
    parser.close()
    for block in parser.blocks:
        for sentence in _END.split(block):
            words = _WORD.findall(sentence)
            if words:
                yield words


def of_page(page: Page) -> Readability:
    """The measures of a page's own text, title and summary left out."""
    found = [
        words
        for section in page.sections
        if section.text.language == page.body_language
        for part in (section.text.heading, section.text.body)
        for words in sentences(f"<p>{part}</p>")
    ]
    words = [word for sentence in found for word in sentence]
    return Readability(len(words), sum(len(word) > LONG for word in words), len(found))


def faults(page: Page) -> Iterator[str]:
    """In which way a page is harder than its readers can be asked to read; nothing for languages without bounds."""
    language, _, variant = page.body_language.code.partition("-")
    if language not in LATIN or not (variant or VICTIM in page.audience):
        return
    measured = of_page(page)
    if variant:
        most, words = EASY_LIX.get(language, EASY_LIX_ELSEWHERE), EASY_SENTENCE.get(language)
    else:
        most, words = VICTIM_LIX.get(language, VICTIM_LIX_ELSEWHERE), None
    if measured.lix >= most:
        yield f"LIX {measured.lix:.0f}, must be under {most:.0f}"
    if words is not None and measured.per_sentence > words:
        yield f"{measured.per_sentence:.1f} words a sentence, at most {words:.0f}"
