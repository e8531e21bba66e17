"""Which cells of a cross-table are hidden so that no small group can be recognised, nor computed from the totals.

A cell below the threshold is hidden (primary suppression), and as many others as it takes (complementary suppression): each
hidden cell could then be larger or smaller by one without any shown number changing. A nought is shown: it counts nobody, so
a hidden cell is known to be at least one.

Cells and totals are flows in a network: from a source through the rows, over the cells, through the columns to a sink (Gusfield
1988). Flows are whole numbers, so a cell can have another value exactly if a cycle of changes by one leads through it.
"""

import heapq
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeVar

Cell = tuple[str, str]
Node = tuple[str, str]
N = TypeVar("N", bound=Hashable)

_SOURCE: Final[Node] = ("source", "")
_SINK: Final[Node] = ("sink", "")


class UnprotectedError(Exception):
    """A small cell can be computed from what must be shown, whatever else is hidden."""

    def __init__(self, cell: Cell) -> None:
        super().__init__("/".join(cell))
        self.cell = cell


@dataclass(frozen=True)
class Margins:
    """Which totals readers know beside the sum of all: of each row, of each column."""

    rows: bool
    columns: bool


def hidden(cells: Mapping[Cell, int], threshold: int, margins: Margins) -> frozenset[Cell]:
    """The cells of a whole table (row, column) to hide. Raises `UnprotectedError`."""
    chosen = {cell for cell, count in cells.items() if 0 < count < threshold}
    for cell in sorted(chosen):
        chosen |= _protection(cells, frozenset(chosen), cell, margins)
    return frozenset(chosen)


def _protection(cells: Mapping[Cell, int], chosen: frozenset[Cell], cell: Cell, margins: Margins) -> set[Cell]:
    """The cheapest cells to hide as well so that `cell` could be one more, or one less."""
    row, column = ("row", cell[0]), ("column", cell[1])
    ways = [_way(cells, chosen, cell, column, row, margins)]
    if cells[cell] > 1:
        ways.append(_way(cells, chosen, cell, row, column, margins))
    found = [way for way in ways if way is not None]
    if not found:
        raise UnprotectedError(cell)
    return min(found, key=lambda way: way[0])[1]


def _way(
    cells: Mapping[Cell, int], chosen: frozenset[Cell], without: Cell, start: Node, end: Node, margins: Margins
) -> tuple[int, set[Cell]] | None:
    """The cheapest path of changes by one from `start` to `end`, past `without`: its cost and its cells (Dijkstra)."""
    steps: dict[Node, list[tuple[Node, int, Cell | None]]] = {}
    for cell, count in cells.items():
        if cell == without or count == 0:
            continue
        row, column = ("row", cell[0]), ("column", cell[1])
        cost = 0 if cell in chosen else count
        steps.setdefault(row, []).append((column, cost, cell))
        if count > 1:  # at least one stays
            steps.setdefault(column, []).append((row, cost, cell))
    for free, end_node, nodes in (
        (not margins.rows, _SOURCE, {("row", cell[0]) for cell in cells}),
        (not margins.columns, _SINK, {("column", cell[1]) for cell in cells}),
    ):
        for node in sorted(nodes) if free else ():
            steps.setdefault(node, []).append((end_node, 0, None))
            steps.setdefault(end_node, []).append((node, 0, None))
    waiting: list[tuple[int, int, Node, tuple[Cell, ...]]] = [(0, 0, start, ())]
    seen: set[Node] = set()
    pushed = 0
    while waiting:
        cost, _, node, used = heapq.heappop(waiting)
        if node == end:
            return cost, set(used)
        if node in seen:
            continue
        seen.add(node)
        for target, more, step in steps.get(node, ()):
            pushed += 1
            heapq.heappush(waiting, (cost + more, pushed, target, used if step is None else (*used, step)))
    return None


def determined(unknown: Sequence[N], equations: Sequence[Mapping[N, int]]) -> list[N]:
    """Which of the `unknown` have one solution only, given all `equations` (coefficients of unknowns) together.

    Gauss and Jordan's elimination, exact; that counts are whole and not negative is not used.
    """
    rows = [[Fraction(equation.get(name, 0)) for name in unknown] for equation in equations]
    top = 0
    for column in range(len(unknown)):
        pivot = next((index for index in range(top, len(rows)) if rows[index][column]), None)
        if pivot is None:
            continue
        rows[top], rows[pivot] = rows[pivot], rows[top]
        rows[top] = [value / rows[top][column] for value in rows[top]]
        for index, row in enumerate(rows):
            if index != top and row[column]:
                factor = row[column]
                rows[index] = [value - factor * other for value, other in zip(row, rows[top], strict=True)]
        top += 1
    return [unknown[row.index(Fraction(1))] for row in rows if sum(value != 0 for value in row) == 1]
