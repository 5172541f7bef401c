"""Who is near, among more items than can be compared one by one in good time.

An inverted file (Jégou, Douze and Schmid, 2011): items lie in cells about 4 √N centres, and a search looks into the
cells whose centres are nearest, over vectors of one byte a dimension. Whoever asks compares what comes back exactly, so
that what is approximate is only who is looked at.

Built once and only read after that; it holds ids, so that a shelf may move on beside it: what has gone since is not
found on the shelf, what has come or changed since is compared exactly, and the next build takes it in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline.lookup import among
from openforyou.recommend.snapshot.shelf import Ids, Mask
from openforyou.recommend.snapshot.space import Floats

EXACT_ITEMS_MAX = 30_000
"""Up to here all are compared: about here the two ways take equally long (`openforyou bench search`)."""
CELLS = 4
"""Times √N. Half as many take half again as long to search; twice as many, twice as long to build."""
PROBES = 32
"""Cells that are looked into: 98 % of the best 200 among a million are found, and 99.9 % of the best 40."""
DIM_MAX = 64
"""Longer vectors are shortened to their main axes for choosing who is compared."""
TRAINED_ON = 40
"""Items a cell that its centre is learned from."""
ROUNDS = 4
"""Of k-means."""
ADDED_AT_ONCE = 65_536
BESIDE_SHARE = 0.02
"""A build is due when more than this share of the items is compared beside it."""
DRIFT_MAX = 0.05
"""A build is due when the vectors have turned by more than this: 1 less the mean cosine of then and now."""
SAMPLE = 512


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What was told of M items when it was built. Safe from several threads."""

    ids: Ids  # (M,) ascending
    changed_s: NDArray[np.float64]  # (M,) of each, as it was then
    sample: tuple[Ids, Floats]  # ids of some, and where they were
    index: Any

    def search(self, queries: Floats, k: int) -> Ids:
        """(Q, D) points → (Q, k) rows, positions in `ids`, of about the k with the largest dot product; -1 for none."""
        faiss.omp_set_num_threads(1)  # Of the calling thread: many searches go on at once anyway.
        _, found = self.index.search(np.ascontiguousarray(queries, dtype=np.float32), k)
        return np.asarray(found)

    def is_outgrown(self, ids: Ids, points: Floats, beside: Ids) -> bool:
        """Whether it should be built anew for `points` (N, D) of `ids`: too many are new, or all have moved."""
        if len(beside) > BESIDE_SHARE * len(ids):
            return True
        then_ids, then = self.sample
        here = among(ids, then_ids)
        now = points[np.searchsorted(ids, then_ids[here])]
        lengths = np.linalg.norm(now, axis=1) * np.linalg.norm(then[here], axis=1)
        cosines = (now * then[here]).sum(axis=1) / np.maximum(lengths, 1e-9)
        return not len(cosines) or float(cosines.mean()) < 1 - DRIFT_MAX


def gathered(ids: Ids, changed_s: NDArray[np.float64], points: Floats, usable: Mask) -> Neighbours:
    """Build it of N items, of which those that are `usable` can be found. One thread; deterministic.

    Takes about 20 s for a million items of 64 dimensions.
    """
    at = np.flatnonzero(usable)
    assert len(at), "nothing can be found"
    cells = max(int(CELLS * len(at) ** 0.5), 1)
    dim = points.shape[1]
    faiss.omp_set_num_threads(1)
    turned = f"PCA{DIM_MAX}" if dim > DIM_MAX else f"RR{dim}"  # Turned, every axis says as much as any other.
    file = faiss.index_factory(dim, f"{turned},IVF{cells},SQ8", faiss.METRIC_INNER_PRODUCT)
    inverted = faiss.extract_index_ivf(file)
    inverted.nprobe = PROBES
    clustering = inverted.cp
    clustering.niter, clustering.max_points_per_centroid = ROUNDS, TRAINED_ON
    clustering.min_points_per_centroid = 1
    known = at[:: max(len(at) // (cells * TRAINED_ON), 1)]
    file.train(np.ascontiguousarray(points[known]))
    for start in range(0, len(at), ADDED_AT_ONCE):
        some = at[start : start + ADDED_AT_ONCE]
        file.add(np.ascontiguousarray(points[some]))
    probes = at[:: max(len(at) // SAMPLE, 1)]
    return Neighbours(ids[at], changed_s[at], (ids[probes], points[probes].copy()), file)
