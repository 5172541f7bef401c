"""The query of one request: the viewer, as far as their choices allow it to be known, against one snapshot.

Read anew for every request, so that the next slate knows the last event. What a stage needs to know of the request
stands here; stages read it and write nothing but `notes`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from openforyou.core.ids import RequestId, ViewerId
from openforyou.events.types import DEEDS, Recall
from openforyou.learn.serving import Did, History
from openforyou.pipeline import Candidates
from openforyou.recommend.index import Index
from openforyou.recommend.params import Weights
from openforyou.recommend.shelf import Ids
from openforyou.recommend.space import Floats
from openforyou.recommend.taste import Past, past_of

Mask = NDArray[np.bool_]
_log = logging.getLogger(__name__)


@runtime_checkable
class CountsToo(Protocol):
    """A model that also counted what came after what: see `learn`."""

    def followers(self, history: History) -> tuple[Ids, Floats]:
        """Ids that often came soon after what was wanted last, and what each adds to its dot product; (K,) both."""
        ...


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked for. `held` are items that the client has already and wants no second time."""

    request_id: RequestId
    viewer_id: ViewerId
    region: str
    size: int
    now_s: float
    held: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Swayed:
    """What boosts and demotions did to the order of M candidates by value."""

    ids: Ids  # (M,)
    positions: Ids  # (M,) on the shelf
    factored: Mask  # (M,) a rule bears on it
    before: Ids  # (M,) its place without the rules, from 0
    after: Ids  # (M,) and with them


@dataclass(slots=True)
class Notes:
    """What stages leave for the record."""

    fallbacks: list[str] = field(default_factory=list)
    """What could not be done as wished, and what was done instead."""
    propensity: dict[int, float] = field(default_factory=dict)
    """By item that stands by lot: the chance that it had to stand there."""
    swayed: Swayed | None = None
    displaced: list[int] = field(default_factory=list)
    """Items that stood in the slate until the limit of cross-posts was applied."""


@dataclass(frozen=True, slots=True)
class Query:
    """N is the number of items on the shelf. Masks say by position what may not be shown, and why."""

    ask: Ask
    index: Index
    weights: Weights
    seen: Mask  # (N,) anything was done with it
    recent: Mask  # (N,) served a moment ago
    held: Mask  # (N,) the client has it already
    refused: Mask  # (N,) not interested, or reported
    lost: Mask  # (N,) found a moment ago to have lost a right
    open: Mask  # (N,) none of these; what a cap holds back is among them, to be removed in the open
    past: Past
    viewer: Floats | None  # (D,) by the model
    next_up: tuple[Ids, Floats]  # positions that often came next, by the model's counts, and what each adds
    followed: Mask  # (K,) by creator code; none without profiling
    lot: Ids  # positions of fresh items, drawn by lot
    lot_chance: float
    """The chance that each fresh item had to be drawn."""
    notes: Notes

    def lots(self) -> Random:
        """Random numbers of this request, for its places by lot: the same request draws the same again."""
        return Random(self.ask.request_id)  # noqa: S311 - a lottery, not a secret

    def without(self, ids: Iterable[int]) -> Query:
        """The same, with items taken out that turned out to have lost a right."""
        lost = self.lost.copy()
        at = self.index.shelf.positions(np.array(sorted(ids), dtype=np.int64))
        lost[at[at >= 0]] = True
        lot = self.lot[~lost[self.lot]]
        return replace(self, lost=lost, open=self.open & ~lost, lot=lot, notes=Notes(list(self.notes.fallbacks)))


def kept_by(mask: Mask, candidates: Candidates) -> Mask:
    """(M,) candidates on the shelf that a mask over the shelf does not name."""
    at = candidates["position"]
    kept: Mask = at >= 0
    kept[kept] = ~mask[at[kept]]
    return kept


def hydrate(ask: Ask, index: Index, recall: Recall, weights: Weights, fallbacks: Iterable[str] = ()) -> Query:
    """Everything a slate is made from. A viewer without profiling has no past, follows nobody and fits no model."""
    notes = Notes([*fallbacks, *([index.model_fault] if index.model_fault else [])])
    shelf = index.shelf
    profiled = recall.controls.profiling
    if not profiled:
        notes.fallbacks.append("profiling-off")
    past = past_of(recall.history if profiled else np.empty(0, DEEDS), shelf, ask.now_s, weights)
    seen = _mask(index, recall.seen)
    held = _mask(index, np.array(sorted(ask.held), dtype=np.int64))
    refused = _mask(index, recall.history["item_id"][recall.history["refused"] > 0])
    closed, capped = seen | held | refused, index.ruling.capped
    recent = _recent(index, recall.served, closed | capped, ask.size, notes)
    opened = ~(closed | recent)
    lot, chance = _lot(opened & index.is_fresh & ~capped, ask, weights)
    viewer, next_up = _ask_model(index, past, ask.now_s, notes)
    return Query(
        ask=ask,
        index=index,
        weights=weights,
        seen=seen,
        recent=recent,
        held=held,
        refused=refused,
        lost=np.zeros(len(index), dtype=bool),
        open=opened,
        past=past,
        viewer=viewer,
        next_up=next_up,
        followed=_follows(index, recall.followed if profiled else np.empty(0, np.int64)),
        lot=lot,
        lot_chance=chance,
        notes=notes,
    )


def history_of(past: Past, ids: Ids, now_s: float) -> tuple[History, NDArray[np.bool_]]:
    """The past as a model reads it, oldest first, and which of the T clips are in it: those that say something."""
    deeds = past.deeds
    did = (
        Did.VIEW * (deeds["views"] > 0)
        + Did.COMPLETE * (deeds["completions"] > 0)
        + Did.LIKE * (deeds["liked"] > 0)
        + Did.SHARE * (deeds["shares"] > 0)
        + Did.SKIP * (deeds["skips"] > 0)
        + Did.NOT_INTERESTED * (deeds["refused"] > 0)
    )
    told = (did > 0) | (past.watched > 0)
    age_s = np.maximum(now_s - deeds["last_at"], 0).astype(np.float32)
    return (
        History(ids[told][::-1], did[told][::-1].astype(np.int64), past.watched[told][::-1], age_s[told][::-1]),
        told,
    )


def _mask(index: Index, ids: Ids) -> Mask:
    mask = np.zeros(len(index), dtype=bool)
    at = index.shelf.positions(ids)
    mask[at[at >= 0]] = True
    return mask


def _follows(index: Index, followed: Ids) -> Mask:
    mask = np.zeros(len(index.creators), dtype=bool)
    if len(index.creators):
        at = np.minimum(np.searchsorted(index.creators, followed), len(index.creators) - 1)
        mask[at[index.creators[at] == followed]] = True
    return mask


def _recent(index: Index, served: NDArray[np.void], closed: Mask, size: int, notes: Notes) -> Mask:
    """What was just served, but for as many as are needed to fill a slate: those that were served longest ago."""
    last: NDArray[np.void] = served[np.argsort(-served["at"], kind="stable")]
    ids, first = np.unique(last["item_id"], return_index=True)
    at, when = index.shelf.positions(ids), last["at"][first]
    waits = at >= 0
    waits[waits] = ~closed[at[waits]]
    at, when = at[waits], when[waits]
    missing = size - (len(index) - np.count_nonzero(closed) - len(at))
    if missing > 0 and len(at):
        notes.fallbacks.append("served-again")
        at = at[np.argsort(when, kind="stable")][missing:]
    mask = np.zeros(len(index), dtype=bool)
    mask[at] = True
    return mask


def _lot(fresh: Mask, ask: Ask, weights: Weights) -> tuple[Ids, float]:
    """Fresh items, each with the same chance, and that chance."""
    pool = np.flatnonzero(fresh)
    if len(pool) <= weights.fresh_items:
        return pool, 1.0
    drawn = np.random.default_rng(ask.request_id).choice(len(pool), weights.fresh_items, replace=False)
    return pool[drawn], weights.fresh_items / len(pool)


def _ask_model(index: Index, past: Past, now_s: float, notes: Notes) -> tuple[Floats | None, tuple[Ids, Floats]]:
    """Where the model puts the viewer, and what its counts add; None without a model or a past, or when it fails."""
    nothing = np.empty(0, np.int64), np.empty(0, np.float32)
    if index.placed is None:
        notes.fallbacks.append("no-model")
        return None, nothing
    model = index.placed.model
    history, told = history_of(past, index.shelf.ids[past.positions], now_s)
    if not len(history):
        notes.fallbacks.append("no-history")
        return None, nothing
    try:
        vector = model.viewer_vector(history, index.placed.vectors[past.positions[told]][::-1])
        ids, bonus = model.followers(history) if isinstance(model, CountsToo) else nothing
    except Exception as error:
        _log.exception("model %s could not place a viewer; the slate is made without it", model.name)
        notes.fallbacks.append(f"model-failed:{type(error).__name__}")
        return None, nothing
    vector = np.asarray(vector, dtype=np.float32)
    if vector.shape != index.placed.vectors.shape[1:] or not np.isfinite(vector).all():
        notes.fallbacks.append("model-not-finite")
        return None, nothing
    at = index.shelf.positions(ids)
    known = (at >= 0) & np.isfinite(bonus)
    return vector, (at[known], bonus[known])
