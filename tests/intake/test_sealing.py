"""Padding and encryption: who can read a sealed message, and what its size and packets say."""

import base64
import datetime
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ihmiskauppa.forms.answers import Answers
from ihmiskauppa.forms.definition import Form
from ihmiskauppa.intake import keys, message, reading, sealing
from ihmiskauppa.intake.keys import Keyring
from ihmiskauppa.intake.sealing import PADDING_FLOOR, Sealer, SealingError, pad, padme
from tests.conftest import InboxKey
from tests.intake.homes import BAD_KINDS, PublicKey, packets, ring, short_home
from tests.machine import need

NOW = datetime.datetime.now(datetime.UTC)
SESSION_KEY, COMPRESSED, UNPROTECTED, SEIPD = 1, 8, 9, 18  # RFC 9580, 5
SCRIPTS = {"Latin": "aåäöns e", "Arabic": "ساعدوني ", "Chinese": "我需要帮助。"}


@pytest.fixture
def sealer(inbox_key: InboxKey, tmp_path: Path) -> Sealer:
    """Seals to one good key."""
    return Sealer(ring(tmp_path / "keyring", inbox_key), (inbox_key.fingerprint,))


@pytest.fixture(scope="session")
def staff(inbox_key: InboxKey) -> Iterator[Any]:
    """The staff's gpg."""
    with reading.staff_gpg(inbox_key.home) as gpg:
        yield gpg


def opened(sealed: bytes, gpg: Any) -> bytes:
    result = gpg.decrypt(sealed)
    assert result.ok, result.status
    return bytes(result.data)


def test_a_sealed_message_opens_to_the_padded_entity(sealer: Sealer, staff: Any) -> None:
    """What was sealed comes back byte for byte, with blanks behind it."""
    entity = b"Content-Type: text/plain\r\n\r\nhello\r\n"
    plain = opened(sealer.seal(entity, NOW), staff)
    assert plain[: len(entity)] == entity
    assert plain[len(entity) :].strip(b" \r\n") == b""
    assert len(plain) == PADDING_FLOOR


def test_bytes_are_sealed_not_characters(sealer: Sealer, staff: Any) -> None:
    """Every byte value and every script survives, whatever the charset of the place."""
    # Trap (python-gnupg): its default encoding is Latin-1: pass bytes.
    entity = bytes(range(256)) + "ساعدوني 我需要帮助 🆘".encode()
    assert opened(sealer.seal(entity, NOW), staff).startswith(entity)


def test_text_that_claims_to_be_sealed_is_sealed(sealer: Sealer, staff: Any) -> None:
    """A text that looks like an encrypted message is encrypted like any other."""
    # What others got wrong: a client's word "already encrypted" was believed.
    claim = sealer.seal(b"inner", NOW)
    sealed = sealer.seal(claim, NOW)
    assert claim not in sealed
    assert opened(sealed, staff).startswith(claim)


def test_sequoia_opens_a_sealed_message(sealer: Sealer, inbox_key: InboxKey, tmp_path: Path) -> None:
    """Another OpenPGP program reads our messages with the exported private key."""
    sq = need("sq")
    with reading.staff_gpg(inbox_key.home) as gpg:
        private = gpg.export_keys(inbox_key.fingerprint, secret=True, expect_passphrase=False, armor=False)
    (tmp_path / "private.pgp").write_bytes(private)
    (tmp_path / "sealed.asc").write_bytes(sealer.seal("viesti 🆘".encode(), NOW))
    known = subprocess.run([sq, "decrypt", "--help"], capture_output=True, check=True).stdout
    option = "--recipient-file" if b"--recipient-file" in known else "--recipient-key"  # its name before sq 0.28
    command = [sq, "decrypt", option, str(tmp_path / "private.pgp"), str(tmp_path / "sealed.asc")]
    plain = subprocess.run(command, capture_output=True, check=True).stdout
    assert plain == pad("viesti 🆘".encode())


@pytest.mark.parametrize("kind", BAD_KINDS)
def test_an_unusable_key_alone_seals_nothing(kind: str, unusable: Mapping[str, PublicKey], tmp_path: Path) -> None:
    """With only an expired, revoked or sign-only key there is no recipient, and sealing fails."""
    # Trap (gpg): such keys are refused even with `--trust-model always`.
    key = unusable[kind]
    sealer = Sealer(ring(tmp_path / "keyring", key), (key.fingerprint,))
    assert sealer.recipients(NOW) == ()
    with pytest.raises(SealingError):
        sealer.seal(b"x", NOW)


@pytest.mark.parametrize("kind", BAD_KINDS)
def test_an_unusable_key_never_stops_a_good_one(
    kind: str,
    unusable: Mapping[str, PublicKey],
    inbox_key: InboxKey,
    staff: Any,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Beside a good key the unusable one is left out, the alarm is raised, and the message is sealed to the good one."""
    # Trap (gpg): one good plus one bad recipient yields nothing at all.
    bad = unusable[kind]
    sealer = Sealer(ring(tmp_path / "keyring", bad, inbox_key), (bad.fingerprint, inbox_key.fingerprint))
    sealed = sealer.seal(b"x", NOW)
    assert opened(sealed, staff).startswith(b"x")
    assert [tag for tag, _ in packets(sealed)] == [SESSION_KEY, SEIPD]
    alarms = [getattr(record, "event_fields", {}) for record in caplog.records if record.levelname == "ERROR"]
    assert {"fingerprint": bad.fingerprint} in alarms


def test_a_key_that_expires_is_left_out_from_then_on(inbox_key: InboxKey, tmp_path: Path) -> None:
    """The same sealer seals to two keys, and to one as soon as the other has expired."""
    # Trap (gpg): a key that expires while the site runs must be noticed without a restart.
    with short_home() as home:
        brief = home.make("Brief <brief@example.org>", "ed25519", "cert,sign", "20900101T000000", at="20200101T000000")
        home.add(brief, "0", at="20200101T000000")
        sealer = Sealer(ring(tmp_path / "keyring", inbox_key, home.key(brief)), (inbox_key.fingerprint, brief))
    end = datetime.datetime(2090, 1, 1, tzinfo=datetime.UTC)
    assert [tag for tag, _ in packets(sealer.seal(b"x", end - datetime.timedelta(seconds=1)))] == [SESSION_KEY] * 2 + [SEIPD]
    assert [tag for tag, _ in packets(sealer.seal(b"x", end))] == [SESSION_KEY, SEIPD]


def test_what_gpg_refuses_is_an_error(tmp_path: Path) -> None:
    """A key that gpg refuses although it was usable when we looked makes a SealingError, never an empty message."""
    # Trap (python-gnupg): a failure is `ok == False` and an empty string: check it.
    with short_home() as home:
        brief = home.make("Brief <brief@example.org>", "ed25519", "cert,sign", "20900101T000000", at="20200101T000000")
        home.add(brief, "0", at="20200101T000000")
        ring(tmp_path / "keyring", home.key(brief))
    gpg, binary = shutil.which("gpg"), tmp_path / "gpg"
    late = f'case " $* " in *" --encrypt "*) exec {gpg} --faked-system-time 20950101T000000 "$@";; esac'
    binary.write_text(f'#!/bin/sh\n{late}\nexec {gpg} "$@"\n', encoding="ascii")  # for it, the key has expired meanwhile
    binary.chmod(0o700)
    sealer = Sealer(Keyring(tmp_path / "keyring", gpg=str(binary)), (brief,))
    assert sealer.recipients(NOW) == (brief,)
    with pytest.raises(SealingError, match=r"gpg (refused|failed)"):
        sealer.seal(b"x", NOW)


def test_a_mail_address_or_short_id_seals_nothing(inbox_key: InboxKey, tmp_path: Path) -> None:
    """Only full fingerprints reach gpg: with an address or a key id nothing is sealed and no network program starts."""
    # Trap (gpg): `-r <mail address>` with an unusable key makes gpg start dirmngr and look on the network.
    # Trap (python-gnupg): recipients match by substring.
    keyring = ring(tmp_path / "keyring", inbox_key)
    for name in ("inbox@example.org", "nobody@example.org", inbox_key.fingerprint[-16:], inbox_key.fingerprint[:-1]):
        with pytest.raises(SealingError):
            Sealer(keyring, (name,)).seal(b"x", NOW)
    assert not list((tmp_path / "keyring").glob("S.*"))


def test_a_key_named_twice_counts_once(inbox_key: InboxKey, tmp_path: Path) -> None:
    """The same fingerprint twice in the settings does not close the site."""
    sealer = Sealer(ring(tmp_path / "keyring", inbox_key), (inbox_key.fingerprint,) * 2)
    assert [tag for tag, _ in packets(sealer.seal(b"x", NOW))] == [SESSION_KEY, SEIPD]


@pytest.mark.parametrize("length", [25, 2_000, 100_000])
def test_the_packets_are_session_keys_and_seipd_version_1(
    length: int, inbox_key: InboxKey, second_key: InboxKey, tmp_path: Path
) -> None:
    """A message to two keys is two session key packets and one integrity protected packet of version 1, no more."""
    # Trap (gpg): GnuPG 2.4 may write OCB (packet 20) if the key advertises it: emit SEIPDv1, check the packet list.
    keyring = ring(tmp_path / "keyring", inbox_key, second_key)
    sealed = Sealer(keyring, (inbox_key.fingerprint, second_key.fingerprint)).seal(b"x" * length, NOW)
    found = packets(sealed)
    assert [tag for tag, _ in found] == [SESSION_KEY, SESSION_KEY, SEIPD]
    assert found[-1][1][0] == 1
    assert list(sealing.packet_tags(sealed)) == [SESSION_KEY, SESSION_KEY, SEIPD]


def test_other_packets_than_wanted_are_refused(inbox_key: InboxKey, tmp_path: Path) -> None:
    """When gpg writes another kind of packet (here, told to follow RFC 2440, one without integrity), nothing is taken."""
    binary = tmp_path / "gpg"
    binary.write_text(f'#!/bin/sh\nexec {shutil.which("gpg")} --rfc2440 "$@"\n', encoding="ascii")
    binary.chmod(0o700)
    home = ring(tmp_path / "keyring", inbox_key).home
    written = subprocess.run(
        [str(binary), "--homedir", str(home), *keys.GPG_OPTIONS, "--batch", "-a", "-r", inbox_key.fingerprint, "-e"],
        input=b"x",
        capture_output=True,
        check=True,
    ).stdout
    assert UNPROTECTED in [tag for tag, _ in packets(written)]  # else this test shows nothing
    with pytest.raises(SealingError, match="packets"):
        Sealer(Keyring(home, gpg=str(binary)), (inbox_key.fingerprint,)).seal(b"x", NOW)


def test_nothing_is_compressed(sealer: Sealer, inbox_key: InboxKey) -> None:
    """Inside the encryption stands a literal packet, and its size is that of the padded entity."""
    # Trap (gpg): compression defeats padding.
    with short_home() as home:
        with reading.staff_gpg(inbox_key.home) as gpg:
            home.gpg(
                "--import", given=gpg.export_keys(inbox_key.fingerprint, secret=True, expect_passphrase=False, armor=False)
            )
        shown = home.gpg("--list-packets", given=sealer.seal(b"x", NOW)).decode()
    assert ":compressed packet:" not in shown
    assert ":literal data packet:" in shown
    assert 'name=""' in shown


def test_short_and_long_texts_have_one_size(sealer: Sealer) -> None:
    """A message of 25 bytes and one of 2,000 make ciphertexts of one length, above the 16 KiB floor."""
    # Trap (gpg): 25 bytes padded to 4,096 with spaces give 212 bytes of ciphertext by default.
    sizes = {len(sealer.seal(b"x" * length, NOW)) for length in (25, 2_000)}
    assert len(sizes) == 1
    assert sizes.pop() > PADDING_FLOOR


# By the paper's formula, in floating point: python3 -c "import math; L = 16385; E = math.floor(math.log2(L));
# S = math.floor(math.log2(E)) + 1; m = (1 << (E - S)) - 1; print((L + m) & ~m)"
@pytest.mark.parametrize(
    ("length", "padded"),
    [
        *((2, 2), (8, 8), (9, 10), (1000, 1024), (16384, 16384), (16385, 17408), (17408, 17408), (17409, 18432)),
        *((100_000, 100_352), (1_000_000, 1_015_808)),
    ],
)
def test_padme_known_answers(length: int, padded: int) -> None:
    """The Padmé lengths are those of the paper."""
    assert padme(length) == padded


@given(st.integers(min_value=0, max_value=1 << 27))
def test_padme_costs_at_most_12_percent(length: int) -> None:
    """A padded length is never shorter, at most 12 % longer, and is its own padded length."""
    padded = padme(length)
    assert length <= padded <= length * 1.12
    assert padme(padded) == padded


@given(st.integers(min_value=0, max_value=70_000))
def test_padding_is_exact_and_blank(length: int) -> None:
    """Padding only adds blanks, to 16 KiB at least and to the Padmé length above, and never ends within a line end."""
    entity = b"x" * length
    padded = pad(entity)
    assert len(padded) == max(16_384, padme(length))
    assert padded.startswith(entity)
    filler = padded[length:]
    assert filler.replace(b"\r\n", b"").strip(b" ") == b""
    assert max(map(len, filler.split(b"\r\n"))) <= 78


def test_padding_counts_bytes(sealer: Sealer) -> None:
    """Texts with as many characters but more bytes fall into the bucket of their bytes."""
    # Trap (gpg): pad bytes of the final MIME entity, not characters.
    texts = [("a" * 12_000).encode(), ("请" * 12_000).encode()]
    assert [len(pad(text)) for text in texts] == [16_384, 36_864]
    first, second = (len(sealer.seal(text, NOW)) for text in texts)
    assert first < second


def test_the_size_depends_on_the_bucket_only(sealer: Sealer, form: Form) -> None:
    """Messages in Latin, Arabic and Chinese script whose padded lengths are equal have ciphertexts of one length."""
    headers = message.new_headers("site@site.example", ("inbox@example.org",), NOW)
    sizes: dict[int, int] = {}

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.sampled_from(sorted(SCRIPTS)).flatmap(lambda script: st.text(SCRIPTS[script], min_size=1, max_size=60)),
        st.integers(min_value=1, max_value=300),
    )
    def seal(text: str, times: int) -> None:
        entity = message.entity(Answers(form, "ar", {"message": text * times}, dropped=False), "01234567", headers)
        size = len(sealer.seal(entity, NOW))
        assert sizes.setdefault(len(pad(entity)), size) == size

    seal()
    assert len(sizes) > 2
    assert len(set(sizes.values())) == len(sizes)


def snapshot(folder: Path) -> dict[str, tuple[int, int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_size, path.stat().st_ino)
        for path in [folder, *folder.rglob("*")]
    }


def test_sealing_writes_nothing_into_its_home(sealer: Sealer, inbox_key: InboxKey, tmp_path: Path) -> None:
    """A read-only home is enough, and sealing leaves no file, agent, lock or changed time in it."""
    # Trap (gpg): the defaults write random_seed and locks there, and collapse under concurrency because of it.
    home = (tmp_path / "keyring").resolve()
    writable = tmp_path / "writable"
    shutil.copytree(home, writable)
    for path in home.iterdir():
        path.chmod(0o400)
    home.chmod(0o500)
    try:
        before = snapshot(home)
        for _ in range(3):
            sealer.seal(b"x", NOW)
        assert snapshot(home) == before
    finally:
        home.chmod(0o700)
    before = snapshot(writable)  # the same without our options: the test can tell
    subprocess.run(
        ["gpg", "--homedir", writable, "--batch", "--trust-model", "always", "-r", inbox_key.fingerprint, "-e"],
        input=b"x",
        capture_output=True,
        check=True,
    )
    assert snapshot(writable) != before


def test_a_configuration_in_the_home_changes_nothing(inbox_key: InboxKey, second_key: InboxKey, tmp_path: Path) -> None:
    """A gpg.conf in the home neither adds a recipient, nor a comment, nor compression."""
    keyring = ring(tmp_path / "keyring", inbox_key, second_key)
    sealer = Sealer(keyring, (inbox_key.fingerprint,))
    size = len(sealer.seal(b"x", NOW))
    (keyring.home / "gpg.conf").write_text(
        f"comment from this host\nemit-version\nencrypt-to {second_key.fingerprint}\ncompress-level 9\n", encoding="ascii"
    )
    sealed = sealer.seal(b"x", NOW)
    assert [tag for tag, _ in packets(sealed)] == [SESSION_KEY, SEIPD]
    assert len(sealed) == size
    assert b": " not in sealed


def test_the_armor_has_no_headers(sealer: Sealer) -> None:
    """The armored message names no program, version or comment."""
    lines = sealer.seal(b"x", NOW).splitlines()
    assert lines[:2] == [b"-----BEGIN PGP MESSAGE-----", b""]
    assert not [line for line in lines if b":" in line]
    assert lines[-1] == b"-----END PGP MESSAGE-----"


def key_ids(sealed: bytes) -> list[bytes]:
    return [body[1:9] for tag, body in packets(sealed) if tag == SESSION_KEY]


def test_recipients_are_named_unless_the_setting_hides_them(inbox_key: InboxKey, staff: Any, tmp_path: Path) -> None:
    """By default the key id stands in the message; with the setting it is zero; both can be opened."""
    # Trap (gpg): hidden recipients cannot be read by OpenKeychain, K-9 and Mailvelope: a setting, off by default.
    keyring = ring(tmp_path / "keyring", inbox_key)
    named = Sealer(keyring, (inbox_key.fingerprint,)).seal(b"x", NOW)
    hidden = Sealer(keyring, (inbox_key.fingerprint,), hide_recipients=True).seal(b"x", NOW)
    assert key_ids(named) != [bytes(8)]
    assert key_ids(hidden) == [bytes(8)]
    for sealed in (named, hidden):
        assert opened(sealed, staff).startswith(b"x")


def test_eight_threads_seal_at_once(sealer: Sealer, staff: Any) -> None:
    """Eight threads on one sealer all get their own message sealed."""
    # Trap (gpg): under concurrency the defaults collapse on `random_seed`.
    texts = [f"message {number}\r\n".encode() for number in range(32)]
    with ThreadPoolExecutor(8) as threads:
        sealed = list(threads.map(lambda text: sealer.seal(text, NOW), texts))
    for text, one in zip(texts, sealed, strict=True):
        assert opened(one, staff).startswith(text)


def test_sealing_works_in_the_c_locale(inbox_key: InboxKey, staff: Any, tmp_path: Path) -> None:
    """Under LC_ALL=C, with Python's UTF-8 modes off, a Chinese and Arabic text is sealed unharmed."""
    home = ring(tmp_path / "keyring", inbox_key).home
    text = "我需要帮助 ساعدوني".encode()
    program = (
        "import base64, datetime, pathlib, sys\n"
        "from ihmiskauppa.intake.keys import Keyring\n"
        "from ihmiskauppa.intake.sealing import Sealer\n"
        "sealer = Sealer(Keyring(pathlib.Path(sys.argv[1])), (sys.argv[2],))\n"
        "sys.stdout.buffer.write(sealer.seal(base64.b64decode(sys.argv[3]), datetime.datetime.now(datetime.UTC)))\n"
    )
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-c", program, str(home), inbox_key.fingerprint, base64.b64encode(text).decode()]
    sealed = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    assert opened(sealed, staff).startswith(text)


def test_without_gpg_nothing_is_sealed(inbox_key: InboxKey, tmp_path: Path) -> None:
    """Without a working gpg there is no recipient and no message, but the room's own error."""
    home = ring(tmp_path / "keyring", inbox_key).home
    sealer = Sealer(Keyring(home, gpg=str(tmp_path / "no-gpg")), (inbox_key.fingerprint,))
    assert sealer.recipients(NOW) == ()
    with pytest.raises(SealingError):
        sealer.seal(b"x", NOW)


def test_gpg_that_disappears_is_a_sealing_error(inbox_key: InboxKey, tmp_path: Path) -> None:
    """A gpg that is gone when it is needed makes a SealingError."""
    binary = tmp_path / "gpg"
    binary.symlink_to(shutil.which("gpg") or "")
    sealer = Sealer(Keyring(ring(tmp_path / "keyring", inbox_key).home, gpg=str(binary)), (inbox_key.fingerprint,))
    assert sealer.seal(b"x", NOW)
    binary.unlink()
    with pytest.raises(SealingError):
        sealer.seal(b"x", NOW)


@pytest.mark.parametrize("armored", [b"", b"x", b"-----BEGIN PGP MESSAGE-----\n", b"plain text\n\nplain text"])
def test_what_is_no_armored_message_has_no_packets(armored: bytes) -> None:
    """The check of the packets refuses what is not an armored message."""
    with pytest.raises(SealingError):
        list(sealing.packet_tags(armored))
