"""What the staff see of the counts: a table to read, or CSV (RFC 4180, but for line ends). Small counts stand as they are."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ihmiskauppa.feedback.counts import Total
from ihmiskauppa.feedback.questionnaire import SCORE

NOTHING: Final = "Nothing was counted."


@dataclass(frozen=True)
class Mean:
    """The mean of all `n` scores of the System Usability Scale."""

    score: float
    n: int


def mean(totals: Sequence[Total]) -> Mean | None:
    """None if nobody answered all ten items."""
    scores = [(float(total.tally.answer), total.count) for total in totals if total.tally.question == SCORE]
    n = sum(count for _, count in scores)
    return Mean(sum(score * count for score, count in scores) / n, n) if n else None


def table(totals: Sequence[Total]) -> str:
    """A block for each question, and the mean score."""
    lines: list[str] = []
    question = ""
    for total in totals:
        if total.tally.question != question:
            question = total.tally.question
            lines += ["", question]
        lines.append(f"  {total.tally.answer:<12}{total.count:>6}")
    usability = mean(totals)
    if usability:
        lines += ["", f"SUS, mean: {usability.score:.1f} (n = {usability.n})"]
    return "\n".join(lines[1:]) or NOTHING


def as_csv(totals: Sequence[Total]) -> str:
    """A line for each answer, and last the mean score, whose count is n."""
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(("question", "answer", "count"))
    lines.writerows((total.tally.question, total.tally.answer, total.count) for total in totals)
    usability = mean(totals)
    if usability:
        lines.writerow((f"{SCORE}-mean", f"{usability.score:.2f}", usability.n))
    return written.getvalue()
