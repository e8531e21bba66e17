"""What languages cost: load, memory and a page's first byte with as many as there are, and with thirty-one.

The added languages are Arabic's pages and texts under other codes; what is kept of a text is kept for each language.
"""

import os
import shutil
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Final

from tests.copies import Copy, running_copy, wait_until

from bench.run import PAGE, http_connection, memory, row, start_seconds, timed, worker_of
from ihmiskauppa import settings
from ihmiskauppa.public import editions
from ihmiskauppa.settings import data_folder

# Those of the core that are not there yet, by CLDR's names where these differ.
ADDED: Final = (
    *("ru", "uk", "et", "fa", "ckb", "kmr:ku", "so", "ti", "am", "fr", "es", "pt"),
    *("ro", "bg", "pl", "sq", "tr", "th", "vi", "ne", "bn", "hi", "ur", "uz"),
)
ENTRY: Final = (
    '\n[[language]]\ncode = "{}"\nname = "{}"\ndirection = "ltr"\nlevel = "core"\nlocale = "{}"\nfallback = ["en", "fi"]\n'
)


def thirty_one(folder: Path) -> dict[str, str]:
    """Make content and texts in all languages; the environment that names them."""
    content, texts = folder / "content", folder / "translations"
    shutil.copytree(data_folder("content"), content)
    shutil.copytree(data_folder("translations"), texts)
    listed = (content / "languages.toml").read_text(encoding="utf-8")
    for entry in ADDED:
        code, _, locale = entry.partition(":")
        listed += ENTRY.format(code, code, locale or code)
        shutil.copytree(texts / "ar", texts / code)
        for page in list((content / "pages").rglob("ar.md")):
            shutil.copy(page, page.with_name(f"{code}.md"))
            shutil.copy(page.with_suffix(".toml"), page.with_name(f"{code}.toml"))
    (content / "languages.toml").write_text(listed, encoding="utf-8")
    return {"IHMISKAUPPA_CONTENT_FOLDER": str(content), "IHMISKAUPPA_TRANSLATIONS_FOLDER": str(texts)}


def load_seconds(instance: Path, environment: dict[str, str]) -> float:
    """Processor seconds that a warm load takes: the second, with the HTML that the first one kept."""
    instance.mkdir(parents=True)
    configuration = settings.read({"IHMISKAUPPA_INSTANCE": str(instance), **environment})
    editions.load(configuration)
    begun = time.thread_time()
    editions.load(configuration)
    return time.thread_time() - begun


def is_idle(process: int) -> bool:
    """Whether a process used less than a fiftieth of a processor during a second."""
    before = processor_seconds(process)
    time.sleep(1)
    return processor_seconds(process) - before < 0.02


def processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def first_byte(copy: Copy) -> float:
    """Milliseconds until a kept page begins to come, the median of 500."""
    with http_connection(copy) as connection:

        def ask() -> None:
            connection.request("GET", PAGE)
            connection.getresponse().read()

        ask()
        return statistics.median(timed(ask, 500))


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = {}
        for count, environment in (("as there are", {}), ("31", thirty_one(folder))):
            place = folder / count.replace(" ", "-")
            loaded = load_seconds(place / "alone", environment)
            with running_copy(place, inbox=False, files=False, **environment) as copy:
                started = start_seconds(copy)
                wait_until(partial(is_idle, worker_of(copy)), 120)  # the indexes of the search are made
                found[count] = first_byte(copy)
                size = memory(worker_of(copy), "VmRSS")
            print(f"languages {count}: warm load {loaded:.1f} s of processor, start {started:.1f} s, worker {size:.0f} MB")
        row(
            "31 languages, first byte of a page, ms", found["31"], found["as there are"], "with as many as there are", "about 1"
        )


if __name__ == "__main__":
    main()
