"""The drill `leftovers`: each attack has its effect, and comes out as docs/drills.md says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openforyou.drills.attack import Outcome, attacks_of
from openforyou.drills.running import judge
from openforyou.drills.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("leftovers") / "world") as opened:
        yield opened


@pytest.mark.parametrize("name", [one.name for one in attacks_of("leftovers")])
def test_it_does_not_fail(world: World, name: str) -> None:
    attack = next(one for one in attacks_of("leftovers") if one.name == name)
    outcome, evidence = judge(attack, world)
    assert outcome is not Outcome.FAILED, evidence
    world.settle()
    assert world.verify().ok
