"""How unlikely a count is by what was usual, in nats: about the logarithm of "once in so many".

Chernoff's bounds of the binomial and Poisson tails: closed forms that never overstate, and 0 where there is no more
than was to be expected.
"""

from __future__ import annotations

from math import log


def of_share(hits: float, count: float, usual: float) -> float:
    """That `hits` of `count` or more would be, where each is one with the chance `usual`."""
    if count <= 0 or hits <= usual * count:
        return 0.0
    share, usual = min(hits / count, 1.0), min(max(usual, 1e-6), 1 - 1e-6)
    rest = (1 - share) * log((1 - share) / (1 - usual)) if share < 1 else 0.0
    return count * (share * log(share / usual) + rest)


def of_count(count: float, usual: float, spread: float = 1.0) -> float:
    """That `count` or more would come, where `usual` do; `spread`: variance by mean, 1 for pure chance."""
    usual = max(usual, 1e-6)
    if count <= usual:
        return 0.0
    return (count * log(count / usual) - count + usual) / spread
