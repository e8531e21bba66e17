"""Promise 6: while the mail server is away, messages are kept; when it is back, they arrive."""

import json
import time
import urllib.parse
import urllib.request
from pathlib import Path

from tests.client import Page
from tests.copies import running_copy, wait_until


def test_a_message_waits_for_the_mail_server(tmp_path: Path) -> None:
    """Thanked while the server is down, delivered once it is up; `status` tells both."""
    with running_copy(tmp_path, inbox=False) as copy:
        path = copy.url + "/fi/about/write-to-us/"
        with urllib.request.urlopen(path, timeout=10) as answer:  # noqa: S310 - our own loopback
            token = Page(answer.read().decode()).one("input", name="token").get("value", "")
        time.sleep(1.1)
        data = urllib.parse.urlencode({"token": token, "message": "Odottaa"}).encode()
        with urllib.request.urlopen(path, data, timeout=10) as answer:  # noqa: S310
            page = Page(answer.read().decode())
        reference = next("".join(e.itertext()) for e in page.everything() if e.get("data-reference") is not None)

        def waiting() -> bool:
            report = json.loads(copy.run("status", "--json").stdout)
            return bool(report["outbox"]["waiting"] == 1 and report["last_delivery_hour"] is None)

        wait_until(waiting)
        copy.start("inbox", "practice", "mail-server")
        message = copy.wait_for(reference, 90)
        assert "Odottaa" in message.text
        wait_until(lambda: json.loads(copy.run("status", "--json").stdout)["outbox"]["waiting"] == 0)
        report = copy.run("status")
        assert report.returncode == 0
        assert "All is well." in report.stdout
