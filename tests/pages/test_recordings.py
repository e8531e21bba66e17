"""Recordings: which are shown, and what an editor is told of those that are not."""

import datetime
from pathlib import Path

import pytest

from ihmiskauppa.pages import content, recordings
from ihmiskauppa.pages.content import ContentError, PageFile
from ihmiskauppa.pages.recordings import Kind

DAY = datetime.date(2026, 11, 30)
TEXT = """+++
title = "T"
summary = "S"
updated = 2026-11-24
checked = 2026-11-24
review = "machine"
+++

Lead.

## More {#more}

Body.
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A page with a recording of each kind, which nobody has stamped."""
    (tmp_path / "sv.md").write_text(TEXT)
    (tmp_path / "sv.mp3").write_bytes(b"spoken")
    (tmp_path / "sv.mp4").write_bytes(b"signed")
    return tmp_path / "sv.md"


def read(place: Path) -> PageFile:
    return content.parse(place, "a/b", "sv")


def test_nothing_is_shown_before_its_stamp(place: Path) -> None:
    """Nobody knows what it says; the check says so of each file."""
    assert recordings.of_page(read(place)) == ()
    assert [fault.split(": ")[1] for fault in recordings.faults(read(place))] == ["not shown"] * 2


def test_a_stamped_recording_is_shown(place: Path) -> None:
    """Under a name of its content; both kinds, or the one there is."""
    assert recordings.stamp(read(place), 'Aino "Ääni" \\', DAY) == [Kind.SPOKEN, Kind.SIGNED]
    spoken, signed = recordings.of_page(read(place))
    assert (spoken.kind, spoken.size, spoken.path) == (Kind.SPOKEN, 6, place.with_name("sv.mp3"))
    assert (spoken.name[-4:], signed.name[-4:]) == (".mp3", ".mp4")
    assert spoken.digest != signed.digest
    assert recordings.faults(read(place)) == []
    place.with_name("sv.mp4").unlink()
    assert recordings.stamp(read(place), "Aino", DAY) == [Kind.SPOKEN]


@pytest.mark.parametrize(("old", "new"), [("Body.", "Other."), ('"T"', '"U"'), ("Lead.", "Lead!")])
def test_a_recording_of_an_older_text_is_not_shown(place: Path, old: str, new: str) -> None:
    """Whichever part has changed; back again, it is."""
    recordings.stamp(read(place), "Aino", DAY)
    place.write_text(TEXT.replace(old, new))
    assert recordings.of_page(read(place)) == ()
    assert all("the page has changed since" in fault for fault in recordings.faults(read(place)))
    place.write_text(TEXT)
    assert len(recordings.of_page(read(place))) == 2


def test_another_file_must_be_stamped_again(place: Path) -> None:
    """The check finds a file that was put in the place of the one somebody listened to, and one that is gone."""
    recordings.stamp(read(place), "Aino", DAY)
    place.with_name("sv.mp3").write_bytes(b"another")
    place.with_name("sv.mp4").unlink()
    spoken, signed = recordings.faults(read(place))
    assert "nobody has said which text it speaks" in spoken
    assert "is missing" in signed


@pytest.mark.parametrize(
    "table", ["[", "[sung]", "spoken = 1", "[spoken]\ntext = 'x'", "[spoken]\ntext=1\nfile=''\nby=''\nmade=''"]
)
def test_a_broken_table_is_named(place: Path, table: str) -> None:
    """With its file."""
    place.with_suffix(".recorded.toml").write_text(table)
    with pytest.raises(ContentError, match=r"sv\.recorded\.toml:1: "):
        recordings.of_page(read(place))
