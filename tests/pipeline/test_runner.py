"""The runner conserves candidates, whatever the stages do, and knows which failures to forgive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.pipeline import Candidates, Order, Pipeline, Slate
from openforyou.pipeline.candidates import Column

IDS = st.lists(st.integers(1, 60), unique=True, max_size=30)


@dataclass
class Proposes:
    name: str
    ids: list[int]

    def __call__(self, query: object) -> Candidates:
        return Candidates.of(self.ids)


@dataclass
class Tells:
    name: str
    columns: Mapping[str, Column]

    def __call__(self, query: object, candidates: Candidates) -> Mapping[str, Column]:
        return self.columns


@dataclass
class KeepsMultiples:
    name: str
    of: int

    def __call__(self, query: object, candidates: Candidates) -> np.ndarray:
        return candidates.ids % self.of == 0


@dataclass
class Scores:
    """By a table; what is not in it scores not a number."""

    name: str
    table: Mapping[int, float]

    def __call__(self, query: object, candidates: Candidates) -> Mapping[str, Column]:
        return {"score": np.array([self.table.get(int(item), np.nan) for item in candidates.ids])}


@dataclass
class Shuffles:
    name: str
    seed: int

    def __call__(self, query: object, candidates: Candidates, size: int) -> Order:
        count = min(len(candidates), size + 2)
        positions = np.random.default_rng(self.seed).permutation(count)
        return Order(positions, {int(at): to - int(at) for to, at in enumerate(positions)})


class Fails:
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *arguments: object) -> None:
        raise RuntimeError("out of order")


def run(size: int = 100, **stages: object) -> Slate:
    kinds = ("sources", "hydrators", "filters", "scorers", "rerankers")
    return Pipeline(**{kind: stages.get(kind, ()) for kind in kinds}).run(None, size)  # type: ignore[arg-type]


@given(sources=st.lists(IDS, max_size=4), divisors=st.lists(st.integers(1, 4), max_size=3), seed=st.integers(0, 99))
def test_what_goes_in_comes_out_once_or_is_named_as_removed(
    sources: list[list[int]], divisors: list[int], seed: int
) -> None:
    slate = run(
        sources=[Proposes(f"source {n}", ids) for n, ids in enumerate(sources)],
        filters=[KeepsMultiples(f"filter {n}", of) for n, of in enumerate(divisors)],
        scorers=[Scores("score", {item: item * 37 % 11 for item in range(1, 40)})],
        rerankers=[Shuffles("shuffle", seed), Shuffles("again", seed + 1)],
    )
    kept = slate.candidates.ids.tolist()
    removed = [item for ids in slate.trace.removed.values() for item in ids.tolist()]
    assert len(set(kept)) == len(kept)
    assert sorted(kept + removed) == sorted({item for ids in sources for item in ids})
    for stage in slate.trace.stages:
        if stage.kind in ("hydrator", "scorer", "reranker"):
            assert stage.count_in == stage.count_out


@given(sources=st.lists(IDS, min_size=1, max_size=4), size=st.integers(1, 40))
def test_each_candidate_knows_who_proposed_it_and_its_best_rank(sources: list[list[int]], size: int) -> None:
    slate = run(size=size, sources=[Proposes(f"source {n}", ids) for n, ids in enumerate(sources)])
    assert len(slate.candidates) == min(size, len({item for ids in sources for item in ids}))
    for row, item in enumerate(slate.candidates.ids.tolist()):
        proposers = [n for n, ids in enumerate(sources) if item in ids]
        assert slate.candidates["sources"][row] == sum(1 << n for n in proposers)
        assert slate.candidates["source_rank"][row] == min(sources[n].index(item) for n in proposers)


@given(
    table=st.dictionaries(st.integers(1, 20), st.one_of(st.floats(), st.just(np.inf), st.just(-np.inf))),
    ids=st.lists(st.integers(1, 20), unique=True, min_size=1),
)
def test_a_score_that_is_not_finite_sinks_and_never_crashes(table: dict[int, float], ids: list[int]) -> None:
    slate = run(sources=[Proposes("source", ids)], scorers=[Scores("score", table)])
    order = slate.candidates.ids.tolist()
    finite = [item for item in order if np.isfinite(table.get(item, np.nan))]
    assert order[: len(finite)] == finite
    assert [table[item] for item in finite] == sorted((table[item] for item in finite), reverse=True)
    assert sorted(order) == sorted(ids)


def test_without_a_score_the_sources_order_stands() -> None:
    assert run(sources=[Proposes("source", [5, 3, 9])]).candidates.ids.tolist() == [5, 3, 9]


def test_a_source_that_fails_is_left_out_and_named() -> None:
    slate = run(sources=[Fails("broken"), Proposes("whole", [1, 2])])
    assert slate.candidates.ids.tolist() == [1, 2]
    assert slate.candidates["sources"].tolist() == [2, 2], "the bits are by declaration, not by success"
    assert slate.trace.failed == ["broken"]


def test_a_source_that_proposes_an_id_twice_fails_the_request() -> None:
    with pytest.raises(AssertionError, match="proposed an id twice"):
        run(sources=[Proposes("stutters", [1, 1])])


@pytest.mark.parametrize("stage", [Fails("broken"), Tells("short", {"score": np.zeros(1)})])
def test_a_scorer_that_fails_or_answers_the_wrong_length_is_left_out(stage: object) -> None:
    slate = run(sources=[Proposes("source", [1, 2])], scorers=[Scores("score", {1: 1.0, 2: 2.0}), stage])
    assert slate.candidates.ids.tolist() == [2, 1]
    assert len(slate.trace.failed) == 1


def test_a_reranker_that_fails_leaves_the_order_as_it_was() -> None:
    class Doubles:
        name = "doubles"

        def __call__(self, query: object, candidates: Candidates, size: int) -> Order:
            return Order(np.array([0, 0]), {})

    slate = run(sources=[Proposes("source", [1, 2])], rerankers=[Fails("broken"), Doubles()])
    assert slate.candidates.ids.tolist() == [1, 2]
    assert slate.trace.failed == ["broken", "doubles"]


@pytest.mark.parametrize("kind", ["hydrators", "filters"])
def test_a_hydrator_or_filter_that_fails_fails_the_request(kind: str) -> None:
    with pytest.raises(RuntimeError, match="out of order"):
        run(sources=[Proposes("source", [1])], **{kind: [Fails("broken")]})


@pytest.mark.parametrize("answer", [np.ones(3, dtype=bool), np.ones(2), np.array([[True, True]])])
def test_a_filter_answers_one_yes_or_no_a_candidate(answer: np.ndarray) -> None:
    class Answers:
        name = "answers"

        def __call__(self, query: object, candidates: Candidates) -> np.ndarray:
            return answer

    with pytest.raises(AssertionError, match="filter answers answered"):
        run(sources=[Proposes("source", [1, 2])], filters=[Answers()])


def test_a_hydrator_cannot_change_how_many_there_are() -> None:
    with pytest.raises(AssertionError, match="column more has 3 rows"):
        run(sources=[Proposes("source", [1, 2])], hydrators=[Tells("more", {"more": np.zeros(3)})])


def test_moves_are_told_by_id() -> None:
    class Swaps:
        name = "swaps"

        def __call__(self, query: object, candidates: Candidates, size: int) -> Order:
            return Order(np.array([1, 0]), {1: -1, 0: 1})

    slate = run(sources=[Proposes("source", [8, 9])], rerankers=[Swaps()])
    assert slate.candidates.ids.tolist() == [9, 8]
    assert slate.trace.moved == {"swaps": {9: -1, 8: 1}}


def test_two_stages_cannot_share_a_name() -> None:
    with pytest.raises(AssertionError, match="share a name"):
        run(sources=[Proposes("same", [1])], filters=[KeepsMultiples("same", 2)])


def test_nothing_proposed_is_an_empty_slate() -> None:
    slate = run(
        sources=[Fails("broken")],
        filters=[KeepsMultiples("filter", 2)],
        scorers=[Scores("score", {})],
        rerankers=[Shuffles("shuffle", 1)],
    )
    assert len(slate.candidates) == 0
