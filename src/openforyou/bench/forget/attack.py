"""A membership attack: can somebody who holds a model tell whose history it learned from?

Each viewer's last wanted clips are foretold by the model, from the history before each, as it serves: network and
co-counts together. What a model learned from it foretells better than it should. How well it *should* is told by models
that never saw the viewer (references): the score is their mean loss less the model's own, so that easy viewers do not
look like known ones (Carlini et al. 2022, *Membership inference attacks from first principles*, in its simplest form).
The attack's power is the AUC, the chance that a viewer of one group scores above one of the other: 0.5 is a coin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.learn.evaluate import Sought
from openforyou.learn.fitted import Fitted
from openforyou.learn.rules import is_wanted
from openforyou.learn.scorers import ModelScorer
from openforyou.learn.split import Split
from openforyou.learn.types import Dataset, Ids

ASKED = 10
"""Clips of each viewer that are foretold, of those that training saw: the last."""
RESAMPLES = 1_000
AT_ONCE = 256
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Power:
    """The AUC, and between which two 95 % of bootstrap resamples of the viewers lie."""

    auc: float
    low: float
    high: float


def asked(dataset: Dataset, split: Split, viewers: Ids) -> Sought:
    """What the attack has foretold of those viewers (positions in the data set): rows that training saw."""
    wanted, starts = is_wanted(dataset.sequences.did), dataset.sequences.starts
    who: list[Ids] = []
    rows: list[Ids] = []
    for viewer in viewers.tolist():
        own = np.arange(starts[viewer] + 1, split.train_end[viewer])
        own = own[wanted[own]][-ASKED:]
        rows.append(own)
        who.append(np.full(len(own), viewer))
    told = np.concatenate(rows) if rows else np.empty(0, np.int64)
    return Sought(np.concatenate(who) if who else told, told, told)


def losses(fitted: Fitted, dataset: Dataset, sought: Sought) -> Scores:
    """(V,) by viewer of `sought`, ascending: minus the mean log-chance that the model gave to what came."""
    scorer = ModelScorer(fitted, dataset)
    lost = np.empty(len(sought))
    for at in range(0, len(sought), AT_ONCE):
        part = np.arange(at, min(at + AT_ONCE, len(sought)))
        some = sought.take(part)
        scores = scorer(some).astype(np.float64)
        top = scores.max(axis=1, keepdims=True)
        total = np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0]
        lost[part] = total - scores[np.arange(len(part)), dataset.sequences.items[some.rows]]
    _, whose, count = np.unique(sought.viewers, return_inverse=True, return_counts=True)
    return np.asarray(np.bincount(whose, lost) / count)


def scores(model: Fitted, references: Sequence[Fitted], dataset: Dataset, sought: Sought) -> Scores:
    """(V,) how much better the model foretells each viewer than models that never saw them."""
    never = np.mean([losses(one, dataset, sought) for one in references], axis=0)
    told: Scores = never - losses(model, dataset, sought)
    return told


def power(inside: Scores, outside: Scores, seed: int) -> Power:
    """How well a threshold on the score tells the two groups apart."""
    rng = np.random.default_rng(seed)
    drawn = [auc(rng.choice(inside, len(inside)), rng.choice(outside, len(outside))) for _ in range(RESAMPLES)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Power(round(auc(inside, outside), 4), round(float(low), 4), round(float(high), 4))


def auc(inside: Scores, outside: Scores) -> float:
    """The chance that one of `inside` scores above one of `outside`; equals count half."""
    ordered = np.sort(outside)
    below = np.searchsorted(ordered, inside, side="left")
    not_above = np.searchsorted(ordered, inside, side="right")
    return float((below + not_above).mean() / (2 * len(outside)))
