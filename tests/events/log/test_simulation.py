"""A deterministic simulation of the way from an event to a number, and proof that it finds what it is there to find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from openforyou.events.log import sequencer
from openforyou.ledger import writer
from openforyou.storage.database import Database
from tests.events.log.model import Wrong
from tests.events.log.mutants import MUTANTS, plant
from tests.events.log.simulated import KILL, PLACES, POWER
from tests.events.log.simulation import World, act

BATCHES = (20, 100, 256, 50_000)
SEED = st.integers(0, 2**30)


@contextmanager
def world(engine: Engine, seed: int, *, witnessed: bool) -> Iterator[World]:
    """A world whose end takes away what it wrote. With small batches and few files at once, there are more borders."""
    sequencer.BATCH_LEAVES_MAX = BATCHES[seed % len(BATCHES)]
    writer.WAITING_FILES_MAX = 1 + seed % 5
    with engine.connect() as connection:
        outermost = connection.begin()
        opened = World(engine, connection, seed, witnessed)
        try:
            yield opened
        finally:
            opened.close()
            outermost.rollback()


class Simulation(RuleBasedStateMachine):
    """Hypothesis chooses how long it goes on, from which seeds, and what to leave out; `act` says what may happen."""

    engine: Engine

    @initialize(seed=SEED, witnessed=st.booleans())
    def begin(self, seed: int, witnessed: bool) -> None:
        self.open = world(self.engine, seed, witnessed=witnessed)
        self.world = self.open.__enter__()

    @rule(seed=SEED)
    def go_on(self, seed: int) -> None:
        note(act(self.world, Random(seed)))

    @rule(kind=st.sampled_from([KILL, POWER]))
    def crash(self, kind: str) -> None:
        self.world.crash(kind)

    @precondition(lambda self: len(self.world.sent) > 20)
    @rule()
    def settle(self) -> None:
        self.world.settle()

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "world"):
            self.world.observe()

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.world.settle()
        finally:
            self.open.__exit__(None, None, None)


@pytest.fixture
def engine(database: Database, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Of a database of its own. What worlds set in modules is put back."""
    monkeypatch.setattr(sequencer, "BATCH_LEAVES_MAX", sequencer.BATCH_LEAVES_MAX)
    monkeypatch.setattr(writer, "WAITING_FILES_MAX", writer.WAITING_FILES_MAX)
    return database.engine


def test_nothing_is_lost_and_nothing_counted_twice(engine: Engine) -> None:
    Simulation.engine = engine
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Simulation,
        settings=settings(
            max_examples=40,
            stateful_step_count=16,
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


RUNS, ACTIONS = 16, 14


def wander(engine: Engine, seed: int) -> None:
    """One run as the machine makes them, from a seed alone."""
    random = Random(seed)
    with world(engine, seed, witnessed=seed % 2 == 1) as there:
        for _ in range(ACTIONS):
            act(there, random)
            there.observe()
        there.settle()


def first_caught(engine: Engine) -> tuple[int, Wrong] | None:
    """Which of the runs finds something wrong, and what; None where all of them pass."""
    for seed in range(RUNS):
        try:
            wander(engine, seed)
        except Wrong as wrong:
            return seed, wrong
    return None


def test_a_suite_that_finds_nothing_finds_nothing(engine: Engine) -> None:
    """The runs that catch the planted bugs below pass without them."""
    assert first_caught(engine) is None


def test_every_planted_bug_is_caught(engine: Engine, tell: Callable[[str], None]) -> None:
    caught, told = [], []
    for mutant in MUTANTS:
        with pytest.MonkeyPatch.context() as patch:
            plant(mutant, patch)
            found = first_caught(engine)
        if found is not None:
            seed, wrong = found
            caught.append(mutant.name)
            told.append(f"  {mutant.name} (run {seed}: {str(wrong)[:80]})")
    missed = [mutant.name for mutant in MUTANTS if mutant.name not in caught]
    tell("\n".join([f"planted bugs: caught {len(caught)} of {len(MUTANTS)}", *told]))
    assert missed == []
    assert len(MUTANTS) >= 12


def test_a_run_can_be_repeated_to_the_byte(engine: Engine) -> None:
    told = []
    for _ in range(2):
        random = Random(5)
        with world(engine, 5, witnessed=True) as there:
            said = [act(there, random) for _ in range(ACTIONS)]
            there.settle()
            told.append((said, there.leaves))
    first, second = told
    assert first == second


def test_every_place_is_struck(engine: Engine) -> None:
    """No fault that the runs draw is one that nothing ever meets."""
    struck = set()
    for seed in range(RUNS):
        random = Random(seed)
        with world(engine, seed, witnessed=False) as there:
            for _ in range(ACTIONS):
                act(there, random)
            struck |= there.fate.all_struck
    assert struck == set(PLACES)
