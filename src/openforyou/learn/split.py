"""Protocols: which rows train, and which are to be predicted. Pure.

*Leave-one-out*: a viewer's last wanted item is the test, the last but one the validation, and everything before is for
training. It leaks the timeline: what others did later is trained on (Ji et al. 2023), so it flatters. A model on its
way into service has no test: only the last wanted item is held back, to stop and to judge by.

*Temporal*: one moment for all. Training sees the rows before the validation's moment alone; each viewer with a past is
asked for the first item that they wanted from it on, and for each of the first `TESTS_MAX` that they wanted from the
test's moment on, told all that came before it.

*Given*: the source says which rows are which.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openforyou.learn.rules import is_wanted
from openforyou.learn.types import Dataset, Ids

NONE = -1


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers by viewer; `NONE` where there is nothing to predict."""

    train_end: Ids  # (V,) training sees the rows before it
    validation: Ids  # (V,) row to predict from all rows before it
    test: Ids  # (V,)
    past_end: Ids | None = None
    """(V,) where the history ends that the test is predicted from; None: at the test row itself."""
    tests: Ids | None = None
    """(Q,) ascending, every row that the test predicts, each from all rows before it; None: those of `test` alone."""

    def training(self, starts: Ids) -> Ids:
        """Row numbers that are for training, in order; `starts` (V + 1,) are those of the viewers."""
        ends = np.repeat(self.train_end, np.diff(starts))
        return np.flatnonzero(np.arange(len(ends)) < ends)


def leave_out(dataset: Dataset, held: int) -> Split:
    """Hold back the last `held` wanted items of each viewer: 1 for validation alone, 2 for a test as well.

    A viewer without a wanted item more than that has nothing to predict, and trains with all rows.
    """
    assert held in (1, 2), f"one or two are held back, not {held}"
    starts = dataset.sequences.starts
    wanted = np.flatnonzero(is_wanted(dataset.sequences.did))  # (W,) rows
    first, last = np.searchsorted(wanted, starts[:-1]), np.searchsorted(wanted, starts[1:])
    splits = last - first > held  # (V,)
    padded = np.append(wanted, np.full(held, NONE))

    def back(by: int) -> Ids:
        return np.where(splits, padded[np.maximum(last - by, 0)], NONE)

    validation = back(held)
    return Split(
        train_end=np.where(splits, validation, starts[1:]),
        validation=validation,
        test=back(1) if held == 2 else np.full(len(splits), NONE),
    )


TESTS_MAX = 20
"""Rows that one viewer is asked for after the moment; their mean is that viewer's figure."""
VALIDATION_SHARE, TEST_SHARE = 0.1, 0.1
"""Of all rows, by time: the last are for the test, those before them for validation."""


def at_one_moment(dataset: Dataset) -> Split:
    """The temporal split. Rows of one moment lie on the same side; a viewer's keep the source's order.

    Only for data with times.
    """
    sequences = dataset.sequences
    assert sequences.at_s.any(), "the data has no times"
    validation_s, test_s = np.quantile(sequences.at_s, [1 - VALIDATION_SHARE - TEST_SHARE, 1 - TEST_SHARE])
    wanted = is_wanted(sequences.did)
    viewer = np.repeat(np.arange(len(sequences)), np.diff(sequences.starts))
    train_end = sequences.starts[:-1] + np.bincount(viewer[sequences.at_s < validation_s], minlength=len(sequences))

    def first(since: float, before: float) -> Ids:
        rows = np.flatnonzero(wanted & (sequences.at_s >= since) & (sequences.at_s < before))
        viewers, at = np.unique(viewer[rows], return_index=True)
        found = np.full(len(sequences), NONE)
        found[viewers] = rows[at]
        return np.where(found > sequences.starts[:-1], found, NONE)  # Without a past there is nothing to go by.

    test = first(test_s, np.inf)
    rows = np.flatnonzero(wanted & (sequences.at_s >= test_s) & (test != NONE)[viewer])
    place = np.arange(len(rows)) - np.searchsorted(viewer[rows], viewer[rows])  # among the viewer's own
    return Split(train_end, first(validation_s, test_s), test, tests=rows[place < TESTS_MAX])


def as_given(dataset: Dataset) -> Split:
    """The source's own split: a row a viewer to validate by, and one to test by, each from the training rows."""
    sequences, parts = dataset.sequences, dataset.parts
    assert parts is not None, "the source says nothing of parts"
    viewer = np.repeat(np.arange(len(sequences)), np.diff(sequences.starts))
    train_end = sequences.starts[:-1] + np.bincount(viewer[parts == 0], minlength=len(sequences))

    def only(part: int) -> Ids:
        found = np.full(len(sequences), NONE)
        rows = np.flatnonzero(parts == part)
        found[viewer[rows]] = rows
        return np.where(train_end > sequences.starts[:-1], found, NONE)

    return Split(train_end, only(1), only(2), train_end)


def shares_moment(dataset: Dataset, rows: Ids) -> int:
    """How many of `rows` stand beside another of the same viewer at the same time: their order is the file's."""
    at_s, starts = dataset.sequences.at_s, dataset.sequences.starts
    begins, ends = np.isin(rows, starts[:-1]), np.isin(rows + 1, starts[1:])
    before = ~begins & (at_s[rows - 1] == at_s[rows])
    after = ~ends & (at_s[np.minimum(rows + 1, len(at_s) - 1)] == at_s[rows])
    return int(np.count_nonzero(before | after))
