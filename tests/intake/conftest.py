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


@pytest.fixture(scope="session")
def unusable() -> Mapping[str, PublicKey]:
    """A public key for each of `BAD_KINDS`."""
    return bad_keys()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A migrated SQLite database in a file."""
    url = f"sqlite:///{tmp_path / 'outbox.db'}"
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
