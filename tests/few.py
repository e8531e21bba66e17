"""The content with few of its languages, for tests that make the whole site and learn nothing from the thirtieth language."""

import shutil
from collections.abc import Collection
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from ihmiskauppa.settings import data_folder

FEW: Final = frozenset({"fi", "sv", "en", "fi-simple", "ar", "th"})

_TABLE: Final = "[[language]]\n"


def serve_only(content: Path, codes: Collection[str]) -> Path:
    """Leave the other languages of the folder `content` in preparation."""
    listed = content / "languages.toml"
    head, *tables = listed.read_text(encoding="utf-8").split(_TABLE)
    marked = [table if any(f'code = "{code}"\n' in table for code in codes) else f"served = false\n{table}" for table in tables]
    listed.write_text(_TABLE.join([head, *marked]), encoding="utf-8")
    return content


@cache
def few_content() -> Path:
    """The same, made once for all tests of a process that change nothing in it."""
    return few_languages(Path(mkdtemp(prefix="content-of-tests-")) / "content")


def few_languages(folder: Path) -> Path:
    """A copy of the content in `folder` that serves `FEW`."""
    return serve_only(Path(shutil.copytree(data_folder("content"), folder)), FEW)
