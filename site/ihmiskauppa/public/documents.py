"""What is kept as bytes: pages and files that are the same for everyone, made at their first request from one edition.

Each part of the site that has such documents offers a function from edition to documents; `app` puts them together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from ihmiskauppa.languages import Language
from ihmiskauppa.pages.catalogue import HOME
from ihmiskauppa.public.editions import Edition
from ihmiskauppa.public.frame import Frame, render

HTML: Final = "text/html; charset=utf-8"


class FrameOf(Protocol):
    """Makes the frame of a page; without `page_id` it is no page of the tree (an error, `/`)."""

    def __call__(
        self, edition: Edition, language: Language, page_id: str | None, title: str, summary: str = "", *, index: bool = True
    ) -> Frame: ...


@dataclass(frozen=True)
class Document:
    """One address' content. `make` needs an application context and may take its time; text is sent as UTF-8."""

    make: Callable[[], str | bytes]
    content_type: str = HTML

    def body(self) -> bytes:
        made = self.make()
        return made.encode() if isinstance(made, str) else made


# By path, `/fi/get-help/police/`.
Documents = Mapping[str, Document]


def of_catalogue(edition: Edition, frame_of: FrameOf) -> Documents:
    """Every information page in every language."""

    def document(path: str) -> Document:
        page = edition.catalogue.by_path[path]
        frame = frame_of(edition, page.language, page.id, page.title, page.summary, index=not page.fallback)
        return Document(lambda: render("page.html", frame, page=page, home=page.id == HOME))

    return {path: document(path) for path in edition.catalogue.by_path}
