"""What a form's files say beyond its definition, alike in PDF and Word; and what both leave out."""

from collections.abc import Iterator
from typing import Final

from ihmiskauppa.contacts import CONTACT, Contacts
from ihmiskauppa.forms.definition import Form
from ihmiskauppa.languages import Language
from ihmiskauppa.translations import Translations, msgid

STAFF_LANGUAGE: Final = "fi"  # of the labels beneath the visitor's
SOURCE_LANGUAGE: Final = "en"  # of the msgids, which stand beneath what matters for safety (promise 11)
_NO_SOURCE_BENEATH: Final = frozenset({SOURCE_LANGUAGE, STAFF_LANGUAGE})


VERSION: Final = msgid("Version %(version)s")
REPLACES: Final = msgid("It replaces the version %(version)s")
REQUIRED: Final = msgid("Please answer this question.")
CHOOSE_ONE: Final = msgid("Choose one")
CHOOSE_MANY: Final = msgid("You can choose several")
ONLY_IF: Final = msgid("Only if you chose: %(answer)s")
RETURN: Final = msgid("When you have filled it in")
RETURN_ONLINE: Final = msgid("Add it as a file to the form of the same name on our website. Your browser sends it encrypted.")
RETURN_BY_HAND: Final = msgid("If you cannot do that, call {contact:hotline}: we agree how it reaches us safely.")
RETURN_NOT_BY_MAIL: Final = msgid("Do not send it by ordinary e-mail: e-mail is not encrypted.")
KEPT_BY_YOU: Final = msgid("Who uses this device or finds this paper can read it. Remove it when you no longer need it.")
# The parts of a window, in the order of `definition.WINDOW_PARTS`; the web form says the same.
WINDOW_LABELS: Final = (msgid("First day"), msgid("Last day"), msgid("From what time"), msgid("Until what time"))


def shown(message: str, language: Language, texts: Translations, people: Contacts) -> str:
    """A msgid in the visitor's language, contacts in their places; nothing for nothing."""
    translated = texts.gettext(language.code, message) if message else ""
    return CONTACT.sub(lambda found: isolated(_unbroken(people[found[1]].shown)), translated)


def source_of(message: str, language: Language, people: Contacts) -> str:
    """What stands beneath a safety-critical text that no person has checked: the text it was made from; "" under none."""
    return (
        "" if language.ordinary in _NO_SOURCE_BENEATH else CONTACT.sub(lambda found: _unbroken(people[found[1]].shown), message)
    )


def version_lines(form: Form, language: Language, texts: Translations) -> Iterator[str]:
    """Which version it is, and which it replaces."""
    yield texts.gettext(language.code, VERSION) % {"version": isolated(form.version)}
    if form.replaces:
        yield texts.gettext(language.code, REPLACES) % {"version": isolated(", ".join(form.replaces))}


def isolated(text: str) -> str:
    """A number or address that reads from left to right in every script (UAX 9: LRI … PDI)."""
    return f"\u2066{text}\u2069"


def _unbroken(number: str) -> str:
    """A telephone number stays on one line."""
    return number.replace(" ", "\u00a0")


def how_to_return() -> tuple[str, ...]:
    """How the filled form comes back safely: msgids, which may name contacts."""
    return RETURN_ONLINE, RETURN_BY_HAND, RETURN_NOT_BY_MAIL, KEPT_BY_YOU
