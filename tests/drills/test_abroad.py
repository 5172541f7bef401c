"""The drill `abroad`: each attack has its effect, and comes out as docs/drills.md says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openforyou.drills.abroad.readers import asks_at_their_own_broker
from openforyou.drills.attack import Outcome, attacks_of
from openforyou.drills.running import judge
from openforyou.drills.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("abroad") / "world") as opened:
        yield opened


@pytest.mark.parametrize("name", [one.name for one in attacks_of("abroad")])
def test_it_does_not_fail(world: World, name: str) -> None:
    attack = next(one for one in attacks_of("abroad") if one.name == name)
    outcome, evidence = judge(attack, world)
    assert outcome is not Outcome.FAILED, evidence
    world.settle()
    assert world.verify().ok


def test_where_the_key_is_not_asked_for_the_attack_is_told_as_failed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openforyou.privacy.access.operations.KeeperVault.holds", lambda *_: True)
    outcome, evidence = judge(asks_at_their_own_broker.attack, world)  # type: ignore[attr-defined]
    assert outcome is Outcome.FAILED, evidence
