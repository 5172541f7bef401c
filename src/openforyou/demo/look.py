"""A look: one way to paint, with its music and its words. Ten clips of one look are siblings, not twins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from numpy.random import Generator

from openforyou.demo.music.score import Music
from openforyou.demo.painting.canvas import Canvas, Painter


@dataclass(frozen=True, slots=True)
class Words:
    """What titles, captions and hashtags are put together from. A title is an opening and an ending."""

    openings: tuple[str, ...]
    endings: tuple[str, ...]
    lines: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """`paint(rng, canvas)` sets a scene up, with everything that varies drawn from `rng`, and answers its painter."""

    name: str
    paint: Callable[[Generator, Canvas], Painter]
    music: Music
    words: Words
