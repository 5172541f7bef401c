"""What published rules did in one slate, worked out while it is served from what the stages left."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from openforyou.moderation.effects import Acted
from openforyou.moderation.types import Policy, PolicyKind
from openforyou.recommend.query import Query
from openforyou.recommend.ranking import Ranked
from openforyou.recommend.ruling import Ruling


def acted(ranked: Ranked) -> list[Acted]:
    """By rule that did something, in the order of the log.

    - A cap *removed* what it took out of the candidates.
    - A boost or demotion *moved* what stands in the slate, by places of value; several on one item did so together.
      What would have stood among the first by its value, and does not stand in the slate, was *displaced* by its
      demotions, or else by the boosts that lifted something into the slate.
    - A cross-post limit *displaced* what stood in the slate until it was applied, and does not any more.
    """
    ruling = ranked.query.index.ruling
    if not ruling.policies:
        return []
    deeds = _Deeds(ruling)
    _by_caps(deeds, ranked)
    _by_factors(deeds, ranked)
    _by_limit(deeds, ranked)
    return deeds.done()


class _Deeds:
    """Gathers by rule."""

    def __init__(self, ruling: Ruling) -> None:
        self._acted = {policy.id: Acted(policy) for policy in ruling.policies}

    def of(self, policy: Policy) -> Acted:
        """What that rule did so far."""
        return self._acted[policy.id]

    def done(self) -> list[Acted]:
        """Those that did anything."""
        return [one for one in self._acted.values() if one.removed or one.displaced or one.moved]


def _by_caps(deeds: _Deeds, ranked: Ranked) -> None:
    index = ranked.query.index
    gone = ranked.trace.removed.get("capped", np.empty(0, dtype=np.int64))
    for item, number in zip(gone.tolist(), index.ruling.capped_by[index.shelf.positions(gone)].tolist(), strict=True):
        deeds.of(index.ruling.policies[number]).removed.append(item)


def _by_factors(deeds: _Deeds, ranked: Ranked) -> None:
    query, swayed, size = ranked.query, ranked.query.notes.swayed, ranked.query.ask.size
    if swayed is None:
        return
    shown = np.isin(swayed.ids, ranked.shown.ids)
    for row in np.flatnonzero(swayed.factored & shown).tolist():
        item, places = int(swayed.ids[row]), int(swayed.after[row] - swayed.before[row])
        for policy in _factors_on(query, item):
            deeds.of(policy).moved[item] = places
    risen = swayed.factored & (swayed.after < size) & (swayed.before >= size)
    boosts = _among(PolicyKind.BOOST, query, swayed.ids[risen].tolist())
    for item in swayed.ids[~shown & (swayed.before < size) & (swayed.after >= size)].tolist():
        for policy in _among(PolicyKind.DEMOTE, query, [item]) or boosts:
            deeds.of(policy).displaced.append(item)


def _by_limit(deeds: _Deeds, ranked: Ranked) -> None:
    policy = ranked.query.index.ruling.cross_post_limit
    if policy is None:
        return
    gone = dict.fromkeys([*ranked.query.notes.displaced, *ranked.over_limit])
    deeds.of(policy).displaced += [item for item in gone if item not in set(ranked.shown.ids.tolist())]


def _factors_on(query: Query, item: int) -> tuple[Policy, ...]:
    index = query.index
    at = int(index.shelf.positions(np.array([item], dtype=np.int64))[0])
    cross_post = bool(index.shelf.cross_post[at])
    return index.ruling.factors_on(item, int(index.shelf.creators[at]), cross_post=cross_post)


def _among(kind: PolicyKind, query: Query, items: Iterable[int]) -> list[Policy]:
    """The distinct boosts, or demotions, on some items."""
    found = {policy.id: policy for item in items for policy in _factors_on(query, item) if policy.kind is kind}
    return list(found.values())
