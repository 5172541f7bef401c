"""What one nullifier may do: each deed once, and what can be taken back turn by turn. Pure.

A nullifier stands for one viewer, one action and one subject (and for some actions a day, a slate or an event). So it
must never appear under two of them; where the action can be taken back its turns are exactly 1 … n, each once; and
elsewhere it appears once. Whatever breaks that is named, and the honest reading goes on: each turn counts once, a like
stands while the highest turn is odd, any other deed counts where it stands first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openforyou.audit.deeds import Mask, Rows, is_turn, named
from openforyou.audit.types import Findings, Problem
from openforyou.core.ids import encode_id
from openforyou.events.leaf import Action

GAIN = np.dtype([("subject", "<i8"), ("index", "<i8"), ("column", "u1"), ("gain", "<i8")])
"""By how much a leaf moves a number: `column` is the action less one."""


def settle(rows: Rows, findings: Findings) -> NDArray[np.void]:
    """The gains of all rows of some nullifiers, of GAIN. `rows` holds either all rows of a nullifier or none, and is in
    the order of the log.
    """
    order = np.argsort(rows["high"], kind="stable")
    rows = rows[order]
    same = rows["high"][1:] == rows["high"][:-1]
    several = np.zeros(len(rows), dtype=np.bool_)
    several[1:] |= same
    several[:-1] |= same
    alone, rest = rows[~several], rows[several]
    turns = is_turn(alone)
    _tell(findings, "missing_turn", alone[turns & (alone["value"] != 1)], _first_missing)
    stands = np.where(turns, alone["value"] & 1, np.where(alone["action"] == Action.WATCH, alone["value"], 1))
    return np.concatenate((_gains(alone, stands.astype(np.int64)), _settle_several(rest, findings)))


def _settle_several(rows: Rows, findings: Findings) -> NDArray[np.void]:
    """As `settle`, for nullifiers that appear more than once."""
    if not len(rows):
        return np.empty(0, dtype=GAIN)
    rows = rows[np.lexsort((rows["index"], rows["subject"], rows["action"], rows["low"], rows["high"]))]
    new_mark = _changes(rows, "high", "low")
    new_group = new_mark | _changes(rows, "action", "subject")
    _check_meaning(rows[new_group], new_mark[new_group], findings)
    group = np.cumsum(new_group) - 1
    turns = is_turn(rows)
    again = ~turns & ~new_group
    _tell(findings, "doubled", rows[again], _doubled)
    _check_turns(rows[turns], group[turns], findings)
    once = rows[~turns & new_group]
    worth = np.where(once["action"] == Action.WATCH, once["value"], 1).astype(np.int64)
    return np.concatenate((_gains(once, worth), _turned(rows[turns], group[turns])))


def _check_meaning(firsts: Rows, new_mark: Mask, findings: Findings) -> None:
    """That a nullifier stands for one thing. `firsts` has the first row of each thing that one stands for."""
    earliest = np.minimum.reduceat(firsts["index"], np.flatnonzero(new_mark))
    _tell(findings, "reused_nullifier", firsts[firsts["index"] != earliest[np.cumsum(new_mark) - 1]], _reused)


def _check_turns(rows: Rows, group: NDArray[np.int64], findings: Findings) -> None:
    """That the turns of each group are 1 … n, each once."""
    if not len(rows):
        return
    order = np.lexsort((rows["index"], rows["value"], group))
    rows, group = rows[order], group[order]
    starts = np.ones(len(rows), dtype=np.bool_)
    starts[1:] = group[1:] != group[:-1]
    again = np.zeros(len(rows), dtype=np.bool_)
    again[1:] = ~starts[1:] & (rows["value"][1:] == rows["value"][:-1])
    _tell(findings, "doubled", rows[again], _doubled)
    rows, starts = rows[~again], starts[~again]
    before = np.zeros(len(rows), dtype=np.int64)
    before[1:] = rows["value"][:-1]
    before[starts] = 0
    _tell(findings, "missing_turn", rows[rows["value"] != before + 1], _missing)


def _turned(rows: Rows, group: NDArray[np.int64]) -> NDArray[np.void]:
    """Where, in the order of the log, the highest turn of each group became odd (+1) or even (-1)."""
    if not len(rows):
        return np.empty(0, dtype=GAIN)
    # `rows` are by group and then by place. A group's number above the turn keeps the maximum within the group.
    height = np.maximum.accumulate(group << 32 | rows["value"].astype(np.int64))
    stands = height & 1
    stood = np.zeros(len(rows), dtype=np.int64)
    stood[1:] = np.where(group[1:] == group[:-1], stands[:-1], 0)
    moved = stands != stood
    return _gains(rows[moved], (stands - stood)[moved])


def _gains(rows: Rows, worth: NDArray[np.int64]) -> NDArray[np.void]:
    moves = worth != 0
    rows = rows[moves]
    gains = np.empty(len(rows), dtype=GAIN)
    gains["subject"], gains["index"], gains["gain"] = rows["subject"], rows["index"], worth[moves]
    gains["column"] = rows["action"] - 1
    return gains


def _changes(rows: Rows, *names: str) -> Mask:
    """Which rows differ from the one before in one of those columns; the first does."""
    differs = np.ones(len(rows), dtype=np.bool_)
    differs[1:] = False
    for name in names:
        differs[1:] |= rows[name][1:] != rows[name][:-1]
    return differs


def _tell(findings: Findings, kind: str, rows: Rows, words: Callable[[Any], str]) -> None:
    for place, row in enumerate(rows):
        if not findings.takes(kind):
            findings.count(kind, len(rows) - place)
            return
        findings.add(problem_at(kind, row, words(row)))


def problem_at(kind: str, row: Any, words: str) -> Problem:
    """A problem about one leaf; `words` go on after "Leaf 7, a like of …"."""
    subject = int(row["subject"])
    public = encode_id(subject) if subject > 0 else ""
    is_follow = row["action"] == Action.FOLLOW
    return Problem(
        kind,
        f"Leaf {row['index']}, a {named(row['action'])} of {public or subject}, {words}.",
        item="" if is_follow else public,
        creator=public if is_follow else "",
        leaf=int(row["index"]),
    )


def _doubled(_row: Any) -> str:
    return "was in the log before: the same deed under the same nullifier"


def _missing(row: Any) -> str:
    return f"is turn {row['value']}, and turn {row['value'] - 1} is missing"


def _first_missing(row: Any) -> str:
    return f"is turn {row['value']}, and those before are missing"


def _reused(_row: Any) -> str:
    return "bears a nullifier that also stands for something else"
