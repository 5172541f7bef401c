"""What detection reads, and what it finds. It knows no names: staff and people are what they are called in entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Asking:
    """One request, by what can be seen of it. `came_to_something`: it was read, or still waits, and its case fits."""

    id: str
    at: datetime
    staff: str
    duty: str
    subject: int
    case: str
    case_fits: bool | None = None
    is_protected: bool = False
    came_to_something: bool = True
    granters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a reviewer should look at: the staff and requests it is about, sorted, and why, in words."""

    kind: str
    words: str
    score: float
    staff: tuple[str, ...]
    requests: tuple[str, ...]
