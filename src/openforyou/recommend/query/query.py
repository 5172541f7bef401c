"""The query of one request: the viewer, as far as their choices allow it to be known, against one snapshot.

Read anew for every request, so that the next slate knows the last event. What a stage needs to know of the request
stands here; stages read it and write nothing but `notes`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from openforyou.core.ids import RequestId, ViewerId
from openforyou.events.types import Recall
from openforyou.learn.serving import Did, History
from openforyou.pipeline import Candidates
from openforyou.pipeline.lookup import among
from openforyou.recommend.params import Weights
from openforyou.recommend.query.spoken import Languages
from openforyou.recommend.query.standing import Standing, standing_of
from openforyou.recommend.query.taste import Past, past_of
from openforyou.recommend.snapshot.index import Index
from openforyou.recommend.snapshot.nearest import NO_LIFT, Lift
from openforyou.recommend.snapshot.shelf import Ids, Mask
from openforyou.recommend.snapshot.space import Floats

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
    explored: set[int] = field(default_factory=set)
    """Those of them that were given their place by lot, and not by their value."""
    swayed: Swayed | None = None
    displaced: list[int] = field(default_factory=list)
    """Items that stood in the slate until the limit of cross-posts was applied."""


@dataclass(frozen=True, slots=True)
class Query:
    """What may not be shown, and why, as ascending positions on the shelf: some hundreds of a million."""

    ask: Ask
    index: Index
    weights: Weights
    seen: Ids  # anything was done with it
    recent: Ids  # served a moment ago
    held: Ids  # the client has it already
    refused: Ids  # not interested, or reported
    muted: Ids  # by its creator, sound, topic or a word, as the viewer chose
    lost: Ids  # found a moment ago to have lost a right
    closed: Ids  # any of these; what a cap holds back is not among them, to be removed in the open
    languages: Languages  # what declares another is left out
    past: Past
    standing: Standing  # what stood before this slate in this sitting; nothing without profiling
    viewer: Floats | None  # (D,) by the model
    next_up: Lift  # what often came next, by the model's counts
    followed: Ids  # creator codes, ascending; none without profiling
    lot: Ids  # ascending positions of fresh items, drawn by lot
    lot_chances: NDArray[np.float64]
    """The chance that each of them had to be drawn."""
    notes: Notes

    def lots(self) -> Random:
        """Random numbers of this request, for its places by lot: the same request draws the same again."""
        return Random(self.ask.request_id)  # noqa: S311 - a lottery, not a secret

    def opened(self, at: Ids) -> Ids:
        """Those of some positions that may be shown, in their order."""
        return _opened(self.closed, self.languages, at)

    @property
    def left(self) -> int:
        """How many items this viewer may still be shown, now or when what was just served may come back."""
        return _left(self.languages, _union(self.seen, self.held, self.refused, self.muted))

    def without(self, ids: Iterable[int]) -> Query:
        """The same, with items taken out that turned out to have lost a right."""
        lost = _union(self.lost, _places(self.index, np.array(sorted(ids), dtype=np.int64)))
        stays = ~among(lost, self.lot)
        return replace(
            self,
            lost=lost,
            closed=_union(self.closed, lost),
            lot=self.lot[stays],
            lot_chances=self.lot_chances[stays],
            notes=Notes(list(self.notes.fallbacks)),
        )


def kept_by(closed: Ids, candidates: Candidates) -> Mask:
    """(M,) candidates on the shelf that do not stand at `closed`, ascending positions."""
    at = candidates["position"]
    return (at >= 0) & ~among(closed, at)


def hydrate(ask: Ask, index: Index, recall: Recall, weights: Weights, fallbacks: Iterable[str] = ()) -> Query:
    """Everything a slate is made from. A viewer without profiling has no past, follows nobody and fits no model."""
    notes = Notes([*fallbacks, *([index.model_fault] if index.model_fault else [])])
    shelf = index.shelf
    refused = _places(index, recall.history["item_id"][recall.history["refused"] > 0])
    served = recall.served
    if not recall.controls.profiling:
        notes.fallbacks.append("profiling-off")
        recall = _unprofiled(recall)
    past = past_of(recall.history, shelf, ask.now_s, weights, recall.wishes)
    languages = Languages.of(index, recall.controls.languages)
    seen = _places(index, recall.seen)
    held = _places(index, np.array(list(ask.held), dtype=np.int64))
    muted = _muted(index, recall)
    shut = _union(seen, held, refused, muted)
    recent = _recent(languages, served, shut, ask.size, notes)
    closed = _union(shut, recent)
    opened = partial(_opened, closed, languages)
    lot, chances = index.lottery.draw(opened, np.random.default_rng(ask.request_id), weights)
    viewer, next_up = _ask_model(index, past, ask.now_s, notes)
    return Query(
        ask=ask,
        index=index,
        weights=weights,
        seen=seen,
        recent=recent,
        held=held,
        refused=refused,
        muted=muted,
        lost=np.empty(0, np.int64),
        closed=closed,
        languages=languages,
        past=past,
        standing=standing_of(recall.served, shelf, weights),
        viewer=viewer,
        next_up=next_up,
        followed=_codes(index, recall.followed),
        lot=lot,
        lot_chances=chances,
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


def _places(index: Index, ids: Ids) -> Ids:
    """Ascending positions of those that are on the shelf."""
    at = index.shelf.positions(np.unique(ids))
    return at[at >= 0]


def _union(*some: Ids) -> Ids:
    """Ascending, each once."""
    told = [one for one in some if len(one)]
    return np.unique(np.concatenate(told)) if len(told) > 1 else told[0] if told else some[0]


def _opened(closed: Ids, languages: Languages, at: Ids) -> Ids:
    return at[~among(closed, at) & languages.heard(at)]


def _left(languages: Languages, shut: Ids) -> int:
    """How many stand on the shelf, heard, neither shut nor capped."""
    shut, capped = (at[languages.heard(at)] for at in (shut, languages.index.capped))
    few, many = sorted((shut, capped), key=len)
    return languages.count - len(shut) - len(capped) + int(np.count_nonzero(among(many, few)))


def _codes(index: Index, creators: Ids) -> Ids:
    """Ascending codes of those creators that have anything on the shelf."""
    creators = np.unique(creators)
    return np.searchsorted(index.makers.ids, creators[among(index.makers.ids, creators)])


def _muted(index: Index, recall: Recall) -> Ids:
    """Ascending positions of all that a viewer muted."""
    makers = index.makers
    made = [makers.made[makers.starts[one] : makers.starts[one + 1]] for one in _codes(index, recall.muted_creators)]
    carried = index.shelf.found_by.carrying_all(recall.muted) if len(recall.muted) else np.empty(0, np.int64)
    return _union(np.sort(np.concatenate([np.empty(0, np.int64), *made])), _places(index, carried))


def _unprofiled(recall: Recall) -> Recall:
    """Without anything that they did: what is left are their choices, and what must not come twice."""
    return replace(
        recall,
        history=recall.history[:0],
        followed=recall.followed[:0],
        wishes=recall.wishes[:0],
        served=recall.served[:0],
    )


def _recent(languages: Languages, served: NDArray[np.void], shut: Ids, size: int, notes: Notes) -> Ids:
    """What was just served, but for as many as are needed to fill a slate: those that were served longest ago."""
    index = languages.index
    if not len(served):
        return np.empty(0, np.int64)
    last: NDArray[np.void] = served[np.argsort(-served["at"], kind="stable")]
    ids, first = np.unique(last["item_id"], return_index=True)
    at, when = index.shelf.positions(ids), last["at"][first]
    waits = (at >= 0) & ~among(shut, at) & ~among(index.capped, at) & languages.heard(at)
    at, when = at[waits], when[waits]
    missing = size - (_left(languages, shut) - len(at))
    if missing > 0 and len(at):
        notes.fallbacks.append("served-again")
        at = np.sort(at[np.argsort(when, kind="stable")][missing:])
    return at


def _ask_model(index: Index, past: Past, now_s: float, notes: Notes) -> tuple[Floats | None, Lift]:
    """Where the model puts the viewer, and what its counts add; None without a model or a past, or when it fails."""
    if index.placed is None:
        notes.fallbacks.append("no-model")
        return None, NO_LIFT
    model = index.placed.model
    history, told = history_of(past, index.shelf.ids[past.positions], now_s)
    if not len(history):
        notes.fallbacks.append("no-history")
        return None, NO_LIFT
    try:
        vector = model.viewer_vector(history, index.placed.vectors[past.positions[told]][::-1])
        ids, bonus = model.followers(history) if isinstance(model, CountsToo) else (NO_LIFT.at, NO_LIFT.by)
    except Exception as error:
        _log.exception("model %s could not place a viewer; the slate is made without it", model.name)
        notes.fallbacks.append(f"model-failed:{type(error).__name__}")
        return None, NO_LIFT
    vector = np.asarray(vector, dtype=np.float32)
    if vector.shape != index.placed.vectors.shape[1:] or not np.isfinite(vector).all():
        notes.fallbacks.append("model-not-finite")
        return None, NO_LIFT
    at = index.shelf.positions(ids)
    known = (at >= 0) & np.isfinite(bonus)
    return vector, Lift(at[known], bonus[known])
