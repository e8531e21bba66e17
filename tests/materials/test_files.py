"""The range's files on the disk: built once, kept by their content, found by their names, all at once."""

import fcntl
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from ihmiskauppa import contacts, languages, settings, translations
from ihmiskauppa.materials import files
from ihmiskauppa.materials import range as materials_range
from ihmiskauppa.materials.files import FOR_PRINT, KINDS, PREVIEW, SCREEN, File
from ihmiskauppa.materials.range import Range
from ihmiskauppa.translations import Translations

CONTENT = settings.data_folder("content")
PEOPLE = contacts.load(CONTENT / "contacts.toml")
TONGUES = languages.load(CONTENT / "languages.toml")
TEXTS = translations.load(settings.data_folder("translations"), TONGUES)
RANGE = materials_range.load(CONTENT, TONGUES)
SITE = "https://site.example"
CARD = "card-hotline"
MARKS = {SCREEN: b"%PDF-", FOR_PRINT: b"%PDF-", PREVIEW: b"RIFF"}
LARGEST_PREVIEW = 6000  # bytes


def wanted(materials: Range = RANGE, site: str = SITE) -> tuple[File, ...]:
    return files.wanted(materials, TEXTS, PEOPLE, site)


def card(code: str = "fi") -> tuple[File, ...]:
    """The three files of the card in a language."""
    return tuple(file for file in wanted() if (file.one.item.name, file.one.language.code) == (CARD, code))


def build(some: tuple[File, ...], folder: Path) -> int:
    return files.build(some, TEXTS, PEOPLE, SITE, folder)


class Noted(Translations):
    """The site's texts, and which of them were asked for."""

    asked: ClassVar[set[str]] = set()

    def gettext(self, language: str, text: str) -> str:
        self.asked.add(text)
        return super().gettext(language, text)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the card's files in Finnish."""
    folder = tmp_path_factory.mktemp("materials") / "built"
    texts = Noted(TEXTS.by_language, TEXTS.digests)
    assert files.build(card(), texts, PEOPLE, SITE, folder) == len(KINDS)
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(built, tmp_path / "materials"))


def changed(change: Callable[[Path], None], folder: Path) -> tuple[File, ...]:
    """What is wanted of a copy of the content after a change to it."""
    copy = folder / "content"
    copy.mkdir()
    shutil.copy(CONTENT / materials_range.FILE, copy)
    shutil.copytree(CONTENT / materials_range.FOLDER, copy / materials_range.FOLDER)
    change(copy)
    return wanted(materials_range.load(copy, TONGUES))


def keys(some: tuple[File, ...]) -> dict[str, str]:
    return {file.one.sku: file.key for file in some}


def test_every_print_has_its_files() -> None:
    """Two PDFs a print, a preview an item and language; without an address for the codes there is nothing to print."""
    found = wanted()
    skus = {one.sku for one in RANGE.prints}
    for kind in (SCREEN, FOR_PRINT):
        assert {file.one.sku for file in found if file.kind is kind} == skus
    pictures = [(file.one.item.name, file.one.language.code) for file in found if file.kind is PREVIEW]
    assert sorted(pictures) == sorted({(one.item.name, one.language.code) for one in RANGE.prints})
    assert len({file.name for file in found}) == len(found)
    assert wanted(site="") == ()


def test_names_tell_item_size_language_and_version() -> None:
    """So that someone who finds the file later knows what it is."""
    version = RANGE.items[CARD].version
    start = f"ihmiskauppa-card-hotline-card-fi-{version}"
    assert [file.name for file in card()] == [f"{start}.pdf", f"{start}-print.pdf", f"{start}.webp"]


def test_files_are_built_once(folder: Path) -> None:
    """Each is what its kind says, the picture small; a second time nothing is made."""
    for file in card():
        content = file.path(folder).read_bytes()
        assert content.startswith(MARKS[file.kind])
        assert file.kind is not PREVIEW or len(content) < LARGEST_PREVIEW
    assert build(card(), folder) == 0


@pytest.mark.usefixtures("built")
def test_the_key_knows_every_text_that_is_shown() -> None:
    """Or a file would keep an old text for ever."""
    assert Noted.asked
    assert Noted.asked <= set(files.shown_texts(RANGE.items[CARD]))


def test_what_is_no_longer_wanted_goes(folder: Path) -> None:
    """A file of another content, or left by a build that was cut off, does not stay."""
    (folder / "0123.pdf").write_bytes(b"%PDF")
    (folder / "0123.pdf.half").write_bytes(b"%PDF")
    kept = card()[:1]
    assert build(kept, folder) == 0
    assert list(folder.iterdir()) == [kept[0].path(folder)]


def test_a_build_that_was_cut_off_is_gone_on_with(folder: Path) -> None:
    """What was made already is not made again, and is seen only when the rest is there, too."""
    screen, for_print, preview = card()
    content = screen.path(folder).read_bytes()
    ready = screen.path(folder).with_name(f"{screen.path(folder).name}.new")
    ready.write_bytes(content + b"made before")
    screen.path(folder).unlink()
    preview.path(folder).unlink()
    assert build(card(), folder) == 2
    assert screen.path(folder).read_bytes() == content + b"made before"
    assert {path.name for path in folder.iterdir()} == {file.path(folder).name for file in (screen, for_print, preview)}


def test_one_build_waits_for_the_other(folder: Path) -> None:
    """Two at once would each remove what the other has begun."""
    held = os.open(folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    other = threading.Thread(target=build, args=((), folder))
    other.start()
    other.join(0.3)
    assert other.is_alive()
    assert len(list(folder.iterdir())) == len(KINDS)
    os.close(held)
    other.join(10)
    assert list(folder.iterdir()) == []


def test_keys_follow_the_content(tmp_path: Path) -> None:
    """Read again, all are the same; another number, text or address changes them."""
    first = keys(wanted())
    assert keys(wanted(materials_range.load(CONTENT, TONGUES))) == first
    called = contacts.Contacts({**PEOPLE, "hotline": replace(PEOPLE["hotline"], shown="0800 000")})
    for other in (files.wanted(RANGE, TEXTS, called, SITE), wanted(site="https://other.example")):
        assert not set(keys(other).values()) & set(first.values())
    finnish = replace(TEXTS, by_language={**TEXTS.by_language, "ar": TEXTS.by_language["fi"]})
    after = keys(files.wanted(RANGE, finnish, PEOPLE, SITE))
    assert {sku for sku in first if after[sku] != first[sku]} == {sku for sku in first if sku.endswith("-ar")}


def test_a_word_changes_one_language_a_drawing_one_item(tmp_path: Path) -> None:
    """And nothing else is built anew."""

    def word(content: Path) -> None:
        path = content / materials_range.FOLDER / CARD / "ar.toml"
        lines = path.read_text(encoding="utf-8").split("\n")
        at = max(number for number, line in enumerate(lines) if line.endswith('"'))
        path.write_text("\n".join([*lines[:at], lines[at][:-1] + ' x"', *lines[at + 1 :]]), encoding="utf-8")

    def drawing(content: Path) -> None:
        next((content / materials_range.FOLDER / CARD).glob("*.svg")).write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")

    first = keys(wanted())
    for name, change, ending in (("word", word, "-ar"), ("drawing", drawing, "")):
        (tmp_path / name).mkdir()
        after = keys(changed(change, tmp_path / name))
        assert {sku for sku in first if after[sku] != first[sku]} == {
            sku for sku in first if sku.startswith(CARD) and sku.endswith(ending)
        }


def test_replaced_versions_and_retired_items_have_had_files() -> None:
    """For each version that is no more, a name a print and kind; of a retired item also today's."""
    assert list(files.replaced(RANGE)) == []
    item = replace(RANGE.items[CARD], replaces=("2018-11-01",))
    current = {file.name for file in wanted()}
    for retired, versions in ((False, ["2018-11-01"]), (True, ["2018-11-01", item.version])):
        materials = Range({**RANGE.items, CARD: replace(item, retired=retired)}, TONGUES)
        names = [name for _, name in files.replaced(materials)]
        prints = list(item.prints(TONGUES))
        assert len(set(names)) == len(names) == len(prints) * len(KINDS) * len(versions)
        assert bool(set(names) & current) == retired
        assert not set(names) & {file.name for file in wanted(materials)}
