"""Whoever asks, the feed answers, and its record says what it fell back to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from openforyou.app.platform import Platform
from openforyou.catalog.tables import features
from openforyou.core.clock import ManualClock
from openforyou.core.ids import ItemId, ViewerId
from openforyou.events.types import COUNT_NAMES, EventType
from openforyou.ingest.encoders import CONTENT_DIM, CONTENT_ENCODER
from openforyou.learn.counts import CoCounts
from openforyou.learn.fitted import Fitted
from openforyou.learn.loaded import LoadedModel
from openforyou.learn.sequence import Network, Shape
from openforyou.learn.serving import ACTIONS, Floats, History
from openforyou.recommend.feed import FOR_YOU
from openforyou.recommend.service import Feed
from openforyou.recommend.snapshot import neighbours
from openforyou.recommend.snapshot.index import build
from openforyou.recommend.snapshot.placing import placed_on
from openforyou.recommend.snapshot.popularity import Popularity
from openforyou.recommend.snapshot.shelf import LISTING, empty, restocked
from openforyou.recommend.types import Served
from tests.recommend.shelves import WEIGHTS, finished, query_of, recall_of
from tests.recommend.world import MeanModel, World, ids_of


def record_of(world: World, viewer: int, count: int = 10) -> dict[str, Any]:
    served = world.slate(viewer)
    assert len(set(ids_of(served))) == count
    return recorded(world, served, viewer)


def recorded(world: World, served: Served, viewer: int) -> dict[str, Any]:
    deadline = monotonic() + 10
    while (slate := world.platform.events.slate(served.request_id, ViewerId(viewer))) is None:
        assert monotonic() < deadline, "no record"
        sleep(0.01)
    return dict(slate.record)


def test_a_viewer_without_a_history(world: World) -> None:
    assert record_of(world, 1)["fallbacks"] == ["no-model"]
    world.models.model = MeanModel()
    world.feed.refresh()
    record = record_of(world, 1)
    assert record["fallbacks"] == ["no-history"]
    assert (record["model"], record["model_share"]) == ("", 0)
    assert record["search"] == {}
    world.watches(1, world.ids[0])
    record = record_of(world, 1)
    assert record["fallbacks"] == []
    assert record["search"] == {"content": "exact", "model": "exact"}


def test_a_viewer_with_a_hundred_thousand_events(world: World) -> None:
    """Most of what they saw left the catalogue long ago; sixty clips that did not are skipped."""
    now = world.clock.now()
    with world.platform.database.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO viewer_items (viewer_id, item_id, first_at, last_at, views, watch_ms, skips) "
            "SELECT 1, n, %s, %s, 1, 900, 1 FROM generate_series(1, 100000) AS n",
            (now - timedelta(days=1), now - timedelta(days=1)),
        )
        connection.exec_driver_sql(
            "INSERT INTO viewer_items (viewer_id, item_id, first_at, last_at, skips) "
            "SELECT 1, n, %s, %s, 1 FROM unnest(%s::bigint[]) AS n",
            (now, now, [int(item) for item in world.ids[:60]]),
        )
    assert set(ids_of(world.slate(1))) <= set(world.ids[60:])
    assert record_of(world, 1)["closed"]["seen"] == 60


def test_a_viewer_with_nothing_but_skips(world: World) -> None:
    for item in world.ids[:40]:
        world.skips(1, item)
    assert record_of(world, 1)["removed"]["seen"] == 0


def test_a_viewer_who_refused_everything(world: World) -> None:
    for item in world.ids:
        world.did(1, item, EventType.NOT_INTERESTED)
    served = world.slate(1)
    assert served.entries == ()
    assert served.exhausted
    assert "too-few-left" in recorded(world, served, 1)["fallbacks"]


def test_a_viewer_with_a_hundred_thousand_events_in_a_catalogue_that_has_them_all() -> None:
    """All but twelve of a large catalogue were seen: they are found, approximate search or not."""
    count = neighbours.EXACT_ITEMS_MAX + 70_000
    ids = np.arange(count) * 5 + 1
    rows = np.zeros(count, dtype=LISTING)
    rows["id"], rows["duration_ms"], rows["changed_s"] = ids, 10_000, 1
    content = np.random.default_rng(0).normal(size=(count, 16)).astype(np.float32)
    stock = restocked(empty(16), np.empty(0, np.int64), rows, content)
    nobody = Popularity(np.empty(0, np.int64), np.empty((0, len(COUNT_NAMES)), np.int64))
    index = build(stock, nobody, placed_on(stock, MeanModel()), WEIGHTS)
    index = replace(index, by_content=index.by_content.renewed())
    assert index.by_content.near is not None
    assert index.by_model is not None
    assert index.by_model.near is not None
    left = ids[:: count // 11]
    seen = ids[~np.isin(ids, left)]
    history = [finished(int(item)) for item in seen[:200]]
    query = query_of(index, recall_of(history, seen=seen))
    assert query.left == len(left)
    slate = FOR_YOU.run(query, 10)
    assert slate.trace.failed == []
    assert set(slate.candidates.ids.tolist()) <= set(left.tolist())
    assert len(slate.candidates) == 10


def test_an_empty_catalogue(platform: Platform, clock: ManualClock) -> None:
    world = World(platform, clock, 0)
    served = world.slate(1)
    assert served.entries == ()
    assert "empty-catalogue" in recorded(world, served, 1)["fallbacks"]


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_content_that_is_no_number_has_no_place_and_does_no_harm(world: World, value: float) -> None:
    broken = np.full(len(world.lean), value, dtype="<f4").tobytes()
    with world.platform.database.begin() as connection:
        connection.execute(update(features).where(features.c.item_id.in_(world.ids[::2])).values(vector=broken))
        connection.exec_driver_sql("UPDATE items SET changed_at = clock_timestamp()")
    world.feed.refresh()
    for item in (world.ids[0], world.ids[1], world.ids[27]):
        world.watches(1, item)
    assert len(record_of(world, 1)["items"]) == 10


def test_content_of_another_encoder_is_no_content(world: World) -> None:
    with world.platform.database.begin() as connection:
        connection.execute(update(features).values(vector=b"1234"))
        connection.exec_driver_sql("UPDATE items SET changed_at = clock_timestamp()")
    world.feed.refresh()
    world.watches(1, world.ids[0])
    assert len(record_of(world, 1)["items"]) == 10


class Moody(MeanModel):
    """Answers well until it is asked for probabilities."""

    name = "moody"

    def __init__(self, mood: object) -> None:
        self.mood = mood

    def action_probabilities(self, viewer: Floats, vectors: Floats) -> Floats:
        if isinstance(self.mood, Exception):
            raise self.mood
        return np.full((len(vectors), len(ACTIONS)), self.mood, dtype=np.float32)


@pytest.mark.parametrize(
    ("mood", "said"),
    [(np.nan, "model-not-finite"), (np.inf, "model-not-finite"), (RuntimeError("tired"), "failed:model")],
)
def test_a_model_that_gives_no_probabilities_is_done_without(world: World, mood: object, said: str) -> None:
    world.models.model = Moody(mood)
    world.feed.refresh()
    for item in world.of_look(3)[:3]:
        world.watches(1, item)
    record = record_of(world, 1)
    assert said in record["fallbacks"]
    assert all(told["value"] is not None for told in record["items"].values())
    assert sum(world.look(int(item)) == 3 for item in record["items"]) >= 3


def test_probabilities_of_zero_and_one_are_taken_with_a_grain_of_salt(world: World) -> None:
    world.models.model = Moody(1.0)
    world.feed.refresh()
    world.watches(1, world.ids[0])
    record = record_of(world, 1)
    assert record["fallbacks"] == []
    assert all(0 < chance < 1 for told in record["items"].values() for chance in told["chances"].values())


def test_a_model_that_forgets_how_it_is_called_costs_one_stage(world: World) -> None:
    class Strange(MeanModel):
        name = "strange"

        def viewer_vector(self, history: History, vectors: Floats) -> Floats:
            assert len(history) == len(vectors) == 1
            return super().viewer_vector(history, vectors)[:5]

    world.models.model = Strange()
    world.feed.refresh()
    world.watches(1, world.ids[0])
    assert "model-not-finite" in record_of(world, 1)["fallbacks"]


def test_a_session_may_name_what_never_was(world: World) -> None:
    served = world.feed.for_you(ViewerId(1), session=frozenset({1, 2**62, int(ItemId(world.ids[0]))}))
    assert world.ids[0] not in ids_of(served)
    assert len(served.entries) == 10


def test_a_registry_that_cannot_be_asked(world: World) -> None:
    """As when a model's file is damaged and there is no older one: the feed goes on without."""

    class Down:
        def serving(self) -> None:
            raise OSError("cannot be read")

    feed = Feed(
        world.platform.database,
        world.platform.catalog,
        world.platform.events,
        Down(),
        world.clock,
        world.platform.policies,
    )
    with pytest.raises(OSError, match="cannot be read"):
        feed.refresh()
    served = feed.for_you(ViewerId(1))
    assert len(served.entries) == 10
    assert "no-model" in recorded(world, served, 1)["fallbacks"]


@pytest.mark.parametrize("content_dim", [CONTENT_DIM, 7])
def test_a_model_of_another_catalogue(world: World, content_dim: int) -> None:
    """It knows none of these ids. By content it still places them; of content of another length it knows nothing."""
    shape = Shape(3, content_dim, 16, 1, 1, 20, 0.0, 0.0, 0.05)
    counts = CoCounts(np.zeros(4, dtype=np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
    fitted = Fitted(Network(shape), np.array([1, 2, 3]), counts, 1.0, 1.0, CONTENT_ENCODER)
    world.models.model = LoadedModel("foreign", fitted)
    world.feed.refresh()
    world.watches(1, world.ids[0])
    record = record_of(world, 1)
    if content_dim == CONTENT_DIM:
        assert (record["model"], record["fallbacks"]) == ("foreign", [])
    else:
        assert (record["model"], record["fallbacks"]) == ("", ["model-not-finite", "no-model"])
