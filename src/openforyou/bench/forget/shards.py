"""Would shards pay? SISA (Bourtoule et al. 2021): so many models on a share of the viewers each, their answers added.

A withdrawal then retrains one shard. Against one model on everybody, on the same rows and questions: NDCG@10, and the
seconds of one shard by the seconds of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.core.progress import Progress
from openforyou.learn.evaluate import Scorer, Sought, gains, ranks
from openforyou.learn.online_data import restricted
from openforyou.learn.scorers import ModelScorer
from openforyou.learn.serving import Floats
from openforyou.learn.settings import Settings
from openforyou.learn.split import leave_out
from openforyou.learn.train import Job, Trained, fit
from openforyou.learn.types import Dataset


@dataclass(frozen=True, slots=True)
class Sharded:
    """`lost` is between which two 95 % of bootstrap resamples of what the shards lose lie."""

    whole_ndcg: float
    shards_ndcg: float
    lost: tuple[float, float]
    whole_s: float
    shard_s: float
    """The mean of one."""


def sharded(dataset: Dataset, settings: Settings, shards: int, seed: int, progress: Progress) -> Sharded:
    """Train one model on everybody and one on each shard, and ask both."""
    viewers = np.random.default_rng(seed).permutation(len(dataset.sequences))
    whole = _trained(dataset, settings, seed, progress)
    parts = []
    for number, part in enumerate(np.array_split(viewers, shards)):
        progress(number, shards, "training a shard")
        told, _ = restricted(dataset, dataset.item_ids, dataset.sequences.viewer_ids[np.sort(part)])
        parts.append(_trained(told, settings, seed, progress))
    sought = Sought.tested(leave_out(dataset, 2), dataset.sequences.starts)
    alone = gains(ranks(dataset, sought, ModelScorer(whole.fitted, dataset)))
    added = gains(ranks(dataset, sought, _added([ModelScorer(one.fitted, dataset) for one in parts])))
    rng = np.random.default_rng(seed)
    lost: NDArray[np.float64] = alone - added
    means = [lost[rng.integers(0, len(lost), len(lost))].mean() for _ in range(1_000)]
    low, high = np.percentile(means, [2.5, 97.5])
    took_s = float(np.mean([one.seconds for one in parts]))
    return Sharded(float(alone.mean()), float(added.mean()), (float(low), float(high)), whole.seconds, took_s)


def _added(scorers: list[ModelScorer]) -> Scorer:
    """Chances of each shard, averaged."""

    def scores(sought: Sought) -> Floats:
        told = []
        for scorer in scorers:
            row = scorer(sought).astype(np.float64)
            row = np.exp(row - row.max(axis=1, keepdims=True))
            told.append(row / row.sum(axis=1, keepdims=True))
        return np.asarray(np.mean(told, axis=0), dtype=np.float32)

    return scores


def _trained(dataset: Dataset, settings: Settings, seed: int, progress: Progress) -> Trained:
    return fit(Job(dataset, leave_out(dataset, 2), settings, seed), progress)
