"""What languages cost: load, memory and a page's first byte, with six versions, and with all."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Final

from tests.copies import Copy, running_copy, wait_until
from tests.few import few_languages

from bench.run import PAGE, http_connection, memory, row, start_seconds, timed, worker_of

LOAD: Final = """
import time
from ihmiskauppa import settings
from ihmiskauppa.public import editions
begun = time.thread_time()
editions.load(settings.read())
print(time.thread_time() - begun)
"""


def few(folder: Path) -> dict[str, str]:
    """A copy of the content that serves six versions; the environment that names it."""
    return {"IHMISKAUPPA_CONTENT_FOLDER": str(few_languages(folder / "content"))}


def load_seconds(instance: Path, environment: dict[str, str]) -> float:
    """Processor seconds that a warm load takes: in a new process, with the HTML that one before it kept."""
    instance.mkdir(parents=True)
    own = {**os.environ, "IHMISKAUPPA_INSTANCE": str(instance), **environment}
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", LOAD], env=own, capture_output=True, text=True, check=True)
    return float(done.stdout)


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
        for count, environment in (("few", few(folder)), ("all", {})):
            place = folder / count
            loaded = load_seconds(place / "alone", environment)
            with running_copy(place, inbox=False, files=False, everything=True, **environment) as copy:
                started = start_seconds(copy)
                wait_until(partial(is_idle, worker_of(copy)), 120)  # the indexes of the search are made
                found[count] = first_byte(copy)
                size = memory(worker_of(copy), "VmRSS")
            print(f"languages {count}: warm load {loaded:.1f} s of processor, start {started:.1f} s, worker {size:.0f} MB")
        row(
            "all languages, first byte of a page, ms",
            found["all"],
            found["few"],
            "few",
            "about 1",
        )


if __name__ == "__main__":
    main()
