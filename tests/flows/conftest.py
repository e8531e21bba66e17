"""One running practice copy for the flows, in the C locale, as a careless machine would have it."""

from collections.abc import Iterator

import pytest

from tests.copies import Copy, running_copy


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """Site, forwarder and practice inbox as processes, under LC_ALL=C."""
    with running_copy(tmp_path_factory.mktemp("copy"), LC_ALL="C", LANG="C") as running:
        yield running
