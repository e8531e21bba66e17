"""The catalogue: every page in every language, and what stands in for a missing one."""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ihmiskauppa.contacts import Contact, Contacts
from ihmiskauppa.languages import Language, Languages
from ihmiskauppa.pages import catalogue, content, freshness
from ihmiskauppa.pages.catalogue import Catalogue, Place, Text
from ihmiskauppa.pages.content import ContentError

LANGUAGES = Languages(
    [
        Language("fi", "Suomi", "ltr", "full", "fi", ()),
        Language("sv", "Svenska", "ltr", "full", "sv_FI", ("fi", "en")),
        Language("en", "English", "ltr", "full", "en_GB", ("fi",)),
        Language("ar", "العربية", "rtl", "core", "ar", ("en", "fi")),
    ]
)
CONTACTS = Contacts({"hotline": Contact("hotline", "telephone", "112", "112")})
FORM = Place("get-help/write", "form:self", 15, dict.fromkeys(LANGUAGES, "Write"), dict.fromkeys(LANGUAGES, "Summary"))
DAY = datetime.date(2026, 11, 24)


def write(folder: Path, page_id: str, language: str, body: str, *, order: int = 1, critical: Sequence[str] = ()) -> Path:
    """Write one page file whose title is its id and its language."""
    source = f'audience = ["victim"]\norder = {order}\nsafety_critical = {list(critical)}'
    keys = source if language == "fi" else 'review = "machine"'
    path = folder / "pages" / page_id / f"{language}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    matter = f'title = "{page_id} {language}"\nsummary = "S"\nupdated = 2026-11-24\nchecked = 2026-11-24\n{keys}'
    path.write_text(f"+++\n{matter}\n+++\n{body}", encoding="utf-8")
    return path


def stamp(folder: Path, page_id: str, language: str, *, reviewed: bool = False) -> None:
    """Say that a translation was made from the source as it is now, and perhaps that a person reviewed it."""
    files = {code: content.parse(folder / "pages" / page_id / f"{code}.md", page_id, code) for code in ("fi", language)}
    freshness.stamp(files[language], files["fi"], "machine", DAY, [part.id for part in files["fi"].parts])
    if reviewed:
        freshness.review(files[language], files["fi"], "Anna", DAY)


def site(tmp_path: Path) -> Path:
    """A content folder with a home page and the front page of a section."""
    (tmp_path / "figures.toml").write_text('[clients]\nvalue = 1234\nsource = "x"\n', encoding="utf-8")
    write(tmp_path, "home/index", "fi", "Etusivu")
    write(tmp_path, "get-help/index", "fi", "Apua", order=10)
    return tmp_path


def load(folder: Path, *places: Place) -> Catalogue:
    return catalogue.load(folder, LANGUAGES, CONTACTS, places)


def shown(text: Text | None) -> tuple[str, str] | None:
    return (text.language.code, str(text.body)) if text else None


@pytest.mark.parametrize(
    ("page_id", "path"), [("home/index", ""), ("get-help/index", "get-help/"), ("get-help/police", "get-help/police/")]
)
def test_the_path_of_a_page(page_id: str, path: str) -> None:
    """Front pages of sections stand at the section, the home page at the language."""
    assert catalogue.path_of(page_id) == path


@pytest.mark.parametrize(
    ("exists", "bodies"),
    [
        ({"fi"}, {"fi": "fi", "sv": "fi", "en": "fi", "ar": "fi"}),
        ({"fi", "en"}, {"fi": "fi", "sv": "fi", "en": "en", "ar": "en"}),
        ({"fi", "sv"}, {"fi": "fi", "sv": "sv", "en": "fi", "ar": "fi"}),
        ({"fi", "sv", "en", "ar"}, {"fi": "fi", "sv": "sv", "en": "en", "ar": "ar"}),
    ],
)
def test_a_page_a_language_lacks_falls_back_in_order(tmp_path: Path, exists: set[str], bodies: Mapping[str, str]) -> None:
    """The first fallback that has the page stands in, and the page says in which language it is and which really exist."""
    folder = site(tmp_path)
    for language in exists:
        write(folder, "get-help/police", language, f"Body {language}")
    made = load(folder)
    pages = {code: made.page(code, "get-help/police") for code in LANGUAGES}
    assert {code: page.body_language.code for code, page in pages.items()} == bodies
    for code, page in pages.items():
        assert (page.language.code, page.path) == (code, f"/{code}/get-help/police/")
        assert page.title == f"get-help/police {bodies[code]}"
        assert shown(page.sections[0].text) == (bodies[code], f"<p>Body {bodies[code]}</p>\n")
        assert page.fallback is (code != bodies[code])
        assert [language.code for language in page.translations] == [code for code in LANGUAGES if code in exists]
    assert [language.code for language in made.translations("get-help/police")] == [c for c in LANGUAGES if c in exists]


def test_every_page_exists_in_every_language_by_path(tmp_path: Path) -> None:
    """No language lacks a path that another has."""
    made = load(site(tmp_path))
    assert set(made.by_path) == {f"/{code}/{path}" for code in LANGUAGES for path in ("", "get-help/")}
    assert all(made.by_path[page.path] is page for page in made.pages())


def test_links_keep_the_reader_s_language_in_a_fallback(tmp_path: Path) -> None:
    """Who reads an English stand-in under an Arabic address stays among the Arabic addresses."""
    folder = site(tmp_path)
    links = "[a](page:get-help/index) [b](form:self) [c](https://x.example/)"
    write(folder, "get-help/police", "fi", links)
    write(folder, "get-help/police", "en", links)
    body = str(load(folder, FORM).page("ar", "get-help/police").sections[0].text.body)
    assert 'href="/ar/get-help/"' in body
    assert 'href="/ar/get-help/write/"' in body
    assert 'href="https://x.example/"' in body
    assert "/~/" not in body
    assert "/en/" not in body


def test_the_menu_has_sections_with_pages_and_forms_in_order(tmp_path: Path) -> None:
    """Pages and forms stand in the order their source gives; the home page is in no menu."""
    folder = site(tmp_path)
    write(folder, "get-help/police", "fi", "P", order=20)
    write(folder, "get-help/first", "fi", "P", order=12)
    write(folder, "about/index", "fi", "P", order=5)
    write(folder, "get-help/first", "ar", "P")
    menu = load(folder, FORM).menu("ar")
    assert [(front.id, [entry.id for entry in under]) for front, under in menu] == [
        ("about/index", []),
        ("get-help/index", ["get-help/first", "get-help/write", "get-help/police"]),
    ]
    first, form, _ = menu[1][1]
    assert (first.path, first.title, first.language.code) == ("/ar/get-help/first/", "get-help/first ar", "ar")
    assert (form.path, form.title, form.summary, form.language.code) == ("/ar/get-help/write/", "Write", "Summary", "ar")
    assert menu[0][0].language.code == "fi"


def _read_in_turn(folder: Path, value: str) -> None:
    path = folder / "pages/get-help/index/fi.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("order =", f"in_turn = {value}\norder =", 1), encoding="utf-8")


def test_a_section_read_in_turn_leads_from_page_to_page(tmp_path: Path) -> None:
    """From the front through pages and forms in order, to nothing after the last; other sections lead nowhere."""
    folder = site(tmp_path)
    for page_id, order in (("get-help/a", 20), ("get-help/b", 12), ("about/index", 90)):
        write(folder, page_id, "fi", "x", order=order)
    _read_in_turn(folder, "true")
    pages = load(folder, FORM)
    turns = {
        page_id: [entry and entry.id for entry in pages.neighbours("fi", page_id)]
        for page_id in ("get-help/index", "get-help/b", FORM.id, "get-help/a", "about/index", "home/index")
    }
    assert turns == {
        "get-help/index": [None, "get-help/b"],
        "get-help/b": ["get-help/index", FORM.id],
        FORM.id: ["get-help/b", "get-help/a"],
        "get-help/a": [FORM.id, None],
        "about/index": [None, None],
        "home/index": [None, None],
    }
    write(folder, "get-help/a", "sv", "x")
    after = load(folder, FORM).neighbours("sv", FORM.id)
    assert [each and each.path for each in after] == [None, "/sv/get-help/a/"]  # not by pages that stand in from Finnish


def test_a_section_whose_front_page_is_missing_has_a_name_all_the_same(tmp_path: Path) -> None:
    """Menus and breadcrumbs say it in the reader's language; the page itself stands in as it is."""
    folder = site(tmp_path)
    tongues = LANGUAGES
    named = catalogue.load(folder, tongues, CONTACTS, (FORM,), fronts={"get-help/index": {"ar": "مساعدة"}})
    entry = named.entry("ar", "get-help/index")
    assert (entry.title, entry.summary, entry.language.code) == ("مساعدة", "", "ar")
    assert named.page("ar", "get-help/index").title_language.code == "fi"
    assert named.entry("fi", "get-help/index").title == "get-help/index fi"


def test_whether_a_section_is_read_in_turn_is_said_with_true_or_false(tmp_path: Path) -> None:
    """A number is refused, with its line."""
    _read_in_turn(site(tmp_path), "1")
    with pytest.raises(ContentError, match=r"get-help/index/fi\.md:7: .*in_turn must be bool"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("page_id", "way"),
    [
        ("home/index", []),
        ("get-help/index", ["home/index"]),
        ("get-help/police", ["home/index", "get-help/index"]),
        ("get-help/write", ["home/index", "get-help/index"]),
    ],
)
def test_breadcrumbs_lead_to_a_page_or_form(tmp_path: Path, page_id: str, way: list[str]) -> None:
    """The way from the home page leaves out the page itself."""
    folder = site(tmp_path)
    write(folder, "get-help/police", "fi", "P")
    assert [entry.id for entry in load(folder, FORM).breadcrumbs("sv", page_id)] == way


def test_a_form_exists_in_every_language(tmp_path: Path) -> None:
    """Forms are translated by gettext, so every language has them."""
    assert [language.code for language in load(site(tmp_path), FORM).translations("get-help/write")] == list(LANGUAGES)


@pytest.mark.parametrize("language", ["fi", "sv"])
@pytest.mark.parametrize(
    ("body", "line", "reason"),
    [
        ("a\n\n## H {#h}\n\nb <b>c</b>\n", 5, "HTML is not allowed"),
        ("a\n\n## H {#h}\nb\nc {contact:nobody}\n", 5, "no contact 'nobody'"),
        ("a {figure:nothing}\n", 1, "no figure 'nothing'"),
        ("a\n\n## H {#h}\n\n\nb\n\n- [c](page:nowhere)\n", 8, "leads nowhere"),
        ("[c](form:nothing)\n", 1, "leads nowhere"),
        ("a\n\n::: zork\nb\n:::\n", 3, "no container 'zork'"),
        ("a\n\n## H {#h}\n\nb\n\n::: notice\nc\n\n## I {#i}\n\nd\n:::\n", 7, "never closed"),
        ("a\n\n## H {contact:nobody} {#h}\n\n\nb\n", 3, "no contact 'nobody'"),
        ("\n\na\n\n   \n{contact:nobody}\n", 6, "no contact 'nobody'"),
        ("a\n\n## H {#h}\n \n\nb {contact:nobody}\n", 6, "no contact 'nobody'"),
    ],
)
def test_a_section_that_cannot_be_rendered_is_named(tmp_path: Path, language: str, body: str, line: int, reason: str) -> None:
    """Raw HTML, unknown names, links and containers are found at the start, with file and line."""
    folder = site(tmp_path)
    write(folder, "get-help/police", "fi", body if language == "fi" else "a")
    path = write(folder, "get-help/police", language, body)
    above = path.read_text(encoding="utf-8").removesuffix(body).count("\n")
    with pytest.raises(ContentError) as caught:
        load(folder)
    assert (caught.value.path, caught.value.line) == (path, above + line), str(caught.value)
    assert reason in caught.value.reason


def test_a_page_without_its_source_is_refused(tmp_path: Path) -> None:
    """Every page is written in Finnish first."""
    folder = site(tmp_path)
    write(folder, "get-help/police", "sv", "a")
    with pytest.raises(ContentError, match=r"get-help/police:1: the source fi\.md is missing"):
        load(folder)


def test_a_site_without_a_home_page_is_refused(tmp_path: Path) -> None:
    """The way back always leads somewhere."""
    folder = site(tmp_path)
    (folder / "pages/home/index/fi.md").unlink()
    with pytest.raises(ContentError, match="home page is missing"):
        load(folder)


def test_a_section_without_a_front_page_is_refused(tmp_path: Path) -> None:
    """A page or form of a section that no menu shows and no breadcrumbs reach is found at the start."""
    folder = site(tmp_path)
    write(folder, "news/today", "fi", "a")
    with pytest.raises(ContentError, match="news/index:1: "):
        load(folder)
    (folder / "pages/news/today/fi.md").unlink()
    with pytest.raises(ContentError, match="shop/index:1: "):
        load(folder, Place("shop/order", "form:order", 1, {}, {}))
