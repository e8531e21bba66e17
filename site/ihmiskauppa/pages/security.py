"""Who takes word of weaknesses: `security.toml`, from which `/.well-known/security.txt` (RFC 9116) is made."""

import datetime
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ihmiskauppa.contacts import Contact, Contacts
from ihmiskauppa.languages import Languages

FILE: Final = "security.toml"
HOLDS: Final = datetime.timedelta(days=364)  # RFC 9116, 2.5.5: less than a year is recommended
WARN_BEFORE: Final = datetime.timedelta(days=30)


class SecurityError(Exception):
    """`security.toml` is broken; the message names the file and the reason."""


@dataclass(frozen=True)
class Security:
    """Where word of a weakness goes, in which languages, and when somebody last saw that it is read."""

    contact: Contact
    checked: datetime.date
    languages: tuple[str, ...]

    @property
    def expires(self) -> datetime.datetime:
        """From when on nobody should rely on it."""
        return datetime.datetime.combine(self.checked + HOLDS, datetime.time(), datetime.UTC)

    def warnings(self, now: datetime.datetime) -> list[str]:
        """What the operator should be told about it at `now`, a sentence each."""
        if now < self.expires - WARN_BEFORE:
            return []
        return [f"{FILE}: security.txt holds until {self.expires:%Y-%m-%d}: see that its contact is read, and renew `checked`."]


def load(path: Path, contacts: Contacts, languages: Languages) -> Security:
    """Read `security.toml`. Raises `SecurityError`."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        contact, checked, spoken = contacts[table["contact"]], table["checked"], table["languages"]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as fault:
        raise SecurityError(f"{path}: {type(fault).__name__}: {fault}") from fault
    if contact.kind not in {"email", "web"}:
        raise SecurityError(f"{path}: contact must be of kind email or web")
    if type(checked) is not datetime.date:
        raise SecurityError(f"{path}: checked must be a date")
    if not isinstance(spoken, list) or not spoken or not all(code in languages for code in spoken):
        raise SecurityError(f"{path}: languages must be codes of languages.toml")
    return Security(contact, checked, tuple(spoken))
