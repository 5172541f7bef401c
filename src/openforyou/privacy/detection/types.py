"""What detection reads, and what it finds. It knows no names: staff and people are what they are called in entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Asking:
    """One request, by what can be seen of it. `came_to_something`: it was read, or still waits, and its case fits.

    `grants`: who granted it, and when, in order.
    """

    id: str
    at: datetime
    staff: str
    duty: str
    subject: int
    case: str
    purpose: str = ""
    case_fits: bool | None = None
    is_protected: bool = False
    is_emergency: bool = False
    came_to_something: bool = True
    grants: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a reviewer should look at: the staff and requests it is about, sorted, and why, in words.

    `score` is in steps of its kind (`marks.MARKS`): at 0 normal work brings such a finding about once a week, with
    each step more 2.7 times as rarely. Words hold numbers and duties; never a person, a case or a name.
    """

    kind: str
    words: str
    score: float
    staff: tuple[str, ...]
    requests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A finding that became an alarm before."""

    at: datetime
    score: float
    requests: frozenset[str]
    staff: tuple[str, ...] = ()
