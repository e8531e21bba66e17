"""The container file, read; with CONTAINER=1 also built and run."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from ihmiskauppa import database
from ihmiskauppa.intake import reading
from ihmiskauppa.intake.outbox import OutboxRow
from tests.client import Page
from tests.conftest import InboxKey, make_instance
from tests.copies import free_port, responds, wait_until
from tests.deploy.containers import Store
from tests.deploy.fronts import DEPLOY
from tests.machine import ROOT


def _instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", " ", (DEPLOY / "Containerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def test_it_installs_what_the_lock_names_and_runs_as_a_user() -> None:
    """Debian 12 by its bare name, hashes required, a user at the end, nothing after it that needs root."""
    found = _instructions()
    names = [name for name, _ in found]
    assert {rest.split()[0] for name, rest in found if name == "FROM"} == {"debian:12-slim"}
    assert any("--require-hashes -r requirements.lock" in rest for name, rest in found if name == "RUN")
    user = len(names) - 1 - names[::-1].index("USER")
    assert found[user] == ("USER", "ihmiskauppa")
    assert not {"RUN", "COPY", "ADD", "FROM"} & set(names[user:])
    assert found[-1] == ("CMD", '["ihmiskauppa", "serve"]')


def test_nothing_of_the_instance_comes_into_the_image() -> None:
    """Only named things are copied, each of them in the repository; no secret is set; no registry or key is named."""
    copied = [rest.split()[:-1] for name, rest in _instructions() if name == "COPY" and "--from" not in rest]
    assert [thing for things in copied for thing in things] == ["requirements.lock", "pyproject.toml", "README.md", "site"]
    assert not [name for name, _ in _instructions() if name in {"ADD", "ARG"}]
    settings = " ".join(rest for name, rest in _instructions() if name == "ENV")
    assert not re.search(r"password|secret|token|inbox|smtp", settings, re.IGNORECASE)


def test_the_wheel_it_installs_has_program_and_content(tmp_path: Path) -> None:
    """What the image gets from `site/`: the package, its templates, and the folders of data."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-build-isolation",
    ]
    done = subprocess.run([*command, "-w", tmp_path, ROOT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for name in ("templates/base.html", "static/base.css", "public/export.py"):
        assert f"ihmiskauppa/{name}" in names
    for name in ("content/languages.toml", "forms/contact.toml", "migrations/env.py", "translations/fi/messages.po"):
        assert f"ihmiskauppa_data/{name}" in names


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The built image."""
    if not os.environ.get("CONTAINER"):
        pytest.skip("takes minutes: CONTAINER=1 builds and runs it, after .ci/packages container")
    if os.getuid() != 0:
        pytest.skip("is built by root only")
    store = Store(tmp_path_factory.mktemp("containers"))
    store.make_base()
    store.build()
    yield store
    shutil.rmtree(store.folder)  # more than a gigabyte


@pytest.fixture
def contained(image: Store, tmp_path: Path, inbox_key: InboxKey) -> Iterator[tuple[str, Path]]:
    """The site in a container, on loopback: its address, and its instance outside."""
    made = make_instance(tmp_path / "instance", inbox_key)
    port = free_port()
    environment = {
        "PORT": str(port),
        "IHMISKAUPPA_ADDRESS": "127.0.0.1",  # the image's own is for a container with a network of its own
        "IHMISKAUPPA_PUBLIC_URL": "https://localhost",
        "IHMISKAUPPA_DATABASE_URL": "sqlite:////var/lib/ihmiskauppa/ihmiskauppa.db",
        "IHMISKAUPPA_INBOX_KEYS": inbox_key.fingerprint,
        "IHMISKAUPPA_INBOX_ADDRESSES": "inbox@example.org",
        "IHMISKAUPPA_MAIL_FROM": "site@site.example",
        "IHMISKAUPPA_SMTP_HOST": "localhost",
    }
    with image.container() as name:
        within = image.run(name, made.instance, environment, "sh", "-c", "id -u; touch /opt/ihmiskauppa/x /etc/x 2>&1")
        said = subprocess.run(within, capture_output=True, text=True, timeout=60, check=False).stdout.splitlines()
        assert int(said[0]) != 0
        assert [line.split(": ")[-1] for line in said[1:]] == ["Permission denied"] * 2
        subprocess.run(["chown", "-R", said[0], str(made.instance)], check=True)
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                image.run(name, made.instance, environment, "ihmiskauppa", "serve"),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            wait_until(lambda: responds(f"http://127.0.0.1:{port}"), 60)
            yield f"http://127.0.0.1:{port}", made.instance
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # buildah would leave the site behind
            process.wait(20)
            wait_until(lambda: not responds(f"http://127.0.0.1:{port}"), 20)


@pytest.mark.timeout(900)
def test_it_is_built_and_takes_a_message(contained: tuple[str, Path], inbox_key: InboxKey) -> None:
    """As a user who can write nowhere else, with the image's own gpg: a message is sealed into the outbox of the volume."""
    url, instance = contained
    form = f"{url}/en/get-help/write-to-us/"
    with urllib.request.urlopen(form, timeout=20) as answer:  # noqa: S310 - our own loopback
        token = Page(answer.read().decode()).one("input", name="token").get("value", "")
    time.sleep(1.1)  # a post within a second is asked to be sent again
    body = urllib.parse.urlencode({"token": token, "message": "out of a container"}).encode()
    with urllib.request.urlopen(form, body, timeout=20) as answer:  # noqa: S310 - our own loopback
        assert "data-reference" in answer.read().decode()
    engine = database.connect(f"sqlite:///{instance / 'ihmiskauppa.db'}")
    with engine.connect() as connection:
        mail = connection.execute(select(OutboxRow.payload)).scalar_one()
    engine.dispose()
    with reading.staff_gpg(inbox_key.home) as gpg:
        assert "out of a container" in reading.open_message(mail, gpg).text
