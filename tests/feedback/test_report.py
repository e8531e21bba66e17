"""What the staff see of the counts."""

import csv
import io

from ihmiskauppa.feedback import report
from ihmiskauppa.feedback.counts import Total
from ihmiskauppa.feedback.questionnaire import Tally

TOTALS = (
    Total(Tally("found", "no"), 1),
    Total(Tally("found", "yes"), 12),
    Total(Tally("sus", "50"), 1),
    Total(Tally("sus", "72.5"), 3),
)


def test_the_mean_weighs_every_score_by_its_count() -> None:
    """(50 + 3 × 72.5) / 4."""
    assert report.mean(TOTALS) == report.Mean(66.875, 4)
    assert report.mean(TOTALS[:2]) is None


def test_the_table_shows_small_counts_as_they_are() -> None:
    """A block a question, a line an answer, and the mean with n."""
    assert report.table(TOTALS).splitlines() == [
        "found",
        "  no               1",
        "  yes             12",
        "",
        "sus",
        "  50               1",
        "  72.5             3",
        "",
        "SUS, mean: 66.9 (n = 4)",
    ]
    assert report.table(()) == "Nothing was counted."


def test_csv_is_read_back() -> None:
    """A header, a line an answer, the mean last; without scores there is no mean."""
    rows = list(csv.reader(io.StringIO(report.as_csv(TOTALS))))
    assert rows == [
        ["question", "answer", "count"],
        *[[t.tally.question, t.tally.answer, str(t.count)] for t in TOTALS],
        ["sus-mean", "66.88", "4"],
    ]
    assert report.as_csv(TOTALS[:2]).splitlines()[-1] == "found,yes,12"
