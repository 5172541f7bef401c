"""A world of about a hundred and thirty clips in thirteen looks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openforyou.app.platform import Platform
from openforyou.core.clock import ManualClock
from tests.recommend.world import World


@pytest.fixture
def world(platform: Platform, clock: ManualClock) -> Iterator[World]:
    made = World(platform, clock, 130)
    yield made
    made.feed.close()
