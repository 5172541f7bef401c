"""A feed_context says what the server said, to that viewer, for a day: anything else is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId
from openforyou.events.context import read_context, sign_context
from openforyou.events.errors import BadContext
from openforyou.events.types import Context
from tests.conftest import NOW

KEY = b"k" * 32
CONTEXT = Context(RequestId(1), ViewerId(2), ItemId(3), CreatorId(4), 5, NOW)
TOKEN = sign_context(KEY, CONTEXT)


def test_it_says_what_was_signed() -> None:
    assert read_context(KEY, TOKEN, viewer_id=ViewerId(2), now=NOW) == CONTEXT


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("ABCxyz019-_"))
def test_one_changed_letter_is_a_forgery(place: int, letter: str) -> None:
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    if changed == TOKEN:
        return
    with pytest.raises(BadContext):
        read_context(KEY, changed, viewer_id=ViewerId(2), now=NOW)


@given(st.text(max_size=120))
def test_any_text_is_refused_without_a_crash(text: str) -> None:
    with pytest.raises(BadContext, match="not made by this server"):
        read_context(KEY, text, viewer_id=ViewerId(2), now=NOW)


def test_another_key_another_viewer_and_another_day_are_refused() -> None:
    for key, viewer, at, said in (
        (b"x" * 32, 2, NOW, "not made by this server"),
        (KEY, 3, NOW, "another viewer"),
        (KEY, 2, NOW + timedelta(hours=25), "expired"),
    ):
        with pytest.raises(BadContext, match=said):
            read_context(key, TOKEN, viewer_id=ViewerId(viewer), now=at)
