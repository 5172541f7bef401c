"""What an attack must say before anybody believes it, and that all of them are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from openforyou.drills.attack import Attack, Case, Outcome, Seat, attack, attacks_of, drills
from openforyou.drills.errors import NoSuchDrill
from openforyou.drills.running import judge
from openforyou.drills.world import World


def judged(strike: object, tmp_path: Path) -> tuple[Outcome, str]:
    """The outcome of an attack that needs nothing of the world, which is therefore not started."""
    marked = strike.attack
    assert isinstance(marked, Attack)
    return judge(marked, World(tmp_path))


@attack(Seat.SCRIPT)
def sound(world: World, case: Case) -> Outcome:
    """Does something, and is seen."""
    case.did(True, "shown are 50")
    case.stood(True, "the true ones are 5")
    return Outcome.DETECTED


@attack(Seat.SCRIPT)
def without_effect(world: World, case: Case) -> Outcome:
    """Means to change a number, and changes none."""
    case.did(False, "shown are 50")
    return Outcome.PREVENTED


@attack(Seat.SCRIPT)
def without_proof(world: World, case: Case) -> Outcome:
    """Says nothing of what it did."""
    case.stood(True, "all is well")
    return Outcome.PREVENTED


@attack(Seat.SCRIPT)
def without_answer(world: World, case: Case) -> Outcome:
    """Says nothing of what was done about it."""
    case.did(True, "shown are 50")
    return Outcome.DETECTED


@attack(Seat.SCRIPT)
def undetected(world: World, case: Case) -> Outcome:
    """Succeeds, and nothing tells of it."""
    case.did(True, "shown are 50")
    case.stood(False, "verify names it")
    return Outcome.DETECTED


@attack(Seat.SCRIPT)
def broken(world: World, case: Case) -> Outcome:
    """Stumbles over its own feet."""
    case.did(True, "shown are 50")
    raise ZeroDivisionError("oh")


def test_evidence_is_what_was_done_and_then_what_was_seen(tmp_path: Path) -> None:
    assert judged(sound, tmp_path) == (Outcome.DETECTED, "shown are 50; the true ones are 5")


@pytest.mark.parametrize(
    ("strike", "says"),
    [
        (without_effect, "did not do what it meant: not so that shown are 50"),
        (without_proof, "no effect of its own"),
        (without_answer, "nothing that was done about it"),
        (undetected, "shown are 50; went unnoticed: not so that verify names it"),
        (broken, "the attack broke: ZeroDivisionError"),
    ],
)
def test_whatever_is_not_shown_has_failed(strike: object, says: str, tmp_path: Path) -> None:
    outcome, evidence = judged(strike, tmp_path)
    assert outcome is Outcome.FAILED
    assert says in evidence


def test_every_drill_is_found_with_attacks_and_those_that_ruin_the_world_come_last() -> None:
    assert {"inflate", "hidden-cap"} <= set(drills())
    for drill in drills():
        attacks = attacks_of(drill)
        assert attacks
        assert len({one.name for one in attacks}) == len(attacks)
        ruins = [bool(one.ruins) for one in attacks]
        assert ruins == sorted(ruins)
    seats = {one.seat for drill in drills() for one in attacks_of(drill)}
    assert seats == set(Seat)


def test_a_drill_that_is_none_is_named() -> None:
    with pytest.raises(NoSuchDrill, match="no drill 'nothing'"):
        attacks_of("nothing")
