"""The search: forms of words, scripts, synonyms, ranking, marks; whatever is typed is only ever words."""

import threading
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ihmiskauppa import languages
from ihmiskauppa.languages import Language, Languages
from ihmiskauppa.pages import catalogue, synonyms
from ihmiskauppa.pages.full_text import SNIPPET, Hit, Passage, Piece
from ihmiskauppa.pages.search import Found, Search, of_catalogue
from ihmiskauppa.pages.synonyms import Synonyms, SynonymsError
from ihmiskauppa.settings import data_folder
from tests.pages.test_catalogue import CONTACTS, FORM, site, stamp, write
from tests.pages.test_catalogue import LANGUAGES as FOUR

CODES = (
    *(
        "fi",
        "sv",
        "en",
        "ru",
        "uk",
        "et",
        "ar",
        "fa",
        "prs",
        "ckb",
        "kmr",
        "so",
        "ti",
        "am",
        "fr",
        "es",
        "pt",
        "ro",
        "bg",
        "pl",
    ),
    *("sq", "tr", "th", "vi", "zh-Hans", "ne", "bn", "hi", "ur", "fil", "uz"),
)
LANGUAGES = Languages([Language(code, code, "ltr", "core", "en", ()) for code in CODES])
SHIPPED = synonyms.load(data_folder("content") / "synonyms.toml", languages.load(data_folder("content") / "languages.toml"))


def made(passages: Mapping[str, Iterable[Passage]], groups: Mapping[str, Synonyms] | None = None) -> Search:
    return Search(LANGUAGES, groups or {}, lambda code: passages.get(code, ()))


def texts(code: str, *bodies: str) -> Search:
    """One language with a page for each text, `/<code>/0/` and so on."""
    return made({code: [Passage(f"/{code}/{number}/", "", "", body) for number, body in enumerate(bodies)]})


def paths(found: Found) -> list[str]:
    return [hit.path for _, hits in found.hits for hit in hits]


def marked(pieces: Iterable[Piece]) -> list[str]:
    return [piece.text for piece in pieces if piece.found]


FORMS = [
    # language, text, query
    ("fi", "Kerromme ihmiskaupasta ja uhreista.", "ihmiskaupan uhrien"),
    ("fi", "Emme kerro poliisille.", "poliisi"),
    ("fi", "Poliisi auttaa.", "poliisille"),
    ("fi", "Auttamisjärjestelmä auttaa.", "auttamisjarjestelmaan"),
    ("fi", "Pidä passisi tallessa.", "PASSI"),
    ("sv", "Vi hjälper dig.", "hjälpen"),
    ("sv", "Polisen får inget veta.", "polis"),
    ("en", "Victims of trafficking", "victim trafficked"),
    ("en", "It is the person’s choice.", "persons choices"),
    ("ru", "Мы не сообщаем полиции.", "полиция"),
    ("ru", "Всё бесплатно", "все"),
    ("uk", "Ми не повідомляємо поліції.", "поліцію"),
    ("uk", "Твоя сім’я", "сім'ї"),
    ("et", "Aitame ohvreid.", "ohvrite"),
    ("ar", "لا نبلغ الشُّرطـــة بشيء.", "بالشرطه"),
    ("ar", "أطفال", "اطفال"),
    ("ar", "مستشفى", "مستشفي"),
    ("fa", "ما به پلیس نمی‌گوییم. کمک رایگان است.", "كمك"),
    ("prs", "کمک رایگان است.", "كمك"),
    ("ckb", "یارمەتی", "يارمه‌تی".replace("\u200c", "")),
    ("ur", "پولیس کو نہیں بتاتے", "پوليس"),
    ("kmr", "Alîkarî bêpere ye.", "alikari"),
    ("so", "Caawimo lacag la'aan ah", "laaan"),
    ("am", "ሐኪም ይረዳል", "ሀኪም"),
    ("am", "ፖሊስን አንነግርም", "ፖሊስ"),
    ("ti", "ፖሊስ ኣይንነግርን", "ፖሊስ"),
    ("fr", "L’aide est gratuite.", "aides gratuites"),
    ("fr", "Être aidé", "etre"),
    ("es", "La policía no sabe nada", "policia"),
    ("pt", "Ajuda às vítimas", "vitima"),
    ("ro", "Poliţia nu află nimic", "poliția"),
    ("ro", "Poliția nu află nimic", "politia"),
    ("bg", "Не казваме на полицията", "полиция"),
    ("pl", "Pomoc dla ofiar, także łódź", "ofiary lodz"),
    ("sq", "Ndihma është falas", "eshte"),
    ("tr", "YARDIM ücretsizdir", "yardim"),
    ("tr", "İşkence", "iskence"),
    ("vi", "Giúp đỡ miễn phí", "giup do"),
    ("vi", "Giúp đỡ miễn phí", "giúp"),
    ("ne", "प्रहरीलाई भनिँदैन", "प्रहरी"),
    ("hi", "लड़की को मदद", "लड़की"),
    ("bn", "পুলিশকে জানাই না", "পুলিশ"),
    ("fil", "Libre ang tulong", "tulong"),
    ("uz", "Oʻzbek tilida yordam", "o'zbek"),
    ("th", "เราไม่แจ้งตำรวจว่าคุณเป็นผู้รับความช่วยเหลือ", "ตำรวจ"),
    ("th", "โทร ๑๑๒ ทันที", "112"),
    ("zh-Hans", "我们不会告诉警察。帮助是免费的。", "警察"),
    ("zh-Hans", "我们不会告诉警察。帮助是免费的。", "帮"),
    ("zh-Hans", "我们不会告诉警察。帮助是免费的。", "的"),
    ("zh-Hans", "我们不会告诉警察。帮助是免费的。", "帮助是免费"),
]


@pytest.mark.parametrize(("code", "text", "query"), FORMS)
def test_another_form_of_a_word_finds_it(code: str, text: str, query: str) -> None:
    """Inflected, in another case, with letters that another keyboard has: found as a whole, and marked."""
    found = texts(code, "xyz", text).find(query, code)
    assert found.whole
    assert paths(found) == [f"/{code}/1/"]
    ((_, (hit,)),) = found.hits
    assert marked(hit.snippet)


def test_every_language_is_among_the_forms() -> None:
    """No language is left out of the test above."""
    assert {code for code, _, _ in FORMS} == set(CODES)


@pytest.mark.parametrize(
    ("code", "text", "query"),
    [
        ("fi", "Saa apua", "sää"),
        ("fi", "Sää on kaunis. Saa", "sää"),
        ("vi", "mà mẹ", "má"),
        ("zh-Hans", "警告 观察", "警察"),
        ("th", "ตำบล", "ตำรวจ"),
        ("ar", "دين", "دينار كبير"),
    ],
)
def test_another_word_is_not_found(code: str, text: str, query: str) -> None:
    """Å, ä and ö are letters, Vietnamese tones are typed for a reason, and two characters side by side are a word."""
    found = texts(code, text.replace("Sää on kaunis. ", "")).find(query, code)
    assert not found.whole


def test_a_letter_with_dots_is_preferred_to_one_without() -> None:
    """In Finnish `saa` is not `sää`, where both exist."""
    search = texts("fi", "Saa apua", "Sää on kaunis")
    assert paths(search.find("sää", "fi")) == ["/fi/1/"]
    assert paths(search.find("saa", "fi")) == ["/fi/0/"]


@pytest.mark.parametrize(
    ("code", "text", "query"),
    [
        ("fi", "Autamme ihmiskaupan uhreja", "kauppa"),
        ("fi", "Poliisi", "polisii"),
        ("en", "Your passport", "passprot"),
        ("en", "Police", "the polcie took it"),
        ("zh-Hans", "帮助是免费的。", "我需要帮助"),
        ("th", "เราไม่แจ้งตำรวจ", "ช่วยด้วยตำรวจจับ"),
    ],
)
def test_where_nothing_has_the_words_similar_ones_are_found(code: str, text: str, query: str) -> None:
    """Parts of compounds, one wrong letter, some of the words; the answer says that it is not the whole."""
    found = texts(code, "xyz", text).find(query, code)
    assert not found.whole
    assert paths(found) == [f"/{code}/1/"]
    assert any(marked(hit.snippet) for _, hits in found.hits for hit in hits)


def test_the_title_counts_most_and_a_heading_more_than_the_text() -> None:
    """The page whose title has the word stands first; of its sections, no more than three."""
    sections = [Passage(f"/en/e/#{number}", "Other", "More", "about shelters") for number in range(5)]
    passages = [
        Passage("/en/a/", "Other", "", "A shelter is a house. " + "Words " * 5),
        Passage("/en/b/#x", "Other", "Shelter", "House " * 5),
        Passage("/en/c/", "Shelter", "", "House " * 5),
        Passage("/en/d/", "Other", "", "Nothing " * 5),
    ]
    found = paths(made({"en": [*passages, *sections]}).find("shelter", "en"))
    assert found[:2] == ["/en/c/", "/en/b/#x"]
    assert "/en/d/" not in found
    assert len([path for path in found if path.startswith("/en/e/")]) == 3


def test_the_language_asked_for_comes_first_and_others_do_not_repeat_it() -> None:
    """Then English, Finnish, the rest; a page found in the language asked for is not offered again in another."""
    here = {code: [Passage(f"/{code}/same/", "Visa", "", ""), Passage(f"/{code}/{code}/", "Visa", "", "")] for code in CODES}
    found = made(here).find("visa", "so")
    order = [language.code for language, _ in found.hits]
    assert order[:3] == ["so", "en", "fi"]
    assert set(order) == set(CODES)
    assert [path for path in paths(found) if "/same/" in path] == ["/so/same/"]


def test_words_of_another_language_find_its_pages() -> None:
    """Arabic typed on a Finnish page finds the Arabic page."""
    search = made({"fi": [Passage("/fi/a/", "Poliisi", "", "")], "ar": [Passage("/ar/a/", "الشرطة", "", "")]})
    ((language, hits),) = search.find("الشرطه", "fi").hits
    assert (language.code, [hit.path for hit in hits]) == ("ar", ["/ar/a/"])


def test_synonyms_find_each_other() -> None:
    """A word, a phrase and a run without spaces, each by another of its group, alone and within a longer query."""
    groups = {
        "en": Synonyms((("police", "cops"), ("forced marriage", "married off"))),
        "zh-Hans": Synonyms((("警察", "公安局"),)),
    }
    search = made(
        {
            "en": [Passage("/en/0/", "", "", "The police help"), Passage("/en/1/", "", "", "What a forced marriage is")],
            "zh-Hans": [Passage("/zh-Hans/0/", "", "", "我们不会告诉警察"), Passage("/zh-Hans/1/", "", "", "去公安局")],
        },
        groups,
    )
    assert paths(search.find("cops", "en")) == ["/en/0/"]
    assert paths(search.find("cops help", "en")) == ["/en/0/"]
    assert paths(search.find("married off", "en")) == ["/en/1/"]
    assert search.find("married off", "en").whole
    assert set(paths(search.find("警察", "zh-Hans"))) == {"/zh-Hans/0/", "/zh-Hans/1/"}
    assert set(paths(search.find("公安局", "zh-Hans"))) == {"/zh-Hans/0/", "/zh-Hans/1/"}


def test_one_s_own_words_come_before_their_synonyms() -> None:
    """A synonym that few pages have weighs more than a word that all have, and stands below it all the same."""
    passages = [Passage(f"/en/{number}/", "", "", "The police help people") for number in range(9)]
    search = made({"en": [Passage("/en/cops/", "", "", "cops"), *passages]}, {"en": Synonyms((("police", "cops"),))})
    assert paths(search.find("police", "en"))[-1] == "/en/cops/"
    assert paths(search.find("cops", "en"))[0] == "/en/cops/"


@pytest.mark.parametrize(
    ("query", "language"),
    [
        ("apua", "fi"),
        ("AUTTAKAA minua", "fi"),
        ("help", "fi"),
        ("hjälp mig nu", "sv"),
        ("i am in danger", "en"),
        ("ساعدوني", "ar"),
        ("112", "en"),
    ],
)
def test_urgent_words_are_known_in_whatever_language(query: str, language: str) -> None:
    """With the shipped list, a call for help is seen on the page of any language."""
    assert Search(LANGUAGES, SHIPPED, lambda _: ()).find(query, language).urgent


def test_other_words_are_not_urgent() -> None:
    """A word that only has an urgent one within is not; nor are urgent words in Chinese that are not there."""
    search = Search(LANGUAGES, {"zh-Hans": Synonyms((), ("救命",)), "en": Synonyms((), ("now",))}, lambda _: ())
    assert search.find("我要救命啊", "fi").urgent
    assert not search.find("救火", "fi").urgent
    assert not search.find("snow knowledge", "en").urgent


def test_a_snippet_is_short_and_has_the_words() -> None:
    """It is cut at blanks, says with dots that it is cut, and marks what was found, nothing else."""
    text = "Alku on tässä. " * 40 + "Sitten tulee passisi tähän väliin. " + "Loppu on pitkä. " * 40
    ((_, (hit,)),) = texts("fi", text).find("passi", "fi").hits
    whole = "".join(piece.text for piece in hit.snippet)
    assert marked(hit.snippet) == ["passisi"]
    assert len(whole) <= SNIPPET + 4
    assert whole.startswith("…")
    assert whole.endswith("…")
    assert whole.strip("… ") in text


def test_grams_that_overlap_are_marked_as_one() -> None:
    """In Thai and Chinese the mark is exactly what was typed."""
    ((_, (hit,)),) = texts("zh-Hans", "我们不会告诉警察任何事").find("不会告诉警察", "zh-Hans").hits
    assert marked(hit.snippet) == ["不会告诉警察"]
    ((_, (hit,)),) = texts("zh-Hans", "我们不会告诉警察任何事").find("警察", "zh-Hans").hits
    assert "警察" in "".join(marked(hit.snippet))


def test_no_letter_is_parted_from_its_marks() -> None:
    """A vowel above or below belongs to the letter before it: no mark and no snippet begins or ends between them (UAX 29)."""
    text = "ที่นี่มีที่พักพิงที่ปลอดภัยสำหรับผู้เสียหาย" * 20
    ((_, (hit,)),) = texts("th", text).find("ักพิง", "th").hits
    assert marked(hit.snippet)
    for piece in hit.snippet:
        assert not unicodedata.category(piece.text[0]).startswith("M"), piece.text[:5]
    assert "".join(piece.text for piece in hit.snippet).strip("… ") in text


HOSTILE = texts("en", 'A "quoted" AND text', "police OR NEAR column:title", "x" * 5000)


@given(st.text(st.characters(exclude_categories=()), max_size=300), st.sampled_from(CODES))
@example('"', "en")
@example('police" OR "x', "en")
@example("NEAR(police title, 2) AND title:* ^x -y +z {a b}: c", "en")
@example("\x00\ud800\udfff\U0010ffff", "th")
@example("ß" * 200, "fi")
@example("ﷺ" * 200, "ar")
@example("ำ" * 200, "th")
@example("豈" * 200, "zh-Hans")
@example("a " * 150, "vi")
@example("%_*?[a-z]", "fr")
def test_whatever_is_typed_is_only_words(query: str, language: str) -> None:
    """No query raises; lone surrogates, operators, quotes and what grows when it is normalised among them."""
    HOSTILE.find(query, language)


@given(st.text(st.characters(exclude_categories=()), max_size=100))
def test_whatever_an_editor_writes_can_be_found(text: str) -> None:
    """Any text can be indexed and cut into pieces without loss, and its own words find it."""
    search = made({"en": [Passage("/en/", text, "", text)]})
    words = text[:80]
    for _, hits in search.find(words, "en").hits:
        for hit in hits:
            assert isinstance(hit, Hit)
            assert "".join(piece.text for piece in hit.title) == unicodedata.normalize("NFC", text)


def test_operators_are_words() -> None:
    """What FTS5 would take for its own syntax finds the text that has it."""
    assert paths(HOSTILE.find("NEAR column:title", "en")) == ["/en/1/"]
    assert paths(HOSTILE.find('"quoted" AND', "en")) == ["/en/0/"]


def test_threads_share_a_search() -> None:
    """Many threads build and ask at once; each gets what one alone gets."""
    content = {code: [Passage(f"/{code}/{n}/", f"Visa {n}", "", "police passport " * n) for n in range(20)] for code in CODES}
    queries = ["visa", "police", "passport police", "polcie", "nothing"]
    alone = {query: made(content).find(query, "fr") for query in queries}
    shared, wrong = made(content), []

    def ask() -> None:
        for query in queries:
            try:
                if shared.find(query, "fr") != alone[query]:
                    wrong.append(query)
            except Exception as fault:  # noqa: BLE001 - whatever it is, the test fails with it
                wrong.append(repr(fault))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_sections_of_real_translations_are_found_with_their_anchor(tmp_path: Path) -> None:
    """Not the stand-ins: a page that a language lacks, and a section whose source is shown, are found in their own."""
    folder = site(tmp_path)
    write(folder, "get-help/police", "fi", "Alku.\n\n## Lupa {#permit}\n\nOleskelulupa annetaan.")
    write(folder, "get-help/police", "en", "Start.\n\n## Permit {#permit}\n\nA residence permit is given.")
    stamp(folder, "get-help/police", "en")
    form = catalogue.Place(FORM.id, FORM.link, 15, {**FORM.titles, "fi": "Kirjoita"}, FORM.summaries)
    pages = catalogue.load(folder, FOUR, CONTACTS, [form])
    search = Search(FOUR, {}, of_catalogue(pages, [form]))
    assert paths(search.find("oleskeluluvan", "fi"))[0] == "/fi/get-help/police/#permit"
    assert paths(search.find("residence permit", "sv")) == ["/en/get-help/police/#permit"]
    assert paths(search.find("kirjoita", "fi")) == ["/fi/get-help/write/"]
    assert paths(search.find("write", "sv")) == ["/en/get-help/write/"], "a title like the English one is no translation"
    in_finnish = Search(FOUR, {}, of_catalogue(pages, [replace(form, languages=("fi",))]))
    assert not in_finnish.find("write", "en").hits


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[fi", "TOMLDecodeError"),
        ('[xx]\nurgent = ["a"]', "no language"),
        ('[fi]\nurgnt = ["a"]', "groups and urgent"),
        ("[fi]\nurgent = [1]", "not a list of words"),
        ('[fi]\ngroups = "police"', "not a list of words"),
        ('[fi]\ngroups = [["alone"]]', "alone in its group"),
        ('[fi]\ngroups = [["a", " "]]', "not a list of words"),
    ],
)
def test_a_broken_file_of_synonyms_is_told(tmp_path: Path, text: str, reason: str) -> None:
    """The file, the language and what is wrong."""
    path = tmp_path / "synonyms.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SynonymsError, match=reason) as told:
        synonyms.load(path, FOUR)
    assert str(path) in str(told.value)
