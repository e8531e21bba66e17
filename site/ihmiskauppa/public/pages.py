"""Information pages as bytes: rendered once, compressed once, kept, and handed to everyone before Flask is asked."""

import gzip
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import brotli

from ihmiskauppa.public import privacy
from ihmiskauppa.public.editions import Edition, Editions

BROTLI_QUALITY: Final = 11
GZIP_LEVEL: Final = 9
STATIC: Final = "/static/"

Render = Callable[[Edition, str], str]


@dataclass(frozen=True)
class Kept:
    """One body in every encoding, by its `Content-Encoding` ("" as it is), each with the headers that say what it is."""

    encodings: Mapping[str, bytes]
    headers: Mapping[str, tuple[tuple[str, str], ...]]


def keep(content_type: str, body: bytes) -> Kept:
    """Compress `body` once, as small as it gets."""
    encodings = {
        "": body,
        "gzip": gzip.compress(body, GZIP_LEVEL, mtime=0),
        "br": brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY),
    }
    headers: dict[str, tuple[tuple[str, str], ...]] = {}
    for encoding, content in encodings.items():
        described = (("Content-Type", content_type), ("Content-Length", str(len(content))), ("Vary", "Accept-Encoding"))
        headers[encoding] = (*described, ("Content-Encoding", encoding)) if encoding else described
    return Kept(encodings, headers)


class KeptSet:
    """The kept pages of one edition."""

    def __init__(self, edition: Edition, render: Render) -> None:
        self._edition, self._render = edition, render
        self._paths = frozenset(edition.catalogue.by_path)
        self._kept: dict[str, Kept] = {}
        self._lock = threading.Lock()

    def __contains__(self, path: str) -> bool:
        return path in self._paths

    def at_hand(self, path: str) -> Kept | None:
        return self._kept.get(path)

    def get(self, path: str) -> Kept | None:
        """The page at `path`, rendered now if nobody asked before; None if there is no such page."""
        kept = self._kept.get(path)
        if kept is None and path in self._paths:
            with self._lock:
                kept = self._kept.get(path)
                if kept is None:
                    html = self._render(self._edition, path)
                    kept = self._kept[path] = keep("text/html; charset=utf-8", html.encode())
        return kept


class KeptPages:
    """All pages and static files that are handed out as bytes; the set of pages is swapped whole when content changes."""

    def __init__(self, editions: Editions, render: Render, static: Path, *, practice: bool) -> None:
        self._render = render
        self.common = {https: privacy.headers(https=https, practice=practice) for https in (False, True)}
        self._static = load_static(static)
        self._set = KeptSet(editions.current, render)
        editions.on_change(self._swap)

    def _swap(self, edition: Edition) -> None:
        fresh = KeptSet(edition, self._render)
        self._render(edition, next(iter(edition.catalogue.by_path)))  # a page that cannot be rendered stops the swap
        self._set = fresh

    def __contains__(self, path: str) -> bool:
        return path in self._set

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
    kept = {f"{STATIC}site.css": keep("text/css; charset=utf-8", _without_comments(css).encode())}
    for script in (folder / "components").glob("*.js"):
        kept[f"{STATIC}{script.name}"] = keep("text/javascript; charset=utf-8", script.read_bytes())
    return kept


def _without_comments(css: str) -> str:
    lines: list[str] = []
    inside = False
    for line in css.split("\n"):
        text = line.strip()
        inside = inside or text.startswith("/*")
        if text and not inside:
            lines.append(text)
        inside = inside and not text.endswith("*/")
    return "\n".join(lines)
