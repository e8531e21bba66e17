"""Recordings on the site: shown with a page while they fit its text, sent in parts, and in the static copy."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from ihmiskauppa.app import build_public_app
from ihmiskauppa.cli import main
from ihmiskauppa.public.export import export
from tests.few import few_languages
from tests.public.conftest import Site

PAGE = "get-help/police"
SPOKEN = b"\xff\xfb\x90\x64" + bytes(413)  # a frame of silence, MPEG-1 layer 3, 128 kbit/s at 44.1 kHz


def stamped(content: Path, language: str) -> None:
    """Put a recording beside a page and say that it speaks its text."""
    (content / "pages" / PAGE / f"{language}.mp3").write_bytes(SPOKEN * 4)
    environment = {"IHMISKAUPPA_CONTENT_FOLDER": str(content)}
    done = CliRunner().invoke(main, ["translations", "recorded", PAGE, language, "--by", "Aino"], env=environment)
    assert done.exit_code == 0, done.output


@pytest.fixture
def content_copy(tmp_path: Path) -> Path:
    """With few languages: the static copy is made whole."""
    return few_languages(tmp_path / "content")


@pytest.fixture
def recorded(make_site: Callable[..., Site], content_copy: Path) -> Site:
    """A site on which one page is read aloud in Finnish."""
    stamped(content_copy, "fi")
    return make_site(content_folder=content_copy)


def test_nothing_is_shown_until_there_is_one(site: Site) -> None:
    """No player, no empty place."""
    for path in site.edition.catalogue.by_path:
        assert site.edition.catalogue.by_path[path].recordings == ()
    assert not site.client.page(f"/fi/{PAGE}/").all("audio")


def test_a_page_offers_its_recording(recorded: Site) -> None:
    """In its language only, with its size and a word of warning; and wherever the page stands in for another language's."""
    page = recorded.client.page(f"/fi/{PAGE}/")
    (player,) = page.all("audio")
    assert (player.get("preload"), player.get("controls")) == ("none", "")
    assert "Ääni kuuluu" in recorded.client.get(f"/fi/{PAGE}/").text
    assert player.get("aria-labelledby") in {element.get("id") for element in page.all("p")}
    assert not recorded.client.page(f"/sv/{PAGE}/").all("audio")
    assert not recorded.client.page("/fi/get-help/").all("audio")


def test_a_player_gets_parts(recorded: Site) -> None:
    """Whole, and in ranges (RFC 9110, 14), which Safari insists on; no validator by which a visitor could be known again."""
    address = recorded.client.page(f"/fi/{PAGE}/").one("audio").get("src", "")
    whole = recorded.client.get(address)
    assert (whole.data, whole.content_type) == (SPOKEN * 4, "audio/mpeg")
    assert not {"ETag", "Last-Modified"} & set(whole.headers.keys())
    part = recorded.client.get(address, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.data) == (206, SPOKEN[4:8])
    assert part.headers["Content-Range"] == f"bytes 4-7/{len(SPOKEN) * 4}"
    assert recorded.client.get("/recordings/0.mp3").status_code == 404


def test_a_recording_goes_when_its_page_changes(recorded: Site, content_copy: Path, make_site: Callable[..., Site]) -> None:
    """Its address, too; and a translation's goes when the source has changed, though the translation has not."""
    address = recorded.client.page(f"/fi/{PAGE}/").one("audio").get("src", "")
    stamped(content_copy, "sv")
    assert make_site(content_folder=content_copy).client.page(f"/sv/{PAGE}/").all("audio")
    source = content_copy / "pages" / PAGE / "fi.md"
    source.write_text(source.read_text(encoding="utf-8").rstrip() + " Lisäys.\n", encoding="utf-8")
    changed = make_site(content_folder=content_copy)
    for language in ("fi", "sv"):
        assert not changed.client.page(f"/{language}/{PAGE}/").all("audio")
    assert changed.client.get(address).status_code == 404


def test_a_file_that_went_away_is_not_found(recorded: Site) -> None:
    """Between two looks at the folder."""
    address = recorded.client.page(f"/fi/{PAGE}/").one("audio").get("src", "")
    (recorded.configuration.content_folder / "pages" / PAGE / "fi.mp3").unlink()
    assert recorded.client.get(address).status_code == 404


def test_the_static_copy_has_it(recorded: Site, tmp_path: Path) -> None:
    """At the same address."""
    kept = shutil.copytree(recorded.configuration.content_folder / "pages" / PAGE, tmp_path / "page")
    address = recorded.client.page(f"/fi/{PAGE}/").one("audio").get("src", "")
    export(recorded.configuration, lambda configuration: build_public_app(configuration, watch=False), tmp_path / "copy")
    assert (tmp_path / "copy" / address.removeprefix("/")).read_bytes() == (kept / "fi.mp3").read_bytes()
