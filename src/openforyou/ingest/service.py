"""Takes files in, makes items of them, and publishes each in one transaction or refuses it with a reason.

    take_in ─► source blob, item queued ─► process_next ─► files made ─► blobs ─► published, or held ─► source deleted
                                               └──────────────► refused, with a reason ──────────┘

A process that is killed anywhere on this way leaves an item that is waiting again: the claim is a lock that dies
with its connection. What it wrote lies under names that the next attempt overwrites, and the source blob, deleted
last, marks an item whose leftovers still have to go: `sweep` finds those.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterable, Set
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Self, Unpack

from sqlalchemy import Connection

from openforyou.catalog import store
from openforyou.catalog.errors import AlreadyTaken, ItemNotFound
from openforyou.catalog.queue import store as queue
from openforyou.catalog.rules import checked_caption, checked_title
from openforyou.catalog.service import Catalog
from openforyou.catalog.sounds.rules import WAYS_ON, main_sound
from openforyou.catalog.types import (
    OWN_SOUND,
    Draft,
    Item,
    ItemKind,
    ItemStatus,
    Publication,
    Rendition,
    SoundChoice,
    Urgency,
)
from openforyou.core.clock import Clock
from openforyou.core.errors import BadInput, NotFound
from openforyou.core.ids import CreatorId, ItemId, decode_id, encode_id, new_id
from openforyou.core.languages import primary_tag
from openforyou.core.progress import Progress, silent
from openforyou.ingest import rules
from openforyou.ingest.copies import store as copies_store
from openforyou.ingest.copies.service import Copies
from openforyou.ingest.copies.taking import Taker
from openforyou.ingest.copies.types import Comparison
from openforyou.ingest.credentials.keeping import Keeping
from openforyou.ingest.credentials.reading import Reader
from openforyou.ingest.encoders import describe
from openforyou.ingest.encoders.sample import SOUND_RATE
from openforyou.ingest.errors import GaveUp, SourceGone
from openforyou.ingest.landmarks import pairs
from openforyou.ingest.probe import check_size, probe
from openforyou.ingest.sound import sound_id
from openforyou.ingest.sounding import ItemSounds
from openforyou.ingest.transcode import FILES, Work, transcode
from openforyou.ingest.types import Limits, Processed, Said
from openforyou.ingest.workspace import workspace
from openforyou.storage.blobs import Blobs, local_copy
from openforyou.storage.database import Database

ATTEMPTS_MAX = 3
"""A file that could not be brought to an end so often is given up: the fourth attempt would fail, too."""
BACK_OFF = timedelta(seconds=30)
"""After the first failure; four times as long after the second."""
FAILURE_MAX = 500
ANY_NUMBER = 2**31 - 1
WAITING = frozenset({ItemStatus.QUEUED, ItemStatus.PROCESSING})
KEEPING_SOURCE = frozenset({ItemStatus.NEEDS_SOUND, ItemStatus.FAILED})
"""Their file is what another attempt begins with."""
KEEPING_FILES = frozenset({ItemStatus.PUBLISHED, ItemStatus.HELD, ItemStatus.SUSPENDED})
"""What is suspended may come back as it was."""
DEFAULT_LIMITS = Limits()
POLL_S = 0.5
UNQUEUED_AFTER = timedelta(hours=1)
"""A source blob without an item belongs to somebody who is just taking it in, or was killed doing so."""
_SOURCE_KEY = re.compile(r"uploads/([1-9A-HJ-NP-Za-km-z]{11})-(\d{1,12})")


class Ingest:
    """Use from any number of threads and processes at once. `threads` is for each coder; 0: one a core.

    What comes in is compared with what is here only after `watching_for`.
    """

    def __init__(
        self,
        catalog: Catalog,
        database: Database,
        blobs: Blobs,
        clock: Clock,
        limits: Limits = DEFAULT_LIMITS,
        threads: int = 0,
    ) -> None:
        self._catalog = catalog
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._limits = limits
        self._threads = threads or os.cpu_count() or 1
        self.credentials = Keeping(Reader())
        """Who reads and signs Content Credentials. Until the platform sets it: nobody is trusted, nothing is signed."""
        self._sounds = ItemSounds(catalog, database, blobs, clock)
        self._copies: Copies | None = None

    def watching_for(self, copies: Copies) -> Self:
        """From now on compare every clip with what is here before it is published."""
        self._copies = copies
        return self

    def take_in(self, path: Path, creator_id: CreatorId, **said: Unpack[Said]) -> ItemId:
        """Check a file and queue it. Returns at once with the item that it will become.

        Headers and packets are read here, nothing is decoded but one frame. Raises `AlreadyTaken` when the same
        file of this creator is here or on its way, `SoundNotAllowed` for a sound that the creator may not use,
        `BadMedia`, `TooLarge` or `BadInput` naming the file or field.
        """
        name = rules.checked_name(said.get("name") or path.name)
        self._sounds.check(said.get("sound", OWN_SOUND), creator_id)
        title = checked_title(said.get("title") or rules.title_of(name))
        caption = checked_caption(said.get("caption", ""))
        check_size(path, name, self._limits)
        sha256 = _sha256(path)
        with self._database.connect() as connection:
            here = store.item_of_source(connection, creator_id, sha256)
        if here is not None:
            raise AlreadyTaken(name, here.id)
        probe(path, name, self._limits)
        item_id = ItemId(new_id())
        draft = Draft(
            title=title,
            caption=caption,
            rights=frozenset(said.get("rights", ())),
            source_name=name,
            source_sha256=sha256,
            region=said.get("region", ""),
            cross_post=said.get("cross_post", False),
            language=primary_tag(said.get("language", "")),
            urgency=said.get("urgency", Urgency.UPLOAD),
            posted_at=said.get("posted_at"),
            source_url=said.get("source_url", ""),
            kind=said.get("kind", ItemKind.VIDEO),
            sound=said.get("sound", OWN_SOUND),
        )
        source_key = f"uploads/{encode_id(item_id)}-{int(self._clock.now().timestamp())}"
        try:
            self._blobs.put(source_key, path)
            self._catalog.queue(item_id, creator_id, draft, source_key, said["evidence"])
        except BaseException:
            self._blobs.delete(source_key)
            raise
        return item_id

    def process_next(self, item_id: ItemId | None = None, progress: Progress = silent) -> Processed | None:
        """Claim whose turn it is (or `item_id`) and bring it to an end; None when none can be claimed.

        A file that cannot be used ends as refused. Anything else that fails is raised, and the item waits a while for
        another attempt; after three it is given up: failed, with the reason, its file kept.
        """
        taken = None
        with self._database.connect() as connection:
            try:
                taken = queue.take_waiting(connection, ANY_NUMBER, item_id, self._clock.now())
                connection.commit()  # The claim outlives this: the lock is the session's, not the transaction's.
                if taken is None:
                    return None
                ended = self._process(connection, taken, progress)
                queue.release(connection, taken.id)
                connection.commit()
            except BaseException as error:
                connection.invalidate()  # Ends the session, and with it the claim, whatever state it is in.
                if taken is not None and isinstance(error, Exception):
                    self._put_off(taken, error)
                raise
        if ended.status not in KEEPING_SOURCE:  # It will be needed again.
            self._blobs.delete(taken.source_key)
        return ended

    def sound_again(self, item_id: ItemId, creator_id: CreatorId, sound: SoundChoice) -> None:
        """Have an item made anew with another sound, or none: one that needs it, or one that is published.

        It is queued as it was when it came. Raises `ItemNotFound`, `NotHeld`, `SoundNotFound`, `SoundNotAllowed`.
        """
        self._sounds.queue_again(item_id, creator_id, sound)

    def check(self, path: Path, progress: Progress = silent) -> list[Comparison]:
        """What a file matches of all that is here, without taking it in. Raises as `take_in` does."""
        assert self._copies is not None, "made without copies"
        name = rules.checked_name(path.name)
        check_size(path, name, self._limits)
        clip = probe(path, name, self._limits)
        taker = Taker(clip.picture_s, self._threads)
        with workspace() as folder:
            work = Work(self._limits, self._threads, progress, taps=(taker,))
            made, sample = transcode(path, name, clip, folder, work)
            heard = pairs.heard(sample.sound, SOUND_RATE).sampled()
            return self._copies.check(taker.taken(), heard, made.folder / made.renditions[-1].file, made.duration_ms)

    def finish(self, item_id: ItemId, progress: Progress = silent) -> Processed:
        """Bring `item_id` to its end here, or wait for the process that does. Raises `ItemNotFound`."""
        while True:
            ended = self.process_next(item_id, progress)
            if ended is not None:
                return ended
            item = self._items([item_id]).get(item_id)
            if item is None:
                raise ItemNotFound(encode_id(item_id))
            if item.status not in WAITING:
                return _processed(item)
            time.sleep(POLL_S)

    def sweep(self) -> int:
        """Remove what killed processes left in the blob store; answers how many items had any. Safe at any time."""
        sources = self._sources()
        items = self._items(sources.values())
        oldest = (self._clock.now() - UNQUEUED_AFTER).timestamp()
        swept = 0
        for key, item_id in sources.items():
            item = items.get(item_id)
            is_new = item is None and int(key.rpartition("-")[2]) > oldest
            if is_new or (item is not None and item.status in WAITING | KEEPING_SOURCE):
                continue
            if item is None or item.status not in KEEPING_FILES:
                self._remove_files(ItemId(item_id))
            self._blobs.delete(key)
            swept += 1
        if self._copies is not None:
            self._copies.sweep()
        return swept

    # One item. The connection that holds the claim is the one that publishes: if it breaks, so does the claim.

    def _process(self, connection: Connection, taken: Any, progress: Progress) -> Processed:
        item_id = ItemId(taken.id)
        item = store.items_by_id(connection, [item_id], at=self._clock.now(), right=None)[item_id]
        connection.commit()
        if taken.attempts > ATTEMPTS_MAX:  # Each broke off without a word: the process died.
            given_up = GaveUp(taken.source_name, ATTEMPTS_MAX)
            queue.give_up(connection, item_id, "the process died each time", str(given_up))
            connection.commit()
            return Processed(item_id, ItemStatus.FAILED, error=given_up.message, hint=given_up.hint)
        try:
            with workspace() as folder:
                publication = self._made(item, taken, folder, progress)
        except BadInput as error:
            return self._refused(connection, item_id, error)
        forbidden = self._sounds.record(connection, item, publication.sounds)
        if forbidden:
            return self._needs_sound(connection, item, forbidden)
        is_published = store.publish(connection, item_id, publication, self._clock.now())
        connection.commit()
        if not is_published:  # Its creator withdrew it while it was being made.
            copies_store.remove(connection, item_id)
            connection.commit()
            self._remove_files(item_id)
            return Processed(item_id, ItemStatus.WITHDRAWN)
        kept = {publication.poster_key, publication.preview_key, *(each.key for each in publication.renditions)}
        self._remove_files(item_id, kept)
        return Processed(
            item_id,
            ItemStatus.HELD if publication.held_because else ItemStatus.PUBLISHED,
            error=publication.held_because,
            duration_ms=publication.duration_ms,
            width=publication.width,
            height=publication.height,
            has_sound=publication.has_sound,
        )

    def _made(self, item: Item, taken: Any, folder: Path, progress: Progress) -> Publication:
        """Transcode, describe, store the blobs, and see whether it is a copy; nothing is visible yet."""
        source = self._local_source(taken, folder)
        clip = probe(source, taken.source_name, self._limits)
        taker = Taker(clip.picture_s, self._threads)
        taps = () if self._copies is None else (taker,)
        work = Work(self._limits, self._threads, progress, self._sounds.wanted(taken, folder), taps)
        made, sample = transcode(source, taken.source_name, clip, folder, work)
        files = [made.folder / rendition.file for rendition in made.renditions]
        credentials = self.credentials.keep(source, files, item.title)
        features = describe(replace(sample, title=item.title, caption=item.caption))
        uses = self._sounds.heard_in(made, taken)
        keys = {file: _key(item, taken, file) for file in FILES}
        for file in (*(rendition.file for rendition in made.renditions), made.poster, made.preview):
            self._blobs.put(keys[file], made.folder / file)
        large = made.renditions[0].size
        held_because = ""
        if self._copies is not None:
            heard = pairs.heard(sample.sound, SOUND_RATE).sampled()
            picture = made.folder / made.renditions[-1].file
            held_because = self._copies.admit(item, taker.taken(), heard, picture, made.duration_ms)
        return Publication(
            duration_ms=made.duration_ms,
            width=large.width,
            height=large.height,
            has_sound=made.has_sound,
            sound_id=main_sound(uses, made.duration_ms) or sound_id(sample.sound),
            sounds=uses,
            poster_key=keys[made.poster],
            preview_key=keys[made.preview],
            renditions=tuple(
                Rendition(
                    name=rendition.name,
                    key=keys[rendition.file],
                    width=rendition.size.width,
                    height=rendition.size.height,
                    size_bytes=(made.folder / rendition.file).stat().st_size,
                )
                for rendition in made.renditions
            ),
            features=features,
            credentials=credentials,
            held_because=held_because,
        )

    def _needs_sound(self, connection: Connection, item: Item, reason: str) -> Processed:
        """Keep the upload, and what was recognised in it, until its creator has chosen."""
        store.set_status(connection, item.id, ItemStatus.NEEDS_SOUND, f"{reason} {WAYS_ON}")
        connection.commit()
        self._remove_files(item.id, {item.poster_key, item.preview_key, *(file.key for file in item.renditions)})
        return Processed(item.id, ItemStatus.NEEDS_SOUND, error=reason, hint=WAYS_ON)

    def _local_source(self, taken: Any, folder: Path) -> Path:
        """The source as a file of this machine, copied only where the store is elsewhere. Raises `SourceGone`."""
        try:
            return local_copy(self._blobs, taken.source_key, folder / "source")
        except NotFound:
            raise SourceGone(taken.source_name) from None

    def _put_off(self, taken: Any, error: Exception) -> None:
        """An attempt failed, not by the file's fault: later again, or never. Where even that fails, it waits."""
        failure = f"{type(error).__name__}: {error}"[:FAILURE_MAX]
        with suppress(Exception), self._database.begin() as connection:
            if taken.attempts >= ATTEMPTS_MAX:
                self._remove_files(ItemId(taken.id))
                queue.give_up(connection, ItemId(taken.id), failure, str(GaveUp(taken.source_name, ATTEMPTS_MAX)))
            else:
                until = self._clock.now() + BACK_OFF * 4 ** (taken.attempts - 1)
                queue.put_off(connection, ItemId(taken.id), until, failure)

    def _refused(self, connection: Connection, item_id: ItemId, error: BadInput) -> Processed:
        store.set_status(connection, item_id, ItemStatus.REFUSED, str(error))
        copies_store.remove(connection, item_id)
        connection.commit()
        self._remove_files(item_id)
        return Processed(item_id, ItemStatus.REFUSED, error=error.message, hint=error.hint)

    # Blobs and rows

    def _remove_files(self, item_id: ItemId, kept: Set[str] = frozenset()) -> None:
        """All blobs that any attempt can have made of the item, but those `kept`."""
        for key in list(self._blobs.keys(f"items/{encode_id(item_id)}/")):
            if key not in kept:
                self._blobs.delete(key)

    def _sources(self) -> dict[str, int]:
        """The item of each source blob by its key; what is not a source of ours is let be."""
        found: dict[str, int] = {}
        for key in self._blobs.keys("uploads/"):
            parts = _SOURCE_KEY.fullmatch(key)
            if parts is not None:
                with suppress(BadInput):
                    found[key] = decode_id(parts[1])
        return found

    def _items(self, ids: Iterable[int]) -> dict[int, Item]:
        with self._database.connect() as connection:
            return store.items_by_id(connection, ids, at=self._clock.now(), right=None)


def _key(item: Item, taken: Any, file: str) -> str:
    """Where a file of an item lies. What is made anew gets another place: browsers keep what they have of the first."""
    anew = "" if item.published_at is None else f"{taken.source_key.rpartition('-')[2]}/"
    return f"items/{encode_id(item.id)}/{anew}{file}"


def _processed(item: Item) -> Processed:
    return Processed(
        item.id,
        item.status,
        error=item.reason,
        duration_ms=item.duration_ms,
        width=item.width,
        height=item.height,
        has_sound=item.has_sound,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
