"""The commands that keep translations true to their sources: stamp, status, diff, review, reword; and what check says."""

import json
import os
import pty
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import html5lib
import pytest
from click.testing import CliRunner

from ihmiskauppa import languages
from ihmiskauppa.cli import main
from ihmiskauppa.pages import content, sidecars
from ihmiskauppa.pages.sidecars import Change
from ihmiskauppa.settings import data_folder
from tests.cache import warm
from tests.copies import COMMAND

PAGE, SECTION, CRITICAL = "get-help/how-we-help", "if-the-answer-is-no", "you-decide"
TONGUES = languages.load(data_folder("content") / "languages.toml")
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(content_copy: Path, tmp_path: Path) -> Run:
    """Runs `ihmiskauppa …` on a copy of content and texts: exit status and all that was said."""
    warm(tmp_path / "instance")
    environment = {
        "IHMISKAUPPA_CONTENT_FOLDER": str(content_copy),
        "IHMISKAUPPA_TRANSLATIONS_FOLDER": str(shutil.copytree(data_folder("translations"), tmp_path / "translations")),
        "IHMISKAUPPA_INSTANCE": str(tmp_path / "instance"),
    }

    def command(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, arguments, env=environment)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    return command


def write(content: Path, language: str, section: str, sentence: str) -> None:
    """Put a sentence at the start of a section."""
    path = content / "pages" / PAGE / f"{language}.md"
    text = path.read_text(encoding="utf-8")
    assert f"{{#{section}}}\n\n" in text
    path.write_text(text.replace(f"{{#{section}}}\n\n", f"{{#{section}}}\n\n{sentence}\n\n"), encoding="utf-8")


def states(run: Run, language: str) -> dict[str, str]:
    """The states of the page's parts."""
    rows = json.loads(run("translations", "status", language, "--format", "json")[1])
    found: dict[str, str] = next(row["languages"][language]["parts"] for row in rows if row["page"] == PAGE)
    return found


def test_a_changed_source_is_not_stamped_without_its_class(run: Run, content_copy: Path) -> None:
    """The editor sees what changed and is asked how far; until then, check refuses, and nothing was written."""
    write(content_copy, "fi", SECTION, "Uusi lause.")
    sidecar = content_copy / "pages" / PAGE / "fi.toml"
    before = sidecar.read_bytes()
    code, said = run("translations", "stamp", PAGE, "--by", "Anna")
    assert code == 1
    assert "+Uusi lause." in said
    assert f"{SECTION} has changed: say how far, small, meaning, safety" in said
    assert sidecar.read_bytes() == before
    code, said = run("check")
    assert (code, f"fi.md: changed without a new stamp: {SECTION}" in said) == (2, True)
    assert run("translations", "stamp", PAGE, "--by", "Anna", "--change", "meaning")[0] == 0
    code, said = run("check")
    assert code == 0, said
    assert "1 sections in sv are out of date" in said


def test_at_a_terminal_the_class_is_asked_for(content_copy: Path) -> None:
    """Where somebody is there to be asked, the command shows the change and waits for the answer."""
    write(content_copy, "fi", SECTION, "Uusi lause.")
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "translations", "stamp", PAGE, "fi", "--by", "Anna"],
        stdin=follower,
        stdout=subprocess.PIPE,
        env={**os.environ, "IHMISKAUPPA_CONTENT_FOLDER": str(content_copy)},
        text=True,
    ) as process:
        os.write(leader, b"large\nsafety\n")
        said, _ = process.communicate(timeout=120)
    os.close(leader)
    os.close(follower)
    assert process.returncode == 0
    assert "+Uusi lause." in said
    assert said.count("How far does this change what it says?") == 2, "the first answer was none of the three"
    history = sidecars.history(content.parse(content_copy / "pages" / PAGE / "fi.md", PAGE, "fi"))
    assert [each.change for each in history[SECTION]] == [None, Change.SAFETY]


def test_changes_of_one_page_can_be_classed_one_by_one(run: Run, content_copy: Path) -> None:
    """A spelling mistake here, a new rule there: each section has its own class."""
    write(content_copy, "fi", SECTION, "Uusi lause.")
    write(content_copy, "fi", CRITICAL, "Uusi pilkku.")
    assert run("translations", "stamp", PAGE, "--by", "Anna", "--change", "small", "--section", CRITICAL)[0] == 0
    assert run("translations", "stamp", PAGE, "--by", "Anna", "--change", "safety", "--section", SECTION)[0] == 0
    found = states(run, "sv")
    assert (found[CRITICAL], found[SECTION]) == ("machine", "stale")


def test_the_second_of_two_editors_sees_what_they_would_undo(run: Run, content_copy: Path) -> None:
    """Bo has the page open while Anna changes it, and saves his own text over hers: the stamp shows that her sentence goes."""
    source = content_copy / "pages" / PAGE / "fi.md"
    opened = source.read_text(encoding="utf-8")
    write(content_copy, "fi", SECTION, "Annan lause.")
    assert run("translations", "stamp", PAGE, "--by", "Anna", "--change", "safety")[0] == 0
    source.write_text(opened.replace(f"{{#{SECTION}}}\n\n", f"{{#{SECTION}}}\n\nBon lause.\n\n"), encoding="utf-8")
    code, said = run("translations", "stamp", PAGE, "--by", "Bo")
    assert code == 1
    assert "-Annan lause." in said
    assert "+Bon lause." in said
    assert run("translations", "stamp", PAGE, "--by", "Bo", "--change", "small")[0] == 0
    assert states(run, "sv")[SECTION] == "stale", "Bo's small fix does not undo that Anna's change was none"


def test_sidecars_of_two_editors_merged_without_care_stop_the_check(run: Run, content_copy: Path) -> None:
    """Each classed their own change of the same text; with both in the file, nobody has judged the text that stands there."""
    source, sidecar = (content_copy / "pages" / PAGE / name for name in ("fi.md", "fi.toml"))
    text, known = source.read_text(encoding="utf-8"), sidecar.read_text(encoding="utf-8")
    blocks = []
    for editor in ("Anna", "Bo"):
        source.write_text(text, encoding="utf-8")
        sidecar.write_text(known, encoding="utf-8")
        write(content_copy, "fi", SECTION, f"Lause: {editor}.")
        assert run("translations", "stamp", PAGE, "--by", editor, "--change", "small")[0] == 0
        blocks.append(
            re.search(rf'\[\[{SECTION}\.version\]\]\nby = "{editor}".*?"""\n.*?"""\n', sidecar.read_text("utf-8"), re.DOTALL)
        )
    assert blocks[0] is not None
    sidecar.write_text(
        sidecar.read_text("utf-8").replace(
            f'[[{SECTION}.version]]\nby = "Bo"', f'{blocks[0][0]}\n[[{SECTION}.version]]\nby = "Bo"'
        ),
        "utf-8",
    )
    code, said = run("check")
    assert (code, "classed against another text than stands before it" in said) == (2, True)


def test_a_translation_is_stamped_reviewed_and_says_so(run: Run, content_copy: Path) -> None:
    """A draft until its stamp, then waiting, then current, and no longer called a machine's once all of it was reviewed."""
    write(content_copy, "sv", SECTION, "En mening till.")
    assert states(run, "sv")[SECTION] == "draft"
    code, said = run("check")
    assert (code, f"sv.md: written without a stamp: {SECTION}" in said) == (2, True)
    assert f"stamped: {SECTION}" in run("translations", "stamp", PAGE, "sv", "--by", "Bo")[1]
    assert states(run, "sv")[SECTION] == "waiting for review"
    swedish = content_copy / "pages" / PAGE / "sv.md"
    assert run("translations", "review", PAGE, "sv", "--by", "Cecilia", "--section", SECTION)[0] == 0
    assert states(run, "sv")[SECTION] == "current"
    assert 'review = "machine"' in swedish.read_text(encoding="utf-8")
    assert run("translations", "review", PAGE, "sv", "--by", "Cecilia")[0] == 0
    assert set(states(run, "sv").values()) == {"current"}
    assert 'review = "person"' in swedish.read_text(encoding="utf-8")
    assert run("check")[0] == 0


def test_check_doubts_a_review_that_nobody_made(run: Run, content_copy: Path) -> None:
    """A page that calls itself reviewed while parts are a machine's is a fault."""
    swedish = content_copy / "pages" / PAGE / "sv.md"
    text = swedish.read_text(encoding="utf-8")
    swedish.write_text(text.replace('review = "machine"', 'review = "person"'), encoding="utf-8")
    code, said = run("check")
    assert (code, "sections that no person has checked" in said) == (2, True)


def test_check_names_a_page_that_uses_another_word(run: Run, content_copy: Path, tmp_path: Path) -> None:
    """Where the glossary has one; in the texts of forms and the interface, too."""
    swedish = content_copy / "pages" / PAGE / "sv.md"
    text = swedish.read_text(encoding="utf-8")
    swedish.write_text(text.replace("klient", "kund"), encoding="utf-8")
    run("translations", "stamp", PAGE, "sv", "--by", "Bo")
    texts = tmp_path / "translations/sv/messages.po"
    texts.write_text(texts.read_text(encoding="utf-8").replace("polis", "myndighet"), encoding="utf-8")
    code, said = run("check")
    assert code == 2
    assert re.search(
        r"how-we-help/sv\.md:\d+: you-decide: the source speaks of: client; here is none of its words: klient", said
    )
    assert re.search(r"sv/messages\.po: '[^\n]*police[^\n]*: the source speaks of: police", said)


def test_what_is_out_of_date_must_be_named(run: Run, content_copy: Path) -> None:
    """After a change of meaning, neither a stamp nor a review passes over it; named, it counts as translated anew."""
    write(content_copy, "fi", SECTION, "Uusi lause.")
    run("translations", "stamp", PAGE, "fi", "--by", "Anna", "--change", "meaning")
    assert (
        f"made from an older source, not stamped unless named by --section: {SECTION}"
        in run("translations", "stamp", PAGE, "sv", "--by", "Bo")[1]
    )
    assert f"{SECTION} is stale: it cannot be reviewed" in run("translations", "review", PAGE, "sv", "--by", "Cecilia")[1]
    said = run("translations", "diff", PAGE, "sv")[1]
    assert said.startswith(f"{SECTION}: stale\n")
    assert "+Uusi lause." in said
    assert "Om svaret är nej" in said
    write(content_copy, "sv", SECTION, "En ny mening.")
    assert f"stamped: {SECTION}" in run("translations", "stamp", PAGE, "sv", "--by", "Bo", "--section", SECTION)[1]
    assert states(run, "sv")[SECTION] == "waiting for review"
    assert run("translations", "diff", PAGE, "sv")[1] == ""


def test_the_grid_shows_first_whose_readers_risk_most(run: Run, content_copy: Path) -> None:
    """A page with a hidden section goes to the top, in words, as data and as a page; signs do not hang on colour."""
    write(content_copy, "fi", CRITICAL, "Uusi lause.")
    run("translations", "stamp", PAGE, "fi", "--by", "Anna", "--change", "safety")
    head, first, *_ = run("translations", "status")[1].splitlines()
    translated = [code for code in TONGUES if code != "fi"]
    assert head.split() == translated
    assert first.split() == [PAGE, *["S1!"] * len(translated)]  # a core page: all have it
    data = json.loads(run("translations", "status", "--format", "json")[1])
    assert (data[0]["page"], data[0]["languages"]["ar"]["state"]) == (PAGE, "stale")
    assert data[0]["languages"]["ar"]["safety_critical"]
    html = run("translations", "status", "ar", "--format", "html")[1]
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    row = page.find(".//tbody/tr")
    assert [cell.text for cell in row] == [PAGE, "S1!"]
    assert f"stale: {CRITICAL}" in row[1].get("title")


def test_unknown_pages_languages_and_sections_are_named(run: Run) -> None:
    """A sentence, not a traceback."""
    for arguments, reason in (
        (("stamp", "get-help/nowhere", "--by", "x"), "There is no page get-help/nowhere"),
        (("stamp", PAGE, "xx", "--by", "x"), "There is no get-help/how-we-help in xx"),
        (("stamp", PAGE, "sv", "--by", "x", "--section", "none"), "has no section none"),
        (("review", PAGE, "xx", "--by", "x"), "There is no get-help/how-we-help in xx"),
        (("status", "fi"), "Nothing is translated into fi"),
        (("export", "xx"), "Nothing is translated into xx"),
        (("reword", "No such text", "x"), "No language has a translation"),
    ):
        code, said = run("translations", *arguments)
        assert (code, reason in said) == (1, True), said


def test_a_reworded_text_keeps_its_translations(run: Run, tmp_path: Path) -> None:
    """In every language; the check then asks that the text itself be changed, too."""
    code, said = run("translations", "reword", "Menu", "The menu")
    ordinary = [code for code, language in TONGUES.items() if code != "en" and not language.plain]
    assert (code, f"Kept in {', '.join(ordinary)}." in said) == (0, True), said
    assert 'msgid "The menu"\nmsgstr "Valikko"' in (tmp_path / "translations/fi/messages.po").read_text(encoding="utf-8")
    assert "no longer used: 'The menu'" in run("check")[1]
