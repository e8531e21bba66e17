"""Promise 3: what is written through the forms is on no disk, in no shared memory, behind no open descriptor."""

import contextlib
import os
import secrets
import stat
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.client import Page
from tests.copies import Copy, wait_until

LARGEST_SEARCHED = 200 * 1024 * 1024  # bytes
NOT_DISKS = ("/proc", "/sys")


def _send(copy: Copy, path: str, fields: dict[str, str], *, multipart: bool, words: str = "message") -> None:
    """Fill in and send a form, whose own words stand in the field `words`, and see them arrive."""
    with urllib.request.urlopen(copy.url + path, timeout=10) as answer:  # noqa: S310 - our own loopback
        token = Page(answer.read().decode()).one("input", name="token").get("value", "")
    time.sleep(1.1)
    data = {**fields, "token": token}
    if multipart:
        parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in data.items()]
        filler = '--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
        body = ("".join(parts) + filler + fields[words] + "x" * 1_500_000 + "\r\n--b--\r\n").encode()
        kind = "multipart/form-data; boundary=b"
    else:
        body, kind = urllib.parse.urlencode(data).encode(), "application/x-www-form-urlencoded"
    request = urllib.request.Request(copy.url + path, body, {"Content-Type": kind})  # noqa: S310
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        page = Page(answer.read().decode())
    found = next("".join(e.itertext()) for e in page.everything() if e.get("data-reference") is not None)
    arrived = wait_until(
        lambda: [m for m in copy.inbox() if found in {m.reference, m.answers.get("order", "").replace("-", "")}]
    )
    assert fields[words] in arrived[0].text


def _changed_files(since: float) -> Iterator[Path]:
    for folder, folders, files in os.walk("/"):
        folders[:] = [name for name in folders if not str(Path(folder, name)).startswith(NOT_DISKS)]
        for name in files:
            path = Path(folder, name)
            try:
                status = path.lstat()
            except OSError:
                continue
            fresh = max(status.st_mtime, status.st_ctime) >= since
            if fresh and stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_SEARCHED:
                yield path


def _descriptors(pids: set[int]) -> Iterator[Path]:
    for pid in pids:
        for path in Path(f"/proc/{pid}/fd").iterdir():
            try:
                if stat.S_ISREG(path.stat().st_mode):
                    yield path
            except OSError:
                continue


def _family(copy: Copy) -> set[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,sid="], capture_output=True, text=True, check=True).stdout
    sessions = {process.pid for process in copy.processes.values()}
    return {int(pid) for pid, session in (line.split() for line in listed.splitlines()) if int(session) in sessions}


def _holds(path: Path, needles: list[bytes]) -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return any(needle in content for needle in needles)


def test_a_canary_through_every_form_is_found_nowhere(copy: Copy) -> None:
    """Every text field of every form, in both encodings of forms, a large part among them; then everything is searched."""
    word = "kanaria" + secrets.token_hex(12)
    since = time.time() - 1
    referral = {
        "message": f"{word} طائر",
        "may_contact": "yes",
        "safe_time_more": word,
        "code_word": word,
        "place": word,
        "helper": "yes",
        "helper_who": word,
        "email": f"{word}@example.org",
    }
    order = {
        **dict.fromkeys(("organisation", "contact", "address", "town", "place", "reason", "note"), word),
        "orderer": "school",
        "email": f"{word}@example.org",
        "postcode": "53100",
        "items-poster-kitchen-a3-fi": "5",
    }
    contact = {"message": f"{word} fågel", "sender": word, "email": f"{word}@example.org"}
    for multipart in (True, False):
        _send(copy, "/ar/get-help/write-to-us/", {**referral, "place": f"{word} {multipart}"}, multipart=multipart)
        _send(copy, "/sv/about/write-to-us/", {**contact, "sender": f"{word} {multipart}"}, multipart=multipart)
        _send(copy, "/fi/materials/order/", {**order, "note": f"{word} {multipart}"}, multipart=multipart, words="note")
        _send(copy, "/fi/about/feedback/", {"found": "no", "message": f"{word} {multipart}"}, multipart=multipart)
        _send(
            copy, "/en/about/did-this-help/home/index/", {"helped": "no", "message": f"{word} {multipart}"}, multipart=multipart
        )
    needles = [word.encode(), word.encode("utf-16-le"), word.encode().hex().encode()]
    control = copy.log.with_name("control")
    control.write_text(word)
    changed = list(_changed_files(since))
    assert control in changed, "the search does not see what changed"
    assert _holds(control, needles)
    same = control.stat()
    changed = [path for path in changed if not path.exists() or not os.path.samestat(path.stat(), same)]
    control.unlink()
    assert copy.instance / "ihmiskauppa.db-wal" in changed
    assert not [str(path) for path in changed if _holds(path, needles)]
    pids = _family(copy)
    assert len(pids) >= 4, "web has a parent and a worker"
    assert not [str(path) for path in _descriptors(pids) if _holds(path, needles)]
    assert not pids & _sharers()


def _sharers() -> set[int]:
    """The processes that made, or used last, a segment of shared memory (System V)."""
    segments = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    return {int(pid) for segment in segments for pid in segment[4:6]}


def test_what_is_searched_for_is_found_nowhere(copy: Copy) -> None:
    """Words in the address of a search, found or not, on a page that is there or not: in no file, the log among them."""
    word = "kanaria" + secrets.token_hex(12)
    since = time.time() - 1
    for path in (f"/fi/about/search/?q={word}", f"/ar/about/search/?q=poliisi+{word}", f"/xx/about/search/?q={word}"):
        with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(copy.url + path, timeout=10) as answer:  # noqa: S310
            assert word in answer.read().decode(), "the field keeps what was typed"
    assert not [str(path) for path in _changed_files(since) if _holds(path, [word.encode()])]
    assert not [str(path) for path in _descriptors(_family(copy)) if _holds(path, [word.encode()])]
    assert word not in copy.log.read_text()


def test_the_log_names_no_visitor(copy: Copy) -> None:
    """After requests with an address, a browser's name and a referrer, the log holds none of them."""
    odd = {"User-Agent": "Nokkahuilu/1.0", "Referer": "https://nokkahuilu.example/", "X-Forwarded-For": "192.0.2.201"}
    for path in ("/fi/", "/nokkahuilu", "/fi/get-help/write-to-us/?nokkahuilu"):
        request = urllib.request.Request(copy.url + path, headers=odd)  # noqa: S310
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    log = copy.log.read_text()
    for word in ("okkahuilu", "192.0.2.201", "127.0.0.1", "GET ", "Mozilla"):
        assert word not in log, word


def test_no_process_of_the_site_dumps_core(copy: Copy) -> None:
    """Every Python process that sees plain text has a core limit of zero."""
    for name in ("web", "forwarder"):
        limits = Path(f"/proc/{copy.processes[name].pid}/limits").read_text()
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"]
