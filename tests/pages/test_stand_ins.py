"""What stands in for a section that is missing, unfinished or out of date, and beneath one that no person has checked."""

from pathlib import Path

import pytest

from ihmiskauppa.pages import content, freshness
from ihmiskauppa.pages.catalogue import ShownSection
from ihmiskauppa.pages.content import ContentError
from ihmiskauppa.pages.freshness import State
from ihmiskauppa.pages.sidecars import Change
from tests.pages.test_catalogue import DAY, load, shown, site, stamp, write


def section(folder: Path, language: str, section_id: str) -> ShownSection:
    shown = load(folder).page(language, "get-help/police").sections
    return next(one for one in shown if one.id == section_id)


CRITICAL = "## Kuka {#who}\n\n[Lähde](page:get-help/index)\n\n## Muu {#other}\n\nMuu\n"


def police(tmp_path: Path, *others: str) -> Path:
    """A site with a page whose section `who` is safety-critical, in Finnish and `others`, all stamped."""
    folder = site(tmp_path)
    write(folder, "get-help/police", "fi", CRITICAL, critical=["who"])
    for language in others:
        write(
            folder, "get-help/police", language, f"## Who {{#who}}\n\nWho {language}\n\n## O {{#other}}\n\nOther {language}\n"
        )
        stamp(folder, "get-help/police", language)
    return folder


def test_the_source_needs_nothing_beneath(tmp_path: Path) -> None:
    """A source is itself the last word."""
    who = section(police(tmp_path), "fi", "who")
    assert (who.state, who.beneath, who.replaced) == (State.SOURCE, None, False)


def test_an_unchecked_critical_section_has_the_fallback_s_text_beneath(tmp_path: Path) -> None:
    """Beneath a machine's safety-critical text stands the first fallback's, with links in the reader's language."""
    folder = police(tmp_path, "sv", "ar")
    for code in ("sv", "ar"):
        who = section(folder, code, "who")
        assert (who.state, who.replaced) == (State.MACHINE, False)
        assert shown(who.text) == (code, f"<p>Who {code}</p>\n")
        assert shown(who.beneath) == ("fi", f'<p><a href="/{code}/get-help/">Lähde</a></p>\n')
        assert who.beneath is not None
        assert who.beneath.heading == "Kuka"
        other = section(folder, code, "other")
        assert (other.state, other.beneath) == (State.MACHINE, None)


def test_the_nearest_fallback_that_is_up_to_date_stands_beneath(tmp_path: Path) -> None:
    """An Arabic reader gets the English beneath while it is up to date, and the Finnish once it is not."""
    folder = police(tmp_path, "en", "ar")
    assert shown(section(folder, "ar", "who").beneath) == ("en", "<p>Who en</p>\n")
    write(folder, "get-help/police", "fi", CRITICAL.replace("Lähde", "Uusi"), critical=["who"])
    stamp(folder, "get-help/police", "ar")
    assert shown(section(folder, "ar", "who").beneath) == ("fi", '<p><a href="/ar/get-help/">Uusi</a></p>\n')


def test_a_fallback_s_critical_section_has_the_source_beneath(tmp_path: Path) -> None:
    """A stand-in that no person has checked needs its source as well."""
    who = section(police(tmp_path, "en"), "ar", "who")
    assert shown(who.text) == ("en", "<p>Who en</p>\n")
    assert shown(who.beneath) == ("fi", '<p><a href="/ar/get-help/">Lähde</a></p>\n')


def test_a_reviewed_critical_section_stands_alone(tmp_path: Path) -> None:
    """What a person has checked against the source as it is needs nothing beneath."""
    folder = police(tmp_path, "sv")
    stamp(folder, "get-help/police", "sv", reviewed=True)
    who = section(folder, "sv", "who")
    assert (who.state, who.beneath, who.replaced) == (State.CURRENT, None, False)
    assert shown(who.text) == ("sv", "<p>Who sv</p>\n")


@pytest.mark.parametrize("reviewed", [False, True])
def test_a_critical_section_out_of_date_is_replaced(tmp_path: Path, *, reviewed: bool) -> None:
    """Once the source changed, its text stands in place of the old translation, reviewed or not; other sections stay."""
    folder = police(tmp_path, "sv")
    stamp(folder, "get-help/police", "sv", reviewed=reviewed)
    changed = CRITICAL.replace("Lähde", "Uusi").replace("\nMuu\n", "\nUusi muu\n")
    write(folder, "get-help/police", "fi", changed, critical=["who"])
    who, other = section(folder, "sv", "who"), section(folder, "sv", "other")
    assert (who.state, who.beneath, who.replaced) == (State.STALE, None, True)
    assert shown(who.text) == ("fi", '<p><a href="/sv/get-help/">Uusi</a></p>\n')
    assert (other.state, other.replaced) == (State.STALE, False)
    assert shown(other.text) == ("sv", "<p>Other sv</p>\n")


def test_a_translation_without_a_sidecar_is_a_draft(tmp_path: Path) -> None:
    """A safety-critical text whose origin nobody knows is replaced."""
    folder = police(tmp_path, "sv")
    (folder / "pages/get-help/police/sv.toml").unlink()
    assert section(folder, "sv", "who").state is State.DRAFT
    assert shown(section(folder, "sv", "who").text) == ("fi", '<p><a href="/sv/get-help/">Lähde</a></p>\n')


def classed(folder: Path, change: Change | None) -> None:
    """Class how the source of the police page changed."""
    path = folder / "pages/get-help/police/fi.md"
    freshness.class_changes(content.parse(path, "get-help/police", "fi"), change, "Anna", DAY)


def changed_police(tmp_path: Path, change: Change | None, *others: str) -> Path:
    """The site of `police`, whose source then changed in both sections, in one class; `None` says that nobody classed it."""
    folder = police(tmp_path, *others)
    classed(folder, None)
    write(
        folder,
        "get-help/police",
        "fi",
        CRITICAL.replace("[Lähde]", "[Uusi]").replace("\nMuu\n", "\nUusi muu\n"),
        critical=["who"],
    )
    if change is not None:
        classed(folder, change)
    return folder


@pytest.mark.parametrize(
    ("change", "who", "other"),
    [
        (Change.SMALL, ("sv", State.MACHINE), ("sv", State.MACHINE)),
        (Change.MEANING, ("fi", State.STALE), ("sv", State.STALE)),
        (Change.SAFETY, ("fi", State.STALE), ("fi", State.STALE)),
        (None, ("fi", State.STALE), ("sv", State.STALE)),
    ],
)
def test_the_class_of_a_change_says_what_is_shown(
    tmp_path: Path, change: Change | None, who: tuple[str, State], other: tuple[str, State]
) -> None:
    """Small: all as before. Meaning, or nobody said: what is safety-critical is replaced. Safety: the rest, too."""
    folder = changed_police(tmp_path, change, "sv")
    for name, (language, state) in (("who", who), ("other", other)):
        found = section(folder, "sv", name)
        assert (found.text.language.code, found.state, found.replaced) == (language, state, language == "fi")


def test_a_safety_critical_change_reaches_every_language_at_once(tmp_path: Path) -> None:
    """Swedish, English and Arabic readers all get the new Finnish, until someone translates it; then that, with its source."""
    folder = changed_police(tmp_path, Change.SAFETY, "sv", "en", "ar")
    for code in ("sv", "en", "ar"):
        assert shown(section(folder, code, "other").text) == ("fi", "<p>Uusi muu</p>\n")
    stamp(folder, "get-help/police", "en")
    assert shown(section(folder, "en", "other").text) == ("en", "<p>Other en</p>\n")
    assert shown(section(folder, "ar", "other").text) == ("en", "<p>Other en</p>\n")
    who = section(folder, "ar", "who")
    assert shown(who.text) == ("en", "<p>Who en</p>\n")
    assert shown(who.beneath) == ("fi", '<p><a href="/ar/get-help/">Uusi</a></p>\n'), "a stand-in is a machine's, too"


def test_a_new_section_is_shown_before_anybody_translates_it(tmp_path: Path) -> None:
    """It stands in its place in the source's language; a section that the source no longer has is gone everywhere."""
    folder = police(tmp_path, "sv")
    write(folder, "get-help/police", "fi", "## Uusi {#new}\n\nTuore\n\n## Kuka {#who}\n\nKuka\n", critical=["who"])
    sections = load(folder).page("sv", "get-help/police").sections
    assert [(one.id, one.text.language.code, one.replaced) for one in sections] == [
        ("lead", "sv", False),
        ("new", "fi", True),
        ("who", "fi", True),
    ]
    assert sections[1].state is State.MISSING


def test_a_title_that_became_dangerous_is_replaced(tmp_path: Path) -> None:
    """Title and summary are classed as sections are; in menus, too, they then stand in the source's language."""
    folder = police(tmp_path, "sv", "ar")
    classed(folder, None)
    source = folder / "pages/get-help/police/fi.md"
    source.write_text(source.read_text(encoding="utf-8").replace('"S"', '"Poliisille ei kerrota"'), encoding="utf-8")
    classed(folder, Change.SAFETY)
    made = load(folder)
    for code in ("sv", "ar"):
        page, entry = made.page(code, "get-help/police"), made.entry(code, "get-help/police")
        assert (page.body_language.code, page.title_language.code, page.title_state) == (code, "fi", State.STALE)
        assert (entry.title, entry.summary, entry.language.code) == ("get-help/police fi", "Poliisille ei kerrota", "fi")


def test_what_is_hidden_must_be_fit_to_be_shown(tmp_path: Path) -> None:
    """A fault in a section that is not shown today is found today."""
    folder = changed_police(tmp_path, Change.SAFETY, "sv")
    path = folder / "pages/get-help/police/sv.md"
    path.write_text(path.read_text(encoding="utf-8").replace("Who sv", "Who <b>sv</b>"), encoding="utf-8")
    with pytest.raises(ContentError, match=r"sv\.md:10: HTML is not allowed"):
        load(folder)


def test_a_broken_sidecar_is_refused(tmp_path: Path) -> None:
    """A sidecar that cannot be read stops the whole catalogue: nothing is shown as checked by mistake."""
    folder = police(tmp_path, "sv")
    (folder / "pages/get-help/police/sv.toml").write_text("[who", encoding="utf-8")
    with pytest.raises(ContentError, match=r"sv\.toml:1: "):
        load(folder)
