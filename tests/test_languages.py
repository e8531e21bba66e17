"""The languages served, which of them a visitor reads, and what a broken languages.toml is told."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ihmiskauppa import languages, settings
from ihmiskauppa.languages import Language, LanguagesError
from ihmiskauppa.pages import content

FILE = """\
[[language]]
code = "fi"
name = "Suomi"
direction = "ltr"
level = "full"
fallback = []

[[language]]
code = "zh-Hans"
name = "简体中文"
direction = "ltr"
level = "core"
locale = "zh_Hans"
fallback = ["fi"]
also = ["zh", "zh-CN"]

[[language]]
code = "ar"
name = "العربية"
direction = "rtl"
level = "core"
fallback = ["zh-Hans", "fi"]

[[language]]
code = "fi-simple"
name = "Selkosuomi"
direction = "ltr"
level = "easy"
locale = "fi"
fallback = ["fi"]
"""


def load(folder: Path, text: str = FILE) -> languages.Languages:
    path = folder / "languages.toml"
    path.write_text(text, encoding="utf-8")
    return languages.load(path)


def test_the_languages_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Every language has what the file says, and its code as locale where none is given."""
    made = load(tmp_path)
    assert list(made) == ["fi", "zh-Hans", "ar", "fi-simple"]
    assert len(made) == 4
    assert made["fi"] == Language("fi", "Suomi", "ltr", "full", "fi", ())
    assert made["ar"] == Language("ar", "العربية", "rtl", "core", "ar", ("zh-Hans", "fi"))
    assert made["zh-Hans"] == Language("zh-Hans", "简体中文", "ltr", "core", "zh_Hans", ("fi",), ("zh", "zh-cn"))
    assert "sv" not in made
    assert [(language.plain, language.ordinary) for language in made.values()][2:] == [(False, "ar"), (True, "fi")]


@pytest.mark.parametrize(
    ("tags", "codes"),
    [
        ([], []),
        (["fi"], ["fi"]),
        (["FI-fi"], ["fi"]),
        (["ar-EG", "fi"], ["ar", "fi"]),
        (["fi", "fi-FI", "ar"], ["fi", "ar"]),
        (["zh"], ["zh-Hans"]),
        (["zh-CN"], ["zh-Hans"]),
        (["zh-Hans-SG"], ["zh-Hans"]),
        (["zh-Hant-TW"], ["zh-Hans"]),
        (["fi-simple"], ["fi-simple"]),
        (["de", "*", "", "-", "ar"], ["ar"]),
        (["x" * 10_000, "a-" * 500], []),
    ],
)
def test_a_visitor_s_likely_languages(tmp_path: Path, tags: Sequence[str], codes: Sequence[str]) -> None:
    """What a browser asks for is matched from the whole tag down to its first part; each language comes once."""
    assert [language.code for language in load(tmp_path).likely(tags)] == codes


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[[language]]", "[[language", "TOMLDecodeError"),
        ("[[language]]", "[[tongue]]", "language"),
        ('name = "Suomi"\n', "", "name"),
        ('name = "Suomi"\n', 'name = "Suomi"\nreview = "nobody"\n', "fi: review is machine or person"),
        ('code = "ar"', 'code = "arabic!"', "'arabic!' is not a language code"),
        ('code = "ar"', "code = 5", "code"),
        ('code = "ar"', 'code = "zh-Hans"', "used twice"),
        ('direction = "rtl"', 'direction = "up"', "unknown direction or level"),
        ('direction = "rtl"', 'direction = ["rtl"]', "direction"),
        ('level = "easy"', 'level = "low"', "unknown direction or level"),
        ('level = "easy"', 'level = "core"', "fi-simple: level easy"),
        ('code = "fi-simple"', 'code = "sv-simple"', "sv-simple: level easy"),
        ('code = "ar"', 'code = "ar-simple"', "ar-simple: level easy"),
        ('fallback = ["zh-Hans", "fi"]', 'fallback = ["de", "fi"]', "ar: fallback must name other languages"),
        ('fallback = ["zh-Hans", "fi"]', 'fallback = ["ar", "fi"]', "ar: fallback must name other languages"),
        ('fallback = ["zh-Hans", "fi"]', 'fallback = ["zh-Hans"]', "ar: fallback must name other languages, fi among them"),
        ('fallback = ["zh-Hans", "fi"]', "fallback = 5", "TypeError"),
        ('fallback = ["zh-Hans", "fi"]', 'fallback = "fi"', "fallback"),
        ('also = ["zh", "zh-CN"]', "also = [5]", "AttributeError"),
        ('locale = "zh_Hans"', 'locale = "tlh"', "zh-Hans: CLDR has no locale 'tlh'"),
        ('locale = "zh_Hans"\n', "", "zh-Hans: CLDR has no locale 'zh-Hans'"),
        ('locale = "zh_Hans"', "locale = 5", "locale"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    """Whatever is wrong, the fault names the file and the language or the key."""
    assert old in FILE
    with pytest.raises(LanguagesError) as caught:
        load(tmp_path, FILE.replace(old, new))
    assert str(caught.value).startswith(f"{tmp_path / 'languages.toml'}: ")
    assert reason in str(caught.value)


def test_the_source_language_must_be_there(tmp_path: Path) -> None:
    """Without Finnish no page could exist."""
    text = '[[language]]\ncode = "en"\nname = "English"\ndirection = "ltr"\nlevel = "full"\nfallback = []\n'
    with pytest.raises(LanguagesError, match="fi"):
        load(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The fault names the file that is not there."""
    with pytest.raises(LanguagesError, match=r"languages\.toml"):
        languages.load(tmp_path / "languages.toml")


def test_the_site_s_languages_are_in_order() -> None:
    """The site's own file can be read, and Arabic reads from right to left."""
    made = languages.load(settings.data_folder("content") / "languages.toml")
    assert made["ar"].direction == "rtl"
    assert made[languages.SOURCE].direction == "ltr"


def test_a_language_in_preparation_is_not_served(tmp_path: Path) -> None:
    """Its files may lie in their places: no page of it is read, and no reader is offered it."""
    text = (settings.data_folder("content") / "languages.toml").read_text(encoding="utf-8")
    (tmp_path / "languages.toml").write_text(text.replace('code = "ar"', 'code = "ar"\nserved = false'), encoding="utf-8")
    served = languages.load(tmp_path / "languages.toml")
    assert "ar" not in served
    assert "ar" in served.in_preparation
    assert not served.likely(["ar"])
    assert "ar" not in {page.language for page in content.find(settings.data_folder("content") / "pages", served)}
