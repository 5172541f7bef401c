"""Tags of languages in their one form."""

from __future__ import annotations

import pytest

from openforyou.core.errors import BadInput
from openforyou.core.languages import primary_tag, tag_number


@pytest.mark.parametrize(
    ("told", "tag"), [("nl", "nl"), ("pt-BR", "pt"), ("ZH_hant_TW", "zh"), (" yue ", "yue"), ("", ""), (" ", "")]
)
def test_the_primary_tag(told: str, tag: str) -> None:
    assert primary_tag(told) == tag


@pytest.mark.parametrize("told", ["english", "n", "12", "nl-", "nl\n-x", "日本", "nl;q=1", "*"])
def test_what_is_none_is_named_with_the_field(told: str) -> None:
    with pytest.raises(BadInput) as caught:
        primary_tag(told, "languages")
    assert caught.value.field == "languages"
    assert caught.value.hint


def test_each_tag_has_a_number_of_its_own() -> None:
    tags = ["", "nl", "nld", "pt", "yue", "aa", "zz", "zzz"]
    assert len({tag_number(tag) for tag in tags}) == len(tags)
    assert tag_number("") == 0
    assert all(0 <= tag_number(tag) < 2**31 for tag in tags)
