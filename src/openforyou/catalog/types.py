"""What the catalogue holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from openforyou.core.ids import AccountId, CreatorId, ItemId, ViewerId

TITLE_LENGTH_MAX = 150
CAPTION_LENGTH_MAX = 2_200
HANDLE_LENGTH_MAX = 30


class ItemKind(StrEnum):
    """What an item is. Slideshows and articles are types from the first day; only video can be taken in yet."""

    VIDEO = "video"
    SLIDESHOW = "slideshow"
    ARTICLE = "article"


class ItemStatus(StrEnum):
    """Where an item stands: queued → processing → published, or refused with a reason; withdrawn by its creator.

    Held: it is ready, and waits for a person to decide; nobody but its creator sees it.
    """

    QUEUED = "queued"
    PROCESSING = "processing"
    HELD = "held"
    PUBLISHED = "published"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Right(StrEnum):
    """What somebody may allow. Each is asked for by itself, and refusing one costs no other function."""

    SHOW = "show"
    """Shown at all: on its page, its creator's page, to followers."""
    RECOMMEND = "recommend"
    """Offered to people who did not ask for it: the For You feed."""
    LEARN = "learn"
    """Learned from: an item by its creator's word, a viewer's history by the viewer's."""


@dataclass(frozen=True, slots=True)
class Creator:
    """Somebody who publishes. `account_id` is None for creators without a sign-in (made by an operator)."""

    id: CreatorId
    handle: str
    name: str
    bio: str
    account_id: AccountId | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Rendition:
    """One playable file of an item. `key` is its blob; sizes in pixels and bytes."""

    name: str
    key: str
    width: int
    height: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can stand in a feed. Media fields are 0 or empty until it is published."""

    id: ItemId
    creator_id: CreatorId
    kind: ItemKind
    status: ItemStatus
    title: str
    caption: str
    region: str
    duration_ms: int
    width: int
    height: int
    has_sound: bool
    poster_key: str
    preview_key: str
    renditions: tuple[Rendition, ...]
    reason: str
    """Why it was refused or is held, in words for its creator; empty otherwise."""
    created_at: datetime
    published_at: datetime | None
    cross_post: bool = False
    """Its creator posted it elsewhere before, by their own word."""
    language: str = ""
    """The primary tag of its language, by its creator's word; empty where nobody said."""
    sound_id: int | None = None
    """Clips set to the same sound share it; None: silence, or from before sounds were told apart."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a creator says of a new item before it is processed. `rights` are those they ticked, none by default."""

    title: str
    caption: str
    rights: frozenset[Right]
    source_name: str
    source_sha256: str
    kind: ItemKind = ItemKind.VIDEO
    region: str = ""
    cross_post: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Publication:
    """All that makes a queued item playable; taken in by one transaction, so that nothing is half published."""

    duration_ms: int
    width: int
    height: int
    has_sound: bool
    poster_key: str
    preview_key: str
    renditions: tuple[Rendition, ...]
    features: Mapping[str, NDArray[np.float32]]
    """Content features by encoder name, each a unit vector of shape (D,)."""
    sound_id: int | None = None
    """As `Item.sound_id`."""
    held_because: str = ""
    """Why a person has to look at it before it is published; empty: nobody has to."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A right as given. `granted_by` names the account or viewer; `until` None means until withdrawn."""

    right: Right
    subject: ItemId | ViewerId
    granted_by: str
    evidence: str
    since: datetime
    until: datetime | None
