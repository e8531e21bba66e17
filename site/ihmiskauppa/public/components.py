"""All components on one page, for whoever changes how the site looks. Only practice copies have it."""

from functools import partial
from typing import Final

from ihmiskauppa.forms.files import FileLimits
from ihmiskauppa.languages import Language
from ihmiskauppa.materials.range import SIZE_TITLES
from ihmiskauppa.pages import content
from ihmiskauppa.pages.catalogue import Text
from ihmiskauppa.public import binding, library, posters, statistics
from ihmiskauppa.public.documents import Document, Documents, FrameOf
from ihmiskauppa.public.editions import POSTERS, Edition
from ihmiskauppa.public.frame import render
from ihmiskauppa.public.uploads import Posted

PLACE: Final = "components/"
TITLE: Final = "Components"
FORM: Final = "self-referral"  # has every kind of field
POLICE: Final = "get-help/police"  # has many sections, and source beneath them
# What editors write in Markdown, shown by the sections that have it: page, section.
WRITTEN: Final = (
    ("Door cards", "home/index", content.LEAD),
    ("What to do now, and danger", "home/index", "reach-us"),
    ("Fact box", "home/index", "others-have-asked"),
    ("Steps", "get-help/what-happens", "when-you-call"),
    ("Notice", "about/contact", "professionals"),
)


def documents(edition: Edition, frame_of: FrameOf, limits: FileLimits) -> Documents:
    """The page in every language, its own titles in English."""
    return {
        f"/{language.code}/{PLACE}": Document(partial(_page, edition, language, frame_of, limits))
        for language in edition.languages.values()
    }


def _page(edition: Edition, language: Language, frame_of: FrameOf, limits: FileLimits) -> str:
    bound = binding.bind(edition.forms[FORM], language.code, _faulty(), (b"",), limits)
    bound.validate()
    release = edition.releases[0]
    texts = release.texts_for(language)
    written = edition.languages[texts.language]
    return render(
        "components.html",
        frame_of(edition, language, None, TITLE),
        written=[(name, _section(edition, language, page, section)) for name, page, section in WRITTEN],
        police=edition.catalogue.page(language.code, POLICE),
        steps=frame_of(edition, language, POLICE, TITLE, index=False),
        figures=[statistics.figure_of(table, texts, written) for table in release.tables if len(table.dimensions) == 2],
        total=edition.translations.gettext(written.code, statistics.TOTAL),
        files=f"/{written.code}/{release.id}/{release.tables[0].name}",
        bound=bound,
        drawings=sorted(content.ART),
        shown=[posters.Shown.of(item, frame_of(edition, language, POSTERS.id, TITLE)) for item in edition.range.current][:2],
        kinds=posters.KINDS,
        sizes=SIZE_TITLES,
        audiences=library.AUDIENCES,
    )


def _section(edition: Edition, language: Language, page_id: str, section_id: str) -> Text:
    page = edition.catalogue.page(language.code, page_id)
    return next(section.text for section in page.sections if section.id == section_id)


def _faulty() -> Posted:
    """A form with a fault in it, so that one is seen."""
    posted = Posted()
    posted.text.setlist("telephone", ["no number"])
    posted.text.setlist("may_contact", ["yes"])
    return posted
