"""`bench search`: ways to find the nearest of many items, beside comparing all of them exactly in the same run.

Items lie as catalogues do: topics, looks within topics, clips within looks; a viewer likes three looks, the first most.
Each way answers one query at a time on one thread; builds run on one thread, too. *Recall* is the share of the exact
200 best that a way finds. What the feed uses is `inverted`; the graphs are what it was chosen over, and one of them is
measured only where its package (`usearch`) is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from time import perf_counter
from typing import Any

import faiss
import numpy as np
import psutil
from threadpoolctl import threadpool_limits

from openforyou.bench.report import Report
from openforyou.core.progress import Progress, silent
from openforyou.recommend.snapshot.nearest import NO_LIFT, Search
from openforyou.recommend.snapshot.neighbours import gathered
from openforyou.recommend.snapshot.shelf import LISTING, Ids, Shelf, empty, restocked
from openforyou.recommend.snapshot.space import Floats

TOPICS, ITEMS_A_LOOK = 100, 100
LINKS, BREADTH_BUILT, BREADTH = 16, 64, 400
"""Of the graphs: links a node, and how many nodes are held while building and while searching."""
SLICE = 65_536


@dataclass(frozen=True, slots=True)
class Load:
    """How many items of how many dimensions, and how much is asked of each way."""

    items: int = 200_000
    dim: int = 64
    queries: int = 200
    k: int = 200
    seed: int = 1


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to search: `ask` answers positions of about the k nearest to a point."""

    name: str
    ask: Callable[[Floats], Ids]
    build_s: float
    memory_mb: float


def run(load: Load | None = None, progress: Progress = silent) -> Report:
    """Measure each way over the same items and queries."""
    load = load or Load()
    items, queries = _items(load)
    with threadpool_limits(limits=1, user_api="blas"):
        exact = _exact(items, load.k)
        truth = [exact.ask(query) for query in queries]
        figures: dict[str, dict[str, float]] = {"exact": _measured(exact, queries, truth)}
        for way in _ways(items, load, progress):
            figures[way.name] = _measured(way, queries, truth)
    progress(1, 1, "done")
    ours, exactly = figures["inverted"], figures["exact"]
    return Report(
        bench="search",
        settings=asdict(load),
        metrics={"items": load.items, **ours, "ratio_to_exact": ours["query_ms"] / exactly["query_ms"]},
        baseline={"name": "all compared, float32", "query_ms": exactly["query_ms"]},
        detail={name: one for name, one in figures.items() if name not in ("inverted", "exact")},
    )


def _items(load: Load) -> tuple[Floats, Floats]:
    """(N, D) items and (Q, D) queries, of unit length."""
    rng = np.random.default_rng(load.seed)
    looks = max(load.items // ITEMS_A_LOOK, 3)
    topics = rng.normal(size=(TOPICS, load.dim))
    middles = 0.8 * topics[rng.integers(0, TOPICS, looks)] + 0.8 * rng.normal(size=(looks, load.dim))
    items = np.empty((load.items, load.dim), dtype=np.float32)
    for start in range(0, load.items, SLICE):
        of = rng.integers(0, looks, min(SLICE, load.items - start))
        items[start : start + SLICE] = middles[of] + 0.6 * rng.normal(size=(len(of), load.dim))
    liked = rng.integers(0, looks, (load.queries, 3))
    queries = np.einsum("qld,l->qd", middles[liked], [1.0, 0.6, 0.3]) + 0.3 * rng.normal(size=(load.queries, load.dim))
    items /= np.linalg.norm(items, axis=1, keepdims=True)
    return items, (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)


def _ways(items: Floats, load: Load, progress: Progress) -> Iterator[_Way]:
    builders = [_inverted, _faiss_graph, *([_usearch_graph] if find_spec("usearch") else [])]
    for number, build in enumerate(builders):
        progress(number, len(builders), build.__name__.strip("_").replace("_", " "))
        yield build(items, load.k)


def _exact(items: Floats, k: int) -> _Way:
    search = Search.over(_shelf(items), items, np.ones(len(items), dtype=bool), None)
    return _Way("exact", lambda query: _nearest(search, query, k), 0.0, items.nbytes / 2**20)


def _inverted(items: Floats, k: int) -> _Way:
    """As the feed searches, the exact comparison of what was found included."""
    shelf, before, start = _shelf(items), _resident_mb(), perf_counter()
    near = gathered(shelf.ids, shelf.changed_s, items, np.ones(len(items), dtype=bool))
    took_s, memory_mb = perf_counter() - start, _resident_mb() - before
    search = Search.over(shelf, items, np.ones(len(items), dtype=bool), near)
    return _Way("inverted", lambda query: _nearest(search, query, k), took_s, memory_mb)


def _faiss_graph(items: Floats, k: int) -> _Way:
    before, start = _resident_mb(), perf_counter()
    faiss.omp_set_num_threads(1)
    graph = faiss.IndexHNSWFlat(items.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction, graph.hnsw.efSearch = BREADTH_BUILT, BREADTH
    graph.add(items)
    return _Way(
        "graph_faiss",
        lambda query: np.asarray(graph.search(query[None], k)[1][0]),
        perf_counter() - start,
        _resident_mb() - before,
    )


def _usearch_graph(items: Floats, k: int) -> _Way:
    from usearch.index import Index

    before, start = _resident_mb(), perf_counter()
    graph: Any = Index(
        ndim=items.shape[1],
        metric="ip",
        dtype="f16",
        connectivity=LINKS,
        expansion_add=BREADTH_BUILT,
        expansion_search=BREADTH,
    )
    graph.add(np.arange(len(items)), items, threads=1)
    return _Way(
        "graph_usearch",
        lambda query: np.asarray(graph.search(query, k, threads=1).keys, dtype=np.int64),
        perf_counter() - start,
        _resident_mb() - before,
    )


def _shelf(items: Floats) -> Shelf:
    """A shelf of that many items, for their ids alone."""
    rows = np.zeros(len(items), dtype=LISTING)
    rows["id"] = np.arange(1, len(items) + 1)
    return restocked(empty(1), np.empty(0, np.int64), rows, np.ones((len(items), 1), dtype=np.float32))


def _nearest(search: Search, query: Floats, k: int) -> Ids:
    return search.nearest(query[None], k, NO_LIFT.at)[0]


def _measured(way: _Way, queries: Floats, truth: list[Ids]) -> dict[str, float]:
    way.ask(queries[0])
    start = perf_counter()
    found = [way.ask(query) for query in queries]
    query_ms = (perf_counter() - start) * 1000 / len(queries)
    recall = float(
        np.mean([len(np.intersect1d(one, best)) / len(best) for one, best in zip(found, truth, strict=True)])
    )
    return {"recall": recall, "query_ms": query_ms, "build_s": way.build_s, "memory_mb": way.memory_mb}


def _resident_mb() -> float:
    return float(psutil.Process().memory_info().rss / 2**20)
