"""The database: engine, declarative base, and how SQLite is told to keep what it was given."""

import datetime
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Final

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as SQLAlchemyTimeoutError
from sqlalchemy.orm import DeclarativeBase

# Seconds that a transaction waits for its turn in this process, for a connection, or for another's lock, before it fails.
LOCK_SECONDS: Final = 10


class Base(DeclarativeBase):
    """What every table derives from; constraints have names, so that Alembic can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def connect(url: str) -> Engine:
    """An engine whose connections are kept, and whose commits are on the disk when they return.

    `postgresql://` means the driver that is installed, psycopg 3.
    """
    url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
    if url.startswith("sqlite"):
        engine = create_engine(url, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin)
    else:
        patience = {"connect_timeout": LOCK_SECONDS, "tcp_user_timeout": LOCK_SECONDS * 1000}  # s and ms, libpq
        engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, pool_timeout=LOCK_SECONDS, connect_args=patience)
        event.listen(engine, "connect", _prepare_postgresql)
    return engine


def faults(url: str, revision: str) -> list[str]:
    """Why the database at `url` cannot be used as it is, a sentence each; `revision` is the one the code needs."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return ["database_url is not a database address such as sqlite:////var/lib/ihmiskauppa/ihmiskauppa.db."]
    if parsed.get_backend_name() not in {"sqlite", "postgresql", "postgres"}:
        return ["database_url must be sqlite or postgresql."]
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        return ["database_url names a database in memory, which keeps nothing."]
    try:
        engine = connect(url)
        with engine.connect() as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        engine.dispose()
    except SQLAlchemyError as fault:
        found, reason = None, type(fault).__name__
    else:
        reason = f"it is at revision {found}"
    return [] if found == revision else [f"The database is not ready ({reason}): run `ihmiskauppa migrate`."]


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    connection.execute("SET synchronous_commit TO on")  # whatever the server's default: thanked means kept
    connection.execute(f"SET lock_timeout TO '{LOCK_SECONDS}s'")  # the server's default is to wait for ever
    connection.commit()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {LOCK_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    # Taking the write lock at once: a transaction that reads first and writes later fails with "database is locked".
    reads_only = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


# SQLite lets one writer in and makes the others sleep and try again; a queue within the process is faster and fair.
_sqlite_writers = threading.Lock()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: committed, and on the disk, when the block ends. Raises `SQLAlchemyError`."""
    with _sqlite_turn() if engine.dialect.name == "sqlite" else nullcontext(), engine.begin() as connection:
        yield connection


@contextmanager
def _sqlite_turn() -> Iterator[None]:
    # Each in the queue may wait for another program's lock in its turn: without an end, the last would wait for all of them.
    if not _sqlite_writers.acquire(timeout=LOCK_SECONDS):
        raise SQLAlchemyTimeoutError("no turn to write")
    try:
        yield
    finally:
        _sqlite_writers.release()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads: in SQLite it waits for no writer."""
    with engine.connect() as connection:
        yield connection.execution_options(reads_only=True)


def hour(moment: datetime.datetime) -> datetime.datetime:
    """`moment` in UTC, to the hour: all we ever keep of when something arrived."""
    return moment.astimezone(datetime.UTC).replace(minute=0, second=0, microsecond=0)


def now() -> datetime.datetime:
    """The moment, in UTC."""
    return datetime.datetime.now(datetime.UTC)
