"""Measures one practice copy against its floors and peers on this machine, and prints a table of ratios.

Needs wrk and nginx (Debian's packages). The absolute figures only give the scale; two noisy cores are assumed.
"""

import http.client
import re
import secrets
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

from ihmiskauppa import cli, database
from ihmiskauppa.forms import definition
from ihmiskauppa.forms.answers import Answers
from ihmiskauppa.intake import message, outbox
from ihmiskauppa.intake.keys import Keyring
from ihmiskauppa.intake.sealing import Sealer
from ihmiskauppa.settings import data_folder

FORM = "/fi/about/write-to-us/"
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
    with http_connection(copy) as connection:
        connection.request("GET", FORM)
        page = connection.getresponse().read().decode()
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None
    time.sleep(1.1)

    def post(connection: http.client.HTTPConnection) -> None:
        text = secrets.token_hex(8) + TEXT
        body = f'--b\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token[1]}\r\n'
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


def processes(copy: Copy, started: float) -> None:
    print(f"cold start until the first page: {started:.1f} s (target: under 2 s)")
    listed = subprocess.run(["ps", "-eo", "sid=,rss=,args="], capture_output=True, text=True, check=True).stdout
    for name, process in copy.processes.items():
        sizes = [int(line.split()[1]) for line in listed.splitlines() if int(line.split()[0]) == process.pid]
        print(f"memory of {name}: {' + '.join(f'{size / 1024:.0f}' for size in sizes)} MB (parent + worker)")


def row(what: str, ours: float, other: float, name: str, target: str) -> None:
    print(f"{what}: {ours:,.1f}; {name}: {other:,.1f}; ratio {ours / other:.2f} (target: {target})", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ihk-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        begun = time.perf_counter()
        with running_copy(folder / "copy") as copy:
            started = time.perf_counter() - begun
            pages(copy, folder)
            submissions(copy, folder)
            processes(copy, started)
        outbox_rows(folder)


if __name__ == "__main__":
    main()
