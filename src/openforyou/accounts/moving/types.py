"""What lay open until it was moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from openforyou.core.ids import AccountId, ViewerId


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """Who somebody is. `devices` are the names of their passkeys by the public form of each id."""

    id: AccountId
    viewer_id: ViewerId
    email: str
    is_minor: bool
    devices: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OpenGuardianship:
    """Who decides for whom."""

    id: int
    ward_id: AccountId
    ward_viewer_id: ViewerId
    ward_email: str
    guardian_id: AccountId
    since: datetime
    evidence: str
    until: datetime | None
