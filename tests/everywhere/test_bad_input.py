"""Promise 12: whatever is posted, in any field, language or way, gets a clear answer, is kept, and goes to nobody else."""

import re
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest
import trustme
from hypothesis import HealthCheck, Phase, given, settings

from ihmiskauppa.forms import definition
from ihmiskauppa.forms.definition import Kind
from ihmiskauppa.intake.forwarder import Forwarder
from ihmiskauppa.intake.outbox import Outbox
from ihmiskauppa.public.form_token import HASTE_SECONDS
from ihmiskauppa.public.uploads import LONGEST_TEXT
from ihmiskauppa.settings import data_folder
from tests.client import Page
from tests.conftest import InboxKey
from tests.copies import running_copy
from tests.everywhere import broken_http, corpus
from tests.everywhere.forms import every_form
from tests.everywhere.oracle import Judge, address, judge_headers, judging
from tests.everywhere.posts import Part, Post, posts, requests
from tests.intake.mail_servers import Authority, mailer, serve
from tests.intake.mail_servers import Post as MailServer
from tests.public.conftest import Site, make_site  # noqa: F401 - a fixture

POSTS = 1100  # hypothesis's, shared among the forms
REQUESTS = 200
FREE = {Kind.LONG_TEXT, Kind.SHORT_TEXT}
FORMS = [*sorted(definition.load(data_folder("forms"))), "odd"]
ANSWER_SECONDS = 10
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


def stable(examples: int) -> settings:
    """The same inputs in every run; `bench/fuzz` takes others."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )


@pytest.fixture(scope="module")
def judge(
    make_site: Callable[..., Site],  # noqa: F811
    inbox_key: InboxKey,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Judge]:
    """A site with the shipped forms and an odd one, and who judges it."""
    site = make_site(forms_folder=every_form(tmp_path_factory.mktemp("forms")), post_limits="100000 per minute")
    with judging(site, inbox_key.home) as made:
        yield made


@pytest.mark.parametrize("name", FORMS)
def test_every_post_is_taken_whole_or_given_back_whole(judge: Judge, name: str) -> None:
    """Thanked: all of it in the mail, exactly. Not thanked: all of it in the form again. Headers: always ours."""
    before, taken = judge.statuses.copy(), judge.taken
    languages = tuple(judge.site.edition.languages)

    @stable(POSTS // len(FORMS))
    @given(posts({name: judge.forms[name]}, languages))
    def post(sent: Post) -> None:
        judge.post(sent)

    post()
    made = judge.statuses - before
    assert made.total() >= POSTS // len(FORMS)
    assert judge.taken - taken > made.total() // 20, "hardly anything was taken: the test sees one side only"
    assert made[422] > made.total() // 20


def test_the_whole_corpus_in_every_text_field(judge: Judge) -> None:
    """Each text of the corpus stands in every text field of every form once, whatever hypothesis chose."""
    languages = list(judge.site.edition.languages)
    for number, text in enumerate(corpus.TEXTS):
        for form in judge.forms.values():
            free = number % 2 == 0  # every other one only in free text, so that most of them are taken
            kinds = FREE if free else set(Kind) - {Kind.FILES}
            names = [name for q in form.questions if q.kind in kinds and not q.options for name in q.inputs]
            names = names[: LONGEST_TEXT // (4 * len(text) + 1)]  # what a post may hold: an order has many fields
            chosen = (Part(b"may_contact", b"yes"), Part(b"helper", b"yes"), Part(b"needs", b"other"))
            parts = (*chosen, *(Part(name.encode(), text) for name in names))
            judge.post(Post(form.name, languages[number // 2 % len(languages)], parts, multipart=number % 3 > 0))


def test_every_file_name_and_every_file_of_the_corpus(judge: Judge) -> None:
    """Files arrive byte for byte under names of ours; what they were called is told and leads nowhere."""
    for number, given_name in enumerate(corpus.FILE_NAMES):
        content = corpus.FILES[1 + number % (len(corpus.FILES) - 1)]
        for words in (b"tiedosto", b""):  # taken; and not taken, so that the names are shown
            parts = (Part(b"message", words), Part(b"files", content, given_name, b"Content-Type: text/html"))
            judge.post(Post("contact", "sv", parts, multipart=True))
    for content in corpus.FILES:
        parts = (Part(b"message", b"x"), Part(b"files", content, b"a.jpg"))
        judge.post(Post("self-referral", "ar", parts, multipart=True))


def test_every_other_request_gets_a_page(judge: Judge) -> None:
    """Any method, address, header and body: never a 500, never something stored."""
    edition = judge.site.edition
    places = [page.path for page in edition.catalogue.pages()] + [f"/fi/{address(form)}" for form in judge.forms.values()]

    @stable(REQUESTS)
    @given(requests(places))
    def request(sent: object) -> None:
        judge.request(sent)  # type: ignore[arg-type]

    request()


def test_no_injection_finds_a_second_recipient(judge: Judge, tmp_path: Path) -> None:
    """Through a real forwarder to a real mail server: one recipient for each mail, and the mails as they were stored."""
    judge.forget_rows()
    for number, text in enumerate(corpus.INJECTIONS):
        fields = (b"message", b"sender", b"topic[]", b"to", b"bcc", b"subject")
        judge.post(Post("contact", "en", tuple(Part(name, text) for name in fields), multipart=bool(number % 2)))
    post = MailServer()
    authority = Authority(trustme.CA(), tmp_path)
    with serve(post, authority.issue("localhost")) as port:
        mail = mailer(port, authority)
        forwarder = Forwarder(Outbox(judge.engine, 2 * mail.longest), mail, judge.engine)
        while forwarder.step():
            pass
    assert len(post.mails) >= len(corpus.INJECTIONS)
    assert post.recipients == ["inbox@example.org"] * len(post.mails)
    for sent in post.mails:
        judge_headers(sent, "site@site.example", ("inbox@example.org",))


def _exchange(address: tuple[str, int], request: bytes) -> bytes:
    """What the server says to `request` until it closes or falls silent, after the client has stopped sending."""
    answer = b""
    with socket.create_connection(address, timeout=ANSWER_SECONDS) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(65536):
                answer += data
        except OSError:  # the server may have hung up before all was said
            pass
    return answer


def test_broken_http_breaks_nothing(tmp_path: Path) -> None:
    """Requests no client writes: refused, never a 500, nothing stored, nothing in the log; then the next visitor is thanked."""
    with running_copy(tmp_path) as copy:
        form = "/fi/about/write-to-us/"
        page = Page(urlopen(copy.url + form, timeout=10).read().decode())  # noqa: S310 - our own loopback
        token = page.one("input", name="token").get("value", "")
        target = urlsplit(copy.url)
        address = ("127.0.0.1", target.port or 0)
        cases = list(broken_http.cases(form, token))
        assert len(cases) > 200
        with ThreadPoolExecutor(4) as clients:
            answers = list(clients.map(lambda case: _exchange(address, case), cases))
        statuses: Counter[int] = Counter()
        for case, answer in zip(cases, answers, strict=True):
            found = {int(status) for status in STATUS.findall(answer)}
            assert all(status < 500 or status in {501, 505} for status in found), (case[:200], found)
            assert b"data-reference" not in answer, case[:200]
            assert corpus.MARK.encode() not in answer.partition(b"\r\n\r\n")[0]
            statuses.update(found or {0})
        assert statuses[400] > 10
        time.sleep(HASTE_SECONDS)
        body = urlencode({"token": token, "message": "Ehjä viesti"}).encode()
        thanked = Page(urlopen(copy.url + form, body, timeout=20).read().decode())  # noqa: S310
        digits = "".join(next(e for e in thanked.everything() if e.get("data-reference") is not None).itertext())
        assert "Ehjä viesti" in copy.wait_for(digits).text
        assert len(copy.inbox()) == 1
        log = copy.log.read_text()
        assert not re.search("ERROR|CRITICAL|Traceback|Unhandled|kesken", log), log
