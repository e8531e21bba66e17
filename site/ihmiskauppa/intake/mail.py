"""Handing a sealed message to the mail server: verified TLS always, and failures told apart by what they ask of us."""

import contextlib
import smtplib
import ssl
from dataclasses import dataclass
from typing import Final

# SMTP steps of one delivery that may each take the whole time-out: connect and greeting, EHLO, STARTTLS, handshake, EHLO,
# AUTH (3), MAIL, RCPT, DATA, end of data, QUIT.
STEPS: Final = 13


class MailError(Exception):
    """The message was not delivered; `code` is the server's reply code (RFC 5321), or 0 if there was none."""

    def __init__(self, code: int = 0) -> None:
        super().__init__(code)
        self.code = code


class TemporaryMailError(MailError):
    """Try again later: the server, the network or our settings are at fault."""


class PermanentMailError(MailError):
    """The server refuses this message for good (5xx to MAIL, RCPT or DATA)."""


@dataclass(frozen=True)
class Mailer:
    """How to reach the mail server. `ca_file` empty means the system's certificate authorities; `timeout` in seconds a step."""

    host: str
    port: int
    security: str
    ca_file: str
    user: str
    password: str
    timeout: int
    sender: str
    recipients: tuple[str, ...]

    @property
    def longest(self) -> int:
        """Seconds one delivery can take at most; a recipient is a step of its own."""
        return self.timeout * (STEPS + len(self.recipients))

    def deliver(self, payload: bytes) -> int:
        """Send `payload` as it is to every recipient. Raises `TemporaryMailError` or `PermanentMailError`.

        Returns how large a mail the server says it takes, in bytes (SIZE, RFC 1870); 0 if it does not say.
        """
        try:
            server = self._connect()
            try:
                refused = server.sendmail(self.sender, self.recipients, payload)
                size = server.esmtp_features.get("size", "")
            finally:
                _leave(server)
        except smtplib.SMTPRecipientsRefused as fault:
            raise _by_code([code for code, _ in fault.recipients.values()]) from fault
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as fault:
            raise _by_code([fault.smtp_code]) from fault
        except smtplib.SMTPResponseException as fault:  # greeting, EHLO, STARTTLS, AUTH: nothing against this message
            raise TemporaryMailError(fault.smtp_code) from fault
        except (smtplib.SMTPException, OSError, ValueError) as fault:
            raise TemporaryMailError from fault
        if refused:
            raise _by_code([code for code, _ in refused.values()])
        return int(size) if size.isascii() and size.isdigit() else 0

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context(cafile=self.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        name = self.sender.rpartition("@")[2]  # EHLO with the sender's domain: this host's own name is nobody's business
        server: smtplib.SMTP
        if self.security == "tls":
            server = smtplib.SMTP_SSL(self.host, self.port, local_hostname=name, timeout=self.timeout, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, local_hostname=name, timeout=self.timeout)
        try:
            if self.security != "tls":
                server.starttls(context=context)  # raises if the server does not offer it
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server


def _leave(server: smtplib.SMTP) -> None:
    """Say QUIT. Whatever comes back says nothing about the message (`with SMTP()` would raise on anything but 221)."""
    try:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()
    finally:
        server.close()


def _by_code(codes: list[int]) -> MailError:
    temporary = [code for code in codes if not 500 <= code < 600]
    return TemporaryMailError(temporary[0]) if temporary else PermanentMailError(codes[0])
