"""GnuPG homes that the tests make keys in, at any time they like; and packets, read without the code under test."""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ihmiskauppa.intake import keys
from ihmiskauppa.intake.keys import Keyring
from tests.conftest import InboxKey

NEVER: Final = "0"


@dataclass(frozen=True)
class PublicKey:
    """A certificate as the operator would get it."""

    fingerprint: str
    public: bytes


@dataclass(frozen=True)
class Home:
    """A GnuPG home; `at` is the time gpg believes it is, such as `20200101T000000`."""

    path: Path

    def gpg(self, *arguments: str, at: str = "", given: bytes = b"") -> bytes:
        clock = ["--faked-system-time", f"{at}!"] if at else []  # "!": that clock stands still
        command = ["gpg", "--homedir", str(self.path), "--batch", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", ""]
        return subprocess.run([*command, *clock, *arguments], input=given, capture_output=True, check=True).stdout

    def make(self, user_id: str, algorithm: str, usage: str, ends: str, *, at: str = "") -> str:
        """A primary key; its fingerprint."""
        self.gpg("--quick-gen-key", user_id, algorithm, usage, ends, at=at)
        listed = self.gpg("--list-keys", "--with-colons", f"={user_id}").decode()
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))

    def add(self, fingerprint: str, ends: str, *, at: str = "") -> None:
        """An encryption subkey."""
        self.gpg("--quick-add-key", fingerprint, "cv25519", "encr", ends, at=at)

    def revoke(self, fingerprint: str) -> None:
        """Use the revocation certificate that gpg wrote; a colon guards it against accidents."""
        text = (self.path / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text(encoding="utf-8")
        assert ":-----BEGIN" in text
        self.gpg("--import", given=text.replace(":-----BEGIN", "-----BEGIN").encode())

    def export(self, *fingerprints: str) -> bytes:
        return self.gpg("--export", *fingerprints)

    def key(self, fingerprint: str) -> PublicKey:
        return PublicKey(fingerprint, self.export(fingerprint))


@contextmanager
def short_home() -> Iterator[Home]:
    """A home whose path leaves room for the agent's socket; the agent ends with it."""
    with tempfile.TemporaryDirectory(prefix="ihk-", ignore_cleanup_errors=True) as folder:
        home = Home(Path(folder))
        try:
            yield home
        finally:
            subprocess.run(["gpgconf", "--homedir", folder, "--kill", "all"], check=True, capture_output=True)


def bad_keys() -> Mapping[str, PublicKey]:
    """A key for each way of being unusable, and the word `Certificate.trouble` has for it."""
    then = "20200101T000000"
    with short_home() as home:
        expired = home.make("Expired <expired@example.org>", "ed25519", "cert,sign", "20200201T000000", at=then)
        home.add(expired, "20200201T000000", at=then)
        outlived = home.make("Outlived <outlived@example.org>", "ed25519", "cert,sign", NEVER, at=then)
        home.add(outlived, "20200201T000000", at=then)
        revoked = home.make("Revoked <revoked@example.org>", "ed25519", "cert,sign", NEVER, at=then)
        home.add(revoked, NEVER, at=then)
        home.revoke(revoked)
        signs = home.make("Signs <signs@example.org>", "ed25519", "cert,sign", NEVER, at=then)
        # Trap: an algorithm with usage `default` makes no encryption subkey (rsa2048 for rsa4096: sooner made).
        default = home.make("Default <default@example.org>", "rsa2048", "default", NEVER, at=then)
        return {
            "expired": home.key(expired),
            "encryption key expired": home.key(outlived),
            "revoked": home.key(revoked),
            "it has no encryption key": home.key(signs),
            "cannot encrypt": home.key(default),
        }


BAD_KINDS: Final = ("expired", "encryption key expired", "revoked", "it has no encryption key", "cannot encrypt")


def ring(link: Path, *certificates: PublicKey | InboxKey) -> Keyring:
    """A key ring with these certificates, imported as an operator would."""
    for certificate in certificates:
        keys.import_certificate(link, certificate.public)
    return Keyring(link)


def packets(armored: bytes) -> list[tuple[int, bytes]]:
    """Tag and body of each packet of an armored message (RFC 9580, 4.2), dearmored by gpg."""
    data = subprocess.run(["gpg", "--batch", "--dearmor"], input=armored, capture_output=True, check=True).stdout
    found: list[tuple[int, bytes]] = []
    while data:
        tag, body = data[0], b""
        if not tag & 0x40:
            octets = 1 << (tag & 3)
            assert octets < 8, "a packet of unknown length"
            length, data = int.from_bytes(data[1 : 1 + octets]), data[1 + octets :]
            found.append((tag >> 2 & 0xF, data[:length]))
            data = data[length:]
            continue
        data, partial = data[1:], True
        while partial:
            partial = 224 <= data[0] < 255
            if data[0] < 192:
                length, data = data[0], data[1:]
            elif data[0] < 224:
                length, data = (data[0] - 192 << 8) + data[1] + 192, data[2:]
            elif partial:
                length, data = 1 << (data[0] & 0x1F), data[1:]
            else:
                length, data = int.from_bytes(data[1:5]), data[5:]
            body, data = body + data[:length], data[length:]
        found.append((tag & 0x3F, body))
    return found
