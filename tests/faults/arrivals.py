"""What came out at the staff's end of a running copy, and that it is exactly what visitors were thanked for."""

import email
import time
from collections.abc import Mapping

from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError

from ihmiskauppa import database, practice
from ihmiskauppa.intake import outbox
from ihmiskauppa.intake.reading import open_message, staff_gpg
from tests.copies import Copy, wait_until

FORM_NAME = "contact"
Arrival = tuple[str, str, str]  # reference, the visitor's text, Message-ID


def hurry(copy: Copy, seconds: float = 120) -> None:
    """Let everything that waits be due now, take back what was set aside, and wait until the outbox is empty.

    What a forwarder had claimed when its database went away waits out its lease: give the copy a short SMTP time-out.
    """
    engine = database.connect(copy.environment["IHMISKAUPPA_DATABASE_URL"])
    box = outbox.Outbox(engine, 60)

    def empty() -> bool:
        try:
            box.recover(database.now(), shunted=True)
            with engine.begin() as connection:
                waiting = outbox.OutboxRow.state == outbox.WAITING
                connection.execute(update(outbox.OutboxRow).where(waiting).values(due=outbox.AT_ONCE))
                left = connection.execute(select(func.count()).select_from(outbox.OutboxRow)).scalar_one()
        except SQLAlchemyError:
            return False
        time.sleep(0.2)
        return left == 0

    try:
        wait_until(empty, seconds)
    finally:
        engine.dispose()


def read(copy: Copy, mails: list[bytes]) -> list[Arrival]:
    """Each mail with a visitor's message as the staff's own key opens it, in order; not what the site itself reports."""
    with staff_gpg(practice.staff_home(copy.instance)) as gpg:
        opened = {mail: open_message(mail, gpg) for mail in set(mails)}
    visitors = [opened[mail] for mail in mails if opened[mail].form == FORM_NAME]
    return [(message.reference, message.answers["message"], message.message_id) for message in visitors]


def inbox(copy: Copy) -> list[bytes]:
    """The mails in the practice inbox, byte by byte."""
    return [path.read_bytes() for path in practice.maildir(copy.instance).glob("new/*")]


def check(copy: Copy, thanked: Mapping[str, str]) -> None:
    """Once all has left: exactly the texts thanked for have arrived, with their references, repeats in the same bytes."""
    hurry(copy)
    mails = inbox(copy)
    arrived = read(copy, mails)
    assert {text: reference for reference, text, _ in arrived} == dict(thanked)
    assert len({message_id for _, _, message_id in arrived}) == len(thanked), "a visitor's message was made twice"
    check_repeats(mails)


def check_repeats(mails: list[bytes]) -> None:
    """What bears the same Message-ID is the same, byte by byte."""
    different = {(email.message_from_bytes(mail)["Message-ID"], mail) for mail in mails}
    assert len({message_id for message_id, _ in different}) == len(different), "a repeat had other bytes"
