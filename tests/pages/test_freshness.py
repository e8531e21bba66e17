"""Which source version a translation was made from: states, stamps, changes without a class, differences."""

import datetime
from collections.abc import Mapping
from pathlib import Path

import pytest

from ihmiskauppa.pages import content, freshness
from ihmiskauppa.pages.content import ContentError, PageFile, Section
from ihmiskauppa.pages.freshness import Origin, State

TODAY = datetime.date(2026, 11, 24)
LATER = datetime.date(2026, 12, 1)


def page(folder: Path, language: str, sections: Mapping[str, str]) -> PageFile:
    """A page file in `folder`, parsed; `lead` comes first and without a heading."""
    keys = 'audience = ["victim"]\norder = 1\nsafety_critical = []' if language == "fi" else 'review = "machine"'
    text = f'+++\ntitle = "T"\nsummary = "S"\nupdated = 2026-11-24\nchecked = 2026-11-24\n{keys}\n+++\n'
    for name, body in sections.items():
        text += f"{body}\n\n" if name == "lead" else f"## {name.title()} {{#{name}}}\n\n{body}\n\n"
    path = folder / f"{language}.md"
    path.write_text(text, encoding="utf-8")
    return content.parse(path, "x/y", language)


def section(body: str) -> Section:
    return Section("a", "A", body, line=1, heading_line=1)


def test_a_version_follows_the_text_only() -> None:
    """A changed word is another version; where the section stands in the file is not."""
    version = freshness.version(section("one"))
    assert version == freshness.version(Section("other", "A", "one  ", line=7, heading_line=5))
    assert version != freshness.version(section("two"))
    assert version != freshness.version(Section("a", "B", "one", line=1, heading_line=1))
    assert len(version) == freshness.HASH_DIGITS


def test_a_version_is_the_start_of_a_sha256() -> None:
    r"""Known answer: printf 'A\none' | sha256sum | cut -c 1-16."""
    assert freshness.version(section("one")) == "63fa73f9ea5dbad7"


@pytest.mark.parametrize(
    ("source", "origin", "state"),
    [
        (section("one"), None, State.STALE),
        (None, Origin(freshness.version(section("one")), "machine", TODAY), State.STALE),
        (section("two"), Origin(freshness.version(section("one")), "Anna", TODAY, TODAY), State.STALE),
        (section("one"), Origin(freshness.version(section("one")), "machine", TODAY), State.MACHINE),
        (section("one"), Origin(freshness.version(section("one")), "machine", TODAY, TODAY), State.CURRENT),
    ],
)
def test_the_state_of_a_translation(source: Section | None, origin: Origin | None, state: State) -> None:
    """Current needs this version and a reviewer; this version alone is a machine's; anything else is out of date."""
    assert freshness.state(source, origin) is state


def test_without_a_sidecar_nothing_is_known(tmp_path: Path) -> None:
    """A translation nobody stamped has no origins, so that all of it counts as out of date."""
    assert freshness.read(page(tmp_path, "sv", {"lead": "Hej"})) == {}


def test_a_stamp_says_what_every_section_was_made_from(tmp_path: Path) -> None:
    """After a stamp every section of the source stands in the sidecar, with its version, maker and day."""
    source = page(tmp_path, "fi", {"lead": "Hei", "a": "Yksi"})
    translation = page(tmp_path, "sv", {"lead": "Hej", "a": "Ett"})
    freshness.stamp(translation, source, "machine", TODAY)
    assert freshness.read(translation) == {s.id: Origin(freshness.version(s), "machine", TODAY, None) for s in source.sections}


def test_a_stamp_keeps_what_was_said_of_unchanged_sections(tmp_path: Path) -> None:
    """A review survives a new stamp, and is lost with the version it was made for."""
    source = page(tmp_path, "fi", {"lead": "Hei", "a": "Yksi"})
    translation = page(tmp_path, "sv", {"lead": "Hej", "a": "Ett"})
    freshness.stamp(translation, source, "machine", TODAY)
    sidecar = freshness.sidecar_path(translation)
    reviewed = sidecar.read_text(encoding="utf-8").replace("made = 2026-11-24", "made = 2026-11-24\nreviewed = 2026-11-25")
    sidecar.write_text(reviewed, encoding="utf-8")
    changed = page(tmp_path, "fi", {"lead": "Hei", "a": "Kaksi"})
    freshness.stamp(translation, changed, "Anna", LATER)
    origins = freshness.read(translation)
    assert origins["lead"] == Origin(freshness.version(changed.sections[0]), "machine", TODAY, datetime.date(2026, 11, 25))
    assert origins["a"] == Origin(freshness.version(changed.sections[1]), "Anna", LATER, None)


def test_any_name_can_stamp(tmp_path: Path) -> None:
    """A translator's name with quotes or backslashes gives a sidecar that can be read again."""
    source = page(tmp_path, "fi", {"lead": "Hei"})
    translation = page(tmp_path, "sv", {"lead": "Hej"})
    freshness.stamp(translation, source, 'Änn "A\\B"', TODAY)
    assert freshness.read(translation)["lead"].by == 'Änn "A\\B"'


@pytest.mark.parametrize(
    "text",
    [
        "[lead",
        "lead = 5",
        '[lead]\nby = "x"\nmade = 2026-11-24',
        '[lead]\nsource = "x"\nby = "x"\nmade = "yesterday"',
        '[lead]\nsource = "x"\nby = "x"\nmade = 2026-11-24\nreviewed = "yes"',
        '[lead]\nsource = "x"\nby = "x"\nmade = 2026-11-24\nreviewed = true',
        '[lead]\nsource = 5\nby = "x"\nmade = 2026-11-24',
    ],
)
def test_a_broken_sidecar_is_refused(tmp_path: Path, text: str) -> None:
    """A sidecar that cannot be understood is a fault at that file: above all, nothing but a day makes a review."""
    translation = page(tmp_path, "sv", {"lead": "Hej"})
    freshness.sidecar_path(translation).write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        freshness.read(translation)
    assert caught.value.path == tmp_path / "sv.toml"


def test_a_changed_source_is_noticed_until_it_is_stamped(tmp_path: Path) -> None:
    """Sections of a source that are new or changed since the sidecar was written are named."""
    source = page(tmp_path, "fi", {"lead": "Hei", "a": "Yksi"})
    assert freshness.unclassified(source) == ["lead", "a"]
    freshness.stamp(source, source, "editor", TODAY)
    assert freshness.unclassified(source) == []
    changed = page(tmp_path, "fi", {"lead": "Hei", "a": "Toinen", "b": "Uusi"})
    assert freshness.unclassified(changed) == ["a", "b"]


SOURCE = {
    "lead": "Soita {contact:hotline}, 6 kuukautta, {figure:clients} ihmistä.",
    "a": "[Poliisi](page:get-help/police) ja [verkko](https://x.example/1)\n\n::: notice\n30 päivää\n:::",
}
SAME = {
    "lead": "Ring {contact:hotline}, {figure:clients} människor, 6 månader.",
    "a": "[Nätet](https://x.example/1), [polisen](page:get-help/police)\n\n::: notice\n30 dagar\n:::",
}


def test_a_faithful_translation_has_no_differences(tmp_path: Path) -> None:
    """Numbers, links and names may stand in another order within a section."""
    assert freshness.differences(page(tmp_path, "sv", SAME), page(tmp_path, "fi", SOURCE)) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "named"),
    [
        ("lead", "6 månader", "9 månader", "lead: not as in the source: 6, 9"),
        ("lead", "6 månader", "sex månader", "lead: not as in the source: 6"),
        ("lead", "6 månader", "6 månader, 6 år", "lead: not as in the source: 6"),
        ("lead", "{contact:hotline}", "{contact:mailbox}", "{contact:hotline}, {contact:mailbox}"),
        ("lead", "{contact:hotline}", "oss", "{contact:hotline}"),
        ("lead", "{figure:clients} människor", "många", "{figure:clients}"),
        ("a", "page:get-help/police", "page:get-help/index", "page:get-help/index, page:get-help/police"),
        ("a", "[polisen](page:get-help/police)", "polisen", "page:get-help/police"),
        ("a", "https://x.example/1", "https://x.example/2", "https://x.example/1, https://x.example/2"),
        ("a", "::: notice", "::: danger", "::: danger, ::: notice"),
    ],
)
def test_a_difference_is_noticed(tmp_path: Path, name: str, old: str, new: str, named: str) -> None:
    """A number, link, contact, figure or container that is not the source's is named with file and section."""
    assert old in SAME[name]
    source = page(tmp_path, "fi", SOURCE)
    translation = page(tmp_path, "sv", {**SAME, name: SAME[name].replace(old, new)})
    faults = freshness.differences(translation, source)
    assert len(faults) == 1
    found = translation.section(name)
    assert found is not None
    assert faults[0].startswith(f"{tmp_path / 'sv.md'}:{found.line}: {name}: ")
    assert named in faults[0]


@pytest.mark.parametrize("sections", [{"lead": SAME["lead"]}, {**SAME, "b": "Mer"}, {"lead": SAME["lead"], "b": SAME["a"]}])
def test_sections_that_differ_are_noticed(tmp_path: Path, sections: Mapping[str, str]) -> None:
    """A section missing, too many or renamed is named."""
    faults = freshness.differences(page(tmp_path, "sv", sections), page(tmp_path, "fi", SOURCE))
    assert len(faults) == 1
    assert "differ from the source's ['lead', 'a']" in faults[0]


PLAIN = {
    "lead": "Hei",
    "a": "Soita {contact:hotline}, [tai kirjoita](form:self-referral).",
    "b": "Muuta 3",
    "c": "Soita {contact:hotline}",
}


def _plain(folder: Path, sections: Mapping[str, str]) -> list[str]:
    path = page(folder, "fi", PLAIN).path
    path.write_text(path.read_text(encoding="utf-8").replace("critical = []", 'critical = ["a"]'), encoding="utf-8")
    return freshness.differences(page(folder, "fi-simple", sections), content.parse(path, "x/y", "fi"))


def test_a_plain_version_may_leave_things_out(tmp_path: Path) -> None:
    """Whole sections, links, numbers; where nothing is safety-critical, telephone numbers, too."""
    assert _plain(tmp_path, {"lead": "Moi", "a": "Soita {contact:hotline}.", "c": "Soita"}) == []


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        ({"lead": "Moi", "b": "Muuta"}, "lacks the safety-critical section a"),
        ({"lead": "Moi", "a": "Soita."}, "a: lacks {contact:hotline}"),
        ({"lead": "Moi", "c": "C", "a": "Soita {contact:hotline}."}, "in another order"),
        ({"lead": "Moi", "a": "Soita {contact:hotline}.", "d": "D"}, "are not among the source's"),
    ],
)
def test_a_plain_version_leaves_out_nothing_that_protects(tmp_path: Path, sections: Mapping[str, str], reason: str) -> None:
    """A safety-critical section, its telephone numbers, the order of things."""
    assert [reason in fault for fault in _plain(tmp_path, sections)] == [True]
