"""How far a translation can be trusted: states, classes of change, stamps, reviews, and what is hidden."""

import datetime
from collections.abc import Mapping
from pathlib import Path

import pytest

from ihmiskauppa.pages import content, freshness, sidecars
from ihmiskauppa.pages.content import ContentError, PageFile, Section
from ihmiskauppa.pages.freshness import State
from ihmiskauppa.pages.sidecars import Change, Origin, Version, version

TODAY = datetime.date(2026, 11, 24)
LATER = datetime.date(2026, 12, 1)


def page_file(folder: Path, language: str, sections: Mapping[str, str]) -> PageFile:
    """A page file in `folder`, parsed; `lead` comes first and without a heading."""
    keys = 'audience = ["victim"]\norder = 1\nsafety_critical = []' if language == "fi" else 'review = "machine"'
    text = f'+++\ntitle = "T"\nsummary = "S"\nupdated = 2026-11-24\nchecked = 2026-11-24\n{keys}\n+++\n'
    for name, body in sections.items():
        text += f"{body}\n\n" if name == "lead" else f"## {name.title()} {{#{name}}}\n\n{body}\n\n"
    path = folder / f"{language}.md"
    path.write_text(text, encoding="utf-8")
    return content.parse(path, "x/y", language)


def section(body: str) -> Section:
    return Section("a", "", body, line=1, heading_line=1)


def versions(*texts: str, changes: str = "") -> tuple[Version, ...]:
    """Versions of a source's section, each change by the first letter of its class: `sm` is small, then of meaning."""
    classes = {"s": Change.SMALL, "m": Change.MEANING, "!": Change.SAFETY}
    found = [Version(texts[0], "Anna", TODAY)]
    for text, letter in zip(texts[1:], changes, strict=True):
        found.append(Version(text, "Anna", TODAY, classes[letter], found[-1].name))
    return tuple(found)


TRANSLATED = section("Ett")


def origin(made_from: str, by: str = "Bo", reviewed: datetime.date | None = None) -> Origin:
    return Origin(version(made_from), version("Ett"), by, TODAY, "Cecilia" if reviewed else "", reviewed)


@pytest.mark.parametrize(
    ("translated", "source", "state"),
    [
        (None, None, State.MISSING),
        (TRANSLATED, None, State.DRAFT),
        (section("Två"), origin("now", reviewed=TODAY), State.DRAFT),
        (TRANSLATED, origin("old", reviewed=TODAY), State.STALE),
        (TRANSLATED, origin("never seen", reviewed=TODAY), State.STALE),
        (TRANSLATED, origin("now", by="machine"), State.MACHINE),
        (TRANSLATED, origin("now"), State.WAITING),
        (TRANSLATED, origin("now", by="machine", reviewed=TODAY), State.CURRENT),
        (TRANSLATED, origin("noww", reviewed=TODAY), State.CURRENT),
    ],
)
def test_the_state_of_a_translated_part(translated: Section | None, source: Origin | None, state: State) -> None:
    """Missing, written since the last stamp, made from another text, a machine's, unreviewed, reviewed; small fixes pass."""
    known = versions("old", "noww", "now", changes="ms")
    assert freshness.state(section("now"), known, translated, source) is state


@pytest.mark.parametrize(
    ("days", "state"), [(0, State.CURRENT), (365, State.CURRENT), (366, State.OVERDUE)], ids=["new", "a year", "more"]
)
def test_a_review_does_not_hold_for_ever(days: int, state: State) -> None:
    """More than a year after its review, a person should look again."""
    reviewed = origin("now", reviewed=TODAY)
    assert freshness.on(TODAY + datetime.timedelta(days=days), State.CURRENT, reviewed) is state
    assert freshness.on(LATER, State.STALE, reviewed) is State.STALE


@pytest.mark.parametrize(
    ("made_from", "now", "changes", "gravest"),
    [
        ("d", "d", "mm!", None),
        ("c", "d", "!ms", Change.SMALL),
        ("b", "d", "!ms", Change.MEANING),
        ("a", "d", "!ms", Change.SAFETY),
        ("a", "d", "sss", Change.SMALL),
        ("d", "new", "!!!", Change.MEANING),
        ("a", "new", "sss", Change.MEANING),
        ("a", "new", "s!s", Change.SAFETY),
        ("unknown", "d", "sss", Change.MEANING),
        ("unknown", "d", "s!s", Change.SAFETY),
    ],
)
def test_the_gravest_change_since_a_version(made_from: str, now: str, changes: str, gravest: Change | None) -> None:
    """Only changes after it count; one without a class is one of meaning; after an unknown version, all count."""
    assert freshness.gravest(section(now), versions("a", "b", "c", "d", changes=changes), version(made_from)) is gravest


def test_a_text_that_came_back_is_the_same_text() -> None:
    """Of a text that stood there twice, what came after the second time counts."""
    known = versions("a", "b", "a", "c", changes="!!s")
    assert freshness.gravest(section("c"), known, version("a")) is Change.SMALL


@pytest.mark.parametrize(
    ("state", "change", "critical", "hidden"),
    [
        (State.MISSING, None, False, True),
        (State.STALE, Change.MEANING, False, False),
        (State.STALE, Change.SAFETY, False, True),
        (State.STALE, Change.MEANING, True, True),
        (State.DRAFT, None, False, False),
        (State.DRAFT, None, True, True),
        (State.MACHINE, None, True, False),
        (State.MACHINE, Change.SMALL, True, False),
        (State.WAITING, None, True, False),
        (State.CURRENT, None, True, False),
    ],
)
def test_what_is_hidden(state: State, change: Change | None, *, critical: bool, hidden: bool) -> None:
    """What is missing; and what is out of date or unfinished, where the section or the change is safety-critical."""
    assert freshness.hidden(state, change, critical=critical) is hidden


def test_a_stamp_says_what_every_part_was_made_from(tmp_path: Path) -> None:
    """After the first stamp every part stands in the sidecar, title and summary too, with both versions, maker and day."""
    source = page_file(tmp_path, "fi", {"lead": "Hei", "a": "Yksi"})
    translation = page_file(tmp_path, "sv", {"lead": "Hej", "a": "Ett"})
    assert freshness.stamp(translation, source, "machine", TODAY) == ["title", "lead", "a"]
    assert sidecars.origins(translation) == {
        ours.id: Origin(version(theirs.text), version(ours.text), "machine", TODAY)
        for ours, theirs in zip(translation.parts, source.parts, strict=True)
    }


def test_a_stamp_changes_only_what_was_written(tmp_path: Path) -> None:
    """What was said of other parts, a review above all, survives; a rewritten part loses its review."""
    source = page_file(tmp_path, "fi", {"lead": "Hei", "a": "Yksi"})
    translation = page_file(tmp_path, "sv", {"lead": "Hej", "a": "Ett"})
    freshness.stamp(translation, source, "machine", TODAY)
    assert freshness.review(translation, source, "Cecilia", TODAY) == ["title", "lead", "a"]
    rewritten = page_file(tmp_path, "sv", {"lead": "Hej", "a": "Etta"})
    assert freshness.states(rewritten, source)["a"] is State.DRAFT
    assert freshness.stamp(rewritten, source, "Bo", LATER) == ["a"]
    states = freshness.states(rewritten, source)
    assert (states["lead"], states["a"]) == (State.CURRENT, State.WAITING)
    assert sidecars.origins(rewritten)["lead"].reviewer == "Cecilia"


def test_a_mended_comma_makes_no_old_translation_new(tmp_path: Path) -> None:
    """A part whose source has changed is stamped only if it is named, though it was written to since."""
    source = page_file(tmp_path, "fi", {"lead": "Hei", "a": "Yksi"})
    freshness.class_changes(source, None, "Anna", TODAY)
    freshness.stamp(page_file(tmp_path, "sv", {"lead": "Hej", "a": "Ett"}), source, "Bo", TODAY)
    source = page_file(tmp_path, "fi", {"lead": "Hei", "a": "Kaksi"})
    freshness.class_changes(source, Change.MEANING, "Anna", LATER)
    mended = page_file(tmp_path, "sv", {"lead": "Hej", "a": "Ett."})
    assert freshness.stamp(mended, source, "Bo", LATER) == []
    assert freshness.changed_since(mended, source) == ["a"]
    assert freshness.stamp(mended, source, "Bo", LATER, ["a"]) == ["a"]
    assert freshness.states(mended, source)["a"] is State.WAITING


@pytest.mark.parametrize(("change", "state"), [(Change.SMALL, State.CURRENT), (Change.MEANING, State.STALE)])
def test_a_small_fix_leaves_translations_current(tmp_path: Path, change: Change, state: State) -> None:
    """The class of a change decides, and no sidecar of a translation is touched."""
    source = page_file(tmp_path, "fi", {"lead": "Hei"})
    freshness.class_changes(source, None, "Anna", TODAY)
    translation = page_file(tmp_path, "sv", {"lead": "Hej"})
    freshness.stamp(translation, source, "Bo", TODAY)
    freshness.review(translation, source, "Cecilia", TODAY)
    before = sidecars.path_of(translation).read_bytes()
    changed = page_file(tmp_path, "fi", {"lead": "Hei!"})
    assert freshness.states(translation, changed)["lead"] is State.STALE, "nobody has said yet that it is small"
    freshness.class_changes(changed, change, "Anna", LATER)
    assert freshness.states(translation, changed)["lead"] is state
    assert sidecars.path_of(translation).read_bytes() == before


def test_a_changed_source_is_noticed_until_it_is_classed(tmp_path: Path) -> None:
    """Parts that are new or changed since the sidecar was written are named; a change needs its class."""
    source = page_file(tmp_path, "fi", {"lead": "Hei", "a": "Yksi", "c": "Pois"})
    assert freshness.unclassed(source) == ["title", "lead", "a", "c"]
    freshness.class_changes(source, None, "Anna", TODAY)
    assert freshness.unclassed(source) == []
    changed = page_file(tmp_path, "fi", {"lead": "Hei", "a": "Toinen", "b": "Uusi"})
    assert freshness.unclassed(changed) == ["a", "b"]
    with pytest.raises(ContentError, match=r"fi\.md:14: a has changed: say how far, small, meaning, safety"):
        freshness.class_changes(changed, None, "Anna", LATER)
    freshness.class_changes(changed, Change.SAFETY, "Anna", LATER)
    assert freshness.unclassed(changed) == []
    assert sidecars.history(changed)["a"] == (
        Version("A\nYksi", "Anna", TODAY),
        Version("A\nToinen", "Anna", LATER, Change.SAFETY, version("A\nYksi")),
    )


def test_a_section_that_comes_back_has_its_history(tmp_path: Path) -> None:
    """Taken out and put back with other words, it is a changed section, not a new one: no class can be evaded so."""
    sections = {"lead": "Hei", "a": "Yksi"}
    freshness.class_changes(page_file(tmp_path, "fi", sections), None, "Anna", TODAY)
    freshness.class_changes(page_file(tmp_path, "fi", {"lead": "Hei"}), None, "Anna", TODAY)
    back = page_file(tmp_path, "fi", sections | {"a": "Kaksi"})
    assert freshness.unclassed(back) == ["a"]
    with pytest.raises(ContentError, match="a has changed"):
        freshness.class_changes(back, None, "Anna", LATER)


def test_changes_of_one_page_can_be_of_different_classes(tmp_path: Path) -> None:
    """What is not named keeps waiting for its class."""
    freshness.class_changes(page_file(tmp_path, "fi", {"lead": "Hei", "a": "Yksi"}), None, "Anna", TODAY)
    changed = page_file(tmp_path, "fi", {"lead": "Hei!", "a": "Kaksi"})
    freshness.class_changes(changed, Change.SMALL, "Anna", LATER, ["lead"])
    assert freshness.unclassed(changed) == ["a"]


def test_what_is_out_of_date_cannot_be_reviewed(tmp_path: Path) -> None:
    """Neither a stale part nor a draft nor a missing one: there is no version it could be held against."""
    source = page_file(tmp_path, "fi", {"lead": "Hei", "a": "Yksi", "b": "Kaksi"})
    freshness.class_changes(source, None, "Anna", TODAY)
    translation = page_file(tmp_path, "sv", {"lead": "Hej", "a": "Ett"})
    freshness.stamp(translation, source, "Bo", TODAY)
    source = page_file(tmp_path, "fi", {"lead": "Hei", "a": "Kolme", "b": "Kaksi"})
    translation = page_file(tmp_path, "sv", {"lead": "Hejsan", "a": "Ett"})
    assert freshness.review(translation, source, "Cecilia", LATER) == ["title"]
    assert freshness.review(translation, source, "Cecilia", LATER, ["a", "b"]) == []
