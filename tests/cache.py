"""What every start would make again: the sanitised pages of the content as shipped, made once for all tests."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from ihmiskauppa import settings
from ihmiskauppa.pages.sanitised import FILE
from ihmiskauppa.public import editions


def warm(instance: Path) -> None:
    """Give a new instance the pages, as an earlier start would have left them; what differs is made anew by its hash."""
    folder = instance / editions.CACHE
    folder.mkdir(mode=0o700, parents=True)
    file = folder / FILE
    file.touch(mode=0o600)
    file.write_bytes(_sanitised())


@cache
def _sanitised() -> bytes:
    with TemporaryDirectory() as instance:
        editions.load(settings.read({f"{settings.ENVIRONMENT_PREFIX}INSTANCE": instance}))
        return (Path(instance) / editions.CACHE / FILE).read_bytes()
