"""A statistic, the window that it is asked for, and its answer as everybody may read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Over(StrEnum):
    """What a statistic is about: one day, or one month, in UTC."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Statistic:
    """One entry of the published list.

    Somebody comes into at most `groups_each` groups, with at most `most_each` in each: so much, and no more, does one
    person change an answer. `groups` are known beforehand, with their words; None: they come from the data, and `delta`
    is what naming them costs.
    """

    name: str
    words: str
    unit: str
    """What is counted: viewers, accounts or minutes."""
    over: Over
    epsilon: Decimal
    groups: Mapping[str, str] | None = None
    delta: Decimal = Decimal(0)
    groups_each: int = 1
    most_each: int = 1

    @property
    def cost(self) -> Budget:
        """What one answer takes of a month's budget."""
        return Budget(self.epsilon, self.delta)

    @property
    def reach(self) -> int:
        """By how much one person changes all groups together, at most: the sensitivity in L1."""
        return self.groups_each * self.most_each

    @property
    def scale(self) -> int:
        """Of the noise: `reach` / `epsilon`."""
        return int(self.reach / self.epsilon)


class Window(NamedTuple):
    """From `since` to before `until`; `name` as 2026-11-03 or 2026-11."""

    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Budget:
    """What one answer costs, or what all answers of one calendar month (UTC) may cost together."""

    epsilon: Decimal
    delta: Decimal

    def __add__(self, other: Budget) -> Budget:
        return Budget(self.epsilon + other.epsilon, self.delta + other.delta)

    def holds(self, cost: Budget) -> bool:
        """Whether that much can be spent of it."""
        return cost.epsilon <= self.epsilon and cost.delta <= self.delta


NOTHING = Budget(Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class Terms:
    """What an operator set: the budget of a month, and for how many days history is kept."""

    budget: Budget
    keep_days: int


class Noised(NamedTuple):
    """What came out of the noise. What is under `threshold` is in `held_back`, or not named at all."""

    groups: dict[str, int]
    held_back: tuple[str, ...]
    threshold: int
    within: int
    """In 95 of 100 draws the noise is no more than this, either way."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A published answer: the whole of its record in the log. `index` is where that stands; None: not there yet."""

    statistic: str
    window: str
    by: str
    at: datetime
    cost: Budget
    budget: Budget
    groups_each: int
    most_each: int
    scale: int
    noised: Noised
    index: int | None = None

    @property
    def month(self) -> str:
        """Of whose budget it was paid, as 2026-11."""
        return f"{self.at:%Y-%m}"

    def between(self, group: str) -> tuple[int, int]:
        """Where the true number of a shown group lies, in 95 of 100 draws."""
        shown = self.noised.groups[group]
        return max(0, shown - self.noised.within), shown + self.noised.within
