"""Runs drills: a live world for each, attack after attack, each judged by what was seen and never by its own word."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from itertools import count
from pathlib import Path
from time import monotonic

from openforyou.core.errors import OpenForYouError
from openforyou.core.progress import Progress, silent
from openforyou.drills.attack import Attack, Case, Outcome, Result, attacks_of, hosts_of, witnesses_of
from openforyou.drills.errors import Broken
from openforyou.drills.world import World

FOLDER_PREFIX = "openforyou-drill-"
MakeWorld = Callable[[], AbstractContextManager[World]]
_log = logging.getLogger(__name__)


def carry_out(drill: str, progress: Progress = silent, *, keep: bool = False) -> tuple[list[Result], Path]:
    """All attacks of a drill, on platforms made for it; the folder of those is kept only where that is wanted.

    Raises `NoSuchDrill`, and what keeps a platform from being started.
    """
    attacks, witnesses = attacks_of(drill), witnesses_of(drill)
    folder, numbers = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX)), count(1)

    def make_world() -> World:
        return World(folder / f"world-{next(numbers)}", witnesses=witnesses, hosts=hosts_of(drill))

    try:
        return run(drill, attacks, make_world, progress), folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def run(drill: str, attacks: Sequence[Attack], make_world: MakeWorld, progress: Progress = silent) -> list[Result]:
    """Carry out the attacks in order. One that cannot be cleaned up behind fails, and those after it get a new world.

    Raises what making a world raises; whatever an attack raises is its own outcome.
    """
    results: list[Result] = []
    with ExitStack() as worlds:
        world: World | None = None
        for number, attack in enumerate(attacks):
            if world is None:
                progress(number, len(attacks), f"{drill}: starting a platform with some traffic")
                world = worlds.enter_context(make_world())
            progress(number, len(attacks), f"{drill}: {attack.name}")
            began = monotonic()
            outcome, evidence = judge(attack, world)
            if not attack.ruins and (spoilt := _spoilt(world)):
                outcome, evidence = Outcome.FAILED, f"{evidence}; left behind: {spoilt}"
                worlds.close()
                world = None
            results.append(Result(drill, attack.name, attack.seat, outcome, evidence, monotonic() - began))
        progress(len(attacks), len(attacks), f"{drill}: done")
    return results


def judge(attack: Attack, world: World) -> tuple[Outcome, str]:
    """The outcome of one attack, and the evidence."""
    case = Case()
    try:
        outcome = attack.strike(world, case)
        if not case.effects:
            raise Broken("the attack shows no effect of its own")
        if not case.findings:
            raise Broken("the attack shows nothing that was done about it")
    except OpenForYouError as error:
        return Outcome.FAILED, "; ".join([*case.effects, *case.findings, error.message])
    except Exception as error:
        _log.exception("the attack %s broke", attack.name)
        return Outcome.FAILED, "; ".join([*case.effects, *case.findings, f"the attack broke: {error!r}"])
    return outcome, case.evidence


def _spoilt(world: World) -> str:
    """What is wrong with the world after an attack was undone; empty: nothing."""
    try:
        world.settle()
        report = world.verify()
    except Exception as error:
        return repr(error)
    return "; ".join(problem.says for problem in report.findings.problems[:3]) or ("" if report.ok else "not all right")
