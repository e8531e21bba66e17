"""The Nu HTML checker, asked once about many pages: starting it takes longer than checking them."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.machine import need

JAR = Path(__file__).parent / "node_modules/vnu-jar/build/dist/vnu.jar"
SECONDS = 200
# It tells languages by their letters, and knows `fil` as Tagalog, `kmr` as Kurdish, `prs` as Persian only.
MISTAKEN = re.compile("to be written in (Tagalog but .*fil|Kurdish but .*kmr|Persian but .*prs)")


def messages(pages: Mapping[str, str], folder: Path) -> dict[str, list[str]]:
    """What it says (errors, warnings and notes alike) about pages by their names; those it says nothing about are left out."""
    java = need("java")
    if not JAR.exists():
        reason = "the Nu HTML checker is not installed: see .ci/packages"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    files = {folder / f"{number}.html": name for number, name in enumerate(pages)}
    for file, name in files.items():
        file.write_text(pages[name], encoding="utf-8")
    command = [java, "-jar", str(JAR), "--format", "json", "--stdout", "--exit-zero-always", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    said: dict[str, list[str]] = {}
    for message in json.loads(done.stdout)["messages"]:
        if MISTAKEN.search(message["message"]):
            continue
        place = f"line {message.get('lastLine', '?')}: {message.get('extract', '').strip()}"
        said.setdefault(files[Path(message["url"].removeprefix("file:"))], []).append(f"{message['message']} {place}")
    return said
