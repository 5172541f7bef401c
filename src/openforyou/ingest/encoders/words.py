"""What a clip says of itself: its title and caption, by signed hashing (Weinberger et al., 2009).

Words and the letters inside them fall into 79 places with a sign each, so that texts which share words come near,
misspelt or inflected ones a little less, and no vocabulary has to be kept. Works in any script.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from hashlib import blake2b

import numpy as np

from openforyou.ingest.encoders.sample import Describes, Floats, Sample, unit

PLACES = 79
LETTERS = (3, 4)
WORD_WEIGHT, LETTERS_WEIGHT, TITLE_WEIGHT = 1.0, 0.35, 2.0
_WORD = re.compile(r"\w+")


class WordsEncoder:
    """80 numbers: 1 for no words, 79 places."""

    name = "words-1"
    dim = 1 + PLACES
    declares = frozenset({Describes.WORDS})

    def __call__(self, sample: Sample) -> Floats:
        weights: Counter[str] = Counter()
        for text, weight in ((sample.title, TITLE_WEIGHT), (sample.caption, 1.0)):
            for word, count in Counter(_words(text)).items():
                told = weight * (1 + np.log(count))
                weights[f"w:{word}"] += told * WORD_WEIGHT
                for piece in _pieces(word):
                    weights[f"l:{piece}"] += told * LETTERS_WEIGHT
        vector = np.zeros(self.dim)
        for token, weight in weights.items():
            place, sign = _place(token)
            vector[place] += sign * weight
        return unit(vector)


def _words(text: str) -> list[str]:
    """In one form: compatibility letters unified, case folded, hash tags as plain words."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _pieces(word: str) -> set[str]:
    """Runs of three and four letters, with marks at the word's ends."""
    marked = f"<{word}>"
    return {marked[start : start + size] for size in LETTERS for start in range(len(marked) - size + 1)}


def _place(token: str) -> tuple[int, int]:
    """A place in 1 … 79 and a sign; place 0 stays free for "no words"."""
    digest = int.from_bytes(blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest())
    return 1 + (digest >> 1) % PLACES, 1 if digest & 1 else -1
