"""The site map, the accessibility statement and the footer that leads to both, as readers get them."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ihmiskauppa.pages import accessibility
from tests.client import SPACE, Page
from tests.public.conftest import Site

LANGUAGES = ("fi", "sv", "en", "ar")
STATEMENT = "about/accessibility/"
MAP = "about/site-map/"


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_site_map_has_every_page_once(site: Site, code: str) -> None:
    """All ids of the catalogue with their titles, with summaries if they are in the reader's language; others say in which."""
    catalogue = site.edition.catalogue
    page = site.client.page(f"/{code}/{MAP}")
    shown = page.one("div", class_="ik-map")
    links = {link.get("href"): link for link in shown.iter(SPACE + "a")}
    entries = {entry.path: entry for entry in (catalogue.entry(code, page_id) for page_id in catalogue.ids)}
    assert links.keys() == entries.keys()
    assert len(list(shown.iter(SPACE + "a"))) == len(entries)
    told = [page.text(p) for p in shown.iter(SPACE + "p")]
    for path, entry in entries.items():
        lang = None if entry.language.code == code else entry.language.code
        assert (page.text(links[path]), links[path].get("lang")) == (" ".join(entry.title.split()), lang), path
        if entry.summary:  # a section's name alone, where its front page is not in the reader's language, has none
            assert (" ".join(entry.summary.split()) in told) == (lang is None), path
    foreign = [link.get("lang") is not None for link in links.values()]
    assert foreign == sorted(foreign), "what is in another language stands last"
    assert ("Materials" in page.text(shown)) == (code == "en")


def test_the_site_map_of_a_core_language_marks_what_is_not_in_it(site: Site) -> None:
    """The Arabic map leads to the statement, which stands there in English."""
    link = site.client.page(f"/ar/{MAP}").one("div", class_="ik-map").find(f".//{SPACE}a[@href='/ar/{STATEMENT}']")
    assert link is not None
    assert (link.get("lang"), link.get("dir")) == ("en", "ltr")


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_footer_leads_to_what_every_reader_may_want(site: Site, code: str) -> None:
    """On pages, forms, errors and the search alike."""
    for path in ("", MAP, STATEMENT, "about/write-to-us/", "nowhere/", "about/search/"):
        footer = Page(site.client.get(f"/{code}/{path}").text).one("footer")
        links = {link.get("href") for link in footer.iter(SPACE + "a")}
        wanted = (
            "about/contact/",
            "about/how-we-protect-you/",
            "get-help/use-this-site-safely/",
            STATEMENT,
            MAP,
            "about/languages/",
        )
        assert {f"/{code}/{place}" for place in wanted} <= links, path


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_statement_is_made_of_its_data(site: Site, code: str) -> None:
    """Each failing, method, day and contact of the file; English for those whose language has no texts, marked as such."""
    statement = site.edition.accessibility
    written = "en" if code == "ar" else code
    page = site.client.page(f"/{code}/{STATEMENT}")
    main = page.text(page.one("main"))
    texts = [text for failing in statement.failings for text in (failing.what, failing.why, failing.instead)]
    for text in (*texts, *statement.methods, statement.supervisor):
        assert text.by_language[written] in main
    marked = {page.text(element) for tag in ("h3", "dd") for element in page.all(tag, lang="en", dir="ltr")}
    assert ({text.by_language["en"] for text in texts} <= marked) == (code == "ar")
    assert "WCAG 2.1: 3.1.2" in main
    days = [time.get("datetime") for time in page.one("main").iter(SPACE + "time")]
    assert days == [statement.assessed.isoformat(), statement.stated.isoformat()]
    links = {link.get("href") for link in page.one("main").iter(SPACE + "a")}
    assert {contact.href for contact in statement.supervisor_contacts} <= links
    assert {f"/{code}/about/write-to-us/", "mailto:ihmiskauppa.auttamisjarjestelma@migri.fi"} <= links


def test_a_changed_statement_changes_the_page(make_site: Callable[..., Site], content_copy: Path) -> None:
    """Without failings that bind us the page says so; a day until which one lasts is shown."""
    file = content_copy / accessibility.FILE
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('criteria = ["3.1.2"]', 'criteria = ["3.1.2"]\nuntil = 2031-05-06', 1), encoding="utf-8")
    page = make_site(content_folder=content_copy).client.page(f"/en/{STATEMENT}")
    assert "6 May 2031" in page.text(page.one("main"))
    assert "meets in part" in page.text(page.one("main"))
    full = text.replace('status = "partial"', 'status = "full"').replace('["3.1.2"]', "[]")
    file.write_text(re.sub(r'status = "full".*', 'status = "full"', full), encoding="utf-8")
    page = make_site(content_folder=content_copy).client.page(f"/en/{STATEMENT}")
    assert "meets what the Act" in page.text(page.one("main"))
    shutil.copy(content_copy / "languages.toml", file)
    with pytest.raises(accessibility.AccessibilityError):
        make_site(content_folder=content_copy)
