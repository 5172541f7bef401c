"""The only door to training data: what has no right stays outside."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from openforyou.app.platform import Platform
from openforyou.catalog import store as catalog_store
from openforyou.catalog.types import Draft, Right
from openforyou.core.clock import ManualClock
from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId
from openforyou.events.types import Event, EventType
from openforyou.ingest.encoders import CONTENT_DIM, CONTENT_ENCODER
from openforyou.learn import dataset as door
from openforyou.learn.errors import TooLittle
from openforyou.learn.serving import Did
from openforyou.learn.types import Dataset

LEARN = frozenset({Right.LEARN})


class Stage:
    """A creator's clips and some viewers on a platform."""

    def __init__(self, platform: Platform, clock: ManualClock) -> None:
        self.platform, self.clock = platform, clock
        self.creator = platform.catalog.add_creator("maker", "Maker").id

    def item(self, number: int, rights: Collection[Right] = LEARN) -> ItemId:
        item_id = ItemId(number)
        draft = Draft(f"clip {number}", "", frozenset(rights), f"{number}.mp4", f"{number:064d}")
        self.platform.catalog.queue(item_id, self.creator, draft, f"uploads/{number}", "said so")
        return item_id

    def viewer(self, number: int, *, allows: bool = True) -> ViewerId:
        viewer_id = ViewerId(number)
        if allows:
            self.platform.catalog.set_viewer_rights(viewer_id, LEARN, "said so")
        return viewer_id

    def did(self, viewer: ViewerId, item: ItemId, *kinds: EventType, watch_ms: int = 0) -> None:
        self.clock.advance(timedelta(seconds=10))
        events = [self._event(kind, viewer, item) for kind in kinds]
        if watch_ms:
            events.append(self._event(EventType.WATCH, viewer, item, watch_ms))
        self.platform.events.accept(events)

    def read(self) -> Dataset:
        return door.from_events(self.platform.database, self.clock.now())

    def _event(self, kind: EventType, viewer: ViewerId, item: ItemId, watch_ms: int = 0) -> Event:
        now = self.clock.now()
        return Event(uuid4(), kind, viewer, item, CreatorId(self.creator), RequestId(1), now, watch_ms)


@pytest.fixture
def stage(platform: Platform, clock: ManualClock) -> Stage:
    return Stage(platform, clock)


def test_only_what_both_sides_allow_comes_through(stage: Stage) -> None:
    free, shown_only = stage.item(1), stage.item(2, {Right.SHOW, Right.RECOMMEND})
    willing, unwilling = stage.viewer(11), stage.viewer(12, allows=False)
    for viewer in (willing, unwilling):
        for item in (free, shown_only):
            stage.did(viewer, item, EventType.VIEW)
    read = stage.read()
    assert read.item_ids.tolist() == [free]
    assert read.sequences.viewer_ids.tolist() == [willing]
    assert len(read.sequences.items) == 1
    assert read.rights is not None
    assert (read.rights.items, read.rights.viewers) == (1, 1)


def test_a_right_taken_back_closes_the_door_from_that_moment(stage: Stage) -> None:
    kept, left = stage.item(1), stage.item(2)
    viewer = stage.viewer(11)
    for item in (kept, left):
        stage.did(viewer, item, EventType.VIEW)
    before = stage.read()
    assert before.item_ids.tolist() == [kept, left]
    assert door.still_allowed(stage.platform.database, before, stage.clock.now())
    stage.clock.advance(timedelta(seconds=1))
    stage.platform.catalog.set_item_rights(left, CreatorId(stage.creator), set(), "changed my mind")
    after = stage.read()
    assert after.item_ids.tolist() == [kept]
    assert after.digest != before.digest
    assert not door.still_allowed(stage.platform.database, before, stage.clock.now())
    stage.clock.advance(timedelta(seconds=1))
    stage.platform.catalog.set_viewer_rights(viewer, set(), "and I mine")
    with pytest.raises(TooLittle):
        stage.read()


def test_a_history_is_told_as_it_is_told_in_service(stage: Stage) -> None:
    items = [stage.item(number) for number in (1, 2, 3, 4)]
    viewer = stage.viewer(11)
    stage.did(viewer, items[2], EventType.VIEW, EventType.COMPLETE, EventType.LIKE, EventType.SHARE, watch_ms=500)
    stage.did(viewer, items[0], EventType.IMPRESSION)
    stage.did(viewer, items[1], EventType.SKIP, watch_ms=250)
    stage.did(viewer, items[3], EventType.REPORT, EventType.FOLLOW)
    told = stage.read().sequences
    assert told.items.tolist() == [2, 1, 3], "oldest first, and without what was merely on screen"
    assert told.did.tolist() == [
        Did.VIEW | Did.COMPLETE | Did.LIKE | Did.SHARE,
        Did.SKIP,
        Did.NOT_INTERESTED,
    ]
    assert told.watched.tolist() == [1.0, 0.25, 0.0]
    assert told.followed.tolist() == [False, False, True]
    assert np.diff(told.at_s).tolist() == [20.0, 10.0]


def test_content_features_come_along_and_odd_ones_count_as_none(stage: Stage) -> None:
    items = [stage.item(number) for number in (1, 2, 3)]
    viewer = stage.viewer(11)
    for item in items:
        stage.did(viewer, item, EventType.VIEW)
    whole = np.full(CONTENT_DIM, CONTENT_DIM**-0.5, dtype=np.float32)
    with stage.platform.database.begin() as connection:
        catalog_store.put_features(connection, items[0], {CONTENT_ENCODER: whole, "other-1": -whole})
        catalog_store.put_features(connection, items[1], {CONTENT_ENCODER: whole[:5]})
    content = stage.read().content
    assert content.shape == (3, CONTENT_DIM)
    np.testing.assert_array_equal(content[0], whole)
    assert not content[1:].any()


def test_the_same_state_has_the_same_digest_and_cannot_be_changed(stage: Stage) -> None:
    viewer, item = stage.viewer(11), stage.item(1)
    stage.did(viewer, item, EventType.VIEW)
    first, second = stage.read(), stage.read()
    assert first.digest == second.digest
    with pytest.raises(ValueError, match="read-only"):
        first.sequences.items[0] = 5
    stage.did(viewer, item, EventType.LIKE)
    assert stage.read().digest != first.digest


def test_more_items_than_a_statement_takes_parameters(stage: Stage) -> None:
    viewer, item = stage.viewer(11), stage.item(1)
    stage.did(viewer, item, EventType.VIEW)
    many = range(70_000)
    with stage.platform.database.connect() as connection:
        from openforyou.events import store as events_store

        rows = list(events_store.training_rows(connection, many, many))
    assert [(row.viewer_id, row.item_id) for row in rows] == [(viewer, item)]


def test_a_dataset_kept_on_disk_comes_back_or_not_at_all(stage: Stage, tmp_path: Path) -> None:
    viewer, item = stage.viewer(11), stage.item(1)
    stage.did(viewer, item, EventType.VIEW)
    read = stage.read()
    path = tmp_path / "kept.npz"
    door.save(read, path)
    back = door.load(path, read.as_dict())
    assert back is not None
    assert back.digest == read.digest
    assert back.rights == read.rights
    assert door.load(path, {**read.as_dict(), "digest": "0" * 64}) is None
    path.write_bytes(path.read_bytes()[:-40])
    assert door.load(path, read.as_dict()) is None
    assert door.load(tmp_path / "absent.npz", read.as_dict()) is None
