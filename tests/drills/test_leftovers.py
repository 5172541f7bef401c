"""The drill `leftovers`: each attack has its effect, and comes out as docs/drills.md says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openforyou.drills.attack import Outcome, attacks_of
from openforyou.drills.leftovers.copies import old_backup_kept
from openforyou.drills.leftovers.words import one_word
from openforyou.drills.running import judge
from openforyou.drills.world import World
from openforyou.privacy.scan import text_needle


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


def test_where_one_word_is_enough_the_attack_is_told_as_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openforyou.privacy.regions.rules.QUORUM", 1)
    outcome, evidence = judge(one_word.attack, world)  # type: ignore[attr-defined]
    assert outcome is Outcome.FAILED, evidence


def test_where_nothing_is_looked_for_the_attack_is_told_as_failed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openforyou.privacy.regions.moving.needles_of", lambda *_: [text_needle("none", "no such")])
    outcome, evidence = judge(old_backup_kept.attack, world)  # type: ignore[attr-defined]
    assert outcome is Outcome.FAILED, evidence
