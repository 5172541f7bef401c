"""What the door accepts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.accounts.rules import (
    SESSION_IDLE,
    SESSION_LIFE,
    checked_email,
    checked_passkey_name,
    checked_password,
    session_end,
)
from openforyou.core.errors import BadInput, TooLarge

EMAIL = "ada@example.org"
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace+feed@Example.ORG ", "ada.lovelace+feed@example.org"),
        ("jürg@bücher.example", "jürg@xn--bcher-kva.example"),
        ("o'brien@sub.sub.example", "o'brien@sub.sub.example"),
    ],
)
def test_an_address_has_one_form(typed: str, kept: str) -> None:
    assert checked_email(typed) == kept
    assert checked_email(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@localhost",
        "ada@-example.org",
        "ada@example..org",
        "a b@example.org",
        "ada@exa mple.org",
        "ada\r\nBcc: eve@example.org@example.org",
        "ada\x00@example.org",
        "ada\u200b@example.org",
        "ada@example.org\n\n.",
        "<ada@example.org>",
        "ada@evil@example.org",
        "a" * 65 + "@example.org",
        "ada@" + "a" * 64 + ".org",
        "ada@" + ".".join(["a" * 60] * 5),
    ],
)
def test_what_cannot_be_an_address_is_refused_by_its_field(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked_email(typed)
    assert refused.value.field == "email"


@given(st.text(max_size=300))
def test_any_text_is_an_address_or_refused(typed: str) -> None:
    try:
        kept = checked_email(typed)
    except BadInput:
        return
    assert kept == kept.strip().lower()
    assert kept.count("@") == 1
    assert not any(letter.isspace() for letter in kept)


@pytest.mark.parametrize(
    "password", ["correct horse", "ten chars!", "zwölf Wörter", "0" * 3 + "xyzzy plugh", "🦉🦊🐙🐢🦋🐝🦔🐳🦜🐌"]
)
def test_a_password_needs_length_and_no_composition(password: str) -> None:
    assert checked_password(password, EMAIL)


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "123456789",
        "1234567890",
        "9876543210",
        "abcdefghijkl",
        "zyxwvutsrqpo",
        "aaaaaaaaaaaa",
        "abababababab",
        "Ada@Example.org",
    ],
)
def test_a_short_or_predictable_password_is_refused(password: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked_password(password, EMAIL)
    assert refused.value.field == "password"


def test_a_password_is_the_same_from_every_keyboard() -> None:
    composed, decomposed = "passwörtlich", "passwo\u0308rtlich"
    assert composed != decomposed
    assert checked_password(composed, EMAIL) == checked_password(decomposed, EMAIL)


def test_a_password_of_megabytes_is_refused_before_any_work() -> None:
    assert checked_password("pass word " * 100, EMAIL)
    with pytest.raises(TooLarge):
        checked_password("pass word " * 100 + "!", EMAIL)


def test_a_passkey_has_a_name_on_one_line() -> None:
    assert checked_passkey_name("  Ada's phone ") == "Ada's phone"
    assert checked_passkey_name("") == "Passkey"
    for bad in ("two\nlines", "a\x00b", "x" * 61):
        with pytest.raises(BadInput):
            checked_passkey_name(bad)


def test_a_session_slides_but_not_for_ever() -> None:
    assert session_end(BEGUN, BEGUN) == BEGUN + SESSION_IDLE
    late = BEGUN + SESSION_LIFE - timedelta(days=1)
    assert session_end(BEGUN, late) == BEGUN + SESSION_LIFE
