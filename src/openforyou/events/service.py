"""What one can do with events."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from time import sleep

from openforyou.core.clock import Clock
from openforyou.core.errors import BadInput
from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId
from openforyou.events import store
from openforyou.events.context import read_context, sign_context
from openforyou.events.controls import store as controls_store
from openforyou.events.controls.errors import ProfilingGuarded, TooManyMutes, TooManyPauses
from openforyou.events.controls.rules import checked_key, checked_languages, codes_of
from openforyou.events.controls.types import MUTES_MAX, PAUSES_MAX, WISHES_MAX, Mute, MuteKind, Wish
from openforyou.events.intake import SLATES_WAIT_S, Intake
from openforyou.events.log import store as log_store
from openforyou.events.rules import check_served, check_time
from openforyou.events.types import (
    WATCH_MS_MAX,
    Context,
    Controls,
    Counts,
    Event,
    EventType,
    Outcome,
    ServedSlate,
    ViewerItem,
)
from openforyou.storage.database import Database

BREAK_MINUTES_MAX = 240


class Events:
    """Intake, viewer state and counts on one database. `key` signs feed contexts."""

    def __init__(self, database: Database, intake: Intake, clock: Clock, key: bytes) -> None:
        assert len(key) >= 32, "the signing key is too short"
        self._database = database
        self._intake = intake
        self._clock = clock
        self._key = key

    # Served

    def contexts(
        self, request_id: RequestId, viewer_id: ViewerId, served: Sequence[tuple[ItemId, CreatorId]]
    ) -> list[str]:
        """A `feed_context` for each (item, creator) of a slate, in order."""
        served_at = self._clock.now()
        return [
            sign_context(self._key, Context(request_id, viewer_id, item, creator, position, served_at))
            for position, (item, creator) in enumerate(served)
        ]

    def record(self, slate: ServedSlate) -> None:
        """Record a slate as served; durable within moments, and a feed does not wait for it."""
        self._intake.record(slate)

    def slate(self, request_id: RequestId, viewer_id: ViewerId) -> ServedSlate | None:
        """A slate as it was recorded; None also when it was another viewer's. One on its way is waited for."""
        found = self._recorded(request_id)
        if found is None:
            self._intake.settle()
            found = self._recorded(request_id)
        if found is None:  # Another server may be about to write it.
            sleep(2 * SLATES_WAIT_S)
            found = self._recorded(request_id)
        return found if found is not None and found.viewer_id == viewer_id else None

    def _recorded(self, request_id: RequestId) -> ServedSlate | None:
        with self._database.connect() as connection:
            return store.slate(connection, request_id)

    # Intake

    def forget(self, viewers: Collection[ViewerId]) -> None:
        """Their secrets were destroyed: this process remembers them no more."""
        self._intake.forget(viewers)

    def context(self, token: str, viewer_id: ViewerId) -> Context:
        """What a `feed_context` says. Raises `BadContext`."""
        return read_context(self._key, token, viewer_id=viewer_id, now=self._clock.now())

    def check(self, event: Event) -> None:
        """Raises `BadInput` where an event cannot be true, naming the field."""
        now = self._clock.now()
        check_time(event.occurred_at, now)
        check_served(event, now)
        if not 0 <= event.watch_ms <= WATCH_MS_MAX:
            raise BadInput(
                f"watch_ms is {event.watch_ms}.",
                hint=f"It lies between 0 and {WATCH_MS_MAX}.",
                field="watch_ms",
            )
        if event.watch_ms and event.type is not EventType.WATCH:
            raise BadInput("watch_ms belongs to watch events.", hint="Send it with type watch.", field="watch_ms")
        if not event.item_id and event.type not in (EventType.FOLLOW, EventType.UNFOLLOW):
            raise BadInput("This feed_context names a creator, no item.", hint="Use an item's.", field="feed_context")

    def accept(self, events: Sequence[Event]) -> list[Outcome]:
        """Take checked events in; one outcome each once all are durable. Raises `Unavailable`: none was taken."""
        return self._intake.accept(events)

    def refuse(self, reasons: Mapping[str, int]) -> None:
        """Count refused events by their reason code; the log tells how many, in the open."""
        if reasons:
            self._intake.refuse(reasons)

    # State

    def states(self, viewer_id: ViewerId, ids: Collection[int]) -> dict[int, ViewerItem]:
        """What a viewer did with some items."""
        with self._database.connect() as connection:
            return store.states_of(connection, viewer_id, ids)

    def following(self, viewer_id: ViewerId) -> set[int]:
        """The creators that a viewer follows."""
        with self._database.connect() as connection:
            return store.following(connection, viewer_id)

    def followers(self, creator_id: CreatorId) -> int:
        """How many follow a creator, as the published log says."""
        with self._database.connect() as connection:
            return log_store.followers(connection, creator_id)

    def counts(self, ids: Collection[int]) -> dict[int, Counts]:
        """The counts of some items, as the published log says; all zero where nothing happened."""
        with self._database.connect() as connection:
            return log_store.counts(connection, ids)

    def counts_page(self, after: int, limit: int) -> tuple[int, list[tuple[int, Counts]]]:
        """The log's size that all hold at, and the counts of up to `limit` items by id, from behind `after`."""
        with self._database.connect() as connection:
            return log_store.counts_page(connection, after, limit)

    def followers_page(self, after: int, limit: int) -> tuple[int, list[tuple[int, int]]]:
        """The log's size that all hold at, and up to `limit` creators with their followers, from behind `after`."""
        with self._database.connect() as connection:
            return log_store.followers_page(connection, after, limit)

    # Controls

    def controls(self, viewer_id: ViewerId) -> Controls:
        """What a viewer chose."""
        with self._database.connect() as connection:
            return controls_store.controls(connection, viewer_id)

    def set_controls(self, viewer_id: ViewerId, chosen: Controls) -> Controls:
        """Take effect in the very next slate; answers them in one form. Raises `BadInput`, `TooManyPauses`,
        `ProfilingGuarded` where a minor turns it on."""
        if not 0 <= chosen.break_minutes <= BREAK_MINUTES_MAX:
            raise BadInput(
                f"break_minutes is {chosen.break_minutes}.",
                hint=f"It lies between 0 (never) and {BREAK_MINUTES_MAX}.",
                field="break_minutes",
            )
        chosen = replace(chosen, languages=checked_languages(chosen.languages))
        with self._database.begin() as connection:
            if chosen.profiling and controls_store.is_guarded(connection, viewer_id):
                raise ProfilingGuarded
            if controls_store.put_controls(connection, viewer_id, chosen, self._clock.now()) > PAUSES_MAX:
                raise TooManyPauses
        return chosen

    def mutes(self, viewer_id: ViewerId) -> list[Mute]:
        """What a viewer muted, newest first."""
        with self._database.connect() as connection:
            return controls_store.mutes(connection, viewer_id)

    def mute(self, viewer_id: ViewerId, kind: MuteKind, key: str) -> Mute:
        """Nothing of it in For You from the next slate on. Raises `BadInput`, `TooManyMutes`."""
        mute = Mute(kind, checked_key(kind, key), self._clock.now())
        with self._database.begin() as connection:
            mute, count = controls_store.insert_mute(connection, viewer_id, mute, codes_of(kind, mute.key))
            if count > MUTES_MAX:
                raise TooManyMutes
        return mute

    def unmute(self, viewer_id: ViewerId, kind: MuteKind, key: str) -> None:
        """Take it back; nothing happens where it was not muted. Raises `BadInput` for what cannot be."""
        with self._database.begin() as connection:
            controls_store.delete_mute(connection, viewer_id, kind, checked_key(kind, key))

    def wishes(self, viewer_id: ViewerId) -> list[Wish]:
        """What a viewer asked for more of since they last began anew, newest first."""
        with self._database.connect() as connection:
            return controls_store.wishes(connection, viewer_id)

    def wish(self, viewer_id: ViewerId, item_id: ItemId) -> Wish:
        """More like it from the next slate on, fading; the newest `WISHES_MAX` are kept."""
        wish = Wish(item_id, self._clock.now())
        with self._database.begin() as connection:
            controls_store.put_wish(connection, viewer_id, wish, WISHES_MAX)
        return wish

    def unwish(self, viewer_id: ViewerId, item_id: ItemId) -> None:
        """Take it back; nothing happens where it was not asked."""
        with self._database.begin() as connection:
            controls_store.delete_wish(connection, viewer_id, item_id)
