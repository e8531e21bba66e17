"""The composition root of the web process: reads the settings, builds the parts, hands them to each other.

Imported by nobody but the server that is told its name.
"""

from pathlib import Path

from flask import Flask, Response, request
from jinja2 import StrictUndefined

from ihmiskauppa import database, logs, settings, start
from ihmiskauppa.forms.definition import Form
from ihmiskauppa.languages import Language
from ihmiskauppa.pages.catalogue import HOME
from ihmiskauppa.public import errors, frame, front, inbox_key, limits, privacy
from ihmiskauppa.public.bodies import Bodies
from ihmiskauppa.public.editions import Edition, Editions
from ihmiskauppa.public.frame import Frame
from ihmiskauppa.public.gateway import Gateway
from ihmiskauppa.public.inbox_key import InboxKey
from ihmiskauppa.public.pages import KeptPages
from ihmiskauppa.public.submissions import Submissions
from ihmiskauppa.settings import Settings


def create_public_app() -> Gateway:
    """The public site, for granian. Raises `StartRefusedError` naming everything that is wrong."""
    logs.harden_process()
    configuration = settings.read()
    start.refuse_unfit(configuration)
    return build_public_app(configuration, watch=True)


def build_public_app(configuration: Settings, *, watch: bool) -> Gateway:
    """The public site from settings that were found fit; with `watch`, changed content is swapped in while it runs."""
    app = Flask("ihmiskauppa", instance_path=str(configuration.instance), static_folder=None)
    app.url_map.strict_slashes = app.url_map.merge_slashes = False  # else Werkzeug answers with pages of its own
    frame.prepare(app)
    strict(app)
    current = Editions(configuration)
    token_keys = configuration.form_token_keys()
    counts = limits.limits(app, configuration.limiter_store, configuration.post_limits)
    file_limits = start.file_limits(configuration)
    app.request_class = privacy.FormRequest

    def form_frame(edition: Edition, language: Language, form: Form) -> Frame:
        title, summary = (edition.translations.gettext(language.code, text) for text in (form.title, form.summary))
        return _frame(configuration, edition, language, form.id, title, summary)

    def bare_frame(edition: Edition, language: Language, title: str) -> Frame:
        return _frame(configuration, edition, language, None, title, "")

    desk = start.desk(configuration)
    submissions = Submissions(current, desk, token_keys, counts, file_limits, form_frame)
    submissions.register(app)
    front.register(app, current, bare_frame)
    errors.register(app, current, bare_frame, submissions)
    inbox_key.register(app, InboxKey.of(configuration))

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in privacy.headers(https=request.is_secure, practice=configuration.practice):
            response.headers[name] = value
        return response

    def page(edition: Edition, path: str) -> str:
        shown = edition.catalogue.by_path[path]
        around = _frame(configuration, edition, shown.language, shown.id, shown.title, shown.summary, index=not shown.fallback)
        with app.app_context():
            return frame.render("page.html", around, page=shown, home=shown.id == HOME)

    if watch:
        current.watch()
    return Gateway(
        app,
        KeptPages(current, page, Path(__file__).parent / "static", practice=configuration.practice),
        Bodies(file_limits),
        limits.source_of(token_keys[0], database.now, configuration.onion_host),
        trusted_proxies=configuration.trusted_proxies,
        threads=configuration.threads,
    )


def strict(app: Flask) -> None:
    """A template that names what does not exist fails in the tests instead of showing nothing."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _frame(
    configuration: Settings,
    edition: Edition,
    language: Language,
    page_id: str | None,
    title: str,
    summary: str,
    *,
    index: bool = True,
) -> Frame:
    return Frame(
        edition,
        language,
        page_id,
        title,
        summary,
        configuration.public_url,
        configuration.practice,
        index=index and page_id is not None,
    )
