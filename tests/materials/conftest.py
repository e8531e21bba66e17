"""The databases of the intake's tests, for stock and orders."""

from tests.intake.conftest import engine  # noqa: F401 - a fixture
