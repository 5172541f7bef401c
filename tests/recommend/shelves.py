"""Snapshots and queries made of arrays, without a database: what the stages are tested on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from openforyou.core.ids import RequestId, ViewerId
from openforyou.core.languages import tag_number
from openforyou.events.types import COUNT_NAMES, DEEDS, MUTED, SERVED, Controls, Recall
from openforyou.learn.serving import ServingModel
from openforyou.moderation.types import Policy, PolicyId, PolicyKind, Scope, ScopeKind
from openforyou.recommend.params import Weights
from openforyou.recommend.query.query import Ask, Query, hydrate
from openforyou.recommend.snapshot.index import Index, Placed, build
from openforyou.recommend.snapshot.popularity import EVERYWHERE, Popularity
from openforyou.recommend.snapshot.shelf import LISTING, Shelf, empty, restocked
from openforyou.recommend.snapshot.space import fit

NOW_S = 1_780_000_000.0
DIM = 24
LOOKS = 6
LANGUAGES = ("", "nl", "yue")
WEIGHTS = Weights()
CROSS_POSTS = Scope(ScopeKind.CROSS_POSTS)


def shelf_of(count: int, *, blank: Sequence[int] = (), seed: int = 0) -> Shelf:
    """Item n has id 1000 + n and look n % LOOKS, every fourth is a cross-post; content in `blank` is not a number.

    Its language is `LANGUAGES[n % 3]`, and four in five share sound n % 5.
    """
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(LOOKS, DIM))
    raw = centres[np.arange(count) % LOOKS] + 2 + 0.3 * rng.normal(size=(count, DIM))
    raw[list(blank)] = np.nan
    rows = [
        (1000 + n, 10 + n % 7, NOW_S - 3600 * n, 10_000, 1.0, n % 4 == 0, n % 5, tag_number(LANGUAGES[n % 3]))
        for n in range(count)
    ]
    return restocked(empty(DIM), np.empty(0, np.int64), np.array(rows, dtype=LISTING), raw.astype(np.float32))


def index_of(
    count: int, model: ServingModel | None = None, *, blank: Sequence[int] = (), policies: Sequence[Policy] = ()
) -> Index:
    """Every third item has counts, of which one is impossible; every fifth trends."""
    shelf = shelf_of(count, blank=blank)
    counted = shelf.ids[::3]
    counts = np.zeros((len(counted), len(COUNT_NAMES)), dtype=np.int64)
    counts[:, COUNT_NAMES.index("impressions")] = 300
    counts[:, COUNT_NAMES.index("likes")] = np.arange(len(counted)) % 40
    counts[:1, COUNT_NAMES.index("views")] = 10**9
    rising = shelf.ids[::5]
    gains = np.linspace(5, -1, len(rising))
    crowd = {"NL": dict.fromkeys(range(WEIGHTS.trend_viewers_min), NOW_S)}
    popularity = Popularity(counted, counts, {"NL": (rising, gains), EVERYWHERE: (rising, gains)}, crowds=crowd)
    return build(shelf, popularity, placed_by(model, shelf), WEIGHTS, policies=policies)


def rule(
    number: int,
    kind: PolicyKind,
    scope: Scope = CROSS_POSTS,
    *,
    limit: int | None = None,
    factor: float | None = None,
) -> Policy:
    """A rule in force, as the log might say it."""
    since = datetime.fromtimestamp(NOW_S - 60, UTC)
    return Policy(
        PolicyId(number), kind, f"Rule {number}", "For a test, that is why.", scope, since, None, limit, factor
    )


def placed_by(model: ServingModel | None, shelf: Shelf) -> Placed | None:
    if model is None:
        return None
    vectors = np.array(model.item_vectors(shelf.ids, shelf.raw()), dtype=np.float32)
    usable = np.isfinite(vectors).all(axis=1) & vectors.any(axis=1)
    vectors[~usable] = 0
    return Placed(model, vectors, usable, fit(vectors))


def deed(item: int, at_s: float = NOW_S - 60, **done: int) -> tuple[float, ...]:
    """A row of viewer state."""
    counted = ("watch_ms", "views", "completions", "skips", "shares", "liked", "refused")
    return (item, at_s, *(done.get(name, 0) for name in counted))


def finished(item: int, at_s: float = NOW_S - 60) -> tuple[float, ...]:
    return deed(item, at_s, watch_ms=10_000, views=1, completions=1)


def recall_of(
    history: Sequence[tuple[float, ...]] = (),
    *,
    served: Sequence[tuple[int, float]] = (),
    followed: Sequence[int] = (),
    controls: Controls | None = None,
    seen: Sequence[int] = (),
    muted_creators: Sequence[int] = (),
    muted: Sequence[Sequence[int]] = (),
    wishes: Sequence[tuple[int, float]] = (),
) -> Recall:
    """What the events would answer: the history newest first, seen with it; `muted` are the codes of each mute."""
    deeds = np.array(list(history), dtype=DEEDS.newbyteorder("="))
    return Recall(
        controls=controls or Controls(),
        seen=np.unique(np.concatenate([deeds["item_id"], np.array(seen, dtype=np.int64)])),
        followed=np.array(followed, dtype=np.int64),
        served=np.array(list(served), dtype=SERVED.newbyteorder("=")),
        history=deeds,
        muted_creators=np.array(muted_creators, dtype=np.int64),
        muted=np.array(
            [(number, code) for number, codes in enumerate(muted) for code in codes], dtype=MUTED.newbyteorder("=")
        ),
        wishes=np.array(list(wishes), dtype=SERVED.newbyteorder("=")),
    )


def query_of(index: Index, recall: Recall, *, size: int = 10, held: Sequence[int] = (), request: int = 7) -> Query:
    ask = Ask(RequestId(request), ViewerId(3), "NL", size, NOW_S, frozenset(held))
    return hydrate(ask, index, recall, WEIGHTS)
