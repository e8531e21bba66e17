"""Quotation marks and punctuation of each language's own, as CLDR and its writers have them."""

import re
from collections.abc import Iterator
from typing import Final

from ihmiskauppa.languages import Language

_QUOTES: Final = frozenset('"“”„‟«»‹›「」『』〝〞')
# Code, addresses and what stands in braces are nobody's language.
_CODE: Final = re.compile(r"`[^`]*`|\{[^}]*\}|\]\([^)]*\)|^:::.*$|<[^>]*>|https?://\S+", re.MULTILINE)
# By script: another script's mark right behind a letter of it, and what stands there instead.
_STRANGE: Final = (
    (re.compile(r"[\u0620-\u06ff\u0750-\u077f][*_]*([,;?])"), {",": "،", ";": "؛", "?": "؟"}),
    (re.compile(r"[\u1200-\u135f][*_]*([,;.])"), {",": "፣", ";": "፤", ".": "።"}),
    (re.compile(r"[\u4e00-\u9fff][*_]*([,;:.?!])"), {",": "，", ";": "；", ":": "：", ".": "。", "?": "？", "!": "！"}),
)


def faults(language: Language, text: str) -> Iterator[str]:
    """Marks in `text` that are not the language's; a sentence for each kind."""
    read = _CODE.sub(" ", text)
    strange = sorted(set(read) & _QUOTES - set(language.quotes))
    if strange:
        ours = f"{language.quotes[0]}…{language.quotes[-1]}"
        yield f"quotes with {' '.join(strange)}; in {language.code}, quotation marks are {ours}"
    for pattern, instead in _STRANGE:
        found = sorted(set(pattern.findall(read)))
        if found:
            yield f"has {' '.join(found)}, where its script has {' '.join(instead[mark] for mark in found)}"
