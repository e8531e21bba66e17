"""The telephone numbers and addresses of `contacts.toml`, written once and used by name everywhere."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HOTLINE: Final = "hotline"
EMERGENCY: Final = "emergency"
MAILBOX: Final = "mailbox"
EXIT: Final = "exit"
REQUIRED: Final = (HOTLINE, EMERGENCY, MAILBOX, EXIT)
CONTACT: Final = re.compile(r"\{contact:([a-z0-9-]+)\}")  # as texts name them

_VALUES = {
    "telephone": re.compile(r"\+?[0-9]{3,15}"),
    "email": re.compile(r"[^@\s<>\"&]+@[^@\s<>\"&]+"),
    "web": re.compile(r"https://[^\s<>\"&]+"),
}


class ContactsError(Exception):
    """`contacts.toml` is broken; the message names the file and the contact."""


@dataclass(frozen=True)
class Contact:
    """A way to reach someone: `shown` is how people read it, `href` where a link goes."""

    name: str
    kind: str
    value: str
    shown: str

    @property
    def href(self) -> str:
        return {"telephone": "tel:", "email": "mailto:", "web": ""}[self.kind] + self.value


class Contacts(Mapping[str, Contact]):
    """All contacts by name."""

    def __init__(self, contacts: Mapping[str, Contact]) -> None:
        self._by_name = dict(contacts)

    def __getitem__(self, name: str) -> Contact:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)


def load(path: Path) -> Contacts:
    """Read `contacts.toml`. Raises `ContactsError`."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        contacts = {
            name: Contact(name, entry["kind"], entry["value"], entry.get("shown", entry["value"]))
            for name, entry in table.items()
        }
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as fault:
        raise ContactsError(f"{path}: {type(fault).__name__}: {fault}") from fault
    for contact in contacts.values():
        if not all(isinstance(part, str) for part in (contact.kind, contact.value, contact.shown)):
            raise ContactsError(f"{path}: {contact.name}: kind, value and shown are texts")
        if contact.kind not in _VALUES or not _VALUES[contact.kind].fullmatch(contact.value):
            raise ContactsError(f"{path}: {contact.name}: not a {'/'.join(_VALUES)} contact")
        if contact.kind == "telephone" and "".join(contact.shown.split()) != contact.value:
            raise ContactsError(f"{path}: {contact.name}: the number shown is not the number called")
    missing = [name for name in REQUIRED if name not in contacts]
    if missing:
        raise ContactsError(f"{path}: missing: {', '.join(missing)}")
    return Contacts(contacts)
