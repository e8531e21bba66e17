"""XLIFF that goes out and comes back: edited in a translator's own program, tampered, too late, and by two at once."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from translate.storage.xliff2 import Xliff2File

from ihmiskauppa.cli import main
from tests.cache import warm

PAGE, SECTION = "get-help/how-we-help", "if-the-answer-is-no"
NEW, TRANSLATED = "Tämä lause on uusi.", "Den här meningen är ny."


@pytest.fixture
def run(content_copy: Path, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Runs `ihmiskauppa translations …` on a copy of the content: exit status and all that was said."""
    warm(tmp_path / "instance")
    environment = {"IHMISKAUPPA_CONTENT_FOLDER": str(content_copy), "IHMISKAUPPA_INSTANCE": str(tmp_path / "instance")}

    def translations(*arguments: str | Path) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["translations", *map(str, arguments)], env=environment)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    return translations


Run = Callable[..., tuple[int, str]]


def change(content: Path, language: str, sentence: str) -> None:
    """Put a sentence at the start of the section."""
    path = content / "pages" / PAGE / f"{language}.md"
    text = path.read_text(encoding="utf-8")
    assert f"{{#{SECTION}}}\n\n" in text
    path.write_text(text.replace(f"{{#{SECTION}}}\n\n", f"{{#{SECTION}}}\n\n{sentence}\n\n"), encoding="utf-8")


def exported(run: Run, content: Path, tmp_path: Path) -> Path:
    """What a Swedish translator gets after the section's meaning has changed."""
    change(content, "fi", NEW)
    assert run("stamp", PAGE, "fi", "--by", "Anna", "--change", "meaning")[0] == 0
    file = tmp_path / "sv.xlf"
    code, said = run("export", "sv", "--output", file)
    assert (code, said) == (0, "1 sections of 1 pages.\n")
    return file


def translate(file: Path, text: str = TRANSLATED) -> None:
    """Fill in what is not translated, with translate-toolkit, which knows nothing of us, and let it write the file."""
    store = Xliff2File.parsefile(str(file))  # type: ignore[no-untyped-call]
    lacking = [unit for unit in store.units if not unit.target]
    assert [unit.source for unit in lacking] == [NEW]
    lacking[0].target = text
    lacking[0].marktranslated()
    store.savefile(str(file))


def swedish(content: Path) -> str:
    return (content / "pages" / PAGE / "sv.md").read_text(encoding="utf-8")


def test_what_a_translator_wrote_is_taken_in(run: Run, content_copy: Path, tmp_path: Path) -> None:
    """Only the changed block was to be translated; then the section waits for review, and the rest is as it was."""
    before = swedish(content_copy)
    file = exported(run, content_copy, tmp_path)
    translate(file)
    code, said = run("import", file, "--by", "Bo")
    assert (code, f"taken in: {SECTION}" in said) == (0, True), said
    heading = f"{{#{SECTION}}}\n\n"
    assert swedish(content_copy) == before.replace(heading, f"{heading}{TRANSLATED}\n\n")
    states = {row["page"]: row["languages"]["sv"]["parts"] for row in json.loads(run("status", "sv", "--format", "json")[1])}
    assert [(name, state) for name, state in states[PAGE].items() if state != "machine"] == [(SECTION, "waiting for review")]
    assert run("export", "sv")[1].endswith("0 sections of 0 pages.\n")


def test_a_small_fix_meanwhile_refuses_nobody_s_work(run: Run, content_copy: Path, tmp_path: Path) -> None:
    """The source has another comma since the export: the translation still fits."""
    file = exported(run, content_copy, tmp_path)
    translate(file)
    source = content_copy / "pages" / PAGE / "fi.md"
    source.write_text(source.read_text(encoding="utf-8").replace(NEW, "Tämä lause on aivan uusi."), encoding="utf-8")
    assert run("stamp", PAGE, "fi", "--by", "Anna", "--change", "small")[0] == 0
    assert run("import", file, "--by", "Bo")[0] == 0
    assert TRANSLATED in swedish(content_copy)


def test_a_translation_that_comes_too_late_is_refused(run: Run, content_copy: Path, tmp_path: Path) -> None:
    """The source says something else since the export: nothing is written, and the translator is told why."""
    file = exported(run, content_copy, tmp_path)
    translate(file)
    change(content_copy, "fi", "Ja tämä vielä uudempi.")
    before = swedish(content_copy)
    code, said = run("import", file, "--by", "Bo")
    assert (code, f"refused: {PAGE} {SECTION}: its source has changed since it was exported" in said) == (2, True)
    assert swedish(content_copy) == before


def test_the_second_of_two_translators_is_refused(run: Run, content_copy: Path, tmp_path: Path) -> None:
    """Both got the same section; what the first one wrote is not overwritten in silence."""
    file = exported(run, content_copy, tmp_path)
    other = tmp_path / "other.xlf"
    other.write_bytes(file.read_bytes())
    translate(file)
    translate(other, "En annan mening.")
    assert run("import", file, "--by", "Bo")[0] == 0
    code, said = run("import", other, "--by", "Cecilia")
    assert (code, "somebody else has changed the translation since it was exported" in said) == (2, True)
    assert TRANSLATED in swedish(content_copy)
    assert "En annan mening." not in swedish(content_copy)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (f"<source>{NEW}", "<source>Poliisille kerrotaan.", "its source text is not the one it was made with"),
        (f">{TRANSLATED}<", ">Ring 112 om 30 dagar.<", "not as in the source: 112, 30"),
        (f">{TRANSLATED}<", "><", "not all of it is translated"),
        (f">{TRANSLATED}<", ">Ny.\n\n## Mer {#mer}\n\nMer.<", "begins a section of its own"),
        (f">{TRANSLATED}<", ">Ny &lt;b>text&lt;/b>.<", "Nothing was taken in"),
        (f'id="{SECTION}"', 'id="elsewhere"', "the source no longer has it"),
        (f'original="{PAGE}"', 'original="../../secret"', "there is no such page"),
        ('trgLang="sv"', 'trgLang="xx"', "nothing is translated into xx"),
    ],
)
def test_a_tampered_file_changes_nothing(run: Run, content_copy: Path, tmp_path: Path, old: str, new: str, reason: str) -> None:
    """Another source, other numbers, a lost or a new section, HTML, a path: refused with a reason, every file as it was."""
    file = exported(run, content_copy, tmp_path)
    translate(file)
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    before = {path: path.read_bytes() for path in content_copy.rglob("*.*")}
    code, said = run("import", file, "--by", "Bo")
    assert code in {1, 2}
    assert reason in said
    assert {path: path.read_bytes() for path in content_copy.rglob("*.*")} == before


def test_a_page_that_a_language_lacks_is_begun(run: Run, content_copy: Path, tmp_path: Path) -> None:
    """All its parts are exported, title and summary too; what comes back is a page of that language, said to be a machine's."""
    file = tmp_path / "ar.xlf"
    for ending in ("md", "toml"):
        (content_copy / f"pages/get-help/children/ar.{ending}").unlink()
    assert run("export", "ar", "get-help/children", "--output", file)[1] == "8 sections of 1 pages.\n"
    store = Xliff2File.parsefile(str(file))  # type: ignore[no-untyped-call]
    for unit in store.units:
        unit.target = unit.source  # a translation, as far as its shape goes
    store.savefile(str(file))
    code, said = run("import", file, "--by", "machine")
    assert code == 0, said
    made = (content_copy / "pages/get-help/children/ar.md").read_text(encoding="utf-8")
    source = (content_copy / "pages/get-help/children/fi.md").read_text(encoding="utf-8")
    assert made.split("+++\n")[2] == source.split("+++\n")[2]
    assert 'review = "machine"' in made
    found = {row["page"]: row["languages"]["ar"]["parts"] for row in json.loads(run("status", "ar", "--format", "json")[1])}
    assert set(found["get-help/children"].values()) == {"machine"}
