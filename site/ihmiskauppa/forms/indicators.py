"""The signs check: what it asks on each of its paths, and which one next step follows from what is ticked.

It sends nothing, so it is no form. What `Path.step` says, the stylesheet of the component `signs` does on the reader's own
device; tests/browser/test_signs.py holds the two together.
"""

import enum
import re
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any, Final

from ihmiskauppa.forms.tables import known

FILE: Final = "indicators.toml"
ENOUGH_WEAK: Final = 2  # as on the paper checklists: one Yes or two Maybes

_NAME = re.compile(r"[a-z][a-z-]*")
_TEXT_KEYS: Final = {"text": str, "safety_critical": bool}
_CHECK_KEYS: Final = {**dict.fromkeys(("id", "title", "summary"), str), **dict.fromkeys(("note", "path"), list), "order": int}
_PATH_KEYS: Final = {
    **dict.fromkeys(("name", "label", "title", "summary"), str),
    **dict.fromkeys(("group", "step"), list),
    "order": int,
}
_GROUP_KEYS: Final = {"name": str, "legend": str, "sign": list}
_SIGN_KEYS: Final = dict.fromkeys(("name", "weight", "label"), str)
_STEP_KEYS: Final = {"level": str, "title": str, "links": list, "say": list}


class IndicatorsError(Exception):
    """`indicators.toml` is broken; the message names file, path and reason."""


class Weight(enum.StrEnum):
    """What a sign, ticked, counts for."""

    DANGER = "danger"
    CHILD = "child"
    STRONG = "strong"
    WEAK = "weak"


class Level(enum.StrEnum):
    """How urgent a step is; the most urgent first."""

    DANGER = "danger"
    CHILD = "child"
    CLOSER = "closer"
    PERHAPS = "perhaps"
    NONE = "none"


# The levels whose signs and steps stand before everything else.
URGENT: Final = (Level.DANGER, Level.CHILD)


@dataclass(frozen=True)
class Say:
    """A paragraph. Under a safety-critical one that no person has checked, the English stands as well."""

    text: str
    safety_critical: bool


@dataclass(frozen=True)
class Sign:
    """Something to tick."""

    name: str
    weight: Weight
    label: str


@dataclass(frozen=True)
class Group:
    """Signs under one legend."""

    name: str
    legend: str
    signs: tuple[Sign, ...]


@dataclass(frozen=True)
class Step:
    """What to do next: never what somebody is. `links` are the ids of pages that help further."""

    level: Level
    title: str
    says: tuple[Say, ...]
    links: tuple[str, ...]

    @property
    def urgent(self) -> bool:
        return self.level in URGENT


@dataclass(frozen=True)
class Path:
    """One reader's signs and steps; `id` is its place in the tree of pages, `label` its name among the three."""

    name: str
    id: str
    order: int
    label: str
    title: str
    summary: str
    groups: tuple[Group, ...]
    steps: tuple[Step, ...]

    @property
    def signs(self) -> tuple[Sign, ...]:
        return tuple(sign for group in self.groups for sign in group.signs)

    def step(self, ticked: Collection[str]) -> Step:
        """The next step for the signs named in `ticked`."""
        level = level_of([sign.weight for sign in self.signs if sign.name in ticked])
        return next(step for step in self.steps if step.level is level)


@dataclass(frozen=True)
class Check:
    """The signs check as defined; `id` is its front page."""

    id: str
    order: int
    title: str
    summary: str
    notes: tuple[Say, ...]
    paths: tuple[Path, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts that may name contacts."""
        return (*(note.text for note in self.notes), *(say.text for p in self.paths for step in p.steps for say in step.says))

    @property
    def pages(self) -> tuple[str, ...]:
        """The ids of its pages: the front, then the paths."""
        return (self.id, *(path.id for path in self.paths))

    @property
    def links(self) -> frozenset[str]:
        """The pages its steps lead to."""
        return frozenset(link for path in self.paths for step in path.steps for link in step.links)


def level_of(weights: Collection[Weight]) -> Level:
    """How urgent the step is after signs of these weights."""
    if Weight.DANGER in weights:
        return Level.DANGER
    if Weight.CHILD in weights:
        return Level.CHILD
    if Weight.STRONG in weights or list(weights).count(Weight.WEAK) >= ENOUGH_WEAK:
        return Level.CLOSER
    return Level.PERHAPS if weights else Level.NONE


def load(folder: File) -> Check:
    """Read `indicators.toml` of `folder`. Raises `IndicatorsError`."""
    file = folder / FILE
    try:
        table = known(tomllib.loads(file.read_text(encoding="utf-8")), _CHECK_KEYS)
        check = Check(
            id=table["id"],
            order=table["order"],
            title=table["title"],
            summary=table["summary"],
            notes=_says(table.get("note", [])),
            paths=tuple(_path(table["id"], entry) for entry in table["path"]),
        )
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as fault:
        raise IndicatorsError(f"{file}: {type(fault).__name__}: {fault}") from fault
    for reason in _faults(check):
        raise IndicatorsError(f"{file}: {reason}")
    return check


def _says(entries: list[Any]) -> tuple[Say, ...]:
    says = [known(entry, _TEXT_KEYS) for entry in entries]
    return tuple(Say(say["text"], say.get("safety_critical", False)) for say in says)


def _path(check_id: str, raw: Any) -> Path:
    entry = known(raw, _PATH_KEYS)
    return Path(
        name=entry["name"],
        id=f"{check_id}/{entry['name']}",
        order=entry["order"],
        label=entry["label"],
        title=entry["title"],
        summary=entry["summary"],
        groups=tuple(_group(group) for group in entry["group"]),
        steps=tuple(_step(step) for step in entry["step"]),
    )


def _group(raw: Any) -> Group:
    entry = known(raw, _GROUP_KEYS)
    signs = [known(sign, _SIGN_KEYS) for sign in entry["sign"]]
    return Group(
        entry["name"], entry["legend"], tuple(Sign(sign["name"], Weight(sign["weight"]), sign["label"]) for sign in signs)
    )


def _step(raw: Any) -> Step:
    entry = known(raw, _STEP_KEYS)
    return Step(Level(entry["level"]), entry["title"], _says(entry["say"]), tuple(entry.get("links", ())))


def _faults(check: Check) -> Iterator[str]:
    if not check.paths or len({path.name for path in check.paths}) < len(check.paths):
        yield "needs paths, each with a name of its own"
    for path in check.paths:
        for reason in _path_faults(path):
            yield f"{path.name}: {reason}"


def _path_faults(path: Path) -> Iterator[str]:
    names = [*(group.name for group in path.groups), *(sign.name for sign in path.signs)]
    for name in (path.name, *names):
        if not _NAME.fullmatch(name):
            yield f"{name!r} is no name"
    for kind in ([group.name for group in path.groups], [sign.name for sign in path.signs]):
        for name in sorted({name for name in kind if kind.count(name) > 1}):
            yield f"{name} is used twice"
    for level in Level:
        count = [step.level for step in path.steps].count(level)
        if count != 1:
            yield f"needs one step for {level}, not {count}"
    for step in path.steps:
        if not step.says:
            yield f"the step for {step.level} says nothing"
    for number, group in enumerate(path.groups):
        if not group.signs:
            yield f"{group.name} has no signs"
        for sign in group.signs:
            if (sign.weight in {Weight.DANGER, Weight.CHILD}) is not (number == 0):
                yield f"{sign.name}: signs of danger and of a child stand in the first group, and nothing else does"
