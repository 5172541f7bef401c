"""Bugs to plant in the code under test, by name, so that the suite can show that it would find them.

A mutant edits the source of the real functions as they are today, and compiles them again. So none of them can go stale
in silence: where the words that it replaces are gone, or there twice, planting it fails.
"""

from __future__ import annotations
import __future__

import inspect
import sys
import textwrap
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest


@dataclass(frozen=True)
class Edit:
    """Of `module:name` below `openforyou`, a function or a text, `old` becomes `new`."""

    target: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """A bug and the edits that make it."""

    name: str
    edits: tuple[Edit, ...]


def _mutant(name: str, *edits: tuple[str, str, str]) -> Mutant:
    return Mutant(name, tuple(Edit(*edit) for edit in edits))


_BATCH = "events.log.sequencer:Sequencer._publish_batch"
_COMMIT = "events.intake:Intake._commit"

MUTANTS = (
    # the intake
    _mutant(
        "a repeated event is counted again",
        ("events.intake:write", "if event.id not in here", "if here is not None"),
        ("events.store:_INSERT_EVENTS", "leaf,\n               leaf_seq)", "leaf, leaf_seq) ON CONFLICT DO NOTHING"),
    ),
    _mutant(
        "answered before it is durable",
        (
            _COMMIT,
            "new = write(connection, events, slates, secrets, self._clock.now())",
            "new = write(connection, events, slates, secrets, self._clock.now())\n"
            "            for one in group:\n"
            "                one.done.set_result([_outcome(event.id, new) for event in one.events])",
        ),
        (_COMMIT, "group[0].done.set_exception(failure)", "return"),
        (_COMMIT, "submission.done.set_result([_outcome(event.id, new) for event in submission.events])", "pass"),
    ),
    _mutant(
        "an item is served once, however many slates it stands in",
        ("events.intake:served_leaves", 'slate.request_id.to_bytes(8, "big")', 'b""'),
    ),
    # the rules
    _mutant("a retraction is lost", ("events.rules:_turned", "(not wants and turn == 0)", "not wants")),
    _mutant(
        "the word that comes last wins, not the newest", ("events.rules:_is_newer", "event.occurred_at > than", "True")
    ),
    _mutant("a like wins over the unlike of the same moment", ("events.rules:_is_newer", "and not wants", "and wants")),
    _mutant(
        "what counted yesterday counts again after midnight",
        ("events.rules:_daily", "state.counted if day == state.counted_day + 1 else 0", "0"),
    ),
    _mutant(
        "time watched is counted twice",
        ("events.rules:_watched", "+ watched), watched", "+ watched), state.watch_ms + watched"),
    ),
    # the sequencer and the numbers
    _mutant("a retraction weighs nothing", ("events.counts:weight", "else -1", "else 0")),
    _mutant(
        "a batch is decided twice",
        (_BATCH, "if stop is None:", "if start >= 0:"),
        (
            "events.log.store:decide_batch",
            "connection.execute(log_batches.insert().values(start=start, stop=stop))",
            "connection.exec_driver_sql("
            '"INSERT INTO log_batches VALUES (%b, %b) ON CONFLICT DO NOTHING", (start, stop))',
        ),
    ),
    _mutant("a batch lies in the order of arrival", (_BATCH, "leaves.sort()", "leaves.sort(key=lambda leaf: 0)")),
    _mutant(
        "a full batch loses its last leaf",
        (_BATCH, "writer.append(leaves)", "writer.append(leaves[: BATCH_LEAVES_MAX - 1])"),
    ),
    _mutant(
        "the numbers move before the log is published",
        (_BATCH, "writer.append(leaves)", "self._fold(start, stop, leaves)\n    writer.append(leaves)"),
        (_BATCH, "    self._fold(start, stop, leaves)\n    return True", "    return True"),
    ),
    _mutant(
        "the numbers and the place they hold at are two transactions",
        (
            "events.log.sequencer:Sequencer._fold",
            "    assert folded",
            "    with self._database.begin() as connection:\n"
            '        connection.exec_driver_sql("UPDATE log_state SET folded = %b", (stop,))\n'
            "    assert folded",
        ),
        ("events.log.store:fold", ".values(folded=stop)", ".values(folded=start)"),
    ),
    _mutant(
        "a fold forgets the first leaf of the next batch",
        ("events.log.store:fold", "pending_leaves.c.seq < stop", "pending_leaves.c.seq <= stop"),
    ),
    _mutant(
        "after a failure the batch is added to what was not published",
        ("events.log.sequencer:Sequencer.step", "self._let_go()", "pass"),
    ),
    # the log
    _mutant(
        "the checkpoint is there before its tiles are",
        (
            "ledger.writer:LogWriter._commit",
            "self._disk.commit(self._waiting, *stages, shown=shown)",
            "self._disk.commit(*stages, shown=shown)\n    self._disk.commit(self._waiting)",
        ),
    ),
    _mutant(
        "a writer that starts right behind a tile border forgets a leaf",
        ("ledger.recovery:_tail", "if size % TILE_WIDTH == 0", "if size % TILE_WIDTH <= 1"),
    ),
    _mutant(
        "a tile is full one leaf late",
        ("ledger.growth:GrowingTree.extend", "if len(hashes) < TILE_WIDTH", "if len(hashes) <= TILE_WIDTH"),
    ),
    _mutant(
        "a fold after a crash begins where the tile begins",
        ("ledger.reader:Log.entries", "[skipped : skipped", "[0 : skipped"),
    ),
    _mutant(
        "the tile that still grows is removed",
        ("ledger.writer:LogWriter._remove_stale", "if index < self", "if index <= self"),
    ),
    _mutant(
        "a root that was signed is forgotten",
        ("ledger.recovery:recover", "if signed and signed[1].size > head.size else", "if signed is head else"),
    ),
    # the witnesses
    _mutant(
        "one witness less than the quorum suffices", ("ledger.policy:Policy.is_met_by", ">= group", "+ 1 >= group")
    ),
    _mutant(
        "it is published whatever the witnesses say",
        ("ledger.cosigning:Cosigners.gather", "if not self._policy.is_met_by(lines)", "if lines is None"),
    ),
)


def plant(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the bug into the running code, wherever it was imported, until `monkeypatch` is undone."""
    by_target: dict[str, list[Edit]] = defaultdict(list)
    for edit in mutant.edits:
        by_target[edit.target].append(edit)
    for target, edits in by_target.items():
        module_name, _, path = target.partition(":")
        module = import_module(f"openforyou.{module_name}")
        *above, name = path.split(".")
        owner: Any = module
        for part in above:
            owner = getattr(owner, part)
        held = vars(owner)[name]
        if isinstance(held, str):
            monkeypatch.setattr(owner, name, _edited(held, edits))
            continue
        code = _edited(textwrap.dedent(inspect.getsource(held)), edits)
        made: dict[str, Any] = {}
        flags = __future__.annotations.compiler_flag
        exec(compile(code, f"<{mutant.name}>", "exec", flags), vars(module), made)
        monkeypatch.setattr(owner, name, made[name])
        if owner is module:
            _replace_everywhere(held, made[name], monkeypatch)


def _edited(source: str, edits: list[Edit]) -> str:
    for edit in edits:
        old, new = edit.old, edit.new
        assert source.count(old) == 1, f"{edit.target} has {old!r} {source.count(old)} times"
        source = source.replace(old, new)
    return source


def _replace_everywhere(old: Callable[..., Any], new: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """In the modules that imported it, and in their tables of functions."""
    for name, module in list(sys.modules.items()):
        if not name.startswith("openforyou."):
            continue
        for key, value in list(vars(module).items()):
            if value is old:
                monkeypatch.setattr(module, key, new)
            elif isinstance(value, dict):
                for place, one in list(value.items()):
                    if one is old:
                        monkeypatch.setitem(value, place, new)
