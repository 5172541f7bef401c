"""What a feed reads of a viewer, and of what trends, comes packed and says the same as the rows."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import numpy as np

from openforyou.app.platform import Platform
from openforyou.core.clock import ManualClock
from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId
from openforyou.events import store
from openforyou.events.log import store as log_store
from openforyou.events.types import COUNT_NAMES, Controls, Event, EventType, Recall, ServedSlate

VIEWER = ViewerId(2**62 + 5)


def did(platform: Platform, kind: EventType, item: int, viewer: ViewerId = VIEWER, **more: object) -> None:
    given = {
        "id": uuid4(),
        "type": kind,
        "viewer_id": viewer,
        "item_id": ItemId(item),
        "creator_id": CreatorId(item * 10 % 1000),
        "request_id": RequestId(1),
        "occurred_at": platform.clock.now(),
        **more,
    }
    platform.events.accept([Event(**given)])  # type: ignore[arg-type]


def recalled(platform: Platform, history_max: int = 100) -> Recall:
    with platform.database.connect() as connection:
        since = platform.clock.now() - timedelta(minutes=5)
        return store.recall(connection, VIEWER, served_since=since, history_max=history_max)


def test_a_viewer_without_a_past_has_empty_columns_and_the_default_controls(platform: Platform) -> None:
    empty = recalled(platform)
    assert [len(empty.seen), len(empty.followed), len(empty.served), len(empty.history)] == [0, 0, 0, 0]
    assert empty.controls == Controls()


def test_the_past_comes_newest_first_with_all_that_was_done(platform: Platform, clock: ManualClock) -> None:
    did(platform, EventType.COMPLETE, 7)
    did(platform, EventType.LIKE, 7)
    clock.advance(timedelta(seconds=10))
    did(platform, EventType.WATCH, 2**62, watch_ms=1500)
    did(platform, EventType.SKIP, 2**62)
    clock.advance(timedelta(seconds=10))
    did(platform, EventType.NOT_INTERESTED, 9)
    did(platform, EventType.FOLLOW, 9)
    did(platform, EventType.LIKE, 8, viewer=ViewerId(1))
    past = recalled(platform)
    assert past.history["item_id"].tolist() == [9, 2**62, 7]
    assert past.history["refused"].tolist() == [1, 0, 0]
    assert past.history["watch_ms"].tolist() == [0, 1500, 0]
    assert past.history["skips"].tolist() == [0, 1, 0]
    assert past.history["completions"].tolist() == [0, 0, 1]
    assert past.history["liked"].tolist() == [0, 0, 1]
    assert past.history["last_at"][0] == clock.now().timestamp()
    assert sorted(past.seen.tolist()) == [7, 9, 2**62]
    assert past.followed.tolist() == [90]
    assert recalled(platform, history_max=1).history["item_id"].tolist() == [9]


def test_controls_bound_what_is_recalled_and_seen_stays(platform: Platform, clock: ManualClock) -> None:
    did(platform, EventType.LIKE, 7)
    platform.events.set_controls(VIEWER, Controls(reset_at=clock.now(), region="NL"))
    clock.advance(timedelta(seconds=1))
    did(platform, EventType.LIKE, 8)
    assert recalled(platform).history["item_id"].tolist() == [8]
    assert recalled(platform).controls.region == "NL"
    platform.events.set_controls(VIEWER, Controls(profiling=False))
    assert recalled(platform).history["item_id"].tolist() == []
    assert sorted(recalled(platform).seen.tolist()) == [7, 8]


def test_only_recent_slates_of_the_feed_are_recalled(platform: Platform, clock: ManualClock) -> None:
    def served(request: int, surface: str, *items: int) -> None:
        ids = tuple(ItemId(item) for item in items)
        platform.events.record(ServedSlate(RequestId(request), VIEWER, clock.now(), surface, ids, {}))

    served(1, "for_you", 1, 2)
    clock.advance(timedelta(minutes=6))
    served(2, "for_you", 3, 4)
    served(3, "item", 5)
    did(platform, EventType.VIEW, 99)  # The writer takes turns: the slates are in before the event is answered.
    rows = recalled(platform).served
    assert rows["item_id"].tolist() == [3, 4]
    assert np.all(rows["at"] == clock.now().timestamp())


def test_gains_add_up_by_region_and_halve_with_age(platform: Platform) -> None:
    did(platform, EventType.LIKE, 1, region="NL")
    did(platform, EventType.VIEW, 1, region="NL")
    did(platform, EventType.VIEW, 1, viewer=ViewerId(1), region="DE")
    did(platform, EventType.REPORT, 1, region="DE")
    with platform.database.connect() as connection:
        since = store.settled_at(connection)
        moment = connection.exec_driver_sql("SELECT max(received_at) FROM events").scalar_one()
        points = {"like": 4.0, "view": 1.0}

        def gains(after_s: float) -> dict[tuple[int, str], float]:
            until = moment + timedelta(seconds=after_s)
            found = store.decayed_gains(connection, since, until, half_life_s=3600, points=points)
            return {(item, region): gain for item, region, gain in found}

        now, later = gains(0.001), gains(3600)
    assert now.keys() == {(1, "NL"), (1, "DE")}
    assert abs(now[1, "NL"] - 5) < 0.01
    assert abs(now[1, "DE"] - 1) < 0.01
    assert abs(later[1, "NL"] - 2.5) < 0.01


def test_who_came_to_a_region_is_told_once_each_the_last_ones_alone(platform: Platform) -> None:
    for item, viewer in enumerate((1, 2, 3, 1), 1):
        did(platform, EventType.VIEW, item, viewer=ViewerId(viewer), region="NL")
    did(platform, EventType.LIKE, 1, viewer=ViewerId(4), region="")
    with platform.database.connect() as connection:
        since = store.settled_at(connection)
        until = since + timedelta(hours=1)
        came = store.came_between(connection, since, until, most=2)
        assert {(region, viewer) for region, viewer, _ in came} == {("NL", 3), ("NL", 1)}
        assert all(since.timestamp() <= at_s < until.timestamp() for _, _, at_s in came)
        assert store.came_between(connection, until, until + timedelta(hours=1), most=2) == []


def test_all_counts_are_columns_in_the_order_of_their_names(platform: Platform) -> None:
    with platform.database.connect() as connection:
        ids, counts = log_store.all_counts(connection)
        assert (len(ids), counts.shape) == (0, (0, len(COUNT_NAMES)))
    did(platform, EventType.LIKE, 2**62)
    did(platform, EventType.WATCH, 3, watch_ms=2**31 - 1)
    platform.log.step()
    with platform.database.connect() as connection:
        ids, counts = log_store.all_counts(connection)
    by_item = {item: dict(zip(COUNT_NAMES, row, strict=True)) for item, row in zip(ids, counts, strict=True)}
    assert by_item[2**62]["likes"] == 1
    assert by_item[3]["watch_ms"] == 2**31 - 1
