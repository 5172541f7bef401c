"""What copy detection says of two clips."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from openforyou.core.ids import ItemId


class Verdict(StrEnum):
    """What one clip is to another. The first two refuse by themselves; of the third a person decides."""

    SAME = "same"
    ALTERED = "altered copy"
    SAME_SCENE = "same scene"
    SAME_SOUND = "same sound"
    """The sound alone: recorded, nothing follows from it here."""
    UNRELATED = "unrelated"


REFUSING = frozenset({Verdict.SAME, Verdict.ALTERED})


class Decision(StrEnum):
    """What was decided of a match that waited for a person."""

    NONE = ""
    RELEASED = "released"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Spans:
    """Where two clips match, in milliseconds of the clip and of the other item."""

    clip_from_ms: int = 0
    clip_to_ms: int = 0
    other_from_ms: int = 0
    other_to_ms: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """A clip beside an item that was there before. `evidence` are the figures that decided."""

    other_id: ItemId
    verdict: Verdict
    spans: Spans = field(default_factory=Spans)
    alteration: str = ""
    evidence: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """A stored comparison: whose item is what to whose, and what was decided."""

    item_id: ItemId
    comparison: Comparison
    at: datetime
    decision: Decision
    decided_at: datetime | None
