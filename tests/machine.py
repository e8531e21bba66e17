"""The programs of the machine that tests need, and where the repository lies."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def need(command: str) -> str:
    """The path of a program the machine should have; without it the test skips loudly, and fails in CI."""
    found = shutil.which(command)
    if found is None:
        reason = f"{command} is not installed: see .ci/packages"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found
