"""Changed content is swapped in as a whole, and a broken file never replaces a good set."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ihmiskauppa.app import build_public_app
from ihmiskauppa.contacts import ContactsError
from ihmiskauppa.public.editions import Edition, Editions
from ihmiskauppa.public.wellknown import SITEMAP
from ihmiskauppa.settings import data_folder
from tests.client import CheckedClient
from tests.public.conftest import Site


def _changed(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_change_appears_without_a_restart(make_site: Callable[..., Site], content_copy: Path) -> None:
    """The watcher puts a changed number into every page, and into forms, within a few seconds."""
    site = make_site(content_folder=content_copy)
    client = CheckedClient(build_public_app(site.configuration, watch=True))
    assert "+358295463177" in client.get("/fi/").text
    _changed(content_copy / "contacts.toml", "+358295463177", "+358295463178")
    _changed(content_copy / "contacts.toml", "463 177", "463 178")
    _wait_until(lambda: "+358295463178" in client.get("/fi/").text)
    for path in ("/ar/get-help/police/", "/en/get-help/write-to-us/", "/"):
        assert "+358295463177" not in client.get(path).text


def test_a_broken_file_leaves_the_good_set(make_site: Callable[..., Site], content_copy: Path) -> None:
    """A page that no longer parses changes nothing; mended, it is taken."""
    configuration = make_site(content_folder=content_copy).configuration
    editions = Editions(configuration)
    good = editions.current
    page = content_copy / "pages" / "get-help" / "police" / "fi.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text + "\n## No id\n", encoding="utf-8")
    assert not editions.refresh()
    assert editions.current is good
    page.write_text(text + "\nUusi rivi.\n", encoding="utf-8")
    assert editions.refresh()
    assert editions.current is not good


def test_content_that_cannot_be_shown_leaves_the_good_set(make_site: Callable[..., Site], content_copy: Path) -> None:
    """What fails only when it is rendered changes nothing, either, and the next change is seen."""
    editions = Editions(make_site(content_folder=content_copy).configuration)
    page = content_copy / "pages/about/index/fi.md"
    good, broken = editions.current, [True]

    def listener(_edition: Edition) -> None:
        if broken:
            raise ZeroDivisionError

    editions.on_change(listener)
    _changed(page, "title = ", "title  = ")
    assert not editions.refresh()
    assert editions.current is good
    broken.clear()
    _changed(page, "title  = ", "title   = ")
    assert editions.refresh()
    assert editions.current is not good


def test_nothing_changed_is_nothing_done(make_site: Callable[..., Site], content_copy: Path) -> None:
    """Without a change the edition stays the very same."""
    editions = Editions(make_site(content_folder=content_copy).configuration)
    good = editions.current
    assert not editions.refresh()
    assert editions.current is good


def test_a_page_a_language_lacks_is_offered_in_another(make_site: Callable[..., Site], content_copy: Path) -> None:
    """The fallback has its own lang and dir, a notice in the language asked for, noindex, and no hreflang for that language."""
    for suffix in ("md", "toml"):
        (content_copy / "pages" / "get-help" / "how-we-help" / f"ar.{suffix}").unlink()
    site = make_site(content_folder=content_copy)
    page = site.client.page("/ar/get-help/how-we-help/")
    article = page.one("article")
    assert (page.language, page.root.get("dir")) == ("ar", "rtl")
    assert (article.get("lang"), article.get("dir")) == ("en", "ltr")
    assert page.all("div", class_="ik-notice", role="note")
    assert page.one("meta", name="robots").get("content") == "noindex"
    told = site.client.get(SITEMAP).text
    assert "/en/get-help/how-we-help/" in told
    assert "/ar/get-help/how-we-help/" not in told


def test_an_outdated_safety_critical_section_is_hidden_at_once(make_site: Callable[..., Site], content_copy: Path) -> None:
    """When the Finnish text about the police changes, the old Arabic text of that section is gone, and the source is there."""
    before = make_site(content_folder=content_copy).client.page("/ar/get-help/police/")
    old = before.text(before.one("section", id="who-is-told"))
    page = content_copy / "pages" / "get-help" / "police" / "fi.md"
    lines = page.read_text(encoding="utf-8").split("\n")
    at = next(index for index, line in enumerate(lines) if "{#who-is-told}" in line)
    page.write_text("\n".join([*lines[: at + 1], "", "Tämä on muuttunut.", *lines[at + 1 :]]), encoding="utf-8")
    after = make_site(content_folder=content_copy).client.page("/ar/get-help/police/")
    section = after.one("section", id="who-is-told")
    assert section.get("lang") == "fi"
    assert "Tämä on muuttunut." in after.text(section)
    assert old[:40] not in after.text(section)


def test_a_safety_critical_section_a_translation_lacks_stands_there_all_the_same(
    make_site: Callable[..., Site], content_copy: Path
) -> None:
    """A translator who forgot the section on who is told does not hide it: the English stands in its place."""
    page = content_copy / "pages" / "get-help" / "police" / "ar.md"
    text = page.read_text(encoding="utf-8")
    start = text.index("\n## ", 1)
    while "{#who-is-told}" not in text[start : text.index("\n", start + 1)]:
        start = text.index("\n## ", start + 1)
    end = text.index("\n## ", start + 1)
    page.write_text(text[:start] + text[end:], encoding="utf-8")
    shown = make_site(content_folder=content_copy).client.page("/ar/get-help/police/")
    section = shown.one("section", id="who-is-told")
    assert section.get("lang") == "en"


def test_a_form_that_names_no_contact_is_refused(make_site: Callable[..., Site], tmp_path: Path) -> None:
    """A mistyped contact in a form's text stops the start instead of the visitor."""
    forms = Path(shutil.copytree(data_folder("forms"), tmp_path / "forms"))
    _changed(forms / "contact.toml", "{contact:hotline}", "{contact:hotlime}")
    with pytest.raises(ContactsError, match="hotlime"):
        make_site(forms_folder=forms)


def _wait_until(true: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.1)
