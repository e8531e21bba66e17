"""What tests in several rooms need: inbox keys, an instance with a migrated database, programs of the machine."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser

from ihmiskauppa import cli, settings
from ihmiskauppa.intake import keys, reading
from ihmiskauppa.practice import ensure_token_key, make_key
from ihmiskauppa.settings import Settings, data_folder
from tests.browsers import chromium
from tests.cache import warm, with_files
from tests.crawl import Crawl, crawl
from tests.servers import PostgreSQL, postgresql, redis_url  # noqa: F401 - fixtures
from tests.spread import (  # noqa: F401 - hooks
    pytest_collection_modifyitems,
    pytest_xdist_make_scheduler,
)

hypothesis.settings.register_profile("untimed", deadline=None)  # what the machine does beside the tests is not their subject
hypothesis.settings.load_profile("untimed")


@dataclass(frozen=True)
class InboxKey:
    """A key pair of the inbox: the staff's home with the private half, and the public certificate."""

    home: Path
    fingerprint: str
    public: bytes


def new_key(home: Path, user_id: str) -> InboxKey:
    """Make an ed25519/cv25519 key in a new home."""
    home.mkdir(mode=0o700, parents=True)
    with reading.staff_gpg(home) as gpg:
        fingerprint = make_key(gpg, user_id)
        return InboxKey(home, fingerprint, gpg.export_keys(fingerprint, armor=False))


@pytest.fixture(scope="session")
def inbox_key(tmp_path_factory: pytest.TempPathFactory) -> InboxKey:
    """A good key; its private half lies where the server does not look."""
    return new_key(tmp_path_factory.mktemp("staff") / "gnupg", "Inbox <inbox@example.org>")


@pytest.fixture(scope="session")
def second_key(tmp_path_factory: pytest.TempPathFactory) -> InboxKey:
    """Another good key."""
    return new_key(tmp_path_factory.mktemp("staff") / "gnupg", "Second <second@example.org>")


def make_instance(instance: Path, *inbox: InboxKey) -> Settings:
    """An instance with key ring, form token key, migrated SQLite and the pages' cache, and production settings that fit it."""
    instance.mkdir(parents=True, exist_ok=True)
    warm(instance)
    ensure_token_key(instance / "form-token.key")
    for key in inbox:
        keys.import_certificate(instance / "keyring", key.public)
    url = f"sqlite:///{instance / 'ihmiskauppa.db'}"
    cli.migrate_database(url)
    made = settings.read(
        {
            "IHMISKAUPPA_INSTANCE": str(instance),
            "IHMISKAUPPA_PUBLIC_URL": "https://site.example",
            "IHMISKAUPPA_DATABASE_URL": url,
            "IHMISKAUPPA_INBOX_KEYS": " ".join(key.fingerprint for key in inbox),
            "IHMISKAUPPA_INBOX_ADDRESSES": "inbox@example.org",
            "IHMISKAUPPA_MAIL_FROM": "site@site.example",
            "IHMISKAUPPA_SMTP_HOST": "localhost",
        }
    )
    assert not made.faults, made.faults
    return made


@pytest.fixture
def configuration(tmp_path: Path, inbox_key: InboxKey) -> Settings:
    """Settings of a working production instance in a new folder, with high limits."""
    return replace(make_instance(tmp_path / "instance", inbox_key), post_limits="10000 per minute")


@pytest.fixture(scope="session")
def crawled(tmp_path_factory: pytest.TempPathFactory, inbox_key: InboxKey) -> Crawl:
    """The whole site of a production instance with some files, seen once for all tests that look at every page."""
    made = with_files(make_instance(tmp_path_factory.mktemp("crawled") / "instance", inbox_key))
    return crawl(replace(made, post_limits="10000 per minute"))


@pytest.fixture
def content_copy(tmp_path: Path) -> Path:
    """A copy of the content folder that a test may change."""
    return Path(shutil.copytree(data_folder("content"), tmp_path / "content"))


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the settings of whoever runs it."""
    for name in [name for name in os.environ if name.startswith(settings.ENVIRONMENT_PREFIX)] + ["PORT"]:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; one for all tests, since Playwright allows one a thread."""
    with chromium() as running:
        yield running
