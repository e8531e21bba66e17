"""A real nginx on loopback, from the files under `deploy/` with nothing changed but names, ports and folders."""

import getpass
import http.client
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.copies import free_port, wait_until
from tests.deploy import certificates
from tests.machine import ROOT, need

DEPLOY = ROOT / "deploy"
VISITOR = "127.0.0.77"  # what must be in no log


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers in their order with names in lower case, body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


@dataclass(frozen=True)
class Ports:
    """Where nginx listens: http, https, and the entrance of the onion service."""

    http: int
    https: int
    onion: int


@dataclass(frozen=True)
class Front:
    """A running nginx: its ports, its folder, what a client must trust."""

    folder: Path
    http: int
    https: int
    onion: int
    trust: ssl.SSLContext

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """A request over https, from the visitor's address."""
        connection = http.client.HTTPSConnection(
            "localhost", self.https, timeout=60, context=self.trust, source_address=(VISITOR, 0)
        )
        return ask(connection, path, method, body, headers)

    @property
    def temporary(self) -> tuple[Path, ...]:
        """The folders in which nginx would write bodies and answers."""
        return (self.folder / "run/nginx-body", self.folder / "run/nginx-proxy")

    def most_memory(self) -> int:
        """The most bytes a worker has had in memory at once, without what it shares."""
        main = (self.folder / "run/nginx.pid").read_text().strip()
        workers = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        texts = [Path(f"/proc/{worker}/status").read_text() for worker in workers]
        return max(int(line.split()[1]) * 1024 for text in texts for line in text.splitlines() if line.startswith("VmHWM:"))

    def writings(self) -> list[int]:
        """Changes whenever nginx makes or removes a temporary file: that touches the folder."""
        assert all(folder.is_dir() for folder in self.temporary)
        return [folder.stat().st_mtime_ns for folder in self.temporary]


def ask(
    connection: http.client.HTTPConnection,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request on a connection that is closed afterwards."""
    with closing(connection):
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return Answer(answer.status, tuple((name.lower(), value) for name, value in answer.getheaders()), answer.read())


def configure(
    folder: Path, site_port: int, export: Path, more: Mapping[str, str] | None = None, ports: Ports | None = None
) -> tuple[Front, Path]:
    """The files with paths of `folder`, free ports, and a certificate for localhost; the front, and the main file."""
    (folder / "run").mkdir(parents=True)
    certificates.issue("localhost", folder)
    ports = ports or Ports(free_port(), free_port(), free_port())
    trust = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    front = Front(folder, ports.http, ports.https, ports.onion, trust)
    changes = {
        "user www-data;": f"user {getpass.getuser()};",
        "/etc/nginx/ihmiskauppa-": f"{folder}/ihmiskauppa-",
        "/etc/ssl/site.example/fullchain.pem": f"{folder}/chain.pem",
        "/etc/ssl/private/site.example.pem": f"{folder}/key.pem",
        "/run/nginx": f"{folder}/run/nginx",
        "/var/log/nginx/": f"{folder}/",
        "/var/lib/ihmiskauppa-export/current": str(export),
        "listen [::]:80 default_server;": "",
        "listen [::]:443 ssl default_server;": "",
        "listen [::]:443 ssl http2;": "",
        "listen 80 ": f"listen 127.0.0.1:{front.http} ",
        "listen 443 ": f"listen 127.0.0.1:{front.https} ",
        "listen 127.0.0.1:8081;": f"listen 127.0.0.1:{front.onion};",
        "https://site.example$": f"https://localhost:{front.https}$",
        "server_name site.example;": "server_name localhost;",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{site_port};",
        **(more or {}),
    }
    texts = {path.name: path.read_text() for path in DEPLOY.glob("*.conf") if path.name != "sysusers.conf"}
    for there, here in changes.items():
        assert any(there in text for text in texts.values()), there
        texts = {name: text.replace(there, here) for name, text in texts.items()}
    for name, text in texts.items():
        (folder / name).write_text(text)
    return front, folder / "nginx.conf"


@contextmanager
def running_front(folder: Path, site_port: int, export: Path, more: Mapping[str, str] | None = None) -> Iterator[Front]:
    """nginx, in front of whatever answers at `site_port`."""
    front, main = configure(folder, site_port, export, more)
    command = [need("nginx"), "-c", str(main), "-e", str(folder / "error.log"), "-g", "daemon off;"]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        wait_until(lambda: process.poll() is None and all(_open(port) for port in (front.http, front.https, front.onion)), 20)
        yield front
    finally:
        process.terminate()
        process.wait(20)


def curl(front: Front, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run curl, which speaks HTTP/2, against the https entrance."""
    command = [need("curl"), "-s", "--cacert", str(front.folder / "ca.pem"), "--interface", VISITOR, *arguments]
    return subprocess.run(command, capture_output=True, timeout=60, check=False)


def copy_of(export: Path, place: Path) -> Path:
    """A copy of an export that a test may change."""
    return Path(shutil.copytree(export, place))


def _open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
