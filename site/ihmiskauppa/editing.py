"""What editors do, as commands: check and measure texts, build the forms' files; what translators do is in `translating`."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import click

from ihmiskauppa import contacts, glossary, languages, settings, start, translating, translations, typography
from ihmiskauppa.forms import blanks, definition
from ihmiskauppa.glossary import Glossary, GlossaryError, Text
from ihmiskauppa.languages import BY_PERSON, SOURCE, Language
from ihmiskauppa.materials import files
from ihmiskauppa.materials import range as materials_range
from ihmiskauppa.materials.artwork import ArtworkError
from ihmiskauppa.pages import catalogue, content, fidelity, freshness, readability, recordings
from ihmiskauppa.pages.freshness import State
from ihmiskauppa.public import editions
from ihmiskauppa.settings import Settings
from ihmiskauppa.start import REFUSED


@click.command("check")
def check() -> None:
    """Check content, forms and translations. Exit status 2 and a line for each fault."""
    configuration = settings.read()
    faults: list[str] = []
    late: list[str] = []
    try:
        shown = editions.load(configuration).catalogue
        tongues = languages.load(configuration.content_folder / "languages.toml")
        words = glossary.load(configuration.translations_folder / "glossary.toml")
        pages = list(catalogue.find(configuration.content_folder, tongues))
        sources = {page.id: page for page in pages if page.language == SOURCE}
        for page in pages:
            faults += _page_faults(page, sources[page.id])
            late += recordings.faults(page)
            faults += _mark_faults(page, tongues[page.language])
            if page.language != SOURCE:
                faults += _word_faults(page, sources[page.id], words)
        faults += _shown_faults(shown, sources)
        extracted = translating.texts(configuration)
        faults += translations.check(configuration.translations_folder, tongues, extracted)
        faults += translations.outdated(configuration.translations_folder, tongues, extracted)
        faults += translations.word_faults(configuration.translations_folder, tongues, words)
        for warning in (*start.content_warnings(configuration), *_late(pages, sources), *late):
            click.echo(f"WARNING: {warning}", err=True)
    except (*editions.BROKEN, GlossaryError) as broken:
        faults.append(str(broken))
    for fault in faults:
        click.echo(fault)
    if faults:
        sys.exit(REFUSED)
    click.echo(f"Content and translations are in order: {len(pages)} pages.")


def _shown_faults(shown: catalogue.Catalogue, sources: Mapping[str, content.PageFile]) -> list[str]:
    """Safety-critical sections that a reader gets in a translation made from another text; the catalogue hides them."""
    return [
        f"{page.path}#{section.id}: a safety-critical section is shown that is {section.state.value}"
        for page in shown.pages()
        for section in page.sections
        if section.id in sources[page.id].safety_critical and section.state in freshness.UNFIT and not section.replaced
    ]


def _word_faults(page: content.PageFile, source: content.PageFile, words: Glossary) -> Iterator[str]:
    """Other words than the glossary's, in what is not out of date."""
    stale = freshness.changed_since(page, source)
    for part in page.parts:
        original = source.part(part.id)
        if original is None or part.id in stale:
            continue
        ours, theirs = Text(page.language, part.text), Text(source.language, original.text)
        for fault in words.faults(ours, theirs, f"{page.id}#{part.id}"):
            yield f"{page.path}:{part.line}: {part.id}: {fault}"


def _mark_faults(page: content.PageFile, language: Language) -> Iterator[str]:
    for part in page.parts:
        for fault in typography.faults(language, part.text):
            yield f"{page.path}:{part.line}: {part.id}: {fault}"


def _late(pages: Iterable[content.PageFile], sources: Mapping[str, content.PageFile]) -> Iterator[str]:
    """What translators have to do, a sentence for each language that has something to do."""
    stale = Counter[str]()
    for page in pages:
        if page.language != SOURCE:
            stale[page.language] += len(freshness.changed_since(page, sources[page.id]))
    for language, count in stale.items():
        if count:
            yield f"{count} sections in {language} are out of date; see: ihmiskauppa translations status"


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
        changed = freshness.unclassed(page)
        return [f"{page.path}: changed without a new stamp: {', '.join(changed)}"] if changed else []
    faults = fidelity.differences(page, source, freshness.changed_since(page, source))
    states = freshness.states(page, source)
    drafts = [name for name, state in states.items() if state is State.DRAFT]
    if drafts:
        faults.append(f"{page.path}: written without a stamp: {', '.join(drafts)}")
    if page.review == BY_PERSON and State.MACHINE in states.values():
        line = content.line_of(page.path, "review")
        faults.append(f'{page.path}:{line}: review = "{page.review}", but there are sections that no person has checked')
    return faults


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


COMMANDS = (check, show_content, forms_group, materials_group)
