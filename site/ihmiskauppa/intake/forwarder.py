"""The process that empties the outbox: claims a message, hands it to the mail server, and says how it went.

Its clock takes back, counts the day, forgets, and watches for trouble.
"""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ihmiskauppa import logs
from ihmiskauppa.database import now
from ihmiskauppa.intake import receipts
from ihmiskauppa.intake.alerts import Alerts
from ihmiskauppa.intake.daily_count import DailyCount
from ihmiskauppa.intake.mail import Mailer, PermanentMailError, TemporaryMailError
from ihmiskauppa.intake.outbox import Outbox

IDLE_SECONDS: Final = 1.0
CLOCK_SECONDS: Final = 60.0  # between two rounds of the clock

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Forwarder:
    """One forwarder; several may run at once. Without `daily_count` no day is counted, without `alerts` nobody is told."""

    outbox: Outbox
    mailer: Mailer
    engine: Engine
    daily_count: DailyCount | None = None
    alerts: Alerts | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set. A database that fails for a while is waited for."""
        next_round = 0.0
        while not stop.is_set():
            try:
                if time.monotonic() >= next_round:
                    self.tidy()
                    next_round = time.monotonic() + CLOCK_SECONDS
                worked = self.step()
            except SQLAlchemyError as fault:
                log.error("the database does not work", exc_info=fault, extra={"event_fields": {}})
                worked = False
                if self.alerts:
                    self.alerts.database_failed(now())
            if not worked:
                stop.wait(IDLE_SECONDS)

    def tidy(self) -> None:
        """Take back what dead forwarders claimed; count the day that is over; forget old receipts; tell of trouble."""
        recovered = self.outbox.recover(now())
        if recovered:
            logs.event(
                log,
                logging.WARNING,
                "took back messages whose forwarder died, or which a clock had put off too far",
                count=recovered,
            )
        try:
            if self.daily_count:
                self.daily_count.take(now())
            receipts.forget(self.engine, now())
            if self.alerts:
                self.alerts.watch(now())
        except SQLAlchemyError:
            raise
        except Exception as fault:  # mail leaves whatever becomes of counts and alerts
            log.error("the clock's round failed", exc_info=fault, extra={"event_fields": {}})

    def step(self) -> bool:
        """Try the next message, if one is due; whether there was one."""
        item = self.outbox.claim(now())
        if item is None:
            return False
        try:
            largest = self.mailer.deliver(item.payload)
        except TemporaryMailError as fault:
            self.outbox.defer(item, now(), fault.code)
            logs.event(
                log,
                logging.WARNING,
                "mail did not leave, will be tried again",
                code=fault.code,
                attempts=item.attempts + 1,
            )
        except PermanentMailError as fault:
            self.outbox.shunt(item, fault.code)
            logs.event(log, logging.ERROR, "mail was refused for good, set aside", code=fault.code)
        else:
            self.outbox.finish(item, now(), largest)
        return True
