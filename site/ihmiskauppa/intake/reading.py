"""The staff's side: sealed messages opened with the staff's own key and shown as they were meant. Never runs on the server."""

import email
import enum
import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.policy import SMTP
from pathlib import Path
from typing import Any, Final, Generic, TypeVar
from unicodedata import category

from ihmiskauppa.forms.files import File
from ihmiskauppa.intake.keys import GPG_ENVIRONMENT, open_gpg
from ihmiskauppa.intake.message import ANSWERS_FILE, COUNT_FORM

JOINERS: Final = "\n\t\u200c\u200d"  # what Persian, Indic scripts and emoji need beside letters and blanks
AGENT_SOCKET: Final = "S.gpg-agent.browser"  # the longest name gpg-agent uses
SOCKET_PATH_BYTES: Final = 100
OPENED_BYTES: Final = 128 * 1024 * 1024  # of one message: some bytes may decompress to very many

# What parsers raise on hostile input; the standard library's for mail has some of these for its own faults.
_UNPARSABLE: Final = (AssertionError, AttributeError, LookupError, MessageError, RecursionError, TypeError, ValueError)

P = TypeVar("P")


class Refusal(enum.StrEnum):
    """Why something is not read as a message."""

    FOREIGN = "not a PGP/MIME message"
    CLOSED = "cannot be decrypted with this key"
    ODD = "is not built like a message of this site"
    INCOMPLETE = "lacks its text or its answers"


class ReadingError(Exception):
    """A file is not a message of ours, or not for our key."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass
class ReadMessage:
    """A message as the staff see it. `copies` counts how often it arrived; `files` are the names of what is `attached`.

    The `digest` is that of all that was sealed. By it repeats are known: the Message-ID outside is anyone's to choose.
    """

    message_id: str
    digest: str
    reference: str
    subject: str
    text: str
    form: str
    language: str
    answers: dict[str, Any]
    files: list[str] = field(default_factory=list)
    attached: list[File] = field(default_factory=list)
    copies: int = 1

    @property
    def counted(self) -> tuple[str, ...] | None:
        """The references a daily count names; none if this is no count."""
        if self.form != COUNT_FORM:
            return None
        return tuple(str(reference) for reference in self.answers["references"])

    def as_json(self) -> str:
        names = ("reference", "form", "language", "subject", "text", "answers", "files")
        return json_line({name: getattr(self, name) for name in names})


@dataclass(frozen=True)
class Inbox(Generic[P]):
    """What was read: messages, and why others, by their place, are none of ours."""

    messages: list[ReadMessage]
    foreign: dict[P, Refusal]

    def missing(self, count: ReadMessage) -> list[str]:
        """Those references of a daily count under which no message is here."""
        here = {message.reference for message in self.messages}
        return [reference for reference in count.counted or () if reference not in here]


@contextmanager
def staff_gpg(home: Path, environment: Mapping[str, str] = GPG_ENVIRONMENT) -> Iterator[Any]:
    """A `gnupg.GPG` on the staff's own home; by a short link if the agent's socket would not fit (unix(7): 108 bytes)."""
    home = home.absolute()
    if len(os.fsencode(home / AGENT_SOCKET)) < SOCKET_PATH_BYTES:
        yield open_gpg(home, environment=environment)
        return
    with tempfile.TemporaryDirectory(prefix="ihk-") as folder:
        short = Path(folder) / "h"
        short.symlink_to(home)
        try:
            yield open_gpg(short, environment=environment)
        finally:  # the agent knows its keys by a path that is about to go
            subprocess.run(["gpgconf", "--homedir", str(short), "--kill", "gpg-agent"], check=False, capture_output=True)


def read_all(files: Iterable[Path], gpg: Any) -> Inbox[Path]:
    """Open all `files`, as `fold` does."""
    return fold(((file, file.read_bytes()) for file in files), gpg)


def fold(mails: Iterable[tuple[P, bytes]], gpg: Any, first_seen: Callable[[ReadMessage], None] = lambda _: None) -> Inbox[P]:
    """Open all `mails`, each with its place; repeats of a message are folded into one, the first one's place is kept.

    Anyone can write to an inbox: what is not ours is told apart, and keeps nothing else from being read. `first_seen` gets
    every message once, at once.
    """
    read: dict[str, ReadMessage] = {}
    foreign: dict[P, Refusal] = {}
    for place, mail in mails:
        try:
            message = open_message(mail, gpg)
        except ReadingError as fault:
            foreign[place] = fault.refusal
            continue
        if message.digest in read:
            read[message.digest].copies += 1
        else:
            read[message.digest] = message
            first_seen(message)
    return Inbox(list(read.values()), foreign)


def open_message(mail: bytes, gpg: Any) -> ReadMessage:
    """Decrypt and parse one PGP/MIME mail. Raises `ReadingError`."""
    try:
        sealed = _sealed(mail)
    except _UNPARSABLE as fault:
        raise ReadingError(Refusal.FOREIGN) from fault
    decrypted = gpg.decrypt(sealed[1], extra_args=["--max-output", str(OPENED_BYTES)])
    if not decrypted.ok or len(decrypted.data) >= OPENED_BYTES:  # gpg cuts off there, and says that all is well
        raise ReadingError(Refusal.CLOSED)
    try:
        return _read(decrypted.data, sealed[0])
    except _UNPARSABLE as fault:  # anyone can seal anything to a public key
        raise ReadingError(Refusal.ODD) from fault


def _sealed(mail: bytes) -> tuple[str, bytes]:
    """The Message-ID of a PGP/MIME mail, and what is encrypted in it."""
    outer = email.message_from_bytes(mail, policy=SMTP)
    parts = list(outer.iter_parts()) if isinstance(outer, EmailMessage) else []
    if outer.get_content_type() != "multipart/encrypted" or len(parts) != 2:
        raise ReadingError(Refusal.FOREIGN)
    sealed = parts[1].get_payload(decode=True)
    if not isinstance(sealed, bytes):
        raise ReadingError(Refusal.CLOSED)
    return str(outer["Message-ID"]), sealed


def _read(opened: bytes, message_id: str) -> ReadMessage:
    entity = email.message_from_bytes(opened, policy=SMTP)
    assert isinstance(entity, EmailMessage)  # noqa: S101 - what the policy makes
    body = entity.get_body(("plain",))
    attachments = [(part.get_filename() or "", part) for part in entity.iter_attachments()]
    answers = next((part for name, part in attachments if name == ANSWERS_FILE), None)
    if body is None or answers is None:
        raise ReadingError(Refusal.INCOMPLETE)
    content = json.loads(answers.get_content())
    subject = str(entity["Subject"])
    if content["form"] == COUNT_FORM and not isinstance(content["answers"]["references"], list):
        raise TypeError("references")
    files = [File(name, _content(part)) for name, part in attachments if part is not answers]
    return ReadMessage(
        message_id=message_id,
        digest=hashlib.sha256(opened).hexdigest(),
        reference=next((word for word in subject.split(" · ") if word.isdigit()), ""),
        subject=subject,
        text=str(body.get_content()).replace("\r\n", "\n"),
        form=_of(str, content["form"]),
        language=_of(str, content["language"]),
        answers=_of(dict, content["answers"]),
        files=[file.given_name for file in files],
        attached=files,
    )


def _of(kind: type[P], value: Any) -> P:
    if not isinstance(value, kind):
        raise TypeError(kind.__name__)
    return value


def _content(part: Message) -> bytes:
    """The bytes of an attachment; of one that is itself made of parts, its source."""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else part.as_bytes()


def for_terminal(text: str) -> str:
    """`text` with control characters made visible, so that a message cannot drive the reader's terminal."""
    return "".join(c if _harmless(c) else f"\\u{ord(c):04x}" for c in text)


def json_line(content: Mapping[str, Any]) -> str:
    """`content` as one line of JSON, in which the same characters are escaped as JSON does: nothing of it is lost."""
    return "".join(c if _harmless(c) else json.dumps(c)[1:-1] for c in json.dumps(content, ensure_ascii=False))


def _harmless(character: str) -> bool:
    return character in JOINERS or character.isprintable() or category(character) == "Zs"
