"""Leave-one-out: which rows train, and which are to be predicted. Pure.

A viewer's last wanted item is the test, the last but one the validation, and everything before is for training. A model
on its way into service has no test: only the last wanted item is held back, to stop and to judge by.
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
