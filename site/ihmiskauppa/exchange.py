"""The exchange with translators who work in XLIFF, as commands: what they are sent, and what of theirs is taken in.

A translation is taken in only if it was made from the source as it is now, nobody else has changed it since, and it holds what
its source holds. All of a page is written, or nothing of it.
"""

import datetime
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from ihmiskauppa import settings
from ihmiskauppa.languages import SOURCE
from ihmiskauppa.pages import content, fidelity, freshness, sidecars, xliff
from ihmiskauppa.pages.content import ContentError, PageFile
from ihmiskauppa.pages.freshness import State
from ihmiskauppa.pages.sidecars import Change, version
from ihmiskauppa.pages.xliff import Unit
from ihmiskauppa.public import editions
from ihmiskauppa.start import REFUSED
from ihmiskauppa.translating import Work, say_who_checked, work


class RefusedError(Exception):
    """A page cannot be taken in; the message says why."""


@click.command("export")
@click.argument("language")
@click.argument("pages", nargs=-1)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write; else standard output.")
def export(language: str, pages: tuple[str, ...], output: Path | None) -> None:
    """Write what has to be translated into LANGUAGE, on some PAGES or all, as XLIFF 2.0: missing and stale sections only."""
    found = work()
    if language not in found.languages or language == SOURCE:
        raise click.ClickException(f"Nothing is translated into {language}.")
    try:
        units = [unit for page in pages or found.files for unit in _units(found, page, language)]
    except ContentError as broken:
        raise click.ClickException(str(broken)) from None
    text = xliff.write(language, units)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
    click.echo(f"{len(units)} sections of {len({unit.page for unit in units})} pages.", err=True)


def _units(found: Work, page: str, language: str) -> Iterator[Unit]:
    source, file = found.file(page, SOURCE), found.page(page).get(language)
    versions = sidecars.history(source)
    origins = sidecars.origins(file) if file else {}
    states = freshness.states(file, source) if file else dict.fromkeys((part.id for part in source.parts), State.MISSING)
    for part in source.parts:
        if part.text and states[part.id] in {State.MISSING, State.STALE}:
            translated = file.part(part.id) if file else None
            made_from = origins[part.id].source if part.id in origins else ""
            before = next((each.text for each in versions.get(part.id, ()) if each.name == made_from), "")
            earlier = translated.text if translated else ""
            yield xliff.unit(page, part, version(earlier) if translated else "", before, earlier)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", required=True, help='Who translated; "machine" if no person did.')
def take_in(file: Path, by: str) -> None:
    """Take in the translations of an XLIFF FILE that was exported here. Exit status 2 if any was refused."""
    found, configuration = work(), settings.read()
    try:
        language, units = xliff.read(file.read_bytes().decode("utf-8"))
    except (xliff.XliffError, UnicodeDecodeError) as fault:
        raise click.ClickException(f"{file}: {fault}") from None
    if language not in found.languages or language == SOURCE:
        raise click.ClickException(f"{file}: nothing is translated into {language}.")
    before: dict[Path, bytes | None] = {}
    written, reasons = _write_all(found, language, units, before)
    try:
        editions.load(configuration)
    except editions.BROKEN as broken:
        _restore(before)
        raise click.ClickException(f"Nothing was taken in: {broken}") from None
    today = datetime.datetime.now(datetime.UTC).date()
    for translation, source, names in written:
        done = freshness.stamp(translation, source, by, today, names)
        say_who_checked(translation, source)
        click.echo(f"{translation.path}: taken in: {', '.join(done)}")
    for reason in reasons:
        click.echo(f"refused: {reason}")
    if reasons:
        sys.exit(REFUSED)


def _page(unit: Unit) -> str:
    return unit.page


def _write_all(
    found: Work, language: str, units: list[Unit], before: dict[Path, bytes | None]
) -> tuple[list[tuple[PageFile, PageFile, list[str]]], list[str]]:
    """What was written: page, source and names of parts; and why the rest was refused. `before` gets what stood there."""
    written: list[tuple[PageFile, PageFile, list[str]]] = []
    refused: list[str] = []
    for page, group in itertools.groupby(sorted(units, key=_page), key=_page):
        fit, reasons = _sorted_out(found, language, page, list(group))
        try:
            if fit:
                written.append((*_write(found, language, page, fit, before), [unit.part for unit in fit]))
        except (ContentError, RefusedError) as fault:
            reasons.append(f"{page}: {fault}")
        refused += reasons
    return written, refused


def _sorted_out(found: Work, language: str, page: str, units: list[Unit]) -> tuple[list[Unit], list[str]]:
    """The units of a page that can be taken in, and why the others cannot."""
    if page not in found.files:
        return [], [f"{page}: there is no such page"]
    source, file = found.files[page][SOURCE], found.files[page].get(language)
    reasons = {unit.part: _reason_against(unit, source, file, plain=found.languages[language].plain) for unit in units}
    fit = [unit for unit in units if not reasons[unit.part]]
    return fit, [f"{page} {part}: {reason}" for part, reason in reasons.items() if reason]


def _reason_against(unit: Unit, source: PageFile, file: PageFile | None, *, plain: bool) -> str:
    part, translated = source.part(unit.part), file.part(unit.part) if file else None
    if part is None:
        return "the source no longer has it"
    if not unit.target:
        return "not all of it is translated"
    change = freshness.gravest(part, sidecars.history(source).get(unit.part, ()), unit.made_from)
    if change not in {None, Change.SMALL}:
        return "its source has changed since it was exported; export it again"
    if unit.was != (version(translated.text) if translated else xliff.NONE):
        return "somebody else has changed the translation since it was exported; export it again"
    unlike = [] if plain else fidelity.odd(unit.target, part.text)
    return f"not as in the source: {', '.join(unlike)}" if unlike else ""


def _write(
    found: Work, language: str, page: str, units: list[Unit], before: dict[Path, bytes | None]
) -> tuple[PageFile, PageFile]:
    """Write parts of a page, a new one if need be; it, and its source. Raises `ContentError`, `RefusedError`."""
    source, file = found.files[page][SOURCE], found.files[page].get(language)
    path = source.path.with_name(f"{language}.md")
    parts = {unit.part: unit.target for unit in units}
    kind = content.NEWS if source.published else content.PAGE
    before[path] = path.read_bytes() if file else None
    try:
        if file is None:
            if content.TITLE not in parts:
                raise RefusedError("a new page needs its title and summary")
            path.write_text(content.begun(source, parts[content.TITLE]), encoding="utf-8")
            file = content.parse(path, page, language, kind)
        path.write_text(content.with_parts(file, parts, [part.id for part in source.parts]), encoding="utf-8")
        now = content.parse(path, page, language, kind)
        if {part.id for part in now.parts} - {part.id for part in (*file.parts, *source.parts)}:
            raise RefusedError("a translation holds a heading that begins a section of its own")
        unlike = [name for name, text in parts.items() if getattr(now.part(name), "text", "").split() != text.split()]
        if unlike:
            raise RefusedError(f"cannot be written as a part of its own: {', '.join(unlike)}")
    except (ContentError, RefusedError):
        _restore({path: before.pop(path)})
        raise
    return now, source


def _restore(before: dict[Path, bytes | None]) -> None:
    for path, text in before.items():
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(text)


COMMANDS = (export, take_in)
