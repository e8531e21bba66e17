"""The feedback forms: what is counted, what is sent, and what they say when nothing can be sent."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from ihmiskauppa import database
from ihmiskauppa.app import build_public_app
from ihmiskauppa.feedback import counts
from ihmiskauppa.feedback.questionnaire import ITEMS
from ihmiskauppa.intake import reading
from ihmiskauppa.intake.outbox import OutboxRow
from tests.client import SPACE, CheckedClient, Page
from tests.conftest import InboxKey
from tests.public.conftest import Site, aged, reference

SITE = "/en/about/feedback/"
PAGE = "/fi/about/did-this-help/get-help/police/"
ALL = dict.fromkeys(ITEMS, "3")


@pytest.fixture
def own_site(make_site: Callable[..., Site]) -> Site:
    """A site nobody has answered yet."""
    return make_site()


@pytest.fixture
def engine(own_site: Site) -> Iterator[Engine]:
    """Its database."""
    made = database.connect(own_site.configuration.database_url)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def staff(inbox_key: InboxKey) -> Iterator[Any]:
    """The staff's gpg."""
    with reading.staff_gpg(inbox_key.home) as gpg:
        yield gpg


def counted(engine: Engine) -> dict[tuple[str, str], int]:
    today = counts.day_of(database.now())
    with database.reading(engine) as connection:
        return {(t.tally.question, t.tally.answer): t.count for t in counts.totals(connection, today, today)}


def mails(engine: Engine) -> list[bytes]:
    with engine.connect() as connection:
        return list(connection.execute(select(OutboxRow.payload)).scalars())


def test_choices_are_counted_and_nothing_is_sent(own_site: Site, engine: Engine) -> None:
    """Thanked without a code; no mail; every choice and the score once."""
    answer = own_site.send(SITE, **ALL, found="yes", who="other")
    assert answer.status_code == 200
    assert Page(answer.text).text(Page(answer.text).one("h1")) == "Thank you for your answers"
    assert "data-reference" not in answer.text
    assert mails(engine) == []
    expected = {(name, "3"): 1 for name in ITEMS}
    assert counted(engine) == expected | {("found", "yes"): 1, ("who", "other"): 1, ("sus", "50"): 1}


def test_a_questionnaire_left_half_empty_is_taken(own_site: Site, engine: Engine) -> None:
    """Five items and nothing else: counted at those, without a score."""
    assert own_site.send(SITE, **dict.fromkeys(ITEMS[:5], "4")).status_code == 200
    assert counted(engine) == {(name, "4"): 1 for name in ITEMS[:5]}


def test_words_are_sent_sealed_without_the_choices(own_site: Site, engine: Engine, staff: Any) -> None:
    """The mail says in its subject that it is feedback, has the words and no choice, and counts are there with it."""
    digits = reference(own_site.send(SITE, found="no", device="phone", message="Kanarialintu, keltainen"))
    (mail,) = mails(engine)
    read = reading.open_message(mail, staff)
    assert read.subject == f"Palaute sivustosta · {digits} · englanti"
    assert read.answers == {"message": "Kanarialintu, keltainen"}
    assert "Ei vastattu" not in read.text
    assert counted(engine) == {("found", "no"): 1, ("device", "phone"): 1}


def test_words_about_a_page_tell_which(own_site: Site, engine: Engine, staff: Any) -> None:
    """The page's id is in the mail; the answer is counted under it."""
    reference(own_site.send(PAGE, helped="partly", message="Puhelinnumero puuttui"))
    read = reading.open_message(mails(engine)[0], staff)
    assert read.subject.startswith("Palaute sivusta · ")
    assert read.answers == {"page": "get-help/police", "message": "Puhelinnumero puuttui"}
    assert "get-help/police" in read.text
    assert counted(engine) == {("helped:get-help/police", "partly"): 1}


def test_a_reload_counts_nothing_and_sends_nothing(own_site: Site, engine: Engine) -> None:
    """The same post again: the same code, one mail, counted once; without words the same."""
    token = own_site.token(PAGE)
    sent = {"token": token, "helped": "yes", "message": "Kerran"}
    first, again = (reference(own_site.client.post(PAGE, data=sent)) for _ in range(2))
    assert first == again
    token = own_site.token(PAGE)
    for _ in range(2):
        assert own_site.client.post(PAGE, data={"token": token, "helped": "yes"}).status_code == 200
    assert len(mails(engine)) == 1
    assert counted(engine) == {("helped:get-help/police", "yes"): 2}


def test_if_the_mail_cannot_be_kept_nothing_is_counted(own_site: Site, engine: Engine) -> None:
    """Both on one transaction: with no outbox the choices are not counted, the page keeps everything, and later both work."""
    token = own_site.token(SITE)
    sent = {"token": token, "found": "yes", "message": "Yhdessä"}
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE outbox RENAME TO away")
    answer = own_site.client.post(SITE, data=sent)
    assert answer.status_code == 503
    page = Page(answer.text)
    assert page.text(page.one("textarea", name="message")) == "Yhdessä"
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO outbox")
    assert counted(engine) == {}
    reference(own_site.client.post(SITE, data=sent))
    assert counted(engine) == {("found", "yes"): 1}


def test_if_the_choices_cannot_be_counted_no_mail_is_kept(own_site: Site, engine: Engine) -> None:
    """The other way round: with no counts the mail is not stored, and nobody is thanked, with words or without."""
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE feedback_counts")
    assert own_site.send(SITE, found="yes", message="Yhdessä").status_code == 503
    assert own_site.send(SITE, found="yes").status_code == 503
    assert mails(engine) == []


def test_without_a_usable_key_choices_are_still_counted(own_site: Site, engine: Engine, second_key: InboxKey) -> None:
    """The page has no field for words, says why and gives the hotline; words sent all the same are kept and told of."""
    token = own_site.token(SITE)
    closed = CheckedClient(build_public_app(replace(own_site.configuration, inbox_keys=(second_key.fingerprint,)), watch=False))
    page = closed.page(SITE)
    assert not page.all("textarea")
    assert "cannot send anything in your own words" in page.text()
    assert len(page.all("a", href="tel:+358295463177")) >= 3
    refused = closed.post(SITE, data={"token": token, "found": "yes", "message": "Tallessa"})
    assert refused.status_code == 503
    kept = Page(refused.text)
    assert kept.text(kept.one("textarea", name="message")) == "Tallessa"
    assert "Empty that field" in refused.text
    assert counted(engine) == {}
    assert closed.post(SITE, data={"token": token, "found": "yes", "message": ""}).status_code == 200
    assert counted(engine) == {("found", "yes"): 1}


def test_an_empty_form_is_asked_for_one_answer(own_site: Site, engine: Engine) -> None:
    """At the first question, which the summary leads to; nothing is counted."""
    for path, first in ((SITE, "found"), (PAGE, "helped")):
        answer = own_site.send(path)
        assert answer.status_code == 422
        page = Page(answer.text)
        summary = page.one("div", class_="ik-summary")
        assert [link.get("href") for link in summary.iter(SPACE + "a")] == [f"#{first}"]
        assert page.one("input", id=first).get("type") == "radio"
    assert counted(engine) == {}


def test_an_error_keeps_every_choice_and_every_word(own_site: Site, engine: Engine) -> None:
    """A point that is none is told at its statement; all others are chosen again."""
    answer = own_site.send(SITE, **(ALL | {"clumsy": "6"}), found="partly", message="Säily")
    assert answer.status_code == 422
    page = Page(answer.text)
    chosen = {e.get("name"): e.get("value") for e in page.all("input", type="radio") if e.get("checked") is not None}
    assert chosen == {name: "3" for name in ITEMS if name != "clumsy"} | {"found": "partly"}
    assert page.text(page.one("textarea", name="message")) == "Säily"
    group = next(f for f in page.all("fieldset") if any(e.get("name") == "clumsy" for e in f.iter()))
    assert "clumsy-fault" in (group.get("aria-describedby") or "")
    assert counted(engine) == {}


def test_the_page_meant_is_named_in_its_language(site: Site) -> None:
    """The link leads to the page; a page that the language lacks is named in the one it is written in."""
    page = site.client.page(PAGE)
    links = [link for link in page.one("main").iter(SPACE + "a") if link.get("href") == "/fi/get-help/police/"]
    (title,) = (page.text(link) for link in links)
    assert title == site.client.page("/fi/get-help/police/").text(site.client.page("/fi/get-help/police/").one("h1"))
    assert page.one("form", data_form="page-feedback").get("action") == PAGE
    thanked = Page(site.send(PAGE, helped="yes").text)
    assert [link for link in thanked.one("main").iter(SPACE + "a") if link.get("href") == "/fi/get-help/police/"]
    figures = site.client.page("/ar/about/did-this-help/figures/2018/")
    (link,) = [link for link in figures.one("main").iter(SPACE + "a") if link.get("href") == "/ar/figures/2018/"]
    assert (link.get("lang"), link.get("dir")) == ("en", "ltr")


@pytest.mark.parametrize(
    "path",
    [
        "/fi/about/did-this-help/",
        "/fi/about/did-this-help/nowhere/",
        "/fi/about/did-this-help/get-help/",
        "/fi/about/did-this-help/get-help/police//",
        "/fi/about/did-this-help/about/did-this-help/",
        "/fi/about/did-this-help/about/did-this-help/get-help/police/",
        "/xx/about/did-this-help/get-help/police/",
    ],
)
def test_a_page_that_does_not_exist_is_not_asked_about(own_site: Site, engine: Engine, path: str) -> None:
    """404 to who looks; a post counts nothing."""
    assert own_site.client.get(path).status_code == 404
    token = own_site.token(PAGE)
    assert own_site.client.post(path, data={"token": token, "helped": "yes"}).status_code in {404, 405}
    assert counted(engine) == {}


def test_every_place_in_the_tree_can_be_asked_about(site: Site) -> None:
    """Front pages, forms, search and figures too; none of these pages is indexed or in the sitemap."""
    for page_id in ("home/index", "get-help/index", "get-help/write-to-us", "about/search", "figures/2018", "about/feedback"):
        page = site.client.page(f"/sv/about/did-this-help/{page_id}/")
        assert page.one("meta", name="robots").get("content") == "noindex"
    assert b"did-this-help" not in site.client.get("/sitemap.xml").data
    assert b"/about/feedback/" in site.client.get("/sitemap.xml").data


def test_the_foot_of_every_page_leads_to_its_own(site: Site) -> None:
    """On a page of the tree to the question about it, elsewhere to the questionnaire; no page has the form itself."""

    def feet(path: str) -> list[str | None]:
        footer = Page(site.client.get(path).text).one("footer")
        return [link.get("href") for link in footer.iter(SPACE + "a") if "/did-this-help/" in (link.get("href") or "")]

    assert feet("/ar/get-help/police/") == ["/ar/about/did-this-help/get-help/police/"]
    assert feet("/sv/") == ["/sv/about/did-this-help/home/index/"]
    assert feet("/fi/about/search/") == ["/fi/about/did-this-help/about/search/"]
    for path in ("/fi/nowhere/", PAGE):
        assert feet(path) == []
        footer = Page(site.client.get(path).text).one("footer")
        assert [link for link in footer.iter(SPACE + "a") if link.get("href") == "/fi/about/feedback/"]
    assert not site.client.page("/fi/get-help/police/").all("form", method="post")


def test_the_words_field_is_no_way_to_ask_for_help_and_says_so(site: Site) -> None:
    """Above the field: the hotline and the form for asking; with the field itself: that nobody answers."""
    for path in (SITE, PAGE, "/ar/about/feedback/"):
        page = site.client.page(path)
        code = path.split("/")[1]
        notice = page.one("form", data_form=("page-feedback" if path == PAGE else "feedback"))
        links = [link.get("href") for link in notice.iter(SPACE + "a")]
        assert links == ["tel:+358295463177", f"/{code}/get-help/write-to-us/"]
        assert "message-hint" in (page.one("textarea", name="message").get("aria-describedby") or "")


def test_each_point_of_the_scale_has_its_words(site: Site) -> None:
    """Ten groups with a legend, five radios each, named by number and words."""
    page = site.client.page(SITE)
    groups = [f for f in page.all("fieldset") if any(e.get("class") == "ik-scale" for e in f.iter())]
    assert len(groups) == 10
    words = ["1 Strongly disagree", "2 Disagree", "3 Neither agree nor disagree", "4 Agree", "5 Strongly agree"]
    for group in groups:
        assert page.text(group.find(SPACE + "legend"))
        assert [page.text(label) for label in group.iter(SPACE + "label")] == words


def test_haste_and_foreign_tokens_count_nothing(own_site: Site, engine: Engine) -> None:
    """The form's own rules hold here too: a token of another form is none."""
    foreign = own_site.token("/fi/about/write-to-us/")
    assert own_site.client.post(PAGE, data={"token": foreign, "helped": "yes"}).status_code == 422
    fresh = aged(own_site.token(PAGE), own_site.configuration, "page-feedback", -60)
    assert own_site.client.post(PAGE, data={"token": fresh, "helped": "yes"}).status_code == 422
    cross = own_site.client.post(PAGE, data={"token": own_site.token(PAGE)}, headers={"Sec-Fetch-Site": "cross-site"})
    assert cross.status_code == 403
    assert counted(engine) == {}


def test_who_sends_too_much_waits_with_everything_kept(make_site: Callable[..., Site]) -> None:
    """The limit of all forms is the limit here."""
    site = make_site(post_limits="1 per minute")
    assert site.send(PAGE, helped="yes").status_code == 200
    answer = site.send(PAGE, helped="no", message="Odottaa")
    assert answer.status_code == 429
    page = Page(answer.text)
    assert page.text(page.one("textarea", name="message")) == "Odottaa"
    engine = database.connect(site.configuration.database_url)
    with engine.connect() as connection:
        assert connection.execute(select(func.sum(counts.CountRow.count))).scalar_one() == 1
    engine.dispose()
