"""The accessibility statement as data, from `accessibility.toml`.

What must be in it: Finnish act 306/2019, section 9, and the model in decision (EU) 2018/1523. Texts stand beside each other in
all languages of level `full`; readers of others get their first fallback that has them.
"""

import datetime
import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ihmiskauppa.contacts import Contact, Contacts
from ihmiskauppa.languages import Language, Languages

FILE: Final = "accessibility.toml"
STATUSES: Final = ("full", "partial", "none")  # as the decision's model distinguishes them
REVIEWED_EVERY: Final = datetime.timedelta(days=365)
# Levels A and AA of WCAG 2.1, which EN 301 549 3.2.1 and thereby the act ask for.
CRITERIA: Final = frozenset(
    [
        *("1.1.1", "1.2.1", "1.2.2", "1.2.3", "1.2.4", "1.2.5", "1.3.1", "1.3.2", "1.3.3", "1.3.4", "1.3.5", "1.4.1", "1.4.2"),
        *("1.4.3", "1.4.4", "1.4.5", "1.4.10", "1.4.11", "1.4.12", "1.4.13", "2.1.1", "2.1.2", "2.1.4", "2.2.1", "2.2.2"),
        *("2.3.1", "2.4.1", "2.4.2", "2.4.3", "2.4.4", "2.4.5", "2.4.6", "2.4.7", "2.5.1", "2.5.2", "2.5.3", "2.5.4", "3.1.1"),
        *("3.1.2", "3.2.1", "3.2.2", "3.2.3", "3.2.4", "3.3.1", "3.3.2", "3.3.3", "3.3.4", "4.1.1", "4.1.2", "4.1.3"),
    ]
)


class AccessibilityError(Exception):
    """`accessibility.toml` is broken; the message names the file, the place in it and the reason."""


@dataclass(frozen=True)
class Text:
    """A text by language code."""

    by_language: Mapping[str, str]

    def code_for(self, reader: Language) -> str:
        """The language that a reader gets it in."""
        return next(code for code in (reader.code, *reader.fallback) if code in self.by_language)


@dataclass(frozen=True)
class Failing:
    """Something that not everybody can use; no `criteria`: WCAG asks for it at no level that binds us. `until` if known."""

    what: Text
    why: Text
    instead: Text
    criteria: tuple[str, ...]
    until: datetime.date | None


@dataclass(frozen=True)
class Statement:
    """How accessible the site is, how and when that was found out, and who watches over it."""

    status: str
    assessed: datetime.date
    methods: tuple[Text, ...]
    failings: tuple[Failing, ...]
    supervisor: Text
    supervisor_contacts: tuple[Contact, ...]
    stated: datetime.date

    def warnings(self, now: datetime.datetime) -> list[str]:
        """What the operator should be told about it at `now`, a sentence each."""
        oldest = min(self.assessed, self.stated)
        if now.date() - oldest <= REVIEWED_EVERY:
            return []
        return [f"{FILE}: the accessibility statement is of {oldest}, older than a year: assess again, and renew the dates."]


def load(path: Path, languages: Languages, contacts: Contacts) -> Statement:
    """Read `accessibility.toml`. Raises `AccessibilityError`."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise AccessibilityError(f"{path}: {type(fault).__name__}: {fault}") from fault
    return _Reader(path, languages, contacts).statement(table)


@dataclass(frozen=True)
class _Reader:
    """Reads the tables of one file; `place` says in each fault which of them."""

    path: Path
    languages: Languages
    contacts: Contacts

    def statement(self, table: dict[str, Any]) -> Statement:
        self._keys("the file", table, {"status", "assessed", "stated", "method", "failing", "supervisor"})
        failings = tuple(
            self._failing(f"failing {number}", entry) for number, entry in enumerate(self._list("failing", table["failing"]), 1)
        )
        methods = self._list("method", table["method"])
        if not methods:
            raise self._fault("method", "there is none")
        status = table["status"]
        if status not in STATUSES:
            raise self._fault("status", f"must be one of {', '.join(STATUSES)}")
        if (status == "full") == any(failing.criteria for failing in failings):
            raise self._fault("status", "full when no failing names a criterion, and then only")
        supervisor = self._keys("supervisor", table["supervisor"], {"name", "contacts"})
        named = self._list("supervisor: contacts", supervisor["contacts"])
        unknown = [name for name in named if name not in self.contacts]
        if unknown:
            raise self._fault("supervisor: contacts", f"not in contacts.toml: {', '.join(map(str, unknown))}")
        return Statement(
            status=status,
            assessed=self._day("assessed", table["assessed"]),
            methods=tuple(self._text(f"method {number}", entry) for number, entry in enumerate(methods, 1)),
            failings=failings,
            supervisor=self._text("supervisor: name", supervisor["name"]),
            supervisor_contacts=tuple(self.contacts[name] for name in named),
            stated=self._day("stated", table["stated"]),
        )

    def _failing(self, place: str, entry: Any) -> Failing:
        entry = self._keys(place, entry, {"what", "why", "instead", "criteria"}, {"until"})
        criteria = self._list(f"{place}: criteria", entry["criteria"])
        unknown = [str(criterion) for criterion in criteria if criterion not in CRITERIA]
        if unknown:
            raise self._fault(f"{place}: criteria", f"no criterion of WCAG 2.1, A or AA: {', '.join(unknown)}")
        until = entry.get("until")
        return Failing(
            what=self._text(f"{place}: what", entry["what"]),
            why=self._text(f"{place}: why", entry["why"]),
            instead=self._text(f"{place}: instead", entry["instead"]),
            criteria=tuple(criteria),
            until=None if until is None else self._day(f"{place}: until", until),
        )

    def _text(self, place: str, entry: Any) -> Text:
        wanted = {code for code, language in self.languages.items() if language.level == "full"}
        entry = self._keys(place, entry, wanted)
        if not all(isinstance(text, str) and text.strip() for text in entry.values()):
            raise self._fault(place, "every text is there and not empty")
        return Text(entry)

    def _keys(self, place: str, entry: Any, wanted: Set[str], allowed: Set[str] = frozenset()) -> dict[str, Any]:
        if not isinstance(entry, dict):
            raise self._fault(place, f"has {', '.join(sorted(wanted))}")
        missing, unknown = wanted - set(entry), set(entry) - wanted - allowed
        if missing or unknown:
            told = [
                f"{kind}: {', '.join(sorted(names))}" for kind, names in (("missing", missing), ("unknown", unknown)) if names
            ]
            raise self._fault(place, "; ".join(told))
        return entry

    def _list(self, place: str, entry: Any) -> list[Any]:
        if not isinstance(entry, list):
            raise self._fault(place, "must be a list")
        return entry

    def _day(self, place: str, entry: Any) -> datetime.date:
        if type(entry) is not datetime.date:
            raise self._fault(place, "must be a day")
        return entry

    def _fault(self, place: str, reason: str) -> AccessibilityError:
        return AccessibilityError(f"{self.path}: {place}: {reason}")
