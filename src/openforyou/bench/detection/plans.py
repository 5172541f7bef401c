"""A request as the simulator plans it, before anybody granted, refused or read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from openforyou.privacy.access.types import Duty


class Fate(StrEnum):
    """What becomes of it."""

    READ = "read"
    UNREAD = "unread"
    REFUSED = "refused"
    ANY = "any"
    """As it happens to most: drawn when it is played."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One request. `episode` names the misuse that it is part of, and is empty for normal work.

    `granter` is who will grant it whoever else is there, where that is settled, and then within a minute or two.
    """

    at: datetime
    staff: str
    duty: Duty
    purpose: str
    case: str
    subject: int
    fits: bool | None = None
    fate: Fate = Fate.ANY
    granter: str = ""
    episode: str = ""
    is_new: bool = False
