"""Where training begins: not at random, but at what can be worked out in closed form.

*Identities* begin at a factorisation of the co-counts, so that the network is told them. Entry (i, j) is the positive
pointwise mutual information of the pair, max(0, log(C_ij · ΣC / (n_i · n_j))), made symmetric; its truncated SVD U √S
gives directions (Levy and Goldberg 2014: what skip-gram finds, in closed form). An item that was seldom wanted begins
short, n / (n + 50), so that its content weighs more in its vector.

*Content* begins at its principal components about the catalogue's mean: of all projections to that width the one that
keeps distances best. *Heads* begin at how often each action happens (`odds.py`), which a bias needs thousands of steps
to reach.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openforyou.learn.counts import SOURCE_EXPONENT, TARGET_EXPONENT, CoCounts

ITERATIONS = 4
SELDOM = 50.0
CONTENT_LENGTH = 2.0
"""Mean length of a content vector at the start, beside an identity's of 1 at the most."""


def counted_start(counts: CoCounts, popularity: NDArray[np.float64], width: int) -> Tensor:
    """(N, width) from co-counts and how often each item was wanted (N,). Draws from torch's random numbers."""
    size = len(popularity)
    source = np.repeat(np.arange(size), np.diff(counts.starts))
    n = np.maximum(popularity, 1)
    raw = counts.values * n[source] ** SOURCE_EXPONENT * n[counts.items] ** TARGET_EXPONENT
    information = np.log(np.maximum(raw * raw.sum() / (n[source] * n[counts.items]), 1)) / 2
    places = torch.from_numpy(np.stack([np.append(source, counts.items), np.append(counts.items, source)]))
    values = torch.from_numpy(np.append(information, information)).float()
    matrix = torch.sparse_coo_tensor(places, values, (size, size), check_invariants=False).coalesce()
    rank = min(width, size)
    left, strength, _ = torch.svd_lowrank(matrix, q=rank, niter=ITERATIONS)
    start = torch.randn(size, width) * (0.1 / width**0.5)
    start[:, :rank] += torch.nn.functional.normalize(left * strength.sqrt(), dim=1)
    begun: Tensor = start * torch.from_numpy(popularity / (popularity + SELDOM)).float()[:, None]
    return begun


def content_start(content: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """(N, C) content, zero rows where there is none → a projection (width, C) and the mean (C,) that it is about."""
    weight = torch.zeros(width, content.shape[1])
    known = content[content.any(dim=1)]
    if len(known) < 2:
        return weight, torch.zeros(content.shape[1])
    about = known - known.mean(dim=0)
    spread = (about.t() @ about).double()  # clips that look alike leave it almost empty: in single precision that fails
    _, axes = torch.linalg.eigh(spread / spread.trace().clamp_min(1e-12))  # by rising variance
    axes = axes.float().flip(1)[:, :width]  # (C, ≤ width)
    length = (about @ axes).norm(dim=1).mean().clamp_min(1e-6)
    weight[: axes.shape[1]] = axes.t() * (CONTENT_LENGTH / length)
    return weight, known.mean(dim=0)
