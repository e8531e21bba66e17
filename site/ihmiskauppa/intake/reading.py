"""The staff's side: sealed messages opened with the staff's own key and shown as they were meant. Never runs on the server."""

import email
import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, Final
from unicodedata import category

from ihmiskauppa.intake.keys import open_gpg
from ihmiskauppa.intake.message import ANSWERS_FILE, COUNT_FORM

JOINERS: Final = "\n\t\u200c\u200d"  # what Persian, Indic scripts and emoji need beside letters and blanks
AGENT_SOCKET: Final = "S.gpg-agent.browser"  # the longest name gpg-agent uses
SOCKET_PATH_BYTES: Final = 100


class ReadingError(Exception):
    """A file is not a message of ours, or not for our key."""


@dataclass
class ReadMessage:
    """A message as the staff see it. `copies` counts how often it arrived (the same Message-ID)."""

    message_id: str
    reference: str
    subject: str
    text: str
    form: str
    language: str
    answers: dict[str, Any]
    files: list[str] = field(default_factory=list)
    copies: int = 1

    @property
    def counted(self) -> tuple[str, ...] | None:
        """The references a daily count names; none if this is no count."""
        if self.form != COUNT_FORM:
            return None
        return tuple(str(reference) for reference in self.answers["references"])

    def as_json(self) -> str:
        names = ("reference", "form", "language", "subject", "text", "answers", "files")
        return json.dumps({name: getattr(self, name) for name in names}, ensure_ascii=False)


@dataclass(frozen=True)
class Inbox:
    """What files held: messages, and why others, by their place, are none of ours."""

    messages: list[ReadMessage]
    foreign: dict[Path, str]

    def missing(self, count: ReadMessage) -> list[str]:
        """Those references of a daily count under which no message is here."""
        here = {message.reference for message in self.messages}
        return [reference for reference in count.counted or () if reference not in here]


@contextmanager
def staff_gpg(home: Path) -> Iterator[Any]:
    """A `gnupg.GPG` on the staff's own home; by a short link if the agent's socket would not fit (unix(7): 108 bytes)."""
    home = home.absolute()
    if len(os.fsencode(home / AGENT_SOCKET)) < SOCKET_PATH_BYTES:
        yield open_gpg(home)
        return
    with tempfile.TemporaryDirectory(prefix="ihk-") as folder:
        short = Path(folder) / "h"
        short.symlink_to(home)
        try:
            yield open_gpg(short)
        finally:  # the agent knows its keys by a path that is about to go
            subprocess.run(["gpgconf", "--homedir", str(short), "--kill", "gpg-agent"], check=False, capture_output=True)


def read_all(files: Iterable[Path], gpg: Any) -> Inbox:
    """Open all `files`; repeats of a message are folded into one, the oldest file's place is kept.

    Anyone can write to an inbox: what is not ours is told apart, and keeps nothing else from being read.
    """
    read: dict[str, ReadMessage] = {}
    foreign: dict[Path, str] = {}
    for file in files:
        try:
            message = open_message(file.read_bytes(), gpg)
        except ReadingError as fault:
            foreign[file] = str(fault)
            continue
        if message.message_id in read:
            read[message.message_id].copies += 1
        else:
            read[message.message_id] = message
    return Inbox(list(read.values()), foreign)


def open_message(mail: bytes, gpg: Any) -> ReadMessage:
    """Decrypt and parse one PGP/MIME mail. Raises `ReadingError`."""
    outer = email.message_from_bytes(mail, policy=SMTP)
    parts = list(outer.iter_parts()) if isinstance(outer, EmailMessage) else []
    if outer.get_content_type() != "multipart/encrypted" or len(parts) != 2:
        raise ReadingError("not a PGP/MIME message")
    sealed = parts[1].get_payload(decode=True)
    decrypted = gpg.decrypt(sealed) if isinstance(sealed, bytes) else None
    if decrypted is None or not decrypted.ok:
        raise ReadingError("cannot be decrypted with this key")
    entity = email.message_from_bytes(decrypted.data, policy=SMTP)
    assert isinstance(entity, EmailMessage)  # noqa: S101 - what the policy makes
    try:
        return _read(entity, str(outer["Message-ID"]))
    except (LookupError, TypeError, ValueError) as fault:  # anyone can seal anything to a public key
        raise ReadingError("is not built like a message of this site") from fault


def _read(entity: EmailMessage, message_id: str) -> ReadMessage:
    body = entity.get_body(("plain",))
    attachments = {part.get_filename() or "": part for part in entity.iter_attachments()}
    if body is None or ANSWERS_FILE not in attachments:
        raise ReadingError("lacks its text or its answers")
    content = json.loads(attachments[ANSWERS_FILE].get_content())
    subject = str(entity["Subject"])
    if content["form"] == COUNT_FORM and not isinstance(content["answers"]["references"], list):
        raise TypeError("references")
    return ReadMessage(
        message_id=message_id,
        reference=next((word for word in subject.split(" · ") if word.isdigit()), ""),
        subject=subject,
        text=str(body.get_content()).replace("\r\n", "\n"),
        form=content["form"],
        language=content["language"],
        answers=content["answers"],
        files=[name for name in attachments if name != ANSWERS_FILE],
    )


def for_terminal(text: str) -> str:
    """`text` with control characters made visible, so that a message cannot drive the reader's terminal."""
    return "".join(c if c in JOINERS or c.isprintable() or category(c) == "Zs" else f"\\u{ord(c):04x}" for c in text)
