"""The public figures of what was sent: added up, most first, and nothing small can be read or computed."""

from ihmiskauppa.materials import figures
from ihmiskauppa.materials.orders import Total


def by_orderer(**pieces: int) -> dict[str, int | None]:
    totals = [Total(year, "card", name, n // 2) for name, n in pieces.items() for year in (2026, 2027)]
    return dict(figures.public(totals, lambda total: total.orderer))


def test_pieces_are_added_up_most_first() -> None:
    """Over the years and whatever else they were told apart by."""
    assert list(by_orderer(school=20, health=100).items()) == [("health", 100), ("school", 20)]


def test_a_small_number_hides_another_with_it() -> None:
    """The sum of all stands in the other tables: one hidden number alone could be computed from it."""
    assert by_orderer(school=4, health=100, police=20) == {"health": 100, "police": None, "school": None}
    assert by_orderer(school=4, health=6, police=20) == {"health": None, "police": 20, "school": None}


def test_where_nothing_protects_nothing_is_shown() -> None:
    """A single group is the sum itself."""
    assert by_orderer(school=4) == {}
    assert by_orderer() == {}
