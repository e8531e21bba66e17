"""What keeps translations true to their sources, as commands. The texts themselves are written in any editor."""

import datetime
import difflib
import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from babel.messages.catalog import Catalog

from ihmiskauppa import languages, settings, translations
from ihmiskauppa.languages import BY_MACHINE, BY_PERSON, SOURCE, Languages
from ihmiskauppa.pages import catalogue, content, freshness, progress, recordings, sidecars
from ihmiskauppa.pages.content import ContentError, PageFile
from ihmiskauppa.pages.freshness import State
from ihmiskauppa.pages.recordings import Kind
from ihmiskauppa.pages.sidecars import Change
from ihmiskauppa.settings import Settings


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


def texts(configuration: Settings) -> Catalog:
    """All texts of code, templates, forms and range to translate."""
    return translations.extract(Path(translations.__file__).parent, configuration.forms_folder, configuration.content_folder)


@click.group("translations")
def translations_group() -> None:
    """Translations of pages and texts."""


@translations_group.command("update")
def update() -> None:
    """Bring the .po files up to date with the texts in code, templates and forms."""
    configuration = settings.read()
    tongues = languages.load(configuration.content_folder / "languages.toml")
    translations.update(configuration.translations_folder, tongues, texts(configuration))


@translations_group.command("reword")
@click.argument("old")
@click.argument("new")
def reword(old: str, new: str) -> None:
    """Keep the translations of a form's or the interface's text OLD for its small fix NEW.

    Any other change of such a text needs new translations: until then, English stands in its place, marked as English.
    """
    configuration = settings.read()
    tongues = languages.load(configuration.content_folder / "languages.toml")
    try:
        done = translations.reword(configuration.translations_folder, tongues, old, new)
    except translations.TranslationsError as fault:
        raise click.ClickException(str(fault)) from None
    if not done:
        raise click.ClickException(f"No language has a translation of {old!r}.")
    click.echo(f"Kept in {', '.join(done)}. Now change the text itself, then: ihmiskauppa translations update")


@translations_group.command("stamp")
@click.argument("page", required=False)
@click.argument("language", required=False)
@click.option("--by", required=True, help='Who wrote or translated; "machine" if no person did.')
@click.option(
    "--change", type=click.Choice([each.value for each in Change]), help="How far a changed source changed what it says."
)
@click.option(
    "--section", "named", multiple=True, help="Only these sections; needed for a translation whose source has changed."
)
def stamp(page: str | None, language: str | None, by: str, change: str | None, named: tuple[str, ...]) -> None:
    """Say what was written since the last stamp: on one PAGE, in one LANGUAGE, or everywhere.

    Of a source that changed, how far: small (nothing to translate), meaning (translations are out of date and say so), safety
    (they are hidden at once). Of a translation, that what was written was made from the source as it is now. Without a
    LANGUAGE, --change and --section are about the source.
    """
    found = work()
    try:
        for page_id in [page] if page else found.files:
            files = found.page(page_id)
            _check_names(files[SOURCE], named)
            for code in [language] if language else [SOURCE] if change or named else files:
                file = found.file(page_id, code)
                if code == SOURCE:
                    _stamp_source(file, Change(change) if change else None, by, named)
                else:
                    _tell(file, freshness.stamp(file, files[SOURCE], by, _today(), named), "stamped")
                    _tell_late(file, files[SOURCE])
                    say_who_checked(file, files[SOURCE])
    except ContentError as broken:
        raise click.ClickException(str(broken)) from None


def _check_names(source: PageFile, named: Collection[str]) -> None:
    unknown = sorted(set(named) - {part.id for part in source.parts})
    if unknown:
        raise click.ClickException(f"{source.path} has no section {', '.join(unknown)}.")


def _stamp_source(source: PageFile, change: Change | None, by: str, named: Collection[str]) -> None:
    """Show each change and class it; without a class, ask for it, where somebody is there to be asked."""
    known = sidecars.history(source)
    unclassed = set(freshness.unclassed(source)) & set(named or freshness.unclassed(source))
    for part in [part for part in source.parts if part.id in unclassed]:
        if part.id not in known:
            click.echo(f"{source.path}: {part.id}: new")
            continue
        click.echo(differences(known[part.id][-1].text, part.text, f"{source.path}: {part.id}"))
        each = change
        if each is None and sys.stdin.isatty():
            each = Change(
                click.prompt("How far does this change what it says?", type=click.Choice([each.value for each in Change]))
            )
        freshness.class_changes(source, each, by, _today(), {part.id})
        if each is Change.SAFETY and part.id not in source.safety_critical:
            click.echo(f"If someone's safety hangs on {part.id}, name it in safety_critical, at the top of {source.path}.")
    freshness.class_changes(source, change, by, _today(), named)


def differences(before: str, after: str, name: str) -> str:
    """What changed from one text to another, as a unified diff with all lines."""
    old, new = before.split("\n"), after.split("\n")
    return "\n".join(difflib.unified_diff(old, new, f"{name}, before", name, n=max(len(old), len(new)), lineterm=""))


def _tell(file: PageFile, names: Collection[str], done: str) -> None:
    if names:
        click.echo(f"{file.path}: {done}: {', '.join(names)}")


def _tell_late(file: PageFile, source: PageFile) -> None:
    late = freshness.changed_since(file, source)
    if late:
        click.echo(f"{file.path}: made from an older source, not stamped unless named by --section: {', '.join(late)}")


def say_who_checked(file: PageFile, source: PageFile) -> None:
    """The front matter, and so the page, says that a machine translated as long as any part is a machine's alone."""
    by_machine = State.MACHINE in freshness.states(file, source).values()
    content.write_review(file, BY_MACHINE if by_machine else BY_PERSON)


@translations_group.command("review")
@click.argument("page")
@click.argument("language")
@click.option("--by", required=True, help="Who checked it against the source.")
@click.option("--section", "named", multiple=True, help="Only these sections.")
def review(page: str, language: str, by: str, named: tuple[str, ...]) -> None:
    """Say that a person has checked the translation of PAGE in LANGUAGE against its source, as both are now."""
    found = work()
    file, source = found.file(page, language), found.file(page, SOURCE)
    _check_names(source, named)
    try:
        _tell(file, freshness.review(file, source, by, _today(), named), f"checked by {by}")
        states = freshness.states(file, source)
    except ContentError as broken:
        raise click.ClickException(str(broken)) from None
    for name in [name for name, state in states.items() if state in freshness.UNFIT and (not named or name in named)]:
        click.echo(f"{file.path}: {name} is {states[name].value}: it cannot be reviewed")
    say_who_checked(file, source)


@translations_group.command("diff")
@click.argument("page")
@click.argument("language")
def diff(page: str, language: str) -> None:
    """Show each section of PAGE that needs a translator in LANGUAGE: how its source changed, and the translation as it is."""
    found = work()
    source, file = found.file(page, SOURCE), found.page(page).get(language)
    try:
        versions = sidecars.history(source)
        origins = sidecars.origins(file) if file else {}
        states = freshness.states(file, source) if file else dict.fromkeys((part.id for part in source.parts), State.MISSING)
    except ContentError as broken:
        raise click.ClickException(str(broken)) from None
    for part in [part for part in source.parts if states[part.id] in freshness.UNFIT]:
        click.secho(f"{part.id}: {states[part.id].value}", bold=True)
        made_from = origins[part.id].source if part.id in origins else ""
        before = next((each.text for each in versions.get(part.id, ()) if each.name == made_from), part.text)
        click.echo(differences(before, part.text, f"{SOURCE}/{part.id}") if before != part.text else part.text)
        translated = file.part(part.id) if file else None
        click.echo(f"--- {language}/{part.id}\n{translated.text if translated else ''}\n")


@translations_group.command("recorded")
@click.argument("page")
@click.argument("language")
@click.option("--by", required=True, help="Who has listened to it or watched it, beside the text.")
def recorded(page: str, language: str, by: str) -> None:
    """Say that the recordings beside PAGE in LANGUAGE speak its text as it is now: only then are they shown."""
    file = work().file(page, language)
    kinds = recordings.stamp(file, by, _today())
    if not kinds:
        raise click.ClickException(f"There is neither {' nor '.join(recordings.file_of(file, kind).name for kind in Kind)}.")
    click.echo(f"{file.path}: {' and '.join(kind.value for kind in kinds)}")


@translations_group.command("status")
@click.argument("wanted", metavar="[LANGUAGE]...", nargs=-1)
@click.option("--format", "form", type=click.Choice(["text", "html", "json"]), default="text", show_default=True)
def status(wanted: tuple[str, ...], form: str) -> None:
    """Show how far the translations are, those pages first whose readers risk most; in all languages or some."""
    found = work()
    codes = wanted or [code for code in found.languages if code != SOURCE]
    unknown = sorted(set(codes) - set(found.languages) | {SOURCE} & set(codes))
    if unknown:
        raise click.ClickException(f"Nothing is translated into {', '.join(unknown)}.")
    tongues = Languages(language for code, language in found.languages.items() if code in codes)
    try:
        rows = progress.grid(found.files, tongues, _today())
    except ContentError as broken:
        raise click.ClickException(str(broken)) from None
    if form == "json":
        click.echo(json.dumps(progress.as_data(rows), ensure_ascii=False, indent=1))
    elif form == "html":
        click.echo(progress.as_html(rows, tongues, _today()), nl=False)
    else:
        _show(rows, tongues)


def _show(rows: tuple[progress.Row, ...], tongues: Languages) -> None:
    wide = max(len(row.page_id) for row in rows)
    columns = {code: max(len(code), *(len(row.cells[code].sign) for row in rows)) for code in tongues}
    click.echo(" ".join([" " * wide, *(code.ljust(columns[code]) for code in tongues)]).rstrip())
    for row in rows:
        cells = [click.style(cell.sign.ljust(columns[code]), progress.COLOURS[cell.state]) for code, cell in row.cells.items()]
        click.echo(" ".join([row.page_id.ljust(wide), *cells]))
    click.echo()
    for code in tongues:
        found = progress.counts(rows, code)
        told = ", ".join(f"{found[state]} {state.value}" for state in progress.RISK if found[state])
        click.echo(f"{code.ljust(max(map(len, tongues)))}  {told}")
    click.echo(", ".join(f"{sign} {state.value}" for state, sign in progress.SIGNS.items()) + "; ! safety-critical")
