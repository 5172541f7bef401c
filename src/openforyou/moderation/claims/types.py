"""What a claim is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from openforyou.core.ids import CreatorId, ItemId

ClaimId = NewType("ClaimId", int)


class ClaimKind(StrEnum):
    """What is claimed."""

    COPY = "copy"
    """A clip of mine was taken for a copy of somebody else's, and is not published for that."""
    THEFT = "theft"
    """Somebody published what is mine."""
    IMPERSONATION = "impersonation"
    """A creator here poses as me."""


class ClaimState(StrEnum):
    """Where it stands."""

    OPEN = "open"
    DECIDED = "decided"
    """There is a decision, and either side may still appeal."""
    APPEALED = "appealed"
    CLOSED = "closed"
    RESCINDED = "rescinded"


class Ruling(StrEnum):
    """How it was decided."""

    UPHELD = "upheld"
    """Whoever claims is right."""
    REJECTED = "rejected"


class Side(StrEnum):
    """Who did a step."""

    CLAIMANT = "claimant"
    RESPONDENT = "respondent"
    STAFF = "staff"
    CLOCK = "clock"
    """Nobody did: a deadline passed."""


class Act(StrEnum):
    """What a step was."""

    OPENED = "opened"
    ANSWERED = "answered"
    UPHELD = "upheld"
    REJECTED = "rejected"
    APPEALED = "appealed"
    RESCINDED = "rescinded"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened. `by` names who of the staff did it; empty for the others."""

    at: datetime
    side: Side
    act: Act
    words: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What a claim is about. `respondent` is the creator on the other side.

    `item_id` is the clip in question: the claimant's own in a claim of `copy`, the respondent's in one of `theft`.
    `other_id` is what a clip was taken for, in a claim of `copy`.
    """

    kind: ClaimKind
    respondent: CreatorId
    item_id: ItemId | None = None
    other_id: ItemId | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as it stands. `ruling` is that of the last decision; `decided_by` names each who decided, in order."""

    id: ClaimId
    about: About
    claimant: CreatorId
    state: ClaimState
    opened_at: datetime
    answer_by: datetime
    decide_by: datetime
    ruling: Ruling | None = None
    appeal_until: datetime | None = None
    decided_by: tuple[str, ...] = ()

    @property
    def is_living(self) -> bool:
        """Somebody may still do something about it."""
        return self.state not in (ClaimState.CLOSED, ClaimState.RESCINDED)

    def side_of(self, creator_id: CreatorId) -> Side | None:
        """On which side a creator stands; None for a stranger."""
        sides = {self.claimant: Side.CLAIMANT, self.about.respondent: Side.RESPONDENT}
        return sides.get(creator_id)


@dataclass(frozen=True, slots=True)
class Case:
    """A claim with all its steps, oldest first."""

    claim: Claim
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Moves:
    """What the sides have done about a claim, as counts: how a platform treats claims, for everybody to read."""

    open: int
    overdue: int
    upheld: int
    rejected: int
    reversed: int
    """By an appeal."""
