"""The signs check: exactly one next step for whatever is ticked, danger first, and a named fault for every broken file."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihmiskauppa import settings
from ihmiskauppa.forms import definition, indicators
from ihmiskauppa.forms.indicators import Check, IndicatorsError, Level, Weight, level_of

CHECK = indicators.load(settings.data_folder("forms"))
SOURCE = (settings.data_folder("forms") / indicators.FILE).read_text(encoding="utf-8")
TICKED = st.sampled_from(CHECK.paths).flatmap(
    lambda path: st.tuples(st.just(path), st.sets(st.sampled_from([sign.name for sign in path.signs])))
)


def load(folder: Path, text: str) -> Check:
    (folder / indicators.FILE).write_text(text, encoding="utf-8")
    return indicators.load(folder)


@pytest.mark.parametrize("counts", list(itertools.product((0, 1, 2, 3), repeat=4)))
def test_every_class_of_combinations_has_its_level(counts: tuple[int, ...]) -> None:
    """No, one, two or three signs of each weight: danger beats a child, a child beats the rest, two weak ones are enough."""
    danger, child, strong, weak = counts
    weights = [weight for weight, count in zip(Weight, counts, strict=True) for _ in range(count)]
    if danger:
        expected = Level.DANGER
    elif child:
        expected = Level.CHILD
    elif strong or weak > 1:
        expected = Level.CLOSER
    else:
        expected = Level.PERHAPS if weak else Level.NONE
    assert level_of(weights) is expected
    assert level_of(weights[::-1]) is expected


@given(TICKED)
def test_whatever_is_ticked_there_is_one_step(choice: tuple[indicators.Path, set[str]]) -> None:
    """Of every path, any set of signs leads to exactly one of its steps, and any danger to the emergency number."""
    path, ticked = choice
    step = path.step(ticked)
    assert path.steps.count(step) == 1
    if any(sign.weight is Weight.DANGER for sign in path.signs if sign.name in ticked):
        assert "{contact:emergency}" in step.says[0].text
    else:
        assert step.level is not Level.DANGER
        assert any("{contact:hotline}" in say.text for say in step.says)


def test_nothing_ticked_leads_to_a_calm_step() -> None:
    """Who ticks nothing may call all the same; nobody is told that all is well."""
    for path in CHECK.paths:
        step = path.step(())
        assert step.level is Level.NONE
        assert "may call" in step.title


def test_more_ticks_never_make_a_step_less_urgent() -> None:
    """One more sign keeps the level or raises it."""
    order = list(Level)[::-1]
    for path in CHECK.paths:
        names = [sign.name for sign in path.signs]
        for some in itertools.chain.from_iterable(itertools.combinations(names, size) for size in range(4)):
            for one in names:
                before, after = path.step(some).level, path.step({*some, one}).level
                assert order.index(after) >= order.index(before), (path.name, some, one)


def test_no_text_says_what_somebody_is() -> None:
    """Neither a verdict nor a score stands in any step."""
    for path in CHECK.paths:
        for step in path.steps:
            words = " ".join([step.title, *(say.text for say in step.says)]).lower()
            for word in ("victim", "trafficking", "score", "points", "result"):
                assert word not in words, (path.name, step.level)


def test_each_path_has_eight_to_fourteen_signs() -> None:
    """Enough to recognise something, few enough for a phone."""
    assert len(CHECK.paths) == 3
    assert all(8 <= len(path.signs) <= 14 for path in CHECK.paths)


def test_a_child_s_guardian_is_never_a_condition() -> None:
    """Every path's step for a child says so, as safety-critical text."""
    for path in CHECK.paths:
        step = next(step for step in path.steps if step.level is Level.CHILD)
        assert any("guardian" in say.text and say.safety_critical for say in step.says)


def test_what_is_said_of_the_police_stands_in_the_exact_words() -> None:
    """All three conditions, and the source beneath it."""
    said = [say for path in CHECK.paths for step in path.steps for say in step.says if "police" in say.text]
    assert len(said) == 2
    for say in said:
        assert say.text.startswith("Becoming a client is not reported to the police.")
        assert "seriously threatened" in say.text
        assert "always told when a reflection period is granted" in say.text
        assert say.safety_critical


def test_the_check_is_no_form() -> None:
    """It lies among the forms and is not taken for one."""
    assert "indicators" not in definition.load(settings.data_folder("forms"))


@pytest.mark.parametrize(
    ("found", "put", "reason"),
    [
        ('weight = "weak"', 'weight = "some"', "'some' is not a valid Weight"),
        ('level = "none"', 'level = "calm"', "'calm' is not a valid Level"),
        ('level = "none"', 'level = "closer"', "about-me: needs one step for closer, not 2"),
        ('name = "papers"', 'name = "debt"', "about-me: debt is used twice"),
        ('name = "papers"', 'name = "Papers!"', "'Papers!' is no name"),
        ('weight = "weak"', 'weight = "danger"', "unpaid: signs of danger and of a child stand in the first group"),
        ('weight = "danger"', 'weight = "weak"', "hurt: signs of danger and of a child stand in the first group"),
        ('name = "someone-i-know"', 'name = "about-me"', "needs paths, each with a name of its own"),
        ("order = 31", 'order = "31"', "about-me: order must be int"),
        ("order = 31", "ordre = 31", "about-me: unknown: ordre"),
        ('legend = "Right now"', "", "KeyError: 'legend'"),
        ('title = "Signs check"', "title = ", "TOMLDecodeError"),
    ],
)
def test_a_broken_file_is_refused_with_its_reason(tmp_path: Path, found: str, put: str, reason: str) -> None:
    """File and reason are named."""
    with pytest.raises(IndicatorsError) as fault:
        load(tmp_path, SOURCE.replace(found, put, 1))
    assert indicators.FILE in str(fault.value)
    assert reason in str(fault.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """There is no site without its signs check."""
    with pytest.raises(IndicatorsError, match=r"indicators\.toml"):
        indicators.load(tmp_path)
