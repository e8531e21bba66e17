"""The databases of the intake's tests, for the counts."""

from tests.intake.conftest import engine  # noqa: F401 - a fixture
