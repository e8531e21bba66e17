"""The composition root of the web process: reads the settings, builds the parts, hands them to each other.

Imported by nobody but the server that is told its name.
"""

import threading
from functools import partial
from pathlib import Path

from flask import Flask, Response, request
from jinja2 import StrictUndefined

from ihmiskauppa import database, logs, settings, start
from ihmiskauppa.public import (
    blanks,
    components,
    documents,
    errors,
    frame,
    front,
    inbox_key,
    library,
    limits,
    news,
    posters,
    privacy,
    recordings,
    search,
    signs,
    site_map,
    statistics,
    wellknown,
)
from ihmiskauppa.public.bodies import Bodies
from ihmiskauppa.public.documents import Documents
from ihmiskauppa.public.editions import Edition, Editions
from ihmiskauppa.public.gateway import Gateway
from ihmiskauppa.public.order_status import OrderStatus
from ihmiskauppa.public.pages import KeptPages
from ihmiskauppa.public.submissions import Submissions
from ihmiskauppa.settings import Settings


def create_public_app() -> Gateway:
    """The public site, for granian. Raises `StartRefusedError` naming everything that is wrong."""
    logs.harden_process()
    configuration = settings.read()
    return build_public_app(configuration, watch=True, current=start.refuse_unfit(configuration, Editions))


def build_public_app(configuration: Settings, *, watch: bool, current: Editions | None = None) -> Gateway:
    """The public site from settings that were found fit; with `watch`, changed content is swapped in while it runs.

    `current` is the content, if it was read already.
    """
    app = Flask("ihmiskauppa", instance_path=str(configuration.instance), static_folder=None)
    app.url_map.strict_slashes = app.url_map.merge_slashes = False  # else Werkzeug answers with pages of its own
    frame.prepare(app)
    strict(app)
    current = current or Editions(configuration)
    token_keys = configuration.form_token_keys()
    counts = limits.limits(app, configuration.limiter_store, configuration.post_limits)
    file_limits = start.file_limits(configuration)
    app.request_class = privacy.FormRequest

    frame_of = partial(frame.Frame.of, configuration)
    desk = start.desk(configuration)
    submissions = Submissions(current, desk, token_keys, counts, file_limits, frame_of)
    submissions.register(app)
    OrderStatus(current, desk.engine, token_keys, counts, file_limits, frame_of).register(app)
    front.register(app, current, frame_of)
    inbox_key.register(app, current.inbox_key)
    search.register(app, current, frame_of)
    library.register(app, current, frame_of)
    posters.register(app, current, frame_of)
    recordings.register(app, current)

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in (
            *privacy.headers(https=request.is_secure, practice=configuration.practice),
            *privacy.for_type(response.content_type or ""),
        ):
            response.headers[name] = value
        return response

    def kept(edition: Edition) -> Documents:
        return {
            **documents.of_catalogue(edition, frame_of),
            **signs.documents(edition, frame_of),
            **statistics.documents(edition, frame_of),
            **blanks.documents(edition),
            **news.documents(edition, frame_of),
            **posters.documents(edition, frame_of),
            **site_map.documents(edition, frame_of),
            **wellknown.documents(edition, frame_of),
            **(components.documents(edition, frame_of, file_limits) if configuration.practice else {}),
        }

    pages = KeptPages(current, kept, Path(__file__).parent / "static", context=app.app_context, practice=configuration.practice)
    errors.register(app, current, frame_of, submissions, pages)
    if watch:
        current.watch()
        threading.Thread(target=current.current.search.prepare, name="search", daemon=True).start()
    return Gateway(
        app,
        pages,
        Bodies(file_limits),
        limits.source_of(token_keys[0], database.now, configuration.onion_host),
        trusted_proxies=configuration.trusted_proxies,
        threads=configuration.threads,
    )


def strict(app: Flask) -> None:
    """A template that names what does not exist fails in the tests instead of showing nothing."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
