"""What the catalogue holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from openforyou.catalog.credentials.types import Credentials, CredentialState
from openforyou.core.ids import AccountId, CreatorId, ItemId, SoundId, ViewerId

TITLE_LENGTH_MAX = 150
CAPTION_LENGTH_MAX = 2_200
HANDLE_LENGTH_MAX = 30


class ItemKind(StrEnum):
    """What an item is. A slideshow was made of pictures and a sound in the studio; it plays like any video. An article
    has words and a picture, and no rendition to play."""

    VIDEO = "video"
    SLIDESHOW = "slideshow"
    ARTICLE = "article"


class ItemStatus(StrEnum):
    """Where an item stands: queued → processing → published, or refused with a reason; withdrawn by its creator.

    Held: it is ready, and waits for a person to look at it. Needs sound: it carries a sound without the right to it,
    and waits for its creator to mute it or take another. Suspended: it was published, and a claim against it was
    upheld that may still be appealed. Failed: no attempt to make it ready came to an end, which is not its creator's
    fault. Nobody but its creator sees any of them.
    """

    QUEUED = "queued"
    PROCESSING = "processing"
    PUBLISHED = "published"
    REFUSED = "refused"
    HELD = "held"
    NEEDS_SOUND = "needs_sound"
    SUSPENDED = "suspended"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class Urgency(IntEnum):
    """Which goes first of what waits to be made ready."""

    BULK = 0
    """Of many that came at once, as out of an archive."""
    UPLOAD = 1
    """Somebody waits for it."""


class Right(StrEnum):
    """What somebody may allow. Each is asked for by itself, and refusing one costs no other function."""

    SHOW = "show"
    """Shown at all: on its page, its creator's page, to followers."""
    RECOMMEND = "recommend"
    """Offered to people who did not ask for it: the For You feed."""
    LEARN = "learn"
    """Learned from: an item by its creator's word, a viewer's history by the viewer's."""
    AUDIO = "audio"
    """Played in a clip: a sound, by its owner's word, to everybody or to named creators."""
    BIOMETRIC = "biometric"
    """Faces or voices measured, by the word of everyone concerned. Nobody is asked for it: nothing here does that."""


ITEM_RIGHTS = (Right.SHOW, Right.RECOMMEND, Right.LEARN)
"""Those that a creator is asked for with a clip; `audio` is given over a sound, by its owner."""


class SoundSource(StrEnum):
    """Where the sound of an item comes from."""

    OWN = "own"
    """The file that was handed in."""
    MUTED = "muted"
    """Nowhere: it is published silent."""
    LIBRARY = "library"
    """A sound of the library, in place of what the file has."""


@dataclass(frozen=True, slots=True)
class SoundChoice:
    """What an item is to sound like. `from_ms`: where in the sound its first picture stands; negative: before it."""

    source: SoundSource = SoundSource.OWN
    sound_id: SoundId | None = None
    from_ms: int = 0

    def __post_init__(self) -> None:
        assert (self.source is SoundSource.LIBRARY) == (self.sound_id is not None), "the library's alone have an id"


OWN_SOUND = SoundChoice()
MUTED = SoundChoice(SoundSource.MUTED)


@dataclass(frozen=True, slots=True)
class SoundUse:
    """A registered sound as it is heard in an item: `from_ms` to `until_ms` of the item.

    `is_chosen`: taken from the library by its creator; else it was recognised.
    """

    sound_id: SoundId
    from_ms: int
    until_ms: int
    is_chosen: bool = False


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
    credentials: CredentialState = CredentialState.NONE
    """How far the Content Credentials of what was taken in hold."""
    signed_by: str = ""
    """Who signed them; empty where nobody did."""
    ai_made: bool = False
    """Made by a trained model, or in part, by the word of its credentials."""
    posted_at: datetime | None = None
    """When it was posted elsewhere first, as its export says."""
    source_url: str = ""
    """Where it stands elsewhere; of an article, where it is from."""


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
    urgency: Urgency = Urgency.UPLOAD
    posted_at: datetime | None = None
    source_url: str = ""
    sound: SoundChoice = OWN_SOUND


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
    credentials: Credentials = field(default_factory=Credentials)
    """Of its source. What they refuse holds from the moment of publishing."""
    sounds: tuple[SoundUse, ...] = ()
    """The registered sounds that are heard in it."""
    held_because: str = ""
    """Why a person has to look at it before it is published; empty: nobody has to."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A right as given. `granted_by` names who gave it; `until` None means until withdrawn."""

    right: Right
    subject: ItemId | ViewerId | SoundId
    granted_by: str
    evidence: str
    since: datetime
    until: datetime | None
    given_to: CreatorId | None = None
    """Of `audio`: the one creator who may use the sound; None: everybody."""
