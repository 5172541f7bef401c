"""The baselines that stand in every table, each tuned on validation as far as it has something to tune.

What a baseline may be asked with (histories, what is left out, ties) is the same as for the model: see `evaluate`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from openforyou.core.progress import Progress, silent
from openforyou.learn.counts import count, training_rows
from openforyou.learn.evaluate import Scorer, Sought, gains, ranks
from openforyou.learn.rules import is_wanted
from openforyou.learn.scorers import counted, popularity
from openforyou.learn.serving import Floats
from openforyou.learn.split import Split
from openforyou.learn.types import Dataset

EASE_ITEMS_MAX = 16_000
"""EASE inverts items × items: 1 GB in float32 here, with its cube of multiplications."""
EASE_PENALTIES = (20.0, 100.0, 500.0)
ALS_FACTORS, ALS_CONFIDENCES = (64, 128), (1.0, 10.0)
ALS_REGULARISATION, ALS_ROUNDS = 0.05, 15
VALIDATED_VIEWERS_MAX = 3_000


@dataclass(frozen=True, slots=True)
class NotHere:
    """Why a baseline is missing from a table."""

    reason: str


@dataclass(frozen=True, slots=True)
class Tuned:
    """A baseline, and what validation chose for it."""

    scorer: Scorer
    chosen: Mapping[str, float | str]


Baseline = Callable[[Dataset, Split, int, Progress], Tuned | NotHere]


def _popularity(dataset: Dataset, split: Split, seed: int, progress: Progress) -> Tuned:  # noqa: ARG001
    return Tuned(popularity(dataset, split), {})


def _markov(dataset: Dataset, split: Split, seed: int, progress: Progress) -> Tuned | NotHere:  # noqa: ARG001
    if not dataset.ordered:
        return NotHere("the data has no order")
    return Tuned(counted(dataset, count(dataset, split, window=1)), {})


def _sequence_knn(dataset: Dataset, split: Split, seed: int, progress: Progress) -> Tuned:  # noqa: ARG001
    return Tuned(counted(dataset, count(dataset, split)), {})


def ease(dataset: Dataset, split: Split, seed: int = 0, progress: Progress = silent) -> Tuned | NotHere:  # noqa: ARG001
    """EASE (Steck 2019): G = XᵀX + λI, P = G⁻¹, B = -P / diag P with a zero diagonal; score = history · B."""
    size = len(dataset.item_ids)
    if size > EASE_ITEMS_MAX:
        return NotHere(f"{size:,} items; it inverts a matrix of their square, and {EASE_ITEMS_MAX:,} are the most here")
    gram = np.zeros((size, size), dtype=np.float32)
    for history in _training_sets(dataset, split):
        gram[np.ix_(history, history)] += 1

    def fitted(penalty: float) -> Scorer:
        inverse = np.linalg.inv(gram + penalty * np.eye(size, dtype=np.float32))
        weights = np.asarray(inverse / -np.diag(inverse), dtype=np.float32)
        np.fill_diagonal(weights, 0)
        return lambda sought: _told(dataset, sought) @ weights

    grid = [({"penalty": penalty}, partial(fitted, penalty)) for penalty in EASE_PENALTIES]
    return _best(dataset, split, "ease", grid, progress)


def als(dataset: Dataset, split: Split, seed: int = 0, progress: Progress = silent) -> Tuned | NotHere:
    """Implicit matrix factorisation (Hu, Koren and Volinsky 2008), by the library `implicit`."""
    if find_spec("implicit") is None:
        return NotHere("pip install implicit==0.7.3")
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix
    from threadpoolctl import threadpool_limits

    size = len(dataset.item_ids)

    def rows_of(histories: Iterable[NDArray[np.int32]]) -> csr_matrix:
        lists = list(histories)
        starts = np.cumsum([0, *map(len, lists)])
        flat = np.concatenate([np.empty(0, np.int32), *lists])
        return csr_matrix((np.ones(len(flat), np.float32), flat, starts), shape=(len(lists), size))

    trained_on = rows_of(_training_sets(dataset, split))

    def fitted(factors: int, confidence: float) -> Scorer:
        with threadpool_limits(1, "blas"):  # The library runs threads of its own.
            model = AlternatingLeastSquares(
                factors=factors,
                regularization=ALS_REGULARISATION,
                alpha=confidence,
                iterations=ALS_ROUNDS,
                random_state=seed,
            )
            model.fit(trained_on, show_progress=False)

        def scores(sought: Sought) -> Floats:
            asked = rows_of(_sets(dataset, sought))
            viewers = model.recalculate_user(np.arange(len(sought)), asked)
            return np.asarray(viewers @ model.item_factors.T, dtype=np.float32)

        return scores

    grid = [
        ({"factors": factors, "alpha": confidence}, partial(fitted, factors, confidence))
        for factors in ALS_FACTORS
        for confidence in ALS_CONFIDENCES
    ]
    return _best(dataset, split, "als", grid, progress)


BASELINES: dict[str, Baseline] = {
    "popularity": _popularity,
    "markov": _markov,
    "sequence-knn": _sequence_knn,
    "ease": ease,
    "als": als,
}


def _best(
    dataset: Dataset,
    split: Split,
    name: str,
    grid: Iterable[tuple[Mapping[str, float], Callable[[], Scorer]]],
    progress: Progress,
) -> Tuned:
    """Of the grid the one with the best validation NDCG@10, fitted."""
    sought = Sought.of(split.validation, at_most=VALIDATED_VIEWERS_MAX)
    best: tuple[float, Tuned] | None = None
    for chosen, fit in grid:
        progress(0, 0, f"tuning {name}: " + ", ".join(f"{key} {value:g}" for key, value in chosen.items()))
        scorer = fit()
        score = float(gains(ranks(dataset, sought, scorer)).mean()) if len(sought) else 0.0
        if best is None or score > best[0]:
            best = score, Tuned(scorer, {**chosen, "validation_ndcg@10": round(score, 5)})
    assert best is not None, "an empty grid"
    return best[1]


def _training_sets(dataset: Dataset, split: Split) -> Iterable[NDArray[np.int32]]:
    """What each viewer wanted in the rows that are for training, each item once, viewers with nothing left out."""
    rows = training_rows(dataset, split)
    viewers = np.searchsorted(dataset.sequences.starts, rows, side="right") - 1
    for some in np.split(dataset.sequences.items[rows], np.flatnonzero(np.diff(viewers)) + 1):
        yield np.unique(some)


def _sets(dataset: Dataset, sought: Sought) -> Iterable[NDArray[np.int32]]:
    """What each sought viewer wanted before, each item once."""
    sequences = dataset.sequences
    for viewer, end in zip(sought.viewers, sought.ends, strict=True):
        past = slice(int(sequences.starts[viewer]), int(end))
        yield np.unique(sequences.items[past][is_wanted(sequences.did[past])])


def _told(dataset: Dataset, sought: Sought) -> Floats:
    """(B, N) of 0 and 1."""
    told = np.zeros((len(sought), len(dataset.item_ids)), dtype=np.float32)
    for number, items in enumerate(_sets(dataset, sought)):
        told[number, items] = 1
    return told
