"""The sound of an item: what it is to sound like, which registered works are in it, and what follows from that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from openforyou.catalog import store
from openforyou.catalog.service import Catalog
from openforyou.catalog.sounds.errors import NotHeld
from openforyou.catalog.sounds.rules import told
from openforyou.catalog.sounds.service import Sounds
from openforyou.catalog.types import Item, ItemStatus, SoundChoice, SoundSource, SoundUse
from openforyou.core.clock import Clock
from openforyou.core.ids import CreatorId, ItemId, SoundId, encode_id
from openforyou.ingest.registry import Registry
from openforyou.ingest.soundfiles import HEARD_RATE, samples_of
from openforyou.ingest.transcode import Sounding
from openforyou.ingest.types import Transcoded
from openforyou.ingest.workspace import workspace
from openforyou.storage.blobs import Blobs, local_copy
from openforyou.storage.database import Database


class ItemSounds:
    """Safe from any number of threads and processes at once."""

    def __init__(self, catalog: Catalog, database: Database, blobs: Blobs, clock: Clock) -> None:
        self._catalog, self._database, self._blobs, self._clock = catalog, database, blobs, clock
        self._sounds = Sounds(database, clock)
        self._works = Registry(self._sounds)

    def check(self, chosen: SoundChoice, creator_id: CreatorId) -> None:
        """Whether a creator may use what they chose. Raises `SoundNotFound`, `SoundNotAllowed`."""
        if chosen.sound_id is not None:
            self._sounds.usable(chosen.sound_id, creator_id)

    def queue_again(self, item_id: ItemId, creator_id: CreatorId, sound: SoundChoice) -> None:
        """Have an item made anew with another sound, or none. Raises as `Ingest.sound_again` does."""
        item = self._catalog.own_item(item_id, creator_id)
        as_it_was = sound.source is SoundSource.OWN and item.status is ItemStatus.PUBLISHED
        if item.status not in {ItemStatus.NEEDS_SOUND, ItemStatus.PUBLISHED} or as_it_was:
            raise NotHeld(item.status.value)
        self.check(sound, creator_id)
        with self._database.connect() as connection:
            key = store.source_of(connection, item_id)
        if key not in self._blobs.keys(key):
            key = f"uploads/{encode_id(item_id)}-{int(self._clock.now().timestamp())}"
            with workspace() as folder:
                self._blobs.put(key, local_copy(self._blobs, item.renditions[0].key, folder / "large"))
        with self._database.begin() as connection:
            if not store.queue_again(connection, item_id, sound, key):
                raise NotHeld("being made ready")

    def wanted(self, taken: Any, folder: Path) -> Sounding:
        """What a claimed item is to sound like, with the chosen sound as a file of this machine.

        Raises `SoundNotFound`.
        """
        if taken.library_sound_id is None:
            return Sounding(is_muted=taken.sound_source == SoundSource.MUTED)
        sound = self._sounds.sound(SoundId(taken.library_sound_id))
        path = local_copy(self._blobs, sound.audio_key, folder / "sound.m4a")
        return Sounding(path=path, from_ms=taken.library_from_ms)

    def heard_in(self, made: Transcoded, taken: Any) -> tuple[SoundUse, ...]:
        """Which registered sounds the item has: the one that was chosen, or those that are recognised in it."""
        if taken.library_sound_id is not None:
            return (SoundUse(SoundId(taken.library_sound_id), 0, made.duration_ms, is_chosen=True),)
        works = self._works.current()
        if not made.has_sound or works is None:
            return ()
        heard = works.matches(samples_of(made.folder / made.renditions[0].file, taken.source_name), HEARD_RATE)
        return tuple(
            SoundUse(match.work_id, match.start_ms, min(match.end_ms, made.duration_ms))
            for match in heard
            if match.start_ms < made.duration_ms
        )

    def record(self, connection: Connection, item: Item, uses: tuple[SoundUse, ...]) -> str:
        """Keep what was heard; answers why the item cannot be published as it is, or nothing."""
        forbidden = self._sounds.forbidden(connection, item.creator_id, uses)
        self._sounds.put_uses(connection, item.id, uses)
        return told(forbidden) if forbidden else ""
