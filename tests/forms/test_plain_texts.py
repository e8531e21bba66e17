"""The form "Write to us" in plain language: as easy to read as the plain pages, and plainer than the ordinary form."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import ihmiskauppa
from ihmiskauppa import languages, settings, translations
from ihmiskauppa.forms import definition
from ihmiskauppa.forms.definition import Form, Kind
from ihmiskauppa.languages import PLAIN, SOURCE, Languages
from ihmiskauppa.pages.readability import (
    EASY_LIX,
    EASY_LIX_ELSEWHERE,
    EASY_SENTENCE,
    LONG,
    Readability,
    sentences,
)
from ihmiskauppa.translations import MSGID_LANGUAGE, Translations

CODES = ("fi-simple", "sv-simple", "en-simple")
LONGEST = 15  # words of one sentence, a list of four things included
LONG_TEXT = "Emme ilmoita poliisille, että sinusta tulee asiakkaamme, paitsi jos turvallisuus on vakavasti uhattuna."


@pytest.fixture(scope="module")
def form() -> Form:
    return definition.parse(settings.data_folder("forms") / "self-referral.toml")


@pytest.fixture(scope="module")
def tongues() -> Languages:
    return languages.load(settings.data_folder("content") / "languages.toml")


@pytest.fixture(scope="module")
def texts(tongues: Languages) -> Translations:
    return translations.load(settings.data_folder("translations"), tongues)


def read_in_a_row(form: Form) -> Iterator[str]:
    """The texts that explain something: whole sentences, harder than labels."""
    yield from (form.summary, *(note.text for note in form.notes))
    for question in form.questions:
        yield from (question.hint, *(option.text for option in question.options))
    yield from (note.text for note in form.sent)


def labels(form: Form) -> Iterator[str]:
    """What stands at a field; the languages to choose from are their own names for themselves."""
    yield from (form.title, form.submit)
    for question in form.questions:
        yield question.label
        if question.kind is not Kind.LANGUAGE:
            yield from (option.label for option in question.options)


def shown(texts: Translations, code: str, msgids: Iterable[str]) -> list[str]:
    """Each text once, as a visitor reads it; a number to call has no words."""
    found = (texts.gettext(code, text) for text in dict.fromkeys(msgids) if text)
    return [re.sub(r"\{contact:[a-z-]+\}", "112", text) for text in found]


def measured(lines: Iterable[str]) -> Readability:
    """The measures of lines, each of which ends a sentence."""
    found = [words for line in lines for words in sentences(f"<p>{line}</p>")]
    words = [word for sentence in found for word in sentence]
    return Readability(len(words), sum(len(word) > LONG for word in words), len(found))


def faults(code: str, lines: Iterable[str]) -> list[str]:
    """How lines break the bounds of plain pages."""
    language, read = code.removesuffix(PLAIN), measured(lines)
    most, words = EASY_LIX.get(language, EASY_LIX_ELSEWHERE), EASY_SENTENCE.get(language)
    found = [f"LIX {read.lix:.1f}, must be under {most:.0f}"] if read.lix >= most else []
    if words is not None and read.per_sentence > words:
        found.append(f"{read.per_sentence:.1f} words a sentence, at most {words:.0f}")
    return found


@pytest.mark.parametrize("code", CODES)
def test_the_form_is_as_easy_to_read_as_plain_pages(form: Form, texts: Translations, code: str) -> None:
    """All its texts together keep the bounds of plain pages; so do those in whole sentences without the short labels."""
    assert faults(code, shown(texts, code, [*labels(form), *read_in_a_row(form)])) == []
    assert faults(code, shown(texts, code, read_in_a_row(form))) == []


@pytest.mark.parametrize("code", CODES)
def test_no_sentence_of_the_form_is_long(form: Form, texts: Translations, code: str) -> None:
    """A mean hides nothing."""
    lines = shown(texts, code, [*labels(form), *read_in_a_row(form)])
    assert [words for line in lines for words in sentences(f"<p>{line}</p>") if len(words) > LONGEST] == []


def test_a_hard_text_breaks_the_bounds() -> None:
    """The ordinary way to say it is found too hard."""
    assert faults("fi-simple", [LONG_TEXT]) == ["LIX 66.8, must be under 42", "13.0 words a sentence, at most 9"]
    assert faults("sv-simple", ["Personuppgiftsbehandling förutsätter samtycke."]) == ["LIX 103.0, must be under 30"]


@pytest.mark.parametrize("code", CODES)
def test_a_plain_text_is_another_than_the_ordinary_one(texts: Translations, tongues: Languages, code: str) -> None:
    """A plain version's file holds only what it says more plainly."""
    ordinary = tongues[code].ordinary
    catalogue = translations.extract(
        Path(ihmiskauppa.__file__).parent, settings.data_folder("forms"), settings.data_folder("content")
    )
    found = [message.id if isinstance(message.id, str) else message.id[0] for message in catalogue if message.id]
    own = [text for text in found if texts.has(code, text)]
    assert own
    assert [text for text in own if texts.gettext(code, text) == texts.gettext(ordinary, text)] == []


def test_the_plain_languages_are_these(tongues: Languages) -> None:
    """A plain version that is added later is measured, too."""
    assert {code for code in tongues if tongues[code].plain} == set(CODES)
    assert {tongues[code].ordinary for code in CODES} == {SOURCE, "sv", MSGID_LANGUAGE}
