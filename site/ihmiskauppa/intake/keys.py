"""The key ring of public keys: which of the inbox's keys can be encrypted to, now; imports, checks and warnings.

The ring is a GnuPG home holding public keys only, reached through the link `instance/keyring`. An import builds a new home
and swaps the link, so that no reader ever sees half a ring. Nothing here is asked of the network or of an agent.
"""

import datetime
import math
import os
import pwd
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import gnupg

PRACTICE_MARK: Final = "PRACTICE KEY"
# How long a look at the ring holds, if its file does not change: an expiry is noticed from the stored date at once.
LOOK_SECONDS: Final = 30
# How long before its end a key is spoken of: a new one must be made, brought here and learnt by all readers.
NOTICE: Final = datetime.timedelta(days=60)
RETRY_SECONDS: Final = 5  # the same for a look that failed
GPG_SECONDS: Final = 10  # one gpg may take on the server; it needs hundredths of a second, one or two for the largest files
GPG_ENVIRONMENT: Final = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
GPG_OPTIONS: Final = (
    "--no-options",
    "--no-autostart",
    "--lock-never",
    "--no-random-seed-file",
    "--no-auto-key-locate",
    "--trust-model",
    "always",
    "--no-emit-version",
    "--no-comments",
    "--with-keygrip",
)

_MAILBOX: Final = re.compile(r"<?([^\s<>]+@[^\s<>]+)>?$")  # as gpg's mbox: "Name <address>", or the address alone
_UNDECODABLE: Final = "\ufffd"
_UNUSABLE: Final = {"r": "revoked", "e": "expired", "d": "disabled", "i": "invalid"}


class KeysError(Exception):
    """A key ring or a key file is unfit; the message says why."""


@dataclass(frozen=True)
class Capability:
    """A primary key or subkey that may encrypt: until when, and what speaks against it ("" if nothing)."""

    expires: datetime.datetime | None
    trouble: str

    def usable(self, now: datetime.datetime) -> bool:
        return not self.trouble and (self.expires is None or now < self.expires)


@dataclass(frozen=True)
class Certificate:
    """A public key in the ring."""

    fingerprint: str
    user_ids: tuple[str, ...]
    primary: Capability
    encryption: tuple[Capability, ...]
    keygrips: tuple[str, ...]

    @property
    def practice(self) -> bool:
        return any(PRACTICE_MARK in user_id for user_id in self.user_ids)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The mail addresses of its user ids, in lower case."""
        return tuple(match[1].lower() for match in map(_MAILBOX.search, self.user_ids) if match)

    @property
    def revoked(self) -> bool:
        return self.primary.trouble == "revoked"

    @property
    def expires(self) -> datetime.datetime | None:
        """When the certificate stops being usable, if ever: the primary key's end or the last encryption key's."""
        last = [capability.expires for capability in self.encryption if not capability.trouble]
        ends = [self.primary.expires] if self.primary.expires else []
        if last and None not in last:
            ends.append(max(end for end in last if end))
        return min(ends, default=None)

    def trouble(self, now: datetime.datetime) -> str:
        """Why nothing can be encrypted to it now; "" if it can."""
        if self.primary.trouble or not self.primary.usable(now):
            return self.primary.trouble or "expired"
        if not self.encryption:
            return "cannot encrypt: it has no encryption key"
        if not any(capability.usable(now) for capability in self.encryption):
            return f"cannot encrypt: encryption key {self.encryption[-1].trouble or 'expired'}"
        return ""


class BoundedGPG(gnupg.GPG):  # type: ignore[misc]
    """gpg under `timeout` (coreutils), which kills it and what it started: one that hangs must not hold a thread for ever."""

    def make_args(self, args: list[str], passphrase: bool) -> list[str]:
        return ["timeout", "-s", "KILL", str(GPG_SECONDS), *super().make_args(args, passphrase)]


@dataclass(frozen=True)
class Look:
    """What a look into the ring saw, or why it failed; `mark` is the ring's state, `moment` the monotonic clock's."""

    mark: object
    moment: float
    certificates: Mapping[str, Certificate]
    trouble: str = ""

    @property
    def holds(self) -> bool:
        return time.monotonic() - self.moment <= (RETRY_SECONDS if self.trouble else LOOK_SECONDS)


class Keyring:
    """Looks into the ring, and again when it has changed. Safe to share between threads: one at a time looks."""

    def __init__(self, home: Path, gpg: str = "gpg") -> None:
        self.home, self._gpg_binary = home, gpg
        self._gpg: Any = None
        self._looking = threading.Lock()
        self._seen: Look | None = None

    @property
    def gpg(self) -> Any:
        """One `gnupg.GPG` a process (each new one starts a gpg). Raises `KeysError` without gpg or home."""
        if self._gpg is None:
            self._gpg = open_gpg(self.home, self._gpg_binary, GPG_OPTIONS, BoundedGPG)
        return self._gpg

    def certificates(self) -> Mapping[str, Certificate]:
        """All certificates by fingerprint. Raises `KeysError`, and at once for some seconds after gpg has failed."""
        changed = self._seen is None or self._seen.mark != self.mark()
        # A look that is merely old goes on being used while one thread looks: a gpg that hangs must not hold them all.
        if not self._fresh and self._looking.acquire(blocking=changed):
            try:
                if not self._fresh:  # else another has looked while we waited
                    self._seen = self._look()
            finally:
                self._looking.release()
        seen = self._seen
        assert seen is not None  # noqa: S101 - whoever came first waited
        if seen.trouble:
            raise KeysError(seen.trouble)
        return seen.certificates

    @property
    def _fresh(self) -> bool:
        return self._seen is not None and self._seen.mark == self.mark() and self._seen.holds

    def look_again(self) -> None:
        """Do not go by what was seen any longer: gpg has failed since."""
        if self._seen is not None:
            self._seen = replace(self._seen, moment=-math.inf)

    def _look(self) -> Look:
        mark, moment = self.mark(), time.monotonic()
        try:
            listed = self.gpg.list_keys()
        except KeysError as fault:
            return Look(mark, time.monotonic(), {}, str(fault))
        except OSError:  # gpg was there at the start, or no process can be made
            return Look(mark, time.monotonic(), {}, f"gpg does not start on {self.home}")
        if getattr(listed, "returncode", 0):
            return Look(mark, time.monotonic(), {}, f"gpg cannot list {self.home}")
        return Look(mark, moment, {key["fingerprint"]: _certificate(key) for key in listed})

    def usable(self, fingerprints: Sequence[str], now: datetime.datetime) -> tuple[str, ...]:
        """Those of `fingerprints` that can be encrypted to at `now`. Raises `KeysError` if the ring cannot be read."""
        certificates = self.certificates()
        return tuple(f for f in fingerprints if f in certificates and not certificates[f].trouble(now))

    def published(self, fingerprints: Sequence[str], addresses: Sequence[str], *, armor: bool) -> bytes:
        """Certificates as anybody may have them: of their user ids those with one of `addresses`, no signatures of others.

        Each of them must have such a user id. Raises `KeysError`.
        """
        wanted = " || ".join(f"mbox = {address}" for address in addresses)
        minimal = ("--export-options", "export-minimal,no-export-attributes", "--export-filter", f"keep-uid={wanted}")
        try:
            gpg = open_gpg(self.home, self._gpg_binary, (*GPG_OPTIONS, *minimal), BoundedGPG)
            data = gpg.export_keys(list(fingerprints), armor=armor)
        except OSError as fault:
            raise KeysError(f"gpg does not start on {self.home}") from fault
        if not data:
            raise KeysError(f"gpg exports nothing from {self.home}")
        return data.encode("ascii") if isinstance(data, str) else bytes(data)

    def mark(self) -> object:
        """Another value whenever the ring has changed."""
        try:
            status = (self.home / "pubring.kbx").stat()
        except OSError:
            return None
        return (os.path.realpath(self.home), status.st_ino, status.st_mtime_ns, status.st_size)


def open_gpg(
    home: Path,
    binary: str = "gpg",
    options: Sequence[str] = (),
    kind: type[gnupg.GPG] = gnupg.GPG,
    environment: Mapping[str, str] = GPG_ENVIRONMENT,
) -> Any:
    """A `gnupg.GPG` on `home`. Raises `KeysError`."""
    try:
        gpg = kind(gpgbinary=binary, gnupghome=str(home), options=list(options), env=environment, encoding="utf-8")
    except (OSError, ValueError) as fault:
        raise KeysError(f"gpg does not work on {home}: is it installed, is the folder there?") from fault
    gpg.decode_errors = "replace"  # one user id in another charset must not make the whole ring unreadable
    return gpg


def import_certificate(link: Path, data: bytes) -> Certificate:
    """Add the one certificate in `data` to the ring at `link`, whole or not at all. Raises `KeysError`.

    Refused: anything but exactly one certificate, and anything with a private half. The old home is kept once.
    """
    if link.exists() and not link.is_symlink():
        raise KeysError(f"{link} is a folder, but an import swaps a link: move the folder away first")
    homes = link.parent / f"{link.name}.d"
    homes.mkdir(mode=0o700, exist_ok=True)
    home = homes / secrets.token_hex(8)
    home.mkdir(mode=0o700)
    try:
        # This listing makes trustdb.gpg: without that file, gpg fails to import an expired or revoked key.
        open_gpg(home, options=("--no-options", "--no-autostart", "--lock-never")).list_keys()
        gpg = open_gpg(home, options=GPG_OPTIONS)
        fingerprint = _only_certificate(gpg, data)
        kept = list(Keyring(link).certificates()) if link.exists() else []
        if kept:
            gpg.import_keys(open_gpg(link, options=GPG_OPTIONS).export_keys(kept, armor=False))
        gpg.import_keys(data)
        certificates = Keyring(home).certificates()
        if not {fingerprint, *kept} <= certificates.keys():
            raise KeysError("gpg did not take every key")
    except BaseException:
        shutil.rmtree(home)
        raise
    (home / "pubring.kbx~").unlink(missing_ok=True)
    before = Path(os.path.realpath(link)) if link.is_symlink() else None
    fresh = link.with_name(f"{link.name}.{secrets.token_hex(4)}")
    fresh.symlink_to(home.relative_to(link.parent))
    fresh.replace(link)
    for other in homes.iterdir():
        if other not in {home, before}:
            shutil.rmtree(other)
    return certificates[fingerprint]


def _only_certificate(gpg: Any, data: bytes) -> str:
    shown = gpg.scan_keys_mem(data)
    secret = b"PRIVATE KEY" in data or any(key["type"] == "sec" for key in shown)
    if secret:
        raise KeysError("this file holds a private key; only the public key may come to the server")
    if len(shown) != 1:
        raise KeysError(f"this file holds {len(shown)} certificates; exactly one is needed")
    if any(_UNDECODABLE in user_id for user_id in shown[0]["uids"]):
        raise KeysError("a user id of this key is not in UTF-8 (RFC 9580, 5.11); export it without that user id")
    return str(shown[0]["fingerprint"])


def _certificate(key: dict[str, Any]) -> Certificate:
    primary = Capability(_moment(key["expires"]), _UNUSABLE.get(key["trust"], ""))
    encryption = [primary] if "e" in key["cap"] else []
    grips = [key.get("keygrip", "")]
    for subkey in key.get("subkey_info", {}).values():  # absent from a key without subkeys
        grips.append(subkey.get("keygrip", ""))
        if "e" in subkey["cap"]:
            encryption.append(Capability(_moment(subkey["expires"]), _UNUSABLE.get(subkey["trust"], "")))
    return Certificate(
        str(key["fingerprint"]), tuple(key["uids"]), primary, tuple(encryption), tuple(grip for grip in grips if grip)
    )


def _moment(seconds: str) -> datetime.datetime | None:
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC) if seconds else None


def private_half(certificate: Certificate, instance: Path) -> Path | None:
    """Where on this machine the private half of `certificate` lies, if we find it in a GnuPG home of any user or of ours."""
    for home in _gnupg_homes(instance):
        for grip in certificate.keygrips:
            key = home / "private-keys-v1.d" / f"{grip}.key"
            if os.path.exists(key):  # noqa: PTH110 - Path.exists raises on a home that is closed to us, such as root's
                return key
    return None


def _gnupg_homes(instance: Path) -> Iterator[Path]:
    if "GNUPGHOME" in os.environ:
        yield Path(os.environ["GNUPGHOME"])
    for user in pwd.getpwall():
        yield Path(user.pw_dir) / ".gnupg"
    yield Path.home() / ".gnupg"
    for folder in instance.rglob("private-keys-v1.d"):
        yield folder.parent


def faults(keyring: Keyring, fingerprints: Sequence[str], instance: Path, now: datetime.datetime) -> list[str]:
    """Everything about the inbox's keys that forbids a production start, a sentence each.

    As long as one key is usable, others that are not are no reason to keep the site away: see `warnings`.
    """
    try:
        certificates = keyring.certificates()
    except KeysError as fault:
        return [f"{fault}.", "There is no usable inbox key."]
    found = [certificates[fingerprint] for fingerprint in fingerprints if fingerprint in certificates]
    complaints = []
    for certificate in found:
        if certificate.practice:
            complaints.append(f"Inbox key {certificate.fingerprint} is a practice key.")
        private = private_half(certificate, instance)
        if private is not None:
            complaints.append(f"The private half of inbox key {certificate.fingerprint} is on this machine: {private}.")
    if not any(not certificate.trouble(now) for certificate in found):
        complaints += [*warnings(keyring, fingerprints, now), "There is no usable inbox key."]
    return complaints


def warnings(keyring: Keyring, fingerprints: Sequence[str], now: datetime.datetime) -> list[str]:
    """What is wrong with single keys of the inbox, a sentence each."""
    try:
        certificates = keyring.certificates()
    except KeysError:
        return []
    absent = [f"Inbox key {f} is not in {keyring.home}." for f in fingerprints if f not in certificates]
    found = [certificates[f] for f in fingerprints if f in certificates]
    return absent + [f"Inbox key {c.fingerprint}: {c.trouble(now)}." for c in found if c.trouble(now)]


def endless(keyring: Keyring, fingerprints: Sequence[str], now: datetime.datetime) -> list[str]:
    """Which usable keys of the inbox never end, a sentence each: lost, they would be sealed to for ever. Practice keys may."""
    found = []
    for certificate in _usable(keyring, fingerprints, now):
        parts = [] if certificate.primary.expires else ["its primary key"]
        if any(capability.usable(now) and not capability.expires for capability in certificate.encryption):
            parts.append("an encryption subkey")
        if parts and not certificate.practice:
            found.append(f"Inbox key {certificate.fingerprint} has no expiry: {' and '.join(parts)}.")
    return found


def ending(keyring: Keyring, fingerprints: Sequence[str], now: datetime.datetime) -> list[str]:
    """Which usable keys of the inbox end within `NOTICE`, a sentence each."""
    return [
        f"Inbox key {certificate.fingerprint} expires on {certificate.expires:%Y-%m-%d}."
        for certificate in _usable(keyring, fingerprints, now)
        if certificate.expires and certificate.expires - now < NOTICE
    ]


def _usable(keyring: Keyring, fingerprints: Sequence[str], now: datetime.datetime) -> list[Certificate]:
    try:
        certificates = keyring.certificates()
        return [certificates[fingerprint] for fingerprint in keyring.usable(fingerprints, now)]
    except KeysError:
        return []
