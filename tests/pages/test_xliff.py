"""XLIFF 2.0 documents: that nothing of a text is lost in them, what is translated beforehand, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihmiskauppa import languages, settings
from ihmiskauppa.pages import catalogue, xliff
from ihmiskauppa.pages.content import Section
from ihmiskauppa.pages.sidecars import version
from ihmiskauppa.pages.xliff import XliffError

# What XML 1.0 can hold, but for the line ends that parsers change (2.11).
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"], include_characters="\n\t"))


def part(heading: str, body: str) -> Section:
    return Section("a", heading, body, line=1, heading_line=1)


@given(heading=st.text(st.characters(categories=["L", "P"])), body=TEXTS)
def test_any_text_comes_back(heading: str, body: str) -> None:
    """Headings, blocks, blank lines, markup characters: the source that is read is the source that was written."""
    made = xliff.unit("x/y", part(heading, body), "", "", "")
    assert made.source == part(heading, body).text
    assert xliff.read(xliff.write("ar", [made])) == ("ar", [made])


def test_every_section_of_the_site_comes_back() -> None:
    """All pages and news in one document."""
    folder = settings.data_folder("content")
    files = catalogue.find(folder, languages.load(folder / "languages.toml"))
    units = [
        xliff.unit(file.id, each, "", "", "") for file in files if file.language == "fi" for each in file.parts if each.text
    ]
    assert len(units) > 400
    assert xliff.read(xliff.write("th", units)) == ("th", units)


def test_blocks_that_did_not_change_are_translated_already() -> None:
    """Heading and blocks have the earlier translation's texts; the changed block and the new one have none."""
    earlier, before = "Rubrik\nEtt\n\nTvå", "Otsikko\nYksi\n\nKaksi"
    made = xliff.unit("x/y", part("Otsikko", "Yksi\n\nToinen\n\nKolme"), version(earlier), before, earlier)
    assert [segment.target for segment in made.segments] == ["Rubrik", "Ett", "", ""]
    assert made.target == ""
    assert (made.was, made.earlier) == (version(earlier), earlier)
    assert earlier in xliff.write("sv", [made])


def test_a_translation_of_another_shape_is_only_shown() -> None:
    """Where blocks cannot be told apart, none is translated beforehand; the earlier text stands in a note."""
    made = xliff.unit("x/y", part("Otsikko", "Yksi\n\nToinen"), "", "Otsikko\nYksi\n\nKaksi", "Rubrik\nEtt och två")
    assert [segment.target for segment in made.segments] == ["", "", ""]
    assert made.earlier == "Rubrik\nEtt och två"


GOOD = xliff.write("sv", [xliff.unit("x/y", part("Otsikko", "Yksi\n\nKaksi"), "", "", "")])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Kaksi", "Kolme", "its source text is not the one it was made with"),
        (version("Otsikko\nYksi\n\nKaksi"), version("other"), "its source text is not the one it was made with"),
        ('name="', 'title="', "which versions"),
        ("</xliff>", "", "no XML"),
        ('srcLang="fi"', 'srcLang="en"', "no XLIFF 2.0 from fi"),
        ("document:2.0", "document:1.2", "no XLIFF 2.0 from fi"),
        ("<xliff", '<!DOCTYPE x [<!ENTITY a "b">]><xliff', "document type"),
    ],
)
def test_a_tampered_document_is_refused(old: str, new: str, reason: str) -> None:
    """A changed source, a lost name, another standard, entities: nothing of such a file is looked at further."""
    assert old in GOOD
    with pytest.raises(XliffError, match=reason):
        xliff.read(GOOD.replace(old, new))
