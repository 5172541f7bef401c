"""The drill `track`: each attack has its effect, and comes out as docs/drills.md says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openforyou.drills.attack import Outcome, attacks_of
from openforyou.drills.running import judge
from openforyou.drills.track.staff import looks_alone
from openforyou.drills.world import World

DETECTED = {
    "one asks and one grants",
    "forges a grant",
    "opens seals in peoples names",
    "joins pseudonyms to accounts",
    "puts her own password into a row",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("track") / "world") as opened:
        yield opened


def test_where_nobody_asks_for_a_second_hand_the_attack_is_told_as_failed(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openforyou.app.access.AccessRelay.looks_at", lambda *_: [])
    with World(tmp_path_factory.mktemp("blind") / "world") as blind:
        outcome, evidence = judge(looks_alone.attack, blind)  # type: ignore[attr-defined]
    assert outcome is Outcome.FAILED, evidence


@pytest.mark.parametrize("name", [one.name for one in attacks_of("track")])
def test_it_comes_out_as_the_page_says(world: World, name: str) -> None:
    attack = next(one for one in attacks_of("track") if one.name == name)
    outcome, evidence = judge(attack, world)
    assert outcome is (Outcome.DETECTED if name in DETECTED else Outcome.PREVENTED), evidence
