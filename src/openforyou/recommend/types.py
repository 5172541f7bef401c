"""What a feed answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from openforyou.catalog.types import Creator, Item
from openforyou.core.ids import ItemId, RequestId
from openforyou.events.types import Counts, ViewerItem
from openforyou.moderation.effects import Told

SIZE_MAX = 50


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item stands in a slate. `code` is stable, `text` for people, `item_ids` the clips that caused it."""

    code: str
    text: str
    item_ids: tuple[ItemId, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a slate, with all that a page shows of it. `state` is what the viewer did with it before."""

    item: Item
    creator: Creator
    counts: Counts
    state: ViewerItem | None
    following: bool
    reasons: tuple[Reason, ...]
    feed_context: str


@dataclass(frozen=True, slots=True)
class Served:
    """A slate as returned. `cursor` asks for what follows; it is empty where nothing does."""

    request_id: RequestId
    entries: tuple[Entry, ...]
    cursor: str
    exhausted: bool = False
    """Nothing is left after these that this viewer has not seen."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an item stood in a slate, as recorded when it was served."""

    request_id: RequestId
    item_id: ItemId
    served_at: datetime
    surface: str
    position: int
    """From 0."""
    reasons: tuple[Reason, ...]
    sources: tuple[str, ...]
    """Who proposed it, in words."""
    rules: tuple[str, ...]
    """What moved it, in words."""
    policies: tuple[Told, ...]
    """The published rules that bore on its value."""
    chances: Mapping[str, float]
    """Of each action, as estimated then; empty on other surfaces than the feed."""
    value: float
    """Σ chance × worth, by the published weights, and by the factors of published rules."""
    propensity: float
    """The chance that it had to stand in this slate: below 1 where it was drawn by lot."""
    model: str
    """Which model took part; empty: none."""
    weights: str
    """Names the weights it was ranked by."""
    fallbacks: tuple[str, ...]
    titles: Mapping[ItemId, str]
    """Of the items named in `reasons`, as far as they may still be shown."""
