"""The referral in a browser without scripts: all its sections, an error in the middle, a filled form as an attachment."""

import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

import docx
import pytest
from playwright.sync_api import Page, expect

from ihmiskauppa import contacts, languages, practice, translations
from ihmiskauppa.forms import blanks, definition, word
from ihmiskauppa.forms.definition import Kind
from ihmiskauppa.settings import data_folder
from tests.copies import Copy, wait_until
from tests.forms.test_round_trip import fill_pdf, fill_word

STORY = "Hän kertoi: «لا أستطيع المغادرة»\n\n— työpäivä 14 h & palkka 0 €\n"
TONGUES = languages.load(data_folder("content") / "languages.toml")


def filled_word_file(code: str) -> bytes:
    """The Word file of the referral, with something written in it."""
    texts = translations.load(data_folder("translations"), TONGUES)
    people = contacts.load(data_folder("content") / "contacts.toml")
    form = definition.load(data_folder("forms"))["referral"]
    document = docx.Document(io.BytesIO(word.fillable(form, TONGUES[code], texts, people, "")))
    document.add_paragraph(STORY)
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def built(copy: Copy, name: str, code: str, ending: str) -> None:
    """What `forms build` would make of one form, in one language and kind: all of them would take a minute."""
    texts = translations.load(data_folder("translations"), TONGUES)
    people = contacts.load(data_folder("content") / "contacts.toml")
    forms = {name: definition.load(data_folder("forms"))[name]}
    folder = copy.instance / blanks.FOLDER
    folder.mkdir(exist_ok=True)
    for blank in blanks.wanted(forms, TONGUES, texts, people, copy.url):
        if (blank.language.code, blank.kind.ending) == (code, ending):
            blank.path(folder).write_bytes(blank.kind.make(blank.form, blank.language, texts, people, copy.url))


@pytest.mark.parametrize("code", ["fi", "ar"])
def test_a_whole_referral_arrives(bare_page: Page, copy: Copy, tmp_path: Path, code: str) -> None:
    """Filled in from the list of contents downwards; a forgotten and a wrong answer are named; nothing is lost; all arrives."""
    bare_page.goto(f"/{code}/help-someone/referral/")
    bare_page.click("a[href='#what_happened']")
    expect(bare_page.locator("#what_happened")).to_be_in_viewport()
    bare_page.check("[name=told_about_police][value=yes]")
    bare_page.fill("[name=referrer_name]", "Sairaanhoitaja")
    bare_page.check("[name=referrer_role][value=health]")
    bare_page.fill("[name=referrer_telephone]", "ei numeroa")
    expect(bare_page.locator("[name=consent_given_to]")).to_be_hidden()
    bare_page.check("[name=age][value=child]")
    expect(bare_page.locator(".ik-choice:has([name=age][value=child]) a[href^='tel:']").first).to_be_visible()
    bare_page.fill("[name=story]", STORY)
    bare_page.check("[name=where][value=finland]")
    bare_page.check("[name=where][value=abroad]")
    bare_page.check("[name=exploitation][value=labour]")
    bare_page.check("[name=contact_first][value=person]")
    bare_page.fill("[name=safe_time_from_time]", "15:00")
    bare_page.fill("[name=safe_time_until_time]", "15:00")
    bare_page.wait_for_timeout(1100)
    bare_page.click("button[type=submit]")

    expect(bare_page.locator("#referrer_telephone-fault")).to_be_visible()
    expect(bare_page.locator("#consent-fault")).to_be_visible()
    assert bare_page.input_value("[name=story]") == STORY
    assert bare_page.is_checked("[name=where][value=finland]")
    assert bare_page.is_checked("[name=where][value=abroad]")
    assert bare_page.input_value("[name=safe_time_from_time]") == "15:00"
    bare_page.fill("[name=referrer_telephone]", "050 123 4567")
    bare_page.check("[name=consent][value=yes]")
    bare_page.fill("[name=consent_given_to]", "Hoitajalle")
    bare_page.check("[name=consent_how][value=interpreter]")
    attached = tmp_path / "täytetty lomake.docx"
    attached.write_bytes(filled_word_file(code))
    bare_page.set_input_files("[name=files]", str(attached))
    bare_page.click("button[type=submit]")

    reference = bare_page.locator("[data-reference]").inner_text()
    message = copy.wait_for("".join(re.findall(r"\d", reference)))
    assert (message.form, message.language) == ("referral", code)
    assert message.answers["story"] == STORY
    assert message.answers["where"] == ["finland", "abroad"]
    assert message.answers["safe_time"] == {"from_time": "15:00", "until_time": "15:00"}
    assert message.answers["consent_how"] == ["interpreter"]
    assert "ALAIKÄINEN" in message.subject
    assert message.files == ["liite-1.docx"]
    assert hashlib.sha256(attached.read_bytes()).hexdigest() in repr(message.answers["files"])


@pytest.mark.parametrize(("kind", "code"), [("pdf", "ar"), ("docx", "fi")])
def test_a_filled_form_comes_back(bare_page: Page, copy: Copy, tmp_path: Path, kind: str, code: str) -> None:
    """Downloaded from the form's page, filled in, sent with the form, sealed, mailed: `read` shows what was written."""
    built(copy, "concern", code, kind)
    form = definition.load(data_folder("forms"))["concern"]
    blank = tmp_path / f"blank.{kind}"

    def downloaded() -> bool:
        bare_page.goto(f"/{code}/{form.id}/")
        return bare_page.locator(f"a[download][href$='.{kind}']").count() == 1

    wait_until(downloaded)  # the site looks for what is new every two seconds
    bare_page.locator("details", has=bare_page.locator("a[download]")).locator("summary").click()
    with bare_page.expect_download() as download:
        bare_page.click(f"a[download][href$='.{kind}']")
    download.value.save_as(blank)
    assert code in download.value.suggested_filename
    answers: dict[str, Any] = {name: STORY.strip() for question in form.questions for name in question.inputs}
    for question in form.questions:
        if question.kind is Kind.LANGUAGE:
            answers[question.name] = question.options[0].label
        elif question.options:
            answers[question.name] = (question.options[0].value,)
    filled = {"pdf": fill_pdf, "docx": fill_word}[kind](blank.read_bytes(), answers)
    (tmp_path / f"kuvaus.{kind}").write_bytes(filled)
    bare_page.fill("[name=concern]", "liitteenä")
    bare_page.set_input_files("[name=files]", str(tmp_path / f"kuvaus.{kind}"))
    bare_page.wait_for_timeout(1100)
    bare_page.click("button[type=submit]")

    reference = "".join(re.findall(r"\d", bare_page.locator("[data-reference]").inner_text()))
    copy.wait_for(reference)
    folder = tmp_path / "saved"
    home = ("--home", str(practice.staff_home(copy.instance)))
    read = copy.run("read", *home, "--json", "--files", str(folder), str(practice.maildir(copy.instance)))
    told = next(one for one in map(json.loads, read.stdout.splitlines()) if one["reference"] == reference)
    fields = {one["name"]: one["values"] for one in told["files"][0]["fields"]}
    assert fields["concern"] == [STORY.strip()]
    assert [path.read_bytes() for path in folder.iterdir() if reference in path.name] == [filled]


def test_without_consent_the_form_says_what_can_be_done(bare_page: Page) -> None:
    """The answer "no" shows at once, without script, how to ask for advice without a name."""
    bare_page.goto("/en/help-someone/referral/")
    said = bare_page.get_by_text("Then write nothing by which the person can be recognised.")
    expect(said).to_be_hidden()
    bare_page.check("[name=consent][value=no]")
    expect(said).to_be_visible()
    expect(said.locator("a[href^='tel:']")).to_be_visible()
