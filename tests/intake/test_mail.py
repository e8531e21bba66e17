"""The mail server: verified TLS or nothing, and failures told apart, against real servers on the loopback."""

import contextlib
import datetime
import email
import platform
import socket
import threading
import time
from pathlib import Path

import pytest
import trustme

from ihmiskauppa.intake import message
from ihmiskauppa.intake.mail import PermanentMailError, TemporaryMailError
from tests.intake.mail_servers import INBOX, SENDER, Authority, Post, free_port, mailer, serve

MOMENT = datetime.datetime(2026, 11, 24, 13, 47, tzinfo=datetime.UTC)
PAYLOAD = message.envelope(
    b"-----BEGIN PGP MESSAGE-----\n\nhIwD\n-----END PGP MESSAGE-----\n", message.new_headers(SENDER, INBOX, MOMENT)
)


@pytest.mark.parametrize(("security", "implicit"), [("starttls", False), ("tls", True)])
def test_mail_arrives_as_it_was(security: str, implicit: bool, authority: Authority, certificate: Path) -> None:
    """By STARTTLS and by implicit TLS, under a private CA, every recipient gets the very bytes."""
    post = Post()
    with serve(post, certificate, implicit=implicit) as port:
        mailer(port, authority, security=security, recipients=("a@example.org", "b@example.org")).deliver(PAYLOAD)
    assert post.mails == [PAYLOAD]
    assert post.recipients == ["a@example.org", "b@example.org"]
    assert post.verbs[-1] == "QUIT"


def test_without_starttls_nothing_is_sent(authority: Authority) -> None:
    """A server that offers no STARTTLS gets neither password nor sender nor message."""
    # Trap (SMTP): missing STARTTLS is fatal.
    post = Post()
    with serve(post, None) as port, pytest.raises(TemporaryMailError):
        mailer(port, authority, user="user", password="secret").deliver(PAYLOAD)
    assert set(post.verbs) <= {"EHLO", "QUIT"}
    assert "EHLO" in post.verbs
    assert post.mails == []


@pytest.mark.parametrize(("security", "implicit"), [("starttls", False), ("tls", True)])
@pytest.mark.parametrize("wrong", ["authority", "system", "name", "expired", "early"])
def test_a_wrong_certificate_is_refused(
    wrong: str, security: str, implicit: bool, authority: Authority, tmp_path: Path
) -> None:
    """A certificate of another CA, for another name, or out of its time ends the delivery before anything is said."""
    # Trap (SMTP): `SMTP_SSL()` and `starttls()` without `context=` accept any certificate.
    ours, now = Authority(authority.ca, tmp_path), datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    certificates = {
        "authority": lambda: Authority(trustme.CA(), tmp_path).issue("localhost"),
        "system": lambda: ours.issue("localhost"),
        "name": lambda: ours.issue("mail.example.org"),
        "expired": lambda: ours.issue("localhost", not_after=now - day),
        "early": lambda: ours.issue("localhost", not_before=now + day),
    }
    changed = {"ca_file": ""} if wrong == "system" else {}  # a private CA is a setting: without it, the system's
    post = Post()
    with serve(post, certificates[wrong](), implicit=implicit) as port, pytest.raises(TemporaryMailError) as failed:
        mailer(port, authority, security=security, user="user", password="secret", **changed).deliver(PAYLOAD)
    assert "CERTIFICATE_VERIFY_FAILED" in repr(failed.value.__cause__)
    assert not {"MAIL", "AUTH", "DATA"} & set(post.verbs)


def test_ehlo_names_the_senders_domain(authority: Authority, certificate: Path) -> None:
    """The server learns the sender's domain, before and after TLS, never this host's name."""
    # Trap (SMTP): give `local_hostname` yourself, else the host's name leaks.
    post = Post()
    with serve(post, certificate) as port:
        mailer(port, authority).deliver(PAYLOAD)
    assert post.names == ["site.example", "site.example"]
    assert not {socket.gethostname(), platform.node(), socket.getfqdn()} & set(post.names)


def test_a_password_is_used_after_tls(authority: Authority, certificate: Path) -> None:
    """With a user the site logs in, and only once the line is encrypted."""
    post = Post()
    with serve(post, certificate) as port:
        mailer(port, authority, user="user", password="secret").deliver(PAYLOAD)
    assert post.verbs[:4] == ["EHLO", "EHLO", "AUTH", "MAIL"]
    assert post.mails == [PAYLOAD]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("code", "kind"), [(451, TemporaryMailError), (550, PermanentMailError)])
def test_the_class_of_the_code_decides(
    verb: str, code: int, kind: type[Exception], authority: Authority, certificate: Path
) -> None:
    """4xx to MAIL, RCPT or DATA is temporary, 5xx there is permanent, and the code is kept."""
    post = Post({verb: f"{code} no"})
    with serve(post, certificate) as port, pytest.raises(kind) as failed:
        mailer(port, authority).deliver(PAYLOAD)
    assert failed.value.args == (code,)
    assert post.mails == []


def test_a_closing_server_is_temporary(authority: Authority, certificate: Path) -> None:
    """421 at any verb, after which the server is gone, is temporary."""
    for verb in ("MAIL", "RCPT", "DATA"):
        with serve(Post({verb: "421 closing"}), certificate) as port, pytest.raises(TemporaryMailError) as failed:
            mailer(port, authority).deliver(PAYLOAD)
        assert failed.value.code == 421


def test_one_temporarily_refused_recipient_makes_the_message_wait(authority: Authority, certificate: Path) -> None:
    """With recipients refused in different ways the message is tried again as long as one refusal is temporary."""
    recipients = ("a@example.org", "b@example.org", "c@example.org")
    refusals = {"RCPT b@example.org": "450 later", "RCPT c@example.org": "550 never"}
    with serve(Post(refusals), certificate) as port, pytest.raises(TemporaryMailError) as failed:
        mailer(port, authority, recipients=recipients).deliver(PAYLOAD)
    assert failed.value.code == 450
    with serve(Post({"RCPT c@example.org": "550 never"}), certificate) as port, pytest.raises(PermanentMailError):
        mailer(port, authority, recipients=recipients).deliver(PAYLOAD)


@pytest.mark.parametrize(("stage", "reply"), [("AUTH", "535 5.7.8 no"), ("greeting", "554 no service")])
def test_5xx_before_the_message_is_temporary(stage: str, reply: str, authority: Authority, certificate: Path) -> None:
    """A refused greeting or password says nothing against the message: it is tried again."""
    post = Post({stage: reply})
    with serve(post, certificate) as port, pytest.raises(TemporaryMailError) as failed:
        mailer(port, authority, user="user", password="secret").deliver(PAYLOAD)
    assert failed.value.code == int(reply[:3])
    assert post.mails == []


@pytest.mark.parametrize("reply", ["421 closing", "500 what"])
def test_what_comes_back_to_quit_does_not_matter(reply: str, authority: Authority, certificate: Path) -> None:
    """A message that was taken is delivered, whatever the server says to QUIT; a refusal keeps its kind."""
    # Trap (SMTP): `with smtplib.SMTP()` raises on anything but 221, and a delivered mail would be sent again for ever.
    post = Post({"QUIT": reply})
    with serve(post, certificate) as port:
        mailer(port, authority).deliver(PAYLOAD)
    assert post.mails == [PAYLOAD]
    with serve(Post({"QUIT": reply, "RCPT": "550 no"}), certificate) as port, pytest.raises(PermanentMailError):
        mailer(port, authority).deliver(PAYLOAD)


def test_after_a_time_out_the_same_bytes_go_again(authority: Authority, certificate: Path) -> None:
    """A server silent after DATA may have the message: the failure is temporary, the repeat has equal bytes and id."""
    # Trap (SMTP): after a time-out following DATA the server may have it: same Message-ID.
    post = Post(slow=1.5)
    with serve(post, certificate) as port:
        site = mailer(port, authority, timeout=1)
        with pytest.raises(TemporaryMailError) as failed:
            site.deliver(PAYLOAD)
        assert failed.value.code == 0
        site.deliver(PAYLOAD)
    assert post.mails == [PAYLOAD, PAYLOAD]
    assert len({email.message_from_bytes(mail)["Message-ID"] for mail in post.mails}) == 1


def test_a_refused_connection_is_temporary(authority: Authority) -> None:
    """Where nobody listens, the message waits; so it does when the name is unknown."""
    for changed in ({}, {"host": "mail.invalid"}):
        with pytest.raises(TemporaryMailError) as failed:
            mailer(free_port(), authority, **changed).deliver(PAYLOAD)
        assert failed.value.code == 0


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_says_nothing_is_temporary(security: str, authority: Authority) -> None:
    """A server that takes the connection and stays silent holds us for the time-out of a step, not longer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        site = mailer(server.getsockname()[1], authority, security=security, timeout=1, host="127.0.0.1")
        start = time.monotonic()
        with pytest.raises(TemporaryMailError):
            site.deliver(PAYLOAD)
        assert time.monotonic() - start < site.longest


def test_a_server_that_hangs_up_is_temporary(authority: Authority) -> None:
    """A connection cut before the greeting is temporary."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            with contextlib.suppress(OSError):
                server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(TemporaryMailError):
            mailer(server.getsockname()[1], authority, timeout=2, host="127.0.0.1").deliver(PAYLOAD)
        thread.join()


def test_a_missing_ca_file_is_temporary(authority: Authority, certificate: Path, tmp_path: Path) -> None:
    """If the private CA's file is gone, nothing is sent and the message waits."""
    post = Post()
    with serve(post, certificate) as port, pytest.raises(TemporaryMailError):
        mailer(port, authority, ca_file=str(tmp_path / "gone.pem")).deliver(PAYLOAD)
    assert post.mails == []


def test_lines_that_start_with_a_dot_survive(authority: Authority, certificate: Path) -> None:
    """Dots at the start of lines, alone or not, arrive as they were (RFC 5321, 4.5.2)."""
    payload = b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n\r\n...\r\n.\r\nend\r\n"
    post = Post()
    with serve(post, certificate) as port:
        mailer(port, authority).deliver(payload)
    assert post.mails == [payload]


def test_the_longest_delivery_counts_every_recipient(authority: Authority) -> None:
    """The bound that the lease relies on grows with the recipients and the time-out."""
    assert mailer(1, authority, timeout=10).longest > 10 * 12
    one, two = (mailer(1, authority, timeout=10, recipients=INBOX * count).longest for count in (1, 2))
    assert two == one + 10
