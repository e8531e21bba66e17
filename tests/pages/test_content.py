"""Content files: what a good one gives, and the file and line named for every kind of broken one."""

import datetime
from pathlib import Path

import pytest

from ihmiskauppa import languages, settings
from ihmiskauppa.languages import BY_PERSON, Language, Languages
from ihmiskauppa.pages import content
from ihmiskauppa.pages.content import ContentError

SOURCE = """\
+++
title = "Poliisi ja oikeutesi"
summary = "Milloin poliisille kerrotaan jotakin."
updated = 2026-11-24
checked = 2026-11-25
audience = ["victim", "helper"]
order = 40
safety_critical = ["who-is-told"]
+++
Emme ilmoita poliisille.

## Kenelle kerrotaan {#who-is-told}

Poliisille ei kerrota.

Toinen kappale.

## Aika {#time}
Heti otsikon alla.
"""
TRANSLATION = """\
+++
title = "Polisen"
summary = "När polisen får veta något."
updated = 2026-11-24
checked = 2026-11-24
review = "machine"
+++
Vi meddelar inte polisen.
"""


def parsed(folder: Path, text: str, language: str = "fi") -> content.PageFile:
    path = folder / f"{language}.md"
    path.write_bytes(text.encode())
    return content.parse(path, "get-help/police", language)


def tongues(*codes: str) -> Languages:
    return Languages(Language(code, code, "ltr", "full", code, ()) for code in codes)


def test_a_source_gives_its_front_matter(tmp_path: Path) -> None:
    """Every key of a source's front matter arrives, and a source has no review."""
    page = parsed(tmp_path, SOURCE)
    assert (page.id, page.language, page.path) == ("get-help/police", "fi", tmp_path / "fi.md")
    assert (page.title, page.summary) == ("Poliisi ja oikeutesi", "Milloin poliisille kerrotaan jotakin.")
    assert (page.updated, page.checked) == (datetime.date(2026, 11, 24), datetime.date(2026, 11, 25))
    assert (page.audience, page.order) == (("victim", "helper"), 40)
    assert page.safety_critical == {"who-is-told"}
    assert page.review is None


def test_a_translation_has_a_review_and_no_order(tmp_path: Path) -> None:
    """A translation says who reviewed it, and leaves order, audience and safety to its source."""
    page = parsed(tmp_path, TRANSLATION, "sv")
    assert page.review == "machine"
    assert (page.order, page.audience, page.safety_critical) == (0, (), frozenset())


def test_a_page_is_split_at_its_headings(tmp_path: Path) -> None:
    """What stands before the first heading is the lead; every section knows the lines it starts on."""
    page = parsed(tmp_path, SOURCE)
    assert [(s.id, s.heading, s.body, s.line) for s in page.sections] == [
        ("lead", "", "Emme ilmoita poliisille.", 10),
        ("who-is-told", "Kenelle kerrotaan", "Poliisille ei kerrota.\n\nToinen kappale.", 14),
        ("time", "Aika", "Heti otsikon alla.", 19),
    ]
    assert [s.heading_line for s in page.sections] == [10, 12, 18]
    assert page.section("time") is page.sections[2]
    assert page.section("nothing") is None


def test_a_line_of_blanks_under_a_heading_does_not_shift_the_lines(tmp_path: Path) -> None:
    """A section's line is where its body really starts, even if the first lines hold blanks only."""
    page = parsed(tmp_path, SOURCE.replace("## Aika {#time}\n", "## Aika {#time}\n\n  \n\n"))
    section = page.sections[2]
    lines = (tmp_path / "fi.md").read_text(encoding="utf-8").split("\n")
    assert section.body.split("\n") == lines[section.line - 1 : section.line - 1 + len(section.body.split("\n"))]


def test_line_ends_of_windows_make_no_difference(tmp_path: Path) -> None:
    """An editor on Windows writes the same page."""
    (tmp_path / "windows").mkdir()
    unix, windows = parsed(tmp_path, SOURCE), parsed(tmp_path / "windows", SOURCE.replace("\n", "\r\n"))
    assert unix.sections == windows.sections


def test_the_text_of_a_section_ignores_blanks_at_line_ends(tmp_path: Path) -> None:
    """Trailing blanks and blank lines at the ends are nothing to translate; a changed letter is."""
    (tmp_path / "other").mkdir()
    ours = parsed(tmp_path, SOURCE).sections[1].text
    assert ours == "Kenelle kerrotaan\nPoliisille ei kerrota.\n\nToinen kappale."
    assert parsed(tmp_path / "other", SOURCE.replace("kappale.", "kappale.  \n\n\n")).sections[1].text == ours
    assert parsed(tmp_path / "other", SOURCE.replace("kappale.", "Kappale.")).sections[1].text != ours


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        pytest.param("+++\ntitle", "title", 1, "front matter must stand first", id="no opening fence"),
        pytest.param("\n+++\nEmme", "\nEmme", 1, "front matter must stand first", id="no closing fence"),
        pytest.param("order = 40", "order =", 7, "front matter: Invalid value", id="TOML fault"),
        pytest.param('"who-is-told"]', '"who-is-told"', 8, "front matter: Unclosed array", id="TOML fault at the end"),
        pytest.param("order = 40", 'order = 40\ncolour = "red"', 8, "'colour' does not belong", id="unknown key"),
        pytest.param("order = 40", 'order = 40\n[colour]\nred = "x"', 8, "'colour' does not belong", id="unknown table"),
        pytest.param("order = 40", 'review = "machine"\norder = 40', 7, "'review' does not belong", id="review in a source"),
        pytest.param("order = 40\n", "", 1, "missing: order", id="missing key"),
        pytest.param("order = 40", 'order = "forty"', 7, "order must be int", id="text for a number"),
        pytest.param("order = 40", "order = true", 7, "order must be int", id="truth for a number"),
        pytest.param("2026-11-25", '"2026-11-25"', 5, "checked must be date", id="text for a date"),
        pytest.param("2026-11-25", "2026-11-25T10:00:00", 5, "checked must be date", id="time for a date"),
        pytest.param('"victim", "helper"', "[1]", 6, "audience must be a list of texts", id="list in a list"),
        pytest.param('"victim", "helper"', '"victim", "everyone"', 6, "audience must be among", id="unknown audience"),
        pytest.param('"who-is-told"', "1", 8, "safety_critical must be a list of texts", id="number for a section"),
        pytest.param('"who-is-told"', '"nowhere", "time"', 8, "do not exist: nowhere", id="unknown safety_critical"),
        pytest.param("Poliisi ja oikeutesi", "", 2, "title", id="empty title"),
        pytest.param("Poliisi ja oikeutesi", "x" * 71, 2, "title", id="long title"),
        pytest.param("Milloin poliisille kerrotaan jotakin.", "x" * 181, 3, "summary", id="long summary"),
        pytest.param(" {#who-is-told}", "", 12, "needs a text and an id", id="heading without id"),
        pytest.param("{#time}", "{#2nd}", 18, "needs a text and an id", id="heading with a bad id"),
        pytest.param("## Aika {#time}", "## {#time}", 18, "needs a text and an id", id="heading without text"),
        pytest.param("{#time}", "{#who-is-told}", 18, "'who-is-told' is used twice", id="id twice"),
        pytest.param("{#time}", "{#lead}", 18, "'lead' is used twice", id="id of the lead"),
        pytest.param("Toinen kappale.", "# Toinen otsikko", 16, "level-1 heading", id="level-1 heading"),
    ],
)
def test_a_broken_source_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, reason: str) -> None:
    """Whatever is wrong with a source, the fault names the file, the line and the reason."""
    assert SOURCE.count(old) >= 1
    with pytest.raises(ContentError) as caught:
        parsed(tmp_path, SOURCE.replace(old, new, 1))
    assert (caught.value.path, caught.value.line) == (tmp_path / "fi.md", line)
    assert reason in caught.value.reason
    assert str(caught.value).startswith(f"{tmp_path / 'fi.md'}:{line}: ")


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        pytest.param('review = "machine"', "order = 1", 6, "'order' does not belong", id="order in a translation"),
        pytest.param('review = "machine"\n', "", 1, "missing: review", id="no review"),
        pytest.param('"machine"', '"nobody"', 6, "review must be one of", id="unknown review"),
    ],
)
def test_a_broken_translation_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, reason: str) -> None:
    """A translation's front matter is held to its own keys."""
    with pytest.raises(ContentError) as caught:
        parsed(tmp_path, TRANSLATION.replace(old, new, 1), "sv")
    assert (caught.value.line, reason in caught.value.reason) == (line, True), str(caught.value)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """A file in another encoding is a fault, not a page of broken letters."""
    (tmp_path / "fi.md").write_bytes(SOURCE.replace("Emme", "Äiti").encode("latin-1"))
    with pytest.raises(ContentError, match=r"fi\.md:1: not UTF-8"):
        content.parse(tmp_path / "fi.md", "get-help/police", "fi")


def test_find_gives_every_page_with_id_and_language(tmp_path: Path) -> None:
    """The place of a file says which page it is, in which language."""
    for place, text in {"home/index/fi.md": SOURCE, "home/index/sv.md": TRANSLATION, "x/y/fi.md": SOURCE}.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text, encoding="utf-8")
    found = [(page.id, page.language) for page in content.find(tmp_path, tongues("fi", "sv"))]
    assert found == [("home/index", "fi"), ("home/index", "sv"), ("x/y", "fi")]


@pytest.mark.parametrize("place", ["home/fi.md", "home/index/more/fi.md", "home/index/de.md"])
def test_a_file_in_the_wrong_place_is_refused(tmp_path: Path, place: str) -> None:
    """A file that no page or language owns is a fault: nobody would ever see it."""
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text(SOURCE, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        list(content.find(tmp_path, tongues("fi", "sv")))
    assert caught.value.path == tmp_path / place


def test_every_page_of_the_site_can_be_read() -> None:
    """The site's own content is in order, and every source has its sections."""
    folder = settings.data_folder("content")
    pages = list(content.find(folder / "pages", languages.load(folder / "languages.toml")))
    assert {page.id for page in pages if page.language == "fi"} >= {"home/index", "get-help/police"}
    assert all(page.sections for page in pages)


def test_every_page_of_the_site_can_be_written_as_it_was_read(tmp_path: Path) -> None:
    """With its own parts put back, a file is read again as the same parts, front matter and order."""
    folder = settings.data_folder("content")
    for file in content.find(folder / "pages", languages.load(folder / "languages.toml")):
        written = content.with_parts(file, {part.id: part.text for part in file.parts}, [s.id for s in file.sections])
        assert written.rstrip() == file.path.read_text(encoding="utf-8").rstrip()


def test_other_parts_are_put_in_the_order_of_the_source(tmp_path: Path) -> None:
    """A new section comes where the source has it; what is not given stays, line ends of Windows or not."""
    (tmp_path / "sv.md").write_bytes(TRANSLATION.replace("\n", "\r\n").encode())
    file = content.parse(tmp_path / "sv.md", "x/y", "sv")
    ids = [section.id for section in file.sections]
    parts = {"title": 'Ny "titel" \\n\nNy text', "new": "Ny rubrik\nNytt {contact:hotline}", ids[-1]: "Sist\nNytt"}
    made = parsed(tmp_path, content.with_parts(file, parts, ["lead", "new", *ids[1:]]), "sv")
    assert (made.title, made.summary) == ('Ny "titel" \\n', "Ny text")
    assert [section.id for section in made.sections] == ["lead", "new", *ids[1:]]
    assert {part.id: part.text for part in made.parts} == {part.id: part.text for part in file.parts} | parts
    assert (made.updated, made.review) == (file.updated, file.review)


def test_a_new_translation_has_its_source_s_days(tmp_path: Path) -> None:
    """It begins with title, summary and what the source says of its age; a machine's until someone has checked it."""
    source = parsed(tmp_path, SOURCE)
    made = parsed(tmp_path, content.begun(source, 'En "titel"\nEn text'), "sv")
    assert (made.title, made.summary, made.review) == ('En "titel"', "En text", "machine")
    assert (made.updated, made.checked) == (source.updated, source.checked)


def test_who_checked_is_written_into_the_front_matter_only(tmp_path: Path) -> None:
    """A line of the text that looks the same stays."""
    file = parsed(tmp_path, TRANSLATION + '\nreview = "machine"\n', "sv")
    content.write_review(file, BY_PERSON)
    again = content.parse(file.path, "x/y", "sv")
    assert again.review == "person"
    assert 'review = "machine"' in again.sections[-1].body
