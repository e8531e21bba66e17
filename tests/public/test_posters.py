"""Posters, flyers and cards on the site: the catalogue, fewer by choice, the items' pages, and the files that were built."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from werkzeug.test import Client

from ihmiskauppa import start
from ihmiskauppa.languages import load
from ihmiskauppa.materials import files
from ihmiskauppa.materials.files import PREVIEW
from ihmiskauppa.materials.range import SIZE_TITLES, RangeError
from ihmiskauppa.public import editions, export
from ihmiskauppa.public.editions import Edition, Editions
from ihmiskauppa.public.posters import KINDS
from ihmiskauppa.public.within import within
from ihmiskauppa.settings import data_folder
from tests.cache import ITEM, TONGUES, with_files
from tests.client import SPACE, Page
from tests.public.conftest import Site

LANGUAGES = load(data_folder("content") / "languages.toml")
CATALOGUE = "materials/posters/"
OLD = "2018-11-01"


@pytest.fixture(scope="module")
def built(make_site: Callable[..., Site]) -> Site:
    """A site with the files of one item, in two languages."""
    return make_site(instance=with_files(make_site().configuration).instance)


def edition_of(site: Site) -> Edition:
    return editions.load(site.configuration)


def titles(page: Page) -> list[str]:
    """Of the cards."""
    return [page.text(each) for each in page.one("ul", class_="ik-posters").iter(SPACE + "h3")]


def links(page: Page) -> list[str]:
    """Of the page's own content."""
    return [a.get("href", "") for a in page.one("main").iter(SPACE + "a")]


def with_range(content: Path, old: str, new: str) -> Path:
    """Change the range in a copy of the content, at the item that tests see."""
    path = content / "materials.toml"
    before, after = path.read_text(encoding="utf-8").split(f'name = "{ITEM}"')
    assert old in after
    path.write_text(before + f'name = "{ITEM}"' + after.replace(old, new, 1), encoding="utf-8")
    return content


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_whole_catalogue(built: Site, language: str) -> None:
    """Each item with title, summary, sizes and whom it is for, linked to its page; the page may be indexed."""
    edition = edition_of(built)
    page = built.client.page(f"/{language}/{CATALOGUE}")
    items = edition.range.current

    def text(msgid: str) -> str:
        return " ".join(edition.translations.gettext(language, msgid).split())  # no-break spaces, as the page's text is read

    assert titles(page) == [text(item.title) for item in items]
    main = page.text(page.one("main"))
    for item in items:
        assert f"/{language}/{CATALOGUE}{item.name}/" in links(page)
        assert text(item.summary) in main
        assert all(text(SIZE_TITLES[size.name]) in main for size in item.sizes)
    assert not page.all("meta", name="robots")


def test_the_form_is_plain(built: Site) -> None:
    """A GET of three labelled selects to an address of its own, where nothing is kept; nothing is chosen."""
    page = built.client.page(f"/fi/{CATALOGUE}")
    form = page.one("form", data_form="posters")
    assert (form.get("method"), form.get("action")) == ("get", f"/fi/{CATALOGUE}chosen/#results")
    assert [select.get("name") for select in form.iter(SPACE + "select")] == ["audience", "kind", "language"]
    assert not [option for option in form.iter(SPACE + "option") if option.get("selected") is not None]
    assert f"/fi/{CATALOGUE}" in built.application.pages
    assert f"/fi/{CATALOGUE}chosen/" not in built.application.pages


def test_every_choice_leaves_what_has_it(built: Site) -> None:
    """Each option alone leaves those items that have it, and is shown as chosen; the answer is not indexed."""
    edition = edition_of(built)
    items = edition.range.current
    first = built.client.page(f"/en/{CATALOGUE}")
    for select in first.all("select"):
        for option in list(select.iter(SPACE + "option"))[1:]:
            name, value = select.get("name", ""), option.get("value", "")
            page = built.client.page(f"/en/{CATALOGUE}chosen/?{name}={value}")
            has = {
                "audience": [item for item in items if item.audience == value],
                "kind": [item for item in items if item.kind == value],
                "language": [item for item in items if value in {each.code for each in item.languages(LANGUAGES)}],
            }
            assert titles(page) == [item.title for item in has[name]] != []
            assert [o.get("value") for o in page.all("option") if o.get("selected") is not None] == [value]
            assert page.one("meta", name="robots").get("content") == "noindex"


def test_where_nothing_matches_there_is_a_way_back(built: Site) -> None:
    """It says so calmly, and leads to everything."""
    page = built.client.page(f"/en/{CATALOGUE}chosen/?audience=victim&kind=flyer")
    assert page.text(page.one("h2", id="results")) == "0 items"
    assert not page.all("ul", class_="ik-posters")
    assert f"/en/{CATALOGUE}" in links(page)


@pytest.mark.parametrize("query", ["kind=nothing", "kind=" + quote("<b>"), "x=y", "kind=%ff", "audience=&kind=&language="])
def test_what_is_no_choice_is_ignored(built: Site, query: str) -> None:
    """The list is then whole, and nothing of the address is in the page."""
    page = built.client.page(f"/en/{CATALOGUE}chosen/?{query}")
    assert len(titles(page)) == len(edition_of(built).range.current)
    assert "<b>" not in page.html


def test_there_is_no_catalogue_in_a_language_that_is_not_ours(built: Site) -> None:
    """As with any other address."""
    assert built.client.get(f"/xx/{CATALOGUE}chosen/").status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_item_s_page_has_picture_files_and_facts(built: Site, language: str) -> None:
    """The picture in the reader's language or the nearest; every file that was built, with its size; the rest in words."""
    edition = edition_of(built)
    item = edition.range.items[ITEM]
    page = built.client.page(f"/{language}/{CATALOGUE}{ITEM}/")
    assert page.text(page.one("h1")) == edition.translations.gettext(language, item.title)
    nearest = next((code for code in (language, *LANGUAGES[language].fallback) if code in TONGUES), "")
    shown = [picture.get("src", "").split("/")[1] for picture in page.all("img")]
    own = language if language in item.words or LANGUAGES[language].plain else nearest
    assert shown == ([own] if own in TONGUES else [])
    offered = {path for path, each in edition.prints.items() if each.file.kind is not PREVIEW}
    downloads = [a for a in page.all("a") if "download" in a.attrib]
    assert {a.get("href") for a in downloads} == offered
    for path in offered:
        answer = built.client.get(path)
        assert answer.data == edition.prints[path].path.read_bytes()
        assert answer.content_type == "application/pdf"
    main = page.text(page.one("main"))
    for fact in (item.version, item.licence, edition.translations.gettext(language, KINDS[item.kind])):
        assert fact in main
    assert edition.catalogue.entry(language, item.page).path in links(page)
    assert page.all("div", class_="ik-notice"), "what is for victims comes with a warning"


def test_the_alternative_text_and_size_of_a_picture(built: Site) -> None:
    """It says what is to be seen, in the reader's language, and keeps its place while it loads."""
    edition = edition_of(built)
    (picture,) = built.client.page(f"/ar/{CATALOGUE}{ITEM}/").all("img")
    item = edition.range.items[ITEM]
    assert picture.get("alt") == edition.translations.gettext("ar", item.alt) != item.alt
    width, height = int(picture.get("width", "")), int(picture.get("height", ""))
    assert abs(height / width - item.sizes[0].height / item.sizes[0].width) < 0.01
    answer = built.client.get(picture.get("src", ""))
    assert answer.content_type == "image/webp"
    assert len(answer.data) < 6000


def test_what_is_for_professionals_has_no_such_warning(built: Site) -> None:
    """A poster in a staff room endangers nobody."""
    assert not built.client.page(f"/en/{CATALOGUE}poster-kitchen/").all("div", class_="ik-notice")


def test_files_are_not_compressed_again(built: Site) -> None:
    """A PDF is compressed in itself: whoever accepts brotli gets it as it is."""
    for path in edition_of(built).prints:
        answer = built.client.get(path, headers={"Accept-Encoding": "gzip, br"})
        assert "Content-Encoding" not in answer.headers
        assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_an_export_has_each_file_once(built: Site) -> None:
    """Beside a page lie its compressed forms, beside a PDF or picture none."""
    prints = edition_of(built).prints
    page = f"/fi/{CATALOGUE}"
    names = set(export.pages(Client(within(built.application)), [*prints, page]))
    beside_page = {export.file_name(page) + suffix for suffix in ("", ".gz", ".br")}
    assert names == {export.file_name(path) for path in prints} | beside_page


def test_what_was_not_built_is_not_offered(site: Site) -> None:
    """The pages stand without pictures and files, and the start says what to do about it."""
    page = site.client.page(f"/en/{CATALOGUE}{ITEM}/")
    assert not page.all("img")
    assert not [a for a in page.all("a") if "download" in a.attrib]
    assert not site.client.page(f"/en/{CATALOGUE}").all("img")
    wanted = len(
        files.wanted(
            edition_of(site).range, edition_of(site).translations, edition_of(site).contacts, site.configuration.public_url
        )
    )
    told = f"{wanted} of {wanted} files of posters, flyers and cards are not built: ihmiskauppa materials build."
    assert told in start.file_warnings(site.configuration, site.edition)


def test_a_running_site_finds_what_is_built(make_site: Callable[..., Site]) -> None:
    """The next look offers the files."""
    configuration = make_site().configuration
    current = Editions(configuration)
    assert not current.current.prints
    with_files(configuration)
    assert current.refresh()
    assert {each.file.one.language.code for each in current.current.prints.values()} == set(TONGUES)


def test_a_replaced_version_is_gone_and_leads_to_its_page(make_site: Callable[..., Site], content_copy: Path) -> None:
    """Its addresses answer 410 in each language; a version that never was is not found."""
    site = make_site(content_folder=with_range(content_copy, "licence =", f'replaces = ["{OLD}"]\nlicence ='))
    for code in ("fi", "ar"):
        start_of_name = f"/{code}/{CATALOGUE}{ITEM}/ihmiskauppa-{ITEM}-card-{code}-"
        for ending in (".pdf", "-print.pdf", ".webp"):
            answer = site.client.get(f"{start_of_name}{OLD}{ending}")
            assert answer.status_code == 410
            assert f'href="/{code}/{CATALOGUE}{ITEM}/"' in answer.text
            assert site.client.get(f"{start_of_name}1999-01-01{ending}").status_code == 404
    assert OLD in site.client.page(f"/en/{CATALOGUE}{ITEM}/").html


def test_a_retired_item_says_so(make_site: Callable[..., Site], content_copy: Path) -> None:
    """Its page leads to the catalogue, which has it no more, and is not indexed; its files are gone."""
    site = make_site(content_folder=with_range(content_copy, "licence =", "retired = true\nlicence ="))
    page = site.client.page(f"/en/{CATALOGUE}{ITEM}/")
    assert f"/en/{CATALOGUE}" in links(page)
    assert page.one("meta", name="robots").get("content") == "noindex"
    item = edition_of(site).range.items[ITEM]
    assert item.title not in titles(site.client.page(f"/en/{CATALOGUE}"))
    gone = f"/en/{CATALOGUE}{ITEM}/ihmiskauppa-{ITEM}-card-en-{item.version}.pdf"
    assert site.client.get(gone).status_code == 410


def test_the_pages_are_where_one_looks_for_them(built: Site) -> None:
    """Catalogue in the menu, items beneath it in breadcrumbs and site map, both in the search and in the sitemap."""
    page = built.client.page(f"/sv/{CATALOGUE}{ITEM}/")
    crumbs = [a.get("href") for a in page.one("nav", class_="ik-breadcrumbs").iter(SPACE + "a")]
    assert crumbs == ["/sv/", "/sv/materials/", f"/sv/{CATALOGUE}"]
    menu = {a.get("href") for a in page.one("details", class_="ik-menu").iter(SPACE + "a")}
    assert f"/sv/{CATALOGUE}" in menu
    assert f"/sv/{CATALOGUE}{ITEM}/" not in menu
    hits = {a.get("href") for a in built.client.page("/en/about/search/?q=pocket+card").all("a", class_="ik-hits__link")}
    assert f"/en/{CATALOGUE}{ITEM}/" in hits
    sitemap = built.client.get("/sitemap.xml").text
    assert f"https://site.example/ar/{CATALOGUE}{ITEM}/" in sitemap


def test_a_code_that_leads_nowhere_stops_the_start(make_site: Callable[..., Site], content_copy: Path) -> None:
    """An item names the page of its QR code; one that is no page is named with the file."""
    with pytest.raises(RangeError, match=f"{ITEM}: get-help/nowhere is no page"):
        make_site(content_folder=with_range(content_copy, 'page = "get-help/', 'page = "get-help/nowhere" # '))
