"""nginx: what it answers by itself is what the site would; nothing of a visitor is on a disk or in a log."""

import http.client
import http.server
import secrets
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ihmiskauppa import database
from ihmiskauppa.intake.outbox import OutboxRow
from ihmiskauppa.public import privacy, uploads
from tests.client import Page, check_page
from tests.copies import free_port
from tests.deploy.conftest import Behind
from tests.deploy.fronts import DEPLOY, VISITOR, Answer, Front, ask, configure, copy_of, curl, running_front
from tests.machine import need

PAGE = "/fi/get-help/police/"
FORM = "/en/get-help/write-to-us/"
OF_THE_SERVER = {"server", "date", "connection", "keep-alive"}
BUFFERED = {
    "proxy_request_buffering off;": "proxy_request_buffering on;",
}


def _from_site(behind: Behind, path: str, headers: dict[str, str], method: str = "GET") -> Answer:
    forwarded = {"X-Forwarded-For": VISITOR, "X-Forwarded-Proto": "https"}
    return ask(http.client.HTTPConnection("127.0.0.1", behind.port, timeout=30), path, method, headers=headers | forwarded)


def _compared(answer: Answer) -> list[tuple[str, str]]:
    return sorted(header for header in answer.headers if header[0] not in OF_THE_SERVER)


def _multipart(token: str, size: int) -> bytes:
    fields = {"token": token, "message": "by nginx"}
    parts = [f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields.items()]
    each = 5_500_000
    for number in range(-(-size // each)):
        head = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{number}.jpg"\r\n\r\n'
        content = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + secrets.token_bytes(min(each, size))
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + b"--b--\r\n"


def _token(front: Front) -> str:
    token = Page(front.ask(FORM).body.decode()).one("input", name="token").get("value", "")
    time.sleep(1.1)  # a post within a second is asked to be sent again
    return token


def _post(front: Front, size: int) -> Answer:
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    return front.ask(FORM, "POST", _multipart(_token(front), size), kind)


def _sent(html: str) -> bool:
    return any(element.get("data-reference") is not None for element in Page(html).everything())


def _largest(behind: Behind) -> int:
    engine = database.connect(behind.settings.database_url)
    with engine.connect() as connection:
        size = connection.execute(select(func.max(func.length(OutboxRow.payload)))).scalar_one()
    engine.dispose()
    return int(size or 0)


def test_nginx_accepts_the_files(tmp_path: Path) -> None:
    """`nginx -t` has nothing to say against them."""
    _, main = configure(tmp_path / "nginx", 8000, tmp_path)
    done = subprocess.run([need("nginx"), "-t", "-c", main], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr.replace('the "user" directive makes sense only', "")


def test_headers_in_the_file_are_those_of_the_site() -> None:
    """Name for name and value for value; HSTS is decided by the scheme, what documents alone have by the type."""
    lines = [line for line in (DEPLOY / "ihmiskauppa-headers.conf").read_text().splitlines() if line.startswith("add_header")]
    written = dict(line.removeprefix("add_header ").removesuffix(" always;").split(" ", 1) for line in lines if "$" not in line)
    del written["Last-Modified"]
    assert {name: value.strip('"') for name, value in written.items()} == dict(privacy.HEADERS)
    assert f'https "{privacy.HSTS[1]}";' in (DEPLOY / "nginx.conf").read_text()
    for _, value in privacy.FOR_DOCUMENTS:
        assert f'~^text/html "{value}";' in (DEPLOY / "nginx.conf").read_text()
    for name, value in privacy.FOR_FILES:
        assert f'default "{value}";' in (DEPLOY / "nginx.conf").read_text()
        assert f"add_header {name} $content_security_policy always;" in lines
    assert f"add_header {privacy.HSTS[0]} $hsts always;" in lines
    assert f"add_header {privacy.PERMISSIONS_POLICY[0]} $permissions_policy always;" in lines
    assert f"add_header {privacy.OPENER_POLICY[0]} $opener_policy always;" in lines


@pytest.mark.parametrize("encoding", ["", "gzip", "br", "gzip, deflate, br"])
@pytest.mark.parametrize(
    "path", [PAGE, "/ar/", "/en/?x=1", "/static/site.css", "/static/exit.js", "/", FORM, "/fi", "/nowhere", "/static/x.css"]
)
def test_every_answer_has_the_headers_of_the_site_once(front: Front, behind: Behind, path: str, encoding: str) -> None:
    """Whether it comes from the copy or through nginx: status and headers are equal, none twice; bodies, where kept."""
    through, direct = (
        front.ask(path, headers={"Accept-Encoding": encoding}),
        _from_site(behind, path, {"Accept-Encoding": encoding}),
    )
    assert through.status == direct.status
    assert _compared(through) == _compared(direct)
    assert len({name for name, _ in through.headers}) == len(through.headers)
    assert through.header("strict-transport-security") == [privacy.HSTS[1]]
    assert through.body == direct.body or path == FORM


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "HEAD"])
def test_other_methods_are_the_sites_to_answer(front: Front, behind: Behind, method: str) -> None:
    """A post to a kept page gets the site's page for that; HEAD is GET without the body."""
    through, direct = front.ask(PAGE, method), _from_site(behind, PAGE, {}, method)
    assert (through.status, through.body, _compared(through)) == (direct.status, direct.body, _compared(direct))


def test_http_leads_to_https_and_nowhere_else(front: Front) -> None:
    """Whatever name was asked for, the answer leads to ours; no HSTS over http."""
    connection = http.client.HTTPConnection("127.0.0.1", front.http, timeout=10)
    answer = ask(connection, "/fi/a?b=c", headers={"Host": "evil.example"})
    assert (answer.status, answer.header("location")) == (301, [f"https://localhost:{front.https}/fi/a?b=c"])
    assert not answer.header("strict-transport-security")
    assert answer.header("cache-control") == ["no-store"]


def test_tls_is_modern_and_ours_only(front: Front) -> None:
    """TLS 1.1 is refused, 1.2 and 1.3 are taken; another name gets no handshake."""
    for version, taken in ((ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)):
        context = ssl.create_default_context(cafile=str(front.folder / "ca.pem"))
        context.minimum_version = context.maximum_version = version
        assert _handshake(front, context, "localhost") is taken
    old = curl(front, "--tls-max", "1.1", "--tlsv1.0", "--ciphers", "DEFAULT@SECLEVEL=0", f"https://localhost:{front.https}/")
    assert old.returncode == 35  # curl: the handshake failed
    context = ssl.create_default_context(cafile=str(front.folder / "ca.pem"))
    context.check_hostname = False
    assert not _handshake(front, context, "other.example")


def _handshake(front: Front, context: ssl.SSLContext, name: str) -> bool:
    with socket.create_connection(("127.0.0.1", front.https), 10) as plain:
        try:
            context.wrap_socket(plain, server_hostname=name).close()
        except ssl.SSLError:
            return False
    return True


def test_kept_pages_come_from_the_copy_and_without_it_from_the_site(tmp_path: Path, behind: Behind) -> None:
    """A page changed in the copy is what visitors get; one that is missing there comes from the site."""
    export = copy_of(behind.export, tmp_path / "export")
    page = export / "fi/get-help/police/index.html"
    with running_front(tmp_path / "nginx", behind.port, export) as front:
        assert front.ask(PAGE).body == page.read_bytes()
        page.write_bytes(b"from the copy")
        assert front.ask(PAGE).body == b"from the copy"
        page.unlink()
        assert front.ask(PAGE).body == _from_site(behind, PAGE, {}).body


def test_nothing_of_the_copy_has_a_second_address(front: Front) -> None:
    """Neither the file name, nor a compressed file, nor the pages that stand in for forms can be asked for."""
    for path in (
        PAGE + "index.html",
        PAGE + "index.html.gz",
        "/static/site.css.br",
        "/static/",
        "/away" + FORM,
        "/too-large" + FORM,
    ):
        assert front.ask(path).status == 404, path


def test_the_form_and_a_large_upload_arrive_without_a_file(front: Front, behind: Behind) -> None:
    """Text, then 11 MB over HTTP/1.1 and over HTTP/2: sealed in the outbox, and nginx has not written a file."""
    before = front.writings()
    assert _sent(_post(front, 0).body.decode())
    assert _largest(behind) < 1_000_000
    assert _sent(_post(front, 11_000_000).body.decode())
    assert _largest(behind) > 11_000_000
    body = front.folder.parent / "body"
    body.write_bytes(_multipart(_token(front), 11_000_000))
    kind = "Content-Type: multipart/form-data; boundary=b"
    address = f"https://localhost:{front.https}{FORM}"
    done = curl(front, "--http2", "-w", "%{http_version}", "-H", kind, "--data-binary", f"@{body}", address)
    html, version = done.stdout[:-1].decode(), done.stdout[-1:]
    assert version == b"2"
    assert _sent(html)
    assert front.writings() == before


def test_the_watch_on_files_would_see_one(tmp_path: Path, behind: Behind) -> None:
    """The control: with bodies buffered as nginx does by default, the same watch sees the file."""
    with running_front(tmp_path / "nginx", behind.port, behind.export, BUFFERED) as front:
        before = front.writings()
        assert _sent(_post(front, 11_000_000).body.decode())
        assert front.writings() != before


@pytest.mark.parametrize("protocol", ["--http1.1", "--http2"])
def test_what_is_too_large_for_the_site_comes_back_with_its_text(front: Front, protocol: str) -> None:
    """15 MB and 55 MB: 413 from the site, the text in its field, no file written, next to nothing in nginx's memory."""
    before = front.writings()
    for size in (15_000_000, 55_000_000):
        body = _multipart(_token(front), size)
        assert len(body) < uploads.DRAINED
        status, page = _upload(front, protocol, FORM, body, "-H", "Content-Type: multipart/form-data; boundary=b")
        assert status == 413
        assert page.one("textarea", name="message").text == "by nginx"
    assert front.writings() == before
    assert front.most_memory() < 32_000_000


@pytest.mark.parametrize("protocol", ["--http1.1", "--http2"])
def test_more_than_nginx_takes_gets_a_page_with_the_hotline(front: Front, protocol: str) -> None:
    """From the next byte after what the site reads on, 100 MB too: 413, the site's page for it, in the form's language."""
    assert f"client_max_body_size {uploads.DRAINED};" in (DEPLOY / "nginx.conf").read_text()
    before = front.writings()
    for size in (uploads.DRAINED + 1, 100_000_000):
        status, page = _upload(front, protocol, "/sv/about/write-to-us/", b"x" * size)
        assert status == 413
        check_page(page)
        assert page.language == "sv"
    assert front.writings() == before


def _upload(front: Front, protocol: str, path: str, body: bytes, *options: str) -> tuple[int, Page]:
    file = front.folder.parent / "upload"
    file.write_bytes(body)
    address = f"https://localhost:{front.https}{path}"
    done = curl(front, protocol, "-w", "%{http_code}", "-H", "Expect:", *options, "--data-binary", f"@{file}", address)
    file.unlink()
    return int(done.stdout[-3:]), Page(done.stdout[:-3].decode())


def test_who_stands_still_is_let_go(tmp_path: Path, behind: Behind) -> None:
    """With its time-outs made short: half a header, half a body, silence after the handshake, all are closed by nginx."""
    more = {"client_header_timeout 20s;": "client_header_timeout 1s;", "client_body_timeout 60s;": "client_body_timeout 1s;"}
    form = f"POST {FORM} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nmessage="
    with running_front(tmp_path / "nginx", behind.port, behind.export, more) as front:
        for begun in ("", "GET / HTTP/1.1\r\nHost: loc", form):
            plain = socket.create_connection(("127.0.0.1", front.https), 10)
            with front.trust.wrap_socket(plain, server_hostname="localhost") as entrance, suppress(ConnectionResetError):
                entrance.sendall(begun.encode())
                entrance.settimeout(10)  # much less than the site's own patience, much more than nginx's
                while entrance.recv(4096):
                    pass


def test_without_the_site_pages_stay_and_forms_say_that_they_are_closed(tmp_path: Path, behind: Behind) -> None:
    """Nobody behind nginx: kept pages as ever; a form, sent or asked for, and any other address get the hotline."""
    with running_front(tmp_path / "nginx", free_port(), behind.export) as front:
        assert front.ask(PAGE).status == 200
        for path, method, language in (
            ("/fi/about/write-to-us/", "GET", "fi"),
            ("/ar/get-help/write-to-us/", "POST", "ar"),
            ("/sv/about/search/", "GET", "sv"),
            ("/fi/about/did-this-help/get-help/police/", "POST", "fi"),
            ("/xx/nowhere", "GET", "en"),
            ("/", "GET", "en"),
        ):
            answer = front.ask(path, method, b"message=x" if method == "POST" else None)
            assert answer.status == 503
            for name, value in (*privacy.HEADERS, *privacy.FOR_DOCUMENTS, privacy.HSTS):
                assert answer.header(name.lower()) == [value]
            page = Page(answer.body.decode())
            check_page(page)
            assert page.language == language


@contextmanager
def _recorder() -> Iterator[tuple[int, list[dict[str, str]]]]:
    seen: list[dict[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], seen
        server.shutdown()


def test_the_site_is_told_the_real_source_and_over_onion_none(tmp_path: Path) -> None:
    """A source the visitor claims is replaced by the real one; over onion there is none, whatever is claimed."""
    claimed = {"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Proto": "http"}
    with _recorder() as (port, seen), running_front(tmp_path / "nginx", port, tmp_path) as front:
        front.ask("/x", headers=claimed)
        onion = http.client.HTTPConnection("127.0.0.1", front.onion, timeout=10)
        ask(onion, "/x", headers=claimed | {"Host": "abc.onion"})
    assert (seen[0]["x-forwarded-for"], seen[0]["x-forwarded-proto"]) == (VISITOR, "https")
    assert seen[0]["host"] == f"localhost:{front.https}"
    assert "x-forwarded-for" not in seen[1]
    assert (seen[1]["x-forwarded-proto"], seen[1]["host"]) == ("http", "abc.onion")


def test_over_onion_pages_come_without_hsts(front: Front) -> None:
    """The same bytes; Strict-Transport-Security has no place on http."""
    for path in (PAGE, FORM):
        answer = ask(http.client.HTTPConnection("127.0.0.1", front.onion, timeout=10), path, headers={"Host": "abc.onion"})
        assert answer.status == 200
        assert not answer.header("strict-transport-security")
        assert answer.header("referrer-policy") == ["no-referrer"]


def test_onion_location_is_offered_once_it_is_set(tmp_path: Path, behind: Behind) -> None:
    """With the line taken in: on kept pages and on those of the site, over https."""
    more = {'# https "http://….onion$request_uri";': 'https "http://abc.onion$request_uri";'}
    with running_front(tmp_path / "nginx", behind.port, behind.export, more) as front:
        for path in (PAGE, "/"):
            assert front.ask(path).header("onion-location") == [f"http://abc.onion{path}"]


def _visit(front: Front) -> list[str]:
    """Requests good and bad, too long, and broken handshakes; then everything nginx has written."""
    odd = {"User-Agent": "Nokkahuilu/1.0", "Referer": "https://nokkahuilu.example/"}
    for path in (PAGE, FORM, "/nokkahuilu", "/%00nokkahuilu", "/" + "nokkahuilu" * 4000):
        with suppress(OSError):  # nginx does not read the last one to its end
            front.ask(path, headers=odd)
    for garbage in (b"nokkahuilu\r\n\r\n", b"\x16\x03\x01\x00\x05nokka", b"GET /nokkahuilu HTTP/9\r\n\r\n"):
        for entrance in (front.http, front.https, front.onion):
            with socket.create_connection(("127.0.0.1", entrance), 10, (VISITOR, 0)) as plain, suppress(OSError):
                plain.sendall(garbage)
                plain.shutdown(socket.SHUT_WR)
                while plain.recv(4096):
                    pass
    return [path.read_text() for path in front.folder.rglob("*") if path.suffix == ".log" or path.name == "output"]


@pytest.mark.parametrize("away", [False, True])
def test_no_log_holds_a_visitor(tmp_path: Path, behind: Behind, *, away: bool) -> None:
    """With the site there and away: no file of nginx's or ours holds address, browser or path."""
    with running_front(tmp_path / "nginx", free_port() if away else behind.port, behind.export) as front:
        texts = _visit(front)
    assert len(texts) >= 2
    for text in (*texts, behind.copy.log.read_text()):
        assert VISITOR not in text
        assert "okkahuilu" not in text


def test_the_watch_on_logs_would_see_a_visitor(tmp_path: Path, behind: Behind) -> None:
    """The control: with the error log of the http part in a file, address and path are found."""
    more = {"error_log /dev/null emerg;": f"error_log {tmp_path}/nginx/http.log info;"}
    with running_front(tmp_path / "nginx", free_port(), behind.export, more) as front:
        text = "".join(_visit(front))
    assert VISITOR in text
    assert "okkahuilu" in text
