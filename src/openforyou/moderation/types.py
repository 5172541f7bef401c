"""What a published rule says, where it stands, and what it did.

In code and in the log a rule is a *policy*; people read "rule".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

PolicyId = NewType("PolicyId", int)


class PolicyKind(StrEnum):
    """What a rule does. Each acts on the For You feed alone, but for a freeze, which acts on the numbers shown."""

    CAP = "cap"
    """Once an item has `limit` views, the feed recommends it no more."""
    BOOST = "boost"
    """The value of an item counts `factor` times, above 1."""
    DEMOTE = "demote"
    """The value of an item counts `factor` times, below 1."""
    FREEZE = "freeze"
    """The numbers shown of an item stay as they were at the record's place in the log."""
    CROSS_POST_LIMIT = "cross_post_limit"
    """At most `limit` items in a slate are ones that their creators posted elsewhere before."""


class ScopeKind(StrEnum):
    """Which items a rule is about."""

    ITEM = "item"
    CREATOR = "creator"
    CROSS_POSTS = "cross_posts"
    """Every item that its creator marked as posted elsewhere before."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`id` is the item's or creator's; None for cross-posts."""

    kind: ScopeKind
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule as somebody wants it, unchecked. `since` None: from now on; `until` None: until it is ended."""

    kind: str
    name: str
    reason: str
    scope: Scope
    limit: int | None = None
    factor: float | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule as its record says it. Times are whole seconds."""

    id: PolicyId
    kind: PolicyKind
    name: str
    reason: str
    scope: Scope
    since: datetime
    until: datetime | None = None
    limit: int | None = None
    factor: float | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a rule ended before its date, as the record of it says."""

    id: PolicyId
    reason: str
    at: datetime


class Standing(StrEnum):
    """Where a rule stands now."""

    WAITING = "waiting"
    """Its record is on its way into the log, or the log could not be read yet. It does not act."""
    TO_COME = "to_come"
    """Published; its first day has not come."""
    IN_FORCE = "in_force"
    ENDED = "ended"
    REFUSED = "refused"
    """The database holds it, and the log holds no such record. It does not act."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and where it stands. Indexes are places in the log; None for what is not (known to be) there."""

    policy: Policy
    standing: Standing
    log_index: int | None = None
    ending: Ending | None = None
    ending_log_index: int | None = None


class Effect(StrEnum):
    """What a rule did to an item in a slate."""

    REMOVED = "removed"
    """It was proposed, and a cap took it out."""
    DISPLACED = "displaced"
    """By its value it would have stood in the slate; it does not."""
    DEMOTED = "demoted"
    """It stands in the slate, its value having fallen behind others'."""
    LIFTED = "lifted"
    """It stands in the slate, its value having passed others'."""


@dataclass(frozen=True, slots=True)
class Felt:
    """What one rule means for one item: whether it is about it now, and in how many slates it did what.

    `views` is the item's count where the rule is a cap in force on it, else None.
    """

    rule: Rule
    is_about: bool
    views: int | None
    slates: Mapping[Effect, int]
