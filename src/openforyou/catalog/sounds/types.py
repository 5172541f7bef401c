"""What is known of a sound, and who may use it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from openforyou.core.ids import CreatorId, SoundId

OWNER_LENGTH_MAX = 150
EVIDENCE_LENGTH_MAX = 1_000
PEAKS = 240
"""How many columns the picture of a sound has."""


class Licence(StrEnum):
    """Under which terms a sound is here."""

    OWN_WORK = "own_work"
    """Made by whoever handed it in."""
    CC0 = "cc0"
    CC_BY = "cc_by"
    """Free to use where its owner is named: the pages do."""
    LICENSED = "licensed"
    """By a contract, which the evidence names."""
    ALL_RIGHTS_RESERVED = "all_rights_reserved"


class Audience(StrEnum):
    """To whom a sound's owner gives the right `audio`."""

    EVERYONE = "everyone"
    CREATORS = "creators"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class About:
    """What somebody says of a sound. `owner_id` is the creator who owns it; None: somebody from outside, by name."""

    title: str
    owner_name: str
    licence: Licence
    owner_id: CreatorId | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was found in a sound. `peaks`: loudness by column, 0 … 255; `beats_ms` ascend; `landmarks`: as matched."""

    duration_ms: int
    peaks: bytes
    beats_ms: tuple[int, ...]
    landmarks: bytes


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound of the library, or a work that is registered alone to be recognised. `audio_key` is its blob (AAC)."""

    id: SoundId
    title: str
    owner_name: str
    owner_id: CreatorId | None
    licence: Licence
    evidence: str
    audio_key: str
    duration_ms: int
    peaks: bytes
    beats_ms: tuple[int, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a sound now. `creators` are those named, where it is not everybody."""

    audience: Audience
    creators: frozenset[CreatorId] = frozenset()

    def allows(self, creator_id: CreatorId | None) -> bool:
        """Whether a creator, or with None just anybody, may use it."""
        return self.audience is Audience.EVERYONE or creator_id in self.creators


@dataclass(frozen=True, slots=True)
class Credit:
    """What is said of a sound beside an item that uses it."""

    id: SoundId
    title: str
    owner_name: str
    licence: Licence
