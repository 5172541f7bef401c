"""One clip against what the index found: the steps from a candidate to a verdict."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from openforyou.core.errors import NotFound
from openforyou.core.ids import ItemId, encode_id
from openforyou.ingest.copies import pixels, rules
from openforyou.ingest.copies.agreement import Agreement, agreement
from openforyou.ingest.copies.index import Found
from openforyou.ingest.copies.matching import INLIERS_SURE, Lie, Matcher
from openforyou.ingest.copies.pixels import Span
from openforyou.ingest.copies.prints import Print
from openforyou.ingest.copies.taking import Taken
from openforyou.ingest.copies.types import Comparison, Verdict

LIES_TRIED = 3
WEAK_MAX = 4
"""Items that fit by fewer than `INLIERS_SURE` features: of one clip so many are opened."""
SURE = 0.7
"""An agreement so good needs no other way to lie tried."""
BEFORE_S, AFTER_S, ITEM_BEFORE_S, ITEM_AFTER_S = 8.0, 12.0, 24.0, 30.0
"""What is read around the moment at which an item seems to lie in the clip: all of a short clip."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Other:
    """An item that was there before: its print, and how to get at its picture."""

    item_id: ItemId
    print: Print
    duration_s: float
    path: Callable[[], Path]


class Examination:
    """Of one clip, whose picture lies at `path`. Spans that were read are kept for the next candidate."""

    def __init__(self, taken: Taken, path: Path, duration_s: float) -> None:
        self._taken, self._path, self._duration_s = taken, path, duration_s
        self._matcher = Matcher(taken)
        self._read: dict[tuple[Path, float, float], Span] = {}

    def each(self, candidates: Iterable[tuple[Other, Found]]) -> Iterator[Comparison]:
        """The clip beside each item whose features fit it, those first that fit it best.

        Stored features cost a hundredth of a picture, which has to be decoded: so all are matched before any is opened,
        and of those that fit weakly only the best are opened. An item whose picture is gone is left out.
        """
        fitting = [(other, found, self._matcher.lies(other.print, found)[:LIES_TRIED]) for other, found in candidates]
        fitting = sorted((one for one in fitting if one[2]), key=lambda one: -_strength(one[2]))
        weak = 0
        for other, found, lies in fitting:
            weak += _strength(lies) < INLIERS_SURE
            if weak > WEAK_MAX:
                return
            try:
                yield self._beside(other, found, lies)
            except NotFound as error:
                _log.warning("item %s cannot be compared: %s", encode_id(other.item_id), error)
            self._read = {key: span for key, span in self._read.items() if key[0] == self._path}

    def _beside(self, other: Other, found: Found, lies: list[Lie]) -> Comparison:
        path = other.path()
        best: tuple[Agreement, Lie] | None = None
        for lie in lies:
            agreed = agreement(*self._spans(lie, path, found.mirrored), lie.matrix)
            if agreed is not None and (best is None or agreed.cosine > best[0].cosine):
                best = agreed, lie
            if best is not None and best[0].cosine >= SURE:
                break
        if best is None:
            return Comparison(other.item_id, Verdict.UNRELATED)
        return self._told(other, found, *best)

    def _told(self, other: Other, found: Found, agreed: Agreement, lie: Lie) -> Comparison:
        clip, item = self._taken.print, other.print
        seen = rules.alterations(
            agreed,
            found.mirrored,
            (clip.width, clip.height),
            (item.width, item.height),
            (self._duration_s, other.duration_s),
        )
        verdict = rules.verdict(agreed, lie, seen)
        if verdict is Verdict.UNRELATED:
            return Comparison(other.item_id, verdict)
        return Comparison(
            other.item_id,
            verdict,
            rules.spans(agreed),
            ", ".join(seen) if verdict is not Verdict.SAME_SCENE else "",
            {
                "cosine": round(agreed.cosine, 3),
                "moving_s": round(agreed.moving_s, 2),
                "likeness": round(agreed.likeness, 3),
                "inliers": float(lie.inliers),
                "area": round(lie.area, 3),
            },
        )

    def _spans(self, lie: Lie, path: Path, mirrored: bool) -> tuple[Span, Span]:
        """The clip's and the item's frames around the moments at which the one seems to lie in the other."""
        at, item_at = lie.clip_ms / 1_000, lie.item_ms / 1_000
        clip = self._span(self._path, max(0.0, at - BEFORE_S), max(at, BEFORE_S) + AFTER_S)
        item = self._span(path, max(0.0, item_at - ITEM_BEFORE_S), max(item_at, ITEM_BEFORE_S) + ITEM_AFTER_S)
        return clip.mirrored() if mirrored else clip, item

    def _span(self, path: Path, start_s: float, end_s: float) -> Span:
        key = (path, start_s, end_s)
        if key not in self._read:
            self._read[key] = pixels.read(path, start_s, end_s)
        return self._read[key]


def _strength(lies: list[Lie]) -> int:
    """Features that fit; what was found by its hash has the place of the strong ones."""
    return max(one.inliers or INLIERS_SURE for one in lies)
