"""What takes long to make, kept from one start to the next under the hash of all it was made from.

A start with many pages would spend its time on sanitising HTML and on reading `.po` files. A kept file that is broken, or
cannot be written, costs time only.
"""

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path


class Remembered:
    """Texts that were made before, from the file at `path`; without one, nothing is kept. Not for several threads."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._before = _read(path) if path else {}
        self._now: dict[str, str] = {}

    def get(self, made_from: tuple[str, ...], make: Callable[[], str]) -> str:
        """What is made from these texts, now or at an earlier start."""
        key = hashlib.sha256("\0".join(made_from).encode()).hexdigest()
        made = self._now.get(key) or self._before.get(key)
        self._now[key] = made = make() if made is None else made
        return made

    def save(self) -> None:
        """Keep what was used since the start, and nothing else."""
        if self._path is None or self._now.keys() == self._before.keys():
            return
        fresh = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        with contextlib.suppress(OSError):  # a read-only instance, as an export may have: the next start takes longer
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            fresh.touch(mode=0o600)
            fresh.write_text(json.dumps(self._now), encoding="utf-8")
            os.replace(fresh, self._path)  # noqa: PTH105 - atomic


def _read(path: Path) -> dict[str, str]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    whole = isinstance(kept, dict) and all(isinstance(made, str) for made in kept.values())
    return kept if whole else {}
