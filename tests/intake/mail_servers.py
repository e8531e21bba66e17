"""Real SMTP servers on loopback that answer as a test wants, and remember what they were told."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, AnyStr

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from ihmiskauppa.intake.mail import Mailer

SENDER = "site@site.example"
INBOX = ("inbox@example.org",)


@dataclass
class Post:
    """What a server does and what it saw. `replies` are by verb; `slow` seconds pass before the next answer to DATA."""

    replies: dict[str, str] = field(default_factory=dict)
    slow: float = 0
    verbs: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, name: str, responses: list[str]
    ) -> list[str]:
        self.verbs.append("EHLO")
        self.names.append(name)
        session.host_name = name
        return responses

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.verbs.append("MAIL")
        if "MAIL" not in self.replies:
            envelope.mail_from = address
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.verbs.append("RCPT")
        reply = self.replies.get(f"RCPT {address}", self.replies.get("RCPT", "250 OK"))
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.verbs.append("DATA")
        reply = self.replies.get("DATA", "250 OK")
        if reply.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(envelope.content)
            self.recipients += envelope.rcpt_tos
        slow, self.slow = self.slow, 0
        await asyncio.sleep(slow)
        return reply

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        self.verbs.append("QUIT")
        return self.replies.get("QUIT", "221 Bye")

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        self.verbs.append("AUTH")
        reply = self.replies.get("AUTH", "")
        if reply:
            return AuthResult(success=False, handled=False, message=reply)
        return AuthResult(success=(data.login, data.password) == (b"user", b"secret"), handled=False)


class _Server(SMTP):
    """An SMTP server whose greeting a test may choose."""

    async def push(self, status: AnyStr) -> None:
        greeting = self.event_handler.replies.get("greeting")
        if greeting and isinstance(status, str) and status.startswith("220 "):
            await super().push(greeting)
        else:
            await super().push(status)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def serve(post: Post, certificate: Path | None, *, implicit: bool = False, port: int = 0) -> Iterator[int]:
    """Run a server with `certificate` (none: without TLS) and STARTTLS or implicit TLS; its port."""
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    controller = _Controller(
        post,
        hostname="127.0.0.1",
        port=port or free_port(),
        ssl_context=context if implicit else None,
        tls_context=None if implicit else context,
        require_starttls=context is not None and not implicit,
        authenticator=post.authenticate,
        auth_require_tls=not implicit,
        data_size_limit=1 << 24,
        server_hostname="mail.invalid",
        ident="test",
    )
    controller.start()
    post.verbs.clear()
    try:
        yield controller.port
    finally:
        controller.stop()


def free_port() -> int:
    """A port of the loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Authority:
    """A private certificate authority: its certificate, and those it issued."""

    ca: trustme.CA
    folder: Path

    @property
    def file(self) -> Path:
        path = self.folder / "ca.pem"
        if not path.exists():
            self.ca.cert_pem.write_to_path(str(path))
        return path

    def issue(self, name: str, **options: Any) -> Path:
        """A certificate with key for `name`; also an IP address."""
        path = self.folder / f"{name}{''.join(options)}.pem"
        self.ca.issue_cert(name, **options).private_key_and_cert_chain_pem.write_to_path(str(path))
        return path


def mailer(port: int, authority: Authority, **changed: Any) -> Mailer:
    """How the site would reach a server on `port`."""
    values: dict[str, Any] = {
        "host": "localhost",
        "port": port,
        "security": "starttls",
        "ca_file": str(authority.file),
        "user": "",
        "password": "",
        "timeout": 5,
        "sender": SENDER,
        "recipients": INBOX,
    }
    return Mailer(**{**values, **changed})
