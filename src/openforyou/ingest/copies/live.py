"""The index of this process, kept up with what other processes entered."""

from __future__ import annotations

import logging

from sqlalchemy import Connection

from openforyou.core.ids import encode_id
from openforyou.ingest.copies import prints, store
from openforyou.ingest.copies.errors import BadPrint
from openforyou.ingest.copies.index import CopyIndex
from openforyou.ingest.landmarks.index import SoundIndex
from openforyou.ingest.landmarks.pairs import NOTHING, unpacked

_log = logging.getLogger(__name__)


class Live:
    """Pictures and sounds of every item with a print, up to a place. One thread at a time."""

    def __init__(self) -> None:
        self.pictures, self.sounds = CopyIndex(), SoundIndex()
        self._place = 0

    def catch_up(self, connection: Connection) -> None:
        """Take in what was entered since. A print that cannot be read is left out, and said so."""
        while rows := store.entered_since(connection, self._place):
            readable = []
            for row in rows:
                try:
                    readable.append((int(row.item_id), prints.unpacked(row.picture)))
                except BadPrint as error:
                    _log.warning("item %s is not looked for: %s", encode_id(row.item_id), error)
            self.pictures.add(readable)
            self.sounds.add([(int(row.item_id), unpacked(row.sound) or NOTHING) for row in rows])
            self._place = int(rows[-1].place)
