"""The static copy: the served bytes, whole, and only what is the same for everyone."""

import functools
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ihmiskauppa.app import build_public_app
from ihmiskauppa.cli import main
from ihmiskauppa.forms import definition
from ihmiskauppa.pages.content import ContentError
from ihmiskauppa.public import export
from ihmiskauppa.public.export import ExportError
from ihmiskauppa.public.gateway import Gateway
from ihmiskauppa.settings import ENVIRONMENT_PREFIX, Settings, data_folder
from ihmiskauppa.start import REFUSED
from tests.client import Page, check_page
from tests.few import few_languages
from tests.public.conftest import Site

BUILD = functools.partial(build_public_app, watch=False)


@dataclass(frozen=True)
class Exported:
    """Where the command put a copy of the site, and what it said."""

    folder: Path
    result: Result


@pytest.fixture(scope="module")
def site(make_site: Callable[..., Site], tmp_path_factory: pytest.TempPathFactory) -> Site:
    """With few languages: what makes the copy knows none of them."""
    return make_site(content_folder=few_languages(tmp_path_factory.mktemp("few") / "content"))


@pytest.fixture(scope="module")
def exported(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A copy of the site that no test changes, made once: every page of a new process is rendered and compressed for it."""
    folder = tmp_path_factory.mktemp("exported") / "web" / "copy"
    return Exported(folder, _command(_environment(site.configuration), "export", str(folder)))


@pytest.fixture
def copy(exported: Exported, tmp_path: Path) -> Path:
    """A copy of the site, at a link to its folder, that a test may change."""
    shutil.copytree(exported.folder.parent, tmp_path / "web", symlinks=True)
    return tmp_path / "web" / "copy"


def _served(site: Site) -> Callable[[Settings], Gateway]:
    """Takes the running site where the same is to be built, since its pages are rendered already."""
    return lambda wanted: site.application if wanted == site.configuration else BUILD(wanted)


def _environment(configuration: Settings) -> dict[str, str]:
    return {
        "IHMISKAUPPA_INSTANCE": str(configuration.instance),
        "IHMISKAUPPA_CONTENT_FOLDER": str(configuration.content_folder),
        "IHMISKAUPPA_PUBLIC_URL": configuration.public_url,
        "IHMISKAUPPA_DATABASE_URL": configuration.database_url,
        "IHMISKAUPPA_INBOX_KEYS": " ".join(configuration.inbox_keys),
        "IHMISKAUPPA_INBOX_ADDRESSES": "inbox@example.org",
        "IHMISKAUPPA_MAIL_FROM": "site@site.example",
        "IHMISKAUPPA_SMTP_HOST": "localhost",
    }


def _command(environment: dict[str, str], *arguments: str) -> Result:
    """Run the command in `environment`, without the settings of whoever runs the test."""
    others = [name for name in os.environ if name.startswith(ENVIRONMENT_PREFIX) or name == "PORT"]
    return CliRunner().invoke(main, arguments, env=dict.fromkeys(others) | environment)


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_every_page_in_every_encoding_equals_what_is_served(site: Site, exported: Exported) -> None:
    """Byte for byte, plain, gzip and brotli; static files too; and nothing else but the two stand-ins and the inbox's key."""
    expected = set()
    paths = [*site.application.pages.paths, "/static/site.css", "/static/exit.js"]
    for path in paths:
        for encoding, suffix in (("", ""), ("gzip", ".gz"), ("br", ".br")):
            served = site.client.get(path, headers={"Accept-Encoding": encoding})
            assert served.headers.get("Content-Encoding", "") == encoding
            name = path[1:] + ("index.html" if path.endswith("/") else "") + suffix
            assert (exported.folder / name).read_bytes() == served.data, name
            expected.add(name)
    found = _files(exported.folder)
    others = found - expected
    assert expected <= found
    assert {name for name in others if name.startswith("static/")} == {
        name for name in others if name.endswith((".js", ".js.gz", ".js.br"))
    }
    apart = {name.split("/")[0] for name in others if not name.startswith("static/")}
    assert apart == {"away", "too-large", "inbox-key.asc", ".well-known"}


def test_neither_forms_nor_the_front_page_are_in_it(exported: Exported) -> None:
    """They depend on the visitor; no file holds a form that posts."""
    assert not (exported.folder / "index.html").exists()
    assert not (exported.folder / "en/get-help/write-to-us").exists()
    for path in exported.folder.rglob("*.html"):
        assert b'method="post"' not in path.read_bytes().lower()


@pytest.mark.parametrize(("name", "heading"), [("away", "Writing to us does not work"), ("too-large", "too much to send")])
def test_stand_ins_are_whole_pages_with_the_hotline(site: Site, exported: Exported, name: str, heading: str) -> None:
    """One for each form and language, as the site itself would answer."""
    pages = sorted((exported.folder / name).rglob("*.html"))
    sealed = [form for form in definition.load(data_folder("forms")).values() if not form.counted]
    assert len(pages) == len(sealed) * len(site.edition.languages)
    for path in pages:
        page = Page(path.read_text())
        check_page(page)
        assert page.language == path.relative_to(exported.folder / name).parts[0]
    assert heading in (exported.folder / name / "en/get-help/write-to-us/index.html").read_text()


def test_a_copy_that_has_not_changed_is_left_alone(site: Site, copy: Path) -> None:
    """A second run writes nothing; the link leads where it did."""
    before = copy.readlink()
    assert not export.export(site.configuration, _served(site), copy)
    assert copy.readlink() == before


def test_a_changed_copy_is_swapped_in_whole(copy: Path) -> None:
    """The link leads to a new folder with exactly the new files; the one before stays once, for those still reading it."""
    first = copy.resolve()
    assert export.swap_in(copy, {"fi/index.html": b"new"})
    assert _files(copy) == {"fi/index.html"}
    assert (first / "fi/index.html").exists()
    assert export.swap_in(copy, {"fi/index.html": b"newer"})
    assert not first.exists()
    assert sorted(path.name for path in copy.parent.iterdir()) == ["copy", "copy.d"]


def test_another_user_can_read_it(exported: Exported) -> None:
    """Whatever the umask: folders 755, files 644."""
    folder = exported.folder
    assert all(path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644) for path in folder.rglob("*"))
    assert folder.resolve().parent.stat().st_mode & 0o777 == 0o755


def test_a_folder_that_is_not_ours_is_not_touched(site: Site, tmp_path: Path) -> None:
    """A real folder stands in the way: refused, and everything in it stays."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").write_text("mine")
    with pytest.raises(ExportError, match="no copy of ours"):
        export.export(site.configuration, BUILD, tmp_path / "mine")
    assert _files(tmp_path) == {"mine/file"}


def test_content_that_is_broken_leaves_the_copy(site: Site, copy: Path, content_copy: Path) -> None:
    """The last good copy stays."""
    before = copy.readlink()
    (content_copy / "pages/about/index/fi.md").write_text("no front matter")
    with pytest.raises(ContentError):
        export.export(replace(site.configuration, content_folder=content_copy), BUILD, copy)
    assert copy.readlink() == before


def test_a_disk_that_refuses_leaves_the_copy(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing half written is seen, and nothing of it stays."""
    before = copy.readlink()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ExportError, match="No space left"):
        export.swap_in(copy, {"fi/index.html": b"new"})
    assert copy.readlink() == before
    assert len(list(copy.resolve().parent.iterdir())) == 1


def test_the_command(site: Site, exported: Exported, copy: Path, tmp_path: Path) -> None:
    """`ihmiskauppa export DIR` says what it did; unfit settings, and a folder in the way, are told with status 2."""
    environment = _environment(site.configuration)
    assert "is new" in exported.result.output
    assert "nothing has changed" in _command(environment, "export", str(copy)).output
    (tmp_path / "mine").mkdir()
    assert _command(environment, "export", str(tmp_path / "mine")).exit_code == REFUSED
    refused = _command(environment | {"IHMISKAUPPA_PUBLIC_URL": "nowhere"}, "export", str(copy))
    assert refused.exit_code == REFUSED
    assert "public_url" in refused.output
