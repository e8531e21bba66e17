"""Limits by source, without knowing who the source is."""

import datetime
import gc
from collections.abc import Callable

from ihmiskauppa.public.limits import source
from tests.client import Page
from tests.public.conftest import Site

DAY = datetime.date(2026, 11, 24)
FORM = "/sv/about/write-to-us/"


def test_a_source_has_another_name_every_day_and_under_every_key() -> None:
    """The name is stable within a day and says nothing across days or without the key."""
    name = source(b"k" * 32, "192.0.2.1", DAY)
    assert name == source(b"k" * 32, "192.0.2.1", DAY)
    assert name != source(b"k" * 32, "192.0.2.1", DAY + datetime.timedelta(days=1))
    assert name != source(b"x" * 32, "192.0.2.1", DAY)
    assert name != source(b"k" * 32, "192.0.2.2", DAY)
    assert "192" not in name


def test_an_ipv6_household_is_one_source() -> None:
    """Addresses within a /64 count together, others do not."""
    assert source(b"k", "2001:db8::1", DAY) == source(b"k", "2001:db8::ffff:1", DAY)
    assert source(b"k", "2001:db8::1", DAY) != source(b"k", "2001:db8:0:1::1", DAY)


def test_whoever_meets_the_limit_sees_how_long_and_loses_nothing(make_site: Callable[..., Site]) -> None:
    """429 with Retry-After, the minutes and the hotline on the page, the text kept; another source is not affected."""
    site = make_site(post_limits="2 per hour")
    for number in range(2):
        assert site.send(FORM, message=f"Viesti {number}").status_code == 200
    answer = site.send(FORM, message="Tredje meddelandet ❤")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    page = Page(answer.text)
    assert page.text(page.one("textarea", name="message")) == "Tredje meddelandet ❤"
    assert "60" in page.text(page.one("div", class_="ik-summary"))
    assert page.all("a", href="tel:+358295463177")
    elsewhere = site.client.post(
        FORM, data={"token": site.token(FORM), "message": "Från annat håll"}, environ_overrides={"REMOTE_ADDR": "192.0.2.9"}
    )
    assert elsewhere.status_code == 200


def test_no_address_is_kept_in_the_store(make_site: Callable[..., Site]) -> None:
    """After posts, the limiter's memory names sources by HMAC only."""
    from limits.storage import MemoryStorage

    site = make_site()
    data = {"token": site.token(FORM), "message": "hej"}
    assert site.client.post(FORM, data=data, environ_overrides={"REMOTE_ADDR": "192.0.2.77"}).status_code == 200
    stores = [thing for thing in gc.get_objects() if isinstance(thing, MemoryStorage)]
    kept = [str(key) for store in stores for key in [*store.storage, *store.events]]
    assert kept
    assert not [key for key in kept if "192.0.2.77" in key]
