"""A folder of files that are made in a build and offered by a running site, each under a name that changes with its content.

One build at a time. All that it makes appears at its end, so that the site sees one change; a build that is cut off is gone on
with by the next.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def build(folder: Path, wanted: Mapping[Path, Callable[[], bytes]]) -> int:
    """Make what is missing of `wanted`, in its order, and remove all else in `folder`; how many were made."""
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        missing = [path for path in wanted if not path.exists()]
        for path in missing:
            if not ready(path).exists():
                half = path.with_name(f"{path.name}.half")
                half.write_bytes(wanted[path]())
                half.replace(ready(path))
        for path in missing:
            ready(path).replace(path)
        for path in set(folder.iterdir()) - set(wanted):
            path.unlink()
    return len(missing)


def ready(path: Path) -> Path:
    """Where a file lies until the whole build is done."""
    return path.with_name(f"{path.name}.new")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process builds there."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)
