"""The simulated world, and all of it that is hidden from every feed: tastes, quality, habits.

A viewer is one of the demo world (`demo/viewers.py`): interests by topic that drift, generosity, and the rules by which
pleasure becomes deeds. Here a clip is of two topics, has a style that suits some, and a quality that partly is its
creator's. The same seed gives the same world, and the n-th impression of a viewer the same draws, whichever feed is
tried. Where each constant is from stands in `docs/simulation.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from openforyou.bench.satisfaction.policies import Clip, Floats
from openforyou.demo.viewers import Person, people
from openforyou.ingest.encoders import CONTENT_DIM

TOPICS = 16
STYLES = 4
CLIPS_A_CREATOR = 16
SITTING_CLIPS = 16
FIRST_TOPIC_SHARE = (0.7, 1.0)
STYLE = 0.15
"""How much a style that suits lifts interest, and one that does not lowers it."""
CLIP_QUALITY, CREATOR_QUALITY = 0.155, 0.09
"""Standard deviations, in interest: together a quarter of what makes one clip please a viewer more than another."""
CONTENT_LEAN = 2.0
"""How far all content vectors lean one way, beside a signal of length about 1."""
FAINT_NOISE = 8.0
"""With it, what a viewer enjoyed finds what else they will enjoy with an AUC of 0.53, as by features of real clips."""
HERE_AT_FIRST = 0.6
"""Share of the clips that are there from the start; the others arrive, as many in each round."""
ROUND = timedelta(hours=12)
BEGINNING = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Habits:
    """What viewers and clips are like; each habit can be turned off, to see what it does."""

    drift: float = 1.0
    """How fast tastes move: at 1 the whole run takes them to where they go, at 2 half of it, at 0 they stay."""
    tires: bool = True
    boredom: float = 1.0
    """How much more, or less, each clip of a topic or creator that came often lately costs; 0 for nothing."""
    attention: float = 0.95
    """The chance to go on to the next place of a slate; otherwise the rest is left and a new slate asked for."""
    content_noise: float = 1.2
    """In content vectors, beside a signal of length about 1."""
    true_tags: float = 0.85
    """Share of the clips whose hashtag is their topic; that of the others is any."""


class Setting(StrEnum):
    """A world by name."""

    CLEAR = "clear"
    """Kind to a feed that looks at content: vectors and hashtags tell what a clip is about."""
    FAINT = "faint"
    """Content says hardly more than real clips' features do, tastes move twice as fast, more of the same bores soon."""

    @property
    def habits(self) -> Habits:
        """What viewers and clips are like there."""
        if self is Setting.CLEAR:
            return Habits()
        return Habits(drift=2.0, boredom=2.0, attention=0.8, content_noise=FAINT_NOISE, true_tags=0.5)


@dataclass(frozen=True, slots=True)
class World:
    """N clips and V viewers. `clips` are what everybody sees, in the order of publication; the rest is hidden.

    Each viewer has one sitting a round, of `SITTING_CLIPS` until their `impressions` are had.
    """

    seed: int
    impressions: int
    habits: Habits
    clips: tuple[Clip, ...]
    makers: NDArray[np.int64]  # (N,) the creator of each clip
    people: tuple[Person, ...]
    topics: Floats  # (N, TOPICS) shares
    styles: Floats  # (N, STYLES) of length 1
    quality: Floats  # (N,)
    leanings: Floats  # (V, STYLES) of length 1

    @property
    def rounds(self) -> int:
        """Sittings of each viewer."""
        return -(-self.impressions // SITTING_CLIPS)

    def appeal(self, viewer: int, share: float) -> Floats:
        """(N,) how much a rested viewer would like each clip, `share` of the run gone."""
        person = self.people[viewer]
        when = min(share * self.habits.drift, 1.0)
        interests = np.array([person.interest(topic, when) for topic in range(TOPICS)])
        style = STYLE * (self.styles @ self.leanings[viewer])
        return np.asarray(self.topics @ interests + style + self.quality)

    def arriving(self, number: int) -> Sequence[Clip]:
        """The clips that are published with a round."""
        at = BEGINNING + number * ROUND
        return [clip for clip in self.clips if clip.published_at == at]


def made(seed: int, viewers: int, clips: int, impressions: int, habits: Habits) -> World:
    """A world by its seed."""
    rng = np.random.default_rng([seed, 10])
    creators = max(clips // CLIPS_A_CREATOR, 2)
    themes = rng.integers(0, TOPICS, (creators, 2))  # a creator has one topic or two
    makers = rng.integers(0, creators, clips)
    first = themes[makers, rng.integers(0, 2, clips)]
    second = rng.integers(0, TOPICS, clips)
    share = rng.uniform(*FIRST_TOPIC_SHARE, clips)
    topics = np.zeros((clips, TOPICS))
    np.add.at(topics, (np.arange(clips), first), share)
    np.add.at(topics, (np.arange(clips), second), 1 - share)
    styles = _units(rng, clips)
    quality = CLIP_QUALITY * rng.standard_normal(clips) + CREATOR_QUALITY * rng.standard_normal(creators)[makers]
    tags = np.where(rng.random(clips) < habits.true_tags, first, rng.integers(0, TOPICS, clips))
    content = _content(topics, styles, habits.content_noise, rng)
    arrival = _arrivals(clips, -(-impressions // SITTING_CLIPS))
    faces = tuple(
        Clip(
            number,
            int(makers[number]),
            int(tags[number]),
            int(rng.integers(6_000, 30_000)),
            BEGINNING + int(arrival[number]) * ROUND,
            content[number],
        )
        for number in range(clips)
    )
    crowd = tuple(people(seed, viewers, TOPICS))
    return World(seed, impressions, habits, faces, makers, crowd, topics, styles, quality, _units(rng, viewers))


def _arrivals(clips: int, rounds: int) -> NDArray[np.int64]:
    """(N,) the round with which each arrives."""
    later = clips - int(clips * HERE_AT_FIRST) if rounds > 1 else 0
    return np.concatenate([np.zeros(clips - later, np.int64), 1 + np.arange(later) * (rounds - 1) // max(later, 1)])


def _units(rng: np.random.Generator, count: int) -> Floats:
    drawn = rng.standard_normal((count, STYLES))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


def _content(topics: Floats, styles: Floats, noise_share: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """(N, CONTENT_DIM): what an encoder makes of topics and style; of quality it hears nothing."""
    told = np.hstack([topics, 0.5 * styles])
    signal = told @ rng.standard_normal((told.shape[1], CONTENT_DIM)) / np.sqrt(CONTENT_DIM)
    lean = CONTENT_LEAN * rng.standard_normal(CONTENT_DIM) / np.sqrt(CONTENT_DIM)
    noise = noise_share * rng.standard_normal((len(told), CONTENT_DIM)) / np.sqrt(CONTENT_DIM)
    raw = signal + lean + noise
    return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True), dtype="<f4")
