"""How `make test` spreads the tests over two processes: a file at a time, the rooms that run the whole first.

What takes long must not be what is left at the end, when the other process is done; and what mostly waits (for a lease, a
restart, a time-out) runs beside what keeps a processor busy. A test may not rely on another file's having run before it, nor on
being alone on the machine: ports are free ones, folders, servers, browsers are a process's own.
"""

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
WAITING: Final = frozenset({"faults", "flows"})
BUSY: Final = frozenset({"everywhere", "browser", "deploy"})
LAST: Final = 1_000_000


class Spread(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out what belongs together."""

    def _split_scope(self, nodeid: str) -> str:
        return _scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Spread:
    """In the place of xdist's own, which knows files, modules and marks, and begins with what has the most tests."""
    config.option.loadscopereorder = False
    return Spread(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One that waits, one that is busy, and so on; then all others. Within a file all stays in its order."""
    places: dict[str, int] = {}
    for rooms, first in ((WAITING, 0), (BUSY, 1)):
        scopes = dict.fromkeys(_scope(item.nodeid) for item in items if item.path.parent.name in rooms)
        places |= {scope: first + 2 * number for number, scope in enumerate(scopes)}
    items.sort(key=lambda item: places.get(_scope(item.nodeid), LAST))


def _scope(nodeid: str) -> str:
    file = nodeid.partition("::")[0]
    return nodeid if file == APART else TOGETHER.get(file, file)
