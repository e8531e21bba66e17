"""One checked client: it parses every HTML answer and holds it to what every page of the site must be."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import turbohtml
from turbohtml import Namespace, Text
from werkzeug.test import Client, TestResponse

from ihmiskauppa.public.gateway import Gateway
from ihmiskauppa.public.within import within

SPACE = "{http://www.w3.org/1999/xhtml}"
CHOSEN = {"checkbox", "radio", "file"}  # HTML allows them no `autocomplete` of their own: what the form says holds for them
LOADING = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src", "video": "src", "audio": "src"}


SPACES = {Namespace.HTML: SPACE, Namespace.SVG: "{http://www.w3.org/2000/svg}"}


@lru_cache(maxsize=4)
def _parsed(html: str) -> Element:
    """The tree, which nobody changes: the client checks an answer, and the test that asked for it reads the same one.

    What HTML (13.2.2) calls a parse error is refused.
    """
    return _as_tree(turbohtml.parse(html, strict=True, positions=False).select("html")[0])


def _as_tree(node: turbohtml.Element) -> Element:
    listed = {name: value if isinstance(value, str) else " ".join(value or ()) for name, value in node.attrs.items()}
    made, before = Element(SPACES[node.namespace] + node.tag, listed), None
    for child in node.children:
        if isinstance(child, turbohtml.Element):
            before = _as_tree(child)
            made.append(before)
        elif isinstance(child, Text) and before is None:
            made.text = (made.text or "") + child.text
        elif isinstance(child, Text) and before is not None:
            before.tail = (before.tail or "") + child.text
    return made


class Page:
    """A parsed HTML page."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.root = _parsed(html)

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements by tag and attributes (`class_`: one of the classes)."""
        return [element for element in self.root.iter(SPACE + tag) if _has(element, attributes)]

    def one(self, tag: str, **attributes: str) -> Element:
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} × {tag} {attributes}"
        return found[0]

    def text(self, element: Element | None = None) -> str:
        return " ".join("".join((self.root if element is None else element).itertext()).split())

    def everything(self) -> Iterator[Element]:
        yield from self.root.iter()

    @property
    def language(self) -> str:
        return self.root.get("lang", "")


def _has(element: Element, attributes: Mapping[str, str]) -> bool:
    for name, value in attributes.items():
        actual = element.get(name.rstrip("_").replace("_", "-"))
        if actual is None or (value not in actual.split() if name == "class_" else value != actual):
            return False
    return True


def check_page(page: Page) -> None:
    """What must be true of every page: structure, language, labels, nothing loaded from elsewhere, nothing inline."""
    assert len(page.all("h1")) == 1
    assert page.text(page.one("title"))
    assert page.language
    assert page.root.get("dir") in {"ltr", "rtl"}
    ids = [element.get("id") for element in page.everything() if element.get("id")]
    assert len(ids) == len(set(ids)), "ids are used twice"
    labelled = {label.get("for") for label in page.all("label")}
    assert all(form.get("autocomplete") == "off" for form in page.all("form"))
    for element in page.everything():
        tag = str(element.tag).removeprefix(SPACE)
        assert element.get("style") is None, tag
        assert not [name for name in element.attrib if str(name).startswith("on")], tag
        if tag in LOADING and element.get(LOADING[tag]):
            address = element.get(LOADING[tag], "")
            loads = tag != "link" or element.get("rel") not in {"canonical", "alternate"}
            assert not loads or (not urlsplit(address).netloc and urlsplit(address).scheme in {"", "data"}), address
        if tag in {"input", "select", "textarea"} and element.get("type") != "hidden":
            assert element.get("id") in labelled, element.attrib
            assert element.get("autocomplete") == (None if element.get("type") in CHOSEN else "off"), element.attrib
        if tag == "script":
            assert element.get("src"), "an inline script"
        for described in (element.get("aria-describedby") or "").split():
            assert described in ids, described
        fragment = element.get("href", "") if tag == "a" else ""
        if fragment.startswith("#"):
            assert fragment[1:] in ids, fragment
    body = page.one("body")
    links = list(body.iter(SPACE + "a"))
    assert links[0].get("href") == "#main"
    assert links[1].get("data-exit") is not None
    assert [a for a in links if (a.get("href") or "").startswith("tel:")]


class CheckedClient:
    """A test client whose every answer is checked."""

    def __init__(self, application: Gateway) -> None:
        self._client = Client(within(application), use_cookies=False)

    def open(self, path: str, **options: Any) -> TestResponse:
        answer = self._client.open(path, **options)
        assert "Set-Cookie" not in answer.headers
        for name in (
            *("Content-Security-Policy", "Referrer-Policy", "Cross-Origin-Resource-Policy", "X-Content-Type-Options"),
        ):
            assert len(answer.headers.getlist(name)) == 1, name
        if answer.mimetype == "text/html":
            assert len(answer.headers.getlist("Permissions-Policy")) == 1
            assert answer.headers.getlist("Cross-Origin-Opener-Policy") == ["same-origin"]
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers
        assert "Last-Modified" not in answer.headers
        assert "default-src 'none'; " in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        if answer.mimetype == "text/html" and answer.data and not answer.headers.get("Content-Encoding"):
            check_page(Page(answer.text))
        return answer

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="GET", **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="POST", **options)

    def page(self, path: str, **options: Any) -> Page:
        answer = self.get(path, **options)
        assert answer.status_code == 200, answer.status
        return Page(answer.text)
