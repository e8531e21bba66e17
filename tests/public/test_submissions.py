"""The forms: what they show, take, refuse, and keep."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from werkzeug.test import Client

from ihmiskauppa import database
from ihmiskauppa.app import build_public_app
from ihmiskauppa.intake.outbox import OutboxRow
from ihmiskauppa.logs import AllowListFormatter
from ihmiskauppa.public.within import within
from ihmiskauppa.settings import data_folder
from tests.client import CheckedClient, Page
from tests.conftest import InboxKey
from tests.public.conftest import Site, aged, reference

SELF_REFERRAL = "/ar/get-help/write-to-us/"
CONTACT = "/fi/about/write-to-us/"
FORMS = [f"/{code}/{place}/" for code in ("fi", "sv", "en", "ar") for place in ("get-help/write-to-us", "about/write-to-us")]


def _stored(site: Site) -> int:
    engine = database.connect(site.configuration.database_url)
    with engine.connect() as connection:
        count = connection.execute(select(func.count()).select_from(OutboxRow)).scalar_one()
    engine.dispose()
    return count


@pytest.mark.parametrize("path", FORMS)
def test_every_form_asks_little_and_says_so(site: Site, path: str) -> None:
    """A named form, the message first, no required field, nothing prefilled, no autocomplete or spelling check."""
    page = site.client.page(path)
    form = next(form for form in page.all("form") if form.get("data-form"))
    assert form.get("autocomplete") == "off"
    assert form.get("action") == path
    texts = page.all("textarea") + page.all("input", type="text") + page.all("input", type="tel")
    assert page.all("textarea", name="message")
    for field in texts:
        assert field.get("spellcheck") == "false"
        assert not field.get("value")
        assert field.get("required") is None
    assert not page.all("input", name="name")
    if "get-help" in path:
        assert texts[0].get("name") == "message"


def test_a_message_alone_is_enough(site: Site) -> None:
    """One word is taken; the confirmation shows eight digits and holds nothing of what was typed."""
    before = _stored(site)
    answer = site.send(SELF_REFERRAL, message="مساعدة-قرنبيط", place="Xylophonstadt")
    reference(answer)
    assert "قرنبيط" not in answer.text
    assert "Xylophonstadt" not in answer.text
    assert _stored(site) == before + 1


def test_a_way_of_contact_alone_is_enough(site: Site) -> None:
    """No message, only a telephone number and when to call."""
    reference(site.send(SELF_REFERRAL, may_contact="yes", telephone="+358 40 1234567", safe_time_from_time="15:00"))


def test_an_empty_form_is_answered_at_the_field(site: Site) -> None:
    """The summary takes focus, links to the first field, and the field names its fault."""
    answer = site.send(CONTACT)
    assert answer.status_code == 422
    page = Page(answer.text)
    summary = page.one("div", class_="ik-summary")
    assert summary.get("autofocus") is not None
    assert summary.get("tabindex") == "-1"
    assert [link.get("href") for link in summary.iter("{http://www.w3.org/1999/xhtml}a")] == ["#message"]
    field = page.one("textarea", name="message")
    assert field.get("aria-invalid") == "true"
    assert "message-fault" in (field.get("aria-describedby") or "")
    assert page.text(page.one("title")).startswith("Ei vielä lähetetty")


def test_every_answer_is_kept_beside_an_error(site: Site) -> None:
    """One wrong date: all the rest, texts and choices, stands in the form as it was typed."""
    typed = {
        "message": "Ensimmäinen rivi\r\n<b>toinen</b> & 'kolmas' \u202eאב",
        "safe_now": "unsure",
        "may_contact": "yes",
        "telephone": "+358 40 1234567",
        "email": "a@b.example",
        "safe_time_from_time": "15:00",
        "safe_time_until_date": "31.2.2026",
        "spoken_language": "prs",
        "interpreter": "yes",
        "say_who": "no",
        "someone_else": "hang_up",
        "code_word": "Lumikki ❄",
        "place": "Oulu",
        "helper": "yes",
        "helper_who": "سارة",
    }
    answer = site.send("/fi/get-help/write-to-us/", **typed)
    assert answer.status_code == 422
    page = Page(answer.text)
    assert "".join(page.one("textarea", name="message").itertext()) == typed["message"].replace("\r\n", "\n")
    assert "".join(page.one("textarea", name="helper_who").itertext()) == typed["helper_who"]
    for name in ("telephone", "email", "safe_time_from_time", "safe_time_until_date", "code_word", "place"):
        assert page.one("input", name=name).get("value") == typed[name]
    for name in ("safe_now", "may_contact", "interpreter", "say_who", "someone_else", "helper"):
        checked = [radio.get("value") for radio in page.all("input", name=name) if radio.get("checked") is not None]
        assert checked == [typed[name]]
    selected = [option.get("value") for option in page.all("option") if option.get("selected") is not None]
    assert selected == ["prs"]
    assert page.one("input", name="safe_time_until_date").get("aria-invalid") == "true"


def test_a_safe_day_survives_another_fault_however_it_was_written(site: Site) -> None:
    """Days and times that a date input would drop unseen come back as it takes them, or in a text input."""
    written = {
        "safe_time_until_date": "24.12.2030",
        "safe_time_from_date": "2030-12-1",
        "safe_time_from_time": "15",
        "safe_time_until_time": "٢٢:٣٠",
    }
    answer = site.send("/fi/get-help/write-to-us/", may_contact="yes", telephone="bad!", message="m", **written)
    assert answer.status_code == 422
    page = Page(answer.text)
    found = {name: (page.one("input", name=name).get("type"), page.one("input", name=name).get("value")) for name in written}
    assert found == {
        "safe_time_until_date": ("date", "2030-12-24"),
        "safe_time_from_date": ("date", "2030-12-01"),
        "safe_time_from_time": ("time", "15:00"),
        "safe_time_until_time": ("time", "22:30"),
    }
    odd = site.send("/fi/get-help/write-to-us/", may_contact="yes", telephone="0401234567", safe_time_from_time="iltaisin")
    field = Page(odd.text).one("input", name="safe_time_from_time")
    assert (field.get("type"), field.get("value")) == ("text", "iltaisin")


def test_nothing_in_the_log_tells_when_someone_wrote(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """A taken message leaves no line: a second in a log could be laid beside the records of a network."""
    with caplog.at_level("DEBUG", logger="ihmiskauppa"):
        reference(site.send(CONTACT, message="hiljaa"))
    assert [record for record in caplog.records if record.name.startswith("ihmiskauppa")] == []


def test_an_unusable_key_is_told_once_and_not_at_every_form(
    make_site: Callable[..., Site], caplog: pytest.LogCaptureFixture
) -> None:
    """The operator reads of it once; the log does not tell when people open forms and write."""
    site = make_site()
    both = replace(site.configuration, inbox_keys=(*site.configuration.inbox_keys, "A" * 40))
    client = CheckedClient(build_public_app(both, watch=False))
    for number in range(3):
        assert client.get(CONTACT).status_code == 200
        reference(client.post(CONTACT, data={"token": site.token(CONTACT), "message": f"hiljaa {number}"}))
    ours = [record for record in caplog.records if record.name == "ihmiskauppa.intake.sealing"]
    assert len(ours) == 1


def test_not_safe_shows_the_emergency_number(site: Site) -> None:
    """Under the answer "no" stand 112 and the hotline, on the page already, in every language."""
    for code in ("fi", "sv", "en", "ar"):
        page = site.client.page(f"/{code}/get-help/write-to-us/")
        boxes = [box for box in page.all("div", class_="ik-choice") if any(i.get("value") == "no" for i in box)]
        danger = next(box for box in boxes if any(i.get("name") == "safe_now" for i in box))
        links = [link.get("href") for link in danger.iter("{http://www.w3.org/1999/xhtml}a")]
        times = 1 if code in {"fi", "en"} else 2  # once more in the source beneath
        assert links == ["tel:112", "tel:+358295463177"] * times


def test_the_same_post_again_is_one_message(site: Site) -> None:
    """Reloading the confirmation shows the same reference and stores nothing more; a changed text is a new message."""
    token = site.token(CONTACT)
    before = _stored(site)
    first = reference(site.client.post(CONTACT, data={"token": token, "message": "Kerran"}))
    assert reference(site.client.post(CONTACT, data={"token": token, "message": "Kerran"})) == first
    assert _stored(site) == before + 1
    assert reference(site.client.post(CONTACT, data={"token": token, "message": "Toisin"})) != first
    assert _stored(site) == before + 2


def test_haste_is_asked_to_send_again_and_then_taken(site: Site) -> None:
    """A post within a second of the page keeps its text and its token; a moment later it is taken."""
    page = site.client.page(CONTACT)
    token = page.one("input", name="token").get("value", "")
    fresh = aged(token, site.configuration, "contact", seconds=0)
    answer = site.client.post(CONTACT, data={"token": fresh, "message": "Kiire"})
    assert answer.status_code == 422
    again = Page(answer.text)
    assert again.text(again.one("textarea", name="message")) == "Kiire"
    assert again.one("input", name="token").get("value") == fresh
    reference(site.client.post(CONTACT, data={"token": aged(fresh, site.configuration, "contact", 2), "message": "Kiire"}))


def test_age_alone_never_refuses(site: Site) -> None:
    """A form left open for ten years, or served by a clock that ran ahead, is taken."""
    token = site.token(CONTACT)
    for seconds in (10 * 365 * 86400, -7200):
        old = aged(token, site.configuration, "contact", seconds)
        reference(site.client.post(CONTACT, data={"token": old, "message": f"Vanha {seconds}"}))


@pytest.mark.parametrize("token", ["", "nonsense", "AAAA", "é" * 40])
def test_a_foreign_token_keeps_the_text(site: Site, token: str) -> None:
    """Without a token of ours nothing is stored, the text stays, and the new page can be sent."""
    before = _stored(site)
    answer = site.client.post(CONTACT, data={"token": token, "message": "Säily"})
    assert answer.status_code == 422
    page = Page(answer.text)
    assert page.text(page.one("textarea", name="message")) == "Säily"
    assert _stored(site) == before
    fresh = aged(page.one("input", name="token").get("value", ""), site.configuration, "contact")
    reference(site.client.post(CONTACT, data={"token": fresh, "message": "Säily"}))


def test_without_a_usable_key_the_form_is_closed_before_anything_is_typed(
    make_site: Callable[..., Site], second_key: InboxKey
) -> None:
    """GET says that writing does not work and gives the hotline; a post keeps the text and says it was not sent."""
    site = make_site()
    token = site.token(CONTACT)
    closed = replace(site.configuration, inbox_keys=(second_key.fingerprint,))
    client = CheckedClient(build_public_app(closed, watch=False))
    answer = client.get(CONTACT)
    assert answer.status_code == 503
    page = Page(answer.text)
    assert not page.all("textarea")
    assert page.all("a", href="tel:+358295463177")
    refused = client.post(CONTACT, data={"token": token, "message": "Tallessa"})
    assert refused.status_code == 503
    kept = Page(refused.text)
    assert kept.text(kept.one("textarea", name="message")) == "Tallessa"
    assert "data-reference" not in refused.text
    assert client.get("/fi/").status_code == 200


def test_a_database_that_fails_is_told_truthfully(make_site: Callable[..., Site]) -> None:
    """Tables gone: 503, the text kept, no thanks; nothing of it in the log."""
    site = make_site()
    token = site.token(CONTACT)
    engine = database.connect(site.configuration.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE outbox")
    engine.dispose()
    answer = site.client.post(CONTACT, data={"token": token, "message": "Tallessa"})
    assert answer.status_code == 503
    assert "data-reference" not in answer.text
    page = Page(answer.text)
    assert page.text(page.one("textarea", name="message")) == "Tallessa"


def test_an_unforeseen_fault_keeps_the_text_and_logs_none_of_it(
    make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Even a fault nobody thought of answers with the form, the text in it, and no thanks."""
    site = make_site()
    token = site.token(CONTACT)

    def broken(*_: object) -> str:
        raise RuntimeError("Kanarialintu")

    monkeypatch.setattr("ihmiskauppa.public.submissions.submit", broken)
    answer = site.client.post(CONTACT, data={"token": token, "message": "Kanarialintu"})
    assert answer.status_code == 500
    page = Page(answer.text)
    assert page.text(page.one("textarea", name="message")) == "Kanarialintu"
    assert page.one("div", class_="ik-summary")
    logged = "\n".join(AllowListFormatter().format(record) for record in caplog.records)
    assert "RuntimeError" in logged
    assert "Kanarialintu" not in logged


def test_what_stands_under_a_choice_not_made_is_not_sent_silently(site: Site) -> None:
    """Choosing "no" above a telephone number leaves it out, and the confirmation says so."""
    answer = site.send("/en/get-help/write-to-us/", message="m1", may_contact="no", telephone="0401234567")
    reference(answer)
    assert "were not sent" in answer.text
    plain = site.send("/en/get-help/write-to-us/", message="m2", may_contact="no")
    assert "were not sent" not in plain.text


def test_sensitive_texts_no_person_checked_have_their_source_beneath(site: Site) -> None:
    """In Arabic, who reads messages and what the police are told stands in English too; in English and Finnish it need not."""
    beneath = site.client.page(SELF_REFERRAL).all("p", class_="ik-beneath")
    assert beneath
    assert all(paragraph.get("lang") == "en" and paragraph.get("dir") == "ltr" for paragraph in beneath)
    assert any("not reported to the police" in "".join(paragraph.itertext()) for paragraph in beneath)
    assert any("call the emergency number 112 now" in "".join(paragraph.itertext()) for paragraph in beneath), "an option's"
    assert not site.client.page("/en/get-help/write-to-us/").all("p", class_="ik-beneath")


def test_sensitive_texts_of_the_thanks_have_their_source_beneath(site: Site) -> None:
    """What a frightened person relies on after writing stands in English too; in English it need not."""
    said = {}
    for code in ("ar", "en"):
        page = Page(site.send(f"/{code}/get-help/write-to-us/", message="m", may_contact="no").text)
        said[code] = [page.text(p) for p in page.all("p", class_="ik-beneath")]
    assert "If nobody answers when we call, we leave no message and no name." in said["ar"]
    assert not said["en"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Becoming a client is not reported to the police.", "We do not tell the police that you become a client."),
        ("If you are in danger, call the emergency number", "In danger? Call"),
    ],
    ids=["note", "option"],
)
def test_a_changed_sensitive_text_is_in_english_until_it_is_translated(
    tmp_path: Path, make_site: Callable[..., Site], old: str, new: str
) -> None:
    """The old translation is gone at once in every language; English, marked as such, has a line with the hotline below."""
    forms = Path(shutil.copytree(data_folder("forms"), tmp_path / "forms"))
    file = forms / "self-referral.toml"
    assert old in file.read_text(encoding="utf-8")
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    changed = make_site(forms_folder=forms)
    for code, line in (("fi", "Tämä kohta on muuttunut."), ("sv", "Det här avsnittet har ändrats."), ("ar", "تغيّر هذا الجزء.")):
        page = changed.client.page(f"/{code}/get-help/write-to-us/")
        (english,) = (span for span in page.all("span", lang="en") if page.text(span).startswith(new))
        assert english.get("dir") == "ltr"
        told = page.one("p", class_="ik-changed")
        assert page.text(told).startswith(line)
        assert [link.get("href") for link in told] == ["tel:+358295463177"]
        beneath = [page.text(each) for each in page.all("p", class_="ik-beneath")]
        assert not [text for text in beneath if text.startswith(new)], "what is in English already needs no English beneath"
    assert not changed.client.page("/en/get-help/write-to-us/").all("p", class_="ik-changed")


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"), include_characters="\n"), max_size=300)
anything = st.text(st.characters(codec="utf-8"), max_size=300)
fields = st.sampled_from(["message", "telephone", "email", "safe_time_from_date", "spoken_language", "safe_now", "token", "x"])
slowly = settings(max_examples=60, deadline=None)


@slowly
@given(st.dictionaries(fields.filter(lambda name: name != "token"), texts))
def test_whatever_is_typed_is_taken_or_kept(site: Site, typed: dict[str, str]) -> None:
    """Arbitrary text in any field is taken, or stands in the answer as it was typed."""
    answer = site.client.post(SELF_REFERRAL, data={"may_contact": "yes", **typed, "token": site.token(SELF_REFERRAL)})
    assert answer.status_code in {200, 422}
    if answer.status_code == 422:
        kept = "".join(Page(answer.text).one("textarea", name="message").itertext())
        assert kept == typed.get("message", "")


@slowly
@given(st.dictionaries(fields, anything), st.booleans())
def test_no_post_is_a_fault_of_ours(site: Site, typed: dict[str, str], urlencoded: bool) -> None:
    """Control characters, NUL, forged tokens, in either encoding of forms: a clear answer, never a 500."""
    kind = "application/x-www-form-urlencoded" if urlencoded else "multipart/form-data"
    answer = Client(within(site.application), use_cookies=False).post(CONTACT, data=typed, content_type=kind)
    assert answer.status_code == 422
