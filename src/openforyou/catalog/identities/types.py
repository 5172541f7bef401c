"""What an outside identity is, what proves it, and what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from openforyou.core.ids import CreatorId

ChallengeId = NewType("ChallengeId", int)
ProofId = NewType("ProofId", int)


@dataclass(frozen=True, slots=True)
class Outside:
    """An account or a site elsewhere. `who` is its handle in one form; `url` its profile page; empty where the account
    is known only once its owner signed in."""

    platform: str
    who: str
    url: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, in words; `copy` is what to put there, `link` where to go."""

    words: str
    copy: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """What a provider sent the browser back with."""

    code: str
    state: str
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a method is to look for. `page` is the address of the creator's page here, empty where the operator named no
    public address; `secrets` what was agreed with a provider beforehand."""

    outside: Outside
    code: str
    page: str
    secrets: dict[str, str]
    returned: Returned | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What proved it: the words, where they stood, and the hash of all that was read there.

    `subject` is the name that the platform never gives to another (a DID, a `sub`); empty where it has none.
    """

    url: str
    what: str
    sha256: str
    subject: str = ""
    who: str = ""
    """The handle as the platform itself says it, where it does."""
    profile: str = ""
    """The profile's address, where the platform says it."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a creator was asked to do, to be checked until `expires_at`."""

    id: ChallengeId
    creator_id: CreatorId
    outside: Outside
    method: str
    code: str
    secrets: dict[str, str]
    created_at: datetime
    expires_at: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Begun:
    """A challenge with what to do about it, in order."""

    challenge: Challenge
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """That a creator held an outside identity, when it was last seen, and until when that counts."""

    id: ProofId
    creator_id: CreatorId
    outside: Outside
    subject: str
    method: str
    code: str
    evidence: dict[str, Any]
    proven_at: datetime
    checked_at: datetime
    expires_at: datetime
    failing_since: datetime | None = None
    failure: str = ""


class Result(StrEnum):
    """What came of one look."""

    PROVEN = "proven"
    HELD = "held"
    """Looked at again, and still so."""
    MISSING = "missing"
    """Not seen, or seen no longer."""
    SILENT = "silent"
    """Nobody answered."""
    CHANGED = "changed"
    """The name is somebody else's now."""
    TAKEN = "taken"
    """Another creator has proven it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One look, kept as evidence."""

    creator_id: CreatorId
    outside: Outside
    method: str
    result: Result
    saw: str
    url: str
    sha256: str
    at: datetime
