"""The judge of answers to hostile posts: written against the promises, not against the code that keeps them.

What may change in a text, and nothing else. On the wire: bytes that are no UTF-8 become U+FFFD. In a form shown again: line
ends become LF, as in every HTML document; a vertical tab becomes LF; what HTML forbids (other controls, noncharacters)
becomes U+FFFD; a day or a time that could be read is shown as its input takes it. In `answers.json`: CRLF becomes LF, as the
visitor's browser had it. In the staff's text: so does a lone CR after that. A field with nothing to see in it is empty.
"""

import datetime
import email
import hashlib
import logging
import re
import secrets
import time
import traceback
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, delete, select
from werkzeug.test import TestResponse

from ihmiskauppa import database, languages
from ihmiskauppa.forms.definition import Form, Kind, Question
from ihmiskauppa.forms.spoken import staff_name
from ihmiskauppa.intake import reading
from ihmiskauppa.intake.outbox import OutboxRow
from ihmiskauppa.public.editions import load
from ihmiskauppa.public.form_token import Token
from ihmiskauppa.settings import data_folder
from tests.client import SPACE, Page
from tests.everywhere.corpus import MARK
from tests.everywhere.posts import Part, Post, Request
from tests.public.conftest import Site, reference

LANGUAGES: Final = languages.load(data_folder("content") / "languages.toml")

TAKEN, FAULTY, TOO_MUCH, FOREIGN, UNREADABLE = 200, 422, 413, 403, 400
ELSEWHERE: Final = {200, 308, 400, 403, 404, 405, 411, 413, 422}  # for requests that need not be a form's
PAGE: Final = "get-help/police"  # what the form about a page is asked about
ORDER: Final = "order"
ORDER_REFERENCE: Final = ""  # what the confirmation of an order shows is another reference than the mail's subject has
BLANKS: Final = "\u115f\u1160\u2800\u3164\uffa0"  # letters and a symbol that are drawn as nothing


@contextmanager
def judging(site: Site, home: Path, open_every: int = 1) -> Iterator["Judge"]:
    """A judge of `site`, who reads with the private key in `home` each mail that holds an injection, and of others some."""
    engine = database.connect(site.configuration.database_url)
    with reading.staff_gpg(home) as gpg:
        judge = Judge(site, load(site.configuration).forms, engine, gpg, open_every)
        logging.getLogger().addHandler(judge.watch)
        try:
            yield judge
        finally:
            logging.getLogger().removeHandler(judge.watch)
            engine.dispose()


class Watch(logging.Handler):
    """Remembers what any library logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(f"{record.levelname} {record.name}: {record.getMessage()}\n{record.exc_text or ''}")
        if record.exc_info:
            self.seen += traceback.format_exception(record.exc_info[1])


@dataclass
class Judge:
    """Posts to a site and checks all that follows from each post; counts statuses and opened mails."""

    site: Site
    forms: Mapping[str, Form]
    engine: Engine
    gpg: Any
    open_every: int
    watch: Watch = field(default_factory=Watch)
    statuses: Counter[int] = field(default_factory=Counter)
    opened: int = 0
    taken: int = 0
    last_row: int = 0

    def post(self, post: Post) -> None:
        """Send `post` and judge the answer, the outbox and the log. Raises AssertionError."""
        form = self.forms[post.form]
        key = self.site.configuration.form_token_keys()[0]
        token = Token(int((time.time() - 60) * 1000), secrets.token_bytes(16)).sign(key, form.name)
        body, content_type = post.body(token)
        answer = self._send(f"/{post.language}/{address(form)}", "POST", post.headers, body, content_type)
        rows = self._new_rows()
        if answer.status_code == TAKEN:
            assert not post.own_token
            self.taken += 1
            if form.counted and not any(visible(text) for q in form.questions if not q.options for text in post.texts(q.name)):
                assert rows == []
                assert "data-reference" not in answer.text
                return
            assert len(rows) == 1
            self._judge_mail(post, form, ORDER_REFERENCE if form.name == ORDER else reference(answer), rows[0])
            return
        assert rows == []
        if answer.status_code == FAULTY or (answer.status_code == TOO_MUCH and "data-form" in answer.text):
            judge_form(post, form, Page(answer.text))
            return
        assert answer.status_code in refusals(post), answer.status

    def request(self, request: Request) -> None:
        """Send whatever it is; no answer is a fault of ours, and nothing of it is stored."""
        answer = self._send(request.path, request.method, request.headers, request.body, request.content_type)
        assert answer.status_code in ELSEWHERE, answer.status
        assert b"data-reference" not in answer.data
        assert self._new_rows() == []

    def _send(self, path: str, method: str, headers: Sequence[tuple[str, str]], body: bytes, content_type: str) -> TestResponse:
        self.watch.seen.clear()
        sent = [*headers, ("Content-Length", str(len(body)))]
        answer = self.site.client.open(
            path, method=method, input_stream=BytesIO(body), content_type=content_type, headers=sent, follow_redirects=False
        )
        self.statuses[answer.status_code] += 1
        assert not self.watch.seen, self.watch.seen
        assert all(MARK not in f"{name}{value}" for name, value in answer.headers)
        return answer

    def _new_rows(self) -> list[bytes]:
        with self.engine.begin() as connection:
            rows = connection.execute(
                select(OutboxRow.id, OutboxRow.message_id, OutboxRow.payload).where(OutboxRow.id > self.last_row)
            ).all()
            for row in rows:
                assert email.message_from_bytes(row.payload)["Message-ID"] == row.message_id
                self.last_row = max(self.last_row, row.id)
        return [row.payload for row in rows]

    def forget_rows(self) -> None:
        """Empty the outbox, all but its last row: SQLite would give its id again."""
        with self.engine.begin() as connection:
            connection.execute(delete(OutboxRow).where(OutboxRow.id < self.last_row))

    def _judge_mail(self, post: Post, form: Form, shown: str, mail: bytes) -> None:
        configuration = self.site.configuration
        judge_headers(mail, configuration.mail_from, configuration.inbox_addresses)
        if not post.injects and self.taken % self.open_every:
            return
        self.opened += 1
        outer = email.message_from_bytes(mail, policy=SMTP)
        assert isinstance(outer, EmailMessage)
        sealed = list(outer.iter_parts())[1].get_payload(decode=True)
        opened = self.gpg.decrypt(sealed)
        assert opened.ok
        judge_entity(opened.data, outer, form, shown)
        judge_answers(post, form, opened.data, reading.open_message(mail, self.gpg))


def address(form: Form) -> str:
    """Where a form stands under a language; one of those about a page, for one page."""
    return f"{form.id}/{PAGE}/" if form.of_page else f"{form.id}/"


def refusals(post: Post) -> set[int]:
    """The statuses by which a post may be refused without its form: only what no browser sends for a form of ours."""
    headers = {name for name, _ in post.headers}
    allowed = {FOREIGN} if headers & {"Origin", "Sec-Fetch-Site", "Host"} else set()
    heads = [head for part in post.parts for head in (part.name, part.file_name or b"", part.header)]
    if "Host" in headers or (post.multipart and not all(map(_is_utf8, heads))):  # part headers are UTF-8 (RFC 7578, 5.1)
        allowed.add(UNREADABLE)
    return allowed


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


# The form shown again


def shown(text: str) -> str:
    """`text` as an HTML document holds it."""
    return "".join("\n" if c == "\v" else "\ufffd" if _forbidden(ord(c)) else c for c in _lines(text))


def _forbidden(code: int) -> bool:
    """Controls and noncharacters (HTML, 13.2.3.5; Infra, 4.6)."""
    control = code < 0x20 and code not in {0x09, 0x0A, 0x0C}
    return control or 0x7F <= code <= 0x9F or 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def judge_form(post: Post, form: Form, page: Page) -> None:
    """Every text stands in its field again, every choice is made again, every file is named; the faults are told."""
    assert page.one("form", data_form=form.name).get("method") == "post"
    assert page.one("div", class_="ik-summary")
    values: dict[str, list[str]] = {}
    for element in page.everything():
        name, kind = element.get("name"), element.get("type")
        if element.tag == SPACE + "textarea" and name:
            values[name] = ["".join(element.itertext())]
        elif element.tag == SPACE + "select" and name:
            values[name] = [o.get("value", "") for o in element.iter(SPACE + "option") if o.get("selected") is not None]
        elif element.tag == SPACE + "input" and name and kind in {"radio", "checkbox"}:
            values.setdefault(name, []).extend([element.get("value", "")] if element.get("checked") is not None else [])
        elif element.tag == SPACE + "input" and name:
            values[name] = [element.get("value", ""), *([kind] if kind in {"date", "time"} else ())]
    for question in form.questions:
        for name in question.inputs:
            if question.kind is not Kind.FILES:
                _judge_field(question, post.texts(name), values[name])
    files = [part for part in post.parts if part.file_name and post.multipart]
    names = [item for notice in page.all("div", class_="ik-notice") for item in notice.iter(SPACE + "li")]
    assert len(names) == len(files) * sum(question.kind is Kind.FILES for question in form.questions)


def _judge_field(question: Question, typed: Sequence[str], found: Sequence[str]) -> None:
    if question.options:
        known = {option.value for option in question.options} & set(typed)
        if question.kind is Kind.MANY_OF or len(typed) == 1:
            assert set(found) == known, question.name
        return
    text = "\n".join(typed)
    if found[1:]:
        assert _numbers(text, found[1]) == _numbers(found[0], found[1]), question.name
        return
    assert found[0] == shown(text), question.name


def _numbers(text: str, kind: str) -> list[int]:
    """The numbers in a day, in order of size, or hour and minute of a time."""
    numbers = [int("".join(str(unicodedata.digit(c)) for c in run)) for run in re.findall(r"\d+", text)]
    if kind == "date":
        return sorted(numbers)
    return [*numbers, 0][:2] if numbers else []


# The mail


def judge_headers(mail: bytes, sender: str, recipients: Sequence[str]) -> None:
    """The outside of a mail: these headers, each once, all fixed but for the id and the hour."""
    head = mail.partition(b"\r\n\r\n")[0].decode("ascii")
    lines = dict(line.split(": ", 1) for line in head.replace("\r\n ", " ").split("\r\n"))
    assert len(lines) == head.count("\r\n") + 1 - head.count("\r\n ")
    assert set(lines) == {"MIME-Version", "Content-Type", "From", "To", "Date", "Message-ID", "Subject"}
    assert lines["From"] == sender
    assert lines["To"] == ", ".join(recipients)
    assert lines["Subject"] == "[...]"
    assert re.fullmatch(rf"<[0-9a-f]{{32}}@{re.escape(sender.partition('@')[2])}>", lines["Message-ID"])
    assert email.utils.parsedate_to_datetime(lines["Date"]).minute == 0
    assert lines["Content-Type"].startswith('multipart/encrypted; protocol="application/pgp-encrypted"; boundary="===')
    assert MARK not in head


def judge_entity(entity: bytes, outer: EmailMessage, form: Form, reference: str) -> None:
    """The sealed inside: known headers only, at the top and of each part, and a subject of known words and the reference."""
    head = entity.partition(b"\r\n\r\n")[0].decode("ascii")
    inner = email.message_from_bytes(entity, policy=SMTP)
    assert isinstance(inner, EmailMessage)
    names = Counter(inner.keys())
    assert names == {"MIME-Version": 1, "Content-Type": 1, "HP-Outer": 5, **dict.fromkeys(outer_names(), 1)}
    for name in ("From", "To", "Date", "Message-ID"):
        assert inner[name] == outer[name]
    assert {str(value) for value in inner.get_all("HP-Outer", ())} == {f"{name}: {outer[name]}" for name in outer_names()}
    flags = {o.flag for q in form.questions for o in q.options if o.flag}
    words = str(inner["Subject"]).split(" · ")
    assert set(words[:-3]) <= flags
    assert words[-3] == form.staff
    assert words[-2] == reference or (form.name == ORDER and re.fullmatch("[0-9]{8}", words[-2]))
    assert words[-1] in {staff_name(code) for code in LANGUAGES}
    assert MARK not in head
    for number, part in enumerate(inner.iter_parts()):
        expected = {"Content-Type", "Content-Transfer-Encoding", *(("Content-Disposition", "MIME-Version") if number else ())}
        assert set(part.keys()) <= expected
        assert part.get_content_type() != "message/rfc822"
        assert re.fullmatch(r"answers\.json|liite-\d+\.[a-z0-9]{3,4}", part.get_filename() or "answers.json")
        assert all(MARK not in value for value in part.values())


def outer_names() -> tuple[str, ...]:
    """The headers that stand outside and inside."""
    return ("From", "To", "Date", "Message-ID", "Subject")


def judge_answers(post: Post, form: Form, entity: bytes, read: reading.ReadMessage) -> None:
    """Every text and every choice is in the mail, exactly; nothing is in it that was not asked."""
    assert (read.form, read.language) == (form.name, post.language)
    about = {"page": PAGE} if form.of_page else {}
    assert {name: answer for name, answer in read.answers.items() if name in about} == about
    ours = {"order", "mark"} if form.name == ORDER else set()
    assert ours <= set(read.answers) <= {question.name for question in form.questions} | set(about) | ours
    inner = email.message_from_bytes(entity, policy=SMTP)
    assert isinstance(inner, EmailMessage)
    attached = [(p.get_filename(), p.get_content()) for p in inner.iter_attachments() if p.get_filename() != "answers.json"]
    for question in form.questions:
        answer = read.answers.get(question.name)
        above = question.after and read.answers.get(question.after.question)
        if form.counted and question.options:
            assert answer is None, "a choice that is only counted was sent"
        elif question.after and question.after.answer not in ([above] if isinstance(above, str) else above or []):
            assert answer is None
        elif question.kind is Kind.FILES:
            _judge_files(post.files(question.name), answer or [], attached)
        else:
            _judge_answer(question, [post.texts(name) for name in question.inputs], answer, read.text)
    assert len(attached) == sum(len(post.files(q.name)) for q in form.questions if q.kind is Kind.FILES)


def _judge_answer(question: Question, typed: list[list[str]], answer: Any, text: str) -> None:
    if not any(visible(given) for texts in typed for given in texts):
        assert answer is None, question.name
    elif question.kind is Kind.WINDOW:
        for suffix, texts in zip(("from_date", "until_date", "from_time", "until_time"), typed, strict=True):
            kind = suffix.rpartition("_")[2]
            assert _numbers(" ".join(texts), kind) == _numbers(answer.get(suffix, ""), kind)
            datetime.datetime.fromisoformat(answer.get(suffix, "2030-01-01") if kind == "date" else "2030-01-01")
    elif question.kind is Kind.QUANTITIES:
        asked = {name: _digits("".join(texts)) for name, texts in zip(question.inputs, typed, strict=True)}
        assert {f"items-{line['name']}": str(line["pieces"]) for line in answer} == {
            n: d for n, d in asked.items() if d.strip("0")
        }
    elif question.kind is Kind.POSTCODE:
        assert answer == _digits("".join(typed[0]))
    elif question.kind is Kind.DATE:
        assert _numbers("".join(typed[0]), "date") == _numbers(answer, "date")
    elif question.options:
        assert ([answer] if isinstance(answer, str) else answer) == [o.value for o in question.options if o.value in typed[0]]
    else:
        words = "\n".join(given.replace("\r\n", "\n") for given in typed[0])
        assert answer == words, question.name
        assert _lines(words) in text, question.name


def _digits(text: str) -> str:
    return "".join(str(unicodedata.digit(c)) for c in text if c.isdecimal())


def _judge_files(sent: list[Part], told: list[dict[str, Any]], attached: list[tuple[str | None, Any]]) -> None:
    assert [(file["bytes"], file["sha256"]) for file in told] == [
        (len(part.content), hashlib.sha256(part.content).hexdigest()) for part in sent
    ]
    assert [name for name, _ in attached] == [file["name"] for file in told]
    assert [content for _, content in attached] == [part.content for part in sent]
    for file in told:
        assert not re.search(r"[\x00-\x1f\x7f/\\\u202a-\u202e\u2066-\u2069]", file["given_name"])


def visible(text: str) -> bool:
    """Whether there is anything to see in `text`: not only blanks, controls, joiners and direction marks."""
    return any(unicodedata.category(c) not in {"Cc", "Cf", "Zs", "Zl", "Zp"} and c not in BLANKS for c in text)
