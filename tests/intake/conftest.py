"""Keys, databases, a form and a certificate authority for the tests of the intake."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import trustme
from sqlalchemy import Engine

from ihmiskauppa import cli, database, settings
from ihmiskauppa.forms import definition
from ihmiskauppa.forms.answers import Answers
from ihmiskauppa.forms.definition import Form
from tests.intake.homes import PublicKey, bad_keys
from tests.intake.mail_servers import Authority
from tests.servers import PostgreSQL


@pytest.fixture(scope="session")
def unusable() -> Mapping[str, PublicKey]:
    """A public key for each of `BAD_KINDS`."""
    return bad_keys()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database: SQLite in a file, and PostgreSQL on a real server."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'outbox.db'}"
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        url = server.create()
    cli.migrate_database(url)
    made = database.connect(url)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A private certificate authority."""
    return Authority(trustme.CA(), tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def certificate(authority: Authority) -> Path:
    """A good certificate of the mail server."""
    return authority.issue("localhost")


@pytest.fixture(scope="session")
def form() -> Form:
    """The form by which a person asks for help."""
    return definition.parse(settings.data_folder("forms") / "self-referral.toml")


@pytest.fixture
def answers(form: Form) -> Answers:
    """A short message."""
    return Answers(form, "ar", {"message": "ساعدوني من فضلكم"}, dropped=False)
