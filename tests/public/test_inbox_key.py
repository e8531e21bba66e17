"""The inbox's key for visitors: a file and a Web Key Directory that gpg itself can use, and what the contact page says."""

import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server
from werkzeug.test import Client

from ihmiskauppa import database
from ihmiskauppa.app import build_public_app
from ihmiskauppa.intake import keys
from ihmiskauppa.intake.keys import Keyring
from ihmiskauppa.public.editions import Editions
from ihmiskauppa.public.inbox_key import InboxKey, register, web_key_hash
from tests.client import SPACE, CheckedClient, Page
from tests.copies import wait_until
from tests.intake.homes import Home, ring, short_home
from tests.machine import need
from tests.public.conftest import Site

INBOX = "inbox@example.org"
HASH = web_key_hash(INBOX)
DIRECT = f"/.well-known/openpgpkey/hu/{HASH}"
ADVANCED = f"/.well-known/openpgpkey/example.org/hu/{HASH}"
CONTACT = "/{}/about/contact/"


@dataclass(frozen=True)
class Office:
    """The staff's home with the inbox's key, which also names a person and other addresses."""

    home: Home
    fingerprint: str

    def export(self) -> bytes:
        return self.home.export(self.fingerprint)


@pytest.fixture
def office() -> Iterator[Office]:
    with short_home() as home:
        fingerprint = home.make(f"Inbox <{INBOX}>", "ed25519", "cert", "3y")
        home.add(fingerprint, "1y")
        for other in ("Desk <Desk@Other.example>", "Somebody <somebody@example.org>"):
            home.gpg("--quick-add-uid", fingerprint, other)
        yield Office(home, fingerprint)


def directory(link: Path, fingerprints: tuple[str, ...], *addresses: str) -> Client:
    """A small app with nothing but the inbox's key."""
    app = Flask("inbox-key")
    register(app, InboxKey(Keyring(link), fingerprints, addresses))
    return Client(app)


def imported(data: bytes) -> str:
    """What another gpg lists after importing `data`."""
    with short_home() as client:
        client.gpg("--import", given=data)
        return client.gpg("--list-keys", "--with-colons", "--with-fingerprint").decode()


@pytest.mark.parametrize("address", ["Joe.Doe@example.org", INBOX, "päivä@example.org"])
def test_the_directory_s_names_are_gnupg_s(address: str) -> None:
    """GnuPG's own client for Web Key Directories gives the same name."""
    # Debian does not put it on the path.
    libexec = subprocess.run(
        ["gpgconf", "--list-dirs", "libexecdir"], capture_output=True, text=True, check=True
    ).stdout.strip()
    client = shutil.which("gpg-wks-client", path=libexec) or need("gpg-wks-client")
    done = subprocess.run([client, "--print-wkd-hash", address], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == web_key_hash(address)


def test_the_draft_s_example() -> None:
    """The vector of draft-koch-openpgp-webkey-service, 3.1."""
    assert web_key_hash("Joe.Doe@Example.ORG") == "iy9q119eutrkn8s1mk4r39qejnbu3n5q"


def test_the_file_holds_the_key_and_no_other_name(office: Office, tmp_path: Path) -> None:
    """ASCII-armored, of the right type; imported elsewhere it has the fingerprint and the inbox's addresses only."""
    ring(tmp_path / "keyring", office.home.key(office.fingerprint))
    client = directory(tmp_path / "keyring", (office.fingerprint,), INBOX, "desk@other.example")
    answer = client.get("/inbox-key.asc")
    assert (answer.status_code, answer.mimetype) == (200, "application/pgp-keys")
    assert answer.data.startswith(b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    listed = imported(answer.data)
    assert f":{office.fingerprint}:" in listed
    assert sorted(re.findall(r"^uid:.*<(.*)>", listed, re.MULTILINE)) == ["Desk@Other.example", INBOX]


@pytest.mark.parametrize("path", [f"{DIRECT}?l=inbox", f"{ADVANCED}?l=inbox", DIRECT])
def test_the_directory_gives_each_address_its_key(path: str, office: Office, tmp_path: Path) -> None:
    """Binary, as octets, also to HEAD; with the user id of the address that was asked for only."""
    ring(tmp_path / "keyring", office.home.key(office.fingerprint))
    client = directory(tmp_path / "keyring", (office.fingerprint,), INBOX, "Desk@Other.example")
    answer, head = client.get(path), client.head(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/octet-stream")
    assert (head.status_code, head.data, head.content_length) == (200, b"", len(answer.data))
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.data[0] & 0x80, "a binary OpenPGP packet (RFC 9580, 4.2)"
    assert re.findall(r"^uid:.*<(.*)>", imported(answer.data), re.MULTILINE) == [INBOX]
    other = client.get(f"/.well-known/openpgpkey/OTHER.example/hu/{web_key_hash('desk@other.example')}?l=Desk")
    assert re.findall(r"^uid:.*<(.*)>", imported(other.data), re.MULTILINE) == ["Desk@Other.example"]


def test_only_the_inbox_s_addresses_are_found(office: Office, tmp_path: Path) -> None:
    """Neither the other names on the key, nor another domain, nor a key that messages are not sealed to."""
    with short_home() as home:
        unused = home.make("Unused <unused@example.org>", "ed25519", "cert,sign", "1y")
        ring(tmp_path / "keyring", office.home.key(office.fingerprint), home.key(unused))
    client = directory(tmp_path / "keyring", (office.fingerprint,), INBOX, "unused@example.org")
    for name in ("somebody", "unused", "inbox@example.org"):
        assert client.get(f"/.well-known/openpgpkey/hu/{web_key_hash(name + '@x')}").status_code == 404
    for path in (f"/.well-known/openpgpkey/other.example/hu/{HASH}", "/.well-known/openpgpkey/hu/", f"{DIRECT}/"):
        assert client.get(path).status_code == 404
    assert b"unused" not in client.get("/inbox-key.asc").data
    assert unused not in imported(client.get("/inbox-key.asc").data)


def test_policies_stand_where_both_methods_look(office: Office, tmp_path: Path) -> None:
    """Empty files, for each domain of the inbox and for no other."""
    ring(tmp_path / "keyring", office.home.key(office.fingerprint))
    client = directory(tmp_path / "keyring", (office.fingerprint,), INBOX, "desk@other.example")
    for place in ("", "/example.org", "/other.example"):
        answer = client.get(f"/.well-known/openpgpkey{place}/policy")
        assert (answer.status_code, answer.data) == (200, b"")
    assert client.get("/.well-known/openpgpkey/third.example/policy").status_code == 404


def test_keys_of_an_overlap_and_revoked_ones_come_together(office: Office, tmp_path: Path) -> None:
    """Both keys in one answer; a revoked key stays in it although the settings have dropped it, so that clients learn of it."""
    with short_home() as home:
        new = home.make(f"Inbox <{INBOX}>", "ed25519", "cert", "3y")
        home.add(new, "1y")
        ring(tmp_path / "keyring", office.home.key(office.fingerprint), home.key(new))
        client = directory(tmp_path / "keyring", (office.fingerprint, new), INBOX)
        for path in (DIRECT, "/inbox-key.asc"):
            listed = imported(client.get(path).data)
            assert office.fingerprint in listed
            assert new in listed
        dropped = directory(tmp_path / "keyring", (new,), INBOX)
        assert office.fingerprint not in imported(dropped.get(DIRECT).data)
        office.home.revoke(office.fingerprint)
        keys.import_certificate(tmp_path / "keyring", office.export())
        listed = imported(dropped.get(DIRECT).data)
        assert re.search(rf"^pub:r:.*\n(?:.*\n)?fpr:+{office.fingerprint}:", listed, re.MULTILINE)
        assert new in listed


def test_without_a_key_there_is_no_file(tmp_path: Path, office: Office) -> None:
    """No key with the inbox's address: not found. A ring that cannot be read: not now."""
    ring(tmp_path / "keyring", office.home.key(office.fingerprint))
    client = directory(tmp_path / "keyring", (office.fingerprint,), "else@example.org")
    assert client.get("/inbox-key.asc").status_code == 404
    assert directory(tmp_path / "nowhere", (office.fingerprint,), INBOX).get(DIRECT).status_code == 503


def test_who_asks_often_starts_no_gpg(office: Office, tmp_path: Path) -> None:
    """The answer is kept until the ring changes: a hundred of them take less than a second."""
    calls, binary = tmp_path / "calls", tmp_path / "gpg"
    binary.write_text(f'#!/bin/sh\necho "$*" >>{calls}\nexec {need("gpg")} "$@"\n', encoding="ascii")
    binary.chmod(0o700)
    keyring = Keyring(ring(tmp_path / "keyring", office.home.key(office.fingerprint)).home, gpg=str(binary))
    app = Flask("inbox-key")
    register(app, InboxKey(keyring, (office.fingerprint,), (INBOX,)))
    client = Client(app)
    for _ in range(50):
        assert client.get(DIRECT).status_code == client.get("/inbox-key.asc").status_code == 200
    assert calls.read_text(encoding="ascii").count("--export ") == 2


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("path", [DIRECT, ADVANCED, "/inbox-key.asc"])
def test_gpg_fetches_it_and_encrypts_to_it(path: str, office: Office, tmp_path: Path) -> None:
    """A fetch over HTTP by gpg itself ends with the right fingerprint, and what it encrypts is read with the inbox's key."""
    need("dirmngr")
    ring(tmp_path / "keyring", office.home.key(office.fingerprint))
    app = Flask("inbox-key")
    register(app, InboxKey(Keyring(tmp_path / "keyring"), (office.fingerprint,), (INBOX,)))
    with served(app) as url, short_home() as visitor:
        visitor.gpg("--fetch-keys", url + path)
        assert f":{office.fingerprint}:" in visitor.gpg("--list-keys", "--with-colons", INBOX).decode()
        sealed = visitor.gpg("--trust-model", "always", "--encrypt", "--recipient", INBOX, given=b"Apua")
    assert office.home.gpg("--decrypt", given=sealed).decode() == "Apua"


def shown(page: Page) -> tuple[list[str], list[str]]:
    """The addresses and fingerprints on a contact page."""
    block = page.one("details", id="inbox-key")
    found = [element for element in block.iter() if element.get("class")]
    return (
        [page.text(e) for e in found if e.get("class") == "ik-inbox-key__address"],
        [page.text(e) for e in found if e.get("class") == "ik-inbox-key__fingerprint"],
    )


@pytest.mark.parametrize("code", ["fi", "sv", "en", "ar"])
def test_the_contact_page_shows_address_and_fingerprint(code: str, site: Site) -> None:
    """In every language: ten groups of four, left to right, the address as text, and the way to the file."""
    page = site.client.page(CONTACT.format(code))
    addresses, fingerprints = shown(page)
    (fingerprint,) = site.configuration.inbox_keys
    assert addresses == [INBOX]
    assert [f.replace(" ", "") for f in fingerprints] == [fingerprint]
    assert re.fullmatch(r"([0-9A-F]{4} ){9}[0-9A-F]{4}", fingerprints[0])
    assert page.one("code", class_="ik-inbox-key__fingerprint").get("dir") == "ltr"
    block = page.one("details", id="inbox-key")
    assert [link.get("href") for link in block.iter(SPACE + "a")] == ["/inbox-key.asc", "tel:+358295463177"]


def test_the_contact_page_follows_the_ring(make_site: Callable[..., Site], office: Office) -> None:
    """A key that is imported appears within seconds, a revoked one goes, and without any the page says so."""
    configuration = replace(make_site().configuration, inbox_keys=(office.fingerprint,))
    client = CheckedClient(build_public_app(configuration, watch=True))
    page = client.page(CONTACT.format("en"))
    assert shown(page) == ([], [])
    assert "we have no key that you could use" in page.text()
    keys.import_certificate(configuration.keyring, office.export())
    wait_until(lambda: shown(client.page(CONTACT.format("en")))[1], 10)
    office.home.revoke(office.fingerprint)
    keys.import_certificate(configuration.keyring, office.export())
    wait_until(lambda: not shown(client.page(CONTACT.format("en")))[1], 10)


def test_a_revoked_key_leaves_the_page_whatever_else_is_broken(
    make_site: Callable[..., Site], office: Office, content_copy: Path
) -> None:
    """A page that no longer parses keeps the old content, but not the old key."""
    configuration = replace(make_site(content_folder=content_copy).configuration, inbox_keys=(office.fingerprint,))
    keys.import_certificate(configuration.keyring, office.export())
    editions = Editions(configuration)
    good = editions.current
    assert good.inbox_keys
    with (content_copy / "pages/get-help/police/fi.md").open("a", encoding="utf-8") as file:
        file.write("\n## No id\n")
    office.home.revoke(office.fingerprint)
    keys.import_certificate(configuration.keyring, office.export())
    assert editions.refresh()
    assert editions.current.inbox_keys == ()
    assert editions.current.catalogue is good.catalogue


def test_a_key_that_does_not_name_the_inbox_is_not_offered(office: Office, tmp_path: Path) -> None:
    """Messages are sealed to it all the same; but nobody could tell by the key whose it is."""
    ring(tmp_path / "keyring", office.home.key(office.fingerprint))
    other = InboxKey(Keyring(tmp_path / "keyring"), (office.fingerprint,), ("else@example.org",))
    assert other.usable(database.now()) == ()
    assert [path for path, _ in other.files()] == [
        "/.well-known/openpgpkey/policy",
        "/.well-known/openpgpkey/example.org/policy",
    ]


def test_the_files_are_what_is_served(office: Office, tmp_path: Path) -> None:
    """For a web server that serves files: each path with the very bytes of the answer."""
    ring(tmp_path / "keyring", office.home.key(office.fingerprint))
    addresses = (INBOX, "desk@other.example")
    client = directory(tmp_path / "keyring", (office.fingerprint,), *addresses)
    files = dict(InboxKey(Keyring(tmp_path / "keyring"), (office.fingerprint,), addresses).files())
    assert len(files) == 8
    assert {path: client.get(path).data for path in files} == files
