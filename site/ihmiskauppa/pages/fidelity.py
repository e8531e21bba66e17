"""Whether a translation holds what its source holds: sections in their order, links, names, containers, numbers."""

import re
from collections.abc import Collection
from typing import Final

from ihmiskauppa.languages import PLAIN
from ihmiskauppa.pages.content import PageFile

_CONTACT: Final = re.compile(r"\{contact:[a-z0-9-]+\}")
_COUNTED: Final = re.compile(r"\]\(([^)]+)\)|(\{(?:contact|figure):[a-z0-9-]+\})|^(:::+[ \t]*\S*)|(\d+)", re.MULTILINE)


def differences(file: PageFile, source: PageFile, stale: Collection[str] = ()) -> list[str]:
    """What a translation has that its source lacks, or the other way; its `stale` parts are held to nothing.

    A section may be missing: the source's stands there then. A plain version may also leave out links, numbers and more,
    but no telephone number of a safety-critical section.
    """
    ours, theirs = [s.id for s in file.sections], [s.id for s in source.sections]
    if ours != [section_id for section_id in theirs if section_id in ours]:
        return [f"{file.path}: sections {ours} are not among the source's {theirs}, or in another order"]
    faults: list[str] = []
    for part in file.parts:
        original = source.part(part.id)
        if original is None or part.id in stale:
            continue
        if not file.language.endswith(PLAIN):
            unlike = odd(part.text, original.text)
            faults += [f"{file.path}:{part.line}: {part.id}: not as in the source: {', '.join(unlike)}"] if unlike else []
        elif part.id in source.safety_critical:
            missing = sorted(set(_CONTACT.findall(original.text)) - set(_CONTACT.findall(part.text)))
            faults += [f"{file.path}:{part.line}: {part.id}: lacks {', '.join(missing)}"] if missing else []
    return faults


def odd(text: str, original: str) -> list[str]:
    """The links, names, containers and numbers that only one of two texts has, or has more often; empty if there are none."""
    extra, lacking = _counted(text), _counted(original)
    return sorted((set(extra) ^ set(lacking)) or set(extra)) if extra != lacking else []


def _counted(text: str) -> list[str]:
    return sorted(next(group for group in match.groups() if group) for match in _COUNTED.finditer(text))
