"""Real servers on loopback: PostgreSQL and Redis, started by the tests in folders of their own."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis

from tests.copies import free_port, wait_until
from tests.machine import need

POSTGRESQL_USER = "postgres"  # Debian's; initdb refuses root


@dataclass(frozen=True)
class PostgreSQL:
    """A running server; `create` makes a database of its own for whoever asks."""

    port: int
    data: Path

    def create(self) -> str:
        """A new empty database; its SQLAlchemy URL."""
        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"postgresql://{POSTGRESQL_USER}@127.0.0.1:{self.port}/{name}"


def _postgresql_program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else need(name)


@contextmanager
def postgresql_server() -> Iterator[PostgreSQL]:
    """A PostgreSQL server, run by Debian's user for it.

    Its folder is no folder of pytest's: every further session that starts would close the way to those to other users.
    """
    with (
        tempfile.TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True) as folder,
        _server_in(Path(folder)) as made,
    ):
        yield made


@contextmanager
def _server_in(folder: Path) -> Iterator[PostgreSQL]:
    runuser = [need("runuser"), "-u", POSTGRESQL_USER, "--"] if os.getuid() == 0 else []
    initdb, server = _postgresql_program("initdb"), _postgresql_program("postgres")
    data = folder / "data"
    data.mkdir()
    if runuser:
        shutil.chown(data, POSTGRESQL_USER)
        folder.chmod(0o755)
    log = (folder / "log").open("wb")
    subprocess.run(
        [*runuser, initdb, "-D", data, "-A", "trust", "-E", "UTF8", "--no-sync"], stdout=log, stderr=log, check=True, cwd="/"
    )
    port = free_port()
    options = ["-h", "127.0.0.1", "-p", str(port), "-k", "", "-c", "synchronous_commit=off"]  # what the engine must overrule
    process = subprocess.Popen([*runuser, server, "-D", data, *options], stdout=log, stderr=log, cwd="/")
    made = PostgreSQL(port, data)

    def up() -> bool:
        try:
            psycopg.connect(made._address("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    try:
        wait_until(up, 30)
        yield made
    finally:
        process.terminate()
        process.wait(20)
        log.close()


@contextmanager
def redis_server(*options: str) -> Iterator[str]:
    """A Redis server in memory (unless `options` say otherwise); its URL."""
    port = free_port()
    command = [need("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", *options]
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder.name)
    url = f"redis://127.0.0.1:{port}/0"

    def up() -> bool:
        try:
            with redis.Redis.from_url(url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    try:
        wait_until(up, 20)
        yield url
    finally:
        process.terminate()
        process.wait(20)
        folder.cleanup()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One PostgreSQL server for all tests."""
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """One Redis server for all tests."""
    with redis_server() as url:
        yield url
