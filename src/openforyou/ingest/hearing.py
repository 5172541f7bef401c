"""What the music check asks of whoever recognises works, so that one way of recognising can take another's place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from openforyou.core.ids import SoundId


@dataclass(frozen=True, slots=True)
class WorkMatch:
    """A registered work as it is heard in a sound: from when to when, and by how much evidence (more is surer)."""

    work_id: SoundId
    start_ms: int
    end_ms: int
    strength: int


class HearsWorks(Protocol):
    """Recognises registered works."""

    def matches(self, samples: NDArray[np.float32], rate: int) -> list[WorkMatch]:
        """The works in mono samples (S,) at `rate` a second, in order of time."""
        ...
