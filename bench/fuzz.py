"""Hostile posts by the hundred thousand, judged one by one as in the tests: `python -m bench.fuzz --posts 100000 --seed 1`.

Prints how many answers had which status, and every failure with the command that repeats it; fails if there was one.
"""

import argparse
import logging
import secrets
import sys
import tempfile
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from tests.client import CheckedClient
from tests.conftest import make_instance, new_key
from tests.everywhere.forms import every_form
from tests.everywhere.oracle import Judge, judging
from tests.everywhere.posts import Post, Request, posts, requests
from tests.public.conftest import Site

from ihmiskauppa.app import build_public_app
from ihmiskauppa.public.editions import load

ROUND: Final = 1000  # posts under one seed
OPENED_EVERY: Final = 10  # of the mails that hold no injection, one in so many is decrypted
QUIETLY: Final = settings(
    max_examples=ROUND,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


def anything(site: Site, judge: Judge) -> st.SearchStrategy[Post | Request]:
    """Six posts to forms for each other request."""
    edition = load(site.configuration)
    forms = posts(judge.forms, tuple(edition.languages))
    others = requests([page.path for page in edition.catalogue.pages()])
    return st.one_of(*[forms] * 6, others)


def fuzz(judge: Judge, hostile: st.SearchStrategy[Post | Request], first_seed: int, most: int) -> int:
    """Post until `most` were judged; the number of rounds that failed."""
    failures, start = 0, time.monotonic()
    for number in range(first_seed, sys.maxsize):
        if judge.statuses.total() >= most:
            return failures

        @seed(number)
        @QUIETLY
        @given(hostile)
        def one_round(sent: Post | Request) -> None:
            judge.post(sent) if isinstance(sent, Post) else judge.request(sent)

        try:
            one_round()
        except Exception as fault:  # noqa: BLE001 - whatever it was is told, and the run goes on
            failures += 1
            print("".join(traceback.format_exception(fault)))
            print(f"To repeat: python -m bench.fuzz --seed {number} --posts {ROUND}", flush=True)
        judge.forget_rows()
        told = ", ".join(f"{status} × {count}" for status, count in sorted(judge.statuses.items()))
        print(f"{time.monotonic() - start:.0f} s, seed {number}: {told}; {judge.opened} mails opened", flush=True)
    return failures


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--posts", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    chosen = arguments.parse_args()
    logging.getLogger("ihmiskauppa").propagate = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key = new_key(folder / "gnupg", "Inbox <inbox@example.org>")
        configuration = replace(
            make_instance(folder / "instance", key), forms_folder=every_form(folder), post_limits="100000000 per minute"
        )
        application = build_public_app(configuration, watch=False)
        site = Site(configuration, CheckedClient(application), application)
        with judging(site, key.home, OPENED_EVERY) as judge:
            failures = fuzz(judge, anything(site, judge), chosen.seed, chosen.posts)
    print(f"{failures} rounds of {ROUND} failed")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
