"""The drill `inflate`, carried out for real; and a drill that is blind, which must say so."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from openforyou.audit.types import Report
from openforyou.drills.attack import Outcome, Result, attacks_of, witnesses_of
from openforyou.drills.inflate.queue import invented, put_into_the_log
from openforyou.drills.running import run
from openforyou.drills.world import World

ATTACKS = {one.name: one for one in attacks_of("inflate")}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A live platform with two witnesses. Not under pytest's own folder, as the database of all tests."""
    folder = Path(tempfile.mkdtemp(prefix="openforyou-drill-"))
    try:
        with World(folder / "world", witnesses=witnesses_of("inflate")) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def results(world: World) -> list[Result]:
    """What came of the whole drill."""
    return run("inflate", list(ATTACKS.values()), lambda: nullcontext(world))


def blind(where: str, *, policy: bytes | None = None, remember: Path | None = None) -> Report:
    """A check that finds everything right."""
    return Report(ok=True, log=None)


def test_no_attack_succeeds_unnoticed(results: list[Result]) -> None:
    assert {result.attack for result in results} == set(ATTACKS)
    assert {result.attack: result.evidence for result in results if result.outcome is Outcome.FAILED} == {}


def test_each_result_names_what_was_seen(results: list[Result]) -> None:
    told = {result.attack: result.as_dict() for result in results}
    assert all(set(one) == {"drill", "seat", "outcome", "evidence", "seconds"} for one in told.values())
    times_ten = told["likes times ten"]
    assert (times_ten["drill"], times_ten["seat"], times_ten["outcome"]) == (
        "inflate",
        "database superuser",
        "detected",
    )
    assert "verify says: The likes of item " in times_ten["evidence"]
    assert "exit code 1" in times_ten["evidence"]
    assert "bad_context: feed_context belongs to another viewer" in told["batch of another"]["evidence"]
    assert "no witness cosigns it" in told["fork shown to half"]["evidence"]


def test_with_a_blind_verifier_the_drill_fails(world: World, results: list[Result]) -> None:
    wanted = ["likes times ten", "numbers of nothing", "rewritten entry", "like doubled and signed"]
    world.verifier, sound = blind, world.verifier
    try:
        found = run("inflate", [ATTACKS[name] for name in wanted], lambda: nullcontext(world))
    finally:
        world.verifier = sound
    assert [result.outcome for result in found] == [Outcome.FAILED] * len(wanted)
    assert all("went unnoticed" in result.evidence or "did not do" in result.evidence for result in found)
    assert "went unnoticed: not so that verify names it" in found[0].evidence


def test_what_the_docs_say_is_not_claimed_is_indeed_not_noticed(world: World, results: list[Result]) -> None:
    """Likes by viewers who were made up stand in the log like any others: docs/drills.md says so."""
    clip = world.clips[11]
    before = world.shown(clip.id)["likes"]
    put_into_the_log(world, [invented(clip.number) for _ in range(3)])
    assert world.shown(clip.id)["likes"] == before + 3
    assert [problem for problem in world.verify().findings.problems if problem.item == clip.id] == []
