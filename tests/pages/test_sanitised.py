"""HTML kept between starts: made once, made anew when anything it depends on changes, never trusted when broken."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from ihmiskauppa import contacts, languages
from ihmiskauppa.pages import catalogue, markup
from ihmiskauppa.pages.sanitised import FILE, Sanitised
from ihmiskauppa.settings import data_folder


@pytest.fixture
def numbers() -> Iterator[int]:
    return count()


def test_a_later_start_makes_nothing_again(tmp_path: Path, numbers: Iterator[int]) -> None:
    """What was used is there at the next start; what was not used is forgotten; the file is the user's alone."""
    first = Sanitised(tmp_path / "cache")
    assert [first.get((text,), lambda: str(next(numbers))) for text in "aab"] == ["0", "0", "1"]
    first.save()
    second = Sanitised(tmp_path / "cache")
    assert second.get(("a",), lambda: str(next(numbers))) == "0"
    second.save()
    assert Sanitised(tmp_path / "cache").get(("b",), lambda: str(next(numbers))) == "2"
    assert (tmp_path / "cache" / FILE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("broken", [b"", b"[]", b'{"a": 1}', b"\xff"])
def test_a_broken_file_costs_time_only(tmp_path: Path, broken: bytes) -> None:
    """Whatever is wrong with it, everything is made again."""
    (tmp_path / FILE).write_bytes(broken)
    assert Sanitised(tmp_path).get(("a",), lambda: "made") == "made"


def test_no_folder_or_one_that_cannot_be_written(tmp_path: Path) -> None:
    """Then nothing is kept, and nothing fails."""
    (tmp_path / "file").touch()
    for cache in (None, tmp_path / "file" / "cache"):
        kept = Sanitised(cache)
        assert kept.get(("a",), lambda: "made") == "made"
        kept.save()


def test_pages_are_the_same_from_the_cache_and_not_sanitised_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second catalogue of the same content calls no sanitiser, until a contact changes."""
    folder = data_folder("content")
    tongues, people = languages.load(folder / "languages.toml"), contacts.load(folder / "contacts.toml")
    places = [
        catalogue.Place(name, f"form:{form}", 1, dict.fromkeys(tongues, "x"), dict.fromkeys(tongues, "x"))
        for name, form in (("get-help/write-to-us", "self-referral"), ("about/write-to-us", "contact"))
    ]
    first = catalogue.load(folder, tongues, people, places, tmp_path)

    def refuse(_html: str) -> str:
        raise AssertionError("sanitised again")

    monkeypatch.setattr(markup._SANITIZER, "clean", refuse)
    assert list(catalogue.load(folder, tongues, people, places, tmp_path).pages()) == list(first.pages())
    changed = contacts.Contacts({**people, "hotline": contacts.Contact("hotline", "telephone", "+3581", "+358 1")})
    with pytest.raises(AssertionError, match="sanitised again"):
        catalogue.load(folder, tongues, changed, places, tmp_path)
