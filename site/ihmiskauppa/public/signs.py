"""The signs check's pages. They are kept documents without a form that could be sent: the ticks stay with the reader."""

from ihmiskauppa.forms.indicators import Path
from ihmiskauppa.languages import Language
from ihmiskauppa.pages import catalogue
from ihmiskauppa.public.documents import Document, Documents, FrameOf
from ihmiskauppa.public.editions import Edition
from ihmiskauppa.public.frame import Frame, render


def documents(edition: Edition, frame_of: FrameOf) -> Documents:
    """The front page with its three doors, and the three paths, in every language."""
    check = edition.signs

    def frame(language: Language, page_id: str, title: str, summary: str) -> Frame:
        title, summary = (edition.translations.gettext(language.code, text) for text in (title, summary))
        return frame_of(edition, language, page_id, title, summary)

    def front(language: Language) -> Document:
        return Document(lambda: render("signs-front.html", frame(language, check.id, check.title, check.summary), check=check))

    def of_path(language: Language, path: Path) -> Document:
        return Document(
            lambda: render("signs.html", frame(language, path.id, path.title, path.summary), check=check, path=path)
        )

    made: dict[str, Document] = {}
    for language in edition.languages.values():
        made[f"/{language.code}/{catalogue.path_of(check.id)}"] = front(language)
        for path in check.paths:
            made[f"/{language.code}/{catalogue.path_of(path.id)}"] = of_path(language, path)
    return made
