"""While versions of a model come into service, feeds are asked for all the time, and each is answered whole."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from openforyou.app.platform import Platform
from openforyou.catalog import store as catalog_store
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.types import ITEM_SUBJECT
from openforyou.catalog.types import Grant, ItemStatus, Right
from openforyou.core.clock import ManualClock
from openforyou.core.ids import ItemId, ViewerId, encode_id
from openforyou.events import store as events_store
from openforyou.events.types import ServedSlate
from openforyou.learn.types import Options
from openforyou.recommend.types import Served
from tests.learn.test_online import everybody_watches, learner
from tests.learn.watched import FIRST_ITEM, FIRST_VIEWER, Watched

ASKERS, ASKED_MAX, SIZE, SWAPS = 3, 600, 5, 3
WITHIN_S = 30


@pytest.fixture
def watched(platform: Platform, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Its clips are published, and a model serves."""
    monkeypatch.setattr(events_store, "SETTLED_S", 0)
    made = Watched(platform, clock)
    items = [ItemId(FIRST_ITEM + item) for item in made.data.item_ids.tolist()]
    grants = [
        Grant(right, item, "test", "test", clock.now(), None)
        for item in items
        for right in (Right.SHOW, Right.RECOMMEND)
    ]
    with platform.database.begin() as connection:
        for item in items:
            catalog_store.set_status(connection, item, ItemStatus.PUBLISHED)
        rights_store.insert_grants(connection, ITEM_SUBJECT, grants)
    made.models.train_from_events(Options(epochs=2))
    platform.feed.refresh()
    return made


def recorded(watched: Watched, served: Served, viewer: int) -> ServedSlate:
    """A slate's record, which is written soon after it was answered."""
    deadline = time.monotonic() + WITHIN_S
    while (slate := watched.platform.events.slate(served.request_id, ViewerId(viewer))) is None:
        assert time.monotonic() < deadline, "a slate that was never recorded"
        time.sleep(0.01)
    return slate


def test_no_request_is_lost_while_versions_are_swapped(watched: Watched) -> None:
    feed, online = watched.platform.feed, learner(watched)
    online.step()
    swapped, numbers = threading.Event(), count()

    def ask() -> list[tuple[int, Served]]:
        answered = []
        while not swapped.is_set() and (number := next(numbers)) < ASKED_MAX:
            viewer = FIRST_VIEWER + number % 60
            answered.append((viewer, feed.for_you(ViewerId(viewer), size=SIZE)))
        return answered

    with ThreadPoolExecutor(ASKERS) as pool:
        asking = [pool.submit(ask) for _ in range(ASKERS)]
        try:
            for turn in range(SWAPS):
                everybody_watches(watched, turn)
                assert online.step() is not None
                feed.refresh()
        finally:
            swapped.set()
        answered = [one for asker in asking for one in asker.result()]
    serving = watched.models.serving()
    assert serving is not None
    last = (FIRST_VIEWER, feed.for_you(ViewerId(FIRST_VIEWER), size=SIZE))
    slates = [recorded(watched, served, viewer) for viewer, served in [*answered, last]]
    assert all(len(slate.item_ids) == SIZE for slate in slates)
    assert all(slate.record["fallbacks"] == [] for slate in slates)
    (base,) = watched.models.list()
    versions = [encode_id(one.id) for one in (*watched.models.versions.of(base.id), base)]
    assert len(versions) == SWAPS + 1
    named = [slate.record["model"] for slate in slates]
    assert set(named) <= set(versions)
    assert len(set(named)) > 1, "nobody asked while it was swapped"
    assert named[-1] == serving.name == versions[0]
