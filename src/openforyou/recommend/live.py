"""Keeps the index fresh while requests run: reads what changed, builds the next snapshot, replaces one reference.

The catalogue and the published rules are looked at each second, counts, trends and the model less often. What cannot be
read now is tried again at the next look, and until then the snapshot before it serves.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Protocol

import numpy as np
from sqlalchemy import Connection
from threadpoolctl import threadpool_limits

from openforyou.catalog import store as catalog_store
from openforyou.core.clock import Clock
from openforyou.events import store as events_store
from openforyou.events.log import store as log_store
from openforyou.events.types import COUNT_NAMES
from openforyou.ingest.encoders import CONTENT_DIM, CONTENT_ENCODER
from openforyou.learn.serving import ServingModel
from openforyou.moderation.types import Policy
from openforyou.recommend import popularity, shelf
from openforyou.recommend.index import Index, Placed, build
from openforyou.recommend.params import Weights
from openforyou.recommend.popularity import Popularity
from openforyou.recommend.shelf import Ids, Listing, Shelf
from openforyou.recommend.space import Floats, fit
from openforyou.storage.database import Database

LOOK_EVERY_S = 0.8
RETRY_EVERY_S = 3.0
POPULARITY_EVERY_S = 8.0
MODEL_EVERY_S = 2.0
TRENDING_ACTIONS = ("view", "complete", "like", "share", "skip", "not_interested")
TREND_HALF_LIVES = 8
"""How far back the first look reads; what is older has faded to less than half a hundredth."""
PLACED_AT_ONCE = 4_000
FEATURES_AT_ONCE = 5_000
"""Bounds the memory that reading takes beside the matrix that is read into."""
CLOSE_TIMEOUT_S = 10.0
STALE_S = 30.0
_log = logging.getLogger(__name__)


class Models(Protocol):
    """Whoever knows which model serves now: `learn`'s registry."""

    def serving(self) -> ServingModel | None:
        """The newest that serves, or None."""
        ...


class Rulebook(Protocol):
    """Whoever knows which published rules are in force: `moderation`."""

    def acting(self) -> tuple[Policy, ...]:
        """Those whose record stands in the log, in their days, not ended."""
        ...


class LiveIndex:
    """`current` is the newest snapshot. `refresh` makes one now; `start` keeps making them until `close`."""

    def __init__(
        self,
        database: Database,
        models: Models,
        clock: Clock,
        weights: Weights,
        rulebook: Rulebook | None = None,
        *,
        stale_s: float = STALE_S,
    ) -> None:
        self._database = database
        self._models = models
        self._clock = clock
        self._weights = weights
        self._rulebook = rulebook
        self._policies: tuple[Policy, ...] = ()
        self._shelf = shelf.empty(CONTENT_DIM)
        self._read_to: datetime | None = None
        self._popularity = Popularity(np.empty(0, np.int64), np.empty((0, len(COUNT_NAMES)), np.int64))
        self._placed: Placed | None = None
        self._model_fault = ""
        self._refused = ""
        self._outdated = False
        self._stale_s = stale_s
        self._looked_at = 0.0
        self._due = {"popularity": 0.0, "model": 0.0}
        self._refreshing = threading.Lock()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self.current: Index = build(self._shelf, self._popularity, None, weights)

    @property
    def is_stale(self) -> bool:
        """Whether looks have failed for so long that the snapshot may be of an older world."""
        return self._thread is not None and monotonic() > self._looked_at + self._stale_s

    @property
    def is_loaded(self) -> bool:
        """Whether the catalogue was read at least once."""
        return self._read_to is not None

    def start(self) -> None:
        """Read everything, then go on in a thread. From here on this process multiplies matrices on one thread each.

        A slate's products are so small that threads cost more than they bring, and on busy cores ten times as much;
        and many slates are made at once anyway.
        """
        threadpool_limits(limits=1, user_api="blas")
        self.refresh()
        self._thread = threading.Thread(target=self._run, name="feed-index", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the thread. May be called twice, and without `start`."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(CLOSE_TIMEOUT_S)

    def look_now(self) -> None:
        """Do not wait for the next look: something was found to have changed."""
        self._wake.set()

    def refresh(self, *, only_due: bool = False) -> None:
        """Read what changed and replace the snapshot; with `only_due`, counts and model only when it is time.

        Raises what a read raises; what was read before it is in the snapshot.
        """
        with self._refreshing:
            now = monotonic()
            try:
                self._read_catalogue()
                self._read_rules()
                if not only_due or now >= self._due["popularity"]:
                    self._read_popularity()
                    self._due["popularity"] = now + POPULARITY_EVERY_S
                if not only_due or now >= self._due["model"]:
                    self._read_model()
                    self._due["model"] = now + MODEL_EVERY_S
                self._looked_at = now
            finally:
                if self._outdated:
                    fault = self._model_fault
                    ruled_by = self._policies
                    self.current = build(self._shelf, self._popularity, self._placed, self._weights, fault, ruled_by)
                    self._outdated = False

    def _run(self) -> None:
        pause_s = LOOK_EVERY_S
        while not self._stop.is_set():
            self._wake.wait(pause_s)
            self._wake.clear()
            if self._stop.is_set():
                return
            try:
                self.refresh(only_due=True)
                pause_s = LOOK_EVERY_S
            except Exception:
                _log.exception("the feed's index was not refreshed; the one before it serves on")
                pause_s = RETRY_EVERY_S

    def _read_catalogue(self) -> None:
        """Take in what changed since the last look. A row stamped by a slow transaction is read twice, never missed."""
        with self._database.connect() as connection:
            settled = events_store.settled_at(connection)
            rows = catalog_store.feed_rows(connection, at=self._clock.now(), changed_since=self._read_to)
            come = _news(self._shelf, sorted((_listing(row) for row in rows if row.listed), key=lambda row: row.id))
            gone = np.array([row.id for row in rows if not row.listed], dtype=np.int64)
            gone = gone[self._shelf.positions(gone) >= 0]
            if not come and not len(gone):
                self._read_to = settled
                return
            raw = _content(connection, [row.id for row in come])
        before = self._shelf
        self._shelf = shelf.restocked(before, gone, come, raw)
        self._read_to = settled
        self._outdated = True
        if self._placed is not None:
            self._place(self._placed.model, before, self._placed, [row.id for row in come])

    def _read_rules(self) -> None:
        """Take in which published rules are in force now: since the last look one may have come, ended or run out."""
        policies = () if self._rulebook is None else self._rulebook.acting()
        self._outdated |= policies != self._policies
        self._policies = policies

    def _read_popularity(self) -> None:
        half_life_s = self._weights.trend_half_life_h * 3600
        points = {action: getattr(self._weights, f"trend_{action}") for action in TRENDING_ACTIONS}
        with self._database.connect() as connection:
            until = events_store.settled_at(connection)
            since = self._popularity.until or until - timedelta(seconds=TREND_HALF_LIVES * half_life_s)
            gains = events_store.decayed_gains(connection, since, until, half_life_s=half_life_s, points=points)
            ids, counts = log_store.all_counts(connection)
        moved = popularity.moved_on(self._popularity, gains, max(until, since), half_life_s)
        self._popularity = popularity.counted(ids, counts, moved)
        self._outdated = True

    def _read_model(self) -> None:
        """Swap to the model that serves now, where it is another than before."""
        model = self._models.serving()
        held = None if self._placed is None else self._placed.model
        if model is None:
            self._outdated |= held is not None or bool(self._model_fault)
            self._placed, self._model_fault, self._refused = None, "", ""
        elif not len(self._shelf):
            return  # Nothing to place yet; asked again at the next look.
        elif model.name != self._refused and (held is None or model.name != held.name):
            self._place(model)

    def _place(
        self, model: ServingModel, before: Shelf | None = None, placed: Placed | None = None, new: Sequence[int] = ()
    ) -> None:
        """Put every item where `model` says; those that stood on the shelf `before`, and are not `new`, stay put."""
        self._outdated = True
        self._placed, self._model_fault, self._refused = None, "", ""
        try:
            answer = _placed(model, self._shelf, before, placed, new)
        except Exception as error:
            _log.exception("model %s cannot serve; the feed goes on without it", model.name)
            self._model_fault, self._refused = f"model-failed:{type(error).__name__}", model.name
            return
        if not answer.usable.any():
            _log.error("model %s gives no vector that is finite; the feed goes on without it", model.name)
            self._model_fault, self._refused = "model-not-finite", model.name
            return
        self._placed = answer


def _listing(row: Any) -> Listing:
    published_s, changed_s = row.published_at.timestamp(), row.changed_at.timestamp()
    return Listing(row.id, row.creator_id, published_s, row.duration_ms, changed_s, row.cross_post)


def _content(connection: Connection, ids: Sequence[int]) -> Floats:
    """(M, CONTENT_DIM); zero, which is no content, where there is none or it is of another length."""
    raw = np.zeros((len(ids), CONTENT_DIM), dtype=np.float32)
    at = {item: row for row, item in enumerate(ids)}
    for start in range(0, len(ids), FEATURES_AT_ONCE):
        some = ids[start : start + FEATURES_AT_ONCE]
        for row in catalog_store.feature_rows(connection, CONTENT_ENCODER, some):
            if len(row.vector) == raw.itemsize * CONTENT_DIM:
                raw[at[row.item_id]] = np.frombuffer(row.vector, dtype="<f4")
    return raw


def _news(held: Shelf, rows: list[Listing]) -> list[Listing]:
    """Those that are not on the shelf as they are."""
    at = held.positions(np.array([row.id for row in rows], dtype=np.int64))
    return [row for row, place in zip(rows, at, strict=True) if place < 0 or held.changed_s[place] != row.changed_s]


def _placed(model: ServingModel, now: Shelf, before: Shelf | None, placed: Placed | None, new: Sequence[int]) -> Placed:
    """The model's vectors for the shelf, computed only where they are not known."""
    known = np.full(len(now), -1)
    if before is not None:
        known = before.positions(now.ids)
        known[np.isin(now.ids, np.array(new, dtype=np.int64))] = -1
    asked = np.flatnonzero(known < 0)
    if placed is not None and not len(asked):
        return Placed(model, placed.vectors[known], placed.usable[known], placed.space)
    fresh = [_vectors(model, now, some) for some in np.array_split(asked, len(asked) // PLACED_AT_ONCE + 1)]
    found = np.concatenate(fresh)
    vectors = np.zeros((len(now), found.shape[1]), dtype=np.float32)
    vectors[asked] = found
    if placed is not None:
        vectors[known >= 0] = placed.vectors[known[known >= 0]]
    usable = np.asarray(np.isfinite(vectors).all(axis=1) & vectors.any(axis=1))
    vectors[~usable] = 0
    return Placed(model, vectors, usable, fit(vectors) if placed is None else placed.space)


def _vectors(model: ServingModel, now: Shelf, at: Ids) -> Floats:
    raw = now.space.raw(now.unit[at], now.distance[at])
    vectors = np.asarray(model.item_vectors(now.ids[at], raw), dtype=np.float32)
    assert vectors.ndim == 2, f"vectors of shape {vectors.shape}"
    assert len(vectors) == len(at), f"{len(vectors)} vectors for {len(at)} items"
    return vectors
