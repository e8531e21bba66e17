"""What is kept between starts: made once, made anew when anything it depends on changes, never trusted when broken."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from ihmiskauppa.pages import markup
from ihmiskauppa.public import editions
from ihmiskauppa.remembered import Remembered
from ihmiskauppa.settings import Settings, data_folder

FILE = "kept.json"


@pytest.fixture
def numbers() -> Iterator[int]:
    return count()


def test_a_later_start_makes_nothing_again(tmp_path: Path, numbers: Iterator[int]) -> None:
    """What was used is there at the next start; what was not used is forgotten; the file is the user's alone."""
    first = Remembered(tmp_path / "cache" / FILE)
    assert [first.get((text,), lambda: str(next(numbers))) for text in "aab"] == ["0", "0", "1"]
    first.save()
    second = Remembered(tmp_path / "cache" / FILE)
    assert second.get(("a",), lambda: str(next(numbers))) == "0"
    second.save()
    assert Remembered(tmp_path / "cache" / FILE).get(("b",), lambda: str(next(numbers))) == "2"
    assert (tmp_path / "cache" / FILE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("broken", [b"", b"[]", b'{"a": 1}', b"\xff"])
def test_a_broken_file_costs_time_only(tmp_path: Path, broken: bytes) -> None:
    """Whatever is wrong with it, everything is made again."""
    (tmp_path / FILE).write_bytes(broken)
    assert Remembered(tmp_path / FILE).get(("a",), lambda: "made") == "made"


def test_no_folder_or_one_that_cannot_be_written(tmp_path: Path) -> None:
    """Then nothing is kept, and nothing fails."""
    (tmp_path / "file").touch()
    for path in (None, tmp_path / "file" / FILE):
        kept = Remembered(path)
        assert kept.get(("a",), lambda: "made") == "made"
        kept.save()


def test_pages_are_the_same_from_the_cache_and_not_sanitised_again(
    configuration: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second reading of the same content calls no sanitiser, until a contact changes."""
    content = Path(shutil.copytree(data_folder("content"), tmp_path / "content"))
    configuration = replace(configuration, content_folder=content)
    shutil.rmtree(configuration.instance / editions.CACHE)
    first = editions.load(configuration)

    def refuse(_html: str) -> str:
        raise AssertionError("sanitised again")

    monkeypatch.setattr(markup._SANITIZER, "clean", refuse)
    assert list(editions.load(configuration).catalogue.pages()) == list(first.catalogue.pages())
    contacts = content / "contacts.toml"
    changed = contacts.read_text(encoding="utf-8").replace("295 463 177", "295 463 178").replace("295463177", "295463178")
    contacts.write_text(changed, encoding="utf-8")
    with pytest.raises(AssertionError, match="sanitised again"):
        editions.load(configuration)
