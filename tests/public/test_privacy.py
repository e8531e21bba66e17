"""Headers, the origin of posts, and requests that stay in memory."""

import io

import pytest
from flask import Request

from ihmiskauppa.public.privacy import InMemoryRequest
from ihmiskauppa.public.uploads import LONGEST_TEXT
from tests.client import Page
from tests.public.conftest import Site

FORM = "/en/about/write-to-us/"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Origin": "null"}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "https://attacker.example"}, 403),
        ({"Origin": "http://localhost.attacker.example"}, 403),
        ({"Origin": "http://["}, 403),
        ({}, 200),
    ],
)
def test_posts_from_other_sites_are_refused(site: Site, headers: dict[str, str], status: int) -> None:
    """Fetch Metadata decides where it is sent, the origin elsewhere; `null` is our own form under no-referrer."""
    data = {"token": site.token(FORM), "message": f"hello {headers}"}
    answer = site.client.post(FORM, data=data, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert Page(answer.text).all("a", href="tel:+358295463177")


def test_no_part_of_a_request_touches_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file part of 3 MB stays in memory, where Werkzeug's own class opens a temporary file."""
    opened: list[str] = []

    def watched(*_arguments: object, **_options: object) -> io.BytesIO:
        opened.append("a temporary file")
        return io.BytesIO()

    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", watched)
    content = b"x" * 3_000_000
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n' + content + b"\r\n--b--\r\n"
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "multipart/form-data; boundary=b",
        "CONTENT_LENGTH": str(len(body)),
    }
    ours = InMemoryRequest({**environ, "wsgi.input": io.BytesIO(body)})
    assert ours.files["file"].read() == content
    assert not opened
    assert Request({**environ, "wsgi.input": io.BytesIO(body)}).files["file"]
    assert opened, "the test no longer watches what Werkzeug opens"


def test_a_post_over_the_bound_gets_a_page(site: Site) -> None:
    """413 in the visitor's language, with the hotline; neither multipart nor urlencoded bodies get through."""
    long = b"x" * (LONGEST_TEXT + 1)
    urlencoded = b"message=" + long
    multipart = b'--b\r\nContent-Disposition: form-data; name="message"\r\n\r\n' + long + b"\r\n--b--\r\n"
    for kind, body in (("multipart/form-data; boundary=b", multipart), ("application/x-www-form-urlencoded", urlencoded)):
        answer = site.client.post(FORM, data=body, content_type=kind)
        assert answer.status_code == 413
        page = Page(answer.text)
        assert page.language == "en"
        assert page.all("a", href="tel:+358295463177")


def test_a_text_far_over_the_limit_is_kept(site: Site) -> None:
    """Half a million characters are answered at the field, every one of them still there."""
    count = 500_000
    answer = site.client.post(FORM, data="message=" + "%C3%A4" * count, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422
    assert answer.text.partition("<textarea")[2].count("ä") == count


def test_half_a_message_is_none(site: Site) -> None:
    """A body that broke off on the way is not taken as if it were whole, in either encoding of forms."""
    urlencoded = f"token={site.token(FORM)}&message=truncated".encode()
    multipart = b'--b\r\nContent-Disposition: form-data; name="message"\r\n\r\ntrunc'
    for kind, content in (("application/x-www-form-urlencoded", urlencoded), ("multipart/form-data; boundary=b", multipart)):
        answer = site.client.post(
            FORM,
            input_stream=io.BytesIO(content),
            content_type=kind,
            environ_overrides={"CONTENT_LENGTH": str(len(content) + 500)},
        )
        assert answer.status_code == 400
        assert "data-reference" not in answer.text
