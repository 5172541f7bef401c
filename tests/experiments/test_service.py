"""What slates drew by lot, read back from a real database: the even lot is told from the leaning one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import insert

from openforyou.core.errors import BadInput
from openforyou.core.ids import RequestId, ViewerId
from openforyou.events.store import insert_slates
from openforyou.events.tables import events
from openforyou.events.types import ServedSlate
from openforyou.experiments.service import SETTLES, explored
from openforyou.storage.database import Database

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LEAN, WORTH = np.array([0.6, 0.2, 0.1, 0.1]), np.array([0.2, 0.4, 0.8, 0.8])
FRESH, KNOWN = (101, 102, 103, 104), 50


def serve(database: Database, count: int, *, at: datetime = NOW - timedelta(hours=1), surface: str = "for_you") -> None:
    """Slates with one clip by lot and one that stands there anyway; who likes the former views it."""
    rng = np.random.default_rng(3)
    slates, did = [], []
    for number in range(count):
        drawn = int(rng.choice(4, p=LEAN))
        records = {str(FRESH[drawn]): {"propensity": float(LEAN[drawn])}, str(KNOWN): {"propensity": 1.0}}
        request, viewer = RequestId(number + 1), ViewerId(number % 40 + 1)
        slates.append(ServedSlate(request, viewer, at, surface, (FRESH[drawn], KNOWN), {"v": 1, "items": records}))
        viewed = ["impression"] + ["view"] * int(rng.random() < WORTH[drawn])
        did += [(request, viewer, FRESH[drawn], kind) for kind in viewed]
    with database.begin() as connection:
        insert_slates(connection, slates)
        connection.execute(
            insert(events),
            [
                {
                    "id": uuid4(),
                    "type": kind,
                    "viewer_id": viewer,
                    "item_id": item,
                    "creator_id": 1,
                    "request_id": request,
                    "occurred_at": at,
                    "received_at": at + timedelta(seconds=9),
                }
                for request, viewer, item, kind in did
            ],
        )


def test_an_even_lot_is_told_from_the_one_that_leaned(database: Database) -> None:
    serve(database, 1_500)
    told = explored(database, NOW - timedelta(days=1), NOW, "view")
    assert (told["drawn"], told["viewers"]) == (1_500, 40)
    leaned, even = float(LEAN @ WORTH), float(WORTH.mean())
    assert told["as_drawn"]["low"] <= leaned <= told["as_drawn"]["high"]
    assert told["even"]["low"] <= even <= told["even"]["high"]
    assert told["as_drawn"]["high"] < told["even"]["low"], "the lot leaned to what is liked less"
    assert told["certain"]["value"] == 0
    assert told["effective_rows"] < 1_500
    assert explored(database, NOW - timedelta(days=1), NOW, "like")["even"]["value"] == 0


def test_only_settled_for_you_slates_of_the_time_asked_for_count(database: Database) -> None:
    serve(database, 20, at=NOW - SETTLES / 2)
    with pytest.raises(BadInput, match="chosen by lot") as caught:
        explored(database, NOW - timedelta(days=1), NOW, "view")
    assert "--days" in caught.value.hint
    assert explored(database, NOW - timedelta(days=1), NOW + SETTLES, "view")["drawn"] == 20
    with pytest.raises(BadInput):
        explored(database, NOW, NOW + SETTLES, "view")


def test_the_following_feed_draws_no_lots(database: Database) -> None:
    serve(database, 5, surface="following")
    with pytest.raises(BadInput):
        explored(database, NOW - timedelta(days=1), NOW, "view")
