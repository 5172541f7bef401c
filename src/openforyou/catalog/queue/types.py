"""What stands in the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from openforyou.catalog.types import ItemStatus, Urgency
from openforyou.core.ids import CreatorId, ItemId


@dataclass(frozen=True, slots=True)
class Entry:
    """An item that waits, is being made ready, or was given up. `not_before`: it is not tried again before that."""

    item_id: ItemId
    creator_id: CreatorId
    status: ItemStatus
    source_name: str
    urgency: Urgency
    attempts: int
    created_at: datetime
    not_before: datetime | None
    failure: str
    """Why the last attempt failed; empty before any did."""
