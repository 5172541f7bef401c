"""The record of a slate: what decided, written when it is served, so that nothing is made up afterwards.

    {"v": 1, "model", "model_share", "weights", "region", "search": {by: "exact" | "approximate"}, "ms": {stage: ms},
     "closed": {why: items}, "removed": {filter: candidates}, "fallbacks": […], "policies": {…},
     "items": {id: {"reasons": [[code, [ids]]], "sources": […], "chances": {action: p}, "taste", "value",
     "moves": {rule: places}, "propensity"}}}

`closed` counts the catalogue's items that the viewer may not be shown, `removed` the candidates that a filter took out.
`moves` are places up (negative) or down; `policies` is what published rules did, as `moderation/effects.py` says.
Everything past `reasons` stands in the feed's own slates alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openforyou.learn.serving import ACTIONS
from openforyou.moderation.effects import RECORDED_AS, recorded
from openforyou.pipeline import Candidates, Trace
from openforyou.recommend.query.query import Query
from openforyou.recommend.ranking import Ranked
from openforyou.recommend.ruled import acted
from openforyou.recommend.scorers.blend import trusted
from openforyou.recommend.types import Reason

VERSION = 1


def feed_record(
    ranked: Ranked, reasons: Mapping[int, tuple[Reason, ...]], sources: Sequence[str], ms: Mapping[str, float]
) -> dict[str, Any]:
    """Of a For You slate. `sources` are the pipeline's by bit, `ms` what the steps around the pipeline took."""
    query, trace, shown = ranked.query, ranked.trace, ranked.shown
    placed = query.index.placed if "model" in shown.columns else None
    closed = {"seen": query.seen, "recently_served": query.recent, "held": query.held, "refused": query.refused}
    closed |= {"muted": query.muted, "rights": query.lost}
    return {
        "v": VERSION,
        "model": "" if placed is None else placed.model.name,
        "model_share": 0.0 if placed is None else trusted(placed, query.weights),
        "weights": query.index.weights_digest,
        "region": query.ask.region,
        "search": _searched(query),
        "ms": {**{name: round(took, 3) for name, took in ms.items()}, **stage_ms(trace)},
        "closed": {name: len(at) for name, at in closed.items()},
        "removed": {name: len(ids) for name, ids in trace.removed.items()},
        "fallbacks": _fallbacks(ranked),
        RECORDED_AS: recorded(acted(ranked)),
        "items": _items(query, trace, shown, reasons, sources),
    }


def plain_record(reasons: Mapping[int, tuple[Reason, ...]]) -> dict[str, Any]:
    """Of a slate that nobody ranked: the Following feed, or what a viewer opened."""
    return {"v": VERSION, "items": {str(item): {"reasons": _coded(told)} for item, told in reasons.items()}}


def stage_ms(trace: Trace) -> dict[str, float]:
    """Milliseconds by stage of the pipeline."""
    return {f"{stage.kind}:{stage.name}": round(stage.ms, 3) for stage in trace.stages}


def _fallbacks(ranked: Ranked) -> list[str]:
    """What could not be done as wished, each once."""
    query = ranked.query
    told = [*query.notes.fallbacks, *(f"failed:{name}" for name in ranked.trace.failed)]
    if len(ranked.shown) < query.ask.size:
        told.append("too-few-left" if len(query.index) else "empty-catalogue")
    return list(dict.fromkeys(told))


def _searched(query: Query) -> dict[str, str]:
    """How the neighbours were found of those sources that look for some."""
    index = query.index
    by = {"content": index.by_content if len(query.past) else None}
    by["model"] = index.by_model if query.viewer is not None else None
    return {name: "exact" if one.near is None else "approximate" for name, one in by.items() if one is not None}


def _coded(reasons: Sequence[Reason]) -> list[tuple[str, tuple[int, ...]]]:
    return [(one.code, one.item_ids) for one in reasons]


def _items(
    query: Query, trace: Trace, shown: Candidates, reasons: Mapping[int, tuple[Reason, ...]], sources: Sequence[str]
) -> dict[str, Any]:
    ids, bits = shown.ids.tolist(), shown["sources"].tolist()
    values = _figures(shown["score"])
    nothing = [None] * len(ids)
    chances = _figures(shown["chances"]) if "chances" in shown.columns else [() for _ in ids]
    tastes = _figures(shown["taste"]) if "taste" in shown.columns else nothing
    return {
        str(item): {
            "sources": [name for bit, name in enumerate(sources) if bits[row] >> bit & 1],
            "chances": dict(zip(ACTIONS, chances[row], strict=False)),
            "taste": tastes[row],
            "value": values[row],
            "moves": {rule: moved[item] for rule, moved in trace.moved.items() if item in moved},
            "propensity": query.notes.propensity.get(item, 1.0),
            "reasons": _coded(reasons[item]),
        }
        for row, item in enumerate(ids)
    }


def _figures(values: NDArray[np.floating]) -> list[Any]:
    """(M,) or (M, K) at four digits, as lists; None for what is no number."""
    rounded = np.round(values.astype(np.float64), 4)
    told: list[Any] = rounded.tolist()
    return told if np.isfinite(rounded).all() else [_known(one) for one in told]


def _known(value: Any) -> Any:
    if isinstance(value, list):
        return [_known(one) for one in value]
    return value if math.isfinite(value) else None
