"""What answers come to: known scores, what is counted, what is sent, and forms that cannot be counted."""

import itertools
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihmiskauppa.feedback import questionnaire
from ihmiskauppa.feedback.questionnaire import ITEMS, PAGE, SITE, QuestionnaireError, Tally
from ihmiskauppa.forms import definition
from ihmiskauppa.forms.answers import Answers, Value
from ihmiskauppa.forms.definition import Form, Kind
from ihmiskauppa.settings import data_folder

FORMS = definition.load(data_folder("forms"))
BEST = [5, 1] * 5


def answers(form: str = SITE, **values: Value) -> Answers:
    return Answers(FORMS[form], "fi", values, dropped=False)


def points(given: list[int]) -> dict[str, str]:
    return {name: str(point) for name, point in zip(ITEMS, given, strict=True)}


@pytest.mark.parametrize(
    ("given", "score"),
    [
        ([3] * 10, 50),
        (BEST, 100),
        ([1, 5] * 5, 0),
        ([5] * 10, 50),  # whoever agrees with everything praises and finds fault alike
        ([1] * 10, 50),
        ([5, 4, 2, 1, 2, 3, 2, 4, 5, 2], 55),  # 4+1+1+4+1+2+1+1+4+3 = 22
        ([4, 2, 5, 1, 4, 2, 5, 2, 4, 1], 85),
    ],
)
def test_known_scores(given: list[int], score: float) -> None:
    """Scores reckoned by hand from Brooke's rule."""
    assert questionnaire.score(given) == score


@pytest.mark.parametrize("number", range(1, 11))
def test_every_even_item_is_reversed(number: int) -> None:
    """From the middle, agreeing with an odd item adds 2.5, agreeing with an even one takes 2.5, and so the other way."""
    for point, step in ((4, 2.5), (2, -2.5)):
        given = [3] * 10
        given[number - 1] = point
        assert questionnaire.score(given) == 50 + (step if number % 2 else -step)


@given(st.lists(st.integers(1, 5), min_size=10, max_size=10))
def test_every_score_is_one_of_forty_one(given: list[int]) -> None:
    """0 to 100 in steps of 2.5; mirrored answers make a mirrored score."""
    score = questionnaire.score(given)
    assert score in [step * 2.5 for step in range(41)]
    assert questionnaire.score([6 - point for point in given]) == 100 - score


def test_the_items_stand_in_the_scales_order() -> None:
    """Odd statements of the form praise and even ones find fault, as their words show."""
    labels = [FORMS[SITE].question(name).label for name in ITEMS]
    faults = ("complicated", "need someone's help", "do not work alike", "awkward", "had to learn")
    assert [any(fault in label for fault in faults) for label in labels] == [False, True] * 5


def test_a_whole_answer_is_counted_choice_by_choice_and_scored() -> None:
    """Every choice is a tally of its own; the score is one more; the text is none."""
    given = answers(found="partly", **points(BEST), who="work", device="phone", message="kanarialintu")
    tallies = questionnaire.tallies(given)
    expected = {Tally("found", "partly"), Tally("who", "work"), Tally("device", "phone"), Tally("sus", "100")}
    assert set(tallies) == expected | {Tally(name, str(point)) for name, point in zip(ITEMS, BEST, strict=True)}
    assert len(tallies) == len(set(tallies))
    assert not any("kanaria" in tally.question + tally.answer for tally in tallies)


@pytest.mark.parametrize("missing", ITEMS)
def test_an_item_left_open_makes_no_score(missing: str) -> None:
    """The nine others are counted; nobody's answer is invented."""
    given = {name: point for name, point in points([3] * 10).items() if name != missing}
    tallies = questionnaire.tallies(answers(**given))
    assert {tally.question for tally in tallies} == set(ITEMS) - {missing}


def test_an_answer_about_a_page_is_counted_under_the_page() -> None:
    """The page's id stands in the question; there is no score."""
    assert questionnaire.tallies(answers(PAGE, helped="no"), "get-help/police") == (Tally("helped:get-help/police", "no"),)


def test_what_is_sent_has_no_choice_in_it() -> None:
    """Only own words are sent, about a page with its id; a form without words sends nothing."""
    assert questionnaire.written(answers(found="yes", **points(BEST))) is None
    site = questionnaire.written(answers(found="yes", message="Hyvä sivu"))
    assert site is not None
    assert (dict(site.values), [question.name for question in site.form.questions]) == ({"message": "Hyvä sivu"}, ["message"])
    page = questionnaire.written(answers(PAGE, helped="no", message="Puuttuu"), "home/index")
    assert page is not None
    assert dict(page.values) == {"page": "home/index", "message": "Puuttuu"}
    assert {question.name for question in page.form.questions} == {"page", "message"}


def _without(form: Form, name: str) -> Form:
    return form.asking(question for question in form.questions if question.name != name)


def _with_kind(form: Form, name: str, kind: Kind) -> Form:
    return form.asking(replace(q, kind=kind) if q.name == name else q for q in form.questions)


@pytest.mark.parametrize(
    ("forms", "reason"),
    [
        ({PAGE: FORMS[PAGE]}, "feedback.toml is missing"),
        ({SITE: FORMS[SITE]}, "page-feedback.toml is missing"),
        ({SITE: replace(FORMS[SITE], counted=False), PAGE: FORMS[PAGE]}, "must be counted"),
        ({SITE: FORMS[SITE], PAGE: replace(FORMS[PAGE], of_page=False)}, "of_page"),
        ({SITE: _without(FORMS[SITE], "clumsy"), PAGE: FORMS[PAGE]}, "in this order"),
        ({SITE: FORMS[SITE], PAGE: _with_kind(FORMS[PAGE], "message", Kind.FILES)}, "neither choice nor text: message"),
    ],
)
def test_a_form_that_cannot_be_counted_is_refused(forms: Mapping[str, Form], reason: str) -> None:
    """Named with its reason, at the start; the shipped forms pass."""
    questionnaire.check(FORMS)
    with pytest.raises(QuestionnaireError, match=reason):
        questionnaire.check(forms)


def test_statements_in_another_order_are_refused() -> None:
    """The score depends on the order: two statements exchanged do not pass."""
    first, second, *rest = (question for question in FORMS[SITE].questions if question.kind is Kind.SCALE)
    others = [question for question in FORMS[SITE].questions if question.kind is not Kind.SCALE]
    swapped = FORMS[SITE].asking(itertools.chain(others, (second, first), rest))
    with pytest.raises(QuestionnaireError, match="in this order"):
        questionnaire.check({SITE: swapped, PAGE: FORMS[PAGE]})
