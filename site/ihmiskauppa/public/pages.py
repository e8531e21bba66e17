"""Information pages as bytes: rendered once, compressed once, kept, and handed to everyone before Flask is asked."""

import gzip
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import brotli

from ihmiskauppa.public import privacy
from ihmiskauppa.public.documents import Documents
from ihmiskauppa.public.editions import Edition, Editions

BROTLI_QUALITY: Final = 11
GZIP_LEVEL: Final = 9
# Compressed in themselves: another layer would cost seconds and save nothing.
COMPRESSED: Final = frozenset(
    {"application/pdf", "image/webp", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}
)
STATIC: Final = "/static/"

# Makes what documents need to be rendered in: an application context.
Context = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True)
class Kept:
    """One body in every encoding, by its `Content-Encoding` ("" as it is), each with the headers that say what it is."""

    encodings: Mapping[str, bytes]
    headers: Mapping[str, tuple[tuple[str, str], ...]]

    def choose(self, accepted: str) -> str:
        """Which encoding goes to a client that accepts these: the best of those there are."""
        encoding = choose_encoding(accepted)
        return encoding if encoding in self.encodings else ""


def keep(content_type: str, body: bytes) -> Kept:
    """Compress `body` once, as small as it gets; what is compressed in itself stays as it is."""
    if content_type in COMPRESSED:
        return Kept({"": body}, {"": (("Content-Type", content_type), ("Content-Length", str(len(body))))})
    encodings = {
        "": body,
        "gzip": gzip.compress(body, GZIP_LEVEL, mtime=0),
        "br": brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY),
    }
    headers: dict[str, tuple[tuple[str, str], ...]] = {}
    policy = privacy.FOR_DOCUMENTS if content_type.startswith("text/html") else ()
    for encoding, content in encodings.items():
        described = (
            *policy,
            ("Content-Type", content_type),
            ("Content-Length", str(len(content))),
            ("Vary", "Accept-Encoding"),
        )
        headers[encoding] = (*described, ("Content-Encoding", encoding)) if encoding else described
    return Kept(encodings, headers)


class KeptSet:
    """The kept documents of one edition."""

    def __init__(self, documents: Documents, context: Context) -> None:
        self._documents, self._context = documents, context
        self._kept: dict[str, Kept] = {}
        self._lock = threading.Lock()

    def __contains__(self, path: str) -> bool:
        return path in self._documents

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(self._documents)

    def at_hand(self, path: str) -> Kept | None:
        return self._kept.get(path)

    def get(self, path: str) -> Kept | None:
        """The document at `path`, made now if nobody asked before; None if there is none."""
        kept = self._kept.get(path)
        if kept is None and path in self._documents:
            with self._lock:
                kept = self._kept.get(path)
                if kept is None:
                    document = self._documents[path]
                    with self._context():
                        body = document.body()
                    kept = self._kept[path] = keep(document.content_type, body)
        return kept


class KeptPages:
    """Pages and static files that are handed out as bytes; the set of documents is swapped whole when content changes."""

    def __init__(
        self,
        editions: Editions,
        documents: Callable[[Edition], Documents],
        static: Path,
        *,
        context: Context,
        practice: bool,
    ) -> None:
        self._documents, self._context = documents, context
        self.common = {https: privacy.headers(https=https, practice=practice) for https in (False, True)}
        self._static = load_static(static)
        self._set = KeptSet(documents(editions.current), context)
        editions.on_change(self._swap)

    def _swap(self, edition: Edition) -> None:
        documents = self._documents(edition)
        fresh = KeptSet(documents, self._context)
        fresh.get(next(iter(documents)))  # a page that cannot be rendered stops the swap
        self._set = fresh

    def __contains__(self, path: str) -> bool:
        return path in self._static or path in self._set

    @property
    def paths(self) -> tuple[str, ...]:
        """Where there is a document: all that a copy of the site has, beside its static files."""
        return self._set.paths

    def at_hand(self, path: str) -> Kept | None:
        """What is kept for `path` already."""
        return self._static.get(path) or self._set.at_hand(path)

    def render(self, path: str) -> Kept | None:
        """The page at `path`, rendered and compressed now if nobody asked before: takes its time."""
        return self._set.get(path)


@lru_cache(maxsize=256)
def choose_encoding(accepted: str) -> str:
    """The best of our encodings that an `Accept-Encoding` value allows (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.partition(";")
        try:
            weights[name.strip()] = float(parameter.strip().removeprefix("q=") or 1) if parameter.strip() else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    for encoding in ("br", "gzip"):
        if weights.get(encoding, weights.get("*", 0.0)) > 0:
            return encoding
    return ""


def load_static(folder: Path) -> dict[str, Kept]:
    """Scripts as they are, and all stylesheets as one file: the page's own first, then one a component."""
    sheets = [folder / "base.css", *sorted((folder / "components").glob("*.css"))]
    css = "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
    kept = {f"{STATIC}site.css": keep("text/css; charset=utf-8", _smaller(css).encode())}
    for script in (folder / "components").glob("*.js"):
        kept[f"{STATIC}{script.name}"] = keep("text/javascript; charset=utf-8", script.read_bytes())
    return kept


def _smaller(css: str) -> str:
    """The same style sheet without comments and needless blanks; no text in ours has a comma, colon or brace."""
    lines: list[str] = []
    inside = False
    for line in css.split("\n"):
        text = line.strip()
        inside = inside or text.startswith("/*")
        if text and not inside:
            lines.append(text)
        inside = inside and not text.endswith("*/")
    return re.sub(r"\s*([{};,>])\s*|(?<=:) ", r"\1", "\n".join(lines)).replace(";}", "}")
