"""What an answer to a feedback form comes to: what is counted of it, its score, and what is sent of it. Pure.

The System Usability Scale: J. Brooke, "SUS: a 'quick and dirty' usability scale", in Usability Evaluation in Industry (Taylor &
Francis, 1996), 189-194. Ten statements, five points each, from 1 (strongly disagree) to 5 (strongly agree). The first, third,
fifth, seventh and ninth praise and give their point less one; the others find fault and give five less their point. The sum
times 2.5 is the score, 0 to 100 (no percentage). Brooke would have an item that someone cannot answer marked 3; we invent no
answers: whoever leaves one open is counted at the other items and gets no score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ihmiskauppa.forms.answers import Answers
from ihmiskauppa.forms.definition import SHORT_LIMIT, Form, Kind, Question

SITE: Final = "feedback"  # the questionnaire about the site
PAGE: Final = "page-feedback"  # about a page
ITEMS: Final = ("again", "complex", "easy", "support", "joined", "uneven", "learnable", "clumsy", "confident", "learning")
SCORE: Final = "sus"  # the question under which scores are counted
POINT_WORTH: Final = 2.5

_PAGE_MEANT: Final = Question("page", Kind.SHORT_TEXT, "", "", "Sivu", SHORT_LIMIT, (), False, None, False)


class QuestionnaireError(Exception):
    """A feedback form is not what is counted here; the message names form and reason."""


@dataclass(frozen=True, order=True)
class Tally:
    """One answer to one question, to be counted."""

    question: str
    answer: str


def check(forms: Mapping[str, Form]) -> None:
    """See that both forms are there, with nothing but choices and texts, and the scale's items. Raises `QuestionnaireError`."""
    for name in (SITE, PAGE):
        if name not in forms:
            raise QuestionnaireError(f"{name}.toml is missing")
        form = forms[name]
        if not form.counted or form.of_page != (name == PAGE):
            raise QuestionnaireError(f"{name}.toml: must be counted, and of_page is for {PAGE} alone")
        odd = [q.name for q in form.questions if not q.options and q.kind not in {Kind.SHORT_TEXT, Kind.LONG_TEXT}]
        if odd:
            raise QuestionnaireError(f"{name}.toml: neither choice nor text: {', '.join(odd)}")
    items = tuple(question.name for question in forms[SITE].questions if question.kind is Kind.SCALE)
    if items != ITEMS:
        raise QuestionnaireError(f"{SITE}.toml: the statements must be {', '.join(ITEMS)}, in this order")


def score(points: Sequence[int]) -> float:
    """The score of ten points from 1 to 5, in the order of `ITEMS`."""
    return POINT_WORTH * sum(point - 1 if number % 2 else 5 - point for number, point in enumerate(points, 1))


def tallies(answers: Answers, page_id: str = "") -> tuple[Tally, ...]:
    """What is counted of `answers`: each choice by itself, and the score if no item was left open; of texts, nothing."""
    suffix = f":{page_id}" if page_id else ""
    found = []
    for question in answers.form.questions:
        value = answers.values.get(question.name)
        chosen = value if isinstance(value, tuple) else (value,)
        found += [Tally(question.name + suffix, option.value) for option in question.options if option.value in chosen]
    points = [int(str(answers.values[name])) for name in ITEMS if name in answers.values]
    if len(points) == len(ITEMS):
        found.append(Tally(SCORE, f"{score(points):g}"))
    return tuple(found)


def written(answers: Answers, page_id: str = "") -> Answers | None:
    """What is sent of `answers`: own words and the page they are about, no choice; None if nothing was written."""
    texts = tuple(question for question in answers.form.questions if not question.options)
    values = {question.name: answers.values[question.name] for question in texts if question.name in answers.values}
    if not values:
        return None
    if not page_id:
        return replace(answers, form=answers.form.asking(texts), values=values)
    about = {_PAGE_MEANT.name: page_id}
    return replace(answers, form=answers.form.asking((_PAGE_MEANT, *texts)), values=about | values)
