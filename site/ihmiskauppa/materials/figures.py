"""What is told in public of what was sent: pieces by item, by language and by kind of organisation, without small numbers."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ihmiskauppa.materials.orders import Total
from ihmiskauppa.pages import suppression
from ihmiskauppa.pages.suppression import Margins, UnprotectedError

THRESHOLD: Final = 10  # pieces: fewer are hardly more than one order

_ALL: Final = "all"  # the one row of a table whose sum the other tables give away


def public(totals: Iterable[Total], group: Callable[[Total], str]) -> Mapping[str, int | None]:
    """Pieces by group, most first; None where the number is not shown: it is small, or a small one could be computed from it.

    Empty if nothing can be shown.
    """
    sums: dict[str, int] = {}
    for total in totals:
        sums[group(total)] = sums.get(group(total), 0) + total.pieces
    try:
        hidden = suppression.hidden({(_ALL, name): n for name, n in sums.items()}, THRESHOLD, Margins(rows=True, columns=False))
    except UnprotectedError:
        return {}
    shown = {name: None if (_ALL, name) in hidden else n for name, n in sums.items()}
    return dict(sorted(shown.items(), key=lambda each: (each[1] is None, -(each[1] or 0), each[0])))
