"""Posts with files: bounds, the gate, the deadline, and what the visitor keeps."""

import io
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest, HTTPException, LengthRequired, RequestEntityTooLarge
from werkzeug.test import TestResponse

from ihmiskauppa.forms.files import FileLimits
from ihmiskauppa.public.uploads import (
    DRAINED,
    LONGEST_TEXT,
    MOST_LARGE,
    MOST_LARGE_PER_SOURCE,
    MOST_UNPARSED,
    Gate,
    MultipartBody,
    Posted,
    Refusal,
    body_of,
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


def _taken(content: bytes, gate: Gate | None = None, source: str = "s", length: int | None = None) -> MultipartBody:
    """The body `content`, all of it received, in pieces as uneven as a network's."""
    taken = MultipartBody(len(content) if length is None else length, b"b", LIMITS, gate or Gate(), source)
    for start in range(0, len(content), 100_003):
        taken.receive(content[start : start + 100_003])
    return taken


def _read(content: bytes, gate: Gate | None = None, source: str = "s") -> Posted:
    return _taken(content, gate, source).end(len(content))


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
    """All names are told, no file is kept, the text is there."""
    content = body({"message": "säily"}, [(f"{number}.jpg", b"x" * size) for number, size in enumerate(sizes)])
    posted = _read(content)
    assert posted.refusal is Refusal.TOO_LARGE
    assert posted.file_names == [f"{number}.jpg" for number in range(len(sizes))]
    assert posted.files == {}
    assert posted.text["message"] == "säily"


def test_exactly_the_limits_is_taken() -> None:
    """Five files, one of 10 MB, 15 MB together."""
    sizes = [10_000_000, 4_999_997, 1, 1, 1]
    posted = _read(body({}, [("a", b"x" * size) for size in sizes]))
    assert posted.refusal is None
    assert [len(file.content) for file in posted.files["files"]] == sizes


def test_of_a_body_far_too_large_the_text_is_kept() -> None:
    """Of a body said to be 1 GB, the text that came first is there once no more is read, and no file."""
    content = body({"message": "säily"}, [("a.mp4", b"x" * 200_000)]).removesuffix(b"\r\n--b--\r\n")
    posted = _taken(content, length=10**9).end(DRAINED)
    assert (posted.refusal, posted.files, posted.file_names) == (Refusal.TOO_LARGE, {}, ["a.mp4"])
    assert posted.text["message"] == "säily"


def test_a_late_body_gives_back_what_came() -> None:
    """Late in the files, the text is whole and no file is kept; late in the text, what came of it is there, marked as cut."""
    content = body({"message": "säily"}, [("a.jpg", b"x" * 500_000)])
    for part, refusal, text in (
        (content[:-1000], Refusal.LATE, "säily"),
        (content[: content.index(b"ily")], Refusal.CUT, "sä"),
    ):
        taken = _taken(part, length=len(content))
        taken.end_late()
        posted = taken.end(len(part))
        assert (posted.refusal, posted.files, posted.text["message"]) == (refusal, {}, text)


def test_a_late_urlencoded_body_gives_back_what_came() -> None:
    """Half of an escape is left out; the message is marked as cut."""
    environ = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": "100"}
    taken = body_of(environ, LIMITS, Gate(), "s")
    taken.receive(b"a=1&message=s%C3%A4ily%C")
    taken.end_late()
    posted = taken.end(24)
    assert (posted.text.to_dict(), posted.refusal) == ({"a": "1", "message": "säily"}, Refusal.CUT)


@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        ({"CONTENT_TYPE": "multipart/form-data; boundary=b"}, LengthRequired),
        ({"CONTENT_TYPE": "text/plain", "HTTP_TRANSFER_ENCODING": "chunked"}, LengthRequired),
        ({"CONTENT_TYPE": "multipart/form-data; boundary=b", "CONTENT_LENGTH": "1,1"}, BadRequest),
        ({"CONTENT_TYPE": "multipart/form-data; boundary=b", "CONTENT_LENGTH": "٣"}, BadRequest),
        ({"CONTENT_TYPE": "multipart/form-data", "CONTENT_LENGTH": "5"}, BadRequest),
        ({"CONTENT_TYPE": "multipart/form-data; boundary=ä", "CONTENT_LENGTH": "5"}, BadRequest),
    ],
    ids=["no length", "chunked", "two lengths", "Arabic digits", "no boundary", "odd boundary"],
)
def test_a_body_whose_end_cannot_be_known_is_refused(environ: dict[str, str], fault: type[HTTPException]) -> None:
    """A body that broke off must not be taken for a whole one."""
    with pytest.raises(fault):
        body_of(environ, LIMITS, Gate(), "s")


def test_a_head_without_an_end_is_not_collected() -> None:
    """A part's head that goes on and on is refused long before it fills the memory."""
    endless = MultipartBody(DRAINED, b"b", LIMITS, Gate(), "s")
    with pytest.raises(RequestEntityTooLarge):
        endless.receive(b"--b\r\nX-A: " + b"a" * (MOST_UNPARSED + 100_000))


def test_the_gate_lets_eight_in_and_two_of_one_source() -> None:
    """Neither more in all nor more of one source; whoever leaves makes room; small bodies never come to the gate."""
    gate = Gate()
    large, small = body({"message": "x"}, [("a.jpg", b"x" * 2_000_000)]), body({"message": "x"}, [("a.jpg", b"x" * 1000)])
    mine = [_taken(large, gate, "me") for _ in range(MOST_LARGE_PER_SOURCE + 1)]
    assert [taken.end(len(large)).refusal for taken in mine] == [None, None, Refusal.BUSY]
    others = [_read(large, gate, f"other {number}") for number in range(MOST_LARGE)]
    assert [posted.refusal for posted in others].count(None) == MOST_LARGE - MOST_LARGE_PER_SOURCE
    assert others[-1].text["message"] == "x"
    assert _read(small, gate, "me").refusal is None
    assert _read(body({"message": "x" * 2_000_000}, []), gate, "me").refusal is None
    mine[0].release()
    mine[0].release()
    assert _read(large, gate, "late").refusal is None
    assert _read(large, gate, "later").refusal is Refusal.BUSY


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
    gate = site.application.bodies.gate
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
    assert all(gate.enter(f"anybody {number}") for number in range(MOST_LARGE)), "the upload has left the gate"


def test_the_gate_is_left_after_any_fault(make_site: Callable[..., Site]) -> None:
    """A large body that breaks off, or has too much text behind its file, holds no place once it is answered."""
    site = make_site()
    broken = body({}, [("a.jpg", b"x" * 2_000_000)])[:-20]
    much = body({}, [("a.jpg", b"x" * 2_000_000)]).removesuffix(b"--b--\r\n") + body({"late": "x" * (LONGEST_TEXT + 1)}, [])
    for content, length, status in ((broken, len(broken) + 20, 400), (much, len(much), 413)):
        for _ in range(MOST_LARGE_PER_SOURCE + 1):
            answer = site.client.post(
                FORM,
                input_stream=io.BytesIO(content),
                content_type="multipart/form-data; boundary=b",
                environ_overrides={"CONTENT_LENGTH": str(length)},
            )
            assert answer.status_code == status
    reference(_post(site, {"message": "säily"}, [("a.mp4", b"x" * 2_000_000)]))


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
