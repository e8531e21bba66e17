"""The inbox's keys expire, are renewed, joined by another, revoked while visitors write: what was thanked for can be read."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path

from ihmiskauppa import practice
from ihmiskauppa.intake.reading import staff_gpg
from ihmiskauppa.intake.sealing import SESSION_KEY_PACKET
from tests.copies import Copy, running_copy, wait_until
from tests.faults import arrivals
from tests.faults.visitors import Visitor, form_is_closed, pages_are_up, visit
from tests.intake.homes import NEVER, Home, packets, short_home

LIFE = 15  # seconds; a busy machine must have sent two messages by then


@dataclass
class Stream:
    """A visitor who sends one message after the other from the same page; what became of each, in order."""

    visitor: Visitor
    references: list[str] = field(default_factory=list)

    @property
    def thanked(self) -> dict[str, str]:
        return {f"Message {number}": reference for number, reference in enumerate(self.references) if reference}

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.references.append(self.visitor.send(f"Message {len(self.references)}").reference)

    def goes_on(self, *, thanked: bool) -> None:
        """Wait until two more messages have been answered, both as said: what was under way before may be the first."""
        begun = len(self.references)
        wait_until(lambda: [bool(reference) for reference in self.references[begun:]][-2:] == [thanked, thanked], 30)


@contextmanager
def streaming(copy: Copy) -> Iterator[Stream]:
    """A stream that runs meanwhile."""
    stream, stop = Stream(visit(copy)), threading.Event()
    faults: list[BaseException] = []

    def work() -> None:
        try:
            stream.run(stop)
        except BaseException as fault:  # noqa: BLE001 - raised in the test's own thread
            faults.append(fault)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield stream
    finally:
        stop.set()
        thread.join()
        if faults:
            raise faults[0]


def make(home: Home, name: str) -> str:
    fingerprint = home.make(f"{name} <{name}@example.org>", "ed25519", "cert,sign", NEVER)
    home.add(fingerprint, NEVER)
    return fingerprint


def bring(copy: Copy, home: Home, fingerprint: str) -> None:
    """Import the key as it is now, as an operator does."""
    file = copy.instance.parent / "key.asc"
    file.write_bytes(home.export(fingerprint))
    done = copy.run("keys", "import", str(file))
    assert done.returncode == 0, done.stderr


def give_to_staff(copy: Copy, home: Home) -> None:
    """The private halves go to the staff, who can read whatever was ever sealed to one of them."""
    with staff_gpg(practice.staff_home(copy.instance)) as gpg:
        gpg.import_keys(home.gpg("--export-secret-keys"))


def recipients(mail: bytes) -> int:
    """How many keys a sealed mail can be read with."""
    message = BytesParser(EmailMessage, policy=SMTP).parsebytes(mail)
    sealed = list(message.iter_parts())[1].get_payload(decode=True)
    assert isinstance(sealed, bytes)
    return [tag for tag, _ in packets(sealed)].count(SESSION_KEY_PACKET)


def test_a_key_expires_while_visitors_write(tmp_path: Path) -> None:
    """Until its last second messages are taken; from then on the form is closed and open pages keep the text; renewed: on."""
    with short_home() as home:
        key = make(home, "short-lived")
        with running_copy(tmp_path, IHMISKAUPPA_INBOX_KEYS=key) as copy:
            give_to_staff(copy, home)
            assert form_is_closed(copy), "there is no key yet"
            bring(copy, home, key)
            home.gpg("--quick-set-expire", key, f"seconds={LIFE}")
            end = time.monotonic() + LIFE
            with streaming(copy) as stream:
                bring(copy, home, key)
                stream.goes_on(thanked=True)
                time.sleep(max(0, end + 1 - time.monotonic()))
                assert form_is_closed(copy)
                stream.goes_on(thanked=False)
                assert pages_are_up(copy)
                home.gpg("--quick-set-expire", key, NEVER)
                bring(copy, home, key)
                assert not form_is_closed(copy)
                stream.goes_on(thanked=True)
            arrivals.check(copy, stream.thanked)


def test_keys_are_replaced_and_revoked_while_visitors_write(tmp_path: Path) -> None:
    """A second key comes, the first is revoked, then the second: not one message is sealed to a key after its revocation."""
    with short_home() as home:
        first, second = make(home, "first"), make(home, "second")
        with running_copy(tmp_path, IHMISKAUPPA_INBOX_KEYS=f"{first} {second}") as copy:
            give_to_staff(copy, home)
            bring(copy, home, first)
            with streaming(copy) as stream:
                stream.goes_on(thanked=True)
                bring(copy, home, second)
                stream.goes_on(thanked=True)
                assert all(stream.references), "an import that takes no key away is noticed by nobody"
                home.revoke(first)
                bring(copy, home, first)
                stream.goes_on(thanked=True)
                home.revoke(second)
                bring(copy, home, second)
                assert form_is_closed(copy)
                stream.goes_on(thanked=False)
                assert pages_are_up(copy)
            arrivals.check(copy, stream.thanked)
            sealed_to = [recipients(mail) for mail in arrivals.inbox(copy)]
            assert set(sealed_to) == {1, 2}
