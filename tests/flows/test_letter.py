"""The main job: a browser without scripts writes in Arabic, and the inbox reads the same, character by character."""

import email
import json
import mailbox
import os
import platform
import shlex
import subprocess
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from ihmiskauppa import practice
from ihmiskauppa.intake.message import ANSWERS_FILE
from ihmiskauppa.intake.reading import open_message, staff_gpg
from tests.copies import Copy
from tests.machine import need

LETTER = (
    "أنا في مطعم في أولو. جواز سفري عند صاحب العمل.\n"
    "\n"
    "Зову на помощь 🆘👩🏽‍🍳 — e\u0301 \u200fשלום\u200e, ไทย, አማርኛ, 中文\n"
    "  <b>&amp; «quoted» 'and' \"more\"  \n"
    ".\n"
    "From me\n"
    "-----BEGIN PGP MESSAGE-----\n"
)


@pytest.fixture(scope="module")
def sent(copy: Copy, browser: Browser) -> str:
    """Writes the letter in Chromium without scripts, with contact details; the reference shown."""
    context = browser.new_context(base_url=copy.url, java_script_enabled=False, viewport={"width": 360, "height": 700})
    page = context.new_page()
    page.goto("/ar/get-help/write-to-us/")
    page.fill("[name=message]", LETTER)
    page.check("[name=safe_now][value=no]")
    assert page.locator("form a[href='tel:112']").first.is_visible()
    page.check("[name=may_contact][value=yes]")
    page.fill("[name=telephone]", "٠٤٠ ١٢٣ ٤٥٦٧")
    page.fill("[name=safe_time_from_time]", "15:00")
    page.select_option("[name=spoken_language]", "ar")
    page.check("[name=someone_else][value=hang_up]")
    page.wait_for_timeout(1100)
    page.click("button[type=submit]")
    reference = page.locator("[data-reference]").inner_text()
    context.close()
    return "".join(reference.split())


@pytest.fixture(scope="module")
def mail(copy: Copy, sent: str) -> bytes:
    """The mail as it lies in the practice inbox."""
    copy.wait_for(sent)
    files = list((practice.maildir(copy.instance) / "new").iterdir())
    with staff_gpg(practice.staff_home(copy.instance)) as gpg:
        for path in files:
            if open_message(path.read_bytes(), gpg).reference == sent:
                return path.read_bytes()
    raise AssertionError("not in the Maildir")


def _check_entity(entity: bytes, reference: str) -> None:
    message = email.message_from_bytes(entity, policy=SMTP)
    assert isinstance(message, EmailMessage)
    assert reference in str(message["Subject"])
    assert "EI TURVASSA" in str(message["Subject"])
    body = message.get_body(("plain",))
    assert body is not None
    text = body.get_content().replace("\r\n", "\n")
    assert LETTER in text
    assert "arabia" in text
    attachment = next(part for part in message.iter_attachments() if part.get_filename() == ANSWERS_FILE)
    answers = json.loads(attachment.get_content())
    assert answers["answers"]["message"] == LETTER
    assert answers["answers"]["telephone"] == "٠٤٠ ١٢٣ ٤٥٦٧"
    assert answers["answers"]["safe_time"] == {"from_time": "15:00"}
    assert (answers["form"], answers["language"]) == ("self-referral", "ar")


def _armored(mail: bytes) -> bytes:
    outer = email.message_from_bytes(mail, policy=SMTP)
    assert isinstance(outer, EmailMessage)
    payload = list(outer.iter_parts())[1].get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def test_gpg_reads_the_letter(copy: Copy, sent: str, mail: bytes) -> None:
    """GnuPG on the command line decrypts the mail's second part to the whole MIME entity."""
    with staff_gpg(practice.staff_home(copy.instance)) as gpg:
        command = [need("gpg"), "--homedir", gpg.gnupghome, "--batch", "--quiet", "--decrypt"]
        done = subprocess.run(command, input=_armored(mail), capture_output=True, check=True)
    _check_entity(done.stdout, sent)


def test_sequoia_reads_the_letter(copy: Copy, sent: str, mail: bytes, tmp_path: Path) -> None:
    """Another OpenPGP program, Sequoia, decrypts the same."""
    sq = need("sq")
    key = tmp_path / "key.pgp"
    with staff_gpg(practice.staff_home(copy.instance)) as gpg:
        fingerprint = gpg.list_keys()[0]["fingerprint"]
        key.write_text(gpg.export_keys(fingerprint, secret=True, expect_passphrase=False))
    message = tmp_path / "message.asc"
    message.write_bytes(_armored(mail))
    done = subprocess.run([sq, "decrypt", "--recipient-key", str(key), str(message)], capture_output=True, check=True)
    _check_entity(done.stdout, sent)


MUTT = """
set crypt_use_gpgme = no
set pgp_decrypt_command = "gpg --homedir {home} --status-fd=2 --batch --quiet --no-tty --output - --decrypt %f"
set pipe_decode = yes
set wait_key = no
set folder = "~"
set index_format = "%s"
push "<display-message><exit><pipe-message>cat > {shown}<enter><exit>"
"""


def test_mutt_reads_the_letter(copy: Copy, sent: str, mail: bytes, tmp_path: Path) -> None:
    """A mail program, mutt, opens the mail in an mbox and shows the letter in Arabic and the real subject."""
    mutt = need("mutt")
    box = mailbox.mbox(tmp_path / "box")
    box.add(mail)
    box.close()
    shown = tmp_path / "shown"
    with staff_gpg(practice.staff_home(copy.instance)) as gpg:
        (tmp_path / "muttrc").write_text(MUTT.format(home=gpg.gnupghome, shown=shown), encoding="utf-8")
        command = shlex.join([mutt, "-n", "-F", str(tmp_path / "muttrc"), "-R", "-f", str(tmp_path / "box")])
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm", "LC_ALL": "C.UTF-8"}
        terminal = [need("script"), "-qec", command, os.devnull]  # it wants one
        done = subprocess.run(
            terminal, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True, cwd=tmp_path
        )
    assert LETTER in shown.read_text(encoding="utf-8")
    assert sent in done.stdout.decode()


def test_the_staff_s_command_shows_it(copy: Copy, sent: str, mail: bytes) -> None:
    """`inbox` prints the text, and one JSON object a line; a repeat of the same mail is folded."""
    (practice.maildir(copy.instance) / "new" / "repeat").write_bytes(mail)
    try:
        lines = copy.run("practice", "inbox", "--format", "json").stdout.splitlines()
        found = [message for line in lines if (message := json.loads(line))["reference"] == sent]
        assert len(found) == 1
        assert set(found[0]) == {"reference", "form", "language", "subject", "text", "answers", "files"}
        assert found[0]["answers"]["message"] == LETTER
        text = copy.run("practice", "inbox").stdout
        assert f"{sent} · arabia (arrived 2 times)" in text
    finally:
        (practice.maildir(copy.instance) / "new" / "repeat").unlink()


def test_the_outside_says_nothing(sent: str, mail: bytes) -> None:
    """The mail is ASCII and names neither form, language, reference nor this machine."""
    assert mail.isascii()
    text = mail.partition(b"-----BEGIN PGP")[0].decode("ascii").lower()
    for word in (sent, "self-referral", "itseilmoitus", "arab", f"@{platform.node().lower()}", "python", "gnupg"):
        assert word not in text, word
