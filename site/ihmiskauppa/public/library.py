"""The library of resources, at `/<language>/materials/library/`: a list that a plain form of three choices makes shorter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import Flask, abort, request

from ihmiskauppa.languages import Languages
from ihmiskauppa.pages.catalogue import path_of
from ihmiskauppa.pages.resources import KINDS, Resource, Tongue
from ihmiskauppa.public.documents import FrameOf
from ihmiskauppa.public.editions import LIBRARY, Editions
from ihmiskauppa.public.frame import Frame, render
from ihmiskauppa.translations import msgid

AUDIENCE: Final = msgid("For whom")
KIND: Final = msgid("Kind")
LANGUAGE: Final = msgid("In which language")
AUDIENCES: Final = {
    "victim": msgid("People who need help"),
    "helper": msgid("People who help someone"),
    "professional": msgid("Professionals"),
    "public": msgid("Everybody"),
}


@dataclass(frozen=True)
class Option:
    """A value that can be chosen, and what it is called; `language` only where that is another than the page's."""

    value: str
    text: str
    language: str = ""


@dataclass(frozen=True)
class Choice:
    """One of the form's selects. `chosen` is empty where nothing was, or what is no option."""

    name: str
    label: str
    options: tuple[Option, ...]
    chosen: str

    @classmethod
    def of(cls, name: str, label: str, options: Sequence[Option], asked: Mapping[str, str]) -> "Choice":
        """A select as an address, by the names in its query, says that it was chosen from."""
        value = asked.get(name, "")
        return cls(name, label, tuple(options), value if value in {option.value for option in options} else "")


def register(app: Flask, editions: Editions, frame_of: FrameOf) -> None:
    """Add the page."""

    def view(language: str) -> str:
        edition = editions.current
        if language not in edition.languages:
            abort(HTTPStatus.NOT_FOUND)
        texts = (edition.translations.gettext(language, text) for text in (LIBRARY.title, LIBRARY.summary))
        frame = frame_of(edition, edition.languages[language], LIBRARY.id, *texts, index=not request.args)
        choices = _choices(edition.resources, frame)
        found = [resource for resource in edition.resources if resource.matches(*(choice.chosen for choice in choices))]
        groups = [(label, [each for each in found if each.kind == kind]) for kind, label in KINDS.items()]
        told = [resource.texts_for(frame.language) for resource in found]
        return render(
            "library.html",
            frame,
            choices=choices,
            count=len(found),
            groups=[(label, listed) for label, listed in groups if listed],
            audiences=AUDIENCES,
            unchecked=any(text.review == "machine" and text.language == frame.language for text in told),
            foreign=any(text.language != frame.language for text in told),
        )

    app.add_url_rule(f"/<language>/{path_of(LIBRARY.id)}", "library", view)


def _choices(resources: Sequence[Resource], frame: Frame) -> tuple[Choice, Choice, Choice]:
    """For whom, which kind, which language: what any resource has, as the address says that it was chosen."""

    def choice(name: str, label: str, options: Sequence[Option]) -> Choice:
        return Choice.of(name, frame.gettext(label), options, request.args)

    audiences = {audience for resource in resources for audience in resource.audiences}
    kinds = {resource.kind for resource in resources}
    return (
        choice("audience", AUDIENCE, [Option(a, frame.gettext(text)) for a, text in AUDIENCES.items() if a in audiences]),
        choice("kind", KIND, [Option(kind, frame.gettext(text)) for kind, text in KINDS.items() if kind in kinds]),
        choice("language", LANGUAGE, [Option(t.code, t.name, t.code) for t in _tongues(resources, frame.edition.languages)]),
    )


def _tongues(resources: Sequence[Resource], languages: Languages) -> list[Tongue]:
    """The languages of all resources: ours first, in their order."""
    found = {tongue.code: tongue for resource in resources for tongue in resource.languages}
    return [found[code] for code in dict.fromkeys([*languages, *sorted(found)]) if code in found]
