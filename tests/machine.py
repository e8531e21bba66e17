"""The programs of the machine that tests need."""

import os
import shutil

import pytest


def need(command: str) -> str:
    """The path of a program the machine should have; without it the test skips loudly, and fails in CI."""
    found = shutil.which(command)
    if found is None:
        reason = f"{command} is not installed: see .ci/packages"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found
