"""Error pages: the visitor's language, the hotline, the right status; old addresses lead on."""

import ast
import asyncio
import io
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import pytest
import werkzeug.exceptions
from flask import abort
from werkzeug.test import EnvironBuilder, TestResponse

import ihmiskauppa
from ihmiskauppa.public.errors import TEXTS
from ihmiskauppa.public.gateway import Headers
from ihmiskauppa.public.uploads import LONGEST_TEXT
from ihmiskauppa.public.within import _Scope
from tests.client import CheckedClient, Page, check_page
from tests.copies import running_copy
from tests.public.conftest import Site

FORM = "about/write-to-us/"
PAGE = "get-help/police/"
NAMED = (400, 403, 404, 405, 408, 410, 411, 413, 422, 429, 500, 503)
LANGUAGES = ("fi", "en", "ar")
OLD = """
[[alias]]
old = "/fi/vanha-sivu"
page = "get-help/police"

[[alias]]
old = "/posters"
page = "about/write-to-us"
language = "sv"

[[gone]]
address = "/fi/lomake-2018.pdf"
page = "about/write-to-us"

[[gone]]
address = "/lomakkeet/yhteydenotto"
page = "get-help/police"
"""


@pytest.fixture(scope="module")
def raising(make_site: Callable[..., Site]) -> CheckedClient:
    """A site with a page that fails with the status in its address."""
    site = make_site()

    def fail(language: str, status: int) -> str:
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ZeroDivisionError(language)
        abort(status)

    site.application.flask.add_url_rule("/<language>/fail/<int:status>/", "fail", fail)
    return site.client


@pytest.fixture
def moved(make_site: Callable[..., Site], content_copy: Path) -> CheckedClient:
    """A site that has had other addresses."""
    (content_copy / "addresses.toml").write_text(OLD, encoding="utf-8")
    return make_site(content_folder=content_copy).client


def _told(answer: TestResponse, status: int, language: str) -> Page:
    """What every error page must be; the client has checked the rest."""
    assert answer.status_code == status
    page = Page(answer.text)
    assert page.language == language
    assert page.root.get("dir") == ("rtl" if language == "ar" else "ltr")
    assert len(page.all("a", href="tel:+358295463177")) >= 2
    return page


def test_every_named_status_has_a_text() -> None:
    """The twelve that visitors of such a site can meet."""
    assert tuple(TEXTS) == NAMED
    assert len({text for pair in TEXTS.values() for text in pair}) == 2 * len(NAMED)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", NAMED)
def test_a_failing_page_is_told_in_the_visitor_s_language(raising: CheckedClient, status: int, language: str) -> None:
    """Heading and title are the status' own, in the language of the address; search engines are sent away."""
    page = _told(raising.get(f"/{language}/fail/{status}/"), status, language)
    heading = page.text(page.one("h1"))
    assert (heading == TEXTS[status][0]) == (language == "en")
    assert page.text(page.one("title")).startswith(heading)
    assert page.one("meta", name="robots").get("content") == "noindex"
    assert bool(page.all("form", role="search")) == (status in {404, 410})


@pytest.mark.parametrize(
    ("status", "shown"), [(401, 400), (414, 400), (418, 400), (431, 400), (501, 500), (502, 500), (504, 500)]
)
def test_any_other_status_is_told_as_the_plainest(raising: CheckedClient, status: int, shown: int) -> None:
    """What nobody thought of is still a page with the hotline."""
    page = _told(raising.get(f"/en/fail/{status}/"), shown, "en")
    assert page.text(page.one("h1")) == TEXTS[shown][0]


def test_every_status_the_program_raises_has_a_text() -> None:
    """`abort(…)` and `raise …` of an HTTP fault, wherever it stands in the program, is of a status in the table."""
    raised = set(_raised(Path(ihmiskauppa.__file__).parent))
    assert {403, 404, 411, 413, 503} <= raised
    assert raised <= set(TEXTS)


def _raised(folder: Path) -> Iterator[int]:
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "abort":
                status = ast.unparse(node.args[0])
                yield int(status) if status.isdigit() else HTTPStatus[status.removeprefix("HTTPStatus.")]
            elif isinstance(node, ast.Raise) and node.exc is not None:
                name = ast.unparse(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)
                code = getattr(getattr(werkzeug.exceptions, name, None), "code", None)
                if code:
                    yield code


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_site_itself_answers(site: Site, language: str) -> None:
    """Real requests: each of these statuses can be met, and tells what it is in the visitor's language."""
    form = f"/{language}/{FORM}"
    met = {
        400: site.client.post(
            form,
            input_stream=io.BytesIO(b"message=x"),
            content_type="application/x-www-form-urlencoded",
            environ_overrides={"CONTENT_LENGTH": "500"},
        ),
        403: site.client.post(form, data={"message": "x"}, headers={"Sec-Fetch-Site": "cross-site"}),
        404: site.client.get(f"/{language}/nowhere/"),
        405: site.client.post(f"/{language}/{PAGE}", data={"message": "x"}),
        411: site.client.post(
            form,
            input_stream=io.BytesIO(b"x"),
            headers={"Transfer-Encoding": "chunked"},
            environ_overrides={"CONTENT_LENGTH": ""},
        ),
        413: site.client.post(form, data={"message": "x" * (LONGEST_TEXT + 1)}),
    }
    for status, answer in met.items():
        page = _told(answer, status, language)
        assert (page.text(page.one("h1")) == TEXTS[status][0]) == (language == "en"), status


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_answers_with_itself_and_the_text(make_site: Callable[..., Site], language: str) -> None:
    """422 for what is not right, 429 for too many, 503 when it cannot be kept: what was typed is still there."""
    form = f"/{language}/{FORM}"
    site = make_site(post_limits="2 per hour")
    faulty = site.client.post(form, data={"message": "säily"})  # without a token
    database = Path(site.configuration.database_url.removeprefix("sqlite:///"))
    token = site.token(form)
    away = database.rename(database.with_suffix(".away"))
    unkept = site.client.post(form, data={"token": token, "message": "säily"})
    away.rename(database)
    many = site.client.post(form, data={"token": token, "message": "säily"})
    for status, answer in ((422, faulty), (503, unkept), (429, many)):
        page = _told(answer, status, language)
        assert page.text(page.one("textarea", name="message")) == "säily", status
        assert page.text(page.one("div", id="faults"))
    assert int(many.headers["Retry-After"]) > 0


class _Silent:
    """A sender who falls silent after the first words; takes the answer."""

    def __init__(self, said: bytes) -> None:
        self._said = said
        self.answer: tuple[int, Headers, bytes] = (0, [], b"")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._said
        await asyncio.Event().wait()

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self.answer = status, headers, body

    def response_empty(self, status: int, headers: Headers) -> None:
        self.answer = status, headers, b""


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_took_too_long_is_told_in_the_form(make_site: Callable[..., Site], language: str) -> None:
    """408: what came in time is in the form, with the reason."""
    site = make_site()
    site.application.bodies.deadline = 0.1
    stated = {"CONTENT_LENGTH": "5000", "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    request = EnvironBuilder(f"/{language}/{FORM}", method="POST").get_environ() | stated
    silent = _Silent(b"message=s%C3%A4ily")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, site.application.__rsgi__(_Scope(request), silent)).result()
    status, _, body = silent.answer
    page = Page(body.decode())
    check_page(page)
    assert (status, page.language) == (408, language)
    assert page.text(page.one("textarea", name="message")) == "säily"


def test_a_key_ring_that_cannot_be_read_is_503(make_site: Callable[..., Site], tmp_path: Path) -> None:
    """Outside any language, in the browser's."""
    built = make_site()
    (built.configuration.instance / "keyring").rename(tmp_path / "keyring")
    for language in LANGUAGES:
        answer = built.client.get("/inbox-key.asc", headers={"Accept-Language": language})
        page = _told(answer, 503, language)
        assert (page.text(page.one("h1")) == TEXTS[503][0]) == (language == "en")


@pytest.mark.parametrize(
    ("path", "accepted", "language"),
    [
        ("/ar/nowhere/", "fi", "ar"),
        ("/nowhere", "sv, en;q=0.5", "sv"),
        ("/xx/get-help/", "ar-SY", "ar"),
        ("/nowhere", "tlh", "en"),
        ("/nowhere", "", "en"),
    ],
)
def test_a_missing_page_is_told_in_the_likeliest_language(site: Site, path: str, accepted: str, language: str) -> None:
    """The address decides, then the browser's languages, then English; the search is offered in the same."""
    page = _told(site.client.get(path, headers={"Accept-Language": accepted}), 404, language)
    assert page.one("meta", name="robots").get("content") == "noindex"
    assert page.one("form", role="search").get("action") == f"/{language}/about/search/"


@pytest.mark.parametrize(
    "path",
    [
        *("/fi/", "/fi/get-help/police/", "/", "/healthz", "/fi/about/search/", "/fi/about/site-map/", "/ar/figures/2018/"),
        *("/fi/figures/2018/release.csv", "/en/figures/2018/release.json", "/static/site.css", "/robots.txt"),
        *("/.well-known/security.txt", "/inbox-key.asc"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_what_can_only_be_read_takes_nothing_else(site: Site, path: str, method: str) -> None:
    """405 for kept pages and files and for made pages alike, with what is allowed."""
    assert site.client.get(path).status_code == 200
    answer = site.client.open(path, method=method, data={"message": "x"})
    assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    allowed = set(answer.headers["Allow"].split(", "))
    assert {"GET", "HEAD"} <= allowed <= {"GET", "HEAD", "OPTIONS"}


def test_a_form_takes_no_other_method(site: Site) -> None:
    """Allow names the post."""
    answer = site.client.open(f"/ar/{FORM}", method="PUT", data={"message": "x"})
    assert _told(answer, 405, "ar")
    assert {"GET", "HEAD", "POST"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("path", ["/fi/nowhere/", "/xx/about/search/", f"/xx/{FORM}", "/nowhere", "/fi/figures/2018/x.csv"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_where_nothing_is_nothing_is_allowed(site: Site, path: str, method: str) -> None:
    """404 whatever is asked of it."""
    answer = site.client.open(path, method=method)
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "Allow" not in answer.headers


@pytest.mark.parametrize("path", ["/fi/vanha-sivu", "/fi/vanha-sivu/", "/fi/vanha-sivu?q=1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_old_address_leads_on_for_good(moved: CheckedClient, path: str, method: str) -> None:
    """301 to the page of today in the language of the old address; what stood behind `?` stays behind."""
    answer = moved.open(path, method=method)
    assert (answer.status_code, answer.headers["Location"]) == (301, "/fi/get-help/police/")
    assert answer.data == b""


def test_an_old_address_in_no_language_leads_to_the_one_named(moved: CheckedClient) -> None:
    """Whatever the browser prefers; a post is sent nowhere else."""
    answer = moved.get("/posters", headers={"Accept-Language": "ar"})
    assert (answer.status_code, answer.headers["Location"]) == (301, "/sv/about/write-to-us/")
    assert moved.post("/posters", data={"message": "x"}).status_code == 404


def test_what_is_gone_names_what_replaced_it(moved: CheckedClient) -> None:
    """410 in the language of the address, or of the browser, with a link in the same."""
    page = _told(moved.get("/fi/lomake-2018.pdf"), 410, "fi")
    assert [a for a in page.one("main").iter() if a.get("href") == "/fi/about/write-to-us/"]
    page = _told(moved.get("/lomakkeet/yhteydenotto/", headers={"Accept-Language": "ar"}), 410, "ar")
    assert [a for a in page.one("main").iter() if a.get("href") == "/ar/get-help/police/"]


ODD = (
    *("/%00/", "/fi/%2e%2e/%2e%2e/etc/passwd", "/fi/get-help/%ff%fe/", "/static/../app.py", "/static/", "/fi//", "/🦊/"),
    *(
        "/fi/%0d%0aSet-Cookie:a=b/",
        "/fi/%ed%a0%80/",
        "/%E2%80%AEif/",
        "/fi/%F0%9F/",
        "/fi/\\..\\x/",
        "/%/",
        "/fi/" + "a" * 50_000,
    ),
    *("/fi/" + "a/" * 10_000, "/" + "%C3%A4" * 10_000),
)


@pytest.mark.parametrize("path", ODD, ids=lambda path: path[:30])
def test_odd_addresses_are_not_found(site: Site, path: str) -> None:
    """Whatever stands in an address, the answer is a page that says there is none."""
    answer = site.client.get(path, follow_redirects=False)
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "Location" not in answer.headers


def test_odd_addresses_break_no_running_site(tmp_path: Path) -> None:
    """The same bytes on the wire, and a line longer than the server reads: an answer each time, and the next page is served."""
    with running_copy(tmp_path, inbox=False) as copy:
        port = int(copy.environment["PORT"])
        for path in (*(odd.encode() for odd in ODD), b"/fi/\xff\xfe/", b"/fi/" + b"a" * 100_000):
            answer = _asked(port, path)
            assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 ", b"HTTP/1.1 414 ")), path[:30]
            assert not answer.startswith(b"HTTP/1.1 404 ") or b"tel:+358295463177" in answer, path[:30]
        assert _asked(port, b"/fi/").startswith(b"HTTP/1.1 200 ")
        assert "ERROR" not in copy.log.read_text()


def _asked(port: int, path: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_visitor_s_address_never_stands_in_the_page(site: Site) -> None:
    """An error page repeats nothing of what was asked for."""
    answer = site.client.get("/fi/<script>alert(1)</script>?q=kanarialintu")
    assert "kanarialintu" not in answer.text
    assert "alert(1)" not in answer.text
