"""The pages of statistics: sentence, chart, table and downloads tell the same; a new release is files and no code."""

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from ihmiskauppa.public.editions import Editions
from ihmiskauppa.public.statistics import CSV, JSON
from ihmiskauppa.settings import data_folder
from tests.client import SPACE, Page
from tests.machine import ROOT
from tests.public.conftest import Site

SVG = "{http://www.w3.org/2000/svg}"
FULL = ("fi", "sv", "en")


def _sections(page: Page) -> dict[str, Element]:
    found = {section.get("id", ""): section for section in page.all("section")}
    return {name: section for name, section in found.items() if list(section.iter(SVG + "svg"))}


def _texts(element: Element, tag: str) -> list[str]:
    return [" ".join("".join(found.itertext()).split()) for found in element.iter(tag)]


def _csv(site: Site, path: str) -> list[dict[str, str]]:
    answer = site.client.get(path)
    assert answer.headers["Content-Type"] == CSV
    text = answer.data.decode("utf-8")
    assert text.startswith("\ufeff")
    assert text.count("\r\n") == text.count("\n")
    return list(csv.DictReader(io.StringIO(text[1:], newline=""), strict=True))


def _json(site: Site, path: str) -> dict[str, Any]:
    answer = site.client.get(path)
    assert answer.headers["Content-Type"] == JSON
    found: dict[str, Any] = json.loads(answer.data)
    return found


@pytest.mark.parametrize("language", FULL)
def test_chart_table_sentence_and_downloads_agree(site: Site, language: str) -> None:
    """The numbers of SVG, table, CSV and JSON are the same; those of the sentence are among them."""
    sections = _sections(site.client.page(f"/{language}/figures/2018/"))
    assert len(sections) == 15
    for name, section in sections.items():
        drawn = [text for text in _texts(section, SVG + "text") if re.fullmatch(r"\d+|\.\.", text)]
        years = [text for text in drawn if text in {"2016", "2017", "2018"}]
        drawn = [text for text in drawn if text not in years]
        rows = _csv(site, f"/{language}/figures/2018/{name}.csv")
        kept = _json(site, f"/{language}/figures/2018/{name}.json")
        assert [row["count"] for row in rows] == drawn
        assert [".." if row["count"] is None else str(row["count"]) for row in kept["rows"]] == drawn
        sums = {str(value) for of in kept["totals"].values() for value in of.values()} | {str(kept["n"])}
        cells = _texts(section, SPACE + "td")
        assert set(drawn) <= set(cells) <= set(drawn) | sums
        assert f"n = {kept['n']}" in _texts(section, SPACE + "caption")[0]
        sentence = next(iter(_texts(section, SPACE + "p")))
        assert sentence == " ".join(kept["sentence"].split()) == _texts(section, SVG + "desc")[0]
        told = set(re.findall(r"\d+", re.sub(r"\d+\s?%", "", sentence))) - {"2016", "2017", "2018"}
        assert told <= set(drawn) | sums
        labels = [[row[f"{dimension['id']}_label"] for dimension in kept["dimensions"]] for row in rows]
        heads = _texts(section, SPACE + "th")
        assert all(label in heads for row in labels for label in row)
        for row in rows:
            assert "CC BY 4.0" in row["licence"]
            assert row["citation"].endswith(f"https://site.example/{language}/figures/2018/")


def test_every_chart_has_a_name(site: Site) -> None:
    """`role=img`, with a title and a description that exist (WCAG 1.1.1); nothing inside has a colour of its own."""
    for language in (*FULL, "ar"):
        page = site.client.page(f"/{language}/figures/2018/")
        for svg in page.root.iter(SVG + "svg"):
            assert svg.get("role") == "img"
            named = {
                element.get("id"): "".join(element.itertext())
                for element in svg
                if element.tag in {SVG + "title", SVG + "desc"}
            }
            assert all(named[part].strip() for part in svg.get("aria-labelledby", "").split())
            assert not [element for element in svg.iter() if {"fill", "stroke", "style"} & set(element.attrib)]


def test_the_hidden_are_hidden_everywhere(site: Site) -> None:
    """The two people of 2016 and what they could be computed from are in no page and no file; a note says why."""
    for language in FULL:
        section = _sections(site.client.page(f"/{language}/figures/2018/"))["in-finland-by-year-and-form"]
        assert _texts(section, SPACE + "td").count("..") == 2
        rows = _csv(site, f"/{language}/figures/2018/in-finland-by-year-and-form.csv")
        hidden = [row for row in rows if row["count"] == ".."]
        assert {(row["year"], row["form"]) for row in hidden} == {
            ("2016", "sexual-exploitation"),
            ("2016", "forced-marriage-or-other"),
        }
        note = hidden[0]["note"]
        assert note
        assert note in " ".join(_texts(section, SPACE + "p"))
        whole = _csv(site, f"/{language}/figures/2018/release.csv")
        assert [row["note"] for row in whole if row["count"] == ".."] == [note, note]
        kept = _json(site, f"/{language}/figures/2018/release.json")
        crossed = next(table for table in kept["tables"] if table["table"] == "in-finland-by-year-and-form")
        assert [row["count"] for row in crossed["rows"]].count(None) == 2


def test_the_release_as_one_file_has_every_table(site: Site) -> None:
    """All rows of all tables, with the revision log in JSON."""
    whole = _json(site, "/en/figures/2018/release.json")
    rows = _csv(site, "/en/figures/2018/release.csv")
    assert [row["table"] for row in rows] == [table["table"] for table in whole["tables"] for _ in table["rows"]]
    assert whole["revisions"]
    assert whole["licence"] == {"name": "CC BY 4.0", "address": "https://creativecommons.org/licenses/by/4.0/"}
    for table in whole["tables"]:
        alone = _json(site, f"/en/figures/2018/{table['table']}.json")
        assert {key: alone[key] for key in table} == table


def test_a_language_without_the_release_gets_another(site: Site) -> None:
    """In Arabic: a notice, the English text in its own lang and dir, noindex, downloads of the English files."""
    page = site.client.page("/ar/figures/2018/")
    assert page.one("meta", name="robots").get("content") == "noindex"
    assert page.all("div", class_="ik-notice", role="note")
    for section in _sections(page).values():
        assert (section.get("lang"), section.get("dir")) == ("en", "ltr")
    files = [link.get("href", "") for link in page.all("a") if link.get("download") is not None]
    assert files
    assert all(file.startswith("/en/figures/2018/") for file in files)
    assert site.client.get("/ar/figures/2018/release.json").status_code == 404


def test_a_release_in_a_language_from_right_to_left_is_mirrored(make_site: Callable[..., Site], content_copy: Path) -> None:
    """With an ar.toml beside the others, bars begin at the right edge."""
    folder = content_copy / "statistics/2018"
    shutil.copy(folder / "en.toml", folder / "ar.toml")
    site = make_site(content_folder=content_copy)
    left = list(site.client.page("/en/figures/2018/").root.iter(SVG + "rect"))
    right = list(site.client.page("/ar/figures/2018/").root.iter(SVG + "rect"))

    def number(element: Element, name: str) -> float:
        return float(element.get(name, "").rstrip("%em"))

    assert {number(bar, "x") for bar in left} == {0.0}
    assert [number(bar, "width") for bar in right] == [number(bar, "width") for bar in left]
    assert all(number(bar, "x") + number(bar, "width") == pytest.approx(100) for bar in right)


def test_a_new_release_is_files_and_no_code(make_site: Callable[..., Site], content_copy: Path) -> None:
    """A second folder, dropped in while the site runs: page, menu, list and downloads are there; broken, nothing changes."""
    site = make_site(content_folder=content_copy)
    editions = Editions(site.configuration)
    new = Path(shutil.copytree(content_copy / "statistics/2018", content_copy / "statistics/2019"))
    text = (new / "release.toml").read_text()
    (new / "release.toml").write_text(text.replace("to = 2018-12-31", "to = 2019-12-31"))
    for code in FULL:
        path = new / f"{code}.toml"
        path.write_text(re.sub(r'^title = "(\w+) 2018"', r'title = "\1 2019"', path.read_text(), count=1))
    assert editions.refresh()
    assert [release.name for release in editions.current.releases] == ["2019", "2018"]
    site = make_site(content_folder=content_copy)
    assert site.client.page("/fi/figures/2019/").text(site.client.page("/fi/figures/2019/").one("h1")) == "Tilastot 2019"
    listed = [
        a.get("href") for ul in site.client.page("/sv/figures/").all("ul", class_="ik-releases") for a in ul.iter(SPACE + "a")
    ]
    assert listed == ["/sv/figures/2019/", "/sv/figures/2018/"]
    assert _csv(site, "/en/figures/2019/new-clients-by-gender.csv")[0]["count"] == "87"
    good = editions.current
    (new / "new-clients-by-gender.csv").write_text("gender,count\nwoman,88\nman,76\n")
    assert not editions.refresh()
    assert editions.current is good


def test_formulas_are_quoted(make_site: Callable[..., Site], content_copy: Path) -> None:
    """A label that a spreadsheet would take for a formula comes with an apostrophe before it; elsewhere it is as written."""
    path = content_copy / "statistics/2018/en.toml"
    path.write_text(path.read_text().replace('"Women and girls"', "'=HYPERLINK(\"x\")<b>'"))
    site = make_site(content_folder=content_copy)
    assert _csv(site, "/en/figures/2018/new-clients-by-gender.csv")[0]["gender_label"] == '\'=HYPERLINK("x")<b>'
    assert "=HYPERLINK(&#34;x&#34;)&lt;b&gt;" in site.client.get("/en/figures/2018/").text


def test_the_page_is_light(site: Site) -> None:
    """Fifteen charts and tables, with stylesheet and script: within 14 kB on the wire."""
    accept = {"Accept-Encoding": "br"}
    paths = ("/fi/figures/2018/", "/static/site.css", "/static/exit.js")
    assert sum(len(site.client.get(path, headers=accept).data) for path in paths) < 14 * 1024


def test_practice_figures_are_cited_with_their_own_address(make_site: Callable[..., Site]) -> None:
    """The citation names the address that the copy is told to be at."""
    configuration = replace(make_site().configuration, public_url="https://other.example")
    site = make_site(public_url=configuration.public_url)
    assert "https://other.example/en/figures/2018/" in _json(site, "/en/figures/2018/release.json")["citation"]


def test_the_sources_are_told() -> None:
    """docs/sources.md has a line for every table of the release."""
    told = (ROOT / "docs/sources.md").read_text()
    for path in (data_folder("content") / "statistics/2018").glob("*.csv"):
        assert f"`{path.stem}`" in told
