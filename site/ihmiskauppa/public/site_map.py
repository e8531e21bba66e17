"""The site map for people: every page of the reader's language in its section, with its summary."""

from ihmiskauppa.languages import Language
from ihmiskauppa.pages.catalogue import HOME, path_of
from ihmiskauppa.public.documents import Document, Documents, FrameOf
from ihmiskauppa.public.editions import SITE_MAP, Edition
from ihmiskauppa.public.frame import Frame, render


def documents(edition: Edition, frame_of: FrameOf) -> Documents:
    """The page in every language."""

    def frame(language: Language) -> Frame:
        title, summary = (edition.translations.gettext(language.code, text) for text in (SITE_MAP.title, SITE_MAP.summary))
        return frame_of(edition, language, SITE_MAP.id, title, summary)

    def document(language: Language) -> Document:
        home = edition.catalogue.entry(language.code, HOME)
        return Document(lambda: render("site-map.html", frame(language), home=home))

    return {f"/{code}/{path_of(SITE_MAP.id)}": document(language) for code, language in edition.languages.items()}
