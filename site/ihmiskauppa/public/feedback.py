"""Taking what a feedback form asked: choices are counted, words are sealed and sent; both at once, or neither."""

from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from ihmiskauppa import database
from ihmiskauppa.feedback import counts, questionnaire
from ihmiskauppa.forms.answers import Answers
from ihmiskauppa.intake.submission import Desk, NotTakenError, submit


def take(desk: Desk, answers: Answers, nonce: bytes, page_id: str) -> str:
    """Count the choices and send the words; the reference to show, or "" if nothing was written.

    The same page (the same `nonce`) is counted once. Raises `NotTakenError` when nothing was counted and nothing stored.
    """
    day = counts.day_of(database.now())
    count = partial(counts.add, nonce=nonce, tallies=questionnaire.tallies(answers, page_id), day=day)
    words = questionnaire.written(answers, page_id)
    if words is not None:
        return submit(desk, words, nonce, beside=count)
    try:
        with database.writing(desk.engine) as connection:
            count(connection)
    except SQLAlchemyError as fault:
        raise NotTakenError from fault
    return ""
