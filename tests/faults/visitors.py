"""Visitors of a running copy, over HTTP, and what its answers tell them: whether they were thanked, and whether it is true."""

import http.client
import re
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.client import SPACE, Page, check_page
from tests.copies import Copy

FORM = "/en/about/write-to-us/"
PAGE = "/en/get-help/use-this-site-safely/"
PATIENCE = 60  # seconds until a visitor gives up


@dataclass(frozen=True)
class Answer:
    """An answer of the site, and how many seconds it took."""

    status: int
    html: str
    seconds: float

    @property
    def reference(self) -> str:
        """The code it thanks with; "" if it does not."""
        found = re.search(r"data-reference><span>(\d{4})</span><span>(\d{4})", self.html)
        return found[1] + found[2] if found else ""

    @property
    def token(self) -> str:
        """The token of the form it shows; "" if it shows none."""
        found = re.search(r'name="token" value="([^"]+)"', self.html)
        return found[1] if found else ""


def ask(port: int, path: str = FORM, fields: dict[str, str] | None = None) -> Answer:
    """GET `path`, or with `fields` post them as a browser does. Raises `OSError` or `HTTPException` without an answer."""
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        if fields is None:
            connection.request("GET", path)
        else:
            parts = (f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items())
            body = "".join(parts) + "--b--\r\n"
            connection.request("POST", path, body.encode(), {"Content-Type": "multipart/form-data; boundary=b"})
        answer = connection.getresponse()
        return Answer(answer.status, answer.read().decode(), time.monotonic() - begun)
    finally:
        connection.close()


@dataclass(frozen=True)
class Visitor:
    """Someone who has the form open, and may send it again and again."""

    port: int
    token: str

    def send(self, text: str) -> Answer:
        """Send `text`; the answer either thanks, or says that nothing was sent and still holds the text. Fails on any other."""
        answer = ask(self.port, FORM, {"token": self.token, "message": text})
        page = Page(answer.html)
        check_page(page)
        if answer.reference:
            assert answer.status == 200
            assert page.text(page.one("h1")) == "Your message was sent"
            return answer
        assert answer.status == 503, (answer.status, answer.html)
        trouble = page.one("div", id="faults")
        assert page.text(trouble).startswith("Your message was not sent")
        assert [link for link in trouble.iter(SPACE + "a") if link.get("href", "").startswith("tel:")], "no hotline"
        assert page.one("textarea", name="message").text == text, "the text is lost"
        assert answer.token == self.token, "the page cannot be sent again as the same one"
        return answer

    def send_all(self, texts: Iterable[str], at_once: int = 8) -> list[Answer]:
        """Send every text, some of them at once; the answers in the order of the texts."""
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(self.send, texts))


def visit(copy: Copy) -> Visitor:
    """Open the form, and read it for a second: nobody is faster."""
    port = int(copy.environment["PORT"])
    opened = ask(port)
    assert opened.status == 200
    time.sleep(1.05)
    return Visitor(port, opened.token)


def form_is_closed(copy: Copy) -> bool:
    """Whether the form says, before anything is typed, that writing does not work; it then gives the hotline and no field."""
    answer = ask(int(copy.environment["PORT"]))
    if answer.status == 200:
        return False
    page = Page(answer.html)
    check_page(page)
    assert answer.status == 503
    assert page.text(page.one("h1")) == "Writing to us does not work at the moment"
    assert page.all("form", data_form="contact") == []
    return True


def pages_are_up(copy: Copy) -> bool:
    """Whether an information page and the choice of languages come, and soon."""
    answers = [ask(int(copy.environment["PORT"]), path) for path in (PAGE, "/")]
    return all(answer.status == 200 and answer.seconds < 5 for answer in answers)
