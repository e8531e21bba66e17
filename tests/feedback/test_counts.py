"""Counts by day in both databases: added up, whoever comes at the same moment, and nothing beside them."""

import datetime
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from ihmiskauppa import database
from ihmiskauppa.feedback import counts
from ihmiskauppa.feedback.counts import CountRow, TakenRow
from ihmiskauppa.feedback.questionnaire import Tally

DAY = datetime.date(2026, 11, 24)
YES, NO, PHONE = Tally("found", "yes"), Tally("found", "no"), Tally("device", "phone")


def add(engine: Engine, *tallies: Tally, nonce: bytes = b"", day: datetime.date = DAY) -> None:
    with database.writing(engine) as connection:
        counts.add(connection, nonce or secrets.token_bytes(16), tallies, day)


def found(engine: Engine, first: datetime.date = DAY, last: datetime.date = DAY) -> dict[Tally, int]:
    with database.reading(engine) as connection:
        return {total.tally: total.count for total in counts.totals(connection, first, last)}


def test_answers_are_added_up_by_day_and_question(engine: Engine) -> None:
    """Each answer by itself; other days stand by themselves; a period is their sum."""
    add(engine, YES, PHONE)
    add(engine, YES)
    add(engine, NO, PHONE)
    add(engine, YES, day=DAY + datetime.timedelta(days=1))
    assert found(engine) == {YES: 2, NO: 1, PHONE: 2}
    assert found(engine, DAY, DAY + datetime.timedelta(days=1)) == {YES: 3, NO: 1, PHONE: 2}
    assert found(engine, DAY - datetime.timedelta(days=9), DAY - datetime.timedelta(days=1)) == {}


def test_the_same_page_is_counted_once(engine: Engine) -> None:
    """A reload counts nothing, nor does the same page with other answers, even on the next day; another page does."""
    nonce = secrets.token_bytes(16)
    add(engine, YES, nonce=nonce)
    add(engine, YES, nonce=nonce)
    add(engine, NO, nonce=nonce, day=DAY + datetime.timedelta(days=1))
    assert found(engine, DAY, DAY + datetime.timedelta(days=1)) == {YES: 1}
    add(engine, YES)
    assert found(engine) == {YES: 2}


def test_pages_that_were_counted_are_forgotten(engine: Engine) -> None:
    """Two days later the next answer leaves nothing of them but the counts."""
    add(engine, YES)
    add(engine, YES, day=DAY + datetime.timedelta(days=2))
    with engine.connect() as connection:
        assert connection.execute(select(TakenRow.day)).scalars().all() == [DAY + datetime.timedelta(days=2)]
    assert found(engine) == {YES: 1}


def test_nobody_is_lost_or_doubled_at_the_same_moment(engine: Engine) -> None:
    """Two hundred answers from eight threads, in opposite orders, each sent twice: every one is counted once."""
    tallies = [Tally(f"item{number}", str(number % 5 + 1)) for number in range(10)]
    nonces = [secrets.token_bytes(16) for _ in range(200)]

    def send(number: int) -> None:
        order = tallies if number % 2 else tallies[::-1]
        add(engine, *order, nonce=nonces[number % len(nonces)])

    with ThreadPoolExecutor(8) as visitors:
        list(visitors.map(send, range(2 * len(nonces))))
    assert found(engine) == dict.fromkeys(tallies, len(nonces))


def test_what_is_rolled_back_is_not_counted(engine: Engine) -> None:
    """If what belongs to the answer cannot be stored, the answer is not counted, and may come again."""
    nonce = secrets.token_bytes(16)

    def fail() -> None:
        with database.writing(engine) as connection:
            counts.add(connection, nonce, [YES], DAY)
            connection.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(SQLAlchemyError):
        fail()
    assert found(engine) == {}
    add(engine, YES, nonce=nonce)
    assert found(engine) == {YES: 1}


def test_the_tables_hold_nothing_else(engine: Engine) -> None:
    """Day, question, answer and count; digest and day. No time, no order: SQLite keeps no row numbers for them."""
    assert {column["name"] for column in inspect(engine).get_columns("feedback_counts")} == set(
        CountRow.__table__.columns.keys()
    )
    assert set(CountRow.__table__.columns.keys()) == {"day", "question", "answer", "count"}
    assert {column["name"] for column in inspect(engine).get_columns("feedback_taken")} == {"digest", "day"}
    if engine.dialect.name == "sqlite":
        for table in ("feedback_counts", "feedback_taken"):
            with engine.connect() as connection, pytest.raises(SQLAlchemyError, match="no such column: rowid"):
                connection.execute(text(f"SELECT rowid FROM {table}"))


def test_the_nonce_is_not_in_the_database(engine: Engine) -> None:
    """What stands in the visitor's page is kept as a digest only."""
    nonce = bytes(range(16))
    add(engine, YES, nonce=nonce)
    with engine.connect() as connection:
        (digest,) = connection.execute(select(TakenRow.digest)).scalars()
    # printf '\x00\x01…\x0f' | sha256sum
    assert digest == "be45cb2605bf36bebde684841a28f0fd43c69850a3dce5fedba69928ee3a8991"


def test_scores_stand_in_order_of_size(engine: Engine) -> None:
    """5 before 72.5 before 100, questions by name."""
    add(engine, Tally("sus", "100"), Tally("sus", "72.5"), Tally("sus", "5"), PHONE)
    assert list(found(engine)) == [PHONE, Tally("sus", "5"), Tally("sus", "72.5"), Tally("sus", "100")]


def test_a_day_is_one_of_finland() -> None:
    """Late in the evening in UTC, tomorrow has begun here."""
    assert counts.day_of(datetime.datetime(2026, 11, 24, 21, 59, tzinfo=datetime.UTC)) == DAY
    assert counts.day_of(datetime.datetime(2026, 11, 24, 22, 0, tzinfo=datetime.UTC)) == DAY + datetime.timedelta(days=1)
