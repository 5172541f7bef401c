"""Logs in the form of the Open Bandit Dataset: a folder a policy, in each the same campaign as CSV.

    FOLDER/random/men.csv, FOLDER/bts/men.csv with item_id, position, click and propensity_score (or action_prob)

A row is one impression: the item that the policy drew for a position, and with which chance (st-tech/zr-obp).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openforyou.experiments.errors import BadLog
from openforyou.experiments.types import Choices

PROPENSITIES = ("propensity_score", "action_prob")
WANTED = ("item_id", "position", "click")
LOOKS_LIKE = "a folder with two or more policies' folders, in each the same CAMPAIGN.csv"


@dataclass(frozen=True, slots=True)
class Campaign:
    """What each policy chose, over the same positions and items."""

    name: str
    logs: Mapping[str, Choices]
    shape: tuple[int, int]
    """Positions, items."""


def read(folder: Path, campaign: str = "") -> Campaign:
    """The logs of one campaign, by policy; without a name, of the only one. Raises `BadLog`."""
    if not folder.is_dir():
        raise BadLog(folder, "is no folder.", hint=f"Name {LOOKS_LIKE}.")
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.glob("*/*.csv")):
        if not path.name.endswith("item_context.csv"):
            found.setdefault(path.stem, {})[path.parent.name] = path
    shared = {name: paths for name, paths in found.items() if len(paths) > 1}
    if campaign and campaign not in shared:
        raise BadLog(folder, f"has no campaign {campaign[:40]!r}.", hint=f"It has {', '.join(shared) or 'none'}.")
    if not shared or (not campaign and len(shared) > 1):
        told = "holds no campaign that two policies share." if not shared else f"holds {', '.join(shared)}."
        raise BadLog(folder, told, hint=f"Name {LOOKS_LIKE}." if not shared else "Choose one with --campaign.")
    name = campaign or next(iter(shared))
    logs = {policy: _log(path) for policy, path in shared[name].items()}
    return Campaign(
        name,
        logs,
        (
            1 + max(int(log.contexts.max()) for log in logs.values()),
            1 + max(int(log.actions.max()) for log in logs.values()),
        ),
    )


def _log(path: Path) -> Choices:
    rows: list[tuple[int, int, float, float]] = []
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file)
        names = lines.fieldnames or []
        chance = next((name for name in PROPENSITIES if name in names), None)
        missing = [name for name in WANTED if name not in names] + ([PROPENSITIES[0]] if chance is None else [])
        if missing:
            raise BadLog(path, f"has no column {', '.join(missing)}.", line=1, hint="It is no log of choices.")
        assert chance is not None, "it is among the missing otherwise"
        for line in lines:
            try:
                row = int(line["item_id"]), int(line["position"]), float(line[chance]), float(line["click"])
            except (TypeError, ValueError):
                raise BadLog(path, "holds no numbers.", line=lines.line_num, hint="Save it as it came.") from None
            if not (row[0] >= 0 and row[1] >= 1 and 0 < row[2] <= 1 and np.isfinite(row[3])):
                told = f"item {row[0]}, position {row[1]}, propensity {row[2]:g} cannot be."
                raise BadLog(path, told, line=lines.line_num, hint="A propensity is above 0 and at most 1.")
            rows.append(row)
    if not rows:
        raise BadLog(path, "holds no choice.", hint="Give a log with at least one row.")
    items, positions, chances, clicks = (np.array(column) for column in zip(*rows, strict=True))
    return Choices(items, positions - 1, chances, clicks, np.arange(len(rows)))
