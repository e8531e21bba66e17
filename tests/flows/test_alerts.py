"""The operator is told of mail that does not leave, and that it leaves again; the inbox gets the count of the day."""

import datetime
import json
import re
import secrets
import shlex
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, select, update

from ihmiskauppa import database
from ihmiskauppa.intake.alerts import AlertsRow
from ihmiskauppa.intake.daily_count import DailyCountRow
from ihmiskauppa.intake.outbox import OutboxRow
from ihmiskauppa.intake.receipts import ReceiptRow
from tests.client import Page
from tests.copies import Copy, running_copy, wait_until


@contextmanager
def _forwarder_away(copy: Copy) -> Iterator[Connection]:
    """A transaction on the copy's database while the forwarder is stopped; its first round follows at once."""
    copy.stop("forwarder")
    engine = database.connect(copy.environment["IHMISKAUPPA_DATABASE_URL"])
    with engine.begin() as connection:
        yield connection
    engine.dispose()
    copy.start("forwarder", "forward")


def _send(copy: Copy, message: str) -> str:
    path = copy.url + "/fi/about/write-to-us/"
    with urllib.request.urlopen(path, timeout=10) as answer:  # noqa: S310 - our own loopback
        token = Page(answer.read().decode()).one("input", name="token").get("value", "")
    time.sleep(1.1)
    data = urllib.parse.urlencode({"token": token, "message": message}).encode()
    with urllib.request.urlopen(path, data, timeout=10) as answer:  # noqa: S310
        page = Page(answer.read().decode())
    return next("".join(e.itertext()) for e in page.everything() if e.get("data-reference") is not None)


def test_mail_that_does_not_leave_is_told_and_so_is_its_end(tmp_path: Path) -> None:
    """Mail server away for hours: an alert by the command; back again: all is well. Then the day's count, with the reference.

    Hours are made to pass by moving what the database holds. No alert has a word of the visitor's, or the reference.
    """
    alerts, canary = tmp_path / "alerts", "kanaria" + secrets.token_hex(8)
    command = f"tee -a {shlex.quote(str(alerts))}"
    with running_copy(tmp_path, inbox=False, IHMISKAUPPA_ALERT_COMMAND=command) as copy:
        reference = _send(copy, canary)
        with _forwarder_away(copy) as connection:
            connection.execute(update(OutboxRow).values(arrived=OutboxRow.arrived - 5))
        told = wait_until(lambda: alerts.read_text() if alerts.exists() else None, 30)
        assert told.startswith(
            "ihmiskauppa: something needs a person\n\n- Mail does not leave: 1 messages wait, the oldest for "
        )
        report = json.loads(copy.run("status", "--json").stdout)
        assert report["troubles"][0] in told
        assert report["all_is_well"] is False

        copy.start("inbox", "practice", "mail-server")
        with _forwarder_away(copy) as connection:
            connection.execute(update(OutboxRow).values(due=0))
        copy.wait_for(reference)
        with _forwarder_away(copy):  # a round that sees nothing wrong
            pass

        def gone() -> bool:
            engine = database.connect(copy.environment["IHMISKAUPPA_DATABASE_URL"])
            with engine.connect() as connection:
                known = json.loads(connection.execute(select(AlertsRow.told)).scalar_one())
            engine.dispose()
            return bool(known["mail-late"][1])

        wait_until(gone, 90)
        with _forwarder_away(copy) as connection:
            known = json.loads(connection.execute(select(AlertsRow.told)).scalar_one())
            past = {name: [size, went - 1000] for name, (size, went) in known.items()}
            connection.execute(update(AlertsRow).values(told=json.dumps(past)))
        wait_until(lambda: "all is well again" in alerts.read_text(), 30)

        with _forwarder_away(copy) as connection:
            yesterday = connection.execute(select(DailyCountRow.day)).scalar_one()
            connection.execute(update(ReceiptRow).values(arrived=ReceiptRow.arrived - 48))
            connection.execute(update(DailyCountRow).values(day=yesterday - datetime.timedelta(days=1)))
        count = wait_until(lambda: next((m for m in copy.inbox() if m.counted), None), 90)
        assert count.counted == (reference,)
        shown = copy.run("practice", "inbox").stdout
        assert "Päivän viestit" in shown
        assert "(Missing in this inbox: none.)" in shown
        assert copy.run("status").returncode == 0
    assert alerts.read_text().count("ihmiskauppa: ") == 2
    for word in (canary, reference):
        assert word not in alerts.read_text()
        assert word not in copy.log.read_text()
    assert not re.search(r"\d{8}|@", alerts.read_text())


def test_a_start_without_alerts_warns_in_production_only(tmp_path: Path) -> None:
    """The practice copy has nobody to tell, and does not say so."""
    with running_copy(tmp_path, inbox=False) as copy:
        assert "alert" not in copy.log.read_text()
