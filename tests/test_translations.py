"""Texts by language: fallbacks, extraction from code, templates and forms, and everything a check must find."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

import ihmiskauppa
from ihmiskauppa import settings, translations
from ihmiskauppa.forms import definition
from ihmiskauppa.languages import Language, Languages
from ihmiskauppa.translations import TranslationsError

LANGUAGES = Languages(
    [
        Language("fi", "Suomi", "ltr", "full", "fi", ()),
        Language("en", "English", "ltr", "full", "en_GB", ("fi",)),
        Language("ar", "العربية", "rtl", "core", "ar", ("en", "fi")),
        Language("fi-simple", "Selkosuomi", "ltr", "easy", "fi", ("fi",)),
    ]
)
PLURALS = {
    "fi": "nplurals=2; plural=(n != 1);",
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
}
CODE = (
    "from ihmiskauppa.translations import msgid\nTEXT = msgid('Code text')\nOTHER = msgid('Joined ' 'text')\nlog('Not shown')\n"
)
TEMPLATE = """\
<h1>{{ _("Template text") }}</h1>
<p>{{ ngettext("Wait %(num)s minute.", "Wait %(num)s minutes.", n) }}</p>
<p>{{ other("Not shown") }}</p>
"""
FORM = """\
version = "Not shown"
title = "Form title"
summary = "Form summary"
staff = "Ei kuulu"
submit = "Send"
[[note]]
text = "Note text"
[[question]]
name = "not_shown"
label = "Label text"
hint = "Call {contact:hotline}"
staff = "Ei kuulu"
[[question.option]]
value = "not_shown"
label = "Option label"
staff = "Ei kuulu"
flag = "EI KUULU"
text = "Option text"
[[sent]]
text = "Sent text"
"""
RANGE = """
[[item]]
name = "poster"
title = "Item title"
alt = "Item alt"
"""
FOUND = {
    *("Code text", "Joined text", "Template text", "Wait %(num)s minute.", "Form title", "Form summary", "Send"),
    *("Note text", "Label text", "Call {contact:hotline}", "Option label", "Option text", "Sent text"),
    *("Item title", "Item alt"),
}


def write_po(folder: Path, code: str, entries: str | Mapping[str, str]) -> Path:
    """Write a language's texts: entries as they are, or simple texts by msgid."""
    if not isinstance(entries, str):
        entries = "\n".join(f'msgid "{one}"\nmsgstr "{other}"\n' for one, other in entries.items())
    base = code.partition("-")[0]
    path = translations.po_path(folder, code)
    path.parent.mkdir(parents=True, exist_ok=True)
    header = f'"Language: {base}\\n"\n"Plural-Forms: {PLURALS[base]}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    path.write_text(f'msgid ""\nmsgstr ""\n{header}\n{entries}', encoding="utf-8")
    return path


def sources(folder: Path) -> tuple[Path, Path, Path]:
    """A small package with code and a template, a folder with a form, and one with a range of materials and what is printed."""
    package, forms, content = folder / "package", folder / "forms", folder / "content"
    for path, text in {
        package / "room/code.py": CODE,
        package / "templates/parts/a.html": TEMPLATE,
        forms / "a.toml": FORM,
        content / "materials.toml": RANGE,
        content / "materials/poster/en.toml": 'title = "Printed"',
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return package, forms, content


def ids(catalog: Catalog) -> set[str]:
    return {message.id if isinstance(message.id, str) else message.id[0] for message in catalog if message.id}


def wanted(*texts: str | tuple[str, str]) -> Catalog:
    catalog = Catalog()
    for text in texts:
        catalog.add(text)
    return catalog


def only_finnish(folder: Path, entries: str | Mapping[str, str]) -> tuple[Path, Languages]:
    return write_po(folder, "fi", entries), Languages([LANGUAGES["fi"], LANGUAGES["en"]])


def checked(folder: Path, entries: str | Mapping[str, str], *texts: str | tuple[str, str]) -> list[str]:
    """What a check finds wrong with the Finnish texts, without the path before each fault."""
    path, tongues = only_finnish(folder, entries)
    faults = translations.check(folder, tongues, wanted(*texts))
    assert all(fault.startswith(f"{path}: ") for fault in faults)
    return [fault.removeprefix(f"{path}: ") for fault in faults]


# Reading


PLURAL = 'msgid "Wait %(num)s minute."\nmsgid_plural "Wait %(num)s minutes."\n'


@pytest.fixture
def texts(tmp_path: Path) -> translations.Translations:
    """Finnish has everything, easy Finnish and Arabic one text each."""
    finnish = 'msgid "Yes"\nmsgstr "Kyllä"\n\nmsgid "No"\nmsgstr "Ei"\n\n'
    write_po(tmp_path, "fi", finnish + PLURAL + 'msgstr[0] "Odota %(num)s minuutti."\nmsgstr[1] "Odota %(num)s minuuttia."\n')
    write_po(tmp_path, "ar", {"Yes": "نعم", "No": ""})
    easy = 'msgid "Yes"\nmsgstr "Joo"\n\nmsgid "No"\nmsgstr ""\n\n#, fuzzy\nmsgid "Maybe"\nmsgstr "Ehkä"\n\n'
    write_po(tmp_path, "fi-simple", easy + PLURAL + 'msgstr[0] ""\nmsgstr[1] ""\n')
    return translations.load(tmp_path, LANGUAGES)


@pytest.mark.parametrize(
    ("language", "text", "shown"),
    [
        ("fi", "Yes", "Kyllä"),
        ("en", "Yes", "Yes"),
        ("ar", "Yes", "نعم"),
        ("fi-simple", "Yes", "Joo"),
        ("fi-simple", "No", "Ei"),
        ("ar", "No", "No"),
        ("fi", "Unknown", "Unknown"),
        ("fi-simple", "Unknown", "Unknown"),
        ("fi-simple", "Maybe", "Maybe"),
    ],
)
def test_a_text_a_language_lacks_comes_from_its_fallback(
    texts: translations.Translations, language: str, text: str, shown: str
) -> None:
    """Easy Finnish falls back to Finnish; other languages to the English of the msgid; a fuzzy text is none."""
    assert texts.gettext(language, text) == shown


@pytest.mark.parametrize(
    ("language", "count", "shown"),
    [
        ("fi", 1, "Odota %(num)s minuutti."),
        ("fi", 5, "Odota %(num)s minuuttia."),
        ("fi-simple", 5, "Odota %(num)s minuuttia."),
        ("en", 1, "Wait %(num)s minute."),
        ("ar", 5, "Wait %(num)s minutes."),
    ],
)
def test_a_plural_comes_from_the_same_fallback(texts: translations.Translations, language: str, count: int, shown: str) -> None:
    """A plural that a language lacks falls back like any other text."""
    assert texts.ngettext(language, "Wait %(num)s minute.", "Wait %(num)s minutes.", count) == shown


def test_a_language_has_its_own_texts_only(texts: translations.Translations) -> None:
    """`has` tells a translation from what a fallback gives."""
    assert texts.has("fi-simple", "Yes")
    assert texts.has("fi", "No")
    assert texts.has("fi", "Wait %(num)s minute.")
    assert not texts.has("fi-simple", "No")
    assert not texts.has("fi-simple", "Wait %(num)s minute.")
    assert not texts.has("ar", "No")


def test_kept_texts_are_the_same_and_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second load reads no `.po` file that has not changed; what is kept and broken is read anew."""
    for code in ("fi", "ar"):
        write_po(tmp_path, code, {"Yes": "Kyllä"})
    cache, tongues = tmp_path / "cache", Languages(tuple(LANGUAGES.values())[:3])
    first = translations.load(tmp_path, tongues, cache)
    read: list[str] = []
    compiled = translations._compiled

    def seen(path: Path, code: str) -> bytes:
        read.append(code)
        return compiled(path, code)

    monkeypatch.setattr(translations, "_compiled", seen)
    again = translations.load(tmp_path, tongues, cache)
    assert (read, again.digests, again.gettext("fi", "Yes")) == ([], first.digests, "Kyllä")
    write_po(tmp_path, "ar", {"Yes": "نعم"})
    assert translations.load(tmp_path, tongues, cache).gettext("ar", "Yes") == "نعم"
    assert read == ["ar"]
    kept = cache / translations.COMPILED
    kept.write_text(json.dumps(dict.fromkeys(json.loads(kept.read_text(encoding="utf-8")), "!")), encoding="utf-8")
    assert translations.load(tmp_path, tongues, cache).digests == {
        **first.digests,
        "ar": translations.load(tmp_path, tongues).digest("ar"),
    }


def test_a_missing_or_broken_file_is_refused(tmp_path: Path) -> None:
    """A language without its texts does not start in silence as English."""
    write_po(tmp_path, "fi", {})
    write_po(tmp_path, "fi-simple", {})
    with pytest.raises(TranslationsError, match=r"ar.messages\.po"):
        translations.load(tmp_path, LANGUAGES)
    write_po(tmp_path, "ar", 'msgid "Yes"\nmsgstr "No"\n<<<<<<< ours\n')
    with pytest.raises(TranslationsError, match=r"ar.messages\.po"):
        translations.load(tmp_path, LANGUAGES)


# Extracting


def test_texts_are_found_in_code_templates_forms_and_the_range(tmp_path: Path) -> None:
    """What visitors see is extracted; what only the staff see, what is printed, and names and logs, is not."""
    assert ids(translations.extract(*sources(tmp_path))) == FOUND


def test_a_found_text_says_where_it_stands(tmp_path: Path) -> None:
    """The place of a text is given by file and line."""
    catalog = translations.extract(*sources(tmp_path))
    places = {text: catalog[text].locations for text in ("Code text", "Template text", "Label text")}
    assert places == {
        "Code text": [("ihmiskauppa/room/code.py", 2)],
        "Template text": [("ihmiskauppa/templates/parts/a.html", 1)],
        "Label text": [("forms/a.toml", FORM.split("\n").index('label = "Label text"') + 1)],
    }


def test_a_plural_is_found_with_both_forms(tmp_path: Path) -> None:
    """A text with a number keeps its two English forms."""
    message = translations.extract(*sources(tmp_path))["Wait %(num)s minute."]
    assert message.id == ("Wait %(num)s minute.", "Wait %(num)s minutes.")


def test_every_text_of_the_site_s_forms_is_found() -> None:
    """Whatever a form shows a visitor is among the texts to translate."""
    forms = settings.data_folder("forms")
    found = ids(translations.extract(Path(ihmiskauppa.__file__).parent, forms, settings.data_folder("content")))
    for form in definition.load(forms).values():
        shown = {form.title, form.summary, form.submit, *(note.text for note in form.sent), *(note.text for note in form.notes)}
        for question in form.questions:
            shown |= {question.label, question.hint}
            if question.kind is not definition.Kind.LANGUAGE:
                shown |= {text for option in question.options for text in (option.label, option.text)}
        assert shown - {""} <= found


@pytest.mark.parametrize(
    ("language", "text", "lacking"),
    [
        ("fi", "Yes", False),
        ("fi", "Unknown", True),
        ("fi-simple", "No", False),
        ("fi-simple", "Unknown", True),
        ("ar", "Yes", False),
        ("ar", "No", True),
        ("en", "Unknown", False),
    ],
)
def test_who_gets_english_without_reading_it(
    texts: translations.Translations, language: str, text: str, *, lacking: bool
) -> None:
    """A plain version's readers read the ordinary language; readers of English read every msgid."""
    assert texts.lacks(language, text) is lacking


# Updating


def test_a_small_fix_keeps_its_translations(tmp_path: Path) -> None:
    """The new wording has the old one's translation in every language, which an update then keeps."""
    tongues = Languages([LANGUAGES["fi"], LANGUAGES["en"], LANGUAGES["ar"]])
    for code, text in (("fi", "Soita {contact:hotline}"), ("ar", "")):
        write_po(tmp_path, code, {"Ring {contact:hotline}": text, "Yes": "x"})
    assert translations.reword(tmp_path, tongues, "Ring {contact:hotline}", "Call {contact:hotline}") == ["fi"]
    translations.update(tmp_path, tongues, wanted("Yes", "Call {contact:hotline}"))
    assert translations.load(tmp_path, tongues).gettext("fi", "Call {contact:hotline}") == "Soita {contact:hotline}"
    assert translations.load(tmp_path, tongues).lacks("ar", "Call {contact:hotline}")


def test_another_placeholder_is_no_small_fix(tmp_path: Path) -> None:
    """A text that names another contact is another text."""
    path, tongues = only_finnish(tmp_path, {"Call {contact:hotline}": "Soita {contact:hotline}"})
    before = path.read_bytes()
    with pytest.raises(TranslationsError, match="other placeholders"):
        translations.reword(tmp_path, tongues, "Call {contact:hotline}", "Call {contact:emergency}")
    assert path.read_bytes() == before


def test_what_an_update_would_change_is_told(tmp_path: Path) -> None:
    """Nothing after an update; after a text that moved or came, the file."""
    path, tongues = only_finnish(tmp_path, {"Yes": "Kyllä"})
    translations.update(tmp_path, tongues, wanted("Yes"))
    assert translations.outdated(tmp_path, tongues, wanted("Yes")) == []
    (fault,) = translations.outdated(tmp_path, tongues, wanted("Yes", "No"))
    assert fault.startswith(f"{path}: not up to date")


def test_an_update_keeps_translations_and_drops_what_is_not_used(tmp_path: Path) -> None:
    """New texts come in empty, kept ones stay, unused ones go, and nothing is guessed from a similar text."""
    path, tongues = only_finnish(tmp_path, {"Yes": "Kyllä", "Send the message": "Lähetä viesti", "Gone": "Poissa"})
    translations.update(tmp_path, tongues, wanted("Yes", "Send the messages"))
    text = path.read_text(encoding="utf-8")
    assert 'msgid "Yes"\nmsgstr "Kyllä"\n' in text
    assert 'msgid "Send the messages"\nmsgstr ""\n' in text
    assert "Poissa" not in text
    assert "fuzzy" not in text
    assert not translations.po_path(tmp_path, "en").exists()


def test_an_update_twice_changes_nothing(tmp_path: Path) -> None:
    """An update leaves no date behind, so that only real changes show."""
    path, tongues = only_finnish(tmp_path, {"Yes": "Kyllä"})
    translations.update(tmp_path, tongues, wanted("Yes", "No"))
    first = path.read_bytes()
    translations.update(tmp_path, tongues, wanted("Yes", "No"))
    assert path.read_bytes() == first
    assert b"POT-Creation-Date" not in first


def test_a_plain_version_needs_no_texts_of_its_own(tmp_path: Path) -> None:
    """Without a file it has its ordinary language's; with one, its own go first: only those, and they are checked."""
    write_po(tmp_path, "fi", {"Yes": "Kyllä", "No": "Ei"})
    tongues = Languages([LANGUAGES["fi"], LANGUAGES["fi-simple"]])
    assert translations.check(tmp_path, tongues, wanted("Yes", "No")) == []
    translations.update(tmp_path, tongues, wanted("Yes", "No"))
    assert not translations.po_path(tmp_path, "fi-simple").exists()
    assert translations.load(tmp_path, tongues).gettext("fi-simple", "Yes") == "Kyllä"
    write_po(tmp_path, "fi-simple", {"Yes": "Joo"})
    assert translations.load(tmp_path, tongues).gettext("fi-simple", "Yes") == "Joo"
    assert translations.load(tmp_path, tongues).gettext("fi-simple", "No") == "Ei"
    assert translations.check(tmp_path, tongues, wanted("Yes", "No")) == []
    translations.update(tmp_path, tongues, wanted("Yes", "No"))
    assert "No" not in translations.po_path(tmp_path, "fi-simple").read_text(encoding="utf-8")
    assert translations.load(tmp_path, tongues).gettext("fi-simple", "Yes") == "Joo"
    faults = translations.check(tmp_path, tongues, wanted("No"))
    assert [fault.partition("fi-simple/messages.po: ")[2] for fault in faults] == ["", "no longer used: 'Yes'"]
    translations.update(tmp_path, tongues, wanted("No"))
    assert "Yes" not in translations.po_path(tmp_path, "fi-simple").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", ["fi", "ar"])
def test_an_update_makes_the_file_of_a_new_language(tmp_path: Path, code: str) -> None:
    """A language added to languages.toml gets a file that can be read and translated."""
    tongues = Languages([LANGUAGES[code]])
    translations.update(tmp_path, tongues, wanted("Yes", ("Wait %(num)s minute.", "Wait %(num)s minutes.")))
    made = translations.check(tmp_path, tongues, wanted("Yes", ("Wait %(num)s minute.", "Wait %(num)s minutes.")))
    assert made == [
        f"{translations.po_path(tmp_path, code)}: not translated: {text!r}" for text in ("Yes", "Wait %(num)s minute.")
    ]


# Checking


def test_good_translations_have_no_faults(tmp_path: Path) -> None:
    """Placeholders may move, and a plural may leave its number out."""
    entries = (
        'msgid "%(count)s of %(limit)s"\nmsgstr "%(limit)s, %(count)s"\n\n'
        'msgid "Call {contact:hotline}"\nmsgstr "Soita {contact:hotline}"\n\n'
        f'{PLURAL}msgstr[0] "Odota minuutti."\nmsgstr[1] "Odota %(num)s minuuttia."\n'
    )
    wait = ("Wait %(num)s minute.", "Wait %(num)s minutes.")
    assert checked(tmp_path, entries, "%(count)s of %(limit)s", "Call {contact:hotline}", wait) == []


def test_missing_and_unused_texts_are_found(tmp_path: Path) -> None:
    """A text without an entry, and an entry without a text, are each named."""
    assert checked(tmp_path, {"Yes": "Kyllä", "Old": "Vanha"}, "Yes", "New") == ["missing: 'New'", "no longer used: 'Old'"]


def test_an_empty_translation_is_found(tmp_path: Path) -> None:
    """An entry with nothing in it, or a plural with one form empty, is not translated."""
    assert checked(tmp_path, {"Yes": ""}, "Yes") == ["not translated: 'Yes'"]
    entries = f'{PLURAL}msgstr[0] "Odota %(num)s minuutti."\nmsgstr[1] ""\n'
    wait = ("Wait %(num)s minute.", "Wait %(num)s minutes.")
    assert checked(tmp_path, entries, wait) == ["not translated: 'Wait %(num)s minute.'"]


def test_a_fuzzy_translation_is_found(tmp_path: Path) -> None:
    """A guess that nobody confirmed is no translation."""
    assert checked(tmp_path, '#, fuzzy\nmsgid "Yes"\nmsgstr "Kyllä"\n', "Yes") == ["fuzzy: 'Yes'"]


@pytest.mark.parametrize(
    ("text", "translated"),
    [
        ("Call {contact:hotline}", "Soita"),
        ("Call {contact:hotline}", "Soita {contact:hotlin}"),
        ("Call {contact:hotline}", "Soita {contact:emergency}"),
        ("Call us", "Soita {contact:hotline}"),
        ("Call {contact:night-line-2}", "Soita {contact:day-line-2}"),
        ("At most %(count)s", "Enintään"),
        ("At most %(count)s", "Enintään %(counts)s"),
        ("At most %(count)s", "Enintään %(count)d"),
        ("At most", "Enintään %(count)s"),
    ],
)
def test_wrong_placeholders_are_found(tmp_path: Path, text: str, translated: str) -> None:
    """A placeholder lost, renamed or added is found before a visitor meets it."""
    assert checked(tmp_path, {text: translated}, text) == [f"placeholders differ: {text!r}"]


def test_a_plural_with_a_wrong_placeholder_is_found(tmp_path: Path) -> None:
    """A plural form may leave the number out, but not bring another."""
    entries = f'{PLURAL}msgstr[0] "Odota."\nmsgstr[1] "Odota %(number)s minuuttia."\n'
    wait = ("Wait %(num)s minute.", "Wait %(num)s minutes.")
    assert checked(tmp_path, entries, wait) == ["placeholders differ: 'Wait %(num)s minute.'"]


def test_a_missing_file_is_a_fault_of_the_check(tmp_path: Path) -> None:
    """The check goes on with the other languages."""
    write_po(tmp_path, "fi", {"Yes": "Kyllä"})
    write_po(tmp_path, "fi-simple", {"Old": "Vanha"})
    faults = translations.check(tmp_path, LANGUAGES, wanted("Yes"))
    assert len(faults) == 2
    assert "ar/messages.po" in faults[0]
    assert faults[1].endswith("fi-simple/messages.po: no longer used: 'Old'")


def test_msgid_leaves_its_text_alone() -> None:
    """Marking a text for extraction changes nothing."""
    assert translations.msgid("A %(b)s {contact:c}") == "A %(b)s {contact:c}"


def test_a_text_said_twice_over_is_found(tmp_path: Path) -> None:
    """A translation that was put together from the same half twice is found; a short word that is so is none."""
    assert checked(tmp_path, {"Send": "Lähetä lomake. Lähetä lomake."}, "Send") == ["said twice over: 'Send'"]
    assert checked(tmp_path, {"Send": "papa"}, "Send") == []
