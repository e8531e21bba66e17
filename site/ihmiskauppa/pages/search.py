"""The search: sections of pages, and whatever else is handed over, found by their words in every language.

There is one index a language (`full_text`), made at the first query. Nothing of a query is kept.
"""

import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ihmiskauppa.languages import PLAIN, SOURCE, Language, Languages
from ihmiskauppa.pages.catalogue import Catalogue, Place, path_of
from ihmiskauppa.pages.content import LEAD
from ihmiskauppa.pages.full_text import MOST_HITS, Hit, Index, Passage, page_of
from ihmiskauppa.pages.synonyms import Synonyms

LONGEST_QUERY: Final = 200  # characters; the rest is not looked at
MOST_ELSEWHERE: Final = 5  # in each language that was not asked for

_ALONE: Final = "en"  # the language of msgids: a title like its is no translation


@dataclass(frozen=True)
class Found:
    """What a query finds, by language, the one asked for first.

    `whole` says that each hit has all the words, `urgent` that the query asks for help now.
    """

    hits: tuple[tuple[Language, tuple[Hit, ...]], ...]
    whole: bool
    urgent: bool


# Hands over the passages of a language, when they are first needed.
Source = Callable[[str], Iterable[Passage]]


def of_catalogue(catalogue: Catalogue, places: Sequence[Place]) -> Source:
    """The sections of every page, and the forms and made pages, each in the languages it really exists in."""

    def passages(code: str) -> Iterator[Passage]:
        for page in catalogue.pages():
            for section in page.sections if page.language.code == code else ():
                if section.text.language.code == code:  # neither a stand-in nor a page that the language lacks
                    anchor = "" if section.id == LEAD else f"#{section.id}"
                    text = " ".join([page.summary] * (section.id == LEAD) + [str(section.text.body.striptags())])
                    yield Passage(page.path + anchor, page.title, str(section.text.heading.striptags()), text)
        for place in places:
            real = not place.languages or code in place.languages
            if real and (code == _ALONE or place.titles[code] != place.titles.get(_ALONE)):
                yield Passage(f"/{code}/{path_of(place.id)}", place.titles[code], "", place.summaries[code])

    return passages


class Search:
    """The search of one edition, in all its languages. Safe to share between threads."""

    def __init__(self, languages: Languages, synonyms: Mapping[str, Synonyms], *sources: Source) -> None:
        self._languages, self._synonyms, self._sources = languages, synonyms, sources
        self._indexes: dict[str, Index] = {}
        self._building = threading.Lock()

    def find(self, query: str, language: str) -> Found:
        """What has the words of `query`: all of them, or, where nothing has, some or similar ones in the likeliest language."""
        # One character may stand for many in NFKC: bounded before and after.
        text = unicodedata.normalize("NFKC", query[:LONGEST_QUERY].replace("´", "'"))[:LONGEST_QUERY]
        order = list(dict.fromkeys([language, language.removesuffix(PLAIN), "en", SOURCE, *self._languages]))
        wanted = [code for code in order if code in self._languages]
        urgent = any(self._index(code).is_urgent(text) for code in wanted)
        hits: dict[str, tuple[Hit, ...]] = {}
        for code in wanted:
            # In other languages fewer, and no page that was found in the one asked for.
            own = frozenset(page_of(hit.path) for hit in hits.get(language, ()))
            most = MOST_HITS if code == language else MOST_ELSEWHERE
            hits[code] = self._index(code).find(text, strict=True, most=most, without=own)
        whole = any(hits.values())
        for code in wanted if not whole else ():
            if code in {language, "en", SOURCE} and not any(hits.values()):
                hits[code] = self._index(code).find(text, strict=False)
        listed = tuple((self._languages[code], found) for code, found in hits.items() if found)
        return Found(listed, whole, urgent)

    def prepare(self) -> None:
        """Make every index now, so that no visitor waits for it."""
        for code in self._languages:
            self._index(code)

    def _index(self, code: str) -> Index:
        index = self._indexes.get(code)
        if index is None:
            with self._building:
                index = self._indexes.get(code)
                if index is None:
                    passages = [passage for source in self._sources for passage in source(code)]
                    index = self._indexes[code] = Index(code, passages, self._synonyms.get(code, Synonyms()))
        return index
