"""Every stage in the folders keeps its kind's promise. A new module is found and tested without a line here."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import openforyou.recommend as room
from openforyou.core.words import code
from openforyou.events.types import Controls
from openforyou.learn.serving import ACTIONS, Floats, History
from openforyou.moderation.types import PolicyKind, Scope, ScopeKind
from openforyou.pipeline import Candidates
from openforyou.recommend.feed import FOR_YOU
from openforyou.recommend.query.query import Query
from openforyou.recommend.snapshot.index import chances
from tests.recommend.shelves import deed, finished, index_of, query_of, recall_of, rule
from tests.recommend.world import MeanModel

KINDS = ("sources", "hydrators", "filters", "scorers", "rerankers")


def found(kind: str) -> list[Any]:
    """One instance of each stage in a folder."""
    package = importlib.import_module(f"{room.__name__}.{kind}")
    modules = [
        importlib.import_module(f"{package.__name__}.{each.name}") for each in pkgutil.iter_modules(package.__path__)
    ]
    return [
        member()
        for module in modules
        for member in vars(module).values()
        if isinstance(member, type)
        and member.__module__ == module.__name__
        and isinstance(getattr(member, "name", 0), str)
    ]


class HalfBlind:
    """A model that knows half of the items, and answers nonsense for some of the rest."""

    name = "half-blind"
    heads_share = 1.0

    def item_vectors(self, item_ids: np.ndarray, content: Floats) -> Floats:
        vectors = np.nan_to_num(content).astype(np.float32)
        vectors[::2] = np.nan
        return vectors

    def viewer_vector(self, history: History, vectors: Floats) -> Floats:
        return np.asarray(vectors.mean(axis=0), dtype=np.float32)

    def action_probabilities(self, viewer: Floats, vectors: Floats) -> Floats:
        told = np.full((len(vectors), len(ACTIONS)), 0.4, dtype=np.float32)
        told[vectors[:, 0] > 2] = np.nan
        return told


WATCHED = [finished(1000), finished(1006), deed(1001, watch_ms=500, skips=1), deed(1002, liked=1, views=1)]
RULES = [
    rule(1, PolicyKind.CAP, limit=1),
    rule(7, PolicyKind.CAP, Scope(ScopeKind.CREATOR, 13), limit=0),
    rule(2, PolicyKind.BOOST, Scope(ScopeKind.CREATOR, 12), factor=5),
    rule(3, PolicyKind.DEMOTE, Scope(ScopeKind.ITEM, 1005), factor=0.05),
    rule(4, PolicyKind.DEMOTE, factor=0.5),
    rule(5, PolicyKind.CROSS_POST_LIMIT, limit=2),
    rule(6, PolicyKind.CAP, Scope(ScopeKind.ITEM, 5), limit=0),
]
NOTHING_LEFT = [rule(10 + n, PolicyKind.CAP, Scope(ScopeKind.CREATOR, 10 + n), limit=0) for n in range(7)]
QUERIES: dict[str, Callable[[], Query]] = {
    "an empty catalogue": lambda: query_of(index_of(0), recall_of()),
    "one item": lambda: query_of(index_of(1), recall_of()),
    "nobody": lambda: query_of(index_of(90), recall_of()),
    "a watcher": lambda: query_of(index_of(90), recall_of(WATCHED, followed=[12, 99])),
    "a watcher of what is gone": lambda: query_of(index_of(90), recall_of([finished(5), finished(6)])),
    "only skips": lambda: query_of(index_of(90), recall_of([deed(1000 + n, watch_ms=300, skips=1) for n in range(40)])),
    "all seen": lambda: query_of(index_of(90), recall_of(WATCHED, seen=range(1000, 1090))),
    "all just served": lambda: query_of(
        index_of(90), recall_of(WATCHED, served=[(1000 + n, 1.0 + n) for n in range(90)])
    ),
    "some held": lambda: query_of(index_of(90), recall_of(WATCHED), held=range(1000, 1050)),
    "no profiling": lambda: query_of(index_of(90), recall_of(WATCHED, controls=Controls(profiling=False))),
    "no content": lambda: query_of(index_of(90, blank=range(90)), recall_of(WATCHED)),
    "content that is no number": lambda: query_of(index_of(90, blank=range(0, 90, 2)), recall_of(WATCHED)),
    "half a model": lambda: query_of(index_of(90, HalfBlind(), blank=[3]), recall_of(WATCHED)),
    "under rules": lambda: query_of(index_of(90, policies=RULES), recall_of(WATCHED)),
    "everything capped": lambda: query_of(index_of(90, policies=NOTHING_LEFT), recall_of(WATCHED)),
    "refused": lambda: query_of(index_of(90), recall_of([deed(1000 + n, refused=1) for n in range(20)])),
    "muted": lambda: query_of(
        index_of(90), recall_of(WATCHED, muted_creators=[10, 99], muted=[[3], [code("stone")], [3, 4]])
    ),
    "one language": lambda: query_of(index_of(90), recall_of(WATCHED, controls=Controls(languages=("nl",)))),
    "asked for more": lambda: query_of(
        index_of(90), recall_of(WATCHED[:2], wishes=[(1003, 1.0), (1000, 2.0), (5, 3.0)])
    ),
}
STRANGER = 77
"""An id that is not on the shelf."""


@pytest.fixture(params=QUERIES, scope="module")
def query(request: pytest.FixtureRequest) -> Query:
    return QUERIES[request.param]()


def ids(kind: str) -> list[str]:
    return [stage.name for stage in found(kind)]


def may_stand(query: Query) -> np.ndarray:
    """(N,) open, and not held back by a published cap."""
    may = ~query.index.ruling.capped & query.languages.heard(np.arange(len(query.index)))
    may[query.closed] = False
    return may


def everything(query: Query) -> Candidates:
    """Every item of the shelf and a stranger, as the sources might propose them."""
    all_ids = np.concatenate([[STRANGER], query.index.shelf.ids])
    return Candidates.of(all_ids, sources=np.ones(len(all_ids), np.int64), source_rank=np.arange(len(all_ids)))


def hydrated(query: Query) -> Candidates:
    candidates = everything(query)
    for stage in FOR_YOU.hydrators:
        candidates = candidates.with_columns(stage(query, candidates))
    return candidates


def scored(query: Query) -> Candidates:
    """What a reranker is given: those that may stand, by falling score."""
    candidates = hydrated(query)
    for keeper in FOR_YOU.filters:
        candidates = candidates.take(keeper(query, candidates))
    for scorer in FOR_YOU.scorers:
        candidates = candidates.with_columns(scorer(query, candidates))
    return candidates.take(np.argsort(-candidates["score"], kind="stable"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_stage_of_a_folder_is_declared_once_and_under_its_own_name(kind: str) -> None:
    declared = [(type(stage), stage.name) for stage in getattr(FOR_YOU, kind)]
    assert sorted(declared, key=str) == sorted(((type(stage), stage.name) for stage in found(kind)), key=str)


@pytest.mark.parametrize("source", found("sources"), ids=ids("sources"))
def test_a_source_proposes_distinct_items_that_may_be_shown_and_the_same_when_asked_again(
    source: Any, query: Query
) -> None:
    proposed = source(query).ids
    assert len(np.unique(proposed)) == len(proposed)
    at = query.index.shelf.positions(proposed)
    assert (at >= 0).all()
    assert query.opened(at).tolist() == at.tolist()
    assert source(query).ids.tolist() == proposed.tolist()


@pytest.mark.parametrize("hydrator", found("hydrators"), ids=ids("hydrators"))
def test_a_hydrator_tells_something_finite_of_each_and_changes_nothing(hydrator: Any, query: Query) -> None:
    candidates = hydrated(query)
    before = {name: column.copy() for name, column in candidates.columns.items()}
    for column in hydrator(query, candidates).values():
        assert len(column) == len(candidates)
        assert np.isfinite(column).all()
    for name, column in before.items():
        assert np.array_equal(column, candidates[name], equal_nan=True)


@pytest.mark.parametrize("keeper", found("filters"), ids=ids("filters"))
def test_a_filter_answers_yes_or_no_and_lets_no_stranger_through(keeper: Any, query: Query) -> None:
    candidates = hydrated(query)
    mask = keeper(query, candidates)
    assert mask.shape == (len(candidates),)
    assert mask.dtype == np.bool_
    assert not mask[0]
    assert len(keeper(query, candidates.take(np.zeros(len(candidates), dtype=bool)))) == 0


def test_the_filters_together_leave_exactly_what_is_open(query: Query) -> None:
    assert set(scored(query).ids.tolist()) == set(query.index.shelf.ids[may_stand(query)].tolist())


@pytest.mark.parametrize("scorer", found("scorers"), ids=ids("scorers"))
def test_a_scorer_tells_one_row_a_candidate(scorer: Any, query: Query) -> None:
    candidates = scored(query)
    for column in scorer(query, candidates).values():
        assert len(column) == len(candidates)


def test_scores_are_finite_and_one_that_is_no_number_spoils_no_other(query: Query) -> None:
    whole = scored(query)
    assert np.isfinite(whole["score"]).all()
    if not len(whole):
        return
    hurt = whole["odds"].copy()
    hurt[0] = np.nan
    candidates = whole.with_columns({"odds": hurt})
    for scorer in FOR_YOU.scorers:
        candidates = candidates.with_columns(scorer(query, candidates))
    assert not np.isfinite(candidates["score"][0])
    assert np.allclose(candidates["score"][1:], whole["score"][1:])


@pytest.mark.parametrize(("borne_out", "share"), [(0.0, 0.0), (0.25, 0.25), (1.0, 0.5)])
def test_a_model_counts_as_far_as_it_was_borne_out_and_half_at_the_most(borne_out: float, share: float) -> None:
    model = MeanModel()
    model.heads_share = borne_out
    told = scored(query_of(index_of(90, model), recall_of(WATCHED)))
    assert np.abs(told["model"] - told["estimate"]).max() > 0.1
    expected = chances(share * told["model"] + (1 - share) * told["estimate"])
    np.testing.assert_allclose(told["chances"], expected, rtol=1e-5)


@pytest.mark.parametrize("reranker", found("rerankers"), ids=ids("rerankers"))
@pytest.mark.parametrize("size", [1, 2, 10, 200])
def test_a_reranker_places_each_at_most_once_and_says_what_it_moved(reranker: Any, query: Query, size: int) -> None:
    candidates = scored(query)
    order = reranker(query, candidates, size)
    places = order.positions.tolist()
    assert len(set(places)) == len(places)
    assert all(0 <= at < len(candidates) for at in places)
    assert order.moved == {at: to - at for to, at in enumerate(places) if to != at}


@pytest.mark.parametrize("reranker", found("rerankers"), ids=ids("rerankers"))
def test_a_reranker_lifts_nothing_that_sank(reranker: Any, query: Query) -> None:
    candidates = scored(query)
    worthy = len(candidates) // 2
    score = np.where(np.arange(len(candidates)) < worthy, candidates["score"], -np.inf)
    order = reranker(query, candidates.with_columns({"score": score}), 5)
    assert all(at < worthy for at in order.positions[: min(5, worthy)].tolist())


def test_the_whole_pipeline_conserves_candidates(query: Query) -> None:
    slate = FOR_YOU.run(query, query.ask.size)
    assert slate.trace.failed == []
    assert len(slate.candidates) == min(query.ask.size, int(np.count_nonzero(may_stand(query))))
    proposed = {item for source in FOR_YOU.sources for item in source(query).ids.tolist()}
    removed = {item for gone in slate.trace.removed.values() for item in gone.tolist()}
    assert set(slate.candidates.ids.tolist()) | removed <= proposed
    assert not set(slate.candidates.ids.tolist()) & removed
    last = slate.trace.stages[-1]
    assert last.count_out + len(removed) == len(proposed)


def test_what_is_closed_stays_out_even_when_a_source_forgets_it() -> None:
    """Permission does not lean on the sources' good manners."""
    query = QUERIES["a watcher"]()
    for name in ("seen", "recent", "held", "refused", "muted", "lost"):
        closed = replace(query, **{name: np.array([5])})
        candidates = hydrated(closed)
        for keeper in FOR_YOU.filters:
            candidates = candidates.take(keeper(closed, candidates))
        assert closed.index.shelf.ids[5] not in candidates.ids, name
