"""News items: where they lie, the file and line named for what is broken, their order, and their place among the pages."""

import datetime
from pathlib import Path

import pytest

from ihmiskauppa import languages, settings
from ihmiskauppa.contacts import Contact, Contacts
from ihmiskauppa.languages import Language, Languages
from ihmiskauppa.pages import catalogue, fidelity, freshness, news, published, sidecars
from ihmiskauppa.pages.catalogue import Catalogue
from ihmiskauppa.pages.content import ContentError
from ihmiskauppa.pages.freshness import State

LANGUAGES = Languages(
    [
        Language("fi", "Suomi", "ltr", "full", "fi", ()),
        Language("sv", "Svenska", "ltr", "full", "sv_FI", ("fi",)),
        Language("en", "English", "ltr", "full", "en_GB", ("fi",)),
        Language("ar", "العربية", "rtl", "core", "ar", ("en", "fi")),
    ]
)
ITEM = """\
+++
title = "Uutinen"
summary = "Mitä tapahtui."
published = "2018-11"
+++
Näin kävi.

## Miksi {#why}

Siksi.
"""


def write(folder: Path, place: str, text: str = ITEM) -> Path:
    path = folder / "news" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def translated(text: str, title: str = "Item") -> str:
    return text.replace("Uutinen", title).replace("+++\nNäin", 'review = "machine"\n+++\nNäin')


def item(folder: Path, name: str, published: str, *tongues: str, extra: str = "") -> None:
    """An item in Finnish and in `tongues`, titled by its name and language."""
    text = ITEM.replace('"2018-11"', f'"{published}"\n{extra}' if extra else f'"{published}"')
    write(folder, f"{published}-{name}/fi.md", text.replace("Uutinen", f"{name} fi"))
    for tongue in tongues:
        write(folder, f"{published}-{name}/{tongue}.md", translated(text, f"{name} {tongue}").replace(f"\n{extra}\n", "\n"))


def load(folder: Path) -> Catalogue:
    """The catalogue of a home page, the news' front page, and the items."""
    for page_id in ("home/index", "news/index"):
        page = folder / "pages" / page_id / "fi.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        keys = 'audience = ["public"]\norder = 1\nsafety_critical = []'
        page.write_text(f'+++\ntitle = "T"\nsummary = "S"\nupdated = 2026-11-24\nchecked = 2026-11-24\n{keys}\n+++\nX\n')
    (folder / "figures.toml").write_text("")
    return catalogue.load(folder, LANGUAGES, Contacts({"hotline": Contact("hotline", "telephone", "112", "112")}), ())


@pytest.mark.parametrize(
    ("text", "first"),
    [("2018", (2018, 1, 1)), ("2018-11", (2018, 11, 1)), ("2018-11-24", (2018, 11, 24)), ("2024-02-29", (2024, 2, 29))],
)
def test_what_is_known_of_a_time(text: str, first: tuple[int, int, int]) -> None:
    """A year, a month or a day; its first day is what sorts it."""
    assert published.parse(text) == published.Published(text, datetime.date(*first))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "18",
        "2018-1",
        "2018-13",
        "2018-00",
        "2018-02-29",
        "2018-11-31",
        "0000",
        "2018-11-24T10:00",
        "2018-",
        "٢٠١٨",
        " 2018",
    ],
)
def test_what_is_no_time(text: str) -> None:
    """Neither half a date nor one that is in no calendar, nor digits of other scripts."""
    with pytest.raises(ValueError, match=r"neither a year|no calendar"):
        published.parse(text)


def test_an_item_is_a_page_with_a_time(tmp_path: Path) -> None:
    """Its id is its name without the time; it has sections; what it may leave out is empty."""
    write(tmp_path, "2018-11-police/fi.md")
    write(tmp_path, "2018-11-police/sv.md", translated(ITEM))
    source, swedish = news.find(tmp_path / "news", LANGUAGES)
    assert (source.id, source.language, source.published) == ("news/police", "fi", published.parse("2018-11"))
    assert [section.id for section in source.sections] == ["lead", "why"]
    assert (source.updated, source.checked, source.review, source.shows) == (None, None, None, "")
    assert (swedish.language, swedish.review) == ("sv", "machine")


@pytest.mark.parametrize(
    "place",
    [
        "police/fi.md",
        "2018-11/fi.md",
        "2018-11-Police/fi.md",
        "2018-11-12-24-police/fi.md",
        "2018-11-police/de.md",
        "2018-11-police/more/fi.md",
        "2018-11-police.md",
        "2018-11-police-/fi.md",
    ],
)
def test_an_item_in_the_wrong_place_is_refused(tmp_path: Path, place: str) -> None:
    """A file that is no item in a language of the site would never be seen."""
    path = write(tmp_path, place)
    with pytest.raises(ContentError, match="a news item lies at") as caught:
        list(news.find(tmp_path / "news", LANGUAGES))
    assert (caught.value.path, caught.value.line) == (path, 1)


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        pytest.param('published = "2018-11"\n', "", 1, "missing: published", id="no time"),
        pytest.param('"2018-11"', "2018-11-24", 4, "published must be str", id="a TOML date"),
        pytest.param('"2018-11"', '"November 2018"', 4, "neither a year", id="words"),
        pytest.param('"2018-11"', '"2018-13"', 4, "in no calendar", id="a thirteenth month"),
        pytest.param('"2018-11"', '"2018"', 4, "differs from the folder's 2018-11", id="another precision"),
        pytest.param('"2018-11"', '"2018-11"\nupdated = "soon"', 5, "updated must be date", id="updated is no day"),
        pytest.param('"2018-11"', '"2018-11"\norder = 1', 5, "'order' does not belong", id="a key of pages"),
        pytest.param('"2018-11"', '"2018-11"\nreview = "machine"', 5, "'review' does not belong", id="review in the source"),
        pytest.param('"2018-11"', '"2018-11"\nsafety_critical = ["x"]', 5, "do not exist: x", id="unknown section"),
        pytest.param("{#why}", "", 8, "needs a text and an id", id="heading without id"),
        pytest.param("+++\n", "", 1, "front matter must stand first", id="no front matter"),
    ],
)
def test_a_broken_item_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, reason: str) -> None:
    """As with pages: the file, the line and the reason."""
    assert old in ITEM
    path = write(tmp_path, "2018-11-police/fi.md", ITEM.replace(old, new, 1))
    with pytest.raises(ContentError) as caught:
        list(news.find(tmp_path / "news", LANGUAGES))
    assert (caught.value.path, caught.value.line) == (path, line)
    assert reason in caught.value.reason


def test_two_items_cannot_share_an_address(tmp_path: Path) -> None:
    """The time is not in the address, so names are used once; and the front page's name is taken."""
    write(tmp_path, "2018-11-police/fi.md")
    write(tmp_path, "2019-police/fi.md", ITEM.replace("2018-11", "2019"))
    with pytest.raises(ContentError, match="2018-11-police has this name"):
        list(news.find(tmp_path / "news", LANGUAGES))
    (tmp_path / "news/2019-police/fi.md").unlink()
    write(tmp_path, "2018-11-index/fi.md")
    with pytest.raises(ContentError, match="has the same address"):
        load(tmp_path)


def test_an_item_without_its_source_is_refused(tmp_path: Path) -> None:
    """A translation of nothing; the folder is named."""
    write(tmp_path, "2018-11-police/sv.md", translated(ITEM))
    with pytest.raises(ContentError, match=r"2018-11-police:1: the source fi\.md is missing"):
        load(tmp_path)


def test_text_that_cannot_be_rendered_is_named(tmp_path: Path) -> None:
    """Bodies go through the same walls as those of pages."""
    path = write(tmp_path, "2018-11-police/fi.md", ITEM.replace("Siksi.", "<b>Siksi</b>"))
    with pytest.raises(ContentError, match="HTML is not allowed") as caught:
        load(tmp_path)
    assert (caught.value.path, caught.value.line) == (path, 10)


def test_the_newest_comes_first(tmp_path: Path) -> None:
    """By the first day it may have been; what stands on the same day, by name."""
    for name, time in (
        ("a", "2018"),
        ("b", "2018-11"),
        ("c", "2018-11-24"),
        ("d", "2019"),
        ("e", "2018-01"),
        ("f", "2026-11-24"),
    ):
        item(tmp_path, name, time)
    assert [page.id[5:] for page in load(tmp_path).news("fi")] == ["f", "d", "c", "b", "e", "a"]


def test_what_a_language_lacks_is_there_in_another(tmp_path: Path) -> None:
    """Every reader has every item, marked by the language of its text; `news_language` is the first that has any itself."""
    item(tmp_path, "a", "2018")
    item(tmp_path, "b", "2019", "en")
    pages = load(tmp_path)
    assert [(page.title, page.fallback) for page in pages.news("en")] == [("b en", False), ("a fi", True)]
    assert [(page.title, page.fallback) for page in pages.news("ar")] == [("b en", True), ("a fi", True)]
    assert {code: pages.news_language(code) for code in LANGUAGES} == {
        "fi": LANGUAGES["fi"],
        "sv": LANGUAGES["fi"],
        "en": LANGUAGES["en"],
        "ar": LANGUAGES["en"],
    }
    assert [language.code for language in pages.translations("news/b")] == ["fi", "en"]


def test_items_are_in_no_menu_and_yet_pages(tmp_path: Path) -> None:
    """Reached from the front page, which is in the menu; the breadcrumbs lead back; pages may link to them."""
    item(tmp_path, "a", "2018")
    pages = load(tmp_path)
    listed = [entry.id for front, below in pages.menu("fi") for entry in (front, *below)]
    assert listed == ["news/index"]
    assert "news/a" in pages.ids
    assert pages.by_path["/sv/news/a/"].fallback
    assert [entry.id for entry in pages.breadcrumbs("fi", "news/a")] == ["home/index", "news/index"]


def test_when_an_item_changed(tmp_path: Path) -> None:
    """The day of its last change; before any, the time of its publishing as it is known."""
    item(tmp_path, "a", "2018")
    item(tmp_path, "b", "2019", extra="updated = 2026-11-24")
    assert [page.changed for page in load(tmp_path).news("fi")] == ["2026-11-24", "2018"]


def test_a_critical_section_of_an_item_has_its_source_beneath(tmp_path: Path) -> None:
    """News about the police are held to the same as the page on the police."""
    item(tmp_path, "a", "2018", "sv", extra='safety_critical = ["lead"]')
    files = {file.language: file for file in news.find(tmp_path / "news", LANGUAGES)}
    freshness.stamp(files["sv"], files["fi"], "machine", datetime.date(2026, 11, 24))
    lead, why = load(tmp_path).page("sv", "news/a").sections
    assert (lead.state, why.state) == (State.MACHINE, State.MACHINE)
    assert lead.beneath is not None
    assert lead.beneath.language.code == "fi"
    assert why.beneath is None


def test_every_item_of_the_site_is_in_the_three_full_languages() -> None:
    """Source, Swedish and English, each section stamped and with the same sections, links and numbers."""
    folder = settings.data_folder("content")
    files: dict[str, dict[str, object]] = {}
    found = list(news.find(folder / "news", languages.load(folder / "languages.toml")))
    sources = {file.id: file for file in found if file.language == "fi"}
    for file in found:
        files.setdefault(file.id, {})[file.language] = file
        assert fidelity.differences(file, sources[file.id]) == []
        assert set(sidecars.history(file) if file.language == "fi" else sidecars.origins(file)) == {
            part.id for part in file.parts
        }
    assert len(files) >= 2
    assert all(set(by_language) >= {"fi", "sv", "en"} for by_language in files.values())
