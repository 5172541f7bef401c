"""Runs a pipeline: owns the timing, the conservation of candidates, and what happens when a stage fails.

Sources, scorers and rerankers make a slate better, so one that fails is recorded and left out. Hydrators and
filters decide what may be shown, so one that fails fails the request.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Generic, TypeVar

import numpy as np

from openforyou.pipeline.candidates import Candidates, Ids
from openforyou.pipeline.protocols import Filter, Hydrator, Order, Reranker, Scorer, Source

SOURCES_MAX = 32  # The `sources` column is one bit a source.
_log = logging.getLogger(__name__)

Q = TypeVar("Q")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class StageTrace:
    """One stage of one request. `error` is the exception's name where it failed and was left out."""

    kind: str
    name: str
    ms: float
    count_in: int
    count_out: int
    error: str = ""


@dataclass(slots=True)
class Trace:
    """What happened on the way to a slate. `removed[filter]` are the ids it took out."""

    stages: list[StageTrace] = field(default_factory=list)
    removed: dict[str, Ids] = field(default_factory=dict)
    moved: dict[str, dict[int, int]] = field(default_factory=dict)
    """`moved[reranker][id]`: places up (negative) or down."""

    @property
    def failed(self) -> list[str]:
        """Names of the stages that were left out."""
        return [stage.name for stage in self.stages if stage.error]


@dataclass(frozen=True, slots=True)
class Slate:
    """The first `size` candidates with all their columns, and the trace."""

    candidates: Candidates
    trace: Trace


@dataclass(frozen=True)
class Pipeline(Generic[Q]):
    """The stages in their order. Declared once, in one place, and read top-down."""

    sources: Sequence[Source[Q]]
    hydrators: Sequence[Hydrator[Q]]
    filters: Sequence[Filter[Q]]
    scorers: Sequence[Scorer[Q]]
    rerankers: Sequence[Reranker[Q]]

    def __post_init__(self) -> None:
        groups = (self.sources, self.hydrators, self.filters, self.scorers, self.rerankers)
        names = [stage.name for group in groups for stage in group]
        assert len(set(names)) == len(names), f"two stages share a name: {sorted(names)}"
        assert len(self.sources) <= SOURCES_MAX, f"more than {SOURCES_MAX} sources"

    def run(self, query: Q, size: int) -> Slate:
        """A slate of at most `size`, for `query`. Raises what a hydrator or filter raises, and nothing else."""
        assert size >= 1, "a slate holds at least one"
        trace = Trace()
        candidates = self._propose(query, trace)
        for hydrator in self.hydrators:
            candidates = _hydrated(hydrator, query, candidates, trace)
        for keeper in self.filters:
            candidates = _filtered(keeper, query, candidates, trace)
        candidates = self._scored(query, candidates, trace)
        for reranker in self.rerankers:
            candidates = _reranked(reranker, query, candidates, size, trace)
        return Slate(candidates.take(np.arange(min(size, len(candidates)))), trace)

    def _propose(self, query: Q, trace: Trace) -> Candidates:
        """The union of the sources. Columns: `sources` (bit i: source i proposed it), `source_rank` (its best rank)."""
        bits: list[Ids] = []
        ids: list[Ids] = []
        ranks: list[Ids] = []
        for number, source in enumerate(self.sources):
            found = _guarded("source", source.name, 0, trace, lambda source=source: source(query))  # type: ignore[misc]
            if found is None or not len(found):
                continue
            assert len(set(found.ids.tolist())) == len(found), f"source {source.name} proposed an id twice"
            ids.append(found.ids)
            bits.append(np.full(len(found), 1 << number, dtype=np.int64))
            ranks.append(np.arange(len(found)))
        if not ids:
            none = np.empty(0, dtype=np.int64)
            return Candidates.of(none, sources=none, source_rank=none)
        distinct, where = np.unique(np.concatenate(ids), return_inverse=True)
        sources = np.zeros(len(distinct), dtype=np.int64)
        np.bitwise_or.at(sources, where, np.concatenate(bits))
        rank = np.full(len(distinct), np.iinfo(np.int64).max)
        np.minimum.at(rank, where, np.concatenate(ranks))
        return Candidates.of(distinct, sources=sources, source_rank=rank)

    def _scored(self, query: Q, candidates: Candidates, trace: Trace) -> Candidates:
        """By falling score; a score that is not finite sinks; without any score, the sources' own order stands."""
        for scorer in self.scorers:
            told = _guarded(
                "scorer",
                scorer.name,
                len(candidates),
                trace,
                lambda scorer=scorer, candidates=candidates: candidates.with_columns(scorer(query, candidates)),  # type: ignore[misc]
            )
            candidates = candidates if told is None else told
        given = candidates.columns.get("score")
        raw = -candidates["source_rank"].astype(np.float64) if given is None else given.astype(np.float64)
        score = np.where(np.isfinite(raw), raw, -np.inf)
        candidates = candidates.with_columns({"score": score})
        return candidates.take(np.argsort(-score, kind="stable"))


def _guarded(kind: str, name: str, count_in: int, trace: Trace, stage: Callable[[], Candidates]) -> Candidates | None:
    """Run a stage that may fail; record it either way."""
    start = perf_counter()
    try:
        result = stage()
    except Exception as error:
        _log.exception("%s %s failed and was left out", kind, name)
        trace.stages.append(StageTrace(kind, name, _ms(start), count_in, count_in, type(error).__name__))
        return None
    trace.stages.append(StageTrace(kind, name, _ms(start), count_in, len(result)))
    return result


def _hydrated(stage: Hydrator[Q], query: Q, candidates: Candidates, trace: Trace) -> Candidates:
    start = perf_counter()
    told = candidates.with_columns(stage(query, candidates))
    trace.stages.append(StageTrace("hydrator", stage.name, _ms(start), len(candidates), len(told)))
    return told


def _filtered(stage: Filter[Q], query: Q, candidates: Candidates, trace: Trace) -> Candidates:
    start = perf_counter()
    mask = stage(query, candidates)
    assert mask.shape == (len(candidates),), f"filter {stage.name} answered {mask.shape}"
    assert mask.dtype == np.bool_, f"filter {stage.name} answered {mask.dtype}"
    trace.removed[stage.name] = candidates.ids[~mask]
    kept = candidates if mask.all() else candidates.take(mask)  # Most filters find nothing to remove: copy nothing.
    trace.stages.append(StageTrace("filter", stage.name, _ms(start), len(candidates), len(kept)))
    return kept


def _reranked(stage: Reranker[Q], query: Q, candidates: Candidates, size: int, trace: Trace) -> Candidates:
    def reorder() -> Candidates:
        order: Order = stage(query, candidates, size)
        waits = np.ones(len(candidates), dtype=bool)
        waits[order.positions] = False
        rest = np.flatnonzero(waits)
        assert len(rest) + len(order.positions) == len(candidates), f"{stage.name} placed a candidate twice"
        trace.moved[stage.name] = {int(candidates.ids[position]): by for position, by in order.moved.items()}
        return candidates.take(np.concatenate([order.positions, rest])) if len(order.positions) else candidates

    result = _guarded("reranker", stage.name, len(candidates), trace, reorder)
    return candidates if result is None else result


def _ms(start: float) -> float:
    return (perf_counter() - start) * 1000
