"""MDN's HTTP Observatory, run against an nginx that has ports 80 and 443 of a loopback of its own."""

import functools
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import playwright
import pytest

from tests.copies import COMMAND, wait_until
from tests.deploy.conftest import Behind
from tests.deploy.fronts import Ports, configure
from tests.machine import ROOT, need

FOLDER = Path(__file__).parent
PACKAGE = FOLDER / "node_modules/@mdn/mdn-http-observatory"
# It asks for Node 20 at least, Debian 12 has 18; the one that Playwright brings is named in requirements.lock.
NODE = Path(playwright.__file__).parent / "driver/node"
# Lists that its postinstall script would fetch from elsewhere: who is preloaded, and what is a domain. Empty, nobody is.
LISTS = {"hsts-preload.json": "{}", "tld-list.json": "[]"}
SECONDS = 60


@dataclass(frozen=True)
class Verdict:
    """The grade, and the tests that were not passed, with their reason."""

    grade: str
    score: int
    failed: dict[str, str]


def ask(behind: Behind, folder: Path, more: Mapping[str, str] | None = None) -> Verdict:
    """What the Observatory says of `https://localhost` with nginx, changed by `more`, in front of a second web process."""
    installed = need_package()
    front, main = configure(folder, behind.port, behind.export, more, Ports(80, 443, 8081))
    with own_loopback() as inside, (folder / "output").open("wb") as log:
        run = functools.partial(subprocess.Popen, stdout=log, stderr=log, cwd=ROOT)
        processes = [
            run([*inside, str(COMMAND), "serve"], env=behind.copy.environment),
            run([*inside, need("nginx"), "-c", str(main), "-e", str(folder / "error.log"), "-g", "daemon off;"]),
        ]
        try:
            address = ["--cacert", str(front.folder / "ca.pem"), "https://localhost/healthz"]
            wait_until(
                lambda: subprocess.run([*inside, need("curl"), "-sf", *address], capture_output=True).returncode == 0, 30
            )
            environment = {**os.environ, "NODE_EXTRA_CA_CERTS": str(front.folder / "ca.pem")}
            command = [*inside, str(NODE), str(installed / "src/scan.js"), "localhost"]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
        finally:
            for process in reversed(processes):
                process.terminate()
                process.wait(20)
    assert done.returncode == 0, done.stdout + done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    failed = {name: str(test["result"]) for name, test in said["tests"].items() if not test["pass"]}
    return Verdict(said["scan"]["grade"], said["scan"]["score"], failed)


def need_package() -> Path:
    """Where the Observatory is installed, with its two lists; without it the test skips loudly, and fails in CI."""
    if not PACKAGE.is_dir():
        reason = "MDN's HTTP Observatory is not installed: see .ci/packages"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    for name, content in LISTS.items():
        file = PACKAGE / "conf" / name
        if not file.exists():  # made by whoever installed it, perhaps
            file.write_text(content)
    return PACKAGE


@contextmanager
def own_loopback() -> Iterator[tuple[str, ...]]:
    """A network with nothing but a loopback, where ports below 1024 are free to all; how to start a command in it."""
    user = () if os.getuid() == 0 else ("--user", "--map-current-user", "--keep-caps")
    script = "ip link set lo up && echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start && echo up && exec sleep 600"
    command = [need("unshare"), "--net", *user, need("sh"), "-c", script]
    need("ip")
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert holder.stdout
        assert holder.stderr
        if holder.stdout.readline() != "up\n":
            reason = f"no network of one's own is allowed here: {holder.stderr.read()}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        entered = ("--user", "--preserve-credentials") if user else ()
        yield (need("nsenter"), f"--target={holder.pid}", "--net", *entered)
    finally:
        holder.kill()
        holder.communicate()
