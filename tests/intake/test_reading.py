"""The staff's side: messages opened and folded, foreign mail refused, and terminals left alone."""

import datetime
import json
import unicodedata
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihmiskauppa.forms.answers import Answers
from ihmiskauppa.forms.definition import Form
from ihmiskauppa.intake import message, reading
from ihmiskauppa.intake.reading import ReadingError
from ihmiskauppa.intake.sealing import Sealer
from tests.conftest import InboxKey
from tests.intake.homes import ring

NOW = datetime.datetime.now(datetime.UTC)
HEADERS = message.new_headers("site@site.example", ("inbox@example.org",), NOW)


@pytest.fixture(scope="session")
def staff(inbox_key: InboxKey) -> Iterator[Any]:
    """The staff's gpg."""
    with reading.staff_gpg(inbox_key.home) as gpg:
        yield gpg


@pytest.fixture
def sealer(inbox_key: InboxKey, tmp_path: Path) -> Sealer:
    """Seals to the staff's key."""
    return Sealer(ring(tmp_path / "keyring", inbox_key), (inbox_key.fingerprint,))


def mail(sealer: Sealer, form: Form, text: str, reference: str = "01234567") -> bytes:
    headers = message.new_headers("site@site.example", ("inbox@example.org",), NOW)
    answers = Answers(form, "ar", {"message": text, "safe_now": "no"}, dropped=False)
    return message.envelope(sealer.seal(message.entity(answers, reference, headers), NOW), headers)


def test_a_message_is_read_as_it_was_meant(sealer: Sealer, form: Form, staff: Any) -> None:
    """Reference, form, language, subject, text and answers come back, and as JSON too."""
    read = reading.open_message(mail(sealer, form, "ساعدوني\n 🆘"), staff)
    assert (read.reference, read.form, read.language, read.files, read.copies) == ("01234567", form.name, "ar", [], 1)
    assert read.subject == "EI TURVASSA · Itseilmoitus · 01234567 · arabia"
    assert "\nساعدوني\n 🆘\n" in read.text
    assert "\r" not in read.text
    assert read.answers == {"message": "ساعدوني\n 🆘", "safe_now": "no"}
    assert json.loads(read.as_json())["answers"] == read.answers
    assert "\n" not in read.as_json()


def test_repeats_are_folded(sealer: Sealer, form: Form, staff: Any, tmp_path: Path) -> None:
    """A message that arrived three times is shown once, in the place of the first, with the count; others stay apart."""
    first, second = mail(sealer, form, "a", "00000001"), mail(sealer, form, "a", "00000002")
    files = []
    for number, content in enumerate((first, second, first, first)):
        files.append(tmp_path / str(number))
        files[-1].write_bytes(content)
    read = reading.read_all(files, staff)
    assert [(one.reference, one.copies) for one in read.messages] == [("00000001", 3), ("00000002", 1)]
    assert read.foreign == {}
    assert reading.read_all([], staff) == reading.Inbox([], {})


def test_foreign_mail_keeps_nothing_from_being_read(sealer: Sealer, form: Form, staff: Any, tmp_path: Path) -> None:
    """Between two messages lies mail that is not ours: both are read, and the stranger is told with its reason."""
    files = [tmp_path / name for name in ("1", "2", "3")]
    for file, content in zip(files, (mail(sealer, form, "a", "00000001"), foreign(), mail(sealer, form, "b")), strict=True):
        file.write_bytes(content)
    read = reading.read_all(files, staff)
    assert [one.reference for one in read.messages] == ["00000001", "01234567"]
    assert read.foreign == {files[1]: "not a PGP/MIME message"}


def test_a_message_through_other_line_ends_is_read(sealer: Sealer, form: Form, staff: Any) -> None:
    """A mail store that keeps LF instead of CRLF does no harm."""
    stored = mail(sealer, form, "viesti").replace(b"\r\n", b"\n")
    assert reading.open_message(stored, staff).answers["message"] == "viesti"


def foreign(content_type: str = "text/plain", *parts: str) -> bytes:
    one = EmailMessage(policy=SMTP)
    one["Subject"] = "x"
    one["Content-Type"] = content_type
    if parts:
        for part in parts:
            inner = EmailMessage(policy=SMTP)
            inner.set_content(part)
            one.attach(inner)
    else:
        one.set_payload("hello\r\n")
    return one.as_bytes()


NESTED = (
    b'Content-Type: multipart/encrypted; boundary="a"\r\n\r\n--a\r\n\r\nVersion: 1\r\n--a\r\n'
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n--a--\r\n'
)
ENCRYPTED = 'multipart/encrypted; protocol="application/pgp-encrypted"'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        bytes(range(256)),
        foreign(),
        foreign(ENCRYPTED),
        foreign(ENCRYPTED, "Version: 1"),
        foreign(ENCRYPTED, "Version: 1", "not sealed"),
        foreign(ENCRYPTED, "Version: 1", "a", "b"),
        foreign("multipart/mixed", "Version: 1", "a"),
        NESTED,
    ],
)
def test_what_is_not_ours_is_refused(content: bytes, staff: Any) -> None:
    """Mail that is not PGP/MIME, or is not sealed, raises the room's error."""
    with pytest.raises(ReadingError):
        reading.open_message(content, staff)


def test_a_message_for_another_key_is_refused(second_key: InboxKey, form: Form, staff: Any, tmp_path: Path) -> None:
    """A message that our key does not open raises the room's error."""
    other = Sealer(ring(tmp_path / "other", second_key), (second_key.fingerprint,))
    with pytest.raises(ReadingError, match="decrypted"):
        reading.open_message(mail(other, form, "x"), staff)


def test_a_damaged_message_is_refused(sealer: Sealer, form: Form, staff: Any) -> None:
    """A sealed message with changed bytes is not shown."""
    good = mail(sealer, form, "x")
    lines = good.split(b"\r\n")
    place = next(number for number, line in enumerate(lines) if line.startswith(b"-----BEGIN PGP")) + 100
    lines[place] = lines[place][::-1]
    with pytest.raises(ReadingError, match="decrypted"):
        reading.open_message(b"\r\n".join(lines), staff)


COUNT = b'{"form": "daily-count", "language": "fi", "answers": {"references": 5}}'


def sealed_by_anyone(sealer: Sealer, attachment: bytes | None, subtype: str = "json", charset: str = "utf-8") -> bytes:
    entity = EmailMessage(policy=SMTP)
    entity["Subject"] = "x"
    entity.set_content("hello")
    if attachment is not None:
        entity.add_attachment(attachment, "application", subtype, filename=message.ANSWERS_FILE)
        next(iter(entity.iter_parts())).set_param("charset", charset)
    return message.envelope(sealer.seal(entity.as_bytes(), NOW), HEADERS)


@pytest.mark.parametrize(
    "attachment", [None, b"", b"no json", b"\xff\xfe\xff", b"[]", b"{}", b'{"form": 1}', b'"form"', b"1", COUNT]
)
def test_what_others_seal_to_our_key_is_refused(attachment: bytes | None, sealer: Sealer, staff: Any) -> None:
    """Anyone can seal anything to a public key: what lacks our answers, or has others, raises the room's error."""
    with pytest.raises(ReadingError):
        reading.open_message(sealed_by_anyone(sealer, attachment), staff)


def test_an_unknown_charset_is_refused(sealer: Sealer, staff: Any) -> None:
    """A sealed text in a charset that does not exist raises the room's error."""
    good = b'{"form": "f", "language": "fi", "answers": {}}'
    assert reading.open_message(sealed_by_anyone(sealer, good), staff).form == "f"
    with pytest.raises(ReadingError):
        reading.open_message(sealed_by_anyone(sealer, good, charset="klingon"), staff)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("\x1b[2J\x1b]0;title\x07", r"\u001b[2J\u001b]0;title\u0007"),
        ("\x9b31m", r"\u009b31m"),
        ("a\rb\x08c\x00", r"a\u000db\u0008c\u0000"),
        ("\u202eabc\u2066", r"\u202eabc\u2066"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("two\n\tlines", "two\n\tlines"),
        ("ساعدوني 我需要帮助 a\u0308 🆘", "ساعدوني 我需要帮助 a\u0308 🆘"),
    ],
)
def test_escapes_are_made_visible(typed: str, shown: str) -> None:
    """What could drive or mislead a terminal is shown as its code; text of every script stays."""
    assert reading.for_terminal(typed) == shown


@given(st.text())
def test_nothing_that_controls_reaches_the_terminal(typed: str) -> None:
    """Whatever is typed, what is shown consists of printable characters, blanks, line ends, tabs, and joiners of letters."""
    shown = reading.for_terminal(typed)
    assert all(c in "\n\t\u200c\u200d" or c.isprintable() or unicodedata.category(c) == "Zs" for c in shown)


def test_the_staffs_home_may_have_a_long_path(inbox_key: InboxKey, sealer: Sealer, form: Form, tmp_path: Path) -> None:
    """The agent's socket fits although the home's path is longer than a socket's may be."""
    long = tmp_path / ("long-" * 20) / ("path-" * 20)
    long.parent.mkdir()
    long.symlink_to(inbox_key.home)
    assert len(str(long)) > 108
    with reading.staff_gpg(long) as gpg:
        assert reading.open_message(mail(sealer, form, "x"), gpg).answers["message"] == "x"
