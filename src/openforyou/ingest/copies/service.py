"""Is it a copy? Enters a clip's print, looks for what it was copied from, keeps what was found, and lets people decide.

    print taken ─► entered: a place in the order in which clips came ─► index brought up to date ─► searched
        ─► each candidate that came before it, and still counts, is examined ─► matches kept ─► refused, held, let pass

A place is given under a lock and visible before the next one is given. So of two copies that come at the same time, the
later one sees the earlier one, in whatever process either is.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from openforyou.catalog.standing import store as standing
from openforyou.catalog.types import Item, ItemStatus
from openforyou.core.clock import Clock
from openforyou.core.errors import NotFound
from openforyou.core.ids import CreatorId, ItemId, encode_id
from openforyou.ingest.copies import prints, store, words
from openforyou.ingest.copies.errors import BadPrint, CopyOfAnother, NotHeld
from openforyou.ingest.copies.examine import Examination, Other
from openforyou.ingest.copies.index import Found
from openforyou.ingest.copies.live import Live
from openforyou.ingest.copies.taking import Taken
from openforyou.ingest.copies.types import REFUSING, Comparison, Decision, Match, Spans, Verdict
from openforyou.ingest.landmarks.pairs import Pairs
from openforyou.ingest.landmarks.pairs import packed as packed_sound
from openforyou.ingest.landmarks.works import joined
from openforyou.ingest.workspace import workspace
from openforyou.moderation.claims import store as claims
from openforyou.storage.blobs import Blobs, local_copy
from openforyou.storage.database import Database

SOUNDS_MAX = 12
EXAMINED_MAX = 10
"""Candidates of one clip that are looked at."""
FILES = ("small.mp4", "large.mp4")
"""Where the picture lies of an item that is on its way: the least bytes first."""
LAST = 2**62
_log = logging.getLogger(__name__)


class Copies:
    """On one database and blob store. Use from any number of threads and processes at once."""

    def __init__(self, database: Database, blobs: Blobs, clock: Clock) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._live = Live()
        self._looking = threading.Lock()

    def admit(self, item: Item, taken: Taken, sound: Pairs, path: Path, duration_ms: int) -> str:
        """Let a clip pass that is about to be published, whose picture lies at `path`; its blobs are there already.

        Answers why it must be held for a person, or nothing. Raises `CopyOfAnother`.
        """
        with self._database.begin() as connection:
            place = store.enter(connection, item.id, prints.packed(taken.print), packed_sound(sound))
        found = self._compared(taken, sound, path, duration_ms, place)
        with self._database.begin() as connection:
            store.put_matches(connection, item.id, found, self._clock.now())
        return self._ruled(item.creator_id, found)

    def check(self, taken: Taken, sound: Pairs, path: Path, duration_ms: int) -> list[Comparison]:
        """What a clip matches, of all that is here, without taking it in."""
        return self._compared(taken, sound, path, duration_ms, LAST)

    def matches(self, item_id: ItemId) -> list[Match]:
        """What was found of an item, the newest first."""
        with self._database.connect() as connection:
            return store.matches(connection, item_id)

    def handle_of(self, item_id: ItemId) -> str:
        """Whose item it is; empty where it is gone."""
        with self._database.connect() as connection:
            row = store.living(connection, [item_id]).get(item_id)
        return "" if row is None else str(row.handle)

    def held(self) -> list[Match]:
        """What waits for a person, the newest first."""
        with self._database.connect() as connection:
            return store.matches(connection, held=True)

    def stopping(self, ids: Iterable[ItemId]) -> dict[ItemId, ItemId]:
        """By item that is not published for a match: the clip that it was taken for."""
        with self._database.connect() as connection:
            return store.stopping(connection, ids)

    def sweep(self) -> None:
        """Let go of the prints of what is gone."""
        with self._database.begin() as connection:
            store.sweep(connection)

    def release(self, item_id: ItemId) -> None:
        """Publish what was held: it is no copy. Raises `NotHeld`."""
        now = self._clock.now()
        with self._database.begin() as connection:
            if not standing.publish_held(connection, item_id, now):
                raise NotHeld(encode_id(item_id))
            store.decide(connection, item_id, Decision.RELEASED, now)

    def refuse(self, item_id: ItemId, reason: str) -> None:
        """Refuse what was held, with a reason for its creator. Raises `NotHeld`."""
        now = self._clock.now()
        with self._database.begin() as connection:
            if not standing.refuse_held(connection, item_id, reason):
                raise NotHeld(encode_id(item_id))
            store.decide(connection, item_id, Decision.REFUSED, now)
            store.remove(connection, item_id)
        for key in list(self._blobs.keys(f"items/{encode_id(item_id)}/")):
            self._blobs.delete(key)

    # Looking

    def _compared(self, taken: Taken, sound: Pairs, path: Path, duration_ms: int, place: int) -> list[Comparison]:
        """All that came before `place`, still counts, and matches."""
        with self._looking:
            with self._database.connect() as connection:
                self._live.catch_up(connection)
            found = self._live.pictures.search(taken)
            heard = joined(self._live.sounds.search(sound))[:SOUNDS_MAX]
        with self._database.connect() as connection:
            rows = store.living(connection, [*(one.item_id for one in found), *(one.sound for one in heard)])
        rows = {key: row for key, row in rows.items() if row.place < place}
        answer: dict[int, Comparison] = {}
        with workspace() as folder:
            candidates = self._candidates([one for one in found if one.item_id in rows][:EXAMINED_MAX], rows, folder)
            for compared in Examination(taken, path, duration_ms / 1_000).each(candidates):
                if compared.verdict is Verdict.UNRELATED:
                    continue
                if _outranks(compared, answer.get(compared.other_id)):
                    answer[compared.other_id] = compared
                if compared.verdict in REFUSING:
                    break
        by_sound = [
            Comparison(
                ItemId(one.sound),
                Verdict.SAME_SOUND,
                Spans(one.from_ms, one.to_ms, one.other_from_ms, one.other_from_ms + one.to_ms - one.from_ms),
                evidence={"strength": round(one.strength, 1), "sharpness": round(one.sharpness, 1)},
            )
            for one in heard
            if one.sound in rows
        ]
        return [*answer.values(), *by_sound]

    def _candidates(
        self, found: Iterable[Found], rows: dict[int, store.Living], folder: Path
    ) -> Iterator[tuple[Other, Found]]:
        """Each with its print; one that cannot be read any more is left out."""
        for one in found:
            item_id = ItemId(one.item_id)
            try:
                its = prints.unpacked(rows[item_id].picture)
            except BadPrint as error:
                _log.warning("item %s cannot be compared: %s", encode_id(item_id), error)
                continue
            path = partial(self._picture, item_id, folder)
            yield Other(item_id, its, rows[item_id].duration_ms / 1_000, path), one

    def _picture(self, item_id: ItemId, folder: Path) -> Path:
        """A file of this machine with an item's picture. Raises `NotFound`."""
        with self._database.connect() as connection:
            keys = store.files_of(connection, item_id)
        for key in keys or [f"items/{encode_id(item_id)}/{file}" for file in FILES]:
            with suppress(NotFound):
                return local_copy(self._blobs, key, folder / key.replace("/", "-"))
        raise NotFound(f"The picture of item {encode_id(item_id)} is gone.", hint="It was withdrawn meanwhile.")

    def _ruled(self, creator_id: CreatorId, found: list[Comparison]) -> str:
        """Nothing, or why it is held. One's own clips, and those that a claim cleared one of, are recorded, and stop
        nothing. Raises `CopyOfAnother`."""
        with self._database.connect() as connection:
            rows = store.living(connection, [one.other_id for one in found])
            theirs = [
                one
                for one in found
                if (row := rows.get(one.other_id))
                and row.creator_id != creator_id
                and not claims.is_cleared(connection, creator_id, one.other_id)
            ]
        for one in theirs:
            row = rows[one.other_id]
            if one.verdict in REFUSING:
                raise CopyOfAnother(words.refusal(one, row.handle, is_public=row.status == ItemStatus.PUBLISHED))
        for one in theirs:
            if one.verdict is Verdict.SAME_SCENE:
                return words.hold(rows[one.other_id].handle)
        return ""


def _outranks(one: Comparison, other: Comparison | None) -> bool:
    order = list(Verdict)
    return other is None or order.index(one.verdict) < order.index(other.verdict)
