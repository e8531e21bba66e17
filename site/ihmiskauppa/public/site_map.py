"""The site map for people: every page in its section, the news items too; last what is there in another language only."""

from ihmiskauppa.languages import Language
from ihmiskauppa.pages import news
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
        catalogue, code = edition.catalogue, language.code
        items = tuple(catalogue.entry(code, item.id) for item in catalogue.news(code))
        sections, elsewhere = [], []
        for front, pages in catalogue.menu(code):
            below = [each for page in pages for each in (page, *catalogue.beneath(code, page.id))]
            below += catalogue.beneath(code, front.id.partition("/")[0])
            below += items if front.id == news.FRONT else ()
            own = tuple(each for each in below if each.language.ordinary == language.ordinary)
            elsewhere += [each for each in below if each not in own]
            sections.append((front, own))
        home = (catalogue.entry(code, HOME), ())
        return Document(lambda: render("site-map.html", frame(language), sections=[home, *sections], elsewhere=elsewhere))

    return {f"/{code}/{path_of(SITE_MAP.id)}": document(language) for code, language in edition.languages.items()}
