"""The drill `music`: each attack has its effect and none gets through; without the check, that is found out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openforyou.drills.attack import Outcome, attacks_of
from openforyou.drills.music.uploads import five_seconds_of_it
from openforyou.drills.running import judge
from openforyou.drills.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("music") / "world") as opened:
        yield opened


@pytest.mark.parametrize("name", [attack.name for attack in attacks_of("music")])
def test_it_is_prevented(world: World, name: str) -> None:
    attack = next(one for one in attacks_of("music") if one.name == name)
    outcome, evidence = judge(attack, world)
    assert outcome is Outcome.PREVENTED, evidence


def test_without_the_check_the_attack_is_told_as_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sql("DELETE FROM rights WHERE subject_kind = 'sound'")
    monkeypatch.setattr("openforyou.ingest.registry.Works", lambda works: None)
    world.platform.ingest._sounds._works._known.clear()
    outcome, evidence = judge(five_seconds_of_it.attack, world)  # type: ignore[attr-defined]
    assert outcome is Outcome.FAILED, evidence
