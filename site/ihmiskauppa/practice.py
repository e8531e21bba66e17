"""What `make run` adds for trying the site: a practice key, a mail server with its certificate authority, and an inbox.

Everything lies under `instance/practice`; the key's private half stays in the practice inbox, apart from the server's ring.
"""

import mailbox
import os
import secrets
import signal
import socket
import ssl
import sys
import threading
from pathlib import Path
from typing import Any, Final

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from ihmiskauppa.intake import keys, reading
from ihmiskauppa.intake.keys import PRACTICE_MARK, Keyring
from ihmiskauppa.settings import ENVIRONMENT_PREFIX, FORM_TOKEN_KEY_BYTES, PRACTICE, Settings

ADDRESS: Final = "practice-inbox@localhost.invalid"
SENDER: Final = "practice-site@localhost.invalid"
LARGEST_MAIL: Final = 64 * 1024 * 1024  # bytes


def folder(instance: Path) -> Path:
    """Where everything of the practice copy lies."""
    return instance / "practice"


def maildir(instance: Path) -> Path:
    """Where the practice inbox keeps what arrived."""
    return folder(instance) / "inbox" / "Maildir"


def staff_home(instance: Path) -> Path:
    """The GnuPG home of the practice inbox's readers."""
    return folder(instance) / "inbox" / "gnupg"


def prepare(instance: Path) -> dict[str, str]:
    """Make what is missing, and return the environment that turns the programs into a practice copy."""
    instance.mkdir(parents=True, exist_ok=True)
    ensure_token_key(instance / "form-token.key")
    fingerprint = _ensure_key(instance)
    authority = _ensure_certificates(folder(instance))
    mailbox.Maildir(maildir(instance), create=True)
    values = {
        "MODE": PRACTICE,
        "INSTANCE": str(instance),
        "DATABASE_URL": f"sqlite:///{instance / 'ihmiskauppa.db'}",
        "INBOX_KEYS": fingerprint,
        "INBOX_ADDRESSES": ADDRESS,
        "MAIL_FROM": SENDER,
        "SMTP_HOST": "localhost",
        "SMTP_PORT": str(_free_port()),
        "SMTP_SECURITY": "starttls",
        "SMTP_CA": str(authority),
        "SMTP_USER": "",
        "ALERT_COMMAND": "",
        "ALERT_SMTP_HOST": "",
        "ALERT_ADDRESS": "",
        "ADDRESS": "127.0.0.1",
        "LIMITER_STORE": "memory://",
    }
    return {ENVIRONMENT_PREFIX + name: value for name, value in values.items()}


def ensure_token_key(path: Path) -> None:
    """Make `form-token.key` if there is none."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(FORM_TOKEN_KEY_BYTES) + "\n", encoding="ascii")


def _ensure_key(instance: Path) -> str:
    home = staff_home(instance)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with reading.staff_gpg(home) as gpg:
        present = [key["fingerprint"] for key in gpg.list_keys() if PRACTICE_MARK in key["uids"][0]]
        fingerprint = present[0] if present else make_key(gpg, f"{PRACTICE_MARK}, nobody reads this <{ADDRESS}>")
        link = instance / "keyring"
        if not link.exists() or fingerprint not in Keyring(link).certificates():
            keys.import_certificate(link, gpg.export_keys(fingerprint, armor=False))
    return fingerprint


def make_key(gpg: Any, user_id: str) -> str:
    """An ed25519/cv25519 key without a passphrase, in the home of `gpg`; its fingerprint."""
    made = gpg.gen_key(
        "Key-Type: eddsa\nKey-Curve: ed25519\nKey-Usage: sign\nSubkey-Type: ecdh\nSubkey-Curve: cv25519\n"
        f"Subkey-Usage: encrypt\nName-Real: {user_id.partition(' <')[0]}\nName-Email: {user_id.partition('<')[2].rstrip('>')}\n"
        "Expire-Date: 0\n%no-protection\n%commit\n"
    )
    if not made.fingerprint:
        raise keys.KeysError("gpg made no key")
    return str(made.fingerprint)


def _ensure_certificates(place: Path) -> Path:
    authority, server = place / "ca.pem", place / "server.pem"
    if not authority.exists() or not server.exists():
        place.mkdir(parents=True, exist_ok=True)
        made = trustme.CA(organization_name="Practice CA, trust it nowhere else")
        certificate = made.issue_cert("localhost", "127.0.0.1")
        certificate.private_key_and_cert_chain_pem.write_to_path(str(server))
        server.chmod(0o600)
        made.cert_pem.write_to_path(str(authority))
    return authority


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _ToMaildir:
    def __init__(self, path: Path) -> None:
        self._maildir = mailbox.Maildir(path, create=True)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)  # noqa: S101 - decode_data is off
        self._maildir.add(envelope.content)
        return "250 OK"


def mail_server(configuration: Settings) -> Controller:
    """The practice inbox's mail server, not yet started: STARTTLS required, every mail into the Maildir."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder(configuration.instance) / "server.pem")
    return Controller(
        _ToMaildir(maildir(configuration.instance)),
        hostname="127.0.0.1",
        port=configuration.smtp_port,
        tls_context=context,
        require_starttls=True,
        data_size_limit=LARGEST_MAIL,
        ident="practice inbox",
        server_hostname="practice.invalid",
    )


def run_mail_server(configuration: Settings) -> None:
    """Serve until the process is told to stop."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    server = mail_server(configuration)
    server.start()
    stop.wait()
    server.stop()


def read_inbox(instance: Path) -> reading.Inbox[Path]:
    """What has arrived, oldest first, opened as the staff would."""
    box = maildir(instance)
    files = [path for part in ("new", "cur") for path in (box / part).glob("*")]
    files.sort(key=lambda path: (path.stat().st_mtime_ns, path.name))
    with reading.staff_gpg(staff_home(instance)) as gpg:
        return reading.read_all(files, gpg)


def show_inbox(instance: Path, form: str) -> str:
    """The messages for a terminal (`text`) or one JSON object a line (`json`)."""
    inbox = read_inbox(instance)
    if form == "json":
        return "".join(message.as_json() + "\n" for message in inbox.messages)
    shown = []
    for message in inbox.messages:
        repeats = f" (arrived {message.copies} times)" if message.copies > 1 else ""
        shown.append(f"=== {message.subject}{repeats}\n\n{message.text.rstrip()}\n")
        if message.counted is not None:
            shown.append(f"(Missing in this inbox: {', '.join(inbox.missing(message)) or 'none'}.)\n")
    shown += [f"=== {path.name}: {reason}\n" for path, reason in inbox.foreign.items()]
    return reading.for_terminal("\n".join(shown)) or "The practice inbox is empty.\n"


def port_is_free(port: int) -> bool:
    """Whether nobody listens on `port` of the loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def run(root: Path, port: int, environment: dict[str, str]) -> None:
    """Become the Procfile runner (honcho), which starts the three programs. Does not return."""
    values = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
    values["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{values.get('PATH', '')}"
    values.setdefault(ENVIRONMENT_PREFIX + "PUBLIC_URL", f"http://localhost:{port}")
    command = [sys.executable, "-m", "honcho", "start", "-e", os.devnull, "-f", str(root / "Procfile"), "-p", str(port)]
    os.chdir(root)
    os.execve(command[0], command, values)  # noqa: S606 - by a fixed list, no shell
