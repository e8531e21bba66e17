"""The container file, read: it is built nowhere in the tests, which have no registry."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

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
