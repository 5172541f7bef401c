"""The query is the viewer as far as their choices allow it, against one snapshot."""

from __future__ import annotations

import numpy as np
import pytest

from openforyou.events.types import Controls
from openforyou.learn.serving import Floats, History
from openforyou.recommend.query.query import Query
from openforyou.recommend.query.recent import BRIDGE_S, SLATES_MAX, VIEWERS_MAX, JustServed
from tests.recommend.shelves import NOW_S, finished, index_of, query_of, recall_of
from tests.recommend.world import MeanModel

INDEX = index_of(90)


def ids(at: np.ndarray) -> list[int]:
    return INDEX.shelf.ids[at].tolist()


def opened(query: Query) -> list[int]:
    return ids(query.opened(np.arange(len(query.index))))


def test_seen_held_and_refused_close_and_what_is_unknown_does_not_matter() -> None:
    query = query_of(INDEX, recall_of([finished(1001)], seen=[1002, 5]), held=[1003, 6])
    assert ids(query.seen) == [1001, 1002]
    assert ids(query.held) == [1003]
    assert ids(query.closed) == [1001, 1002, 1003]
    assert opened(query) == [1000, *range(1004, 1090)]
    assert query.left == 87


def test_just_served_comes_back_oldest_first_and_only_as_many_as_are_missing() -> None:
    served = [(1000 + n, NOW_S - 500 + n) for n in range(88)] + [(1000, NOW_S - 1)]
    query = query_of(INDEX, recall_of(served=served, seen=[1001]), size=5)
    assert opened(query) == [1002, 1003, 1004, 1088, 1089], "two are new; 1000 was served again since"
    assert "served-again" in query.notes.fallbacks
    plenty = query_of(INDEX, recall_of(served=served[:40]), size=5)
    assert not set(opened(plenty)) & set(range(1000, 1040))
    assert "served-again" not in plenty.notes.fallbacks


def test_without_profiling_there_is_no_past_no_follow_and_no_model() -> None:
    index = index_of(90, MeanModel())
    recall = recall_of([finished(1001)], followed=[12])
    assert len(query_of(index, recall).past) == 1
    assert query_of(index, recall).viewer is not None
    assert len(query_of(index, recall).followed)
    bare = query_of(index, recall_of([finished(1001)], followed=[12], controls=Controls(profiling=False)))
    assert len(bare.past) == 0
    assert bare.viewer is None
    assert not len(bare.followed)
    assert len(bare.seen)


def test_the_lot_falls_on_open_fresh_items_and_is_the_same_for_the_same_request() -> None:
    query = query_of(INDEX, recall_of(seen=[1001]), request=1)
    assert (np.diff(query.lot) > 0).all()
    assert INDEX.tallies.is_fresh[query.lot].all()
    assert not set(query.lot.tolist()) & set(query.closed.tolist())
    assert query_of(INDEX, recall_of(seen=[1001]), request=1).lot.tolist() == query.lot.tolist()
    large = index_of(400)
    drawn = [query_of(large, recall_of(), request=number) for number in range(2)]
    assert drawn[0].lot.tolist() != drawn[1].lot.tolist()
    assert len(drawn[0].lot_chances) == len(drawn[0].lot)


def test_without_takes_items_out_of_everything() -> None:
    query = query_of(INDEX, recall_of())
    gone = [int(INDEX.shelf.ids[query.lot[0]]), 1005, 4]
    after = query.without(gone)
    assert not set(opened(after)) & set(gone)
    assert query.lot[0] not in after.lot
    stays = ~np.isin(INDEX.shelf.ids[query.lot], gone)
    assert after.lot_chances.tolist() == query.lot_chances[stays].tolist()
    assert opened(query) == INDEX.shelf.ids.tolist()


class Broken(MeanModel):
    def __init__(self, answer: object) -> None:
        self.answer = answer

    def viewer_vector(self, history: History, vectors: Floats) -> Floats:
        if isinstance(self.answer, Exception):
            raise self.answer
        return np.asarray(self.answer, dtype=np.float32)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (RuntimeError("no"), "model-failed:RuntimeError"),
        (np.full(24, np.nan), "model-not-finite"),
        (np.zeros(3), "model-not-finite"),
    ],
)
def test_a_model_that_fails_is_left_out_and_it_is_said(answer: object, said: str) -> None:
    query = query_of(index_of(90, Broken(answer)), recall_of([finished(1001)]))
    assert query.viewer is None
    assert said in query.notes.fallbacks


class Counting(MeanModel):
    def followers(self, history: History) -> tuple[np.ndarray, Floats]:
        return np.array([1017, 5, 1018]), np.array([1e6, 1e6, np.nan], dtype=np.float32)


def test_what_a_model_counted_speaks_for_what_comes_next() -> None:
    from openforyou.recommend.sources.sequence import Sequence

    query = query_of(index_of(90, Counting()), recall_of([finished(1001)]))
    assert Sequence()(query).ids[0] == 1017
    plain = query_of(index_of(90, MeanModel()), recall_of([finished(1001)]))
    assert Sequence()(plain).ids[0] != 1017


def test_the_bridge_remembers_the_last_slates_of_a_viewer_for_a_minute() -> None:
    bridge = JustServed()
    for number in range(SLATES_MAX + 2):
        bridge.add(1, [number, 100 + number], NOW_S + number)  # type: ignore[arg-type]
    rows = bridge.of(1, NOW_S + 10)  # type: ignore[arg-type]
    assert rows["item_id"].tolist()[:2] == [2, 102]
    assert len(rows) == 2 * SLATES_MAX
    assert len(bridge.of(1, NOW_S + 2 + SLATES_MAX + BRIDGE_S)) == 0  # type: ignore[arg-type]
    assert len(bridge.of(2, NOW_S)) == 0  # type: ignore[arg-type]
    for viewer in range(10, VIEWERS_MAX + 10):
        bridge.add(viewer, [1], NOW_S)  # type: ignore[arg-type]
    assert len(bridge.of(1, NOW_S + 10)) == 0  # type: ignore[arg-type]
