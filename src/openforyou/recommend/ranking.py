"""From a query to what may be shown: the pipeline, and then the database's last word on permission.

The index may be a second old. So what the pipeline chose is read from the database, and an item that lost its rights
meanwhile is left out at once, with the next in line in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

import numpy as np
from sqlalchemy import Connection

from openforyou.pipeline import Candidates, Trace
from openforyou.recommend.feed import FOR_YOU
from openforyou.recommend.query.query import Query
from openforyou.recommend.snapshot.shelf import Ids
from openforyou.recommend.store import Offered, offered

SPARES = (4, 32, 256, 2_048)
"""Ranked beyond the slate's size, to stand in for what may not be shown any more; more where that was not enough."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A slate that may be shown now: `shown` in order, each with its `items` entry."""

    query: Query
    trace: Trace
    shown: Candidates
    items: Mapping[int, Offered]
    lost: int
    """Items that the index still had and that may not be recommended any more."""
    over_limit: tuple[int, ...]
    """Cross-posts that would have filled the slate past what a published rule allows in one."""
    permission_ms: float


def rank(connection: Connection, query: Query, at: datetime) -> Ranked:
    """The best that carry `show` and `recommend` at `at`; fewer than asked for only when fewer are left.

    The limit of cross-posts holds whatever else does: a slate is short rather than over it.
    """
    size = query.ask.size
    lost: set[int] = set()
    took_ms = 0.0
    for spare in SPARES:
        slate = FOR_YOU.run(query, size + spare)
        ids = slate.candidates.ids.tolist()
        start = perf_counter()
        items = offered(connection, ids, at=at)
        took_ms += (perf_counter() - start) * 1000
        allowed, over = _chosen(query, slate.candidates, items)
        lost |= set(ids) - items.keys()
        if len(allowed) == size or len(items) == len(ids):
            break
        query = query.without(lost)
    over_limit = tuple(slate.candidates.ids[over].tolist())
    return Ranked(
        query=query,
        trace=slate.trace,
        shown=slate.candidates.take(allowed),
        items=items,
        lost=len(lost),
        over_limit=over_limit,
        permission_ms=took_ms,
    )


def _chosen(query: Query, ranked: Candidates, items: Mapping[int, Offered]) -> tuple[Ids, Ids]:
    """Positions of what makes the slate, and of the cross-posts that stood before its last and were one too many."""
    policy = query.index.ruling.cross_post_limit
    room = query.ask.size if policy is None or policy.limit is None else policy.limit
    chosen: list[int] = []
    over: list[int] = []
    for at, (item, cross_post) in enumerate(zip(ranked.ids.tolist(), ranked["cross_post"].tolist(), strict=True)):
        if len(chosen) == query.ask.size:
            break
        if item not in items:
            continue
        if cross_post and not room:
            over.append(at)
            continue
        room -= cross_post
        chosen.append(at)
    return np.array(chosen, dtype=np.int64), np.array(over, dtype=np.int64)
