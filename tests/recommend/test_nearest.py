"""The fast way to the k best finds the same as the slow one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from openforyou.recommend.snapshot.nearest import best


def slow(scores: np.ndarray, k: int, allowed: np.ndarray, least: float) -> list[float]:
    return sorted(scores[allowed & np.isfinite(scores) & (scores >= least)].tolist(), reverse=True)[:k]


@given(
    scores=arrays(np.float32, st.integers(0, 60), elements=st.floats(width=32)),
    k=st.integers(1, 70),
    least=st.sampled_from([-np.inf, 0.0, 5.0]),
    seed=st.integers(0, 9),
)
def test_small(scores: np.ndarray, k: int, least: float, seed: int) -> None:
    allowed = np.random.default_rng(seed).random(len(scores)) < 0.7
    scores[~allowed] = -np.inf
    found = best(scores, k, least)
    assert allowed[found].all()
    assert len(set(found.tolist())) == len(found)
    assert scores[found].tolist() == slow(scores, k, allowed, least)


@pytest.mark.parametrize("k", [1, 50, 300, 50_000])
@pytest.mark.parametrize("open_share", [1.0, 0.5, 0.001, 0.0])
@pytest.mark.parametrize("kind", ["spread", "equal", "peak", "broken"])
def test_large(k: int, open_share: float, kind: str) -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=40_000).astype(np.float32)
    if kind == "equal":
        scores[:] = 1
    if kind == "peak":
        scores[:100] += 100  # All in one place, where a sample may miss them.
    if kind == "broken":
        scores[::3] = np.nan
        scores[1::3] = np.inf
    allowed = rng.random(len(scores)) < open_share
    scores[~allowed] = -np.inf
    assert scores[best(scores, k)].tolist() == slow(scores, k, allowed, -np.inf)
