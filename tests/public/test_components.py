"""The page of all components: what it shows, and that only practice has it."""

from collections.abc import Callable

from ihmiskauppa import languages
from ihmiskauppa.public import components
from ihmiskauppa.settings import data_folder
from tests.client import SPACE
from tests.public.conftest import Site

LANGUAGES = languages.load(data_folder("content") / "languages.toml")


def test_practice_shows_every_component(make_site: Callable[..., Site]) -> None:
    """In every language, with a fault at a field, a step reached, and each drawing."""
    site = make_site(mode="practice")
    paths = [path for path in site.application.pages.paths if path.endswith(components.PLACE)]
    assert sorted(paths) == sorted(f"/{code}/components/" for code in LANGUAGES)
    for path in paths:
        page = site.client.page(path)
        for tag, name in (
            *(("div", f"ik-{name}") for name in ("doors", "danger", "fact", "steps", "notice", "summary")),
            *(("nav", "ik-contents"), ("nav", "ik-turns"), ("table", "ik-counts"), ("a", "ik-download"), ("ol", "ik-progress")),
            *(("ul", "ik-language-list"), ("ul", "ik-posters"), ("input", "ik-input--file"), ("aside", "ik-call")),
        ):
            assert page.all(tag, class_=name), (path, name)
        assert [element.get("id") for element in page.all("p", class_="ik-field__fault")] == ["telephone-fault"]
        assert "".join(page.one("li", **{"aria-current": "step"}).itertext()).strip()
        assert len([svg for svg in page.everything() if svg.get("class") == "ik-art"]) == 3
        assert not page.all("form"), "a kept page has no form that posts"
        assert not [link for link in page.root.iter(SPACE + "a") if link.get("href") == path]


def test_no_other_site_has_it(make_site: Callable[..., Site]) -> None:
    """A real site does not know the address."""
    site = make_site()
    assert site.client.get("/en/components/").status_code == 404
