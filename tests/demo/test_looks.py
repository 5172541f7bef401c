"""Every look is put through the same suite; a new file in `looks` is tested by being there."""

from __future__ import annotations

import numpy as np
import pytest

from openforyou.catalog.types import TITLE_LENGTH_MAX
from openforyou.demo.cast import CAST
from openforyou.demo.look import Look
from openforyou.demo.looks import all_looks
from openforyou.demo.painting.canvas import Canvas, Frame

SMALL = Canvas(90, 160)
LOOKS = list(all_looks().values())
each_look = pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)


def painted(look: Look, seed: int, phase: float, canvas: Canvas = SMALL) -> Frame:
    return look.paint(np.random.default_rng(seed), canvas)(phase)


def apart(one: Frame, other: Frame) -> float:
    """Mean difference of two pictures, in steps of 255."""
    return float(np.abs(one.astype(int) - other).mean())


def test_there_are_at_least_a_dozen_looks() -> None:
    assert len(LOOKS) >= 12


@each_look
def test_the_same_seed_paints_the_same_picture_whatever_was_painted_before(look: Look) -> None:
    painter = look.paint(np.random.default_rng(1), SMALL)
    first = painter(0.3).copy()
    painter(0.8)
    assert np.array_equal(painter(0.3), first)
    assert np.array_equal(painted(look, 1, 0.3), first)


@each_look
def test_a_picture_is_as_large_as_the_canvas_at_any_size(look: Look) -> None:
    for canvas in (SMALL, Canvas(54, 96), Canvas(120, 200)):
        frame = painted(look, 2, 0.5, canvas)
        assert frame.shape == (canvas.height, canvas.width, 3)
        assert frame.dtype == np.uint8


@each_look
def test_it_moves_and_it_loops(look: Look) -> None:
    for seed in range(3):
        painter = look.paint(np.random.default_rng(seed), SMALL)
        start = painter(0.0).copy()
        assert max(apart(start, painter(phase)) for phase in (0.25, 0.5)) > 0.5
        assert apart(start, painter(1.0)) < 1.0


@each_look
def test_it_is_neither_black_nor_blank(look: Look) -> None:
    for seed in range(4):
        frame = painted(look, seed, 0.4)
        assert frame.mean() > 6
        assert frame.std() > 8


@each_look
def test_siblings_are_not_twins(look: Look) -> None:
    pictures = [painted(look, seed, 0.2) for seed in range(4)]
    assert min(apart(one, other) for at, one in enumerate(pictures) for other in pictures[:at]) > 2


@each_look
def test_its_words_suffice_for_many_clips(look: Look) -> None:
    titles = {f"{opening} {ending}" for opening in look.words.openings for ending in look.words.endings}
    assert len(titles) >= 40
    assert max(map(len, titles)) < TITLE_LENGTH_MAX
    assert all(tag.isalnum() for tag in look.words.tags)


@each_look
def test_somebody_makes_it(look: Look) -> None:
    assert sum(look.name in role.looks for role in CAST) >= 2
