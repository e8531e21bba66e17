"""The database: how SQLite is told to keep what it was given, and migrations that give what the code expects."""

import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

import ihmiskauppa.feedback.counts
import ihmiskauppa.intake.alerts
import ihmiskauppa.intake.daily_count
import ihmiskauppa.intake.outbox
import ihmiskauppa.intake.receipts
import ihmiskauppa.materials.orders  # noqa: F401 - all bring their tables into the metadata
from ihmiskauppa import cli, database

TABLES = {
    *("outbox", "last_delivery", "receipts", "alerts", "daily_counts", "feedback_counts", "feedback_taken"),
    *("material_stock", "material_movements", "material_orders", "material_order_lines"),
}


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'x.db'}"


@pytest.mark.parametrize(
    ("name", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("secure_delete", 1), ("busy_timeout", 10_000)]
)
def test_sqlite_keeps_what_it_was_given(tmp_path: Path, name: str, value: object) -> None:
    """Every connection syncs each commit to the disk, overwrites what it deletes, and waits for its turn."""
    engine = database.connect(url(tmp_path))
    connections = [engine.raw_connection(), engine.raw_connection()]
    for connection in connections:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA {name}")
        assert cursor.fetchone() == (value,)
        connection.close()
    engine.dispose()


def test_a_transaction_takes_the_write_lock_at_once(tmp_path: Path) -> None:
    """A second writer waits at its BEGIN; it cannot read first and then fail to write."""
    first, second = database.connect(url(tmp_path)), database.connect(url(tmp_path))
    with first.begin() as one:
        one.execute(text("CREATE TABLE x (y INTEGER)"))
    raw = second.raw_connection()
    with first.begin() as one:
        one.execute(text("SELECT * FROM x"))
        raw.cursor().execute("PRAGMA busy_timeout = 0")
        with pytest.raises(Exception, match="database is locked"):
            raw.cursor().execute("BEGIN IMMEDIATE")
    raw.cursor().execute("BEGIN IMMEDIATE")
    raw.close()
    first.dispose()
    second.dispose()


def test_a_failed_statement_hides_its_values(tmp_path: Path) -> None:
    """What the database refuses is not repeated in the exception."""
    engine = database.connect(url(tmp_path))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE x (y TEXT UNIQUE)"))
        connection.execute(text("INSERT INTO x VALUES (:y)"), {"y": "canary"})
    with engine.begin() as connection, pytest.raises(IntegrityError) as caught:
        connection.execute(text("INSERT INTO x VALUES (:y)"), {"y": "canary"})
    assert "canary" not in str(caught.value)
    engine.dispose()


def test_migrating_an_empty_database_gives_exactly_the_metadata(tmp_path: Path) -> None:
    """Alembic would have nothing to add; checks, which it does not compare, are compared by hand."""
    cli.migrate_database(url(tmp_path))
    engine = database.connect(url(tmp_path))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": database.Base.metadata}
        )
        assert compare_metadata(context, database.Base.metadata) == []
    (tmp_path / "made").mkdir()
    made = database.connect(url(tmp_path / "made"))
    database.Base.metadata.create_all(made)
    migrated, expected = inspect(engine), inspect(made)
    assert set(expected.get_table_names()) == TABLES
    assert set(migrated.get_table_names()) == TABLES | {"alembic_version"}
    for table in TABLES:
        assert migrated.get_check_constraints(table) == expected.get_check_constraints(table)
        assert migrated.get_unique_constraints(table) == expected.get_unique_constraints(table)
        assert migrated.get_pk_constraint(table) == expected.get_pk_constraint(table)
        assert migrated.get_indexes(table) == expected.get_indexes(table)
        assert [(c["name"], str(c["type"]), c["nullable"]) for c in migrated.get_columns(table)] == [
            (c["name"], str(c["type"]), c["nullable"]) for c in expected.get_columns(table)
        ]
    assert migrated.get_check_constraints("outbox")
    engine.dispose()
    made.dispose()


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    """An operator may run it as often as they like."""
    cli.migrate_database(url(tmp_path))
    engine = database.connect(url(tmp_path))
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO last_delivery (id, hour) VALUES (1, 5)"))
    cli.migrate_database(url(tmp_path))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT hour FROM last_delivery")).scalars().all() == [5]
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == ["0005"]
    engine.dispose()


def test_the_hour_is_all_that_is_kept_of_a_moment() -> None:
    """Minutes and seconds go, and the hour is that of UTC, whatever the zone."""
    helsinki = datetime.timezone(datetime.timedelta(hours=2))
    moment = datetime.datetime(2026, 11, 24, 1, 59, 58, 999, tzinfo=helsinki)
    assert database.hour(moment) == datetime.datetime(2026, 11, 23, 23, tzinfo=datetime.UTC)
    assert database.hour(moment).tzinfo is datetime.UTC


def test_now_knows_its_zone() -> None:
    """The moment is in UTC and says so."""
    assert abs(database.now() - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(seconds=5)


@pytest.mark.parametrize("server", ["sqlite", "postgresql"])
def test_migrations_keep_what_is_there(request: pytest.FixtureRequest, tmp_path: Path, server: str) -> None:
    """A message, a receipt and a delivery from the first revision are there after every later one."""
    address = url(tmp_path) if server == "sqlite" else request.getfixturevalue("postgresql").create()
    cli.migrate_database(address, "0001")
    engine = database.connect(address)
    with engine.begin() as connection:
        columns = "message_id, payload, state, due, lease, arrived, attempts, code"
        connection.execute(
            text(f"INSERT INTO outbox ({columns}) VALUES ('<a@b>', :p, 'waiting', 0, '', 9, 0, 0)"), {"p": b"sealed"}
        )
        connection.execute(text("INSERT INTO receipts VALUES ('d', '12345678', 9)"))
        connection.execute(text("INSERT INTO last_delivery (id, hour) VALUES (1, 5)"))
    engine.dispose()
    cli.migrate_database(address)
    engine = database.connect(address)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT payload FROM outbox")).scalar() == b"sealed"
        assert tuple(connection.execute(text("SELECT * FROM receipts")).one()) == ("d", "12345678", 9, 0)
        assert tuple(connection.execute(text("SELECT * FROM alerts")).one()) == (1, "{}", 0, 0, 0)
        assert tuple(connection.execute(text("SELECT * FROM last_delivery")).one()) == (1, 5, 0)
        assert compare_metadata(MigrationContext.configure(connection), database.Base.metadata) == []
    engine.dispose()
