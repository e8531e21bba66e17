"""Limits by source, without knowing who the source is."""

import datetime
import gc
import tempfile
from collections.abc import Callable
from dataclasses import replace

import redis
from limits.storage import MemoryStorage

from ihmiskauppa.app import build_public_app
from ihmiskauppa.public.limits import source, store_faults
from tests.client import CheckedClient, Page
from tests.copies import free_port
from tests.public.conftest import Site
from tests.servers import redis_server

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
    site = make_site()
    data = {"token": site.token(FORM), "message": "hej"}
    assert site.client.post(FORM, data=data, environ_overrides={"REMOTE_ADDR": "192.0.2.77"}).status_code == 200
    stores = [thing for thing in gc.get_objects() if isinstance(thing, MemoryStorage)]
    kept = [str(key) for store in stores for key in [*store.storage, *store.events]]
    assert kept
    assert not [key for key in kept if "192.0.2.77" in key]


def _post_from(site: Site, headers: dict[str, str], number: int) -> int:
    data = {"token": site.token(FORM), "message": f"hej {number} {headers}"}
    return site.client.post(FORM, data=data, headers=headers).status_code


def test_trusted_proxies_tell_sources_apart(make_site: Callable[..., Site]) -> None:
    """With one trusted hop the last forwarded address counts; what the visitor wrote before it does not; https is seen."""
    site = make_site(post_limits="2 per hour", trusted_proxies=1)
    for number in range(2):
        assert _post_from(site, {"X-Forwarded-For": f"203.0.113.{number}, 192.0.2.1"}, number) == 200
    assert _post_from(site, {"X-Forwarded-For": "203.0.113.9, 192.0.2.1"}, 3) == 429
    assert _post_from(site, {"X-Forwarded-For": "192.0.2.2"}, 4) == 200
    assert "Strict-Transport-Security" in site.client.get("/fi/", headers={"X-Forwarded-Proto": "https"}).headers


def test_without_trusted_proxies_forwarded_headers_are_nothing(make_site: Callable[..., Site]) -> None:
    """A visitor cannot become another source by writing a header."""
    site = make_site(post_limits="1 per hour")
    assert _post_from(site, {"X-Forwarded-For": "192.0.2.1"}, 1) == 200
    assert _post_from(site, {"X-Forwarded-For": "192.0.2.2"}, 2) == 429
    assert "Strict-Transport-Security" not in site.client.get("/fi/", headers={"X-Forwarded-Proto": "https"}).headers


def test_over_the_onion_service_there_is_no_limit_by_address(make_site: Callable[..., Site]) -> None:
    """All come from loopback there; the same host claimed through the proxy changes nothing."""
    onion = "a" * 56 + ".onion"
    site = make_site(post_limits="1 per hour", onion_host=onion, trusted_proxies=1)
    assert [_post_from(site, {"Host": onion}, number) for number in range(4)] == [200] * 4
    claimed = {"Host": onion, "X-Forwarded-For": "192.0.2.5"}
    assert [_post_from(site, claimed, number) for number in (10, 11)] == [200, 429]


def test_redis_counts_for_all_processes(make_site: Callable[..., Site], redis_url: str) -> None:
    """Two sites with one store count together; the store has no address and not the day's key in it."""
    one = make_site(post_limits="2 per hour", limiter_store=redis_url)
    shared = replace(one.configuration)
    other = CheckedClient(build_public_app(shared, watch=False))
    data = {"token": one.token(FORM)}
    for client, number in ((one.client, 1), (other, 2)):
        answer = client.post(FORM, data={**data, "message": str(number)}, environ_overrides={"REMOTE_ADDR": "192.0.2.99"})
        assert answer.status_code == 200
    last = one.client.post(FORM, data={**data, "message": "3"}, environ_overrides={"REMOTE_ADDR": "192.0.2.99"})
    assert last.status_code == 429
    with redis.Redis.from_url(redis_url) as client:
        names = [name.decode() for name in client.scan_iter("*")]
    key = one.configuration.form_token_keys()[0]
    assert names
    assert not [name for name in names if "192.0.2.99" in name or key.hex() in name]


def test_a_store_that_goes_away_locks_nobody_out(make_site: Callable[..., Site]) -> None:
    """While Redis is down, messages are taken, and each process counts by itself."""
    with redis_server() as url:
        site = make_site(post_limits="3 per hour", limiter_store=url)
        assert _post_from(site, {}, 1) == 200
    assert [_post_from(site, {}, number) for number in (2, 3, 4, 5)] == [200, 200, 200, 429]


def test_a_store_that_writes_to_a_disk_is_refused(redis_url: str) -> None:
    """In memory passes; snapshots, an append-only file, or no answer do not."""
    assert store_faults("memory://") == []
    assert store_faults(redis_url) == []
    with redis_server("--save", "60 1") as url:
        assert "writes to a disk" in store_faults(url)[0]
    with tempfile.TemporaryDirectory() as folder, redis_server("--appendonly", "yes", "--dir", folder) as url:
        assert "writes to a disk" in store_faults(url)[0]
    assert "cannot be asked" in store_faults(f"redis://127.0.0.1:{free_port()}/0")[0]
