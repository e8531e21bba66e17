"""Running copies of the site, as real processes on loopback."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ihmiskauppa import practice, settings
from ihmiskauppa.intake.reading import ReadMessage
from tests.cache import warm, with_files
from tests.few import few_content
from tests.machine import ROOT

T = TypeVar("T")
START_SECONDS = 120  # a program has that long to start; it takes two to five of a processor that is its own
COMMAND = Path(sys.executable).parent / "ihmiskauppa"


def wait_until(result: Callable[[], T | None], seconds: float = 60) -> T:
    """The first true result of calling `result` again and again; fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = result()
        if value:
            return value
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Copy:
    """A practice copy: where it answers, its instance, its environment and its processes by name."""

    url: str
    instance: Path
    environment: dict[str, str]
    log: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *arguments: str) -> None:
        """Start one of the programs."""
        with self.log.open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(COMMAND), *arguments], env=self.environment, stdout=log, stderr=log, cwd=ROOT, start_new_session=True
            )

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop one of the programs, with its workers."""
        process = self.processes.pop(name)
        if process.poll() is None:
            os.killpg(process.pid, how)
        process.wait(20)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the copy to its end."""
        return subprocess.run(
            [str(COMMAND), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=START_SECONDS,
            check=False,
        )

    def inbox(self) -> list[ReadMessage]:
        return practice.read_inbox(self.instance).messages

    def wait_for(self, reference: str, seconds: float = 60) -> ReadMessage:
        """The message with this reference, once it is in the inbox."""
        return wait_until(lambda: next((m for m in self.inbox() if m.reference == reference), None), seconds)


def responds(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/healthz", timeout=5) as answer:  # noqa: S310 - our own loopback
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def running_copy(
    folder: Path, *, inbox: bool = True, files: bool = False, everything: bool = False, **environment: str
) -> Iterator[Copy]:
    """A practice copy in `folder`, its programs started one by one, stopped at the end; with some `files` to offer.

    It serves few languages, which it reads at each start, or `everything`.
    """
    from ihmiskauppa.cli import migrate_database

    instance = folder / "instance"
    port = free_port()
    values = practice.prepare(instance)
    warm(instance)
    migrate_database(values["IHMISKAUPPA_DATABASE_URL"])
    url = f"http://localhost:{port}"
    values |= {"PORT": str(port), "IHMISKAUPPA_PUBLIC_URL": url, "IHMISKAUPPA_POST_LIMITS": "100000 per minute"}
    if not everything:
        values["IHMISKAUPPA_CONTENT_FOLDER"] = str(few_content())
    if files:
        with_files(settings.read(values))
    copy = Copy(url, instance, {**os.environ, **values, **environment}, folder / "log")
    try:
        if inbox:
            copy.start("inbox", "practice", "mail-server")
        copy.start("web", "serve")
        copy.start("forwarder", "forward")
        wait_until(lambda: responds(url), START_SECONDS)
        yield copy
    finally:
        for name in list(copy.processes):
            copy.stop(name)
