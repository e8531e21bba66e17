"""The accessibility statement: read, refused when a part is missing or untrue, and old after a year."""

import datetime
from pathlib import Path

import pytest

from ihmiskauppa import contacts, languages
from ihmiskauppa.pages import accessibility
from ihmiskauppa.pages.accessibility import AccessibilityError, Statement
from ihmiskauppa.settings import data_folder

CONTENT = data_folder("content")
LANGUAGES = languages.load(CONTENT / "languages.toml")
CONTACTS = contacts.load(CONTENT / "contacts.toml")
TEXT = """
status = "partial"
assessed = 2026-01-02
stated = 2026-01-03
[supervisor]
contacts = ["mailbox"]
name = { fi = "valvoja", sv = "tillsyn", en = "supervisor" }
[[method]]
fi = "itse"
sv = "själv"
en = "ourselves"
[[failing]]
criteria = ["3.1.2"]
until = 2026-06-01
what = { fi = "mitä", sv = "vad", en = "what" }
why = { fi = "miksi", sv = "varför", en = "why" }
instead = { fi = "sijaan", sv = "i stället", en = "instead" }
[[failing]]
criteria = []
what = { fi = "mitä", sv = "vad", en = "what" }
why = { fi = "miksi", sv = "varför", en = "why" }
instead = { fi = "sijaan", sv = "i stället", en = "instead" }
"""


def _load(folder: Path, text: str) -> Statement:
    path = folder / accessibility.FILE
    path.write_text(text, encoding="utf-8")
    return accessibility.load(path, LANGUAGES, CONTACTS)


def test_a_statement_is_read(tmp_path: Path) -> None:
    """Every part; a reader of a language without texts gets the first fallback that has them."""
    found = _load(tmp_path, TEXT)
    assert (found.status, found.assessed, found.stated) == ("partial", datetime.date(2026, 1, 2), datetime.date(2026, 1, 3))
    assert [failing.criteria for failing in found.failings] == [("3.1.2",), ()]
    assert [failing.until for failing in found.failings] == [datetime.date(2026, 6, 1), None]
    assert found.supervisor_contacts == (CONTACTS["mailbox"],)
    name = found.supervisor
    assert [name.by_language[name.code_for(LANGUAGES[code])] for code in ("fi", "sv", "en", "ar")] == [
        *("valvoja", "tillsyn", "supervisor", "supervisor")
    ]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('status = "partial"\n', "", "the file: missing: status"),
        ('status = "partial"\n', 'status = "partial"\nextra = 1\n', "the file: unknown: extra"),
        ('status = "partial"', 'status = "nearly"', "status: must be one of"),
        ('status = "partial"', 'status = "full"', "status: full when"),
        ('criteria = ["3.1.2"]', "criteria = []", "status: full when"),
        ('criteria = ["3.1.2"]', 'criteria = ["3.1.9"]', "failing 1: criteria: no criterion of WCAG 2.1, A or AA: 3.1.9"),
        ('criteria = ["3.1.2"]', 'criteria = ["1.2.6"]', "1.2.6"),  # level AAA
        ('criteria = ["3.1.2"]', "criteria = [3.1]", "no criterion"),
        ('criteria = ["3.1.2"]', 'criteria = "3.1.2"', "failing 1: criteria: must be a list"),
        ("assessed = 2026-01-02\n", "", "the file: missing: assessed"),
        ("assessed = 2026-01-02", "assessed = 2026-01-02T10:00:00", "assessed: must be a day"),
        ("stated = 2026-01-03", 'stated = "yesterday"', "stated: must be a day"),
        ("until = 2026-06-01", 'until = "soon"', "failing 1: until: must be a day"),
        ('contacts = ["mailbox"]', 'contacts = ["nobody"]', "supervisor: contacts: not in contacts.toml: nobody"),
        ('contacts = ["mailbox"]', "contacts = 5", "supervisor: contacts: must be a list"),
        ('contacts = ["mailbox"]\n', "", "supervisor: missing: contacts"),
        (', en = "supervisor" }', " }", "supervisor: name: missing: en"),
        ('en = "supervisor"', 'en = " "', "supervisor: name: every text"),
        (
            'name = { fi = "valvoja", sv = "tillsyn", en = "supervisor" }',
            'name = "valvoja"',
            "supervisor: name: has en, fi, sv",
        ),
        ('sv = "själv"\n', "", "method 1: missing: sv"),
        ('[[method]]\nfi = "itse"\nsv = "själv"\nen = "ourselves"\n', "", "the file: missing: method"),
        ('why = { fi = "miksi", sv = "varför", en = "why" }\n', "", "failing 1: missing: why"),
        ("[supervisor]", "[supervisor", "TOMLDecodeError"),
    ],
)
def test_a_broken_statement_is_refused(tmp_path: Path, before: str, after: str, reason: str) -> None:
    """File, place and reason are named."""
    assert before in TEXT
    with pytest.raises(AccessibilityError) as fault:
        _load(tmp_path, TEXT.replace(before, after, 1))
    assert str(fault.value).startswith(f"{tmp_path / accessibility.FILE}: ")
    assert reason in str(fault.value)


def test_without_methods_or_a_file_there_is_no_statement(tmp_path: Path) -> None:
    """How it was found out cannot be empty; the file must be there."""
    emptied = TEXT.replace('[[method]]\nfi = "itse"\nsv = "själv"\nen = "ourselves"\n', "")
    with pytest.raises(AccessibilityError, match="method: there is none"):
        _load(tmp_path, "method = []\n" + emptied)
    with pytest.raises(AccessibilityError, match="FileNotFoundError"):
        accessibility.load(tmp_path / "nowhere.toml", LANGUAGES, CONTACTS)


@pytest.mark.parametrize(
    ("day", "old"), [("2026-01-03", False), ("2027-01-02", False), ("2027-01-03", True), ("2030-01-01", True)]
)
def test_a_statement_is_old_after_a_year(tmp_path: Path, day: str, old: bool) -> None:
    """Counted from the older of the two dates."""
    now = datetime.datetime.fromisoformat(day + "T12:00:00+00:00")
    assert bool(_load(tmp_path, TEXT).warnings(now)) == old


def test_the_criteria_are_those_of_wcag_2_1() -> None:
    """Levels A and AA have fifty: thirty and twenty."""
    assert len(accessibility.CRITERIA) == 50


def test_the_site_s_own_statement_is_in_order() -> None:
    """It can be read, and tells of failings."""
    assert accessibility.load(CONTENT / accessibility.FILE, LANGUAGES, CONTACTS).failings
