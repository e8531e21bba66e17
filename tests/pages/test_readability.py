"""How hard pages are to read: known values, and the bounds that the site's own pages keep."""

import datetime

import pytest
from markupsafe import Markup

from ihmiskauppa.languages import Language
from ihmiskauppa.pages import readability
from ihmiskauppa.pages.catalogue import Page, ShownSection, Text
from ihmiskauppa.pages.freshness import State
from ihmiskauppa.pages.readability import Readability
from ihmiskauppa.public.editions import load
from ihmiskauppa.settings import Settings

DAY = datetime.date(2026, 11, 24)


def page(code: str, body: str, *, audience: tuple[str, ...] = ("public",), heading: str = "") -> Page:
    language = Language(code, code, "ltr", "full", "fi", ())
    section = ShownSection("lead", Text(language, Markup(heading), Markup(body)), State.SOURCE, None, replaced=False)  # noqa: S704
    return Page(
        id="a/b",
        path=f"/{code}/a/b/",
        language=language,
        body_language=language,
        title="T",
        summary="S",
        title_language=language,
        title_state=State.SOURCE,
        updated=DAY,
        checked=DAY,
        published=None,
        review=None,
        audience=audience,
        shows="",
        art="",
        recordings=(),
        written=(section,),
        translations=(language,),
    )


@pytest.mark.parametrize(
    ("html", "sentences"),
    [
        ("<p>One two. Three!</p>", [["One", "two"], ["Three"]]),
        (
            "<p>One <strong>two</strong> three</p><ul><li>four</li><li>five</li></ul>",
            [["One", "two", "three"], ["four"], ["five"]],
        ),
        ("<p>Call <a href='tel:+358'><bdi>+358 295</bdi></a> now.</p>", [["Call", "now"]]),
        ("<p>Hän on EU-kansalainen: it's so</p>", [["Hän", "on", "EU-kansalainen"], ["it's", "so"]]),
        ("<p>3.5 years at migri.fi.</p>", [["years", "at", "migri", "fi"]]),
        ("<hr><p> </p>", []),
    ],
)
def test_sentences_end_where_a_reader_stops(html: str, sentences: list[list[str]]) -> None:
    """At a sign or with the block; inline elements end nothing, numbers are no words."""
    assert list(readability.sentences(html)) == sentences


def test_lix_of_a_known_text() -> None:
    """Ten words in two sentences, two of them of seven letters or more."""
    found = readability.of_page(page("en", "<p>A woman at work has nowhere to sleep. Someone helps.</p>"))
    assert found == Readability(words=10, long_words=2, sentences=2)
    assert found.lix == pytest.approx(25)


def test_a_page_without_words_is_easy() -> None:
    """Nothing is divided by nothing."""
    found = readability.of_page(page("en", "<hr>"))
    assert (found.lix, found.per_sentence) == (0, 0)


def test_headings_count_too() -> None:
    """A heading is a sentence of its own."""
    assert readability.of_page(page("en", "<p>One two.</p>", heading="Three four")).sentences == 2


@pytest.mark.parametrize(
    ("code", "audience", "faulty"),
    [
        ("en", ("victim",), True),
        ("en", ("professional",), False),
        ("en-simple", ("professional",), True),
        ("ru", ("victim",), False),
        ("zh-Hans", ("victim",), False),
    ],
)
def test_bounds_hold_for_victims_and_plain_language(code: str, audience: tuple[str, ...], *, faulty: bool) -> None:
    """What is hard is a fault on a page for victims and in plain language, in the languages that have bounds."""
    hard = "<p>Administrative considerations notwithstanding, comprehensive organisational responsibilities predominate.</p>"
    assert bool(list(readability.faults(page(code, hard, audience=audience)))) is faulty


def test_plain_finnish_has_short_sentences() -> None:
    """More than nine words a sentence, on the mean, is too much, however short they are."""
    assert list(readability.faults(page("fi-simple", "<p>" + "me ja te " * 4 + "</p>"))) == ["12.0 words a sentence, at most 9"]
    assert not list(readability.faults(page("fi-simple", "<p>" + "me ja te " * 3 + "</p>")))


def test_every_page_of_the_site_is_within_its_bounds(configuration: Settings) -> None:
    """The pages for victims and those in plain language can be read."""
    pages = [page for page in load(configuration).catalogue.pages() if not page.fallback]
    assert len(pages) > 30
    assert {page.path: list(readability.faults(page)) for page in pages if list(readability.faults(page))} == {}
