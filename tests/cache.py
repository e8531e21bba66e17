"""What would be made again and again, made once for all tests: what a start keeps for the next, and some files."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Final

from ihmiskauppa import settings
from ihmiskauppa.forms import blanks
from ihmiskauppa.materials import files
from ihmiskauppa.public import editions
from ihmiskauppa.settings import Settings

FORM: Final = "referral"  # the one whose files tests see
ITEM: Final = "card-hotline"  # as in the range; small, for victims, and there in every language
TONGUES: Final = ("fi", "ar")


def warm(instance: Path) -> None:
    """Give a new instance the pages, as an earlier start would have left them; what differs is made anew by its hash."""
    folder = instance / editions.CACHE
    folder.mkdir(mode=0o700, parents=True)
    for name, content in _remembered().items():
        file = folder / name
        file.touch(mode=0o600)
        file.write_bytes(content)


@cache
def _remembered() -> dict[str, bytes]:
    with TemporaryDirectory() as instance:
        editions.load(settings.read({f"{settings.ENVIRONMENT_PREFIX}INSTANCE": instance}))
        return {file.name: file.read_bytes() for file in (Path(instance) / editions.CACHE).iterdir()}


def with_files(configuration: Settings) -> Settings:
    """Give an instance the files of a form and of an item in two languages; all others are as if they were not built yet."""
    made = _files(configuration.public_url)
    for name in (blanks.FOLDER, files.FOLDER):
        shutil.copytree(made / name, configuration.instance / name)
    return configuration


@cache
def _files(site: str) -> Path:
    made = Path(mkdtemp(prefix="files-of-tests-"))
    edition = editions.load(settings.read({f"{settings.ENVIRONMENT_PREFIX}INSTANCE": str(made / "instance")}))
    texts, people = edition.translations, edition.contacts
    forms = blanks.wanted({FORM: edition.forms[FORM]}, edition.languages, texts, people, site)
    blanks.build(tuple(f for f in forms if f.language.code in TONGUES), texts, people, site, made / blanks.FOLDER)
    prints = [file for file in files.wanted(edition.range, texts, people, site) if file.one.item.name == ITEM]
    files.build(tuple(f for f in prints if f.one.language.code in TONGUES), texts, people, site, made / files.FOLDER)
    return made
