"""What moves along step by step is what a full reading gives: data set, rights, co-counts."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from openforyou.app.platform import Platform
from openforyou.catalog import store as catalog_store
from openforyou.catalog.types import Draft, Right
from openforyou.core.clock import ManualClock
from openforyou.core.ids import ItemId, ViewerId
from openforyou.events import store as events_store
from openforyou.events.types import Controls, EventType
from openforyou.ingest.encoders import CONTENT_DIM, CONTENT_ENCODER
from openforyou.learn import dataset as door
from openforyou.learn.counts import count, wanted_counts
from openforyou.learn.online_counts import Tally
from openforyou.learn.online_data import PAIR, row_numbers
from openforyou.learn.split import NONE, Split
from openforyou.learn.types import Dataset, Sequences
from tests.learn.watched import FIRST_ITEM, FIRST_VIEWER, Watched
from tests.learn.worlds import first_rows, looks, markov

DEEDS = (EventType.VIEW, EventType.COMPLETE, EventType.LIKE, EventType.SKIP, EventType.FOLLOW, EventType.IMPRESSION)
NEW_ITEM = FIRST_ITEM + 900


@pytest.fixture
def watched(platform: Platform, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr(events_store, "SETTLED_S", 0)
    return Watched(platform, clock)


def all_rows(dataset: Dataset) -> Split:
    nobody = np.full(len(dataset.sequences), NONE)
    return Split(dataset.sequences.starts[1:], nobody, nobody)


def assert_same(moved: Dataset, read: Dataset) -> None:
    for column in Sequences.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(moved.sequences, column), getattr(read.sequences, column), column)
    np.testing.assert_array_equal(moved.item_ids, read.item_ids)
    np.testing.assert_array_equal(moved.content, read.content)
    assert moved.rights == read.rights


def assert_same_counts(tally: Tally, dataset: Dataset) -> None:
    counts, full = tally.counts(), count(dataset, all_rows(dataset))
    np.testing.assert_array_equal(counts.starts, full.starts)
    np.testing.assert_array_equal(counts.items, full.items)
    np.testing.assert_array_equal(counts.values, full.values)
    np.testing.assert_array_equal(tally.wanted, wanted_counts(dataset, all_rows(dataset)))


def add_item(watched: Watched, item: int) -> None:
    with watched.platform.database.begin() as connection:
        draft = Draft("new", "", frozenset(), "new.mp4", f"{item:064d}")
        catalog_store.insert_item(connection, ItemId(item), watched.creator, draft, "")
        vector = np.eye(CONTENT_DIM, dtype=np.float32)[3]
        catalog_store.put_features(connection, ItemId(item), {CONTENT_ENCODER: vector})
    watched.platform.catalog.set_item_rights(ItemId(item), watched.creator, {Right.SHOW, Right.LEARN}, "mine")


def test_looking_again_and_again_gives_what_a_full_reading_gives(watched: Watched) -> None:
    rng = np.random.default_rng(5)
    database, clock = watched.platform.database, watched.clock
    standing = door.opened(database, clock.now())
    tally = Tally.of(standing.dataset)
    assert_same_counts(tally, standing.dataset)
    met: list[tuple[int, int]] = []
    sent: set[tuple[int, int]] = set()
    for look in range(8):
        for _ in range(30):
            viewer, item = FIRST_VIEWER + int(rng.integers(62)), FIRST_ITEM + int(rng.integers(120))
            kind = DEEDS[int(rng.integers(len(DEEDS)))]
            if watched.does(viewer, item, kind) and kind is not EventType.IMPRESSION and viewer < FIRST_VIEWER + 60:
                sent.add((viewer, item))
        if look == 2:
            watched.forbid("item", FIRST_ITEM + 7)
            watched.forbid("viewer", FIRST_VIEWER + 4)
        if look == 4:
            add_item(watched, NEW_ITEM)
            watched.does(FIRST_VIEWER + 9, NEW_ITEM, EventType.COMPLETE)
            sent.add((FIRST_VIEWER + 9, NEW_ITEM))
            watched.allow("item", [FIRST_ITEM + 7])
        if look == 6:
            watched.allow("viewer", [FIRST_VIEWER + 4, FIRST_VIEWER + 61])
        later = door.later(database, clock.now(), standing)
        between = tally.moved(standing.dataset, later.before, later.thinned)
        assert_same_counts(between, later.before)
        tally = between.moved(later.before, later.after.dataset, later.read)
        standing = later.after
        assert_same(standing.dataset, door.from_events(database, clock.now()))
        assert_same_counts(tally, standing.dataset)
        assert (row_numbers(standing.dataset, later.deeds) >= 0).all()
        met += [(int(viewer), int(item)) for viewer, item in later.deeds]
    assert FIRST_ITEM + 7 in standing.dataset.item_ids
    assert {FIRST_VIEWER + 4, FIRST_VIEWER + 61} <= set(standing.dataset.sequences.viewer_ids.tolist())
    learnable = {pair for pair in sent if pair[0] != FIRST_VIEWER + 4 and pair[1] != FIRST_ITEM + 7}
    assert learnable <= set(met), "each deed lies in one look or another"


def test_each_deed_is_met_in_one_look_alone(watched: Watched) -> None:
    database, clock = watched.platform.database, watched.clock
    standing = door.opened(database, clock.now())
    watched.does(FIRST_VIEWER, FIRST_ITEM + 119, EventType.LIKE)
    first = door.later(database, clock.now(), standing)
    assert first.deeds.tolist() == [(FIRST_VIEWER, FIRST_ITEM + 119)]
    second = door.later(database, clock.now(), first.after)
    assert not len(second.deeds)
    assert door.done_since(database, second.after, standing.settled).tolist() == first.deeds.tolist()


def test_what_lost_its_right_is_gone_at_the_next_look(watched: Watched) -> None:
    database, clock = watched.platform.database, watched.clock
    standing = door.opened(database, clock.now())
    watched.does(FIRST_VIEWER + 4, FIRST_ITEM + 100, EventType.LIKE)
    watched.forbid("item", FIRST_ITEM + 7)
    watched.forbid("viewer", FIRST_VIEWER + 4)
    later = door.later(database, clock.now(), standing)
    for dataset in (later.before, later.after.dataset):
        assert FIRST_ITEM + 7 not in dataset.item_ids
        assert FIRST_VIEWER + 4 not in dataset.sequences.viewer_ids
    assert not len(later.deeds), "not even as a deed to learn"
    assert later.after.dataset.digest != standing.dataset.digest


def test_what_is_done_while_the_history_is_paused_is_no_deed(watched: Watched) -> None:
    database, clock, events = watched.platform.database, watched.clock, watched.platform.events
    standing = door.opened(database, clock.now())
    viewer = FIRST_VIEWER + 3
    events.set_controls(ViewerId(viewer), Controls(paused=True))
    watched.does(viewer, FIRST_ITEM + 100, EventType.LIKE)
    during = door.later(database, clock.now(), standing)
    assert not len(during.deeds)
    assert not len(door.done_since(database, during.after, standing.settled))
    clock.advance(timedelta(seconds=1))
    events.set_controls(ViewerId(viewer), Controls(paused=False))
    watched.does(viewer, FIRST_ITEM + 101, EventType.LIKE)
    later = door.later(database, clock.now(), during.after)
    assert later.deeds.tolist() == [(viewer, FIRST_ITEM + 101)]
    assert_same(later.after.dataset, door.from_events(database, clock.now()))
    held = np.array([(viewer, FIRST_ITEM + 100), (viewer, FIRST_ITEM + 101)], dtype=PAIR)
    assert (row_numbers(later.after.dataset, held) >= 0).tolist() == [False, True]


@pytest.mark.parametrize("world", [markov(viewers=60), looks(viewers=60)[0]], ids=["orders", "looks"])
def test_a_tally_moves_to_the_very_counts_that_a_full_count_gives(world: Dataset) -> None:
    before = first_rows(world, 1)
    tally = Tally.of(before)
    for length in (4, 5, 12):
        after = first_rows(world, length)
        tally = tally.moved(before, after, after.sequences.viewer_ids)
        assert_same_counts(tally, after)
        before = after


def test_more_neighbours_than_are_kept_are_cut_as_a_full_count_cuts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("counts", "online_counts"):
        monkeypatch.setattr(f"openforyou.learn.{module}.NEIGHBOURS", 5)
    world = markov(viewers=60)
    assert_same_counts(Tally.of(world), world)
