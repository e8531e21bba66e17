"""Contacts: read by name, held to what a number or an address is, refused when broken."""

from pathlib import Path

import pytest

from ihmiskauppa import contacts, settings
from ihmiskauppa.contacts import Contact, Contacts, ContactsError

FILE = """\
[hotline]
kind = "telephone"
value = "+358295463177"
shown = "+358 295 463 177"

[emergency]
kind = "telephone"
value = "112"

[mailbox]
kind = "email"
value = "help@example.org"

[exit]
kind = "web"
value = "https://weather.example/"
"""


def load(folder: Path, text: str = FILE) -> Contacts:
    path = folder / "contacts.toml"
    path.write_text(text, encoding="utf-8")
    return contacts.load(path)


def test_contacts_come_by_name(tmp_path: Path) -> None:
    """Each contact has what is shown, and the value itself where nothing else is."""
    made = load(tmp_path)
    assert list(made) == ["hotline", "emergency", "mailbox", "exit"]
    assert len(made) == 4
    assert made["hotline"] == Contact("hotline", "telephone", "+358295463177", "+358 295 463 177")
    assert made["emergency"].shown == "112"


@pytest.mark.parametrize(
    ("name", "href"),
    [
        ("hotline", "tel:+358295463177"),
        ("emergency", "tel:112"),
        ("mailbox", "mailto:help@example.org"),
        ("exit", "https://weather.example/"),
    ],
)
def test_a_contact_links_by_its_kind(tmp_path: Path, name: str, href: str) -> None:
    """A number is called, an address written to, a site opened."""
    assert load(tmp_path)[name].href == href


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[hotline]", "[hotline", "TOMLDecodeError"),
        ("[hotline]", "[hotlin]", "missing: hotline"),
        ("[exit]", "[out]", "missing: exit"),
        ('value = "112"\n', "", "value"),
        ('kind = "email"\n', "", "kind"),
        ('kind = "email"', 'kind = "fax"', "mailbox: not a"),
        ('kind = "email"', 'kind = ["email"]', "kind"),
        ('value = "112"', "value = 112", "value"),
        ('value = "112"', 'value = "12"', "emergency: not a"),
        ('value = "112"', 'value = "1 1 2"', "emergency: not a"),
        ("+358 295 463 177", "+358 295 463 178", "hotline: the number shown is not the number called"),
        ('shown = "+358 295 463 177"', "shown = 5", "shown"),
        ("help@example.org", "help", "mailbox: not a"),
        ("help@example.org", "help@example.org<", "mailbox: not a"),
        ("https://weather.example/", "http://weather.example/", "exit: not a"),
        ("https://weather.example/", "javascript:alert(1)", "exit: not a"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    """Whatever is wrong, the fault names the file and the contact or the key; a wrong number is never shown."""
    assert old in FILE
    with pytest.raises(ContactsError) as caught:
        load(tmp_path, FILE.replace(old, new))
    assert str(caught.value).startswith(f"{tmp_path / 'contacts.toml'}: ")
    assert reason in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The fault names the file that is not there."""
    with pytest.raises(ContactsError, match=r"contacts\.toml"):
        contacts.load(tmp_path / "contacts.toml")


def test_the_site_s_contacts_are_in_order() -> None:
    """The site's own file can be read, and the emergency number is 112."""
    assert contacts.load(settings.data_folder("content") / "contacts.toml")["emergency"].href == "tel:112"
