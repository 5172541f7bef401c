"""What published rules did in one slate, worked out while it is served from what the stages left."""

from __future__ import annotations

import numpy as np

from openforyou.moderation.effects import Acted
from openforyou.moderation.types import Policy, PolicyId, PolicyKind
from openforyou.recommend.ranking import Ranked
from openforyou.recommend.snapshot.index import Index
from openforyou.recommend.snapshot.ruling import Ruling
from openforyou.recommend.snapshot.shelf import Ids


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
        self._ruling = ruling
        self._acted: dict[PolicyId, Acted] = {}

    def of(self, policy: Policy) -> Acted:
        """What that rule did so far."""
        return self._acted.setdefault(policy.id, Acted(policy))

    def done(self) -> list[Acted]:
        """Those that did anything, in the order of the log."""
        return [self._acted[policy.id] for policy in self._ruling.policies if policy.id in self._acted]


def _by_caps(deeds: _Deeds, ranked: Ranked) -> None:
    index = ranked.query.index
    gone = ranked.trace.removed["capped"]
    for item, number in zip(gone.tolist(), index.ruling.capped_by[index.shelf.positions(gone)].tolist(), strict=True):
        deeds.of(index.ruling.policies[number]).removed.append(item)


def _by_factors(deeds: _Deeds, ranked: Ranked) -> None:
    index, swayed, size = ranked.query.index, ranked.query.notes.swayed, ranked.query.ask.size
    if swayed is None:
        return
    shown = np.isin(swayed.ids, ranked.shown.ids)
    places = swayed.after - swayed.before
    for row in np.flatnonzero(swayed.factored & shown).tolist():
        for policy in _factors_on(index, swayed.positions[row]):
            deeds.of(policy).moved[int(swayed.ids[row])] = int(places[row])
    risen = swayed.factored & (swayed.after < size) & (swayed.before >= size)
    boosts = _among(PolicyKind.BOOST, index, swayed.positions[risen])
    for row in np.flatnonzero(~shown & (swayed.before < size) & (swayed.after >= size)).tolist():
        for policy in _among(PolicyKind.DEMOTE, index, swayed.positions[[row]]) or boosts:
            deeds.of(policy).displaced.append(int(swayed.ids[row]))


def _by_limit(deeds: _Deeds, ranked: Ranked) -> None:
    policy = ranked.query.index.ruling.cross_post_limit
    shown = set(ranked.shown.ids.tolist())
    for item in dict.fromkeys([*ranked.query.notes.displaced, *ranked.over_limit]):
        if policy is not None and item not in shown:
            deeds.of(policy).displaced.append(item)


def _factors_on(index: Index, at: np.int64) -> tuple[Policy, ...]:
    shelf = index.shelf
    item, creator = int(shelf.ids[at]), int(shelf.creators[at])
    return index.ruling.factors_on(item, creator, cross_post=bool(shelf.cross_post[at]))


def _among(kind: PolicyKind, index: Index, positions: Ids) -> list[Policy]:
    """The distinct boosts, or demotions, on some items."""
    found = {policy.id: policy for at in positions for policy in _factors_on(index, at) if policy.kind is kind}
    return list(found.values())
