"""What the demo world holds, decided before anything is made: the same seed, the same world.

Clips stand in laps: each lap has every look once, in an order of its own, so that the first dozen clips
already show what there is. A larger world begins with the clips of a smaller one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from openforyou.demo.cast import CAST, Role
from openforyou.demo.look import Look
from openforyou.demo.looks import all_looks

SECONDS_SHORTEST, SECONDS_LONGEST = 6.0, 8.5
GENERAL_TAGS = ("loop", "satisfying", "calm", "generative", "art", "oddlysatisfying", "relax", "wallpaper")


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip to be made. `title` is unlike every other of its world, and names it when a build goes on."""

    number: int
    look: str
    creator: Role
    title: str
    caption: str
    seconds: float
    seed: tuple[int, ...]

    @property
    def file_name(self) -> str:
        """What its source is called."""
        return f"{self.look}-{self.number:04}.mp4"


def plan(seed: int, count: int) -> list[Clip]:
    """`count` clips in the order in which they are to be made."""
    looks = all_looks()
    rng = np.random.default_rng([seed, 0])
    order: list[str] = []
    while len(order) < count:
        order += [str(name) for name in rng.permutation(sorted(looks))]
    desks = {name: _Desk(look, np.random.default_rng([seed, 1, at])) for at, (name, look) in enumerate(looks.items())}
    return [_clip(seed, number, name, desks[name]) for number, name in enumerate(order[:count])]


class _Desk:
    """Who and what is next for one look: creators take turns, and no two titles are the same."""

    def __init__(self, look: Look, rng: Generator) -> None:
        self.rng = rng
        self.words = look.words
        self.creators = [role for role in CAST if look.name in role.looks]
        assert self.creators, f"nobody makes {look.name}"
        pairs = [(opening, ending) for opening in look.words.openings for ending in look.words.endings]
        self.titles = [" ".join(pairs[at]) for at in rng.permutation(len(pairs))]
        self.turn = int(rng.integers(len(self.creators)))
        self.taken = 0

    def next(self) -> tuple[Role, str, str]:
        """Creator, title and caption of the next clip."""
        lap, place = divmod(self.taken, len(self.titles))
        title = self.titles[place] + (f" ({lap + 1})" if lap else "")
        creator = self.creators[(self.turn + self.taken) % len(self.creators)]
        self.taken += 1
        tags = [*self.rng.choice(self.words.tags, 3, replace=False), *self.rng.choice(GENERAL_TAGS, 1)]
        line = str(self.rng.choice(self.words.lines))
        return creator, title, f"{line} " + " ".join(f"#{tag}" for tag in tags)


def _clip(seed: int, number: int, look: str, desk: _Desk) -> Clip:
    creator, title, caption = desk.next()
    lengths = np.arange(SECONDS_SHORTEST, SECONDS_LONGEST + 0.01, 0.5)
    seconds = float(np.random.default_rng([seed, 2, number]).choice(lengths))
    return Clip(number, look, creator, title, caption, seconds, (seed, number))
