"""What goes to a translator and comes back: XLIFF 2.0 (OASIS Standard, 5 August 2014). Writes and reads; changes no page.

A file element is a page, a unit a part of it, a segment a heading or a block of text; what stands between blocks is ignorable.
A unit's name says from which version of the source it was made, and which translation there was: `<version>.<version or 0>`.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ihmiskauppa.languages import SOURCE
from ihmiskauppa.pages.content import Section
from ihmiskauppa.pages.sidecars import version

SPACE: Final = "urn:oasis:names:tc:xliff:document:2.0"
NONE: Final = "0"  # stands for the version of a translation where there was none
EARLIER: Final = "earlier translation"  # the category of a note
_XML_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
_NAME: Final = re.compile(r"(?P<source>[0-9a-f]{16})\.(?P<translation>[0-9a-f]{16}|0)")
_BETWEEN: Final = re.compile(r"(\n\n+)")


class XliffError(Exception):
    """A file is no XLIFF 2 that we wrote, or something was done to it that translating does not need."""


@dataclass(frozen=True)
class Segment:
    """A block of text. `between` is what stands after it in the source, before the next."""

    source: str
    target: str
    between: str


@dataclass(frozen=True)
class Unit:
    """A part of a page to translate. `made_from` and `was` are the versions of source and translation when it was exported."""

    page: str
    part: str
    made_from: str
    was: str
    segments: tuple[Segment, ...]
    earlier: str = ""

    @property
    def source(self) -> str:
        return "".join(segment.source + segment.between for segment in self.segments)

    @property
    def target(self) -> str:
        """The whole translation; empty as long as a block is not translated."""
        if not all(segment.target.strip() for segment in self.segments):
            return ""
        return "".join(segment.target.strip("\n") + segment.between for segment in self.segments)


def unit(page: str, part: Section, was: str, before: str, earlier: str) -> Unit:
    """The unit for a part of the source.

    `before` is the source's text that the `earlier` translation was made from: where both have the same blocks, those that did
    not change are translated already. `was` is the version of that translation, or empty.
    """
    known: Mapping[str, str] = {}
    headed = bool(part.heading)
    old, translated = _blocks(before, headed=headed), _blocks(earlier, headed=headed)
    if len(old) == len(translated):
        known = {one: other for (one, _), (other, _) in zip(old, translated, strict=True)}
    blocks = _blocks(part.text, headed=headed)
    segments = tuple(Segment(block, known.get(block, ""), between) for block, between in blocks)
    return Unit(page, part.id, version(part.text), was or NONE, segments, earlier)


def _blocks(text: str, *, headed: bool) -> list[tuple[str, str]]:
    """The heading, if there is one, and the blocks, each with what stands after it."""
    heading, line_end, rest = text.partition("\n") if headed else ("", "", text)
    pieces = [*([heading, line_end] if headed else []), *_BETWEEN.split(rest), ""]
    return [(block, between) for block, between in zip(pieces[::2], pieces[1::2], strict=True) if block or between]


def write(language: str, units: Iterable[Unit]) -> str:
    """An XLIFF document for a translator into `language`."""
    ET.register_namespace("", SPACE)
    root = ET.Element(f"{{{SPACE}}}xliff", {"version": "2.0", "srcLang": SOURCE, "trgLang": language})
    files: dict[str, ET.Element] = {}
    for each in units:
        if each.page not in files:
            name = {"id": each.page.replace("/", "."), "original": each.page}
            files[each.page] = ET.SubElement(root, f"{{{SPACE}}}file", name)
        _add(files[each.page], each)
    ET.indent(root, level=0)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add(file: ET.Element, each: Unit) -> None:
    name = f"{each.made_from}.{each.was}"
    parent = ET.SubElement(file, f"{{{SPACE}}}unit", {"id": each.part, "name": name, _XML_SPACE: "preserve"})
    if each.earlier:
        notes = ET.SubElement(parent, f"{{{SPACE}}}notes")
        ET.SubElement(notes, f"{{{SPACE}}}note", {"category": EARLIER}).text = each.earlier
    for number, segment in enumerate(each.segments, 1):
        state = {"state": "translated" if segment.target else "initial"}
        element = ET.SubElement(parent, f"{{{SPACE}}}segment", {"id": f"s{number}", **state})
        ET.SubElement(element, f"{{{SPACE}}}source").text = segment.source
        if segment.target:
            ET.SubElement(element, f"{{{SPACE}}}target").text = segment.target
        if segment.between:
            ignorable = ET.SubElement(parent, f"{{{SPACE}}}ignorable", {"id": f"i{number}"})
            ET.SubElement(ignorable, f"{{{SPACE}}}source").text = segment.between


def read(text: str) -> tuple[str, list[Unit]]:
    """The language and the units of a document. Raises `XliffError`."""
    if "<!DOCTYPE" in text:
        raise XliffError("it has a document type, which XLIFF has not")
    try:
        root = ET.fromstring(text)  # noqa: S314 - without a document type there are no entities to expand or fetch
    except ET.ParseError as fault:
        raise XliffError(f"it is no XML: {fault}") from fault
    if root.tag != f"{{{SPACE}}}xliff" or root.get("srcLang") != SOURCE or not root.get("trgLang"):
        raise XliffError(f"it is no XLIFF 2.0 from {SOURCE} into a language")
    units = [_unit(file, element) for file in root.iter(f"{{{SPACE}}}file") for element in file.iter(f"{{{SPACE}}}unit")]
    return root.get("trgLang", ""), units


def _unit(file: ET.Element, element: ET.Element) -> Unit:
    page, part = file.get("original", ""), element.get("id", "")
    name = _NAME.fullmatch(element.get("name", ""))
    if name is None:
        raise XliffError(f"{page} {part}: its name no longer says which versions it was made from")
    segments: list[Segment] = []
    for child in element:
        source = _text(child, "source")
        if child.tag == f"{{{SPACE}}}segment":
            segments.append(Segment(source, _text(child, "target"), ""))
        elif child.tag == f"{{{SPACE}}}ignorable" and segments:
            segments[-1] = Segment(segments[-1].source, segments[-1].target, source)
    found = Unit(page, part, name["source"], name["translation"], tuple(segments))
    if version(found.source) != found.made_from:
        raise XliffError(f"{page} {part}: its source text is not the one it was made with")
    return found


def _text(parent: ET.Element, name: str) -> str:
    child = parent.find(f"{{{SPACE}}}{name}")
    return "" if child is None else "".join(child.itertext()).replace("\r\n", "\n")
