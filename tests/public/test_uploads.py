"""Posts with files: bounds, the gate, the deadline, and what the visitor keeps."""

import io
import threading
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, ServiceUnavailable
from werkzeug.test import TestResponse

from ihmiskauppa.forms.files import FileLimits
from ihmiskauppa.public.pages import KeptPages
from ihmiskauppa.public.privacy import FormRequest
from ihmiskauppa.public.uploads import (
    DEADLINE,
    DRAINED,
    LONGEST_TEXT,
    MOST_LARGE,
    MOST_LARGE_PER_SOURCE,
    THREADS_FOR_PAGES,
    Gate,
    Posted,
    Refusal,
    Uploads,
    large_gate,
    reading_gate,
)
from tests.client import Page
from tests.public.conftest import Site, reference

LIMITS = FileLimits(most=5, each=10_000_000, together=15_000_000)
FORM = "/en/get-help/write-to-us/"


def body(text: dict[str, str], files: list[tuple[str, bytes]], field: str = "files") -> bytes:
    """A multipart body with boundary `b`, text first, as a browser sends our forms."""
    parts = [f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in text.items()]
    for name, content in files:
        head = f'--b\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        parts.append(head.encode() + b"Content-Type: image/jpeg\r\n\r\n" + content + b"\r\n")
    return b"".join(parts) + b"--b--\r\n"


def _read(content: bytes, uploads: Uploads | None = None, source: str = "s") -> Posted:
    reader = uploads or Uploads(LIMITS, large_gate(), reading_gate(64))
    return reader.read(io.BytesIO(content), b"b", len(content), source)


@given(st.lists(st.tuples(st.text("abcåä ", min_size=1), st.binary(max_size=300)), max_size=5), st.text(max_size=50))
def test_files_and_text_come_as_they_were_sent(files: list[tuple[str, bytes]], text: str) -> None:
    """Arbitrary bytes, boundaries' beginnings among them, are the same on the other side."""
    posted = _read(body({"message": text}, files))
    assert posted.refusal is None
    assert posted.text["message"] == text
    assert [(file.given_name, file.content) for file in posted.files.get("files", [])] == files


def test_a_field_where_nothing_was_chosen_is_no_file() -> None:
    """Browsers send an empty part without a name for it."""
    posted = _read(body({"message": "x"}, [("", b"")]))
    assert (posted.files, posted.file_names, posted.refusal) == ({}, [], None)


@pytest.mark.parametrize(
    "sizes", [[10_000_001], [8_000_000, 8_000_000], [1] * 6], ids=["one too large", "together too large", "too many"]
)
def test_too_much_is_refused_and_the_text_kept(sizes: list[int]) -> None:
    """All names are told, no file is kept, the text is there, and the whole body was read."""
    content = body({"message": "säily"}, [(f"{number}.jpg", b"x" * size) for number, size in enumerate(sizes)])
    stream = io.BytesIO(content)
    posted = Uploads(LIMITS, large_gate(), reading_gate(64)).read(stream, b"b", len(content), "s")
    assert posted.refusal is Refusal.TOO_LARGE
    assert posted.file_names == [f"{number}.jpg" for number in range(len(sizes))]
    assert posted.files == {}
    assert posted.text["message"] == "säily"
    assert stream.read() == b""


def test_exactly_the_limits_is_taken() -> None:
    """Five files, one of 10 MB, 15 MB together."""
    sizes = [10_000_000, 4_999_997, 1, 1, 1]
    posted = _read(body({}, [("a", b"x" * size) for size in sizes]))
    assert posted.refusal is None
    assert [len(file.content) for file in posted.files["files"]] == sizes


class _Endless(io.RawIOBase):
    """A body that never ends; counts what was read."""

    def __init__(self, start: bytes) -> None:
        self.start, self.taken = start, 0

    def read(self, size: int = -1) -> bytes:
        data = self.start[:size] or b"x" * size
        self.start = self.start[size:]
        self.taken += len(data)
        return data


def test_no_more_than_64_mb_are_read() -> None:
    """Of a body said to be 1 GB, 64 MB are thrown away; the text is kept."""
    stream = _Endless(body({"message": "säily"}, [("a.mp4", b"")]).removesuffix(b"\r\n--b--\r\n"))
    posted = Uploads(LIMITS, large_gate(), reading_gate(64)).read(stream, b"b", 10**9, "s")  # type: ignore[arg-type]
    assert posted.refusal is Refusal.TOO_LARGE
    assert posted.text["message"] == "säily"
    assert stream.taken == DRAINED


def test_a_late_body_is_let_go_and_its_text_kept() -> None:
    """Past the deadline no more is waited for."""
    clock: Iterator[float] = (step * DEADLINE / 10 for step in count())
    content = body({"message": "säily"}, [("a.jpg", b"x" * 5_000_000)])
    posted = Uploads(LIMITS, large_gate(), reading_gate(64), clock=lambda: next(clock)).read(
        io.BytesIO(content), b"b", len(content), "s"
    )
    assert posted.refusal is Refusal.LATE
    assert posted.text["message"] == "säily"


def test_the_gate_lets_eight_in_and_two_of_one_source() -> None:
    """Neither more in all nor more of one source; whoever leaves makes room; small bodies never come to the gate."""
    gate = large_gate()
    uploads = Uploads(LIMITS, gate, reading_gate(64))
    large, small = body({"message": "x"}, [("a.jpg", b"x" * 2_000_000)]), body({"message": "x"}, [("a.jpg", b"x" * 1000)])
    mine = [_read(large, uploads, "me") for _ in range(MOST_LARGE_PER_SOURCE + 1)]
    assert [posted.refusal for posted in mine] == [None, None, Refusal.BUSY]
    others = [_read(large, uploads, f"other {number}") for number in range(MOST_LARGE)]
    assert [posted.refusal for posted in others].count(None) == MOST_LARGE - MOST_LARGE_PER_SOURCE
    assert others[-1].text["message"] == "x"
    assert _read(small, uploads, "me").refusal is None
    assert _read(body({"message": "x" * 2_000_000}, []), uploads, "me").refusal is None
    uploads.release(mine[0])
    uploads.release(mine[0])
    assert _read(large, uploads, "late").refusal is None
    assert _read(large, uploads, "later").refusal is Refusal.BUSY


def test_the_gate_is_left_after_any_fault() -> None:
    """A large body that breaks off, or has too much text behind its file, holds no place."""
    gate = large_gate()
    uploads = Uploads(LIMITS, gate, reading_gate(64))
    broken = body({}, [("a.jpg", b"x" * 2_000_000)])[:-20]
    for _ in range(MOST_LARGE + 1):
        with pytest.raises(BadRequest):
            uploads.read(io.BytesIO(broken), b"b", len(broken) + 20, "me")
    much = body({}, [("a.jpg", b"x" * 2_000_000)]).removesuffix(b"--b--\r\n") + body({"late": "x" * (LONGEST_TEXT + 1)}, [])
    for _ in range(MOST_LARGE + 1):
        with pytest.raises(RequestEntityTooLarge):
            _read(much, uploads, "me")
    assert _read(body({}, [("a.jpg", b"x" * 2_000_000)]), uploads, "me").refusal is None


def _post(site: Site, text: dict[str, str], files: list[tuple[str, bytes]]) -> TestResponse:
    content = body({"token": site.token(FORM), **text}, files)
    return site.client.post(
        FORM,
        input_stream=io.BytesIO(content),
        content_type="multipart/form-data; boundary=b",
        headers={"Content-Length": str(len(content))},
    )


def test_files_are_taken_with_a_message(site: Site) -> None:
    """Two files and a text get one reference; the confirmation names none of them."""
    answer = _post(site, {"message": "with files"}, [("salaisuus.jpg", b"\xff\xd8\xff" + b"x" * 100), ("b.pdf", b"%PDF-1")])
    reference(answer)
    assert "salaisuus" not in answer.text


def test_too_large_files_get_an_answer_that_keeps_the_text(site: Site) -> None:
    """413, the text in its field, the files named, the limits told at the field and in the summary."""
    answer = _post(site, {"message": "säily ❤"}, [("iso<1>.mp4", b"x" * 10_000_001)])
    assert answer.status_code == 413
    page = Page(answer.text)
    assert page.text(page.one("textarea", name="message")) == "säily ❤"
    field = page.one("input", name="files")
    assert field.get("aria-invalid") == "true"
    assert "10 MB" in page.text(page.one("p", id="files-fault"))
    assert "iso_1_.mp4" in page.text()
    assert page.one("div", class_="ik-summary")
    assert page.all("a", href="tel:+358295463177")


def test_an_empty_file_is_told(site: Site) -> None:
    """A file with nothing in it is no evidence: the visitor hears of it before relying on it."""
    answer = _post(site, {"message": "x"}, [("tyhjä.jpg", b"")])
    assert answer.status_code == 422
    page = Page(answer.text)
    assert "tyhjä.jpg" in page.text(page.one("p", id="files-fault"))


def test_another_fault_asks_to_choose_the_files_again(site: Site) -> None:
    """Beside a wrong telephone number, the files that came are named, since no page can put them back."""
    answer = _post(site, {"message": "x", "may_contact": "yes", "telephone": "abc"}, [("kuva.jpg", b"\xff\xd8\xff1")])
    assert answer.status_code == 422
    page = Page(answer.text)
    assert "kuva.jpg" in page.text(page.one("div", class_="ik-notice"))
    assert page.one("input", name="files").get("aria-invalid") is None


def test_text_never_waits_behind_uploads(make_site: Callable[..., Site]) -> None:
    """With every place at the gate taken, a text is stored at once; a large upload is asked to wait, its text kept."""
    site = make_site()
    gate = _gate(site)
    for number in range(MOST_LARGE):
        assert gate.enter(f"somebody {number}")
    reference(site.send(FORM, message="only text"))
    answer = _post(site, {"message": "säily"}, [("a.mp4", b"x" * 2_000_000)])
    assert answer.status_code == 429
    page = Page(answer.text)
    assert page.text(page.one("textarea", name="message")) == "säily"
    for number in range(MOST_LARGE):
        gate.leave(f"somebody {number}")
    reference(_post(site, {"message": "säily"}, [("a.mp4", b"x" * 2_000_000)]))
    assert gate.enter("anybody")


def _gate(site: Site) -> Gate:
    assert isinstance(site.application, KeptPages)
    request_class = site.application.flask.request_class
    assert issubclass(request_class, FormRequest)
    return request_class.uploads.gate


def test_the_same_files_again_are_the_same_message(site: Site) -> None:
    """Files count among the answers: the same post again is one message, one other byte makes another."""
    token = site.token(FORM)

    def post(content: bytes) -> str:
        sent = body({"token": token, "message": "same"}, [("a.jpg", content)])
        return reference(
            site.client.post(
                FORM,
                input_stream=io.BytesIO(sent),
                content_type="multipart/form-data; boundary=b",
                headers={"Content-Length": str(len(sent))},
            )
        )

    first = post(b"one")
    assert post(b"one") == first
    assert post(b"two") != first


def test_large_files_from_several_threads_are_all_taken(site: Site) -> None:
    """Four uploads of 6 MB from four sources at once, two sealed at a time, each gets its reference."""
    answers: list[int] = []

    def one(number: int) -> None:
        content = body({"token": token, "message": f"upload {number}"}, [("a.jpg", bytes([number]) * 6_000_000)])
        answer = site.client.post(
            FORM,
            input_stream=io.BytesIO(content),
            content_type="multipart/form-data; boundary=b",
            headers={"Content-Length": str(len(content))},
            environ_overrides={"REMOTE_ADDR": f"192.0.2.{number}"},
        )
        answers.append(answer.status_code)

    token = site.token(FORM)
    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [200] * 4


def test_bodies_being_read_never_take_the_threads_of_the_pages() -> None:
    """Six of one source, and all but sixteen threads in all; whoever is turned away is told so at once."""
    gate = reading_gate(32)
    reader = Uploads(LIMITS, large_gate(), gate)
    assert [gate.enter("one") for _ in range(7)] == [True] * 6 + [False]
    assert [gate.enter(f"other {number}") for number in range(32 - THREADS_FOR_PAGES)].count(True) == 32 - THREADS_FOR_PAGES - 6
    with pytest.raises(ServiceUnavailable):
        _read(body({"message": "x"}, []), reader, "another")
    gate.leave("one")
    assert _read(body({"message": "x"}, []), reader, "another").text["message"] == "x"
    assert _read(body({"message": "x"}, []), reader, "another").text["message"] == "x"
