"""What editors do, as commands: check and measure texts, keep translations up to date, build the forms' files."""

import datetime
import sys
from pathlib import Path

import click
from babel.messages.catalog import Catalog

from ihmiskauppa import contacts, languages, settings, start, translations
from ihmiskauppa.forms import blanks, definition
from ihmiskauppa.languages import SOURCE
from ihmiskauppa.materials import files
from ihmiskauppa.materials import range as materials_range
from ihmiskauppa.materials.artwork import ArtworkError
from ihmiskauppa.pages import catalogue, content, freshness, readability
from ihmiskauppa.public import editions
from ihmiskauppa.settings import Settings
from ihmiskauppa.start import REFUSED


@click.command("check")
def check() -> None:
    """Check content, forms and translations. Exit status 2 and a line for each fault."""
    configuration = settings.read()
    faults: list[str] = []
    try:
        editions.load(configuration)
        tongues = languages.load(configuration.content_folder / "languages.toml")
        pages = list(catalogue.find(configuration.content_folder, tongues))
        sources = {page.id: page for page in pages if page.language == SOURCE}
        for page in pages:
            faults += _page_faults(page, sources[page.id])
        extracted = _texts(configuration)
        faults += translations.check(configuration.translations_folder, tongues, extracted)
        for warning in start.content_warnings(configuration):
            click.echo(f"WARNING: {warning}", err=True)
    except editions.BROKEN as broken:
        faults.append(str(broken))
    for fault in faults:
        click.echo(fault)
    if faults:
        sys.exit(REFUSED)
    click.echo(f"Content and translations are in order: {len(pages)} pages.")


@click.command("content")
def show_content() -> None:
    """Show how hard each page is to read: words, words a sentence, LIX, and what is beyond its bounds."""
    configuration = settings.read()
    try:
        pages = editions.load(configuration).catalogue.pages()
    except editions.BROKEN as broken:
        raise click.ClickException(str(broken)) from None
    for page in pages:
        if not page.fallback and page.language.code.partition("-")[0] in readability.LATIN:
            measured = readability.of_page(page)
            beyond = "; ".join(readability.faults(page))
            click.echo(f"{measured.lix:4.0f} {measured.per_sentence:5.1f} {measured.words:5d}  {page.path}  {beyond}".rstrip())


def _page_faults(page: content.PageFile, source: content.PageFile) -> list[str]:
    if page.language == SOURCE:
        changed = freshness.unclassified(page)
        return [f"{page.path}: changed without a new stamp: {', '.join(changed)}"] if changed else []
    faults = freshness.differences(page, source)
    origins = freshness.read(page)
    for section in page.sections:
        state = freshness.state(source.section(section.id), origins.get(section.id))
        if state is freshness.State.STALE and section.id in source.safety_critical:
            faults.append(f"{page.path}:{section.line}: safety-critical section {section.id} is out of date")
    return faults


def _texts(configuration: Settings) -> Catalog:
    """All texts to translate."""
    return translations.extract(Path(translations.__file__).parent, configuration.forms_folder, configuration.content_folder)


@click.group("translations")
def translations_group() -> None:
    """Translations of pages and texts."""


@translations_group.command("update")
def translations_update() -> None:
    """Bring the .po files up to date with the texts in code, templates and forms."""
    configuration = settings.read()
    tongues = languages.load(configuration.content_folder / "languages.toml")
    extracted = _texts(configuration)
    translations.update(configuration.translations_folder, tongues, extracted)


@translations_group.command("stamp")
@click.option("--by", default="machine", help="Who translated.")
def translations_stamp(by: str) -> None:
    """Say that every page of every language was made from its source as it is now."""
    configuration = settings.read()
    tongues = languages.load(configuration.content_folder / "languages.toml")
    pages = list(catalogue.find(configuration.content_folder, tongues))
    sources = {page.id: page for page in pages if page.language == SOURCE}
    for page in pages:
        freshness.stamp(page, sources[page.id], by, datetime.datetime.now(datetime.UTC).date())


@click.group("forms")
def forms_group() -> None:
    """The forms to fill in, as files."""


@forms_group.command("build")
def forms_build() -> None:
    """Make every form's PDF and Word file that is missing or out of date, in every language."""
    configuration = settings.read()
    try:
        made, there = build_forms(configuration)
    except editions.BROKEN as broken:
        raise click.ClickException(str(broken)) from None
    click.echo(f"{made} files made, {there} are there.")


def build_forms(configuration: Settings) -> tuple[int, int]:
    """Make what is missing in the instance; how many were made, and how many there are. Raises one of `editions.BROKEN`."""
    tongues = languages.load(configuration.content_folder / "languages.toml")
    people = contacts.load(configuration.content_folder / "contacts.toml")
    texts = translations.load(configuration.translations_folder, tongues)
    forms = definition.load(configuration.forms_folder)
    wanted = blanks.wanted(forms, tongues, texts, people, configuration.public_url)
    made = blanks.build(wanted, texts, people, configuration.public_url, configuration.instance / blanks.FOLDER)
    return made, len(wanted)


@click.group("materials")
def materials_group() -> None:
    """Posters, flyers and cards, as files."""


@materials_group.command("build")
def materials_build() -> None:
    """Make every poster's, flyer's and card's PDFs and preview that are missing or out of date, in every language."""
    configuration = settings.read()
    try:
        made, there = build_materials(configuration)
    except (*editions.BROKEN, ArtworkError) as broken:
        raise click.ClickException(str(broken)) from None
    click.echo(f"{made} files made, {there} are there.")


def build_materials(configuration: Settings) -> tuple[int, int]:
    """As `build_forms`, for all that is in the range; the content must be fit. Raises `ArtworkError`, too."""
    tongues = languages.load(configuration.content_folder / "languages.toml")
    people = contacts.load(configuration.content_folder / "contacts.toml")
    texts = translations.load(configuration.translations_folder, tongues)
    materials = materials_range.load(configuration.content_folder, tongues)
    wanted = files.wanted(materials, texts, people, configuration.public_url)
    made = files.build(wanted, texts, people, configuration.public_url, configuration.instance / files.FOLDER)
    return made, len(wanted)


COMMANDS = (check, show_content, translations_group, forms_group, materials_group)
