"""Takes sounds into the library: checked, recognised where they are somebody else's, analysed, kept as AAC."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openforyou.catalog.sounds import rules
from openforyou.catalog.sounds.errors import NotASound, SoundKnown
from openforyou.catalog.sounds.service import Sounds
from openforyou.catalog.sounds.types import PEAKS, About, Access, Heard, Sound
from openforyou.core.clock import Clock
from openforyou.core.ids import SoundId, encode_id, new_id
from openforyou.ingest.beats import beats
from openforyou.ingest.errors import shown
from openforyou.ingest.landmarks import pairs
from openforyou.ingest.registry import Registry
from openforyou.ingest.soundfiles import HEARD_RATE, samples_of, write_aac
from openforyou.ingest.workspace import workspace
from openforyou.storage.blobs import Blobs

SHORTEST_S = 1.0
SILENCE = 1e-3


class Library:
    """Adds to what `Sounds` keeps."""

    def __init__(self, sounds: Sounds, blobs: Blobs, clock: Clock) -> None:
        self._sounds, self._blobs, self._clock = sounds, blobs, clock
        self._works = Registry(sounds)

    def add(self, path: Path, about: About, access: Access, granted_by: str, name: str = "") -> Sound:
        """Register a sound, with who may use it. `name` is the file's as its owner knows it.

        Raises `SoundKnown` where it is, or contains, a work of another owner; `NotASound`, `BadInput`.
        """
        about = rules.checked(about, access.audience)
        called = shown(name or path.name)
        if not path.is_file():
            raise NotASound(called, "is not a file that can be read")
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if (here := self._sounds.of_file(sha256)) is not None:
            raise SoundKnown(here.title, here.owner_name)
        samples = samples_of(path, called)
        self._check(samples, called, about)
        sound_id = SoundId(new_id())
        key = f"sounds/{encode_id(sound_id)}/sound.m4a"
        with workspace() as folder:
            duration_ms = write_aac(path, called, folder / "sound.m4a")
            self._blobs.put(key, folder / "sound.m4a")
        heard = Heard(duration_ms, peaks(samples), beats(samples), pairs.packed(pairs.heard(samples, HEARD_RATE)))
        sound = Sound(
            id=sound_id,
            title=about.title,
            owner_name=about.owner_name,
            owner_id=about.owner_id,
            licence=about.licence,
            evidence=about.evidence,
            audio_key=key,
            duration_ms=duration_ms,
            peaks=heard.peaks,
            beats_ms=heard.beats_ms,
            created_at=self._clock.now(),
        )
        try:
            self._sounds.register(sound, sha256, heard, access, granted_by)
        except BaseException:
            self._blobs.delete(key)
            raise
        return sound

    def _check(self, samples: NDArray[np.float32], name: str, about: About) -> None:
        if len(samples) < SHORTEST_S * HEARD_RATE:
            raise NotASound(name, f"is shorter than {SHORTEST_S:g} s")
        if float(np.abs(samples).max()) < SILENCE:
            raise NotASound(name, "is silent")
        works = self._works.current()
        if works is None:
            return
        known = self._sounds.sounds({match.work_id for match in works.matches(samples, HEARD_RATE)})
        for work in known.values():
            is_own = about.owner_id is not None and work.owner_id == about.owner_id
            if not is_own and work.owner_name != about.owner_name:
                raise SoundKnown(work.title, work.owner_name)


def peaks(samples: NDArray[np.float32]) -> bytes:
    """How loud a sound (S,) is in each of `PEAKS` columns, 0 … 255, the loudest 255."""
    edges = np.linspace(0, len(samples), PEAKS + 1).astype(int)[:-1]
    loud = np.maximum.reduceat(np.abs(samples), np.minimum(edges, len(samples) - 1))
    return bytes(np.rint(255 * loud / max(float(loud.max()), 1e-9)).astype(np.uint8))
