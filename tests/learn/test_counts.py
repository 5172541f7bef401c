"""What is held back, and co-counts worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from openforyou.learn.counts import DECAY, SOURCE_EXPONENT, TARGET_EXPONENT, count
from openforyou.learn.split import NONE, leave_out
from tests.learn.worlds import SEEN, SKIPPED, dataset_of


def test_the_last_wanted_items_are_held_back_and_what_follows_them_is_not_trained_on() -> None:
    histories = [[0, 1, 2, 3, 4], [3, 4], [0, 2, 1]]
    did = [[SEEN, SEEN, SEEN, SEEN, SKIPPED], [SEEN, SEEN], [SKIPPED, SKIPPED, SEEN]]
    data = dataset_of(histories, did)
    with_test = leave_out(data, 2)
    assert with_test.validation.tolist() == [2, NONE, NONE]
    assert with_test.test.tolist() == [3, NONE, NONE]
    assert with_test.train_end.tolist() == [2, 7, 10], "who has nothing to predict trains with everything"
    without = leave_out(data, 1)
    assert without.validation.tolist() == [3, 6, NONE]
    assert without.test.tolist() == [NONE, NONE, NONE]
    assert without.train_end.tolist() == [3, 6, 10]


def test_co_counts_are_as_worked_out_by_hand() -> None:
    # Two are held back of each viewer, so that 0 1 2 and 1 2 train; the skipped 3 is not counted and does not part.
    data = dataset_of(
        [[0, 1, 3, 2, 4, 5], [1, 2, 4, 5]],
        [[SEEN, SEEN, SKIPPED, SEEN, SEEN, SEEN], [SEEN] * 4],
    )
    counts = count(data, leave_out(data, 2))
    raw = {(0, 1): 1.0, (0, 2): DECAY, (1, 2): 2.0}
    popularity = {0: 1, 1: 2, 2: 2}
    for source in range(6):
        row = counts.dense(np.array([source], dtype=np.int32))
        for target in range(6):
            times = raw.get((source, target), 0.0)
            if times:
                times /= popularity[source] ** SOURCE_EXPONENT * popularity[target] ** TARGET_EXPONENT
            assert row[target] == pytest.approx(times, rel=1e-6)


def test_the_newest_item_of_a_history_weighs_most() -> None:
    data = dataset_of([[0, 1, 9, 9], [2, 3, 9, 9]])
    counts = count(data, leave_out(data, 2))
    row = counts.dense(np.array([0, 2], dtype=np.int32))
    assert row[3] == pytest.approx(1.0)
    assert row[1] == pytest.approx(DECAY)
    items, scores = counts.scores(np.array([0, 2], dtype=np.int32))
    assert dict(zip(items.tolist(), scores.tolist(), strict=True)) == pytest.approx({1: DECAY, 3: 1.0})


def test_no_viewer_is_counted_into_the_next() -> None:
    data = dataset_of([[0, 1, 8, 8], [2, 3, 8, 8]])
    counts = count(data, leave_out(data, 2))
    assert counts.dense(np.array([1], dtype=np.int32)).sum() == 0
    assert len(counts.scores(np.empty(0, dtype=np.int32))[0]) == 0


def test_a_window_of_one_is_the_markov_chain() -> None:
    data = dataset_of([[0, 1, 2, 7, 7]])
    row = count(data, leave_out(data, 2), window=1).dense(np.array([2, 0], dtype=np.int32))
    assert np.flatnonzero(row).tolist() == [1], "only what followed the very last item"
