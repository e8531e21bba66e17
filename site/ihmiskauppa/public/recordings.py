"""Pages read aloud or signed, as files: sent from the disk, in parts if a player asks for parts; kept in no memory."""

from typing import Final

from flask import Flask, Response, abort, send_file

from ihmiskauppa.pages.recordings import Recording
from ihmiskauppa.public.editions import Edition, Editions

FOLDER: Final = "recordings"


def path_of(recording: Recording) -> str:
    """Where a recording is served."""
    return f"/{FOLDER}/{recording.name}"


def of_edition(edition: Edition) -> dict[str, Recording]:
    """All recordings that pages show, by path."""
    return {path_of(one): one for page in edition.catalogue.pages() for one in page.recordings}


def register(app: Flask, editions: Editions) -> None:
    """Add the address of recordings; 404 for what no page shows any more."""

    def send(name: str) -> Response:
        recording = of_edition(editions.current).get(f"/{FOLDER}/{name}") or abort(404)
        try:
            response = send_file(recording.path, recording.kind.media_type, conditional=True, etag=False)
        except OSError:  # taken away since the last look
            abort(404)
        del response.headers["Last-Modified"]  # nothing by which a browser could say that it was here before
        return response

    app.add_url_rule(f"/{FOLDER}/<name>", f"{FOLDER}", send)
