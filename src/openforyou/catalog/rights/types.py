"""What is said about rights: who allows, refuses or takes back what, on which evidence."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from openforyou.catalog.types import Right

ITEM_SUBJECT, VIEWER_SUBJECT, SOUND_SUBJECT = "item", "viewer", "sound"
SUBJECT_KINDS = (ITEM_SUBJECT, VIEWER_SUBJECT, SOUND_SUBJECT)


class Act(StrEnum):
    """What is done with a right. A refusal says *no* whether or not it was ever given."""

    GRANT = "grant"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class Party(StrEnum):
    """As what somebody speaks."""

    CREATOR = "creator"
    """For an item of theirs."""
    VIEWER = "viewer"
    """For their own history."""
    OWNER = "owner"
    """For a sound of theirs."""
    GUARDIAN = "guardian"
    """For a minor; the platform in a guardian's stead where a minor has none yet."""
    CREDENTIAL = "credential"
    """What stood in the file, or on the page that it came from."""
    OPERATOR = "operator"
    """Who runs the platform, on evidence that the operator answers for."""

    @property
    def rank(self) -> int:
        """Whose *no* binds whom: a grant of a lower rank than the last *no* has no effect."""
        return {Party.GUARDIAN: 2, Party.CREDENTIAL: 3, Party.OPERATOR: 4}.get(self, 1)


@dataclass(frozen=True, slots=True)
class Decision:
    """A word about one right over one subject. `since` and `until` bound a grant; `region` "" is everywhere."""

    act: Act
    right: Right
    subject_kind: str
    subject_id: int
    by: Party
    granted_by: str
    evidence: str
    since: datetime
    until: datetime | None = None
    region: str = ""
    given_to: int | None = None


@dataclass(frozen=True, slots=True)
class RightEvent:
    """A decision on record. `seq` is its record's number on the way into the log and the order in which it counts;
    `at` is when it was said, which decides nothing."""

    id: int
    seq: int
    at: datetime
    decision: Decision
    commitment: bytes = b""
    """(32,) bytes: what the log says of it."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks, as what, and how that is known."""

    by: Party
    name: str
    evidence: str

    def says(self, act: Act, right: Right, kind: str, ids: Collection[int], at: datetime) -> list[Decision]:
        """The same of each of those subjects, from now on and everywhere."""
        first = Decision(act, right, kind, 0, self.by, self.name, self.evidence, at)
        return [replace(first, subject_id=one) for one in ids]


@dataclass(frozen=True, slots=True)
class Placed:
    """An event and the index at which its record stands in the log; None while it waits for it."""

    event: RightEvent
    index: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """What the owner of a subject is told, so that they can check it alone: the secret and the words."""

    placed: Placed
    secret: bytes | None
    has_effect: bool
    """A grant that stands now."""
