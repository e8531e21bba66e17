"""News items as they lie in `news/<published>-<name>/<language>.md`: pages with a date and in no menu.

Everything else about them is as with pages: sections, sidecars, fallbacks, rendering by the catalogue.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ihmiskauppa.languages import Languages
from ihmiskauppa.pages import content
from ihmiskauppa.pages.content import ContentError, PageFile

SECTION: Final = "news"
FRONT: Final = f"{SECTION}/index"

_FOLDER = re.compile(r"(?P<published>\d{4}(?:-\d{2}){0,2})-(?P<name>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)", re.ASCII)


def find(folder: Path, languages: Languages) -> Iterator[PageFile]:
    """News items under `folder`, in order of path, with ids `news/<name>`. Raises `ContentError` at the first broken one."""
    folders: dict[str, str] = {}
    for path in sorted(folder.rglob("*.md")):
        place = path.relative_to(folder).parts
        match = _FOLDER.fullmatch(place[0])
        if len(place) != 2 or match is None or path.stem not in languages:
            raise ContentError(
                path, 1, "a news item lies at <published>-<name>/<language>.md, in a language of languages.toml; 2018-11-a-name"
            )
        name = match["name"]
        if folders.setdefault(name, place[0]) != place[0]:
            raise ContentError(path, 1, f"{folders[name]} has this name, and so this address, already")
        file = content.parse(path, f"{SECTION}/{name}", path.stem, content.NEWS)
        if file.published is None or file.published.text != match["published"]:
            raise ContentError(
                path, content.line_of(path, "published"), f"published differs from the folder's {match['published']}"
            )
        yield file
