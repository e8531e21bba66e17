"""The glossary: which other words it finds, where it looks and where not, and what a broken file is told."""

from pathlib import Path

import pytest

from ihmiskauppa import glossary, languages, settings
from ihmiskauppa.glossary import Glossary, GlossaryError, Text

FILE = """
[hotline]
means = "our number"
say.fi = ["auttava puhelin", "auttavaan puhelimeen"]
say.en = ["hotline"]
say.sv = ["hjälptelefon"]
never.en = ["helpline"]
but = ["en page#title", "page#lead"]
"""


@pytest.fixture
def words(tmp_path: Path) -> Glossary:
    """One term in three languages."""
    (tmp_path / "glossary.toml").write_text(FILE, encoding="utf-8")
    return glossary.load(tmp_path / "glossary.toml")


def found(words: Glossary, language: str, text: str, source: str, place: str = "page#more") -> list[str]:
    return list(words.faults(Text(language, text), Text("fi", source), place))


def test_another_word_is_found(words: Glossary) -> None:
    """The term named by the source must be named by the translation; the beginning of a word is enough, in any case."""
    assert found(words, "en", "Ring the HOTLINE’s number.", "Soita auttavaan puhelimeen.") == []
    (fault,) = found(words, "en", "Ring the phone.", "Soita auttavaan puhelimeen.")
    assert "hotline; here is none of its words: hotline" in fault
    assert found(words, "en", "Ring the phone.", "Soita meille.") == []
    assert found(words, "ar", "Anything.", "Soita auttavaan puhelimeen.") == []


def test_a_word_that_is_never_said_is_found_everywhere(words: Glossary) -> None:
    """Without the source naming the term, and in plain versions, which may say anything else."""
    assert "“helpline”" in found(words, "en", "Our helpline.", "Soita.")[0]
    assert "“helpline”" in found(words, "en-simple", "Our helpline.", "Soita.")[0]
    assert found(words, "en-simple", "Ring us.", "Soita auttavaan puhelimeen.") == []


def test_places_that_say_it_otherwise_are_left_alone(words: Glossary) -> None:
    """In one language, or in all."""
    source = "Auttava puhelin."
    assert found(words, "en", "Ring.", source, "page#title") == []
    assert len(found(words, "sv", "Ring.", source, "page#title")) == 1
    assert found(words, "sv", "Ring.", source, "page#lead") == []


def test_addresses_and_links_are_no_words(words: Glossary) -> None:
    """A word in an address does not count as said; a source's link, which each language words in its way, asks for nothing."""
    assert len(found(words, "en", "Ring {contact:hotline} [here](page:hotline).", "Auttava puhelin.")) == 1
    assert found(words, "en", "[Ring](page:x)", "[Auttava puhelin](page:x)") == []
    assert found(words, "en", "[Our hotline](page:x)", "Auttava puhelin.") == []


@pytest.mark.parametrize(
    "file",
    [
        "[",
        "term = 1",
        "[term]\nsay.fi = ['x']",
        "[term]\nmeans = 'm'\nsay = ['x']",
        "[term]\nmeans = 'm'\nsay.fi = 'x'",
        "[term]\nmeans = 'm'\nsay.fi = ['']",
        "[term]\nmeans = 'm'\nsay.fi = ['Isolla']",
        "[term]\nmeans = 'm'\nnever.fi = [1]",
        "[term]\nmeans = 'm'\nbut = 'page'",
        "[term]\nmeans = 'm'\nother = 'page'",
    ],
)
def test_a_broken_file_is_named(file: str, tmp_path: Path) -> None:
    """With the term, where there is one."""
    (tmp_path / "glossary.toml").write_text(file, encoding="utf-8")
    with pytest.raises(GlossaryError, match=r"glossary\.toml: "):
        glossary.load(tmp_path / "glossary.toml")


def test_our_own_names_languages_that_there_are() -> None:
    """A misspelt code would check nothing; every term has its words in the source and in English."""
    tongues = languages.load(settings.data_folder("content") / "languages.toml")
    for term in glossary.load(settings.data_folder("translations") / "glossary.toml").terms:
        assert set(term.say) | set(term.never) <= set(tongues) | tongues.in_preparation
        assert term.say or term.never
