"""Published rules as columns over the shelf: which items a cap holds back, and by what each value counts.

Worked out with each snapshot, so that a request pays nothing for rules but a few array look-ups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.moderation.types import Policy, PolicyKind, Scope, ScopeKind
from openforyou.recommend.snapshot.shelf import Ids, Shelf
from openforyou.recommend.snapshot.space import Floats

FACTOR_KINDS = (PolicyKind.BOOST, PolicyKind.DEMOTE)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules in force come to, over the N items of one shelf."""

    policies: tuple[Policy, ...]
    capped: NDArray[np.bool_]  # (N,) a cap is reached: not recommended
    capped_by: NDArray[np.int64]  # (N,) position in `policies` of the tightest cap over it; -1: none
    factor: Floats  # (N,) by which its value counts; 1 without a rule
    cross_post_limit: Policy | None
    """The tightest limit of cross-posts in a slate, and none of 0: that one caps."""
    factors: Mapping[Scope, tuple[Policy, ...]]
    """Boosts and demotions by what they are about."""

    def factors_on(self, item_id: int, creator_id: int, *, cross_post: bool) -> tuple[Policy, ...]:
        """The boosts and demotions of one item."""
        of_item = self.factors.get(Scope(ScopeKind.ITEM, item_id), ())
        of_creator = self.factors.get(Scope(ScopeKind.CREATOR, creator_id), ())
        return of_item + of_creator + (self.factors.get(Scope(ScopeKind.CROSS_POSTS), ()) if cross_post else ())


def ruled(policies: Sequence[Policy], shelf: Shelf, views: NDArray[np.int64]) -> Ruling:
    """The rules in force against a shelf, whose items have so many `views` (N,)."""
    reach = _Reach(shelf)
    tightest = np.full(len(shelf), np.inf)
    capped_by = np.full(len(shelf), -1)
    factor = np.ones(len(shelf), dtype=np.float32)
    factors: dict[Scope, tuple[Policy, ...]] = {}
    limits: list[Policy] = []
    for number, policy in enumerate(policies):
        if policy.kind is PolicyKind.CROSS_POST_LIMIT and policy.limit:
            limits.append(policy)
        elif policy.kind in (PolicyKind.CAP, PolicyKind.CROSS_POST_LIMIT):
            at = reach.of(policy.scope)
            tighter = at[tightest[at] > (policy.limit or 0)]
            tightest[tighter] = policy.limit or 0
            capped_by[tighter] = number
        elif policy.kind in FACTOR_KINDS:
            factor[reach.of(policy.scope)] *= np.float32(policy.factor or 1)
            factors[policy.scope] = (*factors.get(policy.scope, ()), policy)
    return Ruling(
        policies=tuple(policies),
        capped=views >= tightest,
        capped_by=capped_by,
        factor=factor,
        cross_post_limit=min(limits, key=lambda policy: policy.limit or 0, default=None),
        factors=factors,
    )


class _Reach:
    """Positions by scope. Creators are looked up in an order that is made once, and only where a rule needs it."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._by_creator: tuple[Ids, Ids] | None = None

    def of(self, scope: Scope) -> Ids:
        """(M,) distinct positions."""
        if scope.id is None:
            return np.flatnonzero(self._shelf.cross_post)
        if scope.kind is ScopeKind.ITEM:
            at = self._shelf.positions(np.array([scope.id], dtype=np.int64))
            return at[at >= 0]
        if self._by_creator is None:
            order = np.argsort(self._shelf.creators, kind="stable")
            self._by_creator = order, self._shelf.creators[order]
        order, creators = self._by_creator
        return order[np.searchsorted(creators, scope.id, "left") : np.searchsorted(creators, scope.id, "right")]
