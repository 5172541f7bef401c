"""The index follows the catalogue, the counts and the model, and requests never wait for it."""

from __future__ import annotations

import threading
from datetime import timedelta
from time import monotonic, sleep

import numpy as np
import pytest
from sqlalchemy import func, update

from openforyou.catalog.tables import items
from openforyou.catalog.types import ITEM_RIGHTS, Right
from openforyou.core.ids import ItemId
from openforyou.events.types import EventType
from openforyou.ingest.encoders import CONTENT_DIM
from openforyou.learn.serving import Floats
from openforyou.recommend.params import Weights
from openforyou.recommend.snapshot.index import Index
from openforyou.recommend.snapshot.live import LiveIndex
from tests.recommend.world import MeanModel, World, ids_of


@pytest.fixture
def live(world: World) -> LiveIndex:
    made = LiveIndex(world.platform.database, world.models, world.clock, Weights())
    made.refresh()
    return made


def ids(index: Index) -> list[int]:
    return index.shelf.ids.tolist()


def test_everything_listed_is_on_the_shelf_in_order_and_frozen(world: World, live: LiveIndex) -> None:
    assert ids(live.current) == world.ids
    assert live.current.shelf.unit.shape == (130, CONTENT_DIM)
    assert (live.current.shelf.distance > 0).all()
    before = live.current
    live.refresh()
    assert live.current.shelf is before.shelf, "nothing changed: nothing is built anew"


def test_what_is_withdrawn_leaves_and_what_gets_its_right_back_returns(world: World, live: LiveIndex) -> None:
    before, item, creator = live.current, world.ids[4], world.creator(4)
    world.platform.catalog.set_item_rights(item, creator, {Right.SHOW}, "test")
    live.refresh()
    assert item not in ids(live.current)
    assert item in ids(before), "a request in flight keeps its snapshot"
    world.clock.advance(timedelta(seconds=1))
    world.platform.catalog.set_item_rights(item, creator, {Right.SHOW, Right.RECOMMEND}, "test")
    live.refresh()
    assert ids(live.current) == world.ids
    at = live.current.shelf.positions(np.array([item]))
    assert np.allclose(live.current.shelf.unit[at], before.shelf.unit[at], atol=1e-5)


def test_a_change_is_read_once_although_looks_overlap(world: World, live: LiveIndex) -> None:
    with world.platform.database.begin() as connection:
        connection.execute(
            update(items).where(items.c.id == world.ids[3]).values(duration_ms=77, changed_at=func.clock_timestamp())
        )
    live.refresh()
    first = live.current
    assert first.shelf.duration_ms[3] == 77
    live.refresh()
    assert live.current.shelf is first.shelf


def test_counts_move_worth_and_freshness(world: World, live: LiveIndex) -> None:
    item = world.ids[50]
    assert live.current.tallies.is_fresh.all()
    for viewer in range(1, 31):
        world.did(viewer, item, EventType.IMPRESSION, EventType.VIEW, EventType.LIKE, EventType.COMPLETE)
    world.platform.log.step()
    live.refresh()
    assert live.current.shelf.ids[live.current.tallies.well_liked[0]] == item
    with world.platform.database.begin() as connection:
        connection.exec_driver_sql("UPDATE item_counts SET impressions = 5000")
    live.refresh()
    assert np.flatnonzero(~live.current.tallies.is_fresh).tolist() == [50]


def test_a_new_item_is_placed_by_the_model_and_the_rest_is_not_asked_again(world: World, live: LiveIndex) -> None:
    asked: list[int] = []

    class Watching(MeanModel):
        def item_vectors(self, item_ids: np.ndarray, content: Floats) -> Floats:
            asked.extend(item_ids.tolist())
            return super().item_vectors(item_ids, content)

    world.platform.catalog.set_item_rights(world.ids[9], world.creator(9), set(), "test")
    world.models.model = Watching()
    live.refresh()
    assert asked == [one for one in world.ids if one != world.ids[9]]
    asked.clear()
    live.refresh()
    assert asked == []
    world.clock.advance(timedelta(seconds=1))
    world.platform.catalog.set_item_rights(world.ids[9], world.creator(9), set(ITEM_RIGHTS), "test")
    live.refresh()
    assert asked == [world.ids[9]]
    world.platform.catalog.withdraw(world.ids[3], world.creator(3))
    live.refresh()
    placed = live.current.placed
    assert asked == [world.ids[9]]
    assert placed is not None
    assert np.allclose(placed.vectors, live.current.shelf.raw(), atol=1e-5)


def test_the_newest_model_is_swapped_in_and_out(world: World, live: LiveIndex) -> None:
    class Newer(MeanModel):
        name = "newer"

    world.models.model = MeanModel()
    live.refresh()
    assert live.current.placed is not None
    assert live.current.placed.model.name == "mean"
    world.models.model = Newer()
    live.refresh()
    assert live.current.placed.model.name == "newer"
    world.models.model = None
    live.refresh()
    assert live.current.placed is None
    assert live.current.model_fault == ""


class Sick(MeanModel):
    name = "sick"

    def __init__(self, fault: object) -> None:
        self.fault = fault

    def item_vectors(self, item_ids: np.ndarray, content: Floats) -> Floats:
        if isinstance(self.fault, Exception):
            raise self.fault
        return np.asarray(self.fault, dtype=np.float32) * np.ones((len(item_ids), 8), dtype=np.float32)


@pytest.mark.parametrize(
    ("fault", "said"),
    [(np.nan, "model-not-finite"), (0.0, "model-not-finite"), (ValueError("x"), "model-failed:ValueError")],
)
def test_a_model_that_cannot_place_items_is_refused_once_and_the_feed_says_so(
    world: World, fault: object, said: str
) -> None:
    world.models.model = Sick(fault)
    world.feed.refresh()
    served = world.slate(1)
    assert len(served.entries) == 10
    world.did(2, world.ids[0], EventType.VIEW)
    record = world.platform.events.slate(served.request_id, 1)  # type: ignore[arg-type]
    assert record is not None
    assert said in record.record["fallbacks"]
    world.models.model = MeanModel()
    world.feed.refresh()
    world.watches(1, world.ids[0])
    assert len(world.slate(1).entries) == 10


def test_a_registry_that_fails_holds_up_neither_catalogue_nor_feed(world: World, live: LiveIndex) -> None:
    class Down:
        def serving(self) -> None:
            raise ConnectionError("registry is down")

    broken = LiveIndex(world.platform.database, Down(), world.clock, Weights())
    with pytest.raises(ConnectionError):
        broken.refresh()
    assert ids(broken.current) == world.ids


def test_the_thread_takes_in_what_changes_while_slates_are_made(world: World) -> None:
    """Models are swapped under load and a clip is withdrawn; no request fails, and both arrive."""
    world.feed.start()
    failures: list[BaseException] = []
    names: set[str] = set()
    stop = threading.Event()

    def ask(viewer: int) -> None:
        while not stop.is_set():
            try:
                assert len(ids_of(world.slate(viewer))) == 10
            except BaseException as error:
                failures.append(error)
                return

    world.watches(901, world.ids[0])
    askers = [threading.Thread(target=ask, args=(viewer,)) for viewer in (901, 902)]
    for asker in askers:
        asker.start()
    model = MeanModel()
    model.name = "swapped"
    world.models.model = model
    world.platform.catalog.withdraw(ItemId(world.ids[77]), world.creator(77))
    deadline = monotonic() + 20
    while monotonic() < deadline and not (names >= {"", "swapped"}):
        sleep(0.05)
        world.did(903, world.ids[1], EventType.VIEW)
        with world.platform.database.connect() as connection:
            found = connection.exec_driver_sql("SELECT DISTINCT record ->> 'model' FROM slates WHERE viewer_id = 901")
            names |= {row[0] for row in found}
    stop.set()
    for asker in askers:
        asker.join()
    world.feed.close()
    assert failures == []
    assert "swapped" in names


def test_an_index_that_cannot_be_refreshed_serves_on_and_knows_that_it_is_stale(world: World) -> None:
    live = LiveIndex(world.platform.database, world.models, world.clock, Weights(), stale_s=2)
    live.start()
    assert not live.is_stale
    with world.platform.database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE features RENAME TO elsewhere")
    world.platform.catalog.set_item_rights(world.ids[3], world.creator(3), set(ITEM_RIGHTS), "test")
    deadline = monotonic() + 20
    while monotonic() < deadline and not live.is_stale:
        sleep(0.05)
    assert live.is_stale
    assert ids(live.current) == world.ids
    with world.platform.database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO features")
    while monotonic() < deadline and live.is_stale:
        sleep(0.05)
    assert not live.is_stale, "it goes on as soon as it can"
    live.close()


def test_closing_twice_or_without_a_start_is_fine(world: World) -> None:
    world.feed.close()
    world.feed.close()
