"""What keeps translations true to their sources, as commands. The texts themselves are written in any editor."""

import datetime
import difflib
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from ihmiskauppa import languages, settings, translations
from ihmiskauppa.languages import SOURCE, Languages
from ihmiskauppa.pages import catalogue, freshness, sidecars
from ihmiskauppa.pages.content import ContentError, PageFile
from ihmiskauppa.pages.sidecars import Change


@dataclass(frozen=True)
class Work:
    """The page files as they are now, by page and language."""

    folder: Path
    languages: Languages
    files: Mapping[str, Mapping[str, PageFile]]

    def page(self, page_id: str) -> Mapping[str, PageFile]:
        """A page in its languages. Raises `click.ClickException`."""
        if page_id not in self.files:
            raise click.ClickException(f"There is no page {page_id}. A page is named as its folder is: get-help/police.")
        return self.files[page_id]

    def file(self, page_id: str, language: str) -> PageFile:
        """One file. Raises `click.ClickException`."""
        if language not in self.page(page_id):
            raise click.ClickException(f"There is no {page_id} in {language}.")
        return self.files[page_id][language]


def work() -> Work:
    """Read the content folder. Raises `click.ClickException` with file and line of what is broken."""
    folder = settings.read().content_folder
    try:
        tongues = languages.load(folder / "languages.toml")
        files: dict[str, dict[str, PageFile]] = {}
        for file in catalogue.find(folder, tongues):
            files.setdefault(file.id, {})[file.language] = file
    except (ContentError, languages.LanguagesError) as broken:
        raise click.ClickException(str(broken)) from None
    return Work(folder, tongues, files)


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()


@click.group("translations")
def translations_group() -> None:
    """Translations of pages and texts."""


@translations_group.command("update")
def update() -> None:
    """Bring the .po files up to date with the texts in code, templates and forms."""
    configuration = settings.read()
    tongues = languages.load(configuration.content_folder / "languages.toml")
    extracted = translations.extract(Path(translations.__file__).parent, configuration.forms_folder)
    translations.update(configuration.translations_folder, tongues, extracted)


@translations_group.command("stamp")
@click.argument("page", required=False)
@click.argument("language", required=False)
@click.option("--by", required=True, help='Who wrote or translated; "machine" if no person did.')
@click.option("--change", type=click.Choice([*Change]), help="How far a changed source changed what it says.")
@click.option(
    "--section", "named", multiple=True, help="Only these sections; needed for a translation whose source has changed."
)
def stamp(page: str | None, language: str | None, by: str, change: str | None, named: tuple[str, ...]) -> None:
    """Say what was written since the last stamp: on one PAGE, in one LANGUAGE, or everywhere.

    Of a source that changed, how far: small (nothing to translate), meaning (translations are out of date and say so), safety
    (they are hidden at once). Of a translation, that what was written was made from the source as it is now.
    """
    found = work()
    try:
        for page_id in [page] if page else found.files:
            files = found.page(page_id)
            _check_names(files[SOURCE], named)
            for code in [language] if language else files:
                file = found.file(page_id, code)
                if code == SOURCE:
                    _stamp_source(file, Change(change) if change else None, by, named)
                else:
                    _tell(file, freshness.stamp(file, files[SOURCE], by, _today(), named), "stamped")
    except ContentError as broken:
        raise click.ClickException(str(broken)) from None


def _check_names(source: PageFile, named: Collection[str]) -> None:
    unknown = sorted(set(named) - {part.id for part in source.parts})
    if unknown:
        raise click.ClickException(f"{source.path} has no section {', '.join(unknown)}.")


def _stamp_source(source: PageFile, change: Change | None, by: str, named: Collection[str]) -> None:
    """Show each change and class it; without a class, ask for it, where somebody is there to be asked."""
    known = sidecars.history(source)
    for name in [name for name in freshness.unclassed(source) if not named or name in named]:
        part = source.part(name)
        if part is None or name not in known:
            click.echo(f"{source.path}: {name}: {'gone' if part is None else 'new'}")
            continue
        click.echo(differences(known[name][-1].text, part.text, f"{source.path}: {name}"))
        each = change
        if each is None and sys.stdin.isatty():
            each = Change(click.prompt("How far does this change what it says?", type=click.Choice([*Change])))
        freshness.class_changes(source, each, by, _today(), {name})
        if each is Change.SAFETY and name not in source.safety_critical:
            click.echo(f"If someone's safety hangs on {name}, name it in safety_critical in the front matter of {source.path}.")
    freshness.class_changes(source, change, by, _today(), named)


def differences(before: str, after: str, name: str) -> str:
    """What changed from one text to another, as a unified diff with all lines."""
    old, new = before.split("\n"), after.split("\n")
    return "\n".join(difflib.unified_diff(old, new, f"{name}, before", name, n=max(len(old), len(new)), lineterm=""))


def _tell(file: PageFile, names: Collection[str], done: str) -> None:
    if names:
        click.echo(f"{file.path}: {done}: {', '.join(names)}")
