"""What one can ask of the feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from time import perf_counter

import numpy as np
from sqlalchemy import Connection

from openforyou.catalog import store as catalog_store
from openforyou.catalog.service import Catalog
from openforyou.catalog.types import Item
from openforyou.core.clock import Clock
from openforyou.core.errors import BadInput
from openforyou.core.ids import ItemId, RequestId, ViewerId, encode_id, new_id
from openforyou.events import store as events_store
from openforyou.events.log import store as log_store
from openforyou.events.service import Events
from openforyou.events.types import ServedSlate, ViewerItem
from openforyou.recommend.cursor import read_cursor, write_cursor
from openforyou.recommend.errors import SlateNotFound
from openforyou.recommend.explain import explanation, named_items, reason, reasons_of
from openforyou.recommend.feed import FOR_YOU
from openforyou.recommend.inferred import Inferred, inferred
from openforyou.recommend.params import Weights
from openforyou.recommend.query.query import Ask, Query, hydrate
from openforyou.recommend.query.recent import JustServed
from openforyou.recommend.ranking import rank
from openforyou.recommend.record import feed_record, plain_record
from openforyou.recommend.snapshot.live import LiveIndex, Models, Rulebook
from openforyou.recommend.store import Offered
from openforyou.recommend.types import SIZE_MAX, Entry, Explanation, Reason, Served
from openforyou.storage.database import Database

FOR_YOU_SURFACE, FOLLOWING_SURFACE = "for_you", "following"
SOURCE_NAMES = tuple(source.name for source in FOR_YOU.sources)
_LAPS = ("query", "rank", "explain", "entries")


@dataclass(frozen=True, slots=True)
class _Page:
    """What is on its way to a client, and what only this viewer has to do with it."""

    request_id: RequestId
    viewer_id: ViewerId
    shown: Sequence[Offered]
    followed: frozenset[int]
    states: Mapping[int, ViewerItem]
    reasons: Mapping[int, tuple[Reason, ...]]


class Feed:
    """For You, Following, and why. `start` reads the catalogue and keeps it fresh in a thread until `close`."""

    def __init__(
        self,
        database: Database,
        catalog: Catalog,
        events: Events,
        models: Models,
        clock: Clock,
        rulebook: Rulebook | None = None,
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._events = events
        self._clock = clock
        self._weights = Weights()
        self._live = LiveIndex(database, models, clock, self._weights, rulebook)
        self._just_served = JustServed()

    @property
    def weights(self) -> Weights:
        """By which it ranks."""
        return self._weights

    def start(self) -> None:
        """Read everything, then keep it fresh: the catalogue each second, counts each ten, the newest model."""
        self._live.start()

    def close(self) -> None:
        """Stop keeping it fresh. May be called twice."""
        self._live.close()

    def refresh(self) -> None:
        """Take in everything that changed, now."""
        self._live.refresh()

    def for_you(
        self, viewer_id: ViewerId, *, region: str = "", size: int = 10, session: frozenset[int] = frozenset()
    ) -> Served:
        """The next slate. `session` are items that the client has already and wants no second time.

        Knows every event that was answered before the call. Raises `BadInput` for a size out of range, `Unavailable`
        when the slate cannot be recorded: nothing is served that cannot be explained.
        """
        _check_size(size)
        if not self._live.is_loaded:
            self._live.refresh()
        now = self._clock.now()
        ask = Ask(RequestId(new_id()), viewer_id, region, size, now.timestamp(), session)
        laps = [perf_counter()]
        with self._database.glance() as connection:
            query, followed = self._query(connection, ask, now)
            laps.append(perf_counter())
            ranked = rank(connection, query, now)
            laps.append(perf_counter())
        ids = tuple(ItemId(item) for item in ranked.shown.ids.tolist())
        reasons = reasons_of(ranked.query, ranked.shown, SOURCE_NAMES)
        laps.append(perf_counter())
        shown = [ranked.items[item] for item in ids]
        entries = self._entries(_Page(ask.request_id, viewer_id, shown, followed, {}, reasons))
        laps.append(perf_counter())
        ms = {name: (end - start) * 1000 for name, (start, end) in zip(_LAPS, pairwise(laps), strict=True)}
        ms["permission"] = ranked.permission_ms
        record = feed_record(ranked, reasons, SOURCE_NAMES, ms)
        self._events.record(ServedSlate(ask.request_id, viewer_id, now, FOR_YOU_SURFACE, ids, record))
        self._just_served.add(viewer_id, ids, ask.now_s)
        if ranked.lost:
            self._live.look_now()
        left = query.left - ranked.lost - len(ids)
        return Served(ask.request_id, entries, encode_id(ask.request_id) if left > 0 else "", exhausted=left <= 0)

    def following(self, viewer_id: ViewerId, *, before: str | None = None, size: int = 10) -> Served:
        """What followed creators published, newest first; `before` is the cursor of the page above.

        Raises `BadInput` for a size or cursor that cannot be.
        """
        _check_size(size)
        now, request_id = self._clock.now(), RequestId(new_id())
        since = read_cursor(before) if before else None
        with self._database.connect() as connection:
            followed = frozenset(events_store.following(connection, viewer_id))
            found = catalog_store.items_of_creators(connection, followed, at=now, before=since, limit=size + 1)
            page = found[:size]
            states = events_store.states_of(connection, viewer_id, [item.id for item in page])
            refused = {item for item, state in states.items() if state.not_interested or state.reported}
            items = [item for item in page if item.id not in refused]
            reasons = _all(items, reason("following"))
            shown = _with_numbers(connection, items)
        entries = self._entries(_Page(request_id, viewer_id, shown, followed, states, reasons))
        self._record_plain(request_id, viewer_id, FOLLOWING_SURFACE, reasons)
        last = page[-1] if len(found) > size else None
        cursor = "" if last is None or last.published_at is None else write_cursor(last.published_at, last.id)
        return Served(request_id, entries, cursor, exhausted=not cursor)

    def present(self, viewer_id: ViewerId, surface: str, items: Sequence[Item]) -> Served:
        """Items that a viewer opened themselves (`surface` is item or creator), with contexts for their events."""
        assert surface not in (FOR_YOU_SURFACE, FOLLOWING_SURFACE), f"{surface} has a method of its own"
        request_id = RequestId(new_id())
        reasons = _all(items, reason("asked"))
        with self._database.connect() as connection:
            followed = frozenset(events_store.following(connection, viewer_id))
            states = events_store.states_of(connection, viewer_id, [item.id for item in items])
            shown = _with_numbers(connection, items)
        entries = self._entries(_Page(request_id, viewer_id, shown, followed, states, reasons))
        self._record_plain(request_id, viewer_id, surface, reasons)
        return Served(request_id, entries, "", exhausted=True)

    def inferred(self, viewer_id: ViewerId) -> Inferred:
        """What the next slate of a viewer would be made from; serves and records nothing."""
        if not self._live.is_loaded:
            self._live.refresh()
        now = self._clock.now()
        ask = Ask(RequestId(new_id()), viewer_id, "", 1, now.timestamp())
        with self._database.glance() as connection:
            query, _ = self._query(connection, ask, now)
        return inferred(query)

    def why(self, viewer_id: ViewerId, request_id: RequestId, item_id: ItemId) -> Explanation:
        """Why an item stood in a slate of this viewer, from the slate's record alone. Raises `SlateNotFound`."""
        slate = self._events.slate(request_id, viewer_id)
        if slate is None:
            raise SlateNotFound("that slate")
        named = self._catalog.items(named_items(slate, item_id))
        return explanation(slate, item_id, {item.id: item.title for item in named.values()})

    def _query(self, connection: Connection, ask: Ask, now: datetime) -> tuple[Query, frozenset[int]]:
        """The viewer against the newest snapshot, and whom they follow (for the buttons, whatever they allow)."""
        since = now - timedelta(minutes=self._weights.recent_minutes)
        recall = events_store.recall(
            connection, ask.viewer_id, served_since=since, history_max=self._weights.history_items
        )
        bridged = self._just_served.of(ask.viewer_id, ask.now_s)
        recall = replace(recall, served=np.concatenate([recall.served, bridged]))
        ask = replace(ask, region=recall.controls.region or ask.region)
        stale = ("stale-index",) if self._live.is_stale else ()
        query = hydrate(ask, self._live.current, recall, self._weights, stale)
        return query, frozenset(recall.followed.tolist())

    def _entries(self, page: _Page) -> tuple[Entry, ...]:
        """All that a client shows, in the order of `page.shown`."""
        served = [(one.item.id, one.creator.id) for one in page.shown]
        contexts = self._events.contexts(page.request_id, page.viewer_id, served)
        return tuple(
            Entry(
                item=one.item,
                creator=one.creator,
                counts=one.counts,
                state=page.states.get(one.item.id),
                following=one.creator.id in page.followed,
                reasons=page.reasons[one.item.id],
                feed_context=context,
            )
            for one, context in zip(page.shown, contexts, strict=True)
        )

    def _record_plain(
        self, request_id: RequestId, viewer_id: ViewerId, surface: str, reasons: Mapping[int, tuple[Reason, ...]]
    ) -> None:
        ids = tuple(ItemId(item) for item in reasons)
        slate = ServedSlate(request_id, viewer_id, self._clock.now(), surface, ids, plain_record(reasons))
        self._events.record(slate)


def _with_numbers(connection: Connection, items: Sequence[Item]) -> list[Offered]:
    """Items that were read already, with who made them and their shown numbers."""
    if not items:
        return []
    creators = catalog_store.creators_by_id(connection, {item.creator_id for item in items})
    counts = log_store.counts(connection, [item.id for item in items])
    return [Offered(item, creators[item.creator_id], counts[item.id]) for item in items]


def _all(items: Sequence[Item], why: Reason) -> dict[int, tuple[Reason, ...]]:
    return {item.id: (why,) for item in items}


def _check_size(size: int) -> None:
    if not 1 <= size <= SIZE_MAX:
        raise BadInput(f"size is {size}.", hint=f"Ask for 1 to {SIZE_MAX} items.", field="size")
