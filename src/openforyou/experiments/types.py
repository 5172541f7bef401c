"""What off-policy evaluation works on, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Choices:
    """R choices by lot. Each context (a position, say) knows the same A actions."""

    actions: Whole  # (R,) 0 … A - 1
    contexts: Whole  # (R,) 0 … C - 1
    propensities: Reals  # (R,) chance that this was chosen there, above 0 and at most 1
    rewards: Reals  # (R,) what came of it
    groups: Whole  # (R,) rows of one group (a viewer) are not independent

    def __post_init__(self) -> None:
        for column in (self.contexts, self.propensities, self.rewards, self.groups):
            assert len(column) == len(self.actions), "columns of different length"
        assert ((self.propensities > 0) & (self.propensities <= 1)).all(), "a propensity is above 0 and at most 1"

    def __len__(self) -> int:
        return len(self.actions)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean reward, and the 95 % interval around it."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        """The published form."""
        return {"value": round(self.value, 6), "low": round(self.low, 6), "high": round(self.high, 6)}


@dataclass(frozen=True, slots=True)
class Sameness:
    """How far the evaluated policy lies from the one that logged."""

    mean_weight: Estimate
    """1 where the propensities are true and nothing that it would choose was impossible."""
    effective_rows: float
    """As many rows under the evaluated policy itself would say as much: (Σw)² / Σw²."""

    def as_dict(self) -> dict[str, Any]:
        """The published form."""
        return {"mean_weight": self.mean_weight.as_dict(), "effective_rows": round(self.effective_rows, 1)}
