"""What programs ask for at fixed addresses: robots.txt (RFC 9309), the sitemap, security.txt (RFC 9116)."""

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ihmiskauppa.pages.catalogue import HOME
from ihmiskauppa.public import inbox_key
from ihmiskauppa.public.documents import Document, Documents, FrameOf
from ihmiskauppa.public.editions import Edition
from ihmiskauppa.public.frame import Frame

ROBOTS: Final = "/robots.txt"
SITEMAP: Final = "/sitemap.xml"
SECURITY: Final = "/.well-known/security.txt"
PATHS: Final = (ROBOTS, SITEMAP, SECURITY)
TEXT: Final = "text/plain; charset=utf-8"
XML: Final = "application/xml; charset=utf-8"
# Sitemaps protocol 0.9, and the annotation of other languages within it.
_SPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XHTML: Final = "http://www.w3.org/1999/xhtml"


def documents(edition: Edition, frame_of: FrameOf) -> Documents:
    """The three files; a site that does not know its own address has no sitemap, which would consist of addresses."""
    home = frame_of(edition, next(iter(edition.languages.values())), HOME, "")
    made = {
        ROBOTS: Document(lambda: _robots(home), TEXT),
        SECURITY: Document(lambda: _security(edition, home), TEXT),
    }
    if home.public_url:
        made[SITEMAP] = Document(lambda: _sitemap(edition, frame_of), XML)
    return made


def _robots(home: Frame) -> str:
    if home.practice:
        return "User-agent: *\nDisallow: /\n"
    sitemap = f"\nSitemap: {home.public_url}{SITEMAP}\n" if home.public_url else ""
    return "User-agent: *\nDisallow:\n" + sitemap


def _security(edition: Edition, home: Frame) -> str:
    security = edition.security
    fields = [
        ("Contact", security.contact.href),
        ("Expires", f"{security.expires:%Y-%m-%dT%H:%M:%SZ}"),
        ("Preferred-Languages", ", ".join(security.languages)),
    ]
    if home.public_url:
        fields.append(("Canonical", home.public_url + SECURITY))
        if edition.inbox_keys:
            fields.append(("Encryption", home.public_url + inbox_key.FILE))
    return "".join(f"{name}: {value}\n" for name, value in fields)


def _sitemap(edition: Edition, frame_of: FrameOf) -> bytes:
    """Every page in the languages it really exists in, each with its translations."""
    root = Element("urlset", {"xmlns": _SPACE, "xmlns:xhtml": _XHTML})
    for frame in _indexed(edition, frame_of):
        url = SubElement(root, "url")
        SubElement(url, "loc").text = frame.canonical
        page = edition.catalogue.by_path.get(frame.path(frame.page_id))
        if page is not None:
            SubElement(url, "lastmod").text = page.changed
        for code, address in frame.alternates:
            SubElement(url, "xhtml:link", {"rel": "alternate", "hreflang": code, "href": address})
    indent(root)
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _indexed(edition: Edition, frame_of: FrameOf) -> Iterator[Frame]:
    for page_id in sorted(edition.catalogue.ids):
        for language in edition.catalogue.translations(page_id):
            yield frame_of(edition, language, page_id, "")
