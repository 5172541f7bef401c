"""Clips with a given sound."""

from __future__ import annotations

from pathlib import Path

from openforyou.drills.music.songs import PICTURES_PER_S, SIZE, Samples, filmed
from tests.ingest.films import scene


def film_with(path: Path, samples: Samples) -> Path:
    """A small clip, as long as its sound."""
    return filmed(path, samples, lambda number: scene(SIZE, number / PICTURES_PER_S))
