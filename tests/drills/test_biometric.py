"""The drill `biometric`: each attack is prevented; with a rule that lets all run, that is found out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openforyou.drills.attack import Outcome, attacks_of
from openforyou.drills.biometric.encoders import faces_in_every_upload
from openforyou.drills.running import judge
from openforyou.drills.world import World
from openforyou.ingest import encoders

ATTACKS = attacks_of("biometric")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("biometric") / "world") as opened:
        yield opened


@pytest.mark.parametrize("name", [one.name for one in ATTACKS])
def test_it_is_prevented(world: World, name: str) -> None:
    attack = next(one for one in ATTACKS if one.name == name)
    outcome, evidence = judge(attack, world)
    assert outcome is Outcome.PREVENTED, evidence


def test_without_the_rule_the_attack_is_told_as_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "may_run", lambda *_: True)
    outcome, evidence = judge(faces_in_every_upload.attack, world)  # type: ignore[attr-defined]
    assert outcome is Outcome.FAILED
    assert "went unnoticed" in evidence
