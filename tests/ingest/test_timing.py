"""Frames keep their times; too many a second are thinned evenly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.ingest.timing import Gate, ticks


def admitted(times: list[Fraction], per_s: int = 60) -> list[Fraction]:
    gate = Gate(per_s)
    return [time for time in times if gate.admits(time)]


@pytest.mark.parametrize("rate", [10, 24, 25, 30, 50, 60])
def test_up_to_the_cap_every_frame_passes(rate: int) -> None:
    times = [Fraction(number, rate) for number in range(5 * rate)]
    assert admitted(times) == times


@pytest.mark.parametrize(("rate", "step"), [(120, 2), (240, 4)])
def test_past_the_cap_frames_are_taken_evenly(rate: int, step: int) -> None:
    times = [Fraction(number, rate) for number in range(5 * rate)]
    assert admitted(times) == times[::step]


def test_the_jitter_of_a_phone_costs_no_frame() -> None:
    jitter = np.random.default_rng(1).uniform(-0.003, 0.003, 600)
    times = sorted(Fraction(int(1e6 * (number / 60 + shift)), 1_000_000) for number, shift in enumerate(jitter))
    assert len(admitted(times)) >= 595


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=400, unique=True), st.integers(1, 60))
def test_never_more_than_the_cap_and_never_none(stamps: list[int], per_s: int) -> None:
    times = [Fraction(stamp, 1_000) for stamp in sorted(stamps)]
    kept = admitted(times, per_s)
    assert kept[0] == times[0]
    assert len(kept) <= per_s * (times[-1] - times[0]) + 2


def test_ticks_are_those_of_broadcast() -> None:
    assert ticks(Fraction(1, 30)) == 3_000
