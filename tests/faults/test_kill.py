"""Promise 5 under fire: programs killed and the mail server misbehaving in every way, and nothing thanked for is missing."""

import contextlib
import http.client
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from tests.copies import Copy, free_port, responds, running_copy
from tests.faults import arrivals
from tests.faults.visitors import FORM, ask
from tests.intake.mail_servers import Authority, Post, serve

SUBMISSIONS = 300
SEED = 20181231
HALF = 0.5


@dataclass
class Visitors:
    """People who send one message each, and again whenever they got no answer, as a browser's reload does."""

    port: int
    thanked: dict[int, set[str]] = field(default_factory=dict)
    untrue: list[str] = field(default_factory=list)

    def send_all(self, numbers: list[int]) -> None:
        for number in numbers:
            token = ""
            while number not in self.thanked:
                try:
                    token = token or self._token()
                    self._post(number, token)
                except (OSError, http.client.HTTPException):
                    time.sleep(0.05)

    def _token(self) -> str:
        token = ask(self.port).token
        if not token:
            raise http.client.HTTPException
        time.sleep(1.01)
        return token

    def _post(self, number: int, token: str) -> None:
        text = f"Message number {number}"
        answer = ask(self.port, FORM, {"token": token, "message": text})
        if answer.reference:
            self.thanked.setdefault(number, set()).add(answer.reference)
        elif answer.status == 200 or "Your message was sent" in answer.html:
            self.untrue.append(answer.html)
        elif text not in answer.html:
            self.untrue.append(f"the text is lost in the answer {answer.status}")


def _wait_for(copy: Copy, stop: threading.Event) -> None:
    """Until the site answers: however busy the machine is, some of its visitors get through."""
    while not responds(copy.url) and not stop.wait(0.1):
        pass


@contextlib.contextmanager
def _killing(copy: Copy, stop: threading.Event, dice: random.Random) -> Iterator[list[str]]:
    """Kill -9 of the site and of the forwarder at random moments, each started again at once."""
    killed: list[str] = []

    def work() -> None:
        while not stop.wait(dice.uniform(0.4, 3)):
            if dice.random() < HALF:  # else perhaps while it starts, which takes some seconds
                _wait_for(copy, stop)
            name = dice.choice(["web", "forwarder"])
            copy.stop(name, signal.SIGKILL)
            copy.start(name, "serve" if name == "web" else "forward")
            killed.append(name)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield killed
    finally:
        stop.set()
        thread.join()


def _misbehave(authority: Authority, stranger: Authority, port: int, stop: threading.Event, dice: random.Random) -> list[Post]:
    """One kind of trouble after the other on the mail server's port, until told to stop; what it was given."""
    good = authority.issue("localhost")
    troubles: list[tuple[Post, Path | None]] = [
        (Post(), good),
        (Post({"DATA": "451 later"}), good),
        (Post({"RCPT": "450 busy"}), good),
        (Post({"RCPT": "550 no"}), good),
        (Post({"DATA": "554 no"}), good),
        (Post({"greeting": "421 closing"}), good),
        (Post(slow=4), good),
        (Post(), None),  # no STARTTLS
        (Post(), stranger.issue("localhost")),  # a certificate nobody trusts
    ]
    posts: list[Post] = []
    while not stop.is_set():
        post, certificate = dice.choice(troubles)
        with serve(post, certificate, port=port):
            stop.wait(dice.uniform(0.5, 2))
        if post not in posts:
            posts.append(post)
        stop.wait(dice.uniform(0, 1))  # down
    return posts


# The test's own mail servers are stopped with connections open: that is the point, and not a leak of ours.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nothing_thanked_for_is_missing(tmp_path: Path) -> None:
    """300 submissions: each thanked reference arrives; each message once, repeats of it in the same bytes."""
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    authority, stranger = (Authority(trustme.CA(), _folder(tmp_path / name)) for name in ("authority", "stranger"))
    port = free_port()
    environment = {
        "IHMISKAUPPA_SMTP_PORT": str(port),
        "IHMISKAUPPA_SMTP_CA": str(authority.file),
        "IHMISKAUPPA_SMTP_TIMEOUT": "2",
    }
    with running_copy(tmp_path, inbox=False, files=False, everything=False, **environment) as copy:
        visitors = Visitors(int(copy.environment["PORT"]))
        stop, posts = threading.Event(), list[Post]()
        server = threading.Thread(target=lambda: posts.extend(_misbehave(authority, stranger, port, stop, dice)))
        server.start()
        with _killing(copy, stop, dice) as killed:
            people = [
                threading.Thread(target=visitors.send_all, args=(list(range(first, SUBMISSIONS, 30)),)) for first in range(30)
            ]
            for person in people:
                person.start()
            for person in people:
                person.join()
        server.join()
        assert {"web", "forwarder"} <= set(killed), killed
        last = Post()
        posts.append(last)
        with serve(last, authority.issue("localhost"), port=port):
            arrivals.hurry(copy)
        mails = [mail for post in posts for mail in post.mails]
        read = arrivals.read(copy, mails)
    assert visitors.untrue == []
    assert len(visitors.thanked) == SUBMISSIONS
    delivered = {reference for reference, _, _ in read}
    assert {reference for given in visitors.thanked.values() for reference in given} <= delivered
    assert all(len(given) == 1 for given in visitors.thanked.values())
    numbers = Counter(text for _, text in {(reference, text) for reference, text, _ in read})
    assert {f"Message number {number}" for number in range(SUBMISSIONS)} == set(numbers)
    assert set(numbers.values()) == {1}, "a visitor's message was made twice"
    arrivals.check_repeats(mails)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
