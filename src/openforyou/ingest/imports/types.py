"""What an import speaks of: whose archive it is, what each importer finds in it, and what became of each entry."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from openforyou.catalog.types import Right
from openforyou.core.ids import CreatorId, ItemId


class EntryKind(StrEnum):
    """What an entry is, as it was posted elsewhere."""

    VIDEO = "video"
    PHOTOS = "photos"
    """One picture or several: for the studio, which makes a slideshow of them."""
    ARTICLE = "article"


class Privacy(StrEnum):
    """Who could see it elsewhere. What is not known counts as public: few archives say it."""

    PUBLIC = "public"
    LIMITED = "limited"
    """Friends, followers, or whoever had the link."""
    PRIVATE = "private"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Owner:
    """An account elsewhere. Empty where the archive does not say: then nothing can prove it."""

    platform: str
    handle: str = ""
    """As people write it, without the @; for a feed its host."""
    id: str = ""
    """What stays when the handle changes: a DID, a channel's id, an actor's address."""

    @property
    def is_known(self) -> bool:
        """Whether the archive says whose it is."""
        return bool(self.handle or self.id)

    @property
    def shown(self) -> str:
        """For people."""
        return f"{self.handle or self.id or 'somebody'} on {self.platform}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One post elsewhere. `media` are names inside the archive, `link` an address to fetch the file from instead."""

    kind: EntryKind
    external_id: str
    """Stable across exports, as far as the platform gives one: an entry is known again by it."""
    title: str = ""
    caption: str = ""
    created_at: datetime | None = None
    privacy: Privacy = Privacy.UNKNOWN
    media: tuple[str, ...] = ()
    link: str = ""
    picture: str = ""
    """Of an article: a name inside the archive, or an address."""
    html: str = ""
    """Of an article: its text as it came, not yet made safe."""
    source_url: str = ""
    sound: str = ""
    licence: str = ""
    language: str = ""
    is_ai: bool | None = None
    """Marked there as made by a machine; None: nothing was said."""
    history: Mapping[str, int] = field(default_factory=dict)
    """Audience counts of elsewhere: kept, shown to the owner, never added to ours."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that does not come in. `what` names it as its owner knows it, `external_id` where it has one."""

    what: str
    reason: str
    external_id: str = ""
    entry: Entry | None = None


class Outcome(StrEnum):
    """What became of an entry."""

    BEGUN = "begun"
    """Being taken in; left behind by a process that was killed."""
    TAKEN = "taken"
    HERE = "here"
    """The same file was here already, by another way than an import."""
    SKIPPED = "skipped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the owner asks for, and why they may. None of it is assumed.

    `licence` or `evidence` is an operator's word that the rights are held, for what has no proven owner.
    `show_private` gives the rights also to what was not public elsewhere.
    """

    rights: frozenset[Right] = frozenset()
    show_private: bool = False
    licence: str = ""
    evidence: str = ""

    @property
    def word(self) -> str:
        """The operator's word, as it is recorded; empty without one."""
        said = (("licence", self.licence), ("evidence", self.evidence))
        return "; ".join(f"{name}: {text}" for name, text in said if text)


class Standing(NamedTuple):
    """Whether rights can be given to what is imported, and on what evidence; else `why` not."""

    is_good: bool
    evidence: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What is in an archive."""

    platform: str
    title: str
    """Of the platform, for people."""
    owner: Owner
    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it ended, or as it would end."""

    external_id: str
    kind: str
    title: str
    outcome: Outcome
    reason: str = ""
    item_id: ItemId | None = None
    rights: Collection[Right] = ()
    created_at: datetime | None = None
    privacy: Privacy = Privacy.UNKNOWN
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """How an import ended. `is_whole` is false where it stopped before the end, to be gone on with."""

    platform: str
    title: str
    owner: Owner
    standing: Standing
    lines: tuple[Line, ...]
    is_whole: bool = True

    def count(self, outcome: Outcome) -> int:
        """How many ended so."""
        return sum(line.outcome is outcome for line in self.lines)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What is known of an item's life where it was imported from: kept, and added to nothing of ours."""

    platform: str
    sound: str = ""
    licence: str = ""
    is_ai: bool = False
    """Marked there as made by a machine."""
    counts: Mapping[str, int] = field(default_factory=dict)


class RunState(StrEnum):
    """Where an archive that was sent to the site stands."""

    LOOKING = "looking"
    """Here, and to be looked through."""
    FOUND = "found"
    """Looked through: its owner decides."""
    WAITING = "waiting"
    """Decided: it is being taken in."""
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Run:
    """One archive that somebody sent, from the last byte to the end."""

    id: int
    creator_id: CreatorId
    name: str
    blob_key: str
    state: RunState
    reason: str
    platform: str
    owner_handle: str
    owner_id: str
    rights: frozenset[Right]
    show_private: bool
    done: int
    total: int
    lines: tuple[Line, ...]
    """The first of them: docs/importing.md says how many."""
    counts: Mapping[str, int]
    """How many of all there are, by outcome."""
    created_at: datetime

    @property
    def owner(self) -> Owner:
        """Whose archive it says it is."""
        return Owner(self.platform, self.owner_handle, self.owner_id)
