"""What is wrong with answers: a msgid at a field, with what to put into it."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """What is wrong at a field: a msgid and what to put into it."""

    field: str
    text: str
    parameters: Mapping[str, str | int] = dataclasses.field(default_factory=dict)


class FaultyAnswersError(Exception):
    """The answers cannot be taken; `faults` says why, in the order of the form."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = tuple(faults)
