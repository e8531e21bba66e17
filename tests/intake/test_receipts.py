"""Receipts: the same post is known again for a day and until it is counted; the database does not tell what was in it."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from ihmiskauppa.intake import receipts

NOW = datetime.datetime(2026, 11, 24, 13, 47, tzinfo=datetime.UTC)
NONCE = bytes(16)


def keep(engine: Engine, name: str, reference: str, now: datetime.datetime = NOW) -> None:
    with engine.begin() as connection:
        receipts.keep(connection, name, reference, now)


def find(engine: Engine, name: str) -> str | None:
    with engine.connect() as connection:
        return receipts.find(connection, name)


def test_a_receipt_is_found_again(engine: Engine) -> None:
    """The reference given for a digest is found under it, and under no other."""
    keep(engine, receipts.digest(NONCE, "a"), "00000001")
    assert find(engine, receipts.digest(NONCE, "a")) == "00000001"
    assert find(engine, receipts.digest(NONCE, "b")) is None


def test_a_digest_is_kept_once(engine: Engine) -> None:
    """A second receipt for the same digest is refused by the database, and the first stays."""
    keep(engine, "digest", "00000001")
    with pytest.raises(IntegrityError):
        keep(engine, "digest", "00000002")
    assert find(engine, "digest") == "00000001"


def count(engine: Engine, until: datetime.datetime) -> tuple[str, ...]:
    with engine.begin() as connection:
        found = receipts.uncounted(connection, until)
        assert receipts.count(connection, until) == len(found)
    return found


def test_counted_receipts_are_forgotten_after_a_day(engine: Engine) -> None:
    """A receipt is kept for 24 hours and is gone an hour later; younger ones stay."""
    keep(engine, "old", "00000001")
    keep(engine, "young", "00000002", NOW + datetime.timedelta(hours=12))
    assert count(engine, NOW + datetime.timedelta(hours=13)) == ("00000001", "00000002")
    assert receipts.forget(engine, NOW + datetime.timedelta(hours=24)) == 0
    assert find(engine, "old") == "00000001"
    assert receipts.forget(engine, NOW + datetime.timedelta(hours=25)) == 1
    assert find(engine, "old") is None
    assert find(engine, "young") == "00000002"


def test_a_receipt_waits_for_its_count(engine: Engine) -> None:
    """Uncounted, it is kept for a fortnight, and then forgotten all the same."""
    keep(engine, "waits", "00000001")
    assert receipts.forget(engine, NOW + datetime.timedelta(days=14)) == 0
    assert receipts.forget(engine, NOW + datetime.timedelta(days=14, hours=1)) == 1
    assert find(engine, "waits") is None


def test_references_are_counted_once_and_in_order_of_number(engine: Engine) -> None:
    """What arrived before a full hour is counted, sorted; what comes in that hour waits for the next count."""
    hour = NOW.replace(minute=0)
    for number, (reference, minutes) in enumerate((("30000000", -60), ("10000000", -1), ("20000000", 0))):
        keep(engine, str(number), reference, hour + datetime.timedelta(minutes=minutes))
    assert count(engine, hour) == ("10000000", "30000000")
    assert count(engine, hour) == ()
    keep(engine, "late", "00000000", hour - datetime.timedelta(hours=1))
    assert count(engine, hour + datetime.timedelta(hours=1)) == ("00000000", "20000000")


# printf '{}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:00000000000000000000000000000000
KNOWN = "22f8eea909400af98adf3681a9f31923ef6b7fcba4abb553d92823a3e9d5c25e"


def test_the_digest_is_hmac_sha_256() -> None:
    """The digest is HMAC-SHA-256 (RFC 2104) under the nonce."""
    assert receipts.digest(NONCE, "{}") == KNOWN


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16), st.text(st.characters(codec="utf-8")))
def test_another_nonce_makes_another_digest(first: bytes, second: bytes, answers: str) -> None:
    """Without the nonce of the page, the database cannot be asked whether some text was sent."""
    assert (receipts.digest(first, answers) == receipts.digest(second, answers)) == (first == second)
