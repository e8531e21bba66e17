"""A form's token, and a body as a browser sends it, for tests that speak HTTP themselves."""

import re
import time
import urllib.request


def token_of(url: str) -> str:
    """A token from the form at `url`, old enough not to be hasty."""
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - our own loopback
        found = re.search(r'name="token" value="([^"]+)"', answer.read().decode())
    assert found is not None
    time.sleep(1.1)
    return found[1]


def body_of(**fields: str) -> bytes:
    """A multipart body with boundary `b`."""
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    return ("".join(parts) + "--b--\r\n").encode()
