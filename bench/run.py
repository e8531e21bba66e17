"""Measures one practice copy against its floors and peers on this machine, and prints a table of ratios.

Needs wrk and nginx (Debian's packages). The absolute figures only give the scale; two noisy cores are assumed.
"""

import http.client
import re
import secrets
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import brotli
from sqlalchemy import insert
from tests.copies import Copy, free_port, running_copy, wait_until
from tests.flows.posting import token_of

from ihmiskauppa import cli, database
from ihmiskauppa.forms import definition
from ihmiskauppa.forms.answers import Answers
from ihmiskauppa.intake import message, outbox
from ihmiskauppa.intake.keys import Keyring
from ihmiskauppa.intake.sealing import Sealer
from ihmiskauppa.settings import data_folder

FORM = "/fi/about/write-to-us/"
FILES_FORM = "/fi/get-help/write-to-us/"
PAGE = "/fi/get-help/police/"
TEXT = "x" * 4000


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def timed(work: Callable[[], object], times: int) -> list[float]:
    """Milliseconds of each of `times` calls."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def rate(url: str) -> float:
    """Requests a second, 16 connections, 5 seconds, by wrk."""
    command = ["wrk", "-t1", "-c16", "-d5s", "-H", "Accept-Encoding: br", url]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    assert found is not None, printed
    return float(found[1])


def pages(copy: Copy, folder: Path) -> None:
    """An information page, precompressed, from nginx and from us."""
    with http_connection(copy) as connection:
        connection.request("GET", PAGE, headers={"Accept-Encoding": "br"})
        body = connection.getresponse().read()
    (folder / "page").write_bytes(brotli.decompress(body))
    (folder / "page.br").write_bytes(body)
    port = free_port()
    (folder / "nginx.conf").write_text(
        f"worker_processes 1; pid {folder}/pid; error_log /dev/null; daemon off; events {{ }}"
        f"http {{ access_log off; server {{ listen 127.0.0.1:{port}; root {folder}; location / {{"
        f" default_type text/html; add_header Content-Encoding br; }} }} }}"
    )
    nginx = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: responds(port))
        theirs, ours = [], []
        for _ in range(3):
            theirs.append(rate(f"http://127.0.0.1:{port}/page.br"))
            ours.append(rate(copy.url + PAGE))
        row("information page, requests/s", statistics.median(ours), statistics.median(theirs), "nginx", "≥ 0.5")
    finally:
        nginx.terminate()
        nginx.wait()


def responds(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/page.br")
        return connection.getresponse().status == 200
    except OSError:
        return False


def http_connection(copy: Copy) -> "Connection":
    return Connection("127.0.0.1", int(copy.url.rpartition(":")[2]), timeout=30)


class Connection(http.client.HTTPConnection):
    """A connection that closes itself."""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def submissions(copy: Copy, folder: Path) -> None:
    """A 4 kB message: our answer to the post against gpg, the MIME message and the commit alone, in this process."""
    token = token_of(copy.url + FORM)

    def post(connection: http.client.HTTPConnection) -> None:
        text = secrets.token_hex(8) + TEXT
        body = f'--b\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token}\r\n'
        body += f'--b\r\nContent-Disposition: form-data; name="message"\r\n\r\n{text}\r\n--b--\r\n'
        connection.request("POST", FORM, body.encode(), {"Content-Type": "multipart/form-data; boundary=b"})
        answer = connection.getresponse()
        assert b"data-reference" in answer.read(), answer.status

    floor = timed(floor_of_submission(copy, folder), 150)
    with http_connection(copy) as connection:
        ours = timed(lambda: post(connection), 150)
    row("submission, p50 ms, 1 client", statistics.median(ours), statistics.median(floor), "its parts", "≤ 1.5")
    taken: list[float] = []

    def client() -> None:
        with http_connection(copy) as mine:
            taken.extend(timed(lambda: post(mine), 60))

    threads = [threading.Thread(target=client) for _ in range(8)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    print(
        f"submission, 8 clients: {len(taken) / seconds:.0f}/s, p50 {statistics.median(taken):.0f} ms, "
        f"p99 {percentile(taken, 0.99):.0f} ms (target: p99 under 100 ms)"
    )


def floor_of_submission(copy: Copy, folder: Path) -> Callable[[], object]:
    form = definition.load(data_folder("forms"))["contact"]
    answers = Answers(form, "fi", {"message": TEXT}, dropped=False)
    sealer = Sealer(Keyring(copy.instance / "keyring"), (copy.environment["IHMISKAUPPA_INBOX_KEYS"],))
    url = f"sqlite:///{folder / 'floor.db'}"
    cli.migrate_database(url)
    engine = database.connect(url)

    def one() -> None:
        headers = message.new_headers("a@b.example", ("c@d.example",), database.now())
        mail = message.envelope(sealer.seal(message.entity(answers, "12345678", headers), database.now()), headers)
        with engine.begin() as connection:
            outbox.enqueue(connection, headers.message_id, mail, database.now())

    return one


def outbox_rows(folder: Path) -> None:
    """Claim and finish with 1,000 and with 1,000,000 waiting rows, all failed once and due later, beside one fresh message."""
    cost = {}
    for rows in (1_000, 1_000_000):
        url = f"sqlite:///{folder / f'rows{rows}.db'}"
        cli.migrate_database(url)
        engine = database.connect(url)
        later = int(time.time()) + 10**6
        row_of = {"payload": b"x", "state": "waiting", "due": later, "lease": "", "arrived": 1, "attempts": 1, "code": 0}
        with engine.begin() as connection:
            for start in range(0, rows, 50_000):
                part = [{**row_of, "message_id": str(n)} for n in range(start, min(rows, start + 50_000))]
                connection.execute(insert(outbox.OutboxRow), part)
        box = outbox.Outbox(engine, 60)

        def deliver(engine: object = engine, box: outbox.Outbox = box) -> None:
            with engine.begin() as connection:  # type: ignore[attr-defined]
                outbox.enqueue(connection, secrets.token_hex(8), b"x" * 30_000, database.now())
            item = box.claim(database.now())
            assert item is not None
            box.finish(item, database.now())

        cost[rows] = statistics.median(timed(deliver, 200))
        engine.dispose()
    row("delivery with 1,000,000 rows, p50 ms", cost[1_000_000], cost[1_000], "with 1,000 rows", "about 1")


def upload(copy: Copy) -> None:
    """A message with 15 MB of files: time until the answer, and how far the worker's memory rises above what it was."""
    token = token_of(copy.url + FILES_FORM)
    worker = worker_of(copy)
    for number, size in enumerate((15_000_000, 15_000_000)):
        Path(f"/proc/{worker}/clear_refs").write_text("5")  # the peak starts again from now
        before = memory(worker, "VmRSS")
        parts = [
            f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'
            for n, v in (("token", token), ("message", f"{number}"))
        ]
        head = '--b\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
        files = [head.encode() + secrets.token_bytes(size // 3) + b"\r\n" for _ in range(3)]
        body = "".join(parts).encode() + b"".join(files) + b"--b--\r\n"
        with http_connection(copy) as connection:
            start = time.perf_counter()
            connection.request("POST", FILES_FORM, body, {"Content-Type": "multipart/form-data; boundary=b"})
            assert b"data-reference" in connection.getresponse().read()
            seconds = time.perf_counter() - start
        rise = memory(worker, "VmHWM") - before
        print(f"upload of 15 MB: {seconds:.2f} s; memory of the worker rises by {rise:.0f} MB, from {before:.0f} MB")


def many_pages(folder: Path) -> None:
    """The same page with ten times as many beside it: its cost, the start, the worker's memory."""
    content = folder / "content"
    shutil.copytree(data_folder("content"), content)
    for page in [path for path in (content / "pages").glob("*/*") if path.name != "index"]:
        for number in range(9):
            shutil.copytree(page, page.with_name(f"{page.name}-{number}"))
    found = {}
    for name, environment in (("1", {}), ("10", {"IHMISKAUPPA_CONTENT_FOLDER": str(content)})):
        with running_copy(folder / f"pages-{name}", inbox=False, files=False, everything=True, **environment) as copy:
            found[name] = (rate(copy.url + PAGE), start_seconds(copy), memory(worker_of(copy), "VmRSS"))
    row("pages × 10, requests/s of one page", found["10"][0], found["1"][0], "with as many as there are", "about 1")
    for name, (_, start, size) in found.items():
        print(f"pages × {name}: start of the site {start:.1f} s, worker {size:.0f} MB")


def start_seconds(copy: Copy) -> float:
    """Stop the site and start it again: seconds until it hands out a page."""
    copy.stop("web")
    begun = time.perf_counter()
    copy.start("web", "serve")
    wait_until(lambda: page_there(copy))
    return time.perf_counter() - begun


def page_there(copy: Copy) -> bool:
    try:
        with http_connection(copy) as connection:
            connection.request("GET", PAGE)
            return connection.getresponse().status == 200
    except OSError:
        return False


def worker_of(copy: Copy) -> int:
    """The web process that answers, not its parent."""
    parent = copy.processes["web"].pid
    return int(Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()[0])


def memory(process: int, kind: str) -> float:
    """Megabytes of a process by the kernel's name for them."""
    found = re.search(rf"{kind}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) / 1024


def processes(copy: Copy, started: float) -> None:
    print(f"cold start of all, with a new database, until the first page: {started:.1f} s")
    print(f"start of the site until the first page: {start_seconds(copy):.1f} s (target: under 2 s)")
    with http_connection(copy) as connection:
        connection.request("GET", FORM)
        connection.getresponse().read()
    for name, process in copy.processes.items():
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        sizes = [memory(pid, "VmRSS") for pid in (process.pid, *(int(child) for child in children))]
        print(f"memory of {name}: {' + '.join(f'{size:.0f}' for size in sizes)} MB (parent + worker)")


def row(what: str, ours: float, other: float, name: str, target: str) -> None:
    print(f"{what}: {ours:,.1f}; {name}: {other:,.1f}; ratio {ours / other:.2f} (target: {target})", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ihk-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        begun = time.perf_counter()
        with running_copy(folder / "copy", everything=True) as copy:
            started = time.perf_counter() - begun
            pages(copy, folder)
            submissions(copy, folder)
            upload(copy)
            processes(copy, started)
        many_pages(folder)
        outbox_rows(folder)


if __name__ == "__main__":
    main()
