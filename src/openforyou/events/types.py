"""Events, and what is folded from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId

BATCH_EVENTS_MAX = 500
WATCH_MS_MAX = 24 * 3_600_000


class EventType(StrEnum):
    """What somebody did. *Served* is not among them: the server records it itself, as a slate."""

    IMPRESSION = "impression"
    """It was on screen."""
    VIEW = "view"
    """Watched: at least half its pixels for two continuous seconds (MRC/IAB, viewable video impression)."""
    WATCH = "watch"
    """Time spent: `watch_ms` since the last such event of this impression."""
    COMPLETE = "complete"
    """Played to its end."""
    SKIP = "skip"
    """Left early on purpose."""
    LIKE = "like"
    UNLIKE = "unlike"
    SHARE = "share"
    NOT_INTERESTED = "not_interested"
    REPORT = "report"
    FOLLOW = "follow"
    """Of the item's creator."""
    UNFOLLOW = "unfollow"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that one viewer did, as accepted. `id` is the client's and makes repeats harmless."""

    id: UUID
    type: EventType
    viewer_id: ViewerId
    item_id: ItemId
    creator_id: CreatorId
    request_id: RequestId
    occurred_at: datetime
    watch_ms: int = 0
    region: str = ""
    detail: str = ""
    """Why, in the reporter's words; for reports alone."""
    served_at: datetime | None = None
    """When the item was served, by its `feed_context`; None where the platform itself speaks, as the demo does."""


class Outcome(StrEnum):
    """What became of one event."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    """It counts already, by this event sent before or by another that said the same: counted never again."""
    REFUSED = "refused"


class ViewerItem(NamedTuple):
    """All that one viewer ever did with one item: the unit of viewer state."""

    first_at: datetime
    last_at: datetime
    impressions: int = 0
    views: int = 0
    watch_ms: int = 0
    completions: int = 0
    skips: int = 0
    liked: bool = False
    liked_at: datetime | None = None
    """When `liked` was last set either way, so that events may arrive in any order."""
    shares: int = 0
    not_interested: bool = False
    reported: bool = False
    like_turn: int = 0
    """How often the like was given or taken back, as the log was told: odd stands."""
    counted_day: int = 0
    """The newest day on which something counted, as days since 1970-01-01."""
    counted: int = 0
    """What counted on that day, a bit each (`rules`)."""
    counted_before: int = 0
    """What counted on the day before it."""


class Following(NamedTuple):
    """Whether one viewer follows one creator."""

    following: bool
    changed_at: datetime
    """When that was last said, either way."""
    turn: int = 0
    """As `ViewerItem.like_turn`."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers shown of one item, folded from the public log (docs/counts.md): distinct viewers and days.

    `likes`, `not_interested` and `reports` are of distinct viewers; `watch_ms` is a sum; `served` is of slates.
    """

    served: int = 0
    impressions: int = 0
    views: int = 0
    watch_ms: int = 0
    completions: int = 0
    skips: int = 0
    likes: int = 0
    shares: int = 0
    not_interested: int = 0
    reports: int = 0
    log_size: int = 0
    """The first so many leaves of the log are what these numbers count."""


COUNT_NAMES = tuple(one.name for one in fields(Counts) if one.name != "log_size")


@dataclass(frozen=True, slots=True)
class Context:
    """What an event refers to: that item, served to that viewer, in that slate, at that position."""

    request_id: RequestId
    viewer_id: ViewerId
    item_id: ItemId
    creator_id: CreatorId
    position: int
    served_at: datetime


@dataclass(frozen=True, slots=True)
class ServedSlate:
    """A slate as it was returned. `record` holds by item what decided: sources, scores, reasons, moves, propensity."""

    request_id: RequestId
    viewer_id: ViewerId
    served_at: datetime
    surface: str
    item_ids: tuple[ItemId, ...]
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Controls:
    """What a viewer chose. Rows exist only for viewers who changed something."""

    profiling: bool = True
    """False: the feed uses nothing of what they did."""
    autoplay: bool = True
    break_minutes: int = 20
    """A pause is offered after this much watching; 0 is never."""
    region: str = ""
    """Empty: as the browser's settings say."""
    reset_at: datetime | None = None
    """The feed uses nothing of what they did before. Counts stay true, and seen items stay away."""
    languages: tuple[str, ...] = ()
    """Primary tags: For You leaves out what declares another. None: all languages."""
    paused: bool = False
    """The feed learns nothing of what they do from the pause until it is over. Counts stay true here too."""


DEEDS = np.dtype(
    [
        ("item_id", ">i8"),
        ("last_at", ">f8"),
        ("watch_ms", ">i4"),
        ("views", ">i4"),
        ("completions", ">i4"),
        ("skips", ">i4"),
        ("shares", ">i4"),
        ("liked", ">i4"),
        ("refused", ">i4"),
    ]
)
"""A row of viewer state as PostgreSQL sends it. Times in Unix seconds; `refused` is not interested, or reported."""
SERVED = np.dtype([("item_id", ">i8"), ("at", ">f8")])
MUTED = np.dtype([("mute", ">i8"), ("code", ">i8")])
"""A clip that carries every code of one mute is muted: `core.words` codes of its text, or the id of its sound."""


@dataclass(frozen=True, slots=True)
class Recall:
    """All that a feed reads of a viewer, as columns."""

    controls: Controls
    seen: NDArray[np.int64]  # (S,) every item that they did anything with, in no order
    followed: NDArray[np.int64]  # (F,) creators
    served: NDArray[np.void]  # (R,) of SERVED in order: their For You slates since the moment asked for
    history: NDArray[np.void]  # (T,) of DEEDS, newest first; none from before a reset, in a pause, without profiling
    muted_creators: NDArray[np.int64]  # (C,) in no order
    muted: NDArray[np.void]  # (U,) by mute: sounds, topics, words
    wishes: NDArray[np.void]  # (W,) of SERVED: clips to show more like, since a reset
