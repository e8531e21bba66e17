"""`docs/keys.md` walked through: its own commands, real keys, a running site, and people who write all the while."""

import re
import subprocess
import textwrap
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Final

import pytest

from ihmiskauppa import practice
from ihmiskauppa.intake.reading import ReadingError, open_message, staff_gpg
from tests.client import Page
from tests.copies import COMMAND, Copy, running_copy, wait_until
from tests.intake.homes import Home, short_home
from tests.machine import ROOT

PAGE: Final = ROOT / "docs" / "keys.md"
INBOX: Final = "inbox@example.org"
FORM: Final = "/fi/about/write-to-us/"

_BLOCK = re.compile(r"^( *)```sh (\w+) ([\w-]+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def blocks() -> dict[tuple[str, str], str]:
    """The page's commands by where they are run and what they are for."""
    found = {(match[2], match[3]): textwrap.dedent(match[4]) for match in _BLOCK.finditer(PAGE.read_text(encoding="utf-8"))}
    assert len(found) == PAGE.read_text(encoding="utf-8").count("```sh ")
    return found


@dataclass(frozen=True)
class Thanked:
    """A message somebody was thanked for, sent and thanked at these monotonic times."""

    reference: str
    sent: float
    thanked: float


@dataclass
class Visitors:
    """People who write, one message after the other, until told to stop."""

    url: str
    thanked: list[Thanked] = field(default_factory=list)
    closed: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def write(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self._write_once()
            except urllib.error.HTTPError as refused:
                refused.close()
                if refused.code == 503:
                    self.closed.append(time.monotonic())
                else:
                    self.faults.append(str(refused))
                stop.wait(0.2)
            except OSError:  # the site is being restarted
                stop.wait(0.1)

    def _write_once(self) -> None:
        with urllib.request.urlopen(self.url + FORM, timeout=20) as answer:  # noqa: S310 - our own loopback
            token = Page(answer.read().decode()).one("input", name="token").get("value", "")
        time.sleep(1.1)
        data = urllib.parse.urlencode({"token": token, "message": "Auttakaa"}).encode()
        sent = time.monotonic()
        with urllib.request.urlopen(self.url + FORM, data, timeout=20) as answer:  # noqa: S310
            page = Page(answer.read().decode())
        (reference,) = ["".join(e.itertext()) for e in page.everything() if e.get("data-reference") is not None]
        self.thanked.append(Thanked(reference, sent, time.monotonic()))

    def after(self, moment: float) -> list[Thanked]:
        return [message for message in self.thanked if message.sent > moment]

    def wait(self, count: int = 2) -> None:
        """Until some more messages were sent and thanked for."""
        now = time.monotonic()
        wait_until(lambda: len(self.after(now)) >= count, 30)


@contextmanager
def visitors(url: str) -> Iterator[Visitors]:
    """Three people writing."""
    people, stop = Visitors(url), threading.Event()
    threads = [threading.Thread(target=people.write, args=(stop,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield people
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@dataclass
class Drill:
    """The places of the page, and the stick that carries files between them."""

    copy: Copy
    stick: Path
    stack: ExitStack
    steps: dict[tuple[str, str], str] = field(default_factory=blocks)
    done: set[tuple[str, str]] = field(default_factory=set)

    def home(self) -> Home:
        """A new empty home, whose gpg asks nobody for a passphrase."""
        made = self.stack.enter_context(short_home())
        (made.path / "empty").touch()
        settings = ("batch", "yes", "no-tty", "pinentry-mode loopback", f"passphrase-file {made.path / 'empty'}")
        (made.path / "gpg.conf").write_text("\n".join(settings), encoding="utf-8")
        return made

    def run(self, where: str, step: str, home: Home | None = None, **names: str) -> str:
        """Run a block of the page as it stands there; its output. `KEY` is known afterwards as `self.key`."""
        self.done.add((where, step))
        restart = self.stick / "restart"
        script = (
            f'ik() {{ "{COMMAND}" "$@"; }}\nsystemctl() {{ echo "$*" >"{restart}"; }}\n'
            f'cd "{self.stick}"\n{self.steps[where, step]}\nprintf %s "${{KEY:-}}" >"{self.stick}/key"\n'
        )
        environment = {**self.copy.environment, **names, "INBOX": INBOX, "INSTANCE": str(self.copy.instance)}
        if home:
            environment["GNUPGHOME"] = str(home.path)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, (where, step, done.stdout, done.stderr)
        if restart.exists():
            assert restart.read_text() == "restart ihmiskauppa-web\n"
            restart.unlink()
            self.copy.stop("web")
            self.copy.start("web", "serve")
        return done.stdout

    def make_key(self) -> tuple[Home, str]:
        """A key as the page makes it; the offline home and the fingerprint."""
        home = self.home()
        self.run("offline", "make", home)
        return home, (self.stick / "key").read_text()

    def mails(self) -> list[bytes]:
        return [path.read_bytes() for path in (practice.maildir(self.copy.instance) / "new").iterdir()]

    def readable(self, home: Home) -> set[str]:
        """The references of the messages in the inbox that can be opened in `home`."""
        found = set()
        with staff_gpg(home.path) as gpg:
            for mail in self.mails():
                try:
                    found.add(open_message(mail, gpg).reference)
                except ReadingError:
                    continue
        return found

    def thief(self, fingerprint: str) -> Home:
        """Somebody with the readers' stick of one key."""
        home = self.home()
        home.gpg("--import", given=(self.stick / f"readers-{fingerprint}.asc").read_bytes())
        return home

    def form_is_open(self) -> bool:
        try:
            urllib.request.urlopen(self.copy.url + FORM, timeout=10).close()  # noqa: S310
        except OSError:
            return False
        return True


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Drill]:
    """A running copy whose keys stand in `config.toml`, as in production, and are none of practice."""
    with ExitStack() as stack, running_copy(tmp_path / "copy") as copy:
        copy.stop("web")
        for name in ("IHMISKAUPPA_INBOX_KEYS", "IHMISKAUPPA_INBOX_ADDRESSES"):
            del copy.environment[name]
        (tmp_path / "stick").mkdir()
        yield Drill(copy, tmp_path / "stick", stack)


def references(messages: list[Thanked]) -> set[str]:
    return {message.reference for message in messages}


@pytest.mark.timeout(480)
def test_the_page_is_walked_through(drill: Drill) -> None:
    """First key, renewal, rotation, compromise, new key, a lost machine: whoever was thanked is read, and by nobody else."""
    copy, staff = drill.copy, [drill.home(), drill.home()]
    config = copy.instance / "config.toml"

    # Make the key.
    old_home, old = drill.make_key()
    for machine in staff:
        assert "sec#" in drill.run("staff", "make", machine, KEY=old)
    config.write_text(f'inbox_keys = ["{old}"]\ninbox_addresses = ["{INBOX}"]\n', encoding="utf-8")
    assert "can be encrypted to" in drill.run("server", "make", KEY=old)
    copy.start("web", "serve")
    wait_until(drill.form_is_open, 30)

    with visitors(copy.url) as people:
        people.wait()

        # Renew.
        before = copy.run("keys", "list").stdout
        time.sleep(1)  # signatures are dated by the second, and the newest counts
        drill.run("offline", "renew", old_home, KEY=old)
        drill.run("server", "renew", KEY=old)
        assert copy.run("keys", "list").stdout != before
        people.wait()

        # Rotate: the readers first, then both keys, then a trial of the new one alone.
        _, new = drill.make_key()
        for machine in staff:
            drill.run("staff", "rotate", machine, NEW=new)
        drill.run("server", "rotate-both", OLD=old, NEW=new)
        wait_until(drill.form_is_open, 30)
        overlap = time.monotonic()
        people.wait()
        trial = people.after(overlap)[0].reference
        copy_of = wait_until(lambda: _encrypted_part(drill, staff[0], trial), 60)
        (drill.stick / "trial.asc").write_bytes(copy_of)
        for machine in staff:
            assert "The new key reads." in drill.run("staff", "rotate-trial", machine, NEW=new)
        wait_until(lambda: "0 waiting, 0 on their way, 0 set aside" in copy.run("status").stdout, 30)
        assert new in drill.run("server", "rotate-drop", OLD=old, NEW=new)
        wait_until(drill.form_is_open, 30)
        dropped = time.monotonic()
        people.wait()
        both = drill.home()
        for fingerprint in (old, new):
            both.gpg("--import", given=(drill.stick / f"whole-{fingerprint}.asc").read_bytes())
        drill.run("offline", "rotate-vouch", both, OLD=old, NEW=new)
        assert old[-16:] in both.gpg("--list-packets", given=(drill.stick / f"vouched-{new}.asc").read_bytes()).decode()

        # The new key, by now the only one, is in other hands.
        assert not people.closed, "renewal and rotation never closed the form"
        drill.run("any", "revoke", drill_home_with(drill, new), OLD=new)
        assert "revoked" in drill.run("server", "revoke", OLD=new)
        revoked = time.monotonic()
        assert not drill.form_is_open(), "the ring has changed, and the running site goes by the old one"
        assert not people.after(revoked), "sealed to a revoked key"
        with urllib.request.urlopen(copy.url + "/fi/", timeout=10) as answer:  # noqa: S310
            assert answer.status == 200
        assert copy.run("status").returncode == 1

        # A new key, without an overlap.
        third_home, third = drill.make_key()
        for machine in staff:
            drill.run("staff", "make", machine, KEY=third)
        drill.run("server", "replace", NEW=third)
        wait_until(drill.form_is_open, 30)
        reopened = time.monotonic()
        people.wait()
        with urllib.request.urlopen(copy.url + "/inbox-key.asc", timeout=10) as answer:  # noqa: S310
            (drill.stick / "served-inbox-key.asc").write_bytes(answer.read())
        shown = drill.run("any", "prove", drill.home())
        assert "revoked" in shown
        assert third in shown.replace(" ", "")

        # A staff machine is gone: only the subkey changes.
        machine_lost = drill.thief(third)
        closed = len(people.closed)
        drill.run("offline", "revoke-subkey", third_home, KEY=third)
        for machine in staff:
            drill.run("staff", "make", machine, KEY=third)
        drill.run("server", "make", KEY=third)
        replaced = time.monotonic()
        people.wait(3)
        assert len(people.closed) == closed, "the form closed"

    assert people.faults == []
    assert len(people.thanked) > 10
    everything = references(people.thanked)
    wait_until(lambda: everything <= drill.readable(staff[0]), 60)
    assert everything <= drill.readable(staff[1])
    by_old, by_new, by_lost = (drill.readable(home) for home in (drill.thief(old), drill.thief(new), machine_lost))
    assert not by_old & references(people.after(dropped))
    assert references(people.after(dropped)) & by_new, "the thief reads what was sealed before the revocation: the page says so"
    assert not by_new & references(people.after(revoked))
    assert references(people.after(reopened)) & by_lost
    assert not by_lost & references(people.after(replaced))
    assert drill.done == set(drill.steps), "a block of the page is run nowhere"


def drill_home_with(drill: Drill, fingerprint: str) -> Home:
    """A home with the public key only, for whoever revokes with the paper from the safe."""
    home = drill.home()
    home.gpg("--import", given=(drill.stick / f"inbox-{fingerprint}.asc").read_bytes())
    return home


def _encrypted_part(drill: Drill, home: Home, reference: str) -> bytes:
    """The encrypted part of a message in the inbox, as a reader would save it; empty until it is there."""
    with staff_gpg(home.path) as gpg:
        for mail in drill.mails():
            if open_message(mail, gpg).reference == reference:
                part = message_from_bytes(mail).get_payload(1)
                assert not isinstance(part, str)
                payload = part.get_payload(decode=True)
                assert isinstance(payload, bytes)
                return payload
    return b""
