"""Keeps the index fresh while requests run: reads what changed, builds the next snapshot, replaces one reference.

The catalogue and the published rules are looked at each second, counts and trends less often. What takes long over a
large catalogue, putting every item where a new model says and finding out who is near whom, is done beside that in a
thread of its own: the model before it serves on, and what is new is compared one by one. What cannot be read now is
tried again at the next look, and until then the snapshot before it serves.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection
from threadpoolctl import threadpool_limits

from openforyou.catalog import store as catalog_store
from openforyou.catalog.listing import store as listing_store
from openforyou.core.clock import Clock
from openforyou.events import store as events_store
from openforyou.events.log import store as log_store
from openforyou.events.types import COUNT_NAMES
from openforyou.ingest.encoders import CONTENT_DIM, CONTENT_ENCODER
from openforyou.learn.serving import ServingModel
from openforyou.moderation.types import Policy
from openforyou.recommend.params import Weights
from openforyou.recommend.snapshot import popularity, shelf
from openforyou.recommend.snapshot.index import Index, Placed, build
from openforyou.recommend.snapshot.nearest import Search
from openforyou.recommend.snapshot.placing import NotFinite, moved_to, placed_on
from openforyou.recommend.snapshot.popularity import Popularity
from openforyou.recommend.snapshot.shelf import LISTING, Ids, Shelf
from openforyou.recommend.snapshot.space import Floats
from openforyou.storage.database import Database

LOOK_EVERY_S = 0.8
RETRY_EVERY_S = 3.0
POPULARITY_EVERY_S = 8.0
POPULARITY_SHARE = 0.02
"""Of one core that reading counts may take: over a large catalogue it is done less often."""
MODEL_EVERY_S = 2.0
TRENDING_ACTIONS = ("view", "complete", "like", "share", "skip", "not_interested")
TREND_HALF_LIVES = 8
"""How far back the first look reads; what is older has faded to less than half a hundredth."""
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


@dataclass(frozen=True, slots=True)
class _Swap:
    """What to serve by from now on: a model as placed on a shelf, or none, and why none. `name` is the model's."""

    name: str = ""
    placed: Placed | None = None
    shelf: Shelf | None = None
    fault: str = ""


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
        self._popularity_due = 0.0
        self._serving = _Swap()
        self._outdated = False
        self._stale_s = stale_s
        self._looked_at = 0.0
        self._refreshing = threading.Lock()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._threads: list[threading.Thread] = []
        self.current: Index = build(self._shelf, self._popularity, None, weights)

    @property
    def is_stale(self) -> bool:
        """Whether looks have failed for so long that the snapshot may be of an older world."""
        return bool(self._threads) and monotonic() > self._looked_at + self._stale_s

    @property
    def is_loaded(self) -> bool:
        """Whether the catalogue was read at least once."""
        return self._read_to is not None

    def start(self) -> None:
        """Read everything, then go on in threads. From here on this process multiplies matrices on one thread each.

        A slate's products are so small that threads cost more than they bring, and on busy cores ten times as much;
        and many slates are made at once anyway.
        """
        threadpool_limits(limits=1, user_api="blas")
        self.refresh()
        for name, task in (("feed-index", self._look_until_stopped), ("feed-models", self._build_until_stopped)):
            thread = threading.Thread(target=task, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Stop the threads. May be called twice, and without `start`."""
        self._stop.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(CLOSE_TIMEOUT_S)

    def look_now(self) -> None:
        """Do not wait for the next look: something was found to have changed."""
        self._wake.set()

    def refresh(self) -> None:
        """Take in everything that changed, now. Raises what a read raises; what was read before it has its effect."""
        self._popularity_due = 0.0
        self._look()
        self._build()

    def _look_until_stopped(self) -> None:
        pause_s = LOOK_EVERY_S
        while not self._stop.is_set():
            self._wake.wait(pause_s)
            self._wake.clear()
            if self._stop.is_set():
                return
            try:
                self._look()
                pause_s = LOOK_EVERY_S
            except Exception:
                _log.exception("the feed's index was not refreshed; the one before it serves on")
                pause_s = RETRY_EVERY_S

    def _build_until_stopped(self) -> None:
        while not self._stop.wait(MODEL_EVERY_S):
            try:
                self._build()
            except Exception:
                _log.exception("the feed's model was not looked at; what served before serves on")

    def _look(self) -> None:
        """Read what is cheap to read."""
        with self._refreshing:
            now = monotonic()
            try:
                self._read_catalogue()
                self._read_rules()
                if now >= self._popularity_due:
                    self._read_popularity()
                    took_s = monotonic() - now
                    self._popularity_due = now + max(POPULARITY_EVERY_S, took_s / POPULARITY_SHARE)
                self._looked_at = now
            finally:
                self._publish()

    def _build(self) -> None:
        """Do what takes long, beside the looks; then put it into the snapshot of that moment."""
        swap = self._next_model()
        by_content = self.current.by_content.renewed()
        with self._refreshing:
            if swap is not None:
                self._swap(swap)
            if by_content.near is not self.current.by_content.near:
                here = self.current.by_content
                near = Search.over(here.shelf, here.points, here.usable, by_content.near)
                self.current = replace(self.current, by_content=near)
            self._publish()

    def _publish(self) -> None:
        if self._outdated:
            serving = self._serving
            made = build(
                self._shelf, self._popularity, serving.placed, self._weights, self._policies, before=self.current
            )
            self.current = replace(made, model_fault=serving.fault)
            self._outdated = False

    def _read_catalogue(self) -> None:
        """Take in what changed since the last look. A row stamped by a slow transaction is read twice, never missed."""
        with self._database.connect() as connection:
            settled = events_store.settled_at(connection)
            rows = listing_store.feed_rows(connection, at=self._clock.now(), changed_since=self._read_to)
            come = _news(self._shelf, rows[rows["listed"] != 0])
            gone = rows["id"][rows["listed"] == 0]
            gone = gone[self._shelf.positions(gone) >= 0]
            if not len(come) and not len(gone):
                self._read_to = settled
                return
            raw = _content(connection, come["id"])
            found_by = _found_by(connection, come["id"][self._shelf.positions(come["id"]) < 0])
        before = self._shelf
        self._shelf = shelf.restocked(before, gone, come, raw, found_by)
        self._read_to = settled
        self._outdated = True
        serving = self._serving
        if serving.placed is not None:
            self._swap(replace(serving, shelf=before))

    def _read_rules(self) -> None:
        """Take in which published rules are in force now: since the last look one may have come, ended or run out."""
        policies = () if self._rulebook is None else self._rulebook.acting()
        self._outdated |= policies != self._policies
        self._policies = policies

    def _read_popularity(self) -> None:
        half_life_s, most = self._weights.trend_half_life_h * 3600, self._weights.trend_viewers_min
        horizon = timedelta(seconds=TREND_HALF_LIVES * half_life_s)
        points = {action: getattr(self._weights, f"trend_{action}") for action in TRENDING_ACTIONS}
        with self._database.connect() as connection:
            until = events_store.settled_at(connection)
            since = self._popularity.until or until - horizon
            gains = events_store.decayed_gains(connection, since, until, half_life_s=half_life_s, points=points)
            came = events_store.came_between(connection, since, until, most=most)
            ids, counts = log_store.all_counts(connection)
        moved = popularity.moved_on(self._popularity, gains, max(until, since), half_life_s)
        moved = popularity.joined(moved, came, (until - horizon).timestamp(), most)
        self._popularity = popularity.counted(ids, counts, moved)
        self._outdated = True

    def _next_model(self) -> _Swap | None:
        """The model that serves now, placed, where it is another than before; None where nothing is to be done."""
        model, serving, stock = self._models.serving(), self._serving, self._shelf
        if model is None:
            return _Swap() if serving.name else None
        if not len(stock):
            return None  # Nothing to place yet; asked again at the next look.
        if model.name == serving.name:
            return self._regathered()
        before = serving.placed
        if before is not None and _family(before.model) != _family(model):
            before = None  # Nothing of a model that may have to be forgotten outlives it.
        return _placed(model.name, stock, lambda: placed_on(stock, model, before))

    def _regathered(self) -> _Swap | None:
        """The model that serves, with who is near whom found out anew where the shelf has outgrown what is known."""
        snapshot = self.current
        if snapshot.placed is None or snapshot.by_model is None:
            return None
        near = snapshot.by_model.renewed().near
        if near is snapshot.placed.near:
            return None
        return _Swap(snapshot.placed.model.name, replace(snapshot.placed, near=near), snapshot.shelf)

    def _swap(self, swap: _Swap) -> None:
        """Serve by it, moved to the shelf of now."""
        before, placed, now = swap.shelf, swap.placed, self._shelf
        if placed is not None and before is not None and before is not now:
            swap = _placed(swap.name, now, lambda: moved_to(now, before, placed))
        self._serving = swap
        self._outdated = True


def _family(model: ServingModel) -> str:
    """Of which training it is, where it says so: updates of one model lend each other their neighbours."""
    return str(getattr(model, "base", ""))


def _placed(name: str, on: Shelf, how: Callable[[], Placed]) -> _Swap:
    """What came of placing a model, said once where it cannot serve."""
    try:
        return _Swap(name, how(), on)
    except NotFinite:
        _log.error("model %s gives no vector that is finite; the feed goes on without it", name)
        return _Swap(name, fault="model-not-finite")
    except Exception as error:
        _log.exception("model %s cannot serve; the feed goes on without it", name)
        return _Swap(name, fault=f"model-failed:{type(error).__name__}")


def _content(connection: Connection, ids: Ids) -> Floats:
    """(M, CONTENT_DIM) of ascending ids; zero, which is no content, where there is none or it is of another length."""
    raw = np.zeros((len(ids), CONTENT_DIM), dtype=np.float32)
    for start in range(0, len(ids), FEATURES_AT_ONCE):
        some = ids[start : start + FEATURES_AT_ONCE]
        rows = [
            row
            for row in catalog_store.feature_rows(connection, CONTENT_ENCODER, some.tolist())
            if len(row.vector) == raw.itemsize * CONTENT_DIM
        ]
        if rows:
            at = start + np.searchsorted(some, np.array([row.item_id for row in rows], dtype=np.int64))
            raw[at] = np.frombuffer(b"".join([row.vector for row in rows]), dtype="<f4").reshape(-1, CONTENT_DIM)
    return raw


def _found_by(connection: Connection, ids: Ids) -> tuple[Ids, Ids]:
    """Codes of the words and topics of new items, and the item of each."""
    starts = range(0, len(ids), FEATURES_AT_ONCE)
    some = [listing_store.found_by(connection, ids[at : at + FEATURES_AT_ONCE].tolist()) for at in starts]
    if not some:
        return shelf.NO_CODES
    return np.concatenate([codes for codes, _ in some]), np.concatenate([items for _, items in some])


def _news(held: Shelf, rows: NDArray[np.void]) -> NDArray[np.void]:
    """Those that are not on the shelf as they are, (M,) of LISTING."""
    at = held.positions(rows["id"])
    new = at < 0
    new[~new] = held.changed_s[at[~new]] != rows["changed_s"][~new]
    come = np.zeros(int(np.count_nonzero(new)), dtype=LISTING)
    for name in LISTING.names or ():
        come[name] = rows[name][new]
    return come
