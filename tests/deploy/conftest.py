"""A production instance served by `ihmiskauppa serve`, its static copy, and nginx in front of both."""

import os
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ihmiskauppa.settings import Settings
from tests.conftest import InboxKey, make_instance
from tests.copies import START_SECONDS, Copy, free_port, responds, wait_until
from tests.deploy.fronts import Front, running_front
from tests.few import few_content
from tests.machine import need


@dataclass(frozen=True)
class Behind:
    """What stands behind nginx: the site, and the static copy."""

    copy: Copy
    settings: Settings
    export: Path

    @property
    def port(self) -> int:
        return urllib.parse.urlsplit(self.copy.url).port or 0


@pytest.fixture(scope="session")
def behind(tmp_path_factory: pytest.TempPathFactory, inbox_key: InboxKey) -> Iterator[Behind]:
    """The web process in production mode, believing one proxy."""
    need("nginx")
    folder = tmp_path_factory.mktemp("behind")
    made = make_instance(folder / "instance", inbox_key)
    port = free_port()
    environment = {
        "PORT": str(port),
        "IHMISKAUPPA_INSTANCE": str(made.instance),
        "IHMISKAUPPA_CONTENT_FOLDER": str(few_content()),
        "IHMISKAUPPA_PUBLIC_URL": "https://localhost",
        "IHMISKAUPPA_DATABASE_URL": made.database_url,
        "IHMISKAUPPA_INBOX_KEYS": inbox_key.fingerprint,
        "IHMISKAUPPA_INBOX_ADDRESSES": "inbox@example.org",
        "IHMISKAUPPA_MAIL_FROM": "site@site.example",
        "IHMISKAUPPA_SMTP_HOST": "localhost",
        "IHMISKAUPPA_TRUSTED_PROXIES": "1",
        "IHMISKAUPPA_POST_LIMITS": "100000 per minute",
    }
    own = {name: value for name, value in os.environ.items() if not name.startswith("IHMISKAUPPA_")}
    copy = Copy(f"http://localhost:{port}", made.instance, own | environment, folder / "log")
    done = copy.run("export", str(folder / "export"))
    assert done.returncode == 0, done.stderr
    copy.start("web", "serve")
    try:
        wait_until(lambda: responds(copy.url), START_SECONDS)
        yield Behind(copy, made, folder / "export")
    finally:
        copy.stop("web")


@pytest.fixture(scope="session")
def front(tmp_path_factory: pytest.TempPathFactory, behind: Behind) -> Iterator[Front]:
    """Nginx as it is shipped."""
    with running_front(tmp_path_factory.mktemp("nginx") / "nginx", behind.port, behind.export) as running:
        yield running
