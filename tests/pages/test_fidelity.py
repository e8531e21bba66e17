"""What a translation must have as its source has it: sections, links, names, containers, numbers."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from ihmiskauppa.pages import content, fidelity
from tests.pages.test_freshness import page_file

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
    assert fidelity.differences(page_file(tmp_path, "sv", SAME), page_file(tmp_path, "fi", SOURCE)) == []


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
    source = page_file(tmp_path, "fi", SOURCE)
    translation = page_file(tmp_path, "sv", {**SAME, name: SAME[name].replace(old, new)})
    faults = fidelity.differences(translation, source)
    assert len(faults) == 1
    found = translation.section(name)
    assert found is not None
    assert faults[0].startswith(f"{tmp_path / 'sv.md'}:{found.line}: {name}: ")
    assert named in faults[0]


@pytest.mark.parametrize("sections", [{**SAME, "b": "Mer"}, {"lead": SAME["lead"], "b": SAME["a"]}])
def test_a_section_the_source_lacks_is_noticed(tmp_path: Path, sections: Mapping[str, str]) -> None:
    """A section too many or renamed is named."""
    faults = fidelity.differences(page_file(tmp_path, "sv", sections), page_file(tmp_path, "fi", SOURCE))
    assert len(faults) == 1
    assert "are not among the source's ['lead', 'a'], or in another order" in faults[0]


def test_a_section_may_be_missing(tmp_path: Path) -> None:
    """A new section of the source can be published before anybody has translated it."""
    assert fidelity.differences(page_file(tmp_path, "sv", {"lead": SAME["lead"]}), page_file(tmp_path, "fi", SOURCE)) == []


def test_a_stale_section_is_held_to_nothing(tmp_path: Path) -> None:
    """What was made from another text has other numbers; the others must still be as in the source."""
    translation = page_file(tmp_path, "sv", {"lead": "Ring om 9 månader", "a": "Nätet"})
    source = page_file(tmp_path, "fi", SOURCE)
    assert [": a: " in fault for fault in fidelity.differences(translation, source, stale=["lead"])] == [True]
    assert fidelity.differences(translation, source, stale=["lead", "a"]) == []


PLAIN = {
    "lead": "Hei",
    "a": "Soita {contact:hotline}, [tai kirjoita](form:self-referral).",
    "b": "Muuta 3",
    "c": "Soita {contact:hotline}",
}


def _plain(folder: Path, sections: Mapping[str, str]) -> list[str]:
    path = page_file(folder, "fi", PLAIN).path
    path.write_text(path.read_text(encoding="utf-8").replace("critical = []", 'critical = ["a"]'), encoding="utf-8")
    return fidelity.differences(page_file(folder, "fi-simple", sections), content.parse(path, "x/y", "fi"))


def test_a_plain_version_may_leave_things_out(tmp_path: Path) -> None:
    """Whole sections, links, numbers; where nothing is safety-critical, telephone numbers, too."""
    assert _plain(tmp_path, {"lead": "Moi", "a": "Soita {contact:hotline}.", "c": "Soita"}) == []


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        ({"lead": "Moi", "a": "Soita."}, "a: lacks {contact:hotline}"),
        ({"lead": "Moi", "c": "C", "a": "Soita {contact:hotline}."}, "in another order"),
        ({"lead": "Moi", "a": "Soita {contact:hotline}.", "d": "D"}, "are not among the source's"),
    ],
)
def test_a_plain_version_leaves_out_nothing_that_protects(tmp_path: Path, sections: Mapping[str, str], reason: str) -> None:
    """The telephone numbers of a safety-critical section, the order of things."""
    assert [reason in fault for fault in _plain(tmp_path, sections)] == [True]
