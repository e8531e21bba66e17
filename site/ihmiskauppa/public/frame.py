"""What every page of the site has around its body, and the rendering of templates in the reader's language."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from babel.dates import format_skeleton
from babel.units import format_unit
from flask import Flask, g, render_template
from flask_babel import Babel, format_date
from markupsafe import Markup

from ihmiskauppa.feedback import questionnaire
from ihmiskauppa.languages import Language
from ihmiskauppa.pages import catalogue, markup
from ihmiskauppa.pages.catalogue import Entry
from ihmiskauppa.pages.published import Published
from ihmiskauppa.public.editions import Edition
from ihmiskauppa.settings import Settings
from ihmiskauppa.translations import msgid


@dataclass(frozen=True)
class Frame:
    """The frame of one page. `page_id` is None where there is no page (errors, `/`)."""

    edition: Edition
    language: Language
    page_id: str | None
    title: str
    summary: str
    public_url: str
    practice: bool
    index: bool

    @classmethod
    def of(
        cls,
        settings: Settings,
        edition: Edition,
        language: Language,
        page_id: str | None,
        title: str,
        summary: str = "",
        *,
        index: bool = True,
    ) -> "Frame":
        """The frame of a page of the site that `settings` describe."""
        listed = index and page_id is not None
        return cls(edition, language, page_id, title, summary, settings.public_url, settings.practice, listed)

    def gettext(self, text: str) -> str:
        return self.edition.translations.gettext(self.language.code, text)

    def said(self, text: str) -> str:
        """A text of a form in the reader's language; while it is not translated, in English and marked as that."""
        return markup.in_english(text) if self.lacks([text]) else self.gettext(text)

    def lacks(self, texts: Iterable[str]) -> bool:
        """Whether one of these texts, new or changed, has not been translated for this reader yet."""
        return any(self.edition.translations.lacks(self.language.code, text) for text in texts if text)

    @property
    def menu(self) -> tuple[tuple[Entry, tuple[Entry, ...]], ...]:
        return self.edition.catalogue.menu(self.language.code)

    @property
    def front(self) -> str | None:
        """The front page of the section that this page belongs to."""
        return catalogue.front_of(self.page_id) if self.page_id else None

    @property
    def breadcrumbs(self) -> tuple[Entry, ...]:
        return self.edition.catalogue.breadcrumbs(self.language.code, self.page_id) if self.page_id else ()

    @property
    def neighbours(self) -> tuple[Entry | None, Entry | None]:
        """The pages before and after this one, where its section is read in turn."""
        return self.edition.catalogue.neighbours(self.language.code, self.page_id) if self.page_id else (None, None)

    @property
    def languages(self) -> tuple[Language, ...]:
        return tuple(self.edition.languages.values())

    def path(self, page_id: str | None, language: str | None = None) -> str:
        """The path of a page, here in the reader's language."""
        return f"/{language or self.language.code}/" + (catalogue.path_of(page_id) if page_id else "")

    @property
    def feedback(self) -> str:
        """The path at which to say whether this page helped; where there is no page, how the site works."""
        forms = self.edition.forms
        if self.page_id in self.edition.catalogue.ids:
            return self.path(f"{forms[questionnaire.PAGE].id}/{self.page_id}")
        return self.path(forms[questionnaire.SITE].id)

    @property
    def alternates(self) -> tuple[tuple[str, str], ...]:
        """`hreflang` and absolute address of every real translation, itself among them, and `x-default`."""
        if self.page_id is None or not self.index or not self.public_url:
            return ()
        real = self.edition.catalogue.translations(self.page_id)
        found = [(other.code, self.public_url + self.path(self.page_id, other.code)) for other in real]
        default = "/" if self.page_id == catalogue.HOME else self.path(self.page_id, "en" if "en" in dict(found) else "fi")
        return (*found, ("x-default", self.public_url + default))

    @property
    def canonical(self) -> str:
        """The absolute address of the page."""
        return self.public_url + self.path(self.page_id) if self.public_url and self.page_id and self.index else ""


def prepare(app: Flask) -> None:
    """Give templates gettext in the language of the page, dates in its locale, and contacts by name."""
    Babel(app, configure_jinja=False, locale_selector=lambda: g.frame.language.locale)
    env = app.jinja_env
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: g.frame.gettext(text),
        lambda one, many, count: g.frame.edition.translations.ngettext(g.frame.language.code, one, many, count),
        newstyle=True,
    )
    env.globals["msgid"] = msgid
    env.filters["contacts"] = lambda text: markup.with_contacts(text, g.frame.edition.contacts)
    env.globals["contact"] = lambda name: markup.contact_link(g.frame.edition.contacts[name])
    env.filters["day"] = _day
    env.filters["known"] = _known
    env.filters["file_size"] = _file_size


def render(template: str, frame: Frame, **context: Any) -> str:
    """A template in `frame`; needs an application context, not a request."""
    g.frame = frame
    values: Mapping[str, Any] = {
        "frame": frame,
        "language": frame.language,
        "contacts": frame.edition.contacts,
        **context,
    }
    return render_template(template, **values)


_COARSE: Final = ("y", "yMMMM")  # CLDR's skeletons of a year, and of a month in it


def _known(published: Published) -> Markup:
    """The day, the month or the year, whichever is known."""
    known = published.text.count("-")
    shown = (
        format_date(published.first, "long")
        if known == len(_COARSE)
        else format_skeleton(_COARSE[known], published.first, locale=g.frame.language.locale)
    )
    return Markup('<time datetime="{}">{}</time>').format(published.text, shown)


def _file_size(count: int) -> str:
    """A number of bytes as people read it, in whole kilobytes."""
    return format_unit(-(-count // 1000), "digital-kilobyte", "short", locale=g.frame.language.locale)


def _day(day: datetime.date) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), format_date(day, "long"))
