"""What was said, where, and in which words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Says(StrEnum):
    """What a signal says of learning from the work."""

    ALLOWED = "allowed"
    CONSTRAINED = "constrained"
    """Only under conditions that a machine cannot meet: counts as not allowed."""
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Found:
    """One statement. `evidence` is the very words."""

    kind: str
    says: Says
    evidence: str


@dataclass(frozen=True, slots=True)
class Signal:
    """A statement with where and when it was read."""

    kind: str
    says: Says
    evidence: str
    url: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Signals:
    """Everything said of `asked`, in the order in which it was read; empty: nothing was said."""

    asked: str
    found: tuple[Signal, ...]
