"""Content files as editors write them: front matter, then sections. Parses and checks one file; renders nothing.

A file is TOML front matter between `+++` lines, then Markdown. The unit of translation is the section: a level-2 heading
with its `{#id}` and what stands under it; what comes before the first heading is the section `lead`.
"""

import datetime
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ihmiskauppa.languages import BY_MACHINE, BY_PERSON, SOURCE, Languages
from ihmiskauppa.pages import published
from ihmiskauppa.pages.published import Published

LEAD: Final = "lead"
TITLE: Final = "title"  # the part of a page that is its title and summary
FENCE: Final = "+++"
# Lists and the like that the program puts beneath a page's text: templates/shows/<name>.html.
SHOWS: Final = frozenset({"accessibility", "languages", "news", "releases"})
# Drawings of our own that stand on a page: templates/art/<name>.svg.
ART: Final = frozenset({"desk", "call", "bench"})
REVIEWS: Final = frozenset({BY_MACHINE, BY_PERSON})
AUDIENCES: Final = frozenset({"victim", "helper", "professional", "public"})
TITLE_LENGTH: Final = 70
SUMMARY_LENGTH: Final = 180

_HEADING = re.compile(r"##\s+(?P<text>.*?)\s*\{#(?P<id>[a-z][a-z0-9-]*)\}\s*")


@dataclass(frozen=True)
class Kind:
    """What may stand in the front matter of a kind of file: keys and types.

    Keys of `source` hold for all languages, so only the source has them; only other languages have `review`.
    """

    keys: Mapping[str, type]
    source: frozenset[str]
    optional: frozenset[str]


PAGE: Final = Kind(
    keys={
        "title": str,
        "summary": str,
        "updated": datetime.date,
        "checked": datetime.date,
        "audience": list,
        "order": int,
        "safety_critical": list,
        "shows": str,
        "art": str,
        "in_turn": bool,
        "review": str,
    },
    source=frozenset({"audience", "order", "safety_critical", "shows", "art", "in_turn"}),
    optional=frozenset({"shows", "art", "in_turn"}),
)
NEWS: Final = Kind(
    keys={
        "title": str,
        "summary": str,
        "published": str,
        "updated": datetime.date,
        "safety_critical": list,
        "review": str,
    },
    source=frozenset({"safety_critical"}),
    optional=frozenset({"updated", "safety_critical"}),
)


class ContentError(Exception):
    """A content file is broken: where, and why."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}")
        self.path, self.line, self.reason = path, line, reason


@dataclass(frozen=True)
class Section:
    """A part of a page as written. `line` and `heading_line` are where body and heading start in the file, from 1."""

    id: str
    heading: str
    body: str
    line: int
    heading_line: int

    @property
    def text(self) -> str:
        """All that a translator translates, with neither trailing blanks nor blank lines at the ends."""
        lines = (self.heading, *self.body.split("\n"))
        return "\n".join(line.rstrip() for line in lines).strip()


@dataclass(frozen=True)
class PageFile:
    """One page, or news item, in one language. Only the source says what holds for all (see `Kind`); only others have `review`.

    Every page has `updated` and `checked`, every news item `published`. `in_turn`, on a section's front page,
    says that the section's pages are read one after the other.
    """

    id: str
    language: str
    path: Path
    title: str
    summary: str
    published: Published | None
    updated: datetime.date | None
    checked: datetime.date | None
    review: str | None
    audience: tuple[str, ...]
    order: int
    safety_critical: frozenset[str]
    shows: str
    art: str
    in_turn: bool
    sections: tuple[Section, ...]

    @property
    def parts(self) -> tuple[Section, ...]:
        """All that is translated part by part: title and summary first, then the sections."""
        return (Section(TITLE, self.title, self.summary, line=1, heading_line=1), *self.sections)

    def section(self, section_id: str) -> Section | None:
        return next((section for section in self.sections if section.id == section_id), None)

    def part(self, name: str) -> Section | None:
        return next((part for part in self.parts if part.id == name), None)


def find(folder: Path, languages: Languages) -> Iterator[PageFile]:
    """All page files of served languages under `folder`, by path. Raises `ContentError` at the first broken one."""
    for path in sorted(folder.rglob("*.md")):
        relative = path.relative_to(folder)
        if path.stem in languages.in_preparation:
            continue
        if len(relative.parts) != 3 or path.stem not in languages:
            raise ContentError(path, 1, "a page lies at <section>/<page>/<language>.md, in a language of languages.toml")
        yield parse(path, "/".join(relative.parts[:2]), path.stem)


def parse(path: Path, page_id: str, language: str, kind: Kind = PAGE) -> PageFile:
    """Read one file. Raises `ContentError` with file, line and reason."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as fault:
        raise ContentError(path, 1, "not UTF-8") from fault
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0].rstrip() != FENCE or FENCE not in [line.rstrip() for line in lines[1:]]:
        raise ContentError(path, 1, f"front matter must stand first, between two lines {FENCE}")
    end = [line.rstrip() for line in lines].index(FENCE, 1)
    matter = _front_matter(path, "\n".join(lines[1:end]), language, kind)
    sections = tuple(_sections(path, lines, end + 1))
    unknown = set(matter["safety_critical"]) - {TITLE, *(section.id for section in sections)}
    if unknown:
        line = _key_line("\n".join(lines[1:end]), "safety_critical")
        raise ContentError(path, line, f"safety_critical names sections that do not exist: {', '.join(sorted(unknown))}")
    return PageFile(
        id=page_id,
        language=language,
        path=path,
        title=matter["title"],
        summary=matter["summary"],
        published=matter["published"],
        updated=matter["updated"],
        checked=matter["checked"],
        review=matter["review"],
        audience=tuple(matter["audience"]),
        order=matter["order"],
        safety_critical=frozenset(matter["safety_critical"]),
        shows=matter["shows"],
        art=matter["art"],
        in_turn=matter["in_turn"],
        sections=sections,
    )


def line_of(path: Path, key: str) -> int:
    """The line on which `key` stands in the front matter of a file that was parsed."""
    return _key_line(path.read_text(encoding="utf-8").partition("\n")[2], key)


def begun(source: PageFile, title: str) -> str:
    """The text of a new translation that has nothing yet but its front matter; `title` is title and summary, a line each."""
    lines = [FENCE]
    for key, value in zip(("title", "summary"), (*title.split("\n", 1), ""), strict=False):
        lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    if source.published is not None:
        lines.append(f'published = "{source.published.text}"')
    for key, day in (("updated", source.updated), ("checked", source.checked)):
        lines += [f"{key} = {day.isoformat()}"] if day else []
    return "\n".join([*lines, f'review = "{BY_MACHINE}"', FENCE, ""])


def with_parts(file: PageFile, parts: Mapping[str, str], order: Sequence[str]) -> str:
    """The text of a file with other `parts`, by name as `Section.text` has them; its sections in `order`, others after them."""
    lines = file.path.read_bytes().decode("utf-8").replace("\r\n", "\n").split("\n")
    end = [line.rstrip() for line in lines].index(FENCE, 1)
    matter = "\n".join(lines[: end + 1])
    if TITLE in parts:
        title, _, summary = parts[TITLE].partition("\n")
        for key, value in (("title", title), ("summary", summary)):
            written = f"{key} = {json.dumps(value, ensure_ascii=False)}"
            matter = re.sub(rf"^{key}[ \t]*=.*$", written.replace("\\", r"\\"), matter, count=1, flags=re.MULTILINE)
    texts = {section.id: section.text for section in file.sections} | dict(parts)
    names = [name for name in (*order, *texts) if name in texts and name != TITLE]
    return "\n".join([matter, *(_as_written(name, texts[name]) for name in dict.fromkeys(names))])


def _as_written(name: str, text: str) -> str:
    if name == LEAD:
        return f"{text}\n" if text else ""
    heading, _, body = text.partition("\n")
    return f"## {heading} {{#{name}}}\n\n{body.strip()}\n"


def write_review(file: PageFile, review: str) -> None:
    """Write into the front matter of a translation who has checked it, if it says otherwise."""
    if file.review != review:
        text = file.path.read_bytes().decode("utf-8")
        changed = re.sub(r"^review[ \t]*=.*?(?=\r?$)", f'review = "{review}"', text, count=1, flags=re.MULTILINE)
        file.path.write_bytes(changed.encode())


def _front_matter(path: Path, text: str, language: str, kind: Kind) -> dict[str, Any]:
    try:
        matter: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        line = re.search(r"at line (\d+)", str(fault))
        last = text.count("\n") + 1  # "at end of document"
        raise ContentError(path, 1 + (int(line[1]) if line else last), f"front matter: {fault}") from fault

    def fault_at(key: str, reason: str) -> ContentError:
        return ContentError(path, _key_line(text, key), f"front matter: {reason}")

    source = language == SOURCE
    needed = set(kind.keys) - ({"review"} if source else kind.source)
    for key, value in matter.items():
        if key not in needed:
            raise fault_at(key, f"{key!r} does not belong in the {language} file")
        if type(value) is not kind.keys[key]:  # a moment is no day, and true no number
            raise fault_at(key, f"{key} must be {kind.keys[key].__name__}")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise fault_at(key, f"{key} must be a list of texts")
    missing = needed - kind.optional - set(matter)
    if missing:
        raise ContentError(path, 1, f"front matter: missing: {', '.join(sorted(missing))}")
    defaults: dict[str, Any] = {
        "published": None,
        "updated": None,
        "checked": None,
        "audience": [],
        "order": 0,
        "safety_critical": [],
        "shows": "",
        "art": "",
        "in_turn": False,
        "review": None,
    }
    matter = defaults | matter
    for key, limit in (("title", TITLE_LENGTH), ("summary", SUMMARY_LENGTH)):
        if not 0 < len(matter[key]) <= limit:
            raise fault_at(key, f"{key} has 1 to {limit} characters")
    if matter["review"] is not None and matter["review"] not in REVIEWS:
        raise fault_at("review", f"review must be one of {', '.join(sorted(REVIEWS))}")
    for key, known in (("shows", SHOWS), ("art", ART)):
        if matter[key] and matter[key] not in known:
            raise fault_at(key, f"{key} must be one of {', '.join(sorted(known))}")
    if not set(matter["audience"]) <= AUDIENCES:
        raise fault_at("audience", f"audience must be among {', '.join(sorted(AUDIENCES))}")
    if matter["published"] is not None:
        try:
            matter["published"] = published.parse(matter["published"])
        except ValueError as fault:
            raise fault_at("published", f"published: {fault}") from fault
    return matter


def _key_line(text: str, key: str) -> int:
    """The line of the file on which `key` stands in the front matter `text`, which starts on line 2."""
    found = re.search(rf"^\s*\[*\s*[\"']?{re.escape(key)}\b", text, re.MULTILINE)
    return text.count("\n", 0, found.end()) + 2 if found else 1


def _sections(path: Path, lines: list[str], start: int) -> Iterator[Section]:
    """Split the body, whose first line is `lines[start]`, at its level-2 headings."""
    section_id, heading, first, seen = LEAD, "", start, {LEAD, TITLE}

    def section(end: int) -> Section:
        line = _first_line(lines, first)
        return Section(section_id, heading, "\n".join(lines[first:end]).strip("\n"), line, first if heading else line)

    for index in range(start, len(lines)):
        line = lines[index]
        if re.match(r"#\s", line):
            raise ContentError(path, index + 1, "the title is the only level-1 heading; sections start with ##")
        if not re.match(r"##\s", line):
            continue
        match = _HEADING.fullmatch(line)
        if match is None or not match["text"]:
            raise ContentError(path, index + 1, "a section heading needs a text and an id: ## Text {#id}")
        if match["id"] in seen:
            raise ContentError(path, index + 1, f"the id {match['id']!r} is used twice")
        yield section(index)
        section_id, heading, first = match["id"], match["text"], index + 1
        seen.add(section_id)
    yield section(len(lines))


def _first_line(lines: list[str], index: int) -> int:
    while index < len(lines) - 1 and not lines[index]:
        index += 1
    return index + 1
