"""Files that are not what they claim travel sealed, byte by byte, under names of ours; nothing opens them on the way."""

import email
import io
import re
import urllib.request
import zipfile
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from ihmiskauppa import practice
from ihmiskauppa.intake.reading import staff_gpg
from tests.copies import Copy, wait_until
from tests.flows.posting import token_of


def bomb() -> bytes:
    """A ZIP file of some 200 kB that holds 200 MB of zeros, called a Word file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(200_000_000))
    return made.getvalue()


def climbing() -> bytes:
    """A ZIP file whose entry would land outside the folder it is unpacked in."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("../../etc/cron.d/evil", "* * * * * root true")
    return made.getvalue()


def with_macros() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("word/document.xml", "<w:document/>")
        archive.writestr("word/vbaProject.bin", b"Sub AutoOpen()")
    return made.getvalue()


# Name as the browser gives it, content, and what it is called when it arrives.
HOSTILE = {
    "a zip bomb": ("lomake.docx", bomb(), "liite-1.docx"),
    "a climbing archive": ("lomake.zip", climbing(), "liite-1.zip"),
    "macros": ("lomake.docm", with_macros(), "liite-1.docx"),
    "a program called PDF": ("lomake.pdf", b"MZ\x90\x00" + bytes(64), "liite-1.bin"),
    "a page called picture": ("kuva.png", b"<html><script>alert(1)</script>", "liite-1.bin"),
    "a PDF that is an archive, too": ("x.pdf", b"%PDF-1.7\n" + climbing(), "liite-1.pdf"),
    "a name with a path": ("../../../../tmp/evil.pdf", b"%PDF-1.7\n", "liite-1.pdf"),
    "a Windows path": ("C:\\Windows\\evil.exe", b"%PDF-1.7\n", "liite-1.pdf"),
    "a name written backwards": ("lomake\u202efdp.exe", b"%PDF-1.7\n", "liite-1.pdf"),
    "an endless name": ("a" * 3000 + ".pdf", b"%PDF-1.7\n", "liite-1.pdf"),
}


def _body(fields: dict[str, str], name: str, content: bytes) -> bytes:
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items()
    ]
    quoted = name.replace('"', "%22")
    head = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{quoted}"\r\nContent-Type: application/pdf\r\n\r\n'
    return b"".join(parts) + head.encode() + content + b"\r\n--b--\r\n"


@pytest.mark.parametrize("kind", HOSTILE)
def test_it_arrives_as_it_was_and_under_our_name(copy: Copy, kind: str) -> None:
    """The whole file is in the sealed message; its own name is told as text, without path or direction marks."""
    name, content, ours = HOSTILE[kind]
    address = f"{copy.url}/fi/help-someone/concern/"
    body = _body({"token": token_of(address), "concern": f"Liitteenä {kind}"}, name, content)
    request = urllib.request.Request(  # noqa: S310 - our own loopback
        address, body, {"Content-Type": "multipart/form-data; boundary=b"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        found = re.search(r"data-reference[^>]*>(.*?)</", answer.read().decode(), re.DOTALL)
    assert found
    reference = "".join(re.findall(r"\d", found[1]))
    entity = wait_until(lambda: _entity(copy, reference))
    attached = {part.get_filename(): part.get_content() for part in entity.iter_attachments()}
    assert set(attached) == {ours, "answers.json"}
    assert attached[ours] == content
    body_part = entity.get_body(("plain",))
    assert body_part is not None
    said = str(body_part.get_content())
    assert ours in said
    assert not re.search(r"\.\./|C:\\|\u202e|a{100}", said)


def _entity(copy: Copy, reference: str) -> EmailMessage | None:
    """The decrypted message with `reference`, once it is in the inbox."""
    with staff_gpg(practice.staff_home(copy.instance)) as gpg:
        for path in (practice.maildir(copy.instance) / "new").iterdir():
            outer = email.message_from_bytes(path.read_bytes(), policy=SMTP)
            assert isinstance(outer, EmailMessage)
            sealed = list(outer.iter_parts())[1].get_payload(decode=True)
            entity = email.message_from_bytes(gpg.decrypt(sealed).data, policy=SMTP)
            assert isinstance(entity, EmailMessage)
            if reference in str(entity["Subject"]):
                return entity
    return None
