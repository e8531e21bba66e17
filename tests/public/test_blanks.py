"""Blank forms on the site: offered where they were built, with their size; replaced ones say what came after them."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ihmiskauppa import editing
from ihmiskauppa.app import build_public_app
from ihmiskauppa.forms import blanks
from ihmiskauppa.public import editions
from ihmiskauppa.settings import Settings, data_folder
from tests.client import CheckedClient
from tests.conftest import InboxKey, make_instance
from tests.few import few_content

OLD = "2018-11-01"
FORM = "help-someone/referral"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, inbox_key: InboxKey) -> Settings:
    """An instance with the files of a referral form that replaces an older one."""
    folder = tmp_path_factory.mktemp("blanks")
    forms = Path(shutil.copytree(data_folder("forms"), folder / "forms"))
    referral = forms / "referral.toml"
    text = referral.read_text(encoding="utf-8")
    referral.write_text(text.replace("\nfile = ", f'\nreplaces = ["{OLD}"]\nfile = ', 1), encoding="utf-8")
    configuration = replace(make_instance(folder / "instance", inbox_key), forms_folder=forms, content_folder=few_content())
    made, there = editing.build_forms(configuration)
    assert made == there > 0
    return configuration


@pytest.fixture(scope="module")
def client(built: Settings) -> CheckedClient:
    return CheckedClient(build_public_app(built, watch=False))


def test_the_page_offers_every_kind_with_its_size(client: CheckedClient, built: Settings) -> None:
    """Each link leads to the file that was built, and says its kind, language and size."""
    edition = editions.load(built)
    for code in edition.languages:
        page = client.page(f"/{code}/{FORM}/")
        links = [link for link in page.all("a") if "download" in link.attrib]
        assert [link.get("href", "").rpartition(".")[2] for link in links] == ["pdf", "docx"]
        for link in links:
            path = link.get("href", "")
            answer = client.get(path)
            offered = edition.blanks[path]
            assert answer.status_code == 200
            assert answer.data == offered.file.read_bytes()
            assert answer.content_type == offered.blank.kind.media_type
            assert path.startswith(f"/{code}/{FORM}/ihmiskauppa-referral-{code}-")
            assert str(-(-offered.size // 1000)) in "".join(link.itertext()) or code == "ar"


def test_a_replaced_version_is_gone_and_says_what_came_after(client: CheckedClient) -> None:
    """The old address answers 410 with a link to the form of today; a version that never was is not found."""
    for code in ("fi", "en", "ar"):
        for kind in blanks.KINDS:
            answer = client.get(f"/{code}/{FORM}/ihmiskauppa-referral-{code}-{OLD}.{kind.ending}")
            assert answer.status_code == 410
            assert f'href="/{code}/{FORM}/"' in answer.text
            assert client.get(f"/{code}/{FORM}/ihmiskauppa-referral-{code}-1999-01-01.{kind.ending}").status_code == 404


def test_what_was_not_built_is_not_offered(configuration: Settings) -> None:
    """The form works without its files; nothing is made in a request."""
    client = CheckedClient(build_public_app(configuration, watch=False))
    page = client.page(f"/en/{FORM}/")
    assert not [link for link in page.all("a") if "download" in link.attrib]
    assert not (configuration.instance / blanks.FOLDER).exists()


def test_a_running_site_finds_what_is_built(configuration: Settings) -> None:
    """The next look after `ihmiskauppa forms build` offers the files."""
    configuration = replace(configuration, content_folder=few_content())
    current = editions.Editions(configuration)
    assert not current.current.blanks
    editing.build_forms(configuration)
    assert current.refresh()
    assert len(current.current.blanks) == len(current.current.languages) * 2 * len(blanks.KINDS)
