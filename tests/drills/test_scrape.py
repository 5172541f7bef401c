"""The drill `scrape`: each attack has its effect and none gets through; without the search, that is found out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openforyou.drills.attack import Outcome, attacks_of, hosts_of
from openforyou.drills.running import judge
from openforyou.drills.scrape.copies import filter_and_smaller
from openforyou.drills.world import World

SLOW = {"filter and smaller", "somebody elses new work is left alone"}
"""Each takes fifteen seconds, and what is like them is tested with the search itself."""
ATTACKS = [one for one in attacks_of("scrape") if one.name not in SLOW]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("scrape") / "world", hosts=hosts_of("scrape")) as opened:
        yield opened


@pytest.mark.parametrize("name", [one.name for one in ATTACKS])
def test_it_is_prevented_or_detected(world: World, name: str) -> None:
    attack = next(one for one in ATTACKS if one.name == name)
    outcome, evidence = judge(attack, world)
    assert outcome is (Outcome.DETECTED if "word" in name else Outcome.PREVENTED), evidence


def test_without_the_search_the_attack_is_told_as_failed(world: World) -> None:
    attack = filter_and_smaller.attack  # type: ignore[attr-defined]
    watching, world.platform.ingest._copies = world.platform.ingest._copies, None
    try:
        outcome, evidence = judge(attack, world)
    finally:
        world.platform.ingest._copies = watching
    assert outcome is Outcome.FAILED
    assert "went unnoticed" in evidence
