"""The message the inbox gets: the readable MIME entity that is sealed, and the envelope that says nothing.

The entity carries the real subject under header protection (RFC 9788), a text in Finnish with the visitor's own words
untouched, and `answers.json`. The envelope is PGP/MIME (RFC 3156). No word of a visitor's stands in any header.
"""

import datetime
import email.utils
import json
import secrets
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from functools import lru_cache
from typing import Final

from ihmiskauppa.forms.answers import Answers, Attachments, Value, Window
from ihmiskauppa.forms.definition import Kind, Question
from ihmiskauppa.forms.files import File
from ihmiskauppa.forms.quantities import Quantities
from ihmiskauppa.forms.spoken import staff_name

OUTER_SUBJECT: Final = "[...]"
ANSWERS_FILE: Final = "answers.json"
COUNT_FORM: Final = "daily-count"  # where the name of the form stands in a visitor's message
MESSAGE_ID_BYTES: Final = 16


class _VerbatimHeader(UnstructuredHeader, BaseHeader):
    """A header folded at its blanks only; the standard library would write a long word as an encoded one (RFC 2047)."""

    def fold(self, *, policy: Policy) -> str:
        lines = textwrap.wrap(f"{self.name}: {self}", _LINE_LENGTH, break_long_words=False, break_on_hyphens=False)
        return f"{policy.linesep} ".join(lines) + policy.linesep


class _Registry(HeaderRegistry):
    """Parses headers that are the same in every message once: it is half of what building a message costs."""

    def __call__(self, name: str, value: str) -> BaseHeader:
        return self._once(name, value) if name.lower() in _SAME_IN_ALL else super().__call__(name, value)

    @lru_cache(maxsize=64)  # noqa: B019 - there is one registry
    def _once(self, name: str, value: str) -> BaseHeader:
        return super().__call__(name, value)


_SAME_IN_ALL: Final = frozenset({"from", "to", "mime-version", "content-type", "content-transfer-encoding"})
_LINE_LENGTH: Final = 78
_REGISTRY = _Registry()
_REGISTRY.map_to_type("hp-outer", _VerbatimHeader)
_POLICY = SMTP.clone(max_line_length=_LINE_LENGTH, header_factory=_REGISTRY)


@dataclass(frozen=True)
class Headers:
    """What the outside of a message shows: the same for every message but for the id and the hour."""

    sender: str
    recipients: tuple[str, ...]
    message_id: str
    date: datetime.datetime

    def items(self, subject: str) -> Iterator[tuple[str, str]]:
        yield "From", self.sender
        yield "To", ", ".join(self.recipients)
        yield "Date", email.utils.format_datetime(self.date)
        yield "Message-ID", self.message_id
        yield "Subject", subject


def new_headers(sender: str, recipients: tuple[str, ...], arrived: datetime.datetime) -> Headers:
    """Headers for a new message; `arrived` is rounded to the hour, and the id names no host."""
    domain = Address(addr_spec=sender).domain
    message_id = f"<{secrets.token_hex(MESSAGE_ID_BYTES)}@{domain}>"
    return Headers(sender, recipients, message_id, arrived.replace(minute=0, second=0, microsecond=0))


def entity(answers: Answers, reference: str, headers: Headers) -> bytes:
    """The MIME entity to seal, CRLF line ends, ending with its closing boundary (what follows is padding)."""
    return _assemble(_subject(answers, reference), _text(answers, reference), _attachments(answers), answers.as_json(), headers)


def count_entity(
    day: datetime.date, number: int, previous: datetime.date | None, references: Sequence[str], headers: Headers
) -> bytes:
    """The MIME entity of a daily count, in the same shape: all messages taken on `day`, and which count came before."""
    content = {
        "form": COUNT_FORM,
        "version": 1,
        "language": "fi",
        "answers": {
            "day": day.isoformat(),
            "number": number,
            "previous": previous.isoformat() if previous else None,
            "references": list(references),
        },
    }
    text = _count_text(day, number, previous, references)
    return _assemble(_count_subject(day, references), text, (), json.dumps(content, ensure_ascii=False, indent=1), headers)


def _assemble(subject: str, text: str, files: Iterable[tuple[str, File]], answers: str, headers: Headers) -> bytes:
    message = EmailMessage(policy=_POLICY)
    message.set_content(text, cte="base64")
    for name, file in files:
        maintype, _, subtype = file.signature[1].partition("/")
        message.add_attachment(file.content, maintype, subtype, filename=name, cte="base64")
    message.add_attachment(answers.encode(), "application", "json", filename=ANSWERS_FILE, cte="base64")
    message.set_param("hp", "cipher")
    message.set_param("protected-headers", "v1")
    for name, value in headers.items(subject):
        message[name] = value
    for name, value in headers.items(OUTER_SUBJECT):
        message["HP-Outer"] = f"{name}: {value}"
    return message.as_bytes()


def envelope(sealed: bytes, headers: Headers) -> bytes:
    """The mail that travels: exactly two parts, `application/pgp-encrypted` and the armored message."""
    message = EmailMessage(policy=_POLICY)
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = 'multipart/encrypted; protocol="application/pgp-encrypted"'
    for name, value in headers.items(OUTER_SUBJECT):
        message[name] = value
    version = EmailMessage(policy=_POLICY)
    version["Content-Type"] = "application/pgp-encrypted"
    version.set_payload("Version: 1\r\n")
    body = EmailMessage(policy=_POLICY)
    body["Content-Type"] = 'application/octet-stream; name="encrypted.asc"'
    body["Content-Disposition"] = 'inline; filename="encrypted.asc"'
    body.set_payload(sealed.decode("ascii"))
    message.attach(version)
    message.attach(body)
    return message.as_bytes()


def _count_subject(day: datetime.date, references: Sequence[str]) -> str:
    return f"Päivän viestit {_day(day)}: {len(references)}"


def _count_text(day: datetime.date, number: int, previous: datetime.date | None, references: Sequence[str]) -> str:
    """What the staff read at the end of a day."""
    lines = [_count_subject(day, references), "", f"Laskelman numero: {number}"]
    lines.append(f"Edellinen laskelma: {_day(previous)}" if previous else "Tämä on ensimmäinen laskelma.")
    if previous and (day - previous).days > 1:
        lines.append("Näiden päivien väliltä puuttuu laskelmia.")
    if references:
        lines += ["", "Kaikkien näiden viestien pitäisi olla tässä postilaatikossa. Tunnukset ovat numerojärjestyksessä,"]
        lines += ["eivät saapumisjärjestyksessä:", "", *references]
    else:
        lines += ["", "Tänä päivänä sivuston kautta ei tullut yhtään viestiä."]
    lines += ["", "Jos jokin viesti puuttuu, ilmoittakaa siitä sivuston ylläpidolle. Laskelma tulee joka päivä, myös silloin,"]
    lines += ["kun viestejä ei ole tullut. Jos laskelma jää tulematta, sekin on syytä ilmoittaa. Puolenyön aikaan tullut"]
    lines += ["viesti voi olla vasta seuraavan päivän laskelmassa.", ""]
    return "\n".join(lines)


def _subject(answers: Answers, reference: str) -> str:
    flags = [
        option.flag
        for question in answers.form.questions
        for option in question.options
        if option.flag and answers.values.get(question.name) == option.value
    ]
    return " · ".join([*flags, answers.form.staff, reference, staff_name(answers.language)])


def _text(answers: Answers, reference: str) -> str:
    """What the staff read: labels in Finnish, the visitor's words as typed."""
    lines = [
        f"{answers.form.staff} ({answers.form.name}, lomakkeen versio {answers.form.version})",
        f"Tunnus: {reference}",
        f"Sivuston kieli: {staff_name(answers.language)} ({answers.language})",
        "",
    ]
    for question in answers.form.questions:
        if question.name in answers.values:
            value = staff_value(question, answers.values[question.name])
            lines += [f"{question.staff}:", value, ""]
    unanswered = [question.staff for question in answers.form.questions if _asked(question, answers)]
    if unanswered:
        lines += ["Ei vastattu: " + "; ".join(unanswered)]
    return "\n".join(lines)


def _attachments(answers: Answers) -> Iterator[tuple[str, File]]:
    for value in answers.values.values():
        if isinstance(value, Attachments):
            yield from value.named


def _asked(question: Question, answers: Answers) -> bool:
    """Whether `question` was shown and left open."""
    if question.name in answers.values:
        return False
    return question.after is None or question.after.holds(answers.values.get(question.after.question))


def staff_value(question: Question, value: Value) -> str:
    """An answer in the staff's language; free text as typed."""
    if isinstance(value, Attachments):
        return "\n".join(f"{name} ({file.shown_name}, {len(file.content)} tavua)" for name, file in value.named)
    if isinstance(value, Window):
        days = _span(_day(value.from_date), _day(value.until_date))
        hours = _span(_hour(value.from_time), _hour(value.until_time))
        return " ".join(part for part in (days, f"klo {hours}" if hours else "") if part) + " (Suomen aikaa)"
    if isinstance(value, Quantities):
        return "\n".join(f"{amount.pieces} kpl  {amount.row.staff}" for amount in value.amounts)
    if isinstance(value, datetime.date):
        return _day(value)
    if question.options:
        chosen = value if isinstance(value, tuple) else (value,)
        labels = {option.value: option.staff for option in question.options}
        if question.kind is Kind.LANGUAGE:
            return ", ".join(staff_name(code) for code in chosen)
        return ", ".join(labels[answer] for answer in chosen)
    return value if isinstance(value, str) else ", ".join(value)


def _span(first: str, last: str) -> str:
    if first == last:
        return first
    return f"{first}–{last}"


def _day(day: datetime.date | None) -> str:
    return f"{day.day}.{day.month}.{day.year}" if day else ""


def _hour(time: datetime.time | None) -> str:
    return f"{time.hour}.{time.minute:02}" if time else ""
