"""The attack on models that are trained for it: one that learned from the forgotten, and one trained without them.

Of the viewers three groups are drawn: those who are *forgotten*, and two that no model ever sees, *unseen* and
*others*. The old model learns from the forgotten and the rest, the new one from the rest, and so does a reference with
another seed. The attack is to tell the forgotten from the others, and, for comparison, the unseen from the others.
Against the old model the new one is a second reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openforyou.bench.forget.attack import Power, Scores, asked, power, scores
from openforyou.core.errors import BadInput
from openforyou.core.progress import Progress
from openforyou.learn.online_data import restricted
from openforyou.learn.settings import Settings
from openforyou.learn.split import leave_out
from openforyou.learn.train import Job, Trained, fit
from openforyou.learn.types import Dataset, Ids

LEAST = 10
"""Viewers in a group, or its AUC says nothing."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Positions of viewers in a data set."""

    forgotten: Ids
    unseen: Ids
    others: Ids
    rest: Ids


@dataclass(frozen=True, slots=True)
class Attacked:
    """What the attack could tell, and what the two trainings took."""

    before: Power
    forgotten: Power
    unseen: Power
    viewers: int
    """In each group."""
    old_s: float
    new_s: float


def drawn(dataset: Dataset, share: float, seed: int) -> Groups:
    """Three groups of `share` of the viewers each, and the rest. Raises `BadInput` when they are too small."""
    size = int(len(dataset.sequences) * share)
    if size < LEAST:
        raise BadInput(
            f"{size} viewers are too few to attack.", hint=f"Give data with {int(LEAST / share)} viewers or more."
        )
    order = np.random.default_rng(seed).permutation(len(dataset.sequences))
    forgotten, unseen, others, rest = (np.sort(part) for part in np.split(order, [size, 2 * size, 3 * size]))
    return Groups(forgotten, unseen, others, rest)


def attacked(dataset: Dataset, settings: Settings, share: float, seed: int, progress: Progress) -> Attacked:
    """Train the three models and attack them."""
    groups = drawn(dataset, share, seed)
    progress(0, 3, "training the old model")
    old = _trained(dataset, np.sort(np.concatenate([groups.forgotten, groups.rest])), settings, seed)
    progress(1, 3, "training the new model")
    new = _trained(dataset, groups.rest, settings, seed)
    progress(2, 3, "training the attacker's reference")
    reference = _trained(dataset, groups.rest, settings, seed + 1)
    progress(3, 3, "attacking")
    split = leave_out(dataset, 1)

    def told(model: Trained, references: list[Trained], viewers: Ids) -> Scores:
        return scores(model.fitted, [one.fitted for one in references], dataset, asked(dataset, split, viewers))

    before = power(told(old, [new, reference], groups.forgotten), told(old, [new, reference], groups.others), seed)
    outside = told(new, [reference], groups.others)
    return Attacked(
        before=before,
        forgotten=power(told(new, [reference], groups.forgotten), outside, seed),
        unseen=power(told(new, [reference], groups.unseen), outside, seed),
        viewers=len(groups.forgotten),
        old_s=old.seconds,
        new_s=new.seconds,
    )


def _trained(dataset: Dataset, viewers: Ids, settings: Settings, seed: int) -> Trained:
    told, _ = restricted(dataset, dataset.item_ids, dataset.sequences.viewer_ids[viewers])
    return fit(Job(told, leave_out(told, 1), settings, seed))
