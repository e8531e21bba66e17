"""A static copy for a web server: every kept document and static file, byte by byte what the site itself would send.

Beside each page lie its compressed forms (`.gz`, `.br`); the inbox's key lies there too, as a file and by Web Key Directory.
Forms and `/` depend on the visitor and are not in it. Two pages stand in for each form where the web server answers by itself,
both with the hotline: under `away/`, that writing does not work now (nobody behind it answers), and under `too-large/`, that
this was too much to send.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Final

from werkzeug.test import Client, TestResponse

from ihmiskauppa.intake.keys import KeysError
from ihmiskauppa.pages import catalogue
from ihmiskauppa.public import editions, recordings
from ihmiskauppa.public.gateway import Gateway
from ihmiskauppa.public.inbox_key import InboxKey
from ihmiskauppa.public.pages import COMPRESSED
from ihmiskauppa.public.uploads import LONGEST_TEXT
from ihmiskauppa.public.within import within
from ihmiskauppa.settings import Settings

INDEX: Final = "index.html"
SUFFIXES: Final = {"": "", "gzip": ".gz", "br": ".br"}  # by Content-Encoding
AWAY: Final = "away"
TOO_LARGE: Final = "too-large"
# The web server runs as another user, whatever our umask is; nothing in a copy is secret.
FOLDER_MODE: Final = 0o755
FILE_MODE: Final = 0o644


class ExportError(Exception):
    """No copy was made; the one before stays."""


def export(configuration: Settings, build: Callable[[Settings], Gateway], folder: Path) -> bool:
    """Make `folder` the copy of the site that `build` makes from `configuration`; whether it changed.

    Raises `ExportError`, or one of `editions.BROKEN`.
    """
    if folder.exists() and not folder.is_symlink():
        raise ExportError(f"{folder} is there already and no copy of ours: name one that is not there")
    edition = editions.load(configuration)
    gateway = build(configuration)
    site = Client(within(gateway))
    files = pages(site, [*gateway.pages.paths, *gateway.pages.static])
    try:
        files |= {file_name(path): body for path, body in InboxKey.of(configuration).files()}
    except KeysError as fault:
        raise ExportError(str(fault)) from fault
    files |= {file_name(path): one.path.read_bytes() for path, one in recordings.of_edition(edition).items()}
    without_key = replace(configuration, inbox_keys=())  # every form's page says that it is closed
    closed = Client(within(build(without_key)))
    for form in edition.forms.values():
        if form.counted:  # what stands in for any other form says what is to be said
            continue
        for language in edition.languages:
            path = f"/{language}/{catalogue.path_of(form.id)}"
            files[AWAY + "/" + file_name(path)] = _body(closed.get(path), HTTPStatus.SERVICE_UNAVAILABLE)
            refused = site.post(path, data=bytes(LONGEST_TEXT + 1), content_type="application/x-www-form-urlencoded")
            files[TOO_LARGE + "/" + file_name(path)] = _body(refused, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return swap_in(folder, files)


def pages(site: Client, paths: Iterable[str]) -> dict[str, bytes]:
    """What `site` answers at `paths`, in every encoding there is, by file name. Raises `ExportError`."""
    files = {}
    for path in paths:
        for encoding, suffix in SUFFIXES.items():
            answer = site.get(path, headers={"Accept-Encoding": encoding})
            if answer.content_type not in COMPRESSED or not encoding:
                files[file_name(path) + suffix] = _body(answer, HTTPStatus.OK, encoding)
    return files


def file_name(path: str) -> str:
    """Where the copy of what stands at `path` lies: `/fi/` is `fi/index.html`."""
    return path.removeprefix("/") + (INDEX if path.endswith("/") else "")


def swap_in(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Make the link `folder` lead to a new folder with exactly `files`, at once; whether anything had changed.

    The folder before stays until the next change, for whoever is still reading it. Raises `ExportError`.
    """
    if folder.exists() and _content(folder) == files:
        return False
    copies = folder.with_name(f"{folder.name}.d")
    fresh = copies / secrets.token_hex(8)
    try:
        _write(fresh, files)
        before = folder.resolve()
        link = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}")
        link.symlink_to(fresh.relative_to(folder.parent))
        link.replace(folder)
    except OSError as fault:
        shutil.rmtree(fresh, ignore_errors=True)
        raise ExportError(f"{folder} cannot be written: {fault.strerror}") from fault
    for other in copies.iterdir():
        if other.resolve() not in {fresh.resolve(), before}:
            shutil.rmtree(other)
    return True


def _body(answer: TestResponse, status: HTTPStatus, encoding: str = "") -> bytes:
    if answer.status_code != status or answer.headers.get("Content-Encoding", "") != encoding:
        raise ExportError(f"{answer.request.path} answers {answer.status}, where {status} was expected")
    return answer.get_data()


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` under the new `folder`, and have all of it on the disk when this returns."""
    for place in dict.fromkeys((folder.parent, folder, *(folder / name for name in _folders(files)))):
        place.mkdir(exist_ok=True, parents=True)
        place.chmod(FOLDER_MODE)
    for name, body in files.items():
        with (folder / name).open("wb") as file:
            file.write(body)
            file.flush()
            os.fchmod(file.fileno(), FILE_MODE)
            os.fsync(file.fileno())


def _folders(files: Mapping[str, bytes]) -> list[str]:
    found = {str(parent) for name in files for parent in Path(name).parents}
    return sorted(found - {"."})
