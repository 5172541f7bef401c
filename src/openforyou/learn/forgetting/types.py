"""What forgetting works on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from openforyou.learn.types import Ids, ModelId


@dataclass(frozen=True, slots=True)
class Subjects:
    """Whom a model learned from: ids of items and of viewers, ascending."""

    items: Ids
    viewers: Ids


LearnedFrom = Callable[[Connection, ModelId], Subjects | None]
"""Whom a trained model and its updates learned from; None where no record says it."""


class Cause(StrEnum):
    """Why the weights of a model are gone."""

    REPLACED = "replaced"
    """It had learned from somebody who took the right back, and another serves in its place."""
    DEADLINE = "deadline"
    """The same, and no other was there by the deadline: the feed goes on without a model."""
    IDLE = "idle"
    """The same, of one that did not serve: the gate had not let it through, or it could not be read."""
    RETIRED = "retired"
    """Nobody asked for it: newer ones serve, or an operator took it out of service."""


@dataclass(frozen=True, slots=True)
class Stale:
    """A trained model, with all that was made of it since, that learned from somebody who allows it no more."""

    base: ModelId
    since: datetime
    """When the first of them took the right back; or when it was noticed, where no record says it."""
    deadline: datetime
    """By then no such weights are there any more."""
    noticed_at: datetime
    items: int
    viewers: int
    unknown: bool
    """No record says whom it learned from: it cannot be shown that it learned from nobody who may not be."""

    def as_dict(self) -> dict[str, Any]:
        """As a program reads it."""
        return {
            "since": self.since.isoformat(),
            "deadline": self.deadline.isoformat(),
            "items": self.items,
            "viewers": self.viewers,
            "unknown": self.unknown,
        }

    def in_words(self) -> str:
        """Who may not be learned from any more."""
        if self.unknown:
            return "no record says whom it learned from"
        told = [(self.items, "item"), (self.viewers, "viewer")]
        return " and ".join(f"{count:,} {name}{'s' * (count > 1)}" for count, name in told if count) + " withdrew"


@dataclass(frozen=True, slots=True)
class Ended:
    """Weights that are destroyed, as the public log says it. `versions` updates had been made of them."""

    model_id: ModelId
    weights_sha256: str
    cause: Cause
    at: datetime
    deadline: datetime | None
    """By when it had to be; None where nobody had taken a right back."""
    versions: int
    chain: str
    """The digest that the newest update's manifest holds of all before it; empty where there was none."""
