"""Lighthouse on a real site's pages: the four scores, and every audit that is not perfect with what it found.

Needs Chromium and what `bench/npm` names. The site is asked over http on loopback, which is all that may be held against it.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import playwright
from tests.conftest import make_instance, new_key
from tests.copies import Copy, free_port, responds, wait_until
from tests.machine import need

from ihmiskauppa.public.editions import load

FOLDER: Final = Path(__file__).parent / "npm"
SCRIPT: Final = FOLDER / "node_modules/lighthouse/cli/index.js"
NODE: Final = Path(playwright.__file__).parent / "driver/node"  # the one that requirements.lock names
CHROMIUM: Final = "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update"
CATEGORIES: Final = ("performance", "accessibility", "best-practices", "seo")
UNSCORED: Final = {"informative", "notApplicable", "manual"}
SECONDS: Final = 120


@contextmanager
def running_site(folder: Path) -> Iterator[tuple[Copy, dict[str, str]]]:
    """The web process of a real site, and the pages to be judged: home, the longest page, a form, the latest figures."""
    made = make_instance(folder / "instance", new_key(folder / "staff", "Inbox <inbox@example.org>"))
    port = free_port()
    url = f"http://localhost:{port}"
    environment = {
        "PORT": str(port),
        "IHMISKAUPPA_INSTANCE": str(made.instance),
        "IHMISKAUPPA_PUBLIC_URL": url.replace("http:", "https:"),  # a real site accepts no other
        "IHMISKAUPPA_DATABASE_URL": made.database_url,
        "IHMISKAUPPA_INBOX_KEYS": " ".join(made.inbox_keys),
        "IHMISKAUPPA_INBOX_ADDRESSES": "inbox@example.org",
        "IHMISKAUPPA_MAIL_FROM": "site@site.example",
        "IHMISKAUPPA_SMTP_HOST": "localhost",
    }
    own = {name: value for name, value in os.environ.items() if not name.startswith("IHMISKAUPPA_")}
    copy = Copy(url, made.instance, own | environment, folder / "log")
    edition = load(made)
    written = [page for page in edition.catalogue.pages() if page.language.code == "fi"]
    longest = max(written, key=lambda page: sum(len(section.text.body) for section in page.sections))
    places = {
        "home": "/fi/",
        "a long page": longest.path,
        "a form": edition.catalogue.entry("fi", edition.forms["self-referral"].id).path,
        "statistics": edition.catalogue.entry("fi", edition.releases[0].id).path,
    }
    copy.start("web", "serve")
    try:
        wait_until(lambda: responds(url), 30)
        yield copy, places
    finally:
        copy.stop("web")


def judge(url: str) -> dict[str, Any]:
    """Lighthouse's report."""
    command = [
        str(NODE),
        str(SCRIPT),
        url,
        f"--config-path={FOLDER / 'config.js'}",
        "--quiet",
        "--output=json",
        f"--chrome-flags={CHROMIUM}",
    ]
    command += ["--no-enable-error-reporting", f"--only-categories={','.join(CATEGORIES)}"]
    environment = {**os.environ, "CHROME_PATH": need("chromium")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=SECONDS)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def told(audit: dict[str, Any]) -> str:
    """An audit in a line: its name, its score, and where it found what."""
    items = (audit.get("details") or {}).get("items") or []
    score = "failed" if audit["score"] is None else f"{audit['score']:.2f}"
    said = f"{audit.get('explanation', '')} {audit.get('displayValue', '')}".strip()
    return f"  {audit['id']}: {score} {said} {json.dumps(items, ensure_ascii=False)[:300]}"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ihk-lighthouse-") as name, running_site(Path(name)) as (copy, places):
        for what, path in places.items():
            report = judge(copy.url + path)
            scores = {each: report["categories"][each]["score"] for each in CATEGORIES}
            print(
                f"Lighthouse {report['lighthouseVersion']}, {what}: "
                + ", ".join(f"{k} {v * 100:.0f}" for k, v in scores.items())
            )
            counted = {ref["id"] for each in CATEGORIES for ref in report["categories"][each]["auditRefs"]}
            for audit in report["audits"].values():
                if audit["id"] in counted and audit["scoreDisplayMode"] not in UNSCORED and audit["score"] != 1:
                    print(told(audit), flush=True)


if __name__ == "__main__":
    main()
