"""The bench of searches compares the same questions, and finds what it says it finds."""

from __future__ import annotations

from openforyou.bench.search import Load, run


def test_every_way_finds_most_of_the_nearest_and_is_told_with_what_it_cost() -> None:
    told = run(Load(items=3_000, dim=16, queries=20, k=20)).as_dict()
    assert told["metrics"]["items"] == 3_000
    ways = [told["metrics"], told["detail"]["graph_faiss"], told["detail"]["graph_usearch"]]
    for way in ways:
        assert 0.8 < way["recall"] <= 1
        assert way["query_ms"] > 0
        assert way["build_s"] > 0
    assert told["baseline"]["query_ms"] > 0
