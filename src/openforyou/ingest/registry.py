"""The registered works in memory, as what uploads are held against; read anew where some were added."""

from __future__ import annotations

import logging
import threading

from openforyou.catalog.sounds.service import Sounds
from openforyou.core.ids import SoundId, encode_id
from openforyou.ingest.hearing import HearsWorks
from openforyou.ingest.landmarks.pairs import NOTHING, Pairs, unpacked
from openforyou.ingest.landmarks.works import Works

_log = logging.getLogger(__name__)


class Registry:
    """Safe from several threads. A work that was registered a moment ago is known to the next check."""

    def __init__(self, sounds: Sounds) -> None:
        self._sounds = sounds
        self._lock = threading.Lock()
        self._known: dict[SoundId, Pairs] = {}
        self._works: HearsWorks | None = None

    def current(self) -> HearsWorks | None:
        """All of them; None while there are none."""
        with self._lock:
            if new := self._sounds.works(self._known.keys()):
                self._known |= {work: _read(work, kept) for work, kept in new}
                self._works = Works(self._known.items())
            return self._works


def _read(work: SoundId, kept: bytes) -> Pairs:
    """A work's landmarks; none, and a word in the log, where they are damaged or of an older form."""
    pairs = unpacked(kept)
    if pairs is None:
        _log.warning("the work %s is not looked for: its landmarks cannot be read; add its file anew", encode_id(work))
    return pairs or NOTHING
