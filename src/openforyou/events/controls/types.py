"""What a viewer does not want to see, and what they want more of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from openforyou.core.ids import ItemId

MUTES_MAX = 300
"""A viewer's, of all kinds together: bounds what each of their feeds reads."""
WISHES_MAX = 100
"""A viewer's newest; by then the oldest has faded."""
PAUSES_MAX = 200
WORD_LENGTH_MAX = 60
WORDS_MAX = 5
"""In one mute."""
LANGUAGES_MAX = 20


class MuteKind(StrEnum):
    """Of what a viewer wants nothing more in For You. One clip alone is the event `not_interested`."""

    CREATOR = "creator"
    SOUND = "sound"
    TOPIC = "topic"
    """A hash tag in title or caption."""
    WORD = "word"
    """A word in title or caption, of several all."""


@dataclass(frozen=True, slots=True)
class Mute:
    """One thing muted. `key` is the id of a creator or sound as a decimal number, else the words in one form."""

    kind: MuteKind
    key: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """A clip that a viewer asked for more like."""

    item_id: ItemId
    since: datetime
