"""Why a clip stands in a slate: worked out while it is served, from what decided; told later from the record alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openforyou.core.ids import ItemId
from openforyou.events.types import ServedSlate
from openforyou.moderation.effects import told as told_policies
from openforyou.pipeline import Candidates
from openforyou.recommend.errors import SlateNotFound
from openforyou.recommend.query.query import Query
from openforyou.recommend.query.taste import likeness
from openforyou.recommend.snapshot.index import chances, worth
from openforyou.recommend.snapshot.space import Floats
from openforyou.recommend.types import Explanation, Reason

CAUSES_MAX = 3
CAUSE_LEAST = 0.45
"""Likeness × strength × feeling below which a clip of the past did not matter."""
REASONS_MAX = 3
_DONE = (("liked", "liked"), ("shares", "shared"), ("completions", "completed"))

REASONS: Mapping[str, str] = {
    "exploring": "New here: shown to a few people to find out who enjoys it",
    "more": "You asked for more like this",
    "liked": "You liked clips like this one",
    "shared": "You shared clips like this one",
    "completed": "You watched clips like this one to the end",
    "watched": "You watched clips like this one",
    "followed": "You follow its creator",
    "sequence": "It fits what you watched lately",
    "similar": "It is like clips that you watched",
    "trending": "Watched and liked by people right now",
    "well_liked": "Well liked by those who saw it",
    "fresh": "New here",
    "unseen": "You have not seen it yet",
    "asked": "You opened it yourself",
    "following": "You follow its creator",
}
"""Every reason in words. Codes are stable; a client may put its own words."""
SOURCES: Mapping[str, str] = {
    "sequence": "the model's guess of what comes next for you",
    "similar": "clips like those you watched to the end or liked",
    "followed": "creators you follow",
    "trending": "what is popular right now",
    "well_liked": "what people liked most of all time",
    "fresh": "new clips, drawn by lot",
}
RULES: Mapping[str, str] = {
    "diversity": "so that clips alike do not fill the slate",
    "exploration": "because some places go to new clips by lot",
    "session_variety": "so that this does not go on like what you were just shown",
    "creator_spacing": "so that clips by one creator stand apart",
    "sound_spacing": "so that clips with the same sound stand apart",
    "cross_post_limit": "so that no more clips posted elsewhere before stand in a slate than a published rule allows",
}


def reasons_of(query: Query, shown: Candidates, sources: Sequence[str]) -> dict[int, tuple[Reason, ...]]:
    """By item shown, the most telling first. `sources` are the pipeline's, in the order of their bits.

    In a small catalogue every source proposes nearly everything, so a source alone is no reason: each is told only
    where what it claims holds for this item.
    """
    causes_of = _causes(query, _drive(query, shown))
    holds = _claims(query, shown)
    bits = shown["sources"].tolist()
    told: dict[int, tuple[Reason, ...]] = {}
    for row, item in enumerate(shown.ids.tolist()):
        proposed = {name for bit, name in enumerate(sources) if bits[row] >> bit & 1}
        causes = causes_of.get(row)
        codes = [reason("exploring")] if item in query.notes.explored else []
        codes += [causes] if causes is not None else []
        weaker = {"sequence", "similar"} if causes is not None else set()
        codes += [reason(name) for name in holds if holds[name][row] and name in proposed and name not in weaker]
        told[item] = tuple(codes[:REASONS_MAX]) or (reason("fresh" if holds["fresh"][row] else "unseen"),)
    return told


def _claims(query: Query, shown: Candidates) -> dict[str, NDArray[np.bool_]]:
    """By source, in the order of telling, and by item: whether its reason is true."""
    index, at, points = query.index, shown["position"], worth(query.weights)
    anybody = chances(shown["odds"]) @ points
    lifted = np.zeros(len(shown), dtype=bool)
    if "chances" in shown.columns:
        lifted = shown["chances"] @ points > anybody
    mean_clip = float(index.tallies.mean @ points)
    everything = np.ones(len(shown), dtype=bool)
    return {
        "followed": everything,
        "sequence": lifted,
        "similar": lifted,
        "trending": everything,
        "well_liked": (anybody > mean_clip) & (index.tallies.impressions[at] >= query.weights.chance_weight),
        "fresh": index.tallies.is_fresh[at],
    }


def reason(code: str, item_ids: Iterable[int] = ()) -> Reason:
    """With its words."""
    return Reason(code, REASONS[code], tuple(ItemId(item) for item in item_ids))


def _drive(query: Query, shown: Candidates) -> Floats:
    """(M, T): how much each clip of the past speaks for each of the shown: likeness × strength × feeling.

    Likeness is the estimate's, by content and creator, or the model's where it took part and finds more, by its share.
    """
    past, weights, placed = query.past, query.weights, query.index.placed
    alike = likeness(past, shown["unit"], shown["creator"], query.index.shelf.space, weights)
    if placed is not None and "vector" in shown.columns:
        ours, _ = placed.space.place(shown["vector"])
        theirs, _ = placed.space.place(placed.vectors[past.positions])
        by_model = placed.space.likeness(ours @ theirs.T) ** np.float32(weights.taste_power)
        alike = np.maximum(alike, np.float32(weights.model_share) * by_model)
    return np.asarray(alike * (past.strength * past.feeling), dtype=np.float32)


def _causes(query: Query, drive: Floats) -> dict[int, Reason]:
    """By row of those that have any: the clips of the past that speak for it the most, by `drive` (M, T).

    They are named by what was done with the first of them.
    """
    past, found = query.past, {}
    driven = np.flatnonzero((drive >= CAUSE_LEAST).any(axis=1))
    order = np.argsort(-drive[driven], axis=1, kind="stable")[:, :CAUSES_MAX]
    for row, strongest in zip(driven.tolist(), order, strict=True):
        first = strongest[drive[row, strongest] >= CAUSE_LEAST]
        done = past.deeds[first[0]]
        code = next((code for name, code in _DONE if done[name]), "watched")
        code = "more" if past.wished[first[0]] else code
        found[row] = reason(code, query.index.shelf.ids[past.positions[first]].tolist())
    return found


def explanation(slate: ServedSlate, item_id: ItemId, titles: Mapping[ItemId, str]) -> Explanation:
    """What the record of a slate says of one item. Raises `SlateNotFound` when it did not stand in it."""
    told = slate.record.get("items", {}).get(str(item_id))
    if told is None or item_id not in slate.item_ids:
        raise SlateNotFound("that clip in that slate")
    return Explanation(
        request_id=slate.request_id,
        item_id=item_id,
        served_at=slate.served_at,
        surface=slate.surface,
        position=slate.item_ids.index(item_id),
        reasons=tuple(reason(code, ids) for code, ids in told["reasons"]),
        sources=tuple(SOURCES.get(name, name) for name in told.get("sources", ())),
        rules=tuple(_rule(name, places) for name, places in told.get("moves", {}).items()),
        policies=tuple(told_policies(slate.record, item_id)),
        chances=told.get("chances", {}),
        value=told.get("value") or 0.0,
        propensity=told.get("propensity", 1.0),
        model=slate.record.get("model", ""),
        weights=slate.record.get("weights", ""),
        fallbacks=tuple(slate.record.get("fallbacks", ())),
        titles=titles,
    )


def named_items(slate: ServedSlate, item_id: ItemId) -> list[int]:
    """The items that an explanation will name."""
    told: Mapping[str, Any] = slate.record.get("items", {}).get(str(item_id), {})
    return [item for _, ids in told.get("reasons", ()) for item in ids]


def _rule(name: str, places: int) -> str:
    count = f"{abs(places)} place{'s' if abs(places) > 1 else ''}"
    return f"Moved {count} {'up' if places < 0 else 'down'}, {RULES.get(name, name)}"
