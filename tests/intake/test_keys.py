"""The key ring: what can be encrypted to and until when, and imports that never leave half a ring."""

import ctypes
import datetime
import os
import secrets
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from ihmiskauppa.cli import main
from ihmiskauppa.intake import keys
from ihmiskauppa.intake.keys import Keyring, KeysError
from ihmiskauppa.settings import Settings
from tests.conftest import InboxKey
from tests.intake.homes import BAD_KINDS, NEVER, PublicKey, ring, short_home

NOW = datetime.datetime.now(datetime.UTC)
NOBODY = 65534


def at(year: int) -> datetime.datetime:
    return datetime.datetime(year, 1, 1, tzinfo=datetime.UTC)


@pytest.mark.parametrize("kind", BAD_KINDS)
def test_an_unusable_key_is_refused_and_its_trouble_named(kind: str, unusable: Mapping[str, PublicKey], tmp_path: Path) -> None:
    """A key that is expired, revoked or without living encryption key is not usable, and its trouble says why."""
    # Trap (gpg): such keys are refused even with `--trust-model always`.
    key = unusable[kind]
    keyring = ring(tmp_path / "keyring", key)
    assert keyring.certificates()[key.fingerprint].trouble(NOW).endswith(kind) or kind == "cannot encrypt"
    assert keyring.certificates()[key.fingerprint].trouble(NOW)
    assert keyring.usable([key.fingerprint], NOW) == ()


@pytest.mark.parametrize("kind", BAD_KINDS)
def test_an_unusable_key_is_left_out_beside_a_good_one(
    kind: str, unusable: Mapping[str, PublicKey], inbox_key: InboxKey, tmp_path: Path
) -> None:
    """A good key beside an unusable one stays usable, whichever is named first."""
    # Trap (gpg): one good plus one bad recipient yields nothing at all.
    bad = unusable[kind]
    keyring = ring(tmp_path / "keyring", bad, inbox_key)
    for order in ([bad.fingerprint, inbox_key.fingerprint], [inbox_key.fingerprint, bad.fingerprint]):
        assert keyring.usable(order, NOW) == (inbox_key.fingerprint,)


def test_a_key_without_encryption_subkey_is_noticed(unusable: Mapping[str, PublicKey], tmp_path: Path) -> None:
    """What `--quick-gen-key uid rsa… default` makes can only sign, and the ring says so."""
    # Trap (gpg): `--quick-gen-key uid rsa4096 default` makes no encryption subkey.
    key = unusable["cannot encrypt"]
    trouble = ring(tmp_path / "keyring", key).certificates()[key.fingerprint].trouble(NOW)
    assert trouble == "cannot encrypt: it has no encryption key"


@pytest.mark.parametrize(
    ("primary_ends", "subkey_ends", "trouble"),
    [
        ("20900101T000000", NEVER, "expired"),
        (NEVER, "20900101T000000", "cannot encrypt: encryption key expired"),
        ("20950101T000000", "20900101T000000", "cannot encrypt: encryption key expired"),
    ],
)
def test_an_expiry_is_noticed_without_a_restart(primary_ends: str, subkey_ends: str, trouble: str, tmp_path: Path) -> None:
    """One and the same ring stops offering a key, or a key's only encryption subkey, at the second it expires."""
    # Trap (gpg): a key that expires while the site runs must be noticed without a restart.
    with short_home() as home:
        fingerprint = home.make("Later <later@example.org>", "ed25519", "cert,sign", primary_ends, at="20200101T000000")
        home.add(fingerprint, subkey_ends, at="20200101T000000")
        keyring = ring(tmp_path / "keyring", home.key(fingerprint))
    end, second = at(2090), datetime.timedelta(seconds=1)
    certificate = keyring.certificates()[fingerprint]
    assert certificate.expires == end
    assert keyring.usable([fingerprint], end - second) == (fingerprint,)
    assert keyring.usable([fingerprint], end) == ()
    assert certificate.trouble(end - second) == ""
    assert certificate.trouble(end) == trouble


def test_one_living_encryption_subkey_is_enough(tmp_path: Path) -> None:
    """A certificate whose older encryption subkey expired stays usable through the newer one, and until that one's end."""
    with short_home() as home:
        fingerprint = home.make("Renewed <renewed@example.org>", "ed25519", "cert,sign", NEVER, at="20200101T000000")
        home.add(fingerprint, "20200201T000000", at="20200101T000000")
        home.add(fingerprint, "20900101T000000", at="20200102T000000")
        keyring = ring(tmp_path / "keyring", home.key(fingerprint))
    assert keyring.usable([fingerprint], NOW) == (fingerprint,)
    assert keyring.certificates()[fingerprint].expires == at(2090)
    assert keyring.usable([fingerprint], at(2091)) == ()


def test_a_renewed_key_is_noticed_without_a_restart(tmp_path: Path) -> None:
    """Importing an expired certificate again, with a new end, makes it usable in a ring that is already open."""
    with short_home() as home:
        fingerprint = home.make("Again <again@example.org>", "ed25519", "cert,sign", "20200201T000000", at="20200101T000000")
        home.add(fingerprint, NEVER, at="20200101T000000")
        keyring = ring(tmp_path / "keyring", home.key(fingerprint))
        assert keyring.usable([fingerprint], NOW) == ()
        home.gpg("--quick-set-expire", fingerprint, "20900101T000000")
        keys.import_certificate(tmp_path / "keyring", home.export(fingerprint))
    assert keyring.usable([fingerprint], NOW) == (fingerprint,)


def test_a_revocation_is_noticed_without_a_restart(inbox_key: InboxKey, tmp_path: Path) -> None:
    """Importing a certificate again after its revocation closes it in a ring that is already open."""
    with short_home() as home:
        fingerprint = home.make("Lost <lost@example.org>", "ed25519", "cert,sign", NEVER)
        home.add(fingerprint, NEVER)
        keyring = ring(tmp_path / "keyring", home.key(fingerprint), inbox_key)
        assert keyring.usable([fingerprint], NOW + datetime.timedelta(minutes=1)) == (fingerprint,)
        home.revoke(fingerprint)
        keys.import_certificate(tmp_path / "keyring", home.export(fingerprint))
    assert keyring.usable([fingerprint, inbox_key.fingerprint], NOW + datetime.timedelta(minutes=1)) == (inbox_key.fingerprint,)


def test_only_full_fingerprints_name_a_key(inbox_key: InboxKey, tmp_path: Path) -> None:
    """A mail address, a key id, a part of a fingerprint or its lower case names no key."""
    # Traps: `-r <mail address>` makes gpg look on the network; python-gnupg matches recipients by substring.
    keyring = ring(tmp_path / "keyring", inbox_key)
    full = inbox_key.fingerprint
    assert keyring.usable([full], NOW) == (full,)
    for name in ("inbox@example.org", full[-16:], full[-8:], full[:-1], full.lower(), f"0x{full}", ""):
        assert keyring.usable([name], NOW) == (), name


def test_two_certificates_in_one_file_are_refused(inbox_key: InboxKey, second_key: InboxKey, tmp_path: Path) -> None:
    """A file with two certificates is refused, and the ring stays as it was."""
    # Trap (gpg): `-f FILE` silently uses only the first of two certificates.
    keyring = ring(tmp_path / "keyring", inbox_key)
    with pytest.raises(KeysError, match="2 certificates"):
        keys.import_certificate(tmp_path / "keyring", inbox_key.public + second_key.public)
    assert set(keyring.certificates()) == {inbox_key.fingerprint}


@pytest.mark.parametrize("armor", [(), ("--armor",)])
def test_a_private_key_is_refused(armor: tuple[str, ...], tmp_path: Path) -> None:
    """A file with a private key, binary or armored, alone or behind a public one, never gets to the server's ring."""
    with short_home() as home:
        fingerprint = home.make("Private <private@example.org>", "ed25519", "cert,sign", NEVER)
        home.add(fingerprint, NEVER)
        private = home.gpg(*armor, "--export-secret-keys", fingerprint)
        public = home.gpg(*armor, "--export", fingerprint)
    for data in (private, public + private):
        with pytest.raises(KeysError, match="private key"):
            keys.import_certificate(tmp_path / "keyring", data)
    assert not (tmp_path / "keyring").exists()
    assert list(tmp_path.rglob("*.key")) == []
    keys.import_certificate(tmp_path / "keyring", public)
    assert list(tmp_path.rglob("*.key")) == []


@pytest.mark.parametrize("data", [b"", b"\n", b"garbage", bytes(range(256)), b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n"])
def test_what_is_no_certificate_is_refused_and_leaves_nothing(data: bytes, inbox_key: InboxKey, tmp_path: Path) -> None:
    """An empty file or garbage is refused; the ring and its folder stay as they were."""
    keyring = ring(tmp_path / "keyring", inbox_key)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(KeysError, match="0 certificates"):
        keys.import_certificate(tmp_path / "keyring", data)
    assert sorted(tmp_path.rglob("*")) == before
    assert keyring.usable([inbox_key.fingerprint], NOW) == (inbox_key.fingerprint,)


def test_a_user_id_in_another_charset_is_refused_and_spoils_no_ring(inbox_key: InboxKey, tmp_path: Path) -> None:
    """A key with a Latin-1 user id is refused with a reason, and one that got into the ring does not hide the others."""
    # Trap (python-gnupg): decoding is strict, and one such key makes every listing fail.
    with short_home() as home:
        home.gpg(
            *("--charset", "utf-8", "--gen-key"),
            given=b"Key-Type: eddsa\nKey-Curve: ed25519\nName-Real: J\xe4rvi M\xe4ki\n%no-protection\n%commit\n",
        )
        odd = home.export()
    keyring = ring(tmp_path / "keyring", inbox_key)
    with pytest.raises(KeysError, match="UTF-8"):
        keys.import_certificate(tmp_path / "keyring", odd)
    subprocess.run(
        ["gpg", "--homedir", tmp_path / "keyring", "--batch", "--no-autostart", "--import"],
        input=odd,
        capture_output=True,
        check=False,
    )
    assert len(keyring.certificates()) == 2
    assert keyring.usable([inbox_key.fingerprint], NOW) == (inbox_key.fingerprint,)


def test_an_import_keeps_the_other_keys(
    inbox_key: InboxKey, second_key: InboxKey, unusable: Mapping[str, PublicKey], tmp_path: Path
) -> None:
    """Every import adds to the ring; keys that are expired or revoked stay known as such."""
    ring(tmp_path / "keyring", inbox_key, *unusable.values(), second_key)
    found = Keyring(tmp_path / "keyring").certificates()
    everything = {inbox_key.fingerprint, second_key.fingerprint, *(key.fingerprint for key in unusable.values())}
    assert set(found) == everything
    assert found[unusable["revoked"].fingerprint].trouble(NOW) == "revoked"


def test_an_import_into_a_ring_that_cannot_be_read_is_refused(
    inbox_key: InboxKey, second_key: InboxKey, tmp_path: Path
) -> None:
    """A damaged ring is not silently replaced by one that lacks its keys."""
    link = tmp_path / "keyring"
    ring(link, inbox_key)
    (link / "pubring.kbx").write_bytes(b"damaged" * 100)
    home = link.resolve()
    with pytest.raises(KeysError):
        keys.import_certificate(link, second_key.public)
    assert link.resolve() == home
    assert list((tmp_path / "keyring.d").iterdir()) == [home]


def test_an_import_where_a_folder_stands_is_refused(inbox_key: InboxKey, tmp_path: Path) -> None:
    """A ring that is a folder, not a link, is named as the fault, and nothing is left lying about."""
    (tmp_path / "keyring").mkdir()
    with pytest.raises(KeysError, match="is a folder"):
        keys.import_certificate(tmp_path / "keyring", inbox_key.public)
    assert [path.name for path in tmp_path.iterdir()] == ["keyring"]


def test_readers_never_see_half_a_ring(inbox_key: InboxKey, second_key: InboxKey, tmp_path: Path) -> None:
    """Threads that look into the ring all the while during imports meet neither an error nor a ring without its keys."""
    # Trap (gpg): import into a new home, check, swap atomically.
    link = tmp_path / "keyring"
    shared = ring(link, inbox_key)
    stop, troubles, looks = threading.Event(), [], [0, 0]

    def look(number: int) -> None:
        while not stop.is_set():
            keyring = shared if number else Keyring(link)  # the new one asks gpg each time
            try:
                if inbox_key.fingerprint not in keyring.certificates():
                    troubles.append("a ring without its key")
            except Exception as fault:  # noqa: BLE001 - whatever it is, it must not be
                troubles.append(repr(fault))
            looks[number] += 1

    readers = [threading.Thread(target=look, args=(number,)) for number in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(6):
        keys.import_certificate(link, second_key.public)
    stop.set()
    for reader in readers:
        reader.join()
    assert troubles == []
    assert min(looks) > 6
    assert set(shared.certificates()) == {inbox_key.fingerprint, second_key.fingerprint}


def test_the_old_home_is_kept_once(inbox_key: InboxKey, second_key: InboxKey, tmp_path: Path) -> None:
    """After several imports there are two homes, the one in use and the one before, open to their owner only."""
    link = tmp_path / "keyring"
    ring(link, inbox_key, second_key)
    before = link.resolve()
    keys.import_certificate(link, inbox_key.public)
    homes = set((tmp_path / "keyring.d").iterdir())
    assert homes == {before, link.resolve()}
    assert {home.stat().st_mode & 0o777 for home in homes} == {0o700}


def test_a_ring_without_gpg_is_an_error(inbox_key: InboxKey, tmp_path: Path) -> None:
    """Without gpg, or without its home, the ring raises its own error."""
    ring(tmp_path / "keyring", inbox_key)
    with pytest.raises(KeysError):
        Keyring(tmp_path / "keyring", gpg=str(tmp_path / "no-gpg")).certificates()
    with pytest.raises(KeysError):
        Keyring(tmp_path / "nowhere").certificates()


def test_gpg_that_disappears_is_an_error_of_the_ring(inbox_key: InboxKey, tmp_path: Path) -> None:
    """A gpg that cannot be started any more, after it was seen once, makes `KeysError` and nothing else."""
    binary = tmp_path / "gpg"
    binary.symlink_to(shutil.which("gpg") or "")
    keyring = Keyring(ring(tmp_path / "keyring", inbox_key).home, gpg=str(binary))
    assert keyring.certificates()
    binary.unlink()
    keys.import_certificate(tmp_path / "keyring", inbox_key.public)  # so that the ring is read again
    with pytest.raises(KeysError):
        keyring.certificates()


def test_one_gpg_is_made_and_kept(inbox_key: InboxKey, tmp_path: Path) -> None:
    """A ring asks gpg for its version once, not at every look."""
    # Trap (python-gnupg): each new `GPG()` spawns a gpg to ask its version: make one, keep it.
    calls = tmp_path / "calls"
    binary = tmp_path / "gpg"
    binary.write_text(f'#!/bin/sh\necho "$*" >>{calls}\nexec {shutil.which("gpg")} "$@"\n', encoding="ascii")
    binary.chmod(0o700)
    keyring = Keyring(ring(tmp_path / "keyring", inbox_key).home, gpg=str(binary))
    for _ in range(3):
        keyring.usable([inbox_key.fingerprint], NOW)
        keys.import_certificate(tmp_path / "keyring", inbox_key.public)
    lines = calls.read_text(encoding="ascii").splitlines()
    assert sum("--list-keys" not in line for line in lines) == 1
    assert sum("--list-keys" in line for line in lines) == 3
    assert all("--no-autostart" in line and "--no-options" in line for line in lines if "--list-keys" in line)


def test_an_unchanged_ring_is_not_read_again_and_again(inbox_key: InboxKey, tmp_path: Path) -> None:
    """A look at an unchanged ring starts no gpg: a thousand of them take less than a second."""
    keyring = ring(tmp_path / "keyring", inbox_key)
    keyring.certificates()
    start = time.monotonic()
    for _ in range(1000):
        keyring.usable([inbox_key.fingerprint], NOW)
    assert time.monotonic() - start < 1


def test_a_private_half_under_the_instance_is_found(inbox_key: InboxKey, second_key: InboxKey, tmp_path: Path) -> None:
    """The private half of an inbox key is found in a GnuPG home anywhere under the instance; another key's is not."""
    certificates = ring(tmp_path / "keyring", inbox_key, second_key).certificates()
    home = tmp_path / "backup" / "of" / "gnupg"
    shutil.copytree(inbox_key.home / "private-keys-v1.d", home / "private-keys-v1.d")
    found = keys.private_half(certificates[inbox_key.fingerprint], tmp_path)
    assert found is not None
    assert found.parent == home / "private-keys-v1.d"
    assert keys.private_half(certificates[second_key.fingerprint], tmp_path) is None


def test_a_private_half_in_gnupghome_is_found(inbox_key: InboxKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The private half is found in the home that `GNUPGHOME` names."""
    certificate = ring(tmp_path / "keyring", inbox_key).certificates()[inbox_key.fingerprint]
    assert keys.private_half(certificate, tmp_path) is None
    monkeypatch.setenv("GNUPGHOME", str(inbox_key.home))
    assert keys.private_half(certificate, tmp_path) is not None


@contextmanager
def as_ordinary_user() -> Iterator[None]:
    """This thread sees files as nobody does, if it is root's: setfsuid(2) takes root's power over them too."""
    library = ctypes.CDLL(None)
    root = os.geteuid() == 0
    if root:
        library.setfsuid(NOBODY)
    try:
        yield
    finally:
        if root:
            library.setfsuid(0)


def test_a_home_that_is_closed_to_us_stops_nothing(
    inbox_key: InboxKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking for private halves passes over homes that we may not enter, such as root's, instead of failing the start."""
    certificate = ring(tmp_path / "keyring", inbox_key).certificates()[inbox_key.fingerprint]
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    monkeypatch.setenv("GNUPGHOME", str(closed / "gnupg"))
    with tempfile.TemporaryDirectory() as instance:
        Path(instance).chmod(0o755)
        with as_ordinary_user():
            with pytest.raises(PermissionError):
                (closed / "gnupg").stat()
            assert keys.private_half(certificate, Path(instance)) is None


def test_faults_name_everything_that_is_wrong(
    inbox_key: InboxKey, second_key: InboxKey, unusable: Mapping[str, PublicKey], tmp_path: Path
) -> None:
    """Missing, unusable and private keys are all reported, a sentence each; a good ring has no fault."""
    keyring = ring(tmp_path / "keyring", inbox_key, unusable["revoked"])
    assert keys.faults(keyring, [inbox_key.fingerprint], tmp_path, NOW) == []
    wanted = [second_key.fingerprint, unusable["revoked"].fingerprint]
    found = keys.faults(keyring, wanted, tmp_path, NOW)
    assert len(found) == 3
    assert second_key.fingerprint in found[0]
    assert "revoked" in found[1]
    assert "no usable" in found[2]
    shutil.copytree(inbox_key.home / "private-keys-v1.d", tmp_path / "gnupg" / "private-keys-v1.d")
    assert "private half" in " ".join(keys.faults(keyring, [inbox_key.fingerprint], tmp_path, NOW))


def test_a_practice_key_is_a_fault(tmp_path: Path) -> None:
    """A key marked as practice is refused for production."""
    with short_home() as home:
        fingerprint = home.make("PRACTICE KEY, nobody reads this <p@localhost.invalid>", "ed25519", "cert,sign", NEVER)
        home.add(fingerprint, NEVER)
        keyring = ring(tmp_path / "keyring", home.key(fingerprint))
    moment = datetime.datetime.now(datetime.UTC)
    assert [fault for fault in keys.faults(keyring, [fingerprint], tmp_path, moment) if "practice key" in fault]


def test_a_ring_that_is_missing_is_a_fault(tmp_path: Path) -> None:
    """Without a key ring the start is refused with the reason, and with what follows from it."""
    faults = keys.faults(Keyring(tmp_path / "keyring"), [secrets.token_hex(20).upper()], tmp_path, NOW)
    assert len(faults) == 2
    assert "no usable inbox key" in faults[1]


@pytest.mark.parametrize(
    ("primary_ends", "subkey_ends", "words"),
    [
        (NEVER, NEVER, "its primary key and an encryption subkey."),
        ("20900101T000000", NEVER, ": an encryption subkey."),
        (NEVER, "20900101T000000", ": its primary key."),
        ("20950101T000000", "20900101T000000", ""),
    ],
)
def test_a_key_without_an_expiry_is_warned_of(primary_ends: str, subkey_ends: str, words: str, tmp_path: Path) -> None:
    """Primary key or encryption subkey without an end: a sentence with the fingerprint says which; it is no fault."""
    with short_home() as home:
        fingerprint = home.make("Endless <endless@example.org>", "ed25519", "cert", primary_ends, at="20200101T000000")
        home.add(fingerprint, subkey_ends, at="20200101T000000")
        keyring = ring(tmp_path / "keyring", home.key(fingerprint))
    found = keys.endless(keyring, [fingerprint], NOW)
    assert len(found) == bool(words)
    assert all(fingerprint in sentence and sentence.endswith(words) for sentence in found)
    assert keys.faults(keyring, [fingerprint], tmp_path, NOW) == []
    assert keys.warnings(keyring, [fingerprint], NOW) == []


def test_a_dead_subkey_without_an_expiry_is_nothing_to_warn_of(tmp_path: Path) -> None:
    """An encryption subkey that was revoked never ends, but nothing is sealed to it."""
    with short_home() as home:
        fingerprint = home.make("Replaced <replaced@example.org>", "ed25519", "cert", "20900101T000000", at="20200101T000000")
        home.add(fingerprint, NEVER, at="20200101T000000")
        home.gpg("--command-fd", "0", "--edit-key", fingerprint, given=b"key 1\nrevkey\ny\n1\n\ny\nsave\n")
        home.add(fingerprint, "20900101T000000", at="20200102T000000")
        keyring = ring(tmp_path / "keyring", home.key(fingerprint))
    assert keyring.usable([fingerprint], NOW) == (fingerprint,)
    assert keys.endless(keyring, [fingerprint], NOW) == []


def test_a_key_that_ends_soon_is_warned_of(tmp_path: Path) -> None:
    """From sixty days before its end, and no longer once it has ended: then it is unusable, which `warnings` says."""
    with short_home() as home:
        fingerprint = home.make("Soon <soon@example.org>", "ed25519", "cert", "20950101T000000", at="20200101T000000")
        home.add(fingerprint, "20900101T000000", at="20200101T000000")
        keyring = ring(tmp_path / "keyring", home.key(fingerprint))
    end, day = at(2090), datetime.timedelta(days=1)
    assert keys.ending(keyring, [fingerprint], end - 61 * day) == []
    assert keys.ending(keyring, [fingerprint], end - 59 * day) == [f"Inbox key {fingerprint} expires on 2090-01-01."]
    assert keys.ending(keyring, [fingerprint], end) == []
    assert "expired" in keys.warnings(keyring, [fingerprint], end)[0]


def test_a_practice_key_may_last_for_ever(tmp_path: Path) -> None:
    """`make run` shows no warning that nobody would act on."""
    with short_home() as home:
        fingerprint = home.make("PRACTICE KEY, nobody reads this <p@localhost.invalid>", "ed25519", "cert,sign", NEVER)
        home.add(fingerprint, NEVER)
        keyring = ring(tmp_path / "keyring", home.key(fingerprint))
    moment = datetime.datetime.now(datetime.UTC)
    assert keyring.usable([fingerprint], moment) == (fingerprint,)
    assert keys.endless(keyring, [fingerprint], moment) == []


def test_what_is_published_is_the_least(inbox_key: InboxKey, tmp_path: Path) -> None:
    """Of the user ids only the inbox's, of the signatures only the key's own; alive, expired and revoked alike."""
    with short_home() as home:
        fingerprint = home.make("Inbox <Inbox@Example.org>", "ed25519", "cert", NEVER)
        home.add(fingerprint, "1y")
        home.gpg("--quick-add-uid", fingerprint, "Somebody's Name <somebody@example.org>")
        other = home.make("Another <another@example.org>", "ed25519", "cert,sign", NEVER)
        home.gpg("--yes", "--local-user", other, "--quick-sign-key", fingerprint)
        assert b"\n:signature packet: algo 22, keyid " + other[-16:].encode() in home.gpg(
            "--list-packets", given=home.export(fingerprint)
        )
        keyring = ring(tmp_path / "keyring", home.key(fingerprint), inbox_key)
        assert keyring.certificates()[fingerprint].addresses == ("somebody@example.org", "inbox@example.org")
        alive = keyring.published([fingerprint], ["inbox@example.org"], armor=False)
        home.revoke(fingerprint)
        keys.import_certificate(tmp_path / "keyring", home.export(fingerprint))
        revoked = keyring.published([fingerprint], ["inbox@example.org"], armor=False)
        for data in (alive, revoked):
            packets = home.gpg("--list-packets", given=data).decode()
            assert "Inbox <Inbox@Example.org>" in packets
            assert "somebody" not in packets.lower()
            assert other[-16:] not in packets
    with short_home() as client:
        client.gpg("--import", given=alive)
        client.gpg("--import", given=revoked)
        assert b"\npub:r:" in client.gpg("--list-keys", "--with-colons", fingerprint)
    both = keyring.published([fingerprint, inbox_key.fingerprint], ["inbox@example.org"], armor=True)
    assert both.startswith(b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n")


def test_the_commands_warn_of_a_key_without_an_expiry(configuration: Settings) -> None:
    """`keys check` and `status` say it, and their exit status stays that all is well."""
    environment = {
        "IHMISKAUPPA_INSTANCE": str(configuration.instance),
        "IHMISKAUPPA_DATABASE_URL": configuration.database_url,
        "IHMISKAUPPA_INBOX_KEYS": " ".join(configuration.inbox_keys),
    }
    for command in (("keys", "check"), ("status",)):
        done = CliRunner().invoke(main, command, env=environment)
        assert done.exit_code == 0, done.output
        assert f"WARNING: Inbox key {configuration.inbox_keys[0]} has no expiry: its primary key and" in done.output
