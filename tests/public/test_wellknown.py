"""What programs ask for at fixed addresses: right types, only what may be indexed, dates that hold."""

import datetime
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ihmiskauppa.pages import security
from ihmiskauppa.pages.security import SecurityError
from ihmiskauppa.public import wellknown
from ihmiskauppa.public.editions import load
from tests.crawl import Crawl
from tests.public.conftest import Site

MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
LINK = "{http://www.w3.org/1999/xhtml}link"
ORIGIN = "https://site.example"


def _fields(site: Site) -> dict[str, str]:
    answer = site.client.get(wellknown.SECURITY)
    assert answer.content_type == wellknown.TEXT
    return dict(line.split(": ", 1) for line in answer.text.splitlines())


def test_robots_may_read_the_site_but_no_practice_copy(site: Site, make_site: Callable[..., Site]) -> None:
    """In production everything and the way to the sitemap; in practice nothing."""
    answer = site.client.get(wellknown.ROBOTS)
    assert answer.content_type == wellknown.TEXT
    assert answer.text == f"User-agent: *\nDisallow:\n\nSitemap: {ORIGIN}/sitemap.xml\n"
    assert make_site(mode="practice").client.get(wellknown.ROBOTS).text == "User-agent: *\nDisallow: /\n"


def test_the_sitemap_has_what_says_of_itself_that_it_may_be_indexed(crawled: Crawl) -> None:
    """Each address is one page's own canonical address, with all its real translations, which name each other; no fallback."""
    answer = crawled.client.get(wellknown.SITEMAP)
    assert answer.content_type == wellknown.XML
    urls = {url.findtext(f"{MAP}loc", ""): url for url in ElementTree.fromstring(answer.data)}  # noqa: S314 - our own
    for address, url in urls.items():
        page = crawled.pages[address.removeprefix(ORIGIN)].page
        assert not page.all("meta", name="robots"), address
        assert page.one("link", rel="canonical").get("href") == address
        assert not [link for link in page.all("link", rel="alternate") if link.get("hreflang")], "the map does"
        told = _told(url)
        default = told.pop("x-default")
        assert address in told.values()
        assert default == ORIGIN + "/" or default in told.values()
        assert all(_told(urls[other]) == _told(url) for other in told.values())
    for shown in crawled.edition.catalogue.pages():
        assert (ORIGIN + shown.path in urls) is not shown.fallback, shown.path
        if not shown.fallback:
            assert urls[ORIGIN + shown.path].findtext(f"{MAP}lastmod") == shown.changed


def _told(url: ElementTree.Element) -> dict[str, str]:
    """The addresses of a page's translations, by language."""
    return {link.get("hreflang", ""): link.get("href", "") for link in url.iter(LINK)}


def test_security_txt_names_the_contact_and_an_end(site: Site) -> None:
    """RFC 9116: contact and end once each, the end less than a year after somebody looked."""
    fields = _fields(site)
    edition = site.edition
    assert fields["Contact"] == edition.contacts["mailbox"].href
    assert fields["Canonical"] == ORIGIN + wellknown.SECURITY
    assert fields["Preferred-Languages"] == "fi, sv, en"
    assert fields["Encryption"] == f"{ORIGIN}/inbox-key.asc"
    ends = datetime.datetime.fromisoformat(fields["Expires"])
    assert datetime.timedelta() < ends.date() - edition.security.checked < datetime.timedelta(days=365)


def test_without_a_usable_key_none_is_named(make_site: Callable[..., Site]) -> None:
    """Who follows `Encryption` finds a key that can be used, or there is no such line."""
    assert "Encryption" not in _fields(make_site(inbox_keys=()))


def test_a_start_warns_thirty_days_before_the_end(site: Site) -> None:
    """Silent until then."""
    told = site.edition.security
    assert told.warnings(told.expires - datetime.timedelta(days=31)) == []
    assert len(told.warnings(told.expires - datetime.timedelta(days=29))) == 1


@pytest.mark.parametrize(
    ("found", "put"),
    [('"mailbox"', '"hotline"'), ('"mailbox"', '"nobody"'), ('["fi", "sv", "en"]', '["tlh"]'), ("checked", "looked")],
)
def test_a_broken_file_stops_the_start(site: Site, content_copy: Path, found: str, put: str) -> None:
    """With the file's name."""
    file = content_copy / security.FILE
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("contact =")] + text[text.index("contact =") :].replace(found, put), encoding="utf-8")
    with pytest.raises(SecurityError, match=r"security\.toml"):
        load(replace(site.configuration, content_folder=content_copy))
