"""Blank forms on the disk: built once, kept by their content, found by their names."""

from dataclasses import replace
from pathlib import Path

import pytest

from ihmiskauppa import contacts, languages, settings, translations
from ihmiskauppa.forms import blanks, definition
from ihmiskauppa.languages import Languages

CONTENT = settings.data_folder("content")
PEOPLE = contacts.load(CONTENT / "contacts.toml")
TONGUES = languages.load(CONTENT / "languages.toml")
FORMS = {"concern": definition.load(settings.data_folder("forms"))["concern"]}
TEXTS = translations.load(settings.data_folder("translations"), TONGUES)
TWO = Languages([TONGUES["fi"], TONGUES["ar"]])
SITE = "https://site.example"


def test_every_form_in_every_language_and_kind(tmp_path: Path) -> None:
    """What there should be is built, each file of its kind; a second time nothing is made."""
    wanted = blanks.wanted(FORMS, TWO, TEXTS, PEOPLE, SITE)
    assert {(blank.language.code, blank.kind.ending) for blank in wanted} == {
        (code, ending) for code in TWO for ending in ("pdf", "docx")
    }
    assert blanks.build(wanted, TEXTS, PEOPLE, SITE, tmp_path) == len(wanted)
    marks = {"pdf": b"%PDF-", "docx": b"PK\x03\x04"}
    for blank in wanted:
        assert blank.path(tmp_path).read_bytes().startswith(marks[blank.kind.ending])
        assert blank.name == f"ihmiskauppa-concern-{blank.language.code}-{FORMS['concern'].version}.{blank.kind.ending}"
    assert blanks.build(wanted, TEXTS, PEOPLE, SITE, tmp_path) == 0


def test_what_is_no_longer_wanted_goes(tmp_path: Path) -> None:
    """A file of another content, or left by a build that was cut off, does not stay."""
    wanted = blanks.wanted(FORMS, TWO, TEXTS, PEOPLE, SITE)[:1]
    blanks.build(wanted, TEXTS, PEOPLE, SITE, tmp_path)
    (tmp_path / "half.123.new").write_bytes(b"%PDF")
    (tmp_path / "0123.pdf").write_bytes(b"%PDF")
    assert blanks.build(wanted, TEXTS, PEOPLE, SITE, tmp_path) == 0
    assert list(tmp_path.iterdir()) == [wanted[0].path(tmp_path)]


def test_keys_follow_the_content() -> None:
    """The same content has the same key when it is read again; another text, number, form or address has another."""
    code = "ar"
    first = {blank.key for blank in blanks.wanted(FORMS, TWO, TEXTS, PEOPLE, SITE)}
    again = translations.load(settings.data_folder("translations"), TONGUES)
    assert {blank.key for blank in blanks.wanted(FORMS, TWO, again, PEOPLE, SITE)} == first
    newer = {"concern": replace(FORMS["concern"], version="2027-01-01")}
    called = contacts.Contacts({**PEOPLE, "hotline": replace(PEOPLE["hotline"], shown="0800 000")})
    other = replace(TEXTS, digests={**TEXTS.digests, code: "another"})
    for changed in (
        blanks.wanted(newer, TWO, TEXTS, PEOPLE, SITE),
        blanks.wanted(FORMS, TWO, TEXTS, called, SITE),
        blanks.wanted(FORMS, TWO, TEXTS, PEOPLE, "https://other.example"),
    ):
        assert not {blank.key for blank in changed} & first
    changed = blanks.wanted(FORMS, TWO, other, PEOPLE, SITE)
    assert {blank.language.code for blank in changed if blank.key not in first} == {code}


def test_replaced_versions_have_addresses_of_their_own() -> None:
    """For each version that a form replaces: a name a language and kind, none of them today's."""
    form = replace(FORMS["concern"], replaces=("2018-11-01", "2017-01-01"))
    found = [name for _, _, name in blanks.replaced({"concern": form}, TWO)]
    assert len(set(found)) == 2 * len(TWO) * len(blanks.KINDS)
    assert not set(found) & {blank.name for blank in blanks.wanted({"concern": form}, TWO, TEXTS, PEOPLE, SITE)}
    assert list(blanks.replaced(FORMS, TWO)) == []


@pytest.mark.parametrize("code", ["fi", "ar"])
def test_the_digest_of_a_plain_version_knows_its_ordinary_language(code: str, tmp_path: Path) -> None:
    """A text that a language lacks comes from another: when that changes, so does the digest."""
    assert TEXTS.digest(code)
    assert TEXTS.digest("fi") in TEXTS.digest("fi-simple")
