"""The public site in-process, and the posting of forms."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pytest
from werkzeug.test import TestResponse

from ihmiskauppa.app import build_public_app
from ihmiskauppa.public import editions, form_token
from ihmiskauppa.public.editions import Edition
from ihmiskauppa.public.gateway import Gateway
from ihmiskauppa.settings import Settings
from tests.client import CheckedClient, Page
from tests.conftest import InboxKey, make_instance


@dataclass(frozen=True)
class Site:
    """A running site, its settings, and a client that checks every answer."""

    configuration: Settings
    client: CheckedClient
    application: Gateway

    @cached_property
    def edition(self) -> Edition:
        """What it shows, as it was at the first look, for tests that change no content."""
        return editions.load(self.configuration)

    def token(self, path: str) -> str:
        """A token from the form at `path`, old enough not to be hasty."""
        page = self.client.page(path)
        return aged(page.one("input", name="token").get("value", ""), self.configuration, _form_name(page))

    def send(self, path: str, **fields: str | list[str]) -> TestResponse:
        """Fill in and post the form at `path`."""
        return self.client.post(path, data={"token": self.token(path), **fields})


def _form_name(page: Page) -> str:
    forms = [form for form in page.all("form") if form.get("data-form")]
    assert len(forms) == 1
    return forms[0].get("data-form", "")


def aged(token: str, configuration: Settings, form: str, seconds: float = 60) -> str:
    """The same token, issued `seconds` earlier."""
    keys = configuration.form_token_keys()
    read = form_token.read(keys, form, token)
    return replace(read, issued=read.issued - int(seconds * 1000)).sign(keys[0], form)


def reference(answer: TestResponse) -> str:
    """The reference on a confirmation."""
    assert answer.status_code == 200, answer.status
    page = Page(answer.text)
    found = [element for element in page.everything() if element.get("data-reference") is not None]
    assert len(found) == 1
    digits = "".join(found[0].itertext())
    assert re.fullmatch(r"\d{8}", digits)
    return digits


@pytest.fixture(scope="session")
def make_site(tmp_path_factory: pytest.TempPathFactory, inbox_key: InboxKey) -> Callable[..., Site]:
    """Builds a site of its own, with settings changed as asked."""

    def build(**changes: Any) -> Site:
        configuration = make_instance(tmp_path_factory.mktemp("site") / "instance", inbox_key)
        configuration = replace(configuration, **({"post_limits": "10000 per minute"} | changes))
        application = build_public_app(configuration, watch=False)
        return Site(configuration, CheckedClient(application), application)

    return build


@pytest.fixture(scope="session")
def site(make_site: Callable[..., Site]) -> Site:
    """One site for tests that leave it as it was, but for what they send."""
    return make_site()
