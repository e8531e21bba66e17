"""The library's file: what a good one gives, and the resource and reason named for every kind of broken one."""

from pathlib import Path

import pytest

from ihmiskauppa.pages import resources
from ihmiskauppa.pages.catalogue import Catalogue, Place
from ihmiskauppa.pages.resources import ResourcesError
from tests.pages.test_catalogue import LANGUAGES
from tests.pages.test_catalogue import load as load_catalogue
from tests.pages.test_catalogue import site as content_folder

FIGURES = Place("get-help/figures", "figures", 5, dict.fromkeys(LANGUAGES, "F"), dict.fromkeys(LANGUAGES, "S"), ("fi", "en"))
GOOD = """\
[[resource]]
id = "act"
kind = "act"
audiences = ["professional", "public"]
languages = ["sv", "fr", "zh"]
year = 2011
address = "https://finlex.fi/fi/laki"

[resource.texts.fi]
title = "Laki"
summary = "Mikä laki."
publisher = "Suomi"

[resource.texts.en]
title = "Act"
summary = "Which act."
publisher = "Finland"
review = "machine"

[[resource]]
id = "figures"
kind = "review"
audiences = ["public"]
year = 2018
address = "get-help/figures"

[resource.texts.fi]
title = "Katsaus"
summary = "Luvut."
publisher = "Me"
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return load_catalogue(content_folder(tmp_path), FIGURES)


def load(folder: Path, text: str, catalogue: Catalogue) -> tuple[resources.Resource, ...]:
    path = folder / resources.FILE
    path.write_text(text, encoding="utf-8")
    return resources.load(path, LANGUAGES, catalogue)


def test_a_good_file_gives_its_resources(tmp_path: Path, catalogue: Catalogue) -> None:
    """In its order; languages by their own names, ours or CLDR's; a link elsewhere has a host, a page of ours has an id."""
    act, figures = load(tmp_path, GOOD, catalogue)
    assert (act.id, act.kind, act.year, act.audiences) == ("act", "act", 2011, ("professional", "public"))
    assert [(tongue.code, tongue.name) for tongue in act.languages] == [("sv", "Svenska"), ("fr", "Français"), ("zh", "中文")]
    assert (act.host, act.page) == ("finlex.fi", "")
    assert (figures.address, figures.host, figures.page) == ("", "", "get-help/figures")


def test_a_page_of_ours_knows_its_languages(tmp_path: Path, catalogue: Catalogue) -> None:
    """Those it really exists in."""
    assert [tongue.code for tongue in load(tmp_path, GOOD, catalogue)[1].languages] == ["fi", "en"]


def test_a_reader_gets_the_nearest_texts(tmp_path: Path, catalogue: Catalogue) -> None:
    """Their own, or the first fallback's that there are."""
    act, figures = load(tmp_path, GOOD, catalogue)
    assert {code: act.texts_for(language).title for code, language in LANGUAGES.items()} == {
        "fi": "Laki",
        "sv": "Laki",
        "en": "Act",
        "ar": "Act",
    }
    assert figures.texts_for(LANGUAGES["ar"]).language.code == "fi"


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (("", "", ""), {"act", "figures"}),
        (("professional", "", ""), {"act"}),
        (("public", "", ""), {"act", "figures"}),
        (("", "review", ""), {"figures"}),
        (("", "", "fr"), {"act"}),
        (("", "", "en"), {"figures"}),
        (("professional", "review", ""), set()),
        (("victim", "", ""), set()),
    ],
)
def test_choices_leave_what_has_them_all(
    tmp_path: Path, catalogue: Catalogue, choice: tuple[str, str, str], expected: set[str]
) -> None:
    """Audience, kind and language together; an empty one leaves all."""
    assert {resource.id for resource in load(tmp_path, GOOD, catalogue) if resource.matches(*choice)} == expected


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param("[[resource]]\n", "[[resource]\n", "at line 1", id="no TOML"),
        pytest.param("[[resource]]\n", "more = 1\n[[resource]]\n", "nothing else", id="another table"),
        pytest.param('id = "act"\n', "", "resource 1: missing: id", id="no id"),
        pytest.param('id = "figures"', 'id = "act"', "act: this id is used twice", id="id twice"),
        pytest.param("year = 2011\n", "", "act: missing: year", id="no year"),
        pytest.param("2011", '"2011"', "year must be int", id="text for a year"),
        pytest.param("2011", "true", "year must be int", id="truth for a year"),
        pytest.param("2011", "2011\ncolour = 1", "'colour' is no key", id="unknown key"),
        pytest.param('kind = "act"', 'kind = "law"', "kind must be one of act,", id="unknown kind"),
        pytest.param('"professional", "public"', '"everybody"', "audiences must be among", id="unknown audience"),
        pytest.param('"professional", "public"', "[1]", "audiences must be a list of texts", id="list for an audience"),
        pytest.param('"professional", "public"', "", "audiences must be among", id="no audience"),
        pytest.param('"fr"', '"xx"', "'xx' is no language", id="unknown language"),
        pytest.param('"fr"', "1", "languages must be a list of texts", id="number for a language"),
        pytest.param('"fr"', '"sv"', "each once", id="language twice"),
        pytest.param('"sv", "fr", "zh"', "", "at least one", id="no language"),
        pytest.param('languages = ["sv", "fr", "zh"]\n', "", "only where address is a page of ours", id="languages left out"),
        pytest.param("https://finlex", "http://finlex", "must be https", id="plain http"),
        pytest.param("https://finlex.fi/fi/laki", "https:///laki", "must be https", id="no host"),
        pytest.param("https://finlex.fi/fi/laki", "javascript:alert(1)", "must be https", id="script"),
        pytest.param('"get-help/figures"', '"get-help/nowhere"', "must be https", id="unknown page"),
        pytest.param("[resource.texts.fi]", "[resource.texts.sv]", "texts must be in fi", id="no source"),
        pytest.param("[resource.texts.en]", "[resource.texts.de]", "of languages.toml", id="unserved language"),
        pytest.param('review = "machine"\n', "", "en must have publisher, review", id="no review"),
        pytest.param('"machine"', '"nobody"', "review must be one of", id="unknown review"),
        pytest.param('publisher = "Suomi"', 'publisher = "Suomi"\nreview = "person"', "fi must have", id="reviewed source"),
        pytest.param('title = "Act"', 'title = " "', "en: title must be a text", id="empty title"),
        pytest.param('title = "Act"', "title = 1", "en: title must be a text", id="number for a title"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, catalogue: Catalogue, old: str, new: str, reason: str) -> None:
    """The file, the resource and the reason."""
    assert old in GOOD
    with pytest.raises(ResourcesError, match=reason) as caught:
        load(tmp_path, GOOD.replace(old, new, 1), catalogue)
    assert str(caught.value).startswith(f"{tmp_path / resources.FILE}: ")


def test_a_file_that_is_not_there_is_named(tmp_path: Path, catalogue: Catalogue) -> None:
    """The site does not start without its library; one without resources is empty."""
    with pytest.raises(ResourcesError, match="FileNotFoundError"):
        resources.load(tmp_path / resources.FILE, LANGUAGES, catalogue)
    assert load(tmp_path, "", catalogue) == ()
