"""The sidecars: versions, what is written and read back, and what is refused."""

import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihmiskauppa.pages import sidecars
from ihmiskauppa.pages.content import ContentError
from ihmiskauppa.pages.sidecars import Change, Origin, Version, version
from tests.pages.test_freshness import page_file

TODAY = datetime.date(2026, 11, 24)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def test_a_version_is_the_start_of_a_sha256() -> None:
    r"""Known answer: printf 'A\none' | sha256sum | cut -c 1-16."""
    assert version("A\none") == "63fa73f9ea5dbad7"
    assert len(version("")) == sidecars.HASH_DIGITS


def test_a_version_follows_the_text_only(tmp_path: Path) -> None:
    """Blanks at a line's end and blank lines around a section make no other version; a word does."""
    lead = page_file(tmp_path, "fi", {"lead": "Hei"}).sections[0]
    assert version(page_file(tmp_path, "fi", {"lead": "Hei  \n\n"}).sections[0].text) == version(lead.text)
    assert version(page_file(tmp_path, "fi", {"lead": "Moi"}).sections[0].text) != version(lead.text)


def test_without_a_sidecar_nothing_is_known(tmp_path: Path) -> None:
    """A page nobody stamped has neither versions nor origins."""
    assert sidecars.origins(page_file(tmp_path, "sv", {"lead": "Hej"})) == {}
    assert sidecars.history(page_file(tmp_path, "fi", {"lead": "Hei"})) == {}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(texts=st.lists(TEXTS, min_size=1, max_size=4), by=TEXTS)
def test_any_text_and_any_name_are_kept(tmp_path: Path, texts: list[str], by: str) -> None:
    """Quotes, backslashes, carriage returns, other line ends: what is read is what was written."""
    source, translation = page_file(tmp_path, "fi", {"lead": "Hei"}), page_file(tmp_path, "sv", {"lead": "Hej"})
    versions = [Version(texts[0], by, TODAY)]
    for text in texts[1:]:
        versions.append(Version(text, by, TODAY, Change.MEANING, versions[-1].name))
    sidecars.write_history(source, {"lead": tuple(versions)})
    assert sidecars.history(source) == {"lead": tuple(versions)}
    origins = {"lead": Origin(version(texts[0]), version(by), by, TODAY, by, TODAY), "a": Origin("1", "2", by, TODAY)}
    sidecars.write_origins(translation, origins)
    assert sidecars.origins(translation) == origins


@pytest.mark.parametrize(
    "text",
    [
        "[lead",
        "lead = 5",
        '[lead]\nsource = "x"\nby = "x"\nmade = 2026-11-24',
        '[lead]\nsource = "x"\ntext = "x"\nby = "x"\nmade = "yesterday"',
        '[lead]\nsource = "x"\ntext = "x"\nby = "x"\nmade = 2026-11-24\nreviewer = "x"\nreviewed = true',
        '[lead]\nsource = "x"\ntext = "x"\nby = "x"\nmade = 2026-11-24\nreviewer = "x"\nreviewed = 2026-11-24T10:00:00',
        '[lead]\nsource = "x"\ntext = "x"\nby = "x"\nmade = 2026-11-24\nreviewed = 2026-11-24',
        '[lead]\nsource = 5\ntext = "x"\nby = "x"\nmade = 2026-11-24',
        '[lead]\nsource = "x"\ntext = "x"\nby = "x"\nmade = 2026-11-24\nchecked = 2026-11-24',
    ],
)
def test_a_broken_sidecar_of_a_translation_is_refused(tmp_path: Path, text: str) -> None:
    """What cannot be understood is a fault at that file: above all, nothing but a name and a day make a review."""
    translation = page_file(tmp_path, "sv", {"lead": "Hej"})
    sidecars.path_of(translation).write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        sidecars.origins(translation)
    assert caught.value.path == tmp_path / "sv.toml"


FIRST = '[[lead.version]]\nby = "x"\nmade = 2026-11-24\ntext = "a"\n'


@pytest.mark.parametrize(
    "text",
    [
        '[lead]\nby = "x"',
        FIRST.replace('text = "a"', ""),
        FIRST.replace('text = "a"', 'text = "a"\nchange = "small"\nwas = "x"'),
        FIRST + FIRST,
        FIRST + FIRST.replace('"a"', f'"b"\nchange = "large"\nwas = "{version("a")}"'),
        FIRST + FIRST.replace('"a"', f'"b"\nwas = "{version("a")}"'),
    ],
)
def test_a_broken_sidecar_of_a_source_is_refused(tmp_path: Path, text: str) -> None:
    """Every version but the first has a class that exists, and the name of the version before it."""
    source = page_file(tmp_path, "fi", {"lead": "Hei"})
    sidecars.path_of(source).write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        sidecars.history(source)
    assert caught.value.path == tmp_path / "fi.toml"


def test_changes_of_two_editors_that_were_merged_without_care_are_refused(tmp_path: Path) -> None:
    """Both classed their change against the same text; together, nobody has judged what the second one undid."""
    source = page_file(tmp_path, "fi", {"lead": "Hei"})
    first = Version("a", "Anna", TODAY)
    anna = Version("b", "Anna", TODAY, Change.SAFETY, first.name)
    bo = Version("c", "Bo", TODAY, Change.SMALL, first.name)
    sidecars.write_history(source, {"lead": (first, anna, bo)})
    with pytest.raises(ContentError, match="classed against another text than stands before it"):
        sidecars.history(source)
