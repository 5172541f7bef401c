"""The registered works in memory, as what uploads are held against; read anew where some were added."""

from __future__ import annotations

import threading

from openforyou.catalog.sounds.service import Sounds
from openforyou.core.ids import SoundId
from openforyou.ingest.hearing import HearsWorks
from openforyou.ingest.landmarks import Works


class Registry:
    """Safe from several threads. A work that was registered a moment ago is known to the next check."""

    def __init__(self, sounds: Sounds) -> None:
        self._sounds = sounds
        self._lock = threading.Lock()
        self._known: dict[SoundId, bytes] = {}
        self._works: HearsWorks | None = None

    def current(self) -> HearsWorks | None:
        """All of them; None while there are none."""
        with self._lock:
            if new := self._sounds.works(self._known.keys()):
                self._known |= dict(new)
                self._works = Works(self._known.items())
            return self._works
