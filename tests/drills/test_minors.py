"""The drill `minors`: each attack has its effect, and none gets through or goes unnoticed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openforyou.catalog.service import Catalog
from openforyou.drills.attack import Outcome, Seat, attacks_of
from openforyou.drills.minors.asking import clip_asked_to_be_recommended
from openforyou.drills.running import judge
from openforyou.drills.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("minors") / "world") as opened:
        yield opened


@pytest.mark.parametrize("name", [one.name for one in attacks_of("minors")])
def test_it_is_prevented_or_detected(world: World, name: str) -> None:
    attack = next(one for one in attacks_of("minors") if one.name == name)
    outcome, evidence = judge(attack, world)
    assert outcome is (Outcome.DETECTED if attack.seat is Seat.DATABASE else Outcome.PREVENTED), evidence
    assert world.verify().ok


def test_where_minors_are_not_guarded_the_attack_is_told_as_failed(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Catalog, "_is_guarded", lambda *_: False)
    with World(tmp_path_factory.mktemp("minors") / "unguarded") as world:
        outcome, evidence = judge(clip_asked_to_be_recommended.attack, world)  # type: ignore[attr-defined]
    assert outcome is Outcome.FAILED, evidence
    assert "went unnoticed" in evidence
