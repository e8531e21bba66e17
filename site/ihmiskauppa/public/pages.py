"""Information pages as bytes: made and compressed when first asked for, kept, and handed to everyone before Flask is asked."""

import gzip
import re
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import brotli

from ihmiskauppa.public import privacy
from ihmiskauppa.public.documents import Documents
from ihmiskauppa.public.editions import Edition, Editions

ENCODINGS: Final = ("br", "gzip", "")  # of ours, the best first; "" is none
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
    """One body in one encoding, with the headers that say what it is."""

    body: bytes
    headers: tuple[tuple[str, str], ...]


def keep(content_type: str, body: bytes, encoding: str) -> Kept:
    """Compress `body` as small as it gets in one of our encodings ("" leaves it as it is)."""
    if encoding == "br":
        body = brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY)
    elif encoding == "gzip":
        body = gzip.compress(body, GZIP_LEVEL, mtime=0)
    described = (("Content-Type", content_type), ("Content-Length", str(len(body))))
    policy = privacy.for_type(content_type)
    if content_type in COMPRESSED:
        return Kept(body, (*policy, *described))
    encoded = (("Content-Encoding", encoding),) if encoding else ()
    return Kept(body, (*policy, *described, ("Vary", "Accept-Encoding"), *encoded))


class KeptSet:
    """The kept documents of one edition, each in the encodings that somebody asked for."""

    def __init__(self, documents: Documents, context: Context) -> None:
        self._documents, self._context = documents, context
        self._kept: dict[tuple[str, str], Kept] = {}
        self._lock = threading.Lock()

    def __contains__(self, path: str) -> bool:
        return path in self._documents

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(self._documents)

    def at_hand(self, path: str, encoding: str) -> Kept | None:
        return self._kept.get(self._key(path, encoding))

    def get(self, path: str, encoding: str) -> Kept | None:
        """The document at `path`, made and compressed now if nobody asked before; None if there is none."""
        key = self._key(path, encoding)
        if key not in self._kept and path in self._documents:
            with self._lock:
                if key not in self._kept:
                    self._kept[key] = keep(self._documents[path].content_type, self._body(path), key[1])
        return self._kept.get(key)

    def _body(self, path: str) -> bytes:
        plain = self._kept.get((path, ""))
        if plain is not None:
            return plain.body
        with self._context():
            return self._documents[path].body()

    def _key(self, path: str, encoding: str) -> tuple[str, str]:
        document = self._documents.get(path)
        return path, "" if document and document.content_type in COMPRESSED else encoding


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
        # By whether the visitor uses https, and whether it is a static file, which no search engine lists anyway.
        self.common = {
            (https, static): privacy.headers(https=https, practice=practice and not static)
            for https in (False, True)
            for static in (False, True)
        }
        self._static = load_static(static)
        self.static = frozenset(path for path, _ in self._static)
        self._set = KeptSet(documents(editions.current), context)
        editions.on_change(self._swap)

    def _swap(self, edition: Edition) -> None:
        documents = self._documents(edition)
        fresh = KeptSet(documents, self._context)
        fresh.get(next(iter(documents)), "")  # a page that cannot be rendered stops the swap
        self._set = fresh

    def __contains__(self, path: str) -> bool:
        return path in self.static or path in self._set

    @property
    def paths(self) -> tuple[str, ...]:
        """Where there is a document: all that a copy of the site has, beside its static files."""
        return self._set.paths

    def at_hand(self, path: str, accepted: str) -> Kept | None:
        """What is kept for `path` already, for a client that accepts these encodings."""
        encoding = choose_encoding(accepted)
        return self._static.get((path, encoding)) or self._set.at_hand(path, encoding)

    def render(self, path: str, accepted: str) -> Kept | None:
        """The page at `path`, rendered and compressed now if nobody asked before: takes its time."""
        return self._set.get(path, choose_encoding(accepted))


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
    for encoding in ENCODINGS[:-1]:
        if weights.get(encoding, weights.get("*", 0.0)) > 0:
            return encoding
    return ""


def load_static(folder: Path) -> dict[tuple[str, str], Kept]:
    """By path and encoding: scripts as they are, all stylesheets as one file: the page's own first, then one a component."""
    sheets = [folder / "base.css", *sorted((folder / "components").glob("*.css"))]
    css = "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
    files = {f"{STATIC}site.css": ("text/css; charset=utf-8", _smaller(css).encode())}
    for script in (folder / "components").glob("*.js"):
        files[f"{STATIC}{script.name}"] = "text/javascript; charset=utf-8", script.read_bytes()
    return {(path, encoding): keep(*file, encoding) for path, file in files.items() for encoding in ENCODINGS}


def _smaller(css: str) -> str:
    """The same style sheet without comments and needless blanks; no text in ours has a comma, colon or brace."""
    bare = re.sub(r"/\*.*?\*/|^\s+", "", css, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"\s*([{};,>])\s*|(?<=:) ", r"\1", bare).replace(";}", "}")
