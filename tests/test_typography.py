"""Quotation marks and punctuation: what is found strange in each script, and what is left alone."""

import pytest

from ihmiskauppa import languages, settings, typography
from ihmiskauppa.languages import Language


def language(code: str, quotes: str) -> Language:
    return Language(code, code, "ltr", "core", "en", ("fi",), quotes=quotes)


@pytest.mark.parametrize(
    ("code", "quotes", "text"),
    [
        ("fi", "””", "Hän sanoi ”kyllä”."),
        ("et", "„“", "Ta ütles „jah“."),
        ("en", "“”", "He said “yes”, and it’s 5 o'clock."),
        ("ar", "«»", "قال «نعم»، ثم ذهب؟"),
        ("ar", "«»", "{contact:hotline}, [x](page:a?b,c) `a,b` IHME, 112; ok?"),
        ("zh-Hans", "“”", "他说“是”，然后。Call 112, please."),
        ("am", "«»", "አዎ፣ እሺ።"),
        ("en", "“”", '::: notice "x"\n<span class="x">'),
    ],
)
def test_a_language_has_its_own_marks(code: str, quotes: str, text: str) -> None:
    """Also around code, addresses and words of another script, which keep theirs."""
    assert list(typography.faults(language(code, quotes), text)) == []


@pytest.mark.parametrize(
    ("code", "quotes", "text", "fault"),
    [
        ("fi", "””", "Hän sanoi “kyllä”.", "quotes with “; in fi, quotation marks are ”…”"),
        ("en", "“”", 'He said "yes".', 'quotes with "; in en'),
        ("ru", "«»", "Он сказал „да“.", "quotes with “ „; in ru"),
        ("ar", "«»", "نعم, ثم؟", "has ,, where its script has ،"),
        ("fa", "«»", "کجا? **بله**;", "has ; ?, where its script has ؛ ؟"),
        ("zh-Hans", "“”", "是,不.", "has , ., where its script has ， 。"),
        ("ti", "«»", "እወ.", "has ., where its script has ።"),
    ],
)
def test_marks_of_others_are_found(code: str, quotes: str, text: str, fault: str) -> None:
    """A keyboard's straight quotes, a neighbour's, and Latin marks behind letters of another script."""
    (found,) = typography.faults(language(code, quotes), text)
    assert fault in found


def test_the_languages_served_have_marks_of_their_own() -> None:
    """As CLDR has them."""
    tongues = languages.load(settings.data_folder("content") / "languages.toml")
    assert {code: tongues[code].quotes for code in ("fi", "sv", "en", "ar")} == {"fi": "””", "sv": "””", "en": "“”", "ar": "«»"}
    assert tongues["ar"].comma == "، "
    assert tongues["sv-simple"].comma == ", "
