"""The signed nonce in every form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihmiskauppa.public.form_token import ForgedTokenError, Token, read

KEY, OTHER = b"k" * 32, b"o" * 32


def test_a_token_comes_back_as_it_was() -> None:
    """Signing and reading are inverse, and the token fits a header and an attribute as it is."""
    token = Token(1_790_000_000_123, bytes(range(16)))
    text = token.sign(KEY, "contact")
    assert read((KEY,), "contact", text) == token
    assert text.isascii()
    assert '"' not in text


def test_the_previous_key_stays_accepted() -> None:
    """A form that was open while the key changed can still be sent."""
    text = Token(1, b"n" * 16).sign(OTHER, "contact")
    assert read((KEY, OTHER), "contact", text).issued == 1
    with pytest.raises(ForgedTokenError):
        read((KEY,), "contact", text)


def test_a_token_is_for_one_form_only() -> None:
    """A token of one form does not open another."""
    with pytest.raises(ForgedTokenError):
        read((KEY,), "self-referral", Token(1, b"n" * 16).sign(KEY, "contact"))


@given(st.text(), st.integers(0, 60))
def test_anything_else_is_refused(text: str, place: int) -> None:
    """Neither arbitrary text nor a token with one character changed is ours."""
    with pytest.raises(ForgedTokenError):
        read((KEY,), "contact", text)
    good = Token(1, b"n" * 16).sign(KEY, "contact")
    place %= len(good.rstrip("=")) - 1
    swapped = "A" if good[place] != "A" else "B"
    with pytest.raises(ForgedTokenError):
        read((KEY,), "contact", good[:place] + swapped + good[place + 1 :])
