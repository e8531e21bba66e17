"""Figures: read by name, refused when broken."""

from pathlib import Path

import pytest

from ihmiskauppa import settings
from ihmiskauppa.pages import figures
from ihmiskauppa.pages.figures import Figure, FiguresError


def test_a_figure_has_its_value_and_its_source(tmp_path: Path) -> None:
    """Every figure comes with the place it was taken from."""
    path = tmp_path / "figures.toml"
    path.write_text('[clients]\nvalue = 163\nsource = "the review"\n', encoding="utf-8")
    assert figures.load(path) == {"clients": Figure("clients", 163, "the review")}


@pytest.mark.parametrize(
    "text",
    [
        "[clients",
        "clients = 163",
        "clients = [163]",
        '[clients]\nsource = "x"',
        "[clients]\nvalue = 163",
        '[clients]\nvalue = "163"\nsource = "x"',
        '[clients]\nvalue = 1.5\nsource = "x"',
        '[clients]\nvalue = true\nsource = "x"',
        '[clients]\nvalue = 163\nsource = ""',
        "[clients]\nvalue = 163\nsource = 5",
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str) -> None:
    """A figure without a whole number or without a source is a fault that names the file."""
    path = tmp_path / "figures.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FiguresError, match=r"figures\.toml"):
        figures.load(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """Without figures.toml there is no catalogue."""
    with pytest.raises(FiguresError):
        figures.load(tmp_path / "figures.toml")


def test_the_site_s_figures_are_in_order() -> None:
    """The site's own figures can be read."""
    assert figures.load(settings.data_folder("content") / "figures.toml")["new-clients-2018"].value == 163
