"""How `make test JOBS=auto` spreads the tests over several processes: a file at a time, the rooms that run the whole first.

What takes long must not be what is left at the end, when the other processes are done. A test may not rely on another file's
having run before it, nor on being alone on the machine: ports are free ones, folders, servers, browsers are a process's own.
"""

import os
from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Files that share a session's costly fixture stay in one process, so that it is made once: the site as its links lead through
# it, and nginx with what stands behind it.
TOGETHER: Final = {
    "tests/everywhere/test_every_page.py": "the whole site",
    "tests/everywhere/test_valid_html.py": "the whole site",
    "tests/public/test_pages.py": "the whole site",
    "tests/public/test_wellknown.py": "the whole site",
    "tests/browser/test_accessibility.py": "the whole site",
    "tests/browser/test_traces.py": "the whole site",
    "tests/deploy/test_nginx.py": "nginx",
    "tests/deploy/test_validators.py": "nginx",
}
# Its tests are long and share little: one at a time goes to whoever is free.
APART: Final = "tests/browser/test_every_language.py"
FIRST: Final = ("everywhere", "deploy", "browser", "faults", "flows")
WAITING: Final = 1  # processes more than cores: many tests wait for a time-out, a lease or a server


class Spread(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out what belongs together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if file == APART else TOGETHER.get(file, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Spread:
    """In the place of xdist's own, which knows files, modules and marks, and begins with what has the most tests."""
    config.option.loadscopereorder = False
    return Spread(config, log)


def pytest_xdist_auto_num_workers() -> int:
    """How many processes `-n auto` means."""
    return len(os.sched_getaffinity(0)) + WAITING


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the rooms that run the whole; within a room all stays in its order."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    room = item.path.parent.name
    return FIRST.index(room) if room in FIRST else len(FIRST)
