"""One language's full-text index: SQLite FTS5 in memory, over tokens of our own making (`words`).

A query becomes tokens, too: nothing a visitor types is FTS syntax. Nothing of a query is kept.
"""

import bisect
import sqlite3
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ihmiskauppa.pages import words
from ihmiskauppa.pages.synonyms import Synonyms
from ihmiskauppa.pages.words import Words

MOST_WORDS: Final = 12
MOST_HITS: Final = 20
MOST_OF_A_PAGE: Final = 3
SNIPPET: Final = 220  # characters
# Weights of bm25: the page's own title, a heading, the text, the title of the page that a section is of.
WEIGHTS: Final = (10.0, 5.0, 1.0, 2.0)
COMPOUND: Final = 4  # letters: a shorter word is looked for only where words begin
MISSPELT: Final = 5  # letters: a shorter word is not taken for another one


@dataclass(frozen=True)
class Passage:
    """What is found as one: a section of a page, a form, a news item. `path` may have an anchor; texts are plain, not HTML."""

    path: str
    title: str
    heading: str
    text: str


@dataclass(frozen=True)
class Piece:
    """A part of a text; `found` if it is a word that was looked for."""

    text: str
    found: bool


@dataclass(frozen=True)
class Hit:
    """A passage that was found; `heading` is empty where it is the page's own beginning."""

    path: str
    title: tuple[Piece, ...]
    heading: tuple[Piece, ...]
    snippet: tuple[Piece, ...]


# Tokens that stand side by side.
_Phrase = tuple[str, ...]
# What may stand for a word of the query; empty: nothing in the index does.
_Term = frozenset[_Phrase]


@dataclass(frozen=True)
class _Group:
    """Synonyms: all of them as they may stand in a query, and those that the index has."""

    sought: tuple[_Phrase, ...]
    at_hand: _Term


class Index:
    """One language. A lock holds queries apart: neither a connection nor a stemmer is for several threads at once."""

    def __init__(self, code: str, passages: Sequence[Passage], synonyms: Synonyms) -> None:
        self._passages = [
            Passage(p.path, *(unicodedata.normalize("NFC", text) for text in (p.title, p.heading, p.text))) for p in passages
        ]
        self._lock = threading.Lock()
        self._words = Words(code)
        self._tokens: dict[str, str] = {}  # by word as it stands in a passage
        rows = [
            (
                number,
                self._indexed("" if passage.heading else passage.title),
                self._indexed(passage.heading),
                self._indexed(passage.text),
                self._indexed(passage.title if passage.heading else ""),
            )
            for number, passage in enumerate(self._passages)
        ]
        by_bare: dict[str, tuple[str, ...]] = {}  # a set each would take a megabyte a language
        same: dict[str, str] = {}  # most words are spelt like their token, or like their bare form: held once
        for word, token in self._tokens.items():
            plain = words.bare(word)
            plain, token = same.setdefault(plain, plain), same.setdefault(token, token)
            self._tokens[word] = token
            others = by_bare.get(plain, ())
            by_bare[plain] = others if token in others else (*others, token)
        self._bare = sorted(by_bare)
        self._by_bare = by_bare
        self._grams = sorted({gram for word in self._tokens if words.is_run(word) for gram in words.grams(word)})
        self._known = frozenset(self._tokens.values()) - {""} | frozenset(self._grams)
        self._groups = [_Group(members, self._at_hand(members)) for members in map(self._sought, synonyms.groups)]
        self._urgent = self._sought(synonyms.urgent)
        # Made here, used by every thread, one at a time. What SQLite sorts stays in memory, too.
        self._database = sqlite3.connect(":memory:", check_same_thread=False, cached_statements=0)
        self._database.execute("pragma temp_store = memory")
        columns = "title, heading, text, page, content = '', tokenize = 'ascii'"
        self._database.execute(f"create virtual table passages using fts5 ({columns})")
        self._database.executemany("insert into passages (rowid, title, heading, text, page) values (?, ?, ?, ?, ?)", rows)
        self._database.commit()

    def is_urgent(self, text: str) -> bool:
        """Whether the query has a word or phrase that asks for help now."""
        with self._lock:
            query = self._phrase(text)
            return any(_within(phrase, query) is not None for phrase in self._urgent)

    def find(self, text: str, *, strict: bool, most: int = MOST_HITS, without: frozenset[str] = frozenset()) -> tuple[Hit, ...]:
        """The passages that have every word of the query, best first; if not `strict`, similar words, or some of them.

        At most `most`, none of the pages `without`.
        """
        with self._lock:
            terms = self._terms(text, strict=strict, groups=self._groups)
            # The rarer of two synonyms weighs more (bm25): what has the visitor's own words comes first all the same.
            own = self._ask(self._terms(text, strict=strict, groups=()), " AND ")
            numbers = list(dict.fromkeys([*own, *self._ask(terms, " AND ")]))
            if not numbers and not strict:
                numbers = self._ask([term for term in terms if term], " OR ")
            marked = frozenset(token for term in terms for phrase in term for token in phrase)
            kept = self._few_of_a_page(numbers, without)[:most]
            return tuple(self._hit(self._passages[number], marked) for number in kept)

    def _indexed(self, text: str) -> str:
        return " ".join(self._phrase(text, remember=True))

    def _phrase(self, text: str, *, remember: bool = False) -> _Phrase:
        """The tokens of a text in order; `remember` those of passages, never those of a query."""
        tokens: list[str] = []
        for match in self._words.find(text):
            word = match[0]
            token = self._tokens.get(word)
            if not token and words.is_run(word):
                tokens += words.grams(word)
                if remember:
                    self._tokens[word] = ""
                continue
            if token is None:
                token = self._words.token(word)
                if remember:
                    self._tokens[word] = token
            if token:
                tokens.append(token)
        return tuple(tokens)

    def _terms(self, text: str, *, strict: bool, groups: Iterable[_Group]) -> list[_Term]:
        """The query's words, each with all that may stand for it; words of a synonymous phrase are one."""
        terms: list[_Term] = []
        term_at: list[int] = []  # by place of a token in the query
        query: list[str] = []
        for match in list(self._words.find(text))[:MOST_WORDS]:
            tokens = self._phrase(match[0])
            if tokens:
                query += tokens
                term_at += [len(terms)] * len(tokens)
                is_run = words.is_run(match[0])
                terms += self._of_run(match[0], strict=strict) if is_run else [self._of_word(match[0], strict=strict)]
        for group in groups:
            for phrase in group.sought:
                place = _within(phrase, query)
                for number in set() if place is None else set(term_at[place : place + len(phrase)]):
                    terms[number] |= group.at_hand
        return terms

    def _of_word(self, word: str, *, strict: bool) -> _Term:
        """The word's token, those of words that begin like it, and, if not `strict`, of words that have it within or nearly."""
        token, plain = self._words.token(word), words.bare(word)
        tokens = {token} & self._known
        letters = self._words.writing.letters
        if letters == "" or (words.is_bare(word) and (letters is None or not tokens)):
            tokens.update(self._by_bare.get(plain, ()))
        root = words.bare(self._words.root(token))
        begins = len(plain) >= COMPOUND and self._words.writing.cut
        for start in {plain if begins else "", root} - {""}:
            for other in _beginning(self._bare, start):
                tokens.update(self._by_bare[other])
        if not strict:
            part = min((start for start in (plain, root) if len(start) >= COMPOUND), key=len, default="")
            for other in self._bare:
                if (part and part in other) or (len(plain) >= MISSPELT and _nearly(plain, other)):
                    tokens.update(self._by_bare[other])
        return frozenset((found,) for found in tokens if found)

    def _of_run(self, run: str, *, strict: bool) -> list[_Term]:
        """A run as a phrase of its grams; if not `strict`, each two characters of it as a word of their own."""
        folded = words.grams(run)
        if not strict and len(folded) > 2:
            pairs = [gram[:2] for gram in folded if len(gram) >= 2]
            return [frozenset((gram,) for gram in _beginning(self._grams, pair)) for pair in dict.fromkeys(pairs)]
        if len(folded) < words.GRAM:
            return [frozenset((gram,) for gram in _beginning(self._grams, folded[0]))] if folded else []
        return [frozenset({tuple(gram for gram in folded if len(gram) == words.GRAM)})]

    def _sought(self, listed: Iterable[str]) -> tuple[_Phrase, ...]:
        """Words and phrases of the synonyms, as `_within` looks for them in a query."""
        phrases = (
            tuple(token for token in self._phrase(word) if _is_whole(token)) or self._phrase(word)[:1] for word in listed
        )
        return tuple(phrase for phrase in phrases if phrase)

    def _at_hand(self, phrases: Iterable[_Phrase]) -> _Term:
        """Those of the phrases whose words are all in the index; a short run as the grams that begin with it."""
        found = {phrase for phrase in phrases if self._known.issuperset(phrase)}
        for phrase in phrases:
            if len(phrase) == 1 and not _is_whole(phrase[0]):
                found |= {(gram,) for gram in _beginning(self._grams, phrase[0])}
        return frozenset(found)

    def _ask(self, terms: Sequence[_Term], operator: str) -> list[int]:
        if not terms or (operator == " AND " and not all(terms)):
            return []
        expression = operator.join(f"({' OR '.join(_quoted(phrase) for phrase in sorted(term))})" for term in terms)
        weights = ", ".join(str(weight) for weight in WEIGHTS)
        rows = self._database.execute(
            f"select rowid from passages where passages match ? order by bm25(passages, {weights}), rowid",  # noqa: S608
            (expression,),
        )
        return [number for (number,) in rows]

    def _few_of_a_page(self, numbers: Iterable[int], without: frozenset[str]) -> list[int]:
        shown = dict.fromkeys(without, MOST_OF_A_PAGE)
        kept: list[int] = []
        for number in numbers:
            page = page_of(self._passages[number].path)
            shown[page] = shown.get(page, 0) + 1
            if shown[page] <= MOST_OF_A_PAGE:
                kept.append(number)
        return kept

    def _hit(self, passage: Passage, marked: frozenset[str]) -> Hit:
        title, heading, text = (self._pieces(part, marked) for part in (passage.title, passage.heading, passage.text))
        return Hit(passage.path, title, heading, _snippet(text))

    def _pieces(self, text: str, marked: frozenset[str]) -> tuple[Piece, ...]:
        """The text, cut where words of the query begin and end."""
        spans: list[tuple[int, int]] = []
        for match in self._words.find(text):
            if words.is_run(match[0]):
                spans += _spans_of_run(match[0], match.start(), marked)
            elif (self._tokens.get(match[0]) or self._words.token(match[0])) in marked:
                spans.append(match.span())
        pieces: list[Piece] = []
        position = 0
        for start, end in (_whole(text, *span) for span in spans):
            if start < position:  # two spans share a letter with its marks
                continue
            pieces += [Piece(text[position:start], found=False), Piece(text[start:end], found=True)]
            position = end
        return tuple(piece for piece in [*pieces, Piece(text[position:], found=False)] if piece.text)


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """The span, widened so that no letter is parted from the marks above and below it (Unicode category M)."""
    while 0 < start < len(text) and unicodedata.category(text[start]).startswith("M"):
        start -= 1
    while end < len(text) and unicodedata.category(text[end]).startswith("M"):
        end += 1
    return start, end


def _spans_of_run(run: str, offset: int, marked: frozenset[str]) -> list[tuple[int, int]]:
    """Where marked grams stand in a run, joined where they touch. A run whose folding is of another length has none."""
    grams = words.grams(run)
    if len(grams) != len(run):
        return []
    covered = {place for start, gram in enumerate(grams) if gram in marked for place in range(start, start + len(gram))}
    edges = sorted(
        {place for place in covered if place - 1 not in covered} | {place + 1 for place in covered if place + 1 not in covered}
    )
    return [(offset + start, offset + end) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _snippet(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """About `SNIPPET` characters around the first words found, cut at blanks."""
    text = "".join(piece.text for piece in pieces)
    if len(text) <= SNIPPET:
        return tuple(pieces)
    before = 0
    for piece in pieces:
        if piece.found:
            break
        before += len(piece.text)
    start = max(0, min(before - SNIPPET // 4, len(text) - SNIPPET)) if before < len(text) else 0
    end = min(len(text), start + SNIPPET)
    if start and (blank := text.find(" ", start, before)) >= 0:
        start = blank + 1
    if end < len(text) and (blank := text.rfind(" ", start + SNIPPET // 2, end)) >= 0:
        end = blank
    start, end = _whole(text, start, end)
    cut, position = [], 0
    for piece in pieces:
        part = piece.text[max(0, start - position) : max(0, end - position)]
        position += len(piece.text)
        if part:
            cut.append(Piece(part, piece.found))
    before_it, after_it = Piece("… ", found=False), Piece(" …", found=False)
    return (*((before_it,) if start else ()), *cut, *((after_it,) if end < len(text) else ()))


def _quoted(phrase: _Phrase) -> str:
    """An FTS5 string: tokens are letters and digits only, and a quotation mark would be doubled all the same."""
    return '"{}"'.format(" ".join(phrase).replace('"', '""'))


def _is_whole(token: str) -> bool:
    """Whether the token is a word or a gram of full length, not the short end of a run."""
    return len(token) >= words.GRAM or not words.is_run(token)


def _within(phrase: _Phrase, query: Sequence[str]) -> int | None:
    """Where the tokens of `phrase` stand in `query`, side by side."""

    def stands_at(place: int) -> bool:
        return all(
            query[place + number] == token or (not _is_whole(token) and query[place + number].startswith(token))
            for number, token in enumerate(phrase)
        )

    return next((place for place in range(len(query) - len(phrase) + 1) if stands_at(place)), None)


def _beginning(listed: Sequence[str], start: str) -> Iterator[str]:
    """Those of the sorted `listed` that begin with `start`."""
    for number in range(bisect.bisect_left(listed, start), len(listed)):
        if not listed[number].startswith(start):
            return
        yield listed[number]


def _nearly(word: str, other: str) -> bool:
    """Whether one letter more, less or other, or two letters swapped, make one word the other (Damerau, 1964)."""
    if abs(len(word) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(word), len(other)) and word[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(word), len(other)) - start and word[-1 - end] == other[-1 - end]:
        end += 1
    left, right = word[start : len(word) - end], other[start : len(other) - end]
    return max(len(left), len(right)) <= 1 or (len(left) == len(right) == 2 and left == right[::-1])


def page_of(path: str) -> str:
    """The page of a path, whatever its language and anchor."""
    return path.partition("#")[0].split("/", 2)[-1]
