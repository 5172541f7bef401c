"""Simulated viewers: hidden tastes, and what somebody with a taste does with a clip in front of them.

Pure but for the generator that each call is handed. What they do is told by the same rules as in the page: a view
after two seconds, watch time in pieces, a skip when left before a third and before three seconds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from openforyou.core.ids import MAX_ID, ViewerId
from openforyou.events.types import EventType

CONCENTRATION = 0.22
"""Of the Dirichlet distribution that tastes are drawn from: most people love two or three looks of sixteen."""
DRIFT = 0.35
"""How much of a taste is new by the end of the day."""
REGIONS = ("GB", "DE", "BR", "JP", "IN", "")
VIEW_AFTER_MS = 2_000
WATCH_EVERY_MS = 5_000
SKIP_BEFORE_SHARE, SKIP_BEFORE_MS = 1 / 3, 3_000
FATIGUE = 0.012
"""How much less anything pleases with each clip of a sitting: the position bias."""
NOISE = 0.16
SKIPS_BELOW, FINISHES_FROM = 0.34, 0.58


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated viewer. `morning` and `evening` are interests by look, 0 … 1, with 1 for the favourite.

    sittings: (start as a share of the day, number of clips), in order.
    """

    number: int
    viewer_id: ViewerId
    region: str
    morning: NDArray[np.float64]
    evening: NDArray[np.float64]
    generosity: float
    sittings: tuple[tuple[float, int], ...]

    @property
    def appetite(self) -> int:
        """How many clips they watch in the whole day."""
        return sum(count for _, count in self.sittings)

    def interest(self, look: int | None, day_share: float) -> float:
        """In a look (None: nothing that they know), at a time of the day."""
        if look is None:
            return 0.3
        return float((1 - day_share) * self.morning[look] + day_share * self.evening[look])


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that was done, `after_ms` from when the clip came on screen."""

    type: EventType
    after_ms: int
    watch_ms: int = 0


def people(seed: int, count: int, looks: int) -> list[Person]:
    """Everybody, by seed."""
    return [_person(seed, number, looks) for number in range(count)]


def clip_quality(title: str) -> float:
    """How much better than its siblings everybody finds a clip, about -0.2 … 0.2; from its title."""
    word = int.from_bytes(hashlib.sha256(title.encode()).digest()[:8], "big")
    return (word / 2**64 - 0.5) * 0.4


def reaction(person: Person, interest: float, duration_ms: int, place: int, rng: Generator) -> list[Deed]:
    """What `person` does with a clip at `place` (0 …) of their sitting, in order of time."""
    pleasure = interest - FATIGUE * place + NOISE * float(rng.standard_normal())
    if pleasure < SKIPS_BELOW:
        return _skipped(pleasure, duration_ms, rng)
    if pleasure < FINISHES_FROM:
        watched = int(duration_ms * rng.uniform(0.36, 0.97))
        return _watched(max(watched, VIEW_AFTER_MS + 200), duration_ms)
    again = float(rng.random() < 0.25 * pleasure) * float(rng.uniform(0.3, 1.0))
    deeds = _watched(int(duration_ms * (1 + again)), duration_ms)
    keen = person.generosity * (pleasure - FINISHES_FROM + 0.15)
    for kind, chance in ((EventType.LIKE, 0.9), (EventType.SHARE, 0.15), (EventType.FOLLOW, 0.2)):
        if rng.random() < chance * keen:
            deeds.append(Deed(kind, int(duration_ms * rng.uniform(0.4, 1.0))))
    return sorted(deeds, key=lambda deed: deed.after_ms)


def _skipped(pleasure: float, duration_ms: int, rng: Generator) -> list[Deed]:
    watched = int(min(duration_ms * SKIP_BEFORE_SHARE, SKIP_BEFORE_MS) * rng.uniform(0.15, 0.98))
    deeds = [Deed(EventType.IMPRESSION, 0)]
    if watched >= VIEW_AFTER_MS:
        deeds.append(Deed(EventType.VIEW, VIEW_AFTER_MS))
    deeds += [Deed(EventType.WATCH, watched, watched), Deed(EventType.SKIP, watched)]
    if pleasure < 0 and rng.random() < 0.06:
        deeds.append(Deed(EventType.NOT_INTERESTED, watched))
    return deeds


def _watched(watched_ms: int, duration_ms: int) -> list[Deed]:
    deeds = [Deed(EventType.IMPRESSION, 0), Deed(EventType.VIEW, VIEW_AFTER_MS)]
    for end_ms in (*range(WATCH_EVERY_MS, watched_ms, WATCH_EVERY_MS), watched_ms):
        deeds.append(Deed(EventType.WATCH, end_ms, end_ms - sum(deed.watch_ms for deed in deeds)))
    if watched_ms >= duration_ms:
        deeds.append(Deed(EventType.COMPLETE, duration_ms))
    return sorted(deeds, key=lambda deed: deed.after_ms)


def _person(seed: int, number: int, looks: int) -> Person:
    rng = np.random.default_rng([seed, 3, number])
    taste = rng.dirichlet(np.full(looks, CONCENTRATION))
    later = (1 - DRIFT) * taste + DRIFT * rng.dirichlet(np.full(looks, CONCENTRATION))
    starts = np.sort(rng.uniform(0.0, 1.0, int(rng.integers(1, 4))))
    return Person(
        number=number,
        viewer_id=ViewerId(int(rng.integers(1, MAX_ID, endpoint=True))),
        region=str(rng.choice(REGIONS)),
        morning=_interests(taste),
        evening=_interests(later),
        generosity=float(rng.uniform(0.3, 1.3)),
        sittings=tuple((float(start), 5 + int(rng.poisson(13))) for start in starts),
    )


def _interests(taste: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((taste / taste.max()) ** 0.6)
