"""The inbox's key for those who encrypt mail themselves: as a file, and by Web Key Directory.

The directory is that of draft-koch-openpgp-webkey-service-19. A key is given out only with the user ids of the inbox's own
addresses. Revoked ones are given out as well, so that mail programs learn of it; which keys may be used now is for the
contact page to say.
"""

import base64
import datetime
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flask import Flask, Response, abort

from ihmiskauppa.intake.keys import Certificate, Keyring, KeysError
from ihmiskauppa.settings import Settings

FILE: Final = "/inbox-key.asc"
DIRECTORY: Final = "/.well-known/openpgpkey"

_BASE32: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_Z_BASE32: Final = b"ybndrfg8ejkmcpqxot1uwisza345h769"  # RFC 6189, 5.1.6


@dataclass(frozen=True)
class UsableKey:
    """What the contact page shows: the fingerprint in groups of four, and the addresses the key is for."""

    fingerprint: str
    addresses: tuple[str, ...]


class InboxKey:
    """Gives out the inbox's keys as they are in the ring at the moment. Safe to share between threads."""

    def __init__(self, keyring: Keyring, fingerprints: tuple[str, ...], addresses: tuple[str, ...]) -> None:
        self._keyring, self._fingerprints = keyring, tuple(dict.fromkeys(fingerprints))
        self._addresses = tuple(dict.fromkeys(address.lower() for address in addresses))
        self._exporting = threading.Lock()
        self._kept: tuple[object, dict[tuple[tuple[str, ...], bool], bytes]] = (None, {})

    @classmethod
    def of(cls, settings: Settings) -> "InboxKey":
        return cls(Keyring(settings.keyring), settings.inbox_keys, settings.inbox_addresses)

    def usable(self, now: datetime.datetime) -> tuple[UsableKey, ...]:
        """The keys that mail can be encrypted to at `now`; empty if the ring cannot be read."""
        try:
            certificates = self._keyring.certificates()
        except KeysError:
            return ()
        found = [certificates[fingerprint] for fingerprint in self._fingerprints if fingerprint in certificates]
        return tuple(
            UsableKey(_grouped(certificate.fingerprint), self._own(certificate))
            for certificate in found
            if self._own(certificate) and not certificate.trouble(now)
        )

    def file(self) -> bytes:
        """All keys, ASCII-armored (RFC 9580, 6); b"" if there is none. Raises `KeysError`."""
        return self._published(self._addresses, armor=True)

    def by_hash(self, name: str, domain: str = "") -> bytes:
        """The keys of the inbox's address whose local part has the hash `name`; b"" if there is none. Raises `KeysError`.

        Without `domain` (the direct method) of every address with that local part: which host was asked is not known here.
        """
        named = tuple(a for a in self._addresses if web_key_hash(a) == name and domain in {"", a.rpartition("@")[2]})
        return self._published(named, armor=False)

    def domains(self) -> tuple[str, ...]:
        """The domains of the inbox's addresses."""
        return tuple(dict.fromkeys(address.rpartition("@")[2] for address in self._addresses))

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Path and content of all of this, for a web server that serves files. Raises `KeysError`."""
        if whole := self.file():
            yield FILE, whole
        yield f"{DIRECTORY}/policy", b""
        for domain in self.domains():
            yield f"{DIRECTORY}/{domain}/policy", b""
        for address in self._addresses:
            name, domain = web_key_hash(address), address.rpartition("@")[2]
            if key := self.by_hash(name, domain):
                yield f"{DIRECTORY}/hu/{name}", self.by_hash(name)
                yield f"{DIRECTORY}/{domain}/hu/{name}", key

    def _own(self, certificate: Certificate) -> tuple[str, ...]:
        """Which of the inbox's addresses the certificate names."""
        return tuple(address for address in self._addresses if address in certificate.addresses)

    def _published(self, addresses: tuple[str, ...], *, armor: bool) -> bytes:
        """Exported once for each change of the ring: whoever asks often does not make us start gpg often."""
        with self._exporting:
            mark, (seen, kept) = self._keyring.mark(), self._kept
            if seen != mark:
                kept = {}
                self._kept = (mark, kept)
            if (addresses, armor) not in kept:
                try:
                    kept[addresses, armor] = self._export(addresses, armor=armor)
                except KeysError:
                    self._keyring.look_again()  # so that those who wait for us are not each held up by the same fault
                    raise
            return kept[addresses, armor]

    def _export(self, addresses: tuple[str, ...], *, armor: bool) -> bytes:
        """Of the keys that messages are sealed to, and of every revoked one, which stays known when the settings drop it."""
        wanted = [
            certificate.fingerprint
            for certificate in self._keyring.certificates().values()
            if set(addresses) & set(certificate.addresses)
            and (certificate.revoked or certificate.fingerprint in self._fingerprints)
        ]
        return self._keyring.published(wanted, addresses, armor=armor) if wanted else b""


def register(app: Flask, inbox_key: InboxKey) -> None:
    """Add the file and the directory. An address without a key does not exist; 503 while the ring cannot be read."""

    def answer(found: bytes, mimetype: str) -> Response:
        response = Response(found or abort(404), mimetype=mimetype)
        response.headers["Access-Control-Allow-Origin"] = "*"  # mail programs in a browser ask from another origin
        return response

    def file() -> Response:
        try:
            return answer(inbox_key.file(), "application/pgp-keys")
        except KeysError:
            abort(503)

    def policy(domain: str = "") -> Response:
        """An empty policy file has no flags, but says that there is a directory (draft, 4.5)."""
        if domain and domain.lower() not in inbox_key.domains():
            abort(404)
        return Response(b"", mimetype="text/plain", headers={"Access-Control-Allow-Origin": "*"})

    def key(name: str, domain: str = "") -> Response:
        try:
            return answer(inbox_key.by_hash(name, domain.lower()), "application/octet-stream")
        except KeysError:
            abort(503)

    app.add_url_rule(FILE, "inbox_key", file)
    app.add_url_rule(f"{DIRECTORY}/policy", "web_key_policy", policy)
    app.add_url_rule(f"{DIRECTORY}/hu/<name>", "web_key", key)
    app.add_url_rule(f"{DIRECTORY}/<domain>/policy", "web_key_policy_of_domain", policy)
    app.add_url_rule(f"{DIRECTORY}/<domain>/hu/<name>", "web_key_of_domain", key)


def web_key_hash(address: str) -> str:
    """The name of an address's key in a Web Key Directory: SHA-1 of the local part in lower case, z-base-32 (draft, 3.1)."""
    digest = hashlib.sha1(address.rpartition("@")[0].lower().encode(), usedforsecurity=False).digest()
    return base64.b32encode(digest).translate(bytes.maketrans(_BASE32, _Z_BASE32)).decode("ascii")


def _grouped(fingerprint: str) -> str:
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))
