"""Words and topics of a text in one form, so that what a viewer does not want to read of is found again.

A word is a run of letters, marks and digits of any script: compatibility letters unified (NFKC), case folded, so that
`CAT`, `Cat` and `cat` are one. A topic is a hash tag; its word counts as a word, too. Scripts that are written without
spaces have no words that a rule could find, so a run of theirs counts by its letters and its pairs of letters: there a
word is found wherever its pairs stand, which is now and then once too often and never once too seldom.

Each becomes a code of 63 bits, which is what the catalogue keeps: among a million words the chance that any two
share one is about 1e-7 (birthday bound).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import groupby, pairwise

from openforyou.core.ids import id_of

TOPIC_MARK = "#"
_UNSPACED = (
    (0x0E00, 0x0FFF),  # Thai, Lao, Tibetan
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x9FFF),  # Han
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)


def plain(text: str) -> str:
    """In one form. Folding may take a text out of its normal form, so it is brought there twice."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def words(text: str) -> tuple[str, ...]:
    """Its words in one form, in order, each as often as it stands there."""
    return tuple(run for _, run in _runs(plain(text)))


def topics(text: str) -> tuple[str, ...]:
    """Its hash tags in one form without the mark, in order, each once. Asked of every clip of a slate."""
    text = plain(text)
    if TOPIC_MARK not in text:
        return ()
    return tuple(dict.fromkeys(run for is_topic, run in _runs(text) if is_topic))


def codes(text: str) -> frozenset[int]:
    """Everything by which a text can be found: its words, its topics."""
    found: set[str] = set()
    for is_topic, run in _runs(plain(text)):
        if is_topic:
            found.add(TOPIC_MARK + run)
        for unspaced, stretch in _stretches(run):
            found.update((*stretch, *_pairs(stretch)) if unspaced else (stretch,))
    return frozenset(map(code, found))


def wanted_codes(word: str) -> frozenset[int]:
    """A text holds `word` where it holds all of these. Several words: all of them, in any order."""
    asked: set[str] = set()
    for run in words(word):
        for unspaced, stretch in _stretches(run):
            asked.update(_pairs(stretch) if unspaced and len(stretch) > 1 else (stretch,))
    return frozenset(map(code, asked))


def code(word: str) -> int:
    """63 bits, never 0. `word` is in its one form."""
    return id_of(word.encode("utf-8", "surrogatepass"))


def _runs(text: str) -> Iterator[tuple[bool, str]]:
    """Runs of word letters, and whether each is a topic: its mark stands before it, and no word right before that."""
    between, inside = "", False
    for is_word, letters in groupby(text, key=_is_word):
        run = "".join(letters)
        if is_word:
            yield between.endswith(TOPIC_MARK) and not (inside and between == TOPIC_MARK), run
            inside = True
        else:
            between = run


def _is_word(letter: str) -> bool:
    return letter == "_" or unicodedata.category(letter)[0] in "LMN"


def _stretches(run: str) -> Iterator[tuple[bool, str]]:
    for unspaced, letters in groupby(run, key=_is_unspaced):
        yield unspaced, "".join(letters)


def _is_unspaced(letter: str) -> bool:
    return any(first <= ord(letter) <= last for first, last in _UNSPACED)


def _pairs(stretch: str) -> Iterator[str]:
    return (one + other for one, other in pairwise(stretch))
