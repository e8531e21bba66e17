"""How far each part of a translation can be trusted against its source as it is now, and what is therefore shown of it.

A part is a section, or title and summary together. Nobody has to remember what changed: the sidecars know the version a
translation was made from, and the class of every change of the source since.
"""

import datetime
import enum
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from ihmiskauppa.languages import BY_MACHINE, SOURCE
from ihmiskauppa.pages import sidecars
from ihmiskauppa.pages.content import ContentError, PageFile, Section
from ihmiskauppa.pages.sidecars import Change, Origin, Version, version

REVIEW_HOLDS: Final = datetime.timedelta(days=365)  # then a person should look again


class State(enum.Enum):
    """How far a part of a translation can be trusted; all but `SOURCE` as `translations status` names them."""

    SOURCE = "source"
    MISSING = "missing"
    DRAFT = "draft"
    STALE = "stale"
    MACHINE = "machine"
    WAITING = "waiting for review"
    OVERDUE = "review overdue"
    CURRENT = "current"


# What a translator has yet to do: no text of it was made from the source as it is now.
UNFIT: Final = frozenset({State.MISSING, State.DRAFT, State.STALE})


def state(wanted: Section, versions: tuple[Version, ...], translated: Section | None, origin: Origin | None) -> State:
    """Where a translated part stands against the source's part `wanted` as it is now, whatever the day.

    A draft is what nobody has stamped since it was written.
    """
    if translated is None:
        return State.MISSING
    if origin is None or origin.text != version(translated.text):
        return State.DRAFT
    if gravest(wanted, versions, origin.source) not in {None, Change.SMALL}:
        return State.STALE
    if origin.reviewed is not None:
        return State.CURRENT
    return State.MACHINE if origin.by == BY_MACHINE else State.WAITING


def on(day: datetime.date, found: State, origin: Origin | None) -> State:
    """The state on a day: a review does not hold for ever, though the text is shown as before."""
    reviewed = origin.reviewed if origin else None
    overdue = found is State.CURRENT and reviewed is not None and day - reviewed > REVIEW_HOLDS
    return State.OVERDUE if overdue else found


def gravest(wanted: Section, versions: tuple[Version, ...], made_from: str) -> Change | None:
    """The gravest change of the source since its version `made_from`; None if there was none.

    A change that nobody has classed yet counts as one of meaning. After an unknown version, all changes count.
    """
    now = version(wanted.text)
    if made_from == now:
        return None
    names = [each.name for each in versions]
    after = len(names) - names[::-1].index(made_from) if made_from in names else 0
    changes = [each.change for each in versions[after:] if each.change is not None]
    if made_from not in names or now != names[-1]:
        changes.append(Change.MEANING)
    return max(changes, key=list(Change).index)


def hidden(found: State, change: Change | None, *, critical: bool) -> bool:
    """Whether another text stands in the place of a translated part: what is missing, and what could do harm.

    `critical` is what the source's front matter says of the part, `change` the gravest since it was translated.
    """
    if found is State.MISSING:
        return True
    return found in {State.STALE, State.DRAFT} and (critical or change is Change.SAFETY)


def unclassed(source: PageFile) -> list[str]:
    """The parts of a source that are new or changed since its sidecar was written."""
    assert source.language == SOURCE  # noqa: S101
    known = sidecars.history(source)
    return [part.id for part in source.parts if part.id not in known or known[part.id][-1].text != part.text]


def class_changes(source: PageFile, change: Change | None, by: str, day: datetime.date, only: Collection[str] = ()) -> None:
    """Write into the sidecar of a source how far its changed parts, or `only` some of them, changed. Raises `ContentError`.

    What is new needs no class, for nothing was made from it. What is gone keeps its versions, lest it come back without them.
    """
    known = sidecars.history(source)
    kept = dict(known)
    for part in source.parts:
        before = known.get(part.id, ())
        kept[part.id] = (
            before if before and only and part.id not in only else _classed(source.path, part, before, change, by, day)
        )
    sidecars.write_history(source, kept)


def _classed(
    path: Path, part: Section, known: tuple[Version, ...], change: Change | None, by: str, day: datetime.date
) -> tuple[Version, ...]:
    if not known:
        return (Version(part.text, by, day),)
    if known[-1].text == part.text:
        return known
    if change is None:
        raise ContentError(path, part.line, f"{part.id} has changed: say how far, {', '.join(Change)}")
    return (*known, Version(part.text, by, day, change, known[-1].name))


def states(translation: PageFile, source: PageFile) -> Mapping[str, State]:
    """The state of each part of a translation that the source has, by its name."""
    versions, origins = sidecars.history(source), sidecars.origins(translation)
    return {
        part.id: state(part, versions.get(part.id, ()), translation.part(part.id), origins.get(part.id))
        for part in source.parts
    }


def changed_since(translation: PageFile, source: PageFile) -> list[str]:
    """The parts of a translation that were made from a text of the source that said something else."""
    versions, origins = sidecars.history(source), sidecars.origins(translation)
    return [
        part.id
        for part in source.parts
        if part.id in origins and gravest(part, versions.get(part.id, ()), origins[part.id].source) not in {None, Change.SMALL}
    ]


def stamp(translation: PageFile, source: PageFile, by: str, day: datetime.date, named: Collection[str] = ()) -> list[str]:
    """Write the sidecar that says: these parts of a translation were made from the source as it is now. Returns their names.

    Those are the parts that were written since the last stamp, and those that are `named`. A part whose source has changed
    must be named: mending a comma in an old translation does not make it a new one.
    """
    before, late = sidecars.origins(translation), changed_since(translation, source)
    kept: dict[str, Origin] = {}
    stamped: list[str] = []
    for part in source.parts:
        translated, origin = translation.part(part.id), before.get(part.id)
        if translated is None:
            continue
        written = origin is None or origin.text != version(translated.text)
        if part.id in named or (written and part.id not in late):
            origin = Origin(version(part.text), version(translated.text), by, day)
            stamped.append(part.id)
        if origin is not None:
            kept[part.id] = origin
    sidecars.write_origins(translation, kept)
    return stamped


def review(translation: PageFile, source: PageFile, reviewer: str, day: datetime.date, only: Collection[str] = ()) -> list[str]:
    """Write into the sidecar that a person has checked the parts of a translation, or `only` some. Returns their names.

    What is missing, a draft or stale cannot be reviewed: there is no version that it could be held against.
    """
    kept = dict(sidecars.origins(translation))
    checked = [name for name, found in states(translation, source).items() if found not in UNFIT and (not only or name in only)]
    for name in checked:
        kept[name] = replace(kept[name], reviewer=reviewer, reviewed=day)
    sidecars.write_origins(translation, kept)
    return checked
