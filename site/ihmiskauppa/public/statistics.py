"""Pages of statistics and their downloads, as kept documents: chart, table, sentence and files are made of the same rows."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from ihmiskauppa.languages import Language
from ihmiskauppa.pages import catalogue, charts, open_data
from ihmiskauppa.pages import release as releases
from ihmiskauppa.pages.charts import Chart, Group, Value
from ihmiskauppa.pages.open_data import HIDDEN, Terms
from ihmiskauppa.pages.release import RELEASE, FigureText, Release, Table, Texts
from ihmiskauppa.public.documents import Document, Documents, FrameOf
from ihmiskauppa.public.editions import Edition
from ihmiskauppa.public.frame import Frame, render
from ihmiskauppa.translations import msgid

CSV: Final = "text/csv; charset=utf-8"
JSON: Final = "application/json"  # UTF-8 always (RFC 8259)

PUBLISHER: Final = msgid("Assistance system for victims of human trafficking")
TOTAL: Final = msgid("Total")
HIDDEN_NOTE: Final = msgid("Hidden so that no small group of people can be recognised.")


@dataclass(frozen=True)
class Line:
    """A line of a table as shown: its label, a number a column, and its sum if there is one."""

    label: str
    numbers: tuple[str, ...]
    sum: str


@dataclass(frozen=True)
class Figure:
    """One table with all that is shown of it. `columns` is empty for a table of one dimension."""

    table: Table
    text: FigureText
    sentence: str
    chart: Chart
    first: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    sums: tuple[str, ...]
    n: str
    when: str


def documents(edition: Edition, frame_of: FrameOf) -> Documents:
    """Every release in every language; downloads in those it has texts in."""
    found: dict[str, Document] = {}
    for release in edition.releases:
        for language in edition.languages.values():
            texts = release.texts_for(language)
            frame = frame_of(edition, language, release.id, texts.title, texts.summary, index=texts.language == language.code)
            found[frame.path(release.id)] = Document(partial(_page, release, texts, frame))
            if texts.language == language.code:
                found |= _downloads(release, texts, frame)
    return found


def _page(release: Release, texts: Texts, frame: Frame) -> str:
    written = frame.edition.languages[texts.language]
    return render(
        "statistics.html",
        frame,
        release=release,
        texts=texts,
        written=written,
        figures=tuple(figure_of(table, texts, written) for table in release.tables),
        terms=_terms(release, texts, frame),
        files=frame.path(release.id, texts.language),
        whole=RELEASE,
        total=frame.edition.translations.gettext(texts.language, TOTAL),
    )


def _downloads(release: Release, texts: Texts, frame: Frame) -> Documents:
    folder = frame.path(release.id)
    terms = _terms(release, texts, frame)
    told = {table.name: _sentence(table, texts, frame.language) for table in release.tables}
    found = {
        f"{folder}{RELEASE}.csv": Document(partial(open_data.release_csv, release, texts, terms), CSV),
        f"{folder}{RELEASE}.json": Document(partial(open_data.release_json, release, texts, terms, told), JSON),
    }
    for table in release.tables:
        name = f"{folder}{table.name}"
        found[f"{name}.csv"] = Document(partial(open_data.table_csv, release, table, texts, terms), CSV)
        found[f"{name}.json"] = Document(partial(open_data.table_json, release, table, texts, terms, told[table.name]), JSON)
    return found


def _terms(release: Release, texts: Texts, frame: Frame) -> Terms:
    """In the language of the texts, whoever reads them."""
    gettext = partial(frame.edition.translations.gettext, texts.language)
    address = frame.public_url + f"/{texts.language}/{catalogue.path_of(release.id)}"
    return Terms(f"{gettext(PUBLISHER)}: {texts.title}. {address}", gettext(HIDDEN_NOTE))


def _sentence(table: Table, texts: Texts, language: Language) -> str:
    return releases.sentence(
        table,
        texts.figures[table.name].sentence,
        lambda count: str(format_decimal(count, locale=language.locale)),
        lambda share: str(format_percent(share, locale=language.locale)),
    )


def figure_of(table: Table, texts: Texts, language: Language) -> Figure:
    """A table as it is shown in the language of its texts."""

    def number(count: int | None) -> str:
        return HIDDEN if count is None else str(format_decimal(count, locale=language.locale))

    def value(label: str, *codes: str) -> Value:
        return Value(label, table.shown(*codes), number(table.shown(*codes)))

    rows, *other = table.dimensions
    labels = {code: texts.label(rows, code) for code in table.codes(rows)}
    across = {code: texts.label(other[0], code) for code in table.codes(other[0])} if other else {}
    if other:
        groups = [
            Group(label, tuple(value(name, code, column) for column, name in across.items())) for code, label in labels.items()
        ]
        numbers = {code: tuple(number(table.shown(code, column)) for column in across) for code in labels}
    else:
        groups = [Group("", tuple(value(label, code) for code, label in labels.items()))]
        numbers = {code: (number(table.shown(code)),) for code in labels}
    summed = bool(other) and rows in table.totals
    down = bool(other) and other[0] in table.totals
    return Figure(
        table=table,
        text=texts.figures[table.name],
        sentence=_sentence(table, texts, language),
        chart=charts.bars(groups, language.direction),
        first=texts.dimensions[rows],
        columns=tuple(across.values()),
        lines=tuple(
            Line(label, numbers[code], number(table.sum(rows, code)) if summed else "") for code, label in labels.items()
        ),
        sums=tuple(number(table.sum(other[0], column)) for column in across) if down else (),
        n=number(table.n),
        when=_when(table, language),
    )


def _when(table: Table, language: Language) -> str:
    """The day or the days that the counts are of."""
    days = [str(format_date(day, "medium", locale=language.locale)) for day in dict.fromkeys((table.start, table.end))]
    return " – ".join(days)
