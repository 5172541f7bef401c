"""What a muted word finds, in any script, and what it does not."""

from __future__ import annotations

import pytest

from openforyou.core.words import code, codes, topics, wanted_codes, words


def finds(word: str, text: str) -> bool:
    return wanted_codes(word) <= codes(text)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("cat", "A CAT on the wall"),
        ("cat", "#Cat"),
        ("ｃａｔ", "cat"),
        ("straße", "STRASSE"),
        ("ﬁre", "Fire!"),
        ("new york", "York, the new one"),
        ("Éclair", "e\u0301clair"),
        ("ñandú", "NANDU\u0301 ÑANDÚ"),
        ("कुत्ता", "मेरा कुत्ता"),
        ("東京", "今日は東京へ行く"),
        ("猫", "白猫です"),
        ("กรุงเทพ", "ไปกรุงเทพวันนี้"),
        ("2026", "in 2026."),
    ],
)
def test_a_word_is_found_in_any_form(word: str, text: str) -> None:
    assert finds(word, text)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("cat", "concatenate"),
        ("cat", "cats"),
        ("new york", "a new house"),
        ("東京", "京東"),
        ("猫", "犬です"),
        ("cafe", "café"),
    ],
)
def test_another_word_is_not(word: str, text: str) -> None:
    assert not finds(word, text)


def test_topics_are_words_with_their_mark_and_nothing_else() -> None:
    assert topics("#Cats and #dogs, #cats; a#b ##wow C# #") == ("cats", "dogs", "wow")
    assert words("#Cats a#b") == ("cats", "a", "b")
    assert code("#cats") in codes("#Cats")
    assert code("#cats") not in codes("cats")
    assert finds("cats", "#Cats")


def test_codes_are_never_zero_and_fit_a_bigint() -> None:
    found = codes(" ".join(f"word{number}" for number in range(5_000)))
    assert len(found) == 5_000
    assert all(0 < one < 2**63 for one in found)


@pytest.mark.parametrize("text", ["", "  ", "!?", "#", "\ud800", "\U0010ffff", "a" * 10_000])
def test_any_text_has_its_codes(text: str) -> None:
    assert all(0 < one < 2**63 for one in codes(text))
