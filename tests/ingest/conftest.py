"""A clip's facts, an ingest on a real database, and the limits of tests."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from openforyou.app.platform import Platform
from openforyou.catalog.types import Creator
from openforyou.ingest.service import Ingest
from openforyou.ingest.types import Clip, Limits, Turn

CLIP = Clip(
    codec="h264",
    coded_width=240,
    coded_height=320,
    pixel_aspect=Fraction(3, 4),
    turn=Turn(transpose=1),
    matrix=6,
    tone_map=False,
    interlaced=False,
    start=Fraction(0),
    duration_s=1.0,
    picture_s=1.0,
    frame_rate=Fraction(30),
    packets=30,
    has_sound=True,
    copyable=False,
)


@pytest.fixture
def clip() -> Clip:
    """240×320 coded with narrow pixels, lying on its side: 320×180 upright."""
    return replace(CLIP)


@pytest.fixture
def limits() -> Limits:
    return Limits()


@pytest.fixture
def ingest(platform: Platform, limits: Limits) -> Ingest:
    return Ingest(platform.catalog, platform.database, platform.blobs, platform.clock, limits, threads=1)


@pytest.fixture
def creator(platform: Platform) -> Creator:
    return platform.catalog.add_creator("ada", "Ada")
