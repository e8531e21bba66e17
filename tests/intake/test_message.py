"""The message: PGP/MIME outside, header protection inside, and the visitor's words untouched in the body only."""

import datetime
import email
import hashlib
import json
import platform
import re
import socket
from email.headerregistry import ContentTypeHeader
from email.message import EmailMessage
from email.policy import SMTP, default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihmiskauppa.forms.answers import Answers, Attachments, Value, Window
from ihmiskauppa.forms.definition import Form, Kind, Option, Question
from ihmiskauppa.forms.files import File
from ihmiskauppa.intake import message
from ihmiskauppa.intake.message import Headers
from ihmiskauppa.intake.sealing import pad

ARRIVED = datetime.datetime(2026, 11, 24, 13, 47, 12, 345678, tzinfo=datetime.UTC)
REFERENCE = "01234567"
SEALED = b"-----BEGIN PGP MESSAGE-----\n\nhIwD\n-----END PGP MESSAGE-----\n"
# Longer than a line: the standard library would write such words as encoded ones in HP-Outer.
LONG_DOMAIN = "assistance-system-for-victims.of-human-trafficking.government.example"
TEXTS = {
    "emoji": "🆘👩🏽‍👧 auttakaa 🏳️‍🌈",
    "marks of direction": "\u202bساعدوني\u202c \u200f+358 40\u200e \u2066x\u2069\u202e",
    "combining marks": "a\u0308 ä å\u0323 ท\u0e35\u0e48 न\u0940",
    "NUL and control characters": "a\x00b\x01\x0b\x0c\x1b[31m\x1c\x85\u2028\u2029\ufeffc",
    "blanks and empty lines": "  a\n\n\n .\n.\n..\n\tb   \n",
    "what looks like mail": "From: x\nSubject: y\n\n--===\n-----BEGIN PGP MESSAGE-----\n\nFrom here\n",
    "20,000 characters": "我需要帮助。" * 3333 + "完了",
    "one long line": "x" * 20_000,
}


def headers(sender: str = "site@site.example", *recipients: str) -> Headers:
    return message.new_headers(sender, recipients or ("inbox@example.org",), ARRIVED)


def answers(form: Form, **values: Value) -> Answers:
    return Answers(form, "ar", values, dropped=False)


def parsed(mail: bytes) -> EmailMessage:
    read = email.message_from_bytes(mail, policy=SMTP)
    assert isinstance(read, EmailMessage)
    assert not read.defects
    return read


def text_of(entity: bytes) -> str:
    body = parsed(entity).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def header_lines(mail: bytes) -> bytes:
    """All headers of a mail and of its parts."""
    found = [mail.split(b"\r\n\r\n", 1)[0]]
    found += [part.split(b"\r\n\r\n", 1)[0] for part in re.split(rb"\r\n--=+\d+==", mail)[1:]]
    return b"\r\n".join(found)


def test_the_envelope_is_pgp_mime_of_two_parts() -> None:
    """The mail is multipart/encrypted with exactly the control part, `Version: 1`, and the armored message."""
    # Trap (PGP/MIME): RFC 3156, 4: exactly two parts.
    mail = parsed(message.envelope(SEALED, headers()))
    assert mail.get_content_type() == "multipart/encrypted"
    assert mail["Content-Type"].params["protocol"] == "application/pgp-encrypted"
    assert mail["MIME-Version"] == "1.0"
    control, body = mail.iter_parts()
    assert control.get_content_type() == "application/pgp-encrypted"
    assert control.get_payload(decode=True) == b"Version: 1\r\n"
    assert body.get_content_type() == "application/octet-stream"
    payload = body.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.replace(b"\r\n", b"\n") == SEALED


@pytest.mark.parametrize("name", TEXTS)
def test_lines_end_in_crlf_and_are_short_ascii(name: str, form: Form) -> None:
    """Entity and envelope have CRLF everywhere, only ASCII, and no line over 998 octets (RFC 5322, 2.1.1)."""
    # Trap (PGP/MIME): inside is a whole MIME entity, CRLF.
    many = headers(f"site@{LONG_DOMAIN}", *(f"inbox-{number}@{LONG_DOMAIN}" for number in range(20)))
    entity = message.entity(answers(form, message=TEXTS[name]), REFERENCE, many)
    for mail in (entity, pad(entity), message.envelope(SEALED, many)):
        assert mail.isascii()
        assert b"\x00" not in mail
        without = mail.replace(b"\r\n", b"")
        assert b"\n" not in without
        assert b"\r" not in without
        assert max(map(len, mail.split(b"\r\n"))) <= 998
    assert entity.endswith(b"--\r\n")


def test_the_standard_library_reads_the_same_bytes_again(form: Form) -> None:
    """Parsing and writing the envelope again changes no byte of it."""
    # Trap (PGP/MIME): the standard library's `email` builds it byte-equal with `policy=SMTP`.
    mail = message.envelope(SEALED, headers())
    assert parsed(mail).as_bytes(policy=SMTP) == mail
    assert parsed(message.entity(answers(form, message="x"), REFERENCE, headers())).as_bytes(policy=SMTP)


@pytest.mark.parametrize("domain", ["site.example", LONG_DOMAIN])
def test_the_headers_are_protected(domain: str, form: Form) -> None:
    """The root has hp="cipher", HP-Outer repeats each outer header exactly, and the true subject stands inside only."""
    # Trap (PGP/MIME): header protection (RFC 9788); older clients read protected-headers="v1".
    around = headers(f"site@{domain}", f"inbox@{domain}", "second@example.org")
    outer = parsed(message.envelope(SEALED, around))
    inner = parsed(message.entity(answers(form, message="x", safe_now="no"), REFERENCE, around))
    content_type = inner["Content-Type"]
    assert isinstance(content_type, ContentTypeHeader)
    assert content_type.params["hp"] == "cipher"
    assert content_type.params["protected-headers"] == "v1"
    structural = {"content-type", "mime-version"}
    assert inner.get_all("HP-Outer") == [f"{name}: {value}" for name, value in outer.items() if name.lower() not in structural]
    assert outer["Subject"] == "[...]"
    assert inner["Subject"] == f"EI TURVASSA · Itseilmoitus · {REFERENCE} · arabia"
    for name in ("From", "To", "Date", "Message-ID"):
        assert inner[name] == outer[name]


def test_hp_outer_is_written_without_encoded_words(form: Form) -> None:
    """A sender's domain longer than a line stands in HP-Outer as it is."""
    around = headers(f"site@{LONG_DOMAIN}")
    entity = message.entity(answers(form, message="x"), REFERENCE, around)
    lines = entity.split(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").split(b"\r\n")
    outer = [line for line in lines if line.startswith(b"HP-Outer:")]
    assert len(outer) == 5
    assert f"HP-Outer: Message-ID: {around.message_id}".encode() in outer
    assert not [line for line in outer if b"=?" in line]


def test_no_header_names_this_host(form: Form) -> None:
    """Neither Message-ID nor any other header, outside or inside, names the machine the site runs on."""
    # Trap (PGP/MIME): give `Date`, `Message-ID` and `local_hostname` yourself, else the host's name leaks.
    around = headers()
    assert re.fullmatch(r"<[0-9a-f]{32}@site\.example>", around.message_id)
    mails = [message.envelope(SEALED, around), message.entity(answers(form, message="x"), REFERENCE, around)]
    for host in {socket.gethostname(), platform.node(), socket.getfqdn()}:
        pattern = re.compile(rb"(?<![\w-])" + re.escape(host.encode()) + rb"(?![\w-])", re.IGNORECASE)
        for mail in mails:
            assert not pattern.search(header_lines(mail)), host


def test_message_ids_do_not_repeat() -> None:
    """Every message has an id of its own."""
    assert len({headers().message_id for _ in range(100)}) == 100


def test_the_date_is_the_hour() -> None:
    """The Date header tells the hour of arrival, nothing finer."""
    mail = parsed(message.envelope(SEALED, headers()))
    assert mail["Date"] == "Tue, 24 Nov 2026 13:00:00 +0000"
    assert b"47:12" not in mail.as_bytes()


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x00", "\u2028", "\x0b"])
def test_no_words_of_the_visitor_stand_in_a_header(end: str, form: Form) -> None:
    """Line ends in whatever field add no header and no part, and the words stand in no header, inside or outside."""
    # Trap (PGP/MIME): no visitor's text in any outer header, ever: EmailMessage raises on CR/LF there.
    canary = f"canary{end}Bcc: canary@evil.example{end}{end}--canary"
    texts = {question.name: canary for question in form.questions if not question.options and question.kind is not Kind.WINDOW}
    around = headers()
    entity = message.entity(answers(form, may_contact="yes", **texts), REFERENCE, around)
    for mail in (entity, message.envelope(SEALED, around)):
        assert b"canary" not in header_lines(mail)
        assert b"evil" not in header_lines(mail)
        assert parsed(mail)["Bcc"] is None
        assert len(list(parsed(mail).iter_parts())) == 2
    content = json.loads(next(iter(parsed(entity).iter_attachments())).get_content())
    assert content["answers"]["message"] == canary


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_is_what_was_typed(name: str, form: Form) -> None:
    """The readable text and answers.json hold the visitor's words character by character."""
    # Trap (PGP/MIME): inline PGP guarantees no charset; here the charset is declared and the bytes are base64.
    typed = TEXTS[name]
    entity = message.entity(answers(form, message=typed), REFERENCE, headers())
    read = text_of(entity)
    label = f"{form.question('message').staff}:\n"
    start = read.index(label) + len(label)
    assert read[start : start + len(typed)] == typed
    assert read[start + len(typed) :].startswith("\n\n")
    (attachment,) = parsed(entity).iter_attachments()
    assert attachment.get_filename() == message.ANSWERS_FILE
    assert attachment.get_content_type() == "application/json"
    assert json.loads(attachment.get_content())["answers"] == {"message": typed}
    body = parsed(entity).get_body(("plain",))
    assert body is not None
    assert body.get_content_charset() == "utf-8"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=300))
def test_any_text_survives(form: Form, typed: str) -> None:
    """Whatever is typed, the text, the answers and the structure of the padded message stay whole."""
    submitted = answers(form, message=typed)
    entity = pad(message.entity(submitted, REFERENCE, headers()))
    assert f"\n{typed}\n" in text_of(entity)
    (attachment,) = parsed(entity).iter_attachments()
    assert attachment.get_content().decode() == submitted.as_json()


def test_padding_stays_outside_the_parts(form: Form) -> None:
    """A reader of the padded entity sees the same parts as without padding."""
    entity = message.entity(answers(form, message="x"), REFERENCE, headers())
    plain, padded = ([part.get_payload(decode=True) for part in parsed(mail).iter_parts()] for mail in (entity, pad(entity)))
    assert plain == padded


def test_the_text_names_answers_in_finnish_and_what_was_left_open(form: Form) -> None:
    """Chosen answers appear with the staff's labels, unanswered questions that were shown are listed, hidden ones are not."""
    read = text_of(message.entity(answers(form, message="x", safe_now="no", helper="yes"), REFERENCE, headers()))
    assert f"Tunnus: {REFERENCE}" in read
    assert "Sivuston kieli: arabia (ar)" in read
    assert "Turvassa juuri nyt:\nEI\n" in read
    left_open = read[read.index("Ei vastattu: ") :]
    assert form.question("may_contact").staff in left_open
    assert form.question("helper_who").staff in left_open
    assert form.question("telephone").staff not in left_open
    assert form.question("message").staff not in left_open


def question(kind: Kind, *options: Option) -> Question:
    return Question("name", kind, "Label", "", "Nimi", 200, options, required=False, after=None, safety_critical=False)


DAY, NEXT_DAY = datetime.date(2026, 12, 1), datetime.date(2026, 12, 2)
EIGHT, NINE = datetime.time(8), datetime.time(9, 5)


@pytest.mark.parametrize(
    ("asked", "value", "shown"),
    [
        (question(Kind.SHORT_TEXT), "sana", "sana"),
        (question(Kind.MANY_OF, Option("a", "A", "Aa"), Option("b", "B", "Bee")), ("b", "a"), "Bee, Aa"),
        (question(Kind.LANGUAGE, Option("prs", "دری", "prs"), Option("fi", "Suomi", "fi")), "prs", "dari"),
        (question(Kind.WINDOW), Window(DAY, NEXT_DAY, EIGHT, NINE), "1.12.2026–2.12.2026 klo 8.00–9.05 (Suomen aikaa)"),
        (question(Kind.WINDOW), Window(DAY, DAY, None, NINE), "1.12.2026 klo –9.05 (Suomen aikaa)"),
        (question(Kind.WINDOW), Window(None, None, EIGHT, None), "klo 8.00– (Suomen aikaa)"),
    ],
)
def test_staff_values(asked: Question, value: Value, shown: str) -> None:
    """Each kind of answer has one readable form in Finnish."""
    assert message.staff_value(asked, value) == shown


def test_a_header_cannot_be_given_a_line_end() -> None:
    """The standard library refuses line ends in a header, so that a mistake of ours would be loud."""
    # Trap (PGP/MIME): `EmailMessage` raises ValueError on CR/LF in a header.
    around = Headers("site@site.example\r\nBcc: evil@example.org", ("inbox@example.org",), "<1@site.example>", ARRIVED)
    with pytest.raises(ValueError, match="carriage return"):
        message.envelope(SEALED, around)


def test_other_readers_understand_the_entity(form: Form) -> None:
    """The entity parses without a defect under the library's default policy as well."""
    read = email.message_from_bytes(message.entity(answers(form, message="x"), REFERENCE, headers()), policy=default)
    assert [part.defects for part in read.walk()] == [[], [], []]


def test_files_travel_under_our_names_with_their_own_bytes(form: Form) -> None:
    """A file comes out byte by byte; its given name stands in text and answers only, in no header."""
    photo, trick = b"\xff\xd8\xff" + bytes(range(256)) * 40, b"MZ\r\n.\r\n--boundary--"
    files = Attachments((File("kanaria.jpg", photo), File("../kanaria\r\nBcc: x@y.exe", trick)))
    made = message.entity(answers(form, files=files), "12345678", headers())
    entity = parsed(made)
    parts = {part.get_filename(): part for part in entity.iter_attachments()}
    assert list(parts) == ["liite-1.jpg", "liite-2.bin", message.ANSWERS_FILE]
    assert [parts[name].get_content() for name in ("liite-1.jpg", "liite-2.bin")] == [photo, trick]
    assert parts["liite-1.jpg"].get_content_type() == "image/jpeg"
    for part in entity.walk():
        assert "kanaria" not in str(part.items())
    assert "liite-1.jpg (kanaria.jpg, 10243 tavua)" in text_of(made)
    told = json.loads(parts[message.ANSWERS_FILE].get_content())["answers"]["files"]
    assert told[0] == {"name": "liite-1.jpg", "given_name": "kanaria.jpg", "bytes": len(photo), "sha256": told[0]["sha256"]}
    assert told[0]["sha256"] == hashlib.sha256(photo).hexdigest()
