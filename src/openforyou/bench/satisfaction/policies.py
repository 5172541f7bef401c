"""What a feed may know of the simulated world, and what it is asked.

Nothing here names a taste, a quality or a pleasure: a policy is handed clips as any platform has them, and what viewers
did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from openforyou.demo.viewers import Deed

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Clip:
    """What everybody can see of a clip. `topic` is its hashtag, as its creator chose it."""

    number: int
    creator: int
    topic: int
    duration_ms: int
    published_at: datetime
    content: NDArray[np.float32]  # (CONTENT_DIM,) of length 1


@dataclass(frozen=True, slots=True)
class Size:
    """How much a feed makes room for."""

    viewers: int
    clips: int
    creators: int
    topics: int


class Policy(Protocol):
    """A feed. Clips and viewers go by number."""

    @property
    def name(self) -> str:
        """As it stands in the report."""
        ...

    def publish(self, clips: Sequence[Clip], at: datetime) -> None:
        """These can be shown from now on."""
        ...

    def slate(self, viewer: int, at: datetime, size: int) -> Sequence[int]:
        """What to show next, none that this viewer has seen."""
        ...

    def told(self, viewer: int, clip: int, at: datetime, deeds: Sequence[Deed]) -> None:
        """A viewer had a clip of the newest slate on screen from `at` on, and did this."""
        ...

    def settle(self, at: datetime) -> None:
        """Between two rounds: time to refit."""
        ...
