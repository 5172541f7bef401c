"""A deterministic simulation of the way from an event to a number, and proof that it finds what it is there to find."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine

from openforyou.events.log import sequencer
from openforyou.ledger import writer
from openforyou.storage.database import Database
from tests.events.log.model import Wrong
from tests.events.log.mutants import MUTANTS, Mutant
from tests.events.log.simulated import DATABASE_PLACES, ERROR, KILL, MEANWHILE, MOODS, PLACES, POWER
from tests.events.log.simulation import ITEMS, KINDS, VIEWERS, World

MIDNIGHT = datetime(2026, 5, 2, 0, 0, tzinfo=UTC)

KIND = st.sampled_from([*KINDS, "like", "unlike", "follow", "unfollow", "view", "watch"])
AT_S = st.sampled_from([0, 0, 0, -1, -2, -60, -3_600, -86_000, 60, 119, 121])
SAID = st.tuples(KIND, st.integers(1, VIEWERS), st.integers(1, ITEMS), AT_S)
KIND_OF_FAULT = st.sampled_from([KILL, POWER, ERROR, MEANWHILE])
PASSED = [(place, times) for place, most in PLACES.items() for times in range(most)]
STRUCK = st.tuples(KIND_OF_FAULT, st.sampled_from(PASSED)).map(lambda drawn: (drawn[0], *drawn[1]))
FAULT = st.none() | STRUCK | STRUCK | STRUCK
WRITE_FAULT = st.none() | st.none() | st.tuples(KIND_OF_FAULT, st.sampled_from(DATABASE_PLACES[:3]), st.just(0))
THEMES = (("like", "unlike"), ("follow", "unfollow"), ("view",), ("complete", "watch", "report"))
WORDS = st.tuples(
    *(st.lists(st.tuples(st.sampled_from(kinds), st.sampled_from([0, -1, -86_000])), max_size=5) for kinds in THEMES)
).map(lambda lists: [word for words in lists for word in words])
MOODY = st.just([]) | st.lists(st.sampled_from(MOODS), min_size=2, max_size=6)
PAIR = st.tuples(st.integers(1, VIEWERS), st.integers(1, ITEMS))
LOST = st.sampled_from(["no", "no", "no", "request", "answer", "late", "twice"])
HALF_DAY_S = 43_200


class Simulation(RuleBasedStateMachine):
    """Each rule is one thing that happens; after each of them the world is looked at."""

    engine: Engine

    @initialize(
        seed=st.integers(0, 2**16),
        witnessed=st.booleans(),
        batch=st.sampled_from([20, 100, 256, 50_000]),
        before_midnight_s=st.integers(0, HALF_DAY_S),
    )
    def begin(self, seed: int, witnessed: bool, batch: int, before_midnight_s: int) -> None:
        sequencer.BATCH_LEAVES_MAX = batch
        writer.WAITING_FILES_MAX = 1 + seed % 4
        self.connection = self.engine.connect()
        self.outermost = self.connection.begin()
        start = MIDNIGHT - timedelta(seconds=before_midnight_s)
        self.world = World(self.engine, self.connection, start, seed, witnessed)

    @rule(
        said=st.lists(SAID, max_size=8),
        repeats=st.lists(st.integers(0, 200), max_size=3),
        lost=LOST,
        fault=WRITE_FAULT,
    )
    def send(self, said: list[Any], repeats: list[int], lost: str, fault: Any) -> None:
        batch = self.world.say(said, repeats)
        if not batch or lost == "request":
            return
        if lost == "late":
            self.world.flying.append(batch)
            return
        if lost == "twice":
            self.world.flying.append(batch)
        self.world.fate.set(fault)
        self.world.deliver([batch], answered=lost != "answer")

    @rule(pair=PAIR, words=WORDS)
    def insist(self, pair: tuple[int, int], words: list[tuple[str, int]]) -> None:
        """One viewer says this and that of one item, at once or out of order."""
        self.world.deliver([self.world.say([(kind, *pair, at_s) for kind, at_s in words], [])])

    @rule(beyond=st.integers(-1, 1), kind=st.sampled_from([KILL, POWER]))
    def fill_a_tile(self, beyond: int, kind: str) -> None:
        """Publish up to just below, onto or just behind the border of a tile, and begin anew from there."""
        self.world.fill(beyond)
        self.world.step()
        self.world.crash(kind)
        self.world.watch(1)

    @precondition(lambda self: self.world.unanswered)
    @rule(first=st.integers(0, 20), fault=WRITE_FAULT, together=st.booleans())
    def send_again(self, first: int, fault: Any, together: bool) -> None:
        waiting = self.world.unanswered
        chosen = list(waiting) if together else [waiting[first % len(waiting)]]
        self.world.fate.set(fault)
        self.world.deliver(chosen)

    @precondition(lambda self: self.world.flying)
    @rule(which=st.integers(0, 20))
    def arrive_late(self, which: int) -> None:
        flying = self.world.flying
        self.world.deliver([flying.pop(which % len(flying))], answered=False)

    @rule(viewers=st.lists(st.integers(0, VIEWERS), min_size=1, max_size=3), fault=WRITE_FAULT)
    def serve(self, viewers: list[int], fault: Any) -> None:
        self.world.fate.set(fault)
        self.world.deliver([], slates=viewers)

    @rule(seconds=st.sampled_from([1, 10, 600, 3_600, HALF_DAY_S, 2 * HALF_DAY_S, 5 * HALF_DAY_S, -1, -3_600]))
    def turn_the_clock(self, seconds: int) -> None:
        self.world.clock.turn(timedelta(seconds=seconds))

    @rule(before=st.integers(0, 3), fault=FAULT, moods=MOODY, after=st.integers(0, 2), again=FAULT)
    def step(self, before: int, fault: Any, moods: list[str], after: int, again: Any) -> None:
        """Something is accepted, and hindered on its way; more is accepted, and it is tried again."""
        self.world.watch(before)
        if self.world.witnesses:
            self.world.witnesses.moods = list(moods)
        self.world.fate.set(fault)
        self.world.step()
        self.world.watch(after)
        self.world.fate.set(again)
        self.world.step()

    @rule(kind=st.sampled_from([KILL, POWER]), calm=st.sampled_from([False, False, True]))
    def crash(self, kind: str, calm: bool) -> None:
        self.world.crash(kind)
        if calm:
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
            self.world.close()
            self.outermost.rollback()
            self.connection.close()


@pytest.fixture
def simulation(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Simulation]]:
    """The machine on a database of its own. What it sets in modules is put back."""
    monkeypatch.setattr(sequencer, "BATCH_LEAVES_MAX", sequencer.BATCH_LEAVES_MAX)
    monkeypatch.setattr(writer, "WAITING_FILES_MAX", writer.WAITING_FILES_MAX)
    Simulation.engine = database.engine
    yield Simulation


def run(machine: type[Simulation], *, examples: int, steps: int, shrink: bool) -> None:
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=True,
            database=None,
            deadline=None,
            phases=phases,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )


def test_nothing_is_lost_and_nothing_counted_twice(simulation: type[Simulation]) -> None:
    began = time.monotonic()
    run(simulation, examples=60, steps=25, shrink=True)
    print(time.monotonic() - began)
