"""What readers of the site's own pages see after a source has changed: small, in its meaning, or where safety hangs on it."""

from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from click.testing import CliRunner

from ihmiskauppa.cli import main
from tests.client import SPACE, Page
from tests.public.conftest import Site

PAGE = "get-help/how-we-help"
ORDINARY, CRITICAL = "if-the-answer-is-no", "you-decide"
NEW = "Tämä lause on uusi."
CHANGED = {
    "sv": "Det här avsnittet har ändrats. Ring oss",
    "en": "This part has changed. Call us",
    "en-simple": "This part has changed. Call us",
    "ar": "تغيّر هذا الجزء. اتصل بنا",
}
OLD = {
    "sv": "Originalet till det här avsnittet har ändrats.",
    "en": "The original of this part has changed.",
    "en-simple": "The original of this part has changed.",
    "ar": "تغيّر النص الأصلي لهذا الجزء.",
}


def translations(content: Path, *arguments: str) -> str:
    """Run a command for translators on a content folder."""
    done = CliRunner().invoke(main, ["translations", *arguments], env={"IHMISKAUPPA_CONTENT_FOLDER": str(content)})
    assert done.exit_code == 0, done.output
    return done.output


def change(content: Path, section: str, kind: str | None) -> None:
    """Put a new sentence at the start of a section of the source, and class it, unless `kind` is None."""
    source = content / "pages" / PAGE / "fi.md"
    before, heading, after = source.read_text(encoding="utf-8").partition(f"{{#{section}}}\n\n")
    assert heading
    source.write_text(f"{before}{heading}{NEW}\n\n{after}", encoding="utf-8")
    if kind is not None:
        translations(content, "stamp", PAGE, "fi", "--by", "Anna", "--change", kind)


def part(page: Page, section: str) -> tuple[Element, str, list[str]]:
    """A section of a page, its text, and what its readers are told of its change."""
    found = page.one("section", id=section)
    told = [page.text(each) for each in found.iter(SPACE + "p") if each.get("class") == "ik-changed"]
    return found, page.text(found), told


@pytest.mark.parametrize("section", [ORDINARY, CRITICAL])
def test_after_a_small_fix_every_translation_is_shown_as_before(
    content_copy: Path, make_site: Callable[..., Site], site: Site, section: str
) -> None:
    """The source has its new sentence; in the other languages not a word is different."""
    change(content_copy, section, "small")
    fixed = make_site(content_folder=content_copy)
    assert NEW in part(fixed.client.page(f"/fi/{PAGE}/"), section)[1]
    for code in CHANGED:
        path = f"/{code}/{PAGE}/"
        _, text, told = part(fixed.client.page(path), section)
        assert (text.replace(NEW, "").split(), told) == (part(site.client.page(path), section)[1].split(), []), code


def test_after_a_change_of_meaning_the_page_says_so_in_its_language(
    content_copy: Path, make_site: Callable[..., Site], site: Site
) -> None:
    """The old translation stays, under a notice in the reader's language, marked as such; no other section has one."""
    change(content_copy, ORDINARY, "meaning")
    changed = make_site(content_folder=content_copy)
    for code, notice in OLD.items():
        page = changed.client.page(f"/{code}/{PAGE}/")
        before = site.client.page(f"/{code}/{PAGE}/")
        if not before.all("section", id=ORDINARY):
            continue  # a plain version that leaves it out
        _, text, told = part(page, ORDINARY)
        assert len(told) == 1, code
        assert told[0].startswith(notice)
        assert NEW not in text
        assert text.replace(told[0] + " ", "") == part(before, ORDINARY)[1]
        assert len(page.all("p", class_="ik-changed")) == 1
        assert page.one("p", class_="ik-changed").get("lang") == code


@pytest.mark.parametrize(
    ("section", "kind"), [(ORDINARY, "safety"), (CRITICAL, "safety"), (CRITICAL, "meaning"), (CRITICAL, None)]
)
def test_what_safety_hangs_on_is_hidden_at_once_in_every_language(
    content_copy: Path, make_site: Callable[..., Site], section: str, kind: str | None
) -> None:
    """The new Finnish text stands there, marked as Finnish, under a line in the reader's language with the hotline.

    So it is where the change is safety-critical, and where the section is, even if nobody has classed its change yet.
    """
    change(content_copy, section, kind)
    changed = make_site(content_folder=content_copy)
    seen = 0
    for code, notice in CHANGED.items():
        page = changed.client.page(f"/{code}/{PAGE}/")
        if code == "en-simple" and not page.all("section", id=section):
            continue
        found, text, told = part(page, section)
        assert (found.get("lang"), found.get("dir")) == ("fi", "ltr")
        assert NEW in text
        assert [line.startswith(notice) for line in told] == [True]
        line = page.one("p", class_="ik-changed")
        assert (line.get("lang"), line.get("dir")) == (code, "rtl" if code == "ar" else "ltr")
        assert [link.get("href") for link in line.iter(SPACE + "a")] == ["tel:+358295463177"]
        seen += 1
    assert seen >= 3


def test_a_renewed_translation_is_shown_with_its_source_beneath(content_copy: Path, make_site: Callable[..., Site]) -> None:
    """After a safety-critical change, the first language that is translated again stands in for those that fall back on it."""
    change(content_copy, CRITICAL, "safety")
    english = content_copy / "pages" / PAGE / "en.md"
    text = english.read_text(encoding="utf-8")
    english.write_text(text.replace(f"{{#{CRITICAL}}}\n\n", f"{{#{CRITICAL}}}\n\nThis sentence is new.\n\n"), encoding="utf-8")
    assert CRITICAL in translations(content_copy, "stamp", PAGE, "en", "--by", "machine", "--section", CRITICAL)
    changed = make_site(content_folder=content_copy)
    for code in ("en", "ar"):
        page = changed.client.page(f"/{code}/{PAGE}/")
        found, text, told = part(page, CRITICAL)
        assert "This sentence is new." in text
        assert bool(told) == (code == "ar")
        (source,) = (each for each in found.iter(SPACE + "details") if each.get("class") == "ik-source")
        assert NEW in page.text(source)
    translations(content_copy, "review", PAGE, "en", "--by", "Cecilia")
    reviewed = make_site(content_folder=content_copy).client.page(f"/en/{PAGE}/")
    assert not reviewed.all("details", class_="ik-source")
    assert not reviewed.all("p", class_="ik-review")
