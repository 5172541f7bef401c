"""`bench verify`: how long it takes to check a whole log, tree and numbers, on one core, and in how much memory.

The baseline is what no check can leave out: SHA-256 of the same leaves and of the nodes above them, with `hashlib`, the
leaves being in memory already. Each check is a process of its own, held to one core, so that its memory is its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from openforyou.audit.service import verify
from openforyou.audit.trust import trusted
from openforyou.audit.types import CREATOR_COUNTS, ITEM_COUNTS, Page, ShownPolicy
from openforyou.bench.history import write
from openforyou.bench.report import Report, spread
from openforyou.core.errors import OpenForYouError
from openforyou.core.progress import Progress, silent
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource

PAGE_ROWS = 5_000
CHECK_WITHIN_S = 3_600


@dataclass(frozen=True, slots=True)
class Load:
    """`leaves` in the log; a tenth of it is checked as well, to see whether memory grows."""

    leaves: int = 1_000_000
    repeats: int = 3
    seed: int = 1


class NotRight(OpenForYouError):
    """The log made for the bench did not pass: a defect, and no figure."""


class FileShown:
    """The numbers that are true, from a file, in pages as a server gives them."""

    def __init__(self, path: Path) -> None:
        self._held = dict(np.load(path))

    def items(self, at_least: int) -> Iterator[Page]:
        return self._pages("items", "item_counts", at_least)

    def creators(self, at_least: int) -> Iterator[Page]:
        return self._pages("creators", "followers", at_least)

    def policies(self) -> Sequence[ShownPolicy]:
        return []

    def _pages(self, ids: str, counts: str, at_least: int) -> Iterator[Page]:
        after, held = 0, self._held[ids]
        for start in range(0, max(1, len(held)), PAGE_ROWS):
            part = held[start : start + PAGE_ROWS]
            upto = int(part[-1]) if start + PAGE_ROWS < len(held) else None
            yield Page(after, upto, at_least, part, self._held[counts][start : start + PAGE_ROWS])
            after = upto or 0


def run(load: Load | None = None, progress: Progress = silent) -> Report:
    """Make two logs, and check each `repeats` times. Raises `NotRight` where one does not pass."""
    load = load or Load()
    with tempfile.TemporaryDirectory(prefix="openforyou-bench-") as folder:
        whole, tenth = Path(folder) / "whole", Path(folder) / "tenth"
        for place, leaves in ((whole, load.leaves), (tenth, max(1_000, load.leaves // 10))):
            history = write(place, leaves, load.seed, progress)
            np.savez(place.with_suffix(".npz"), **{k: v for k, v in asdict(history).items() if k != "leaves"})
        runs, small = [], []
        for repeat in range(load.repeats):
            progress(repeat, load.repeats, "checking")
            runs.append(_child(whole))
            small.append(_child(tenth))
    seconds = spread([one["seconds"] for one in runs])
    hashing = spread([one["hashing_s"] for one in runs])
    return Report(
        bench="verify",
        settings=asdict(load),
        metrics={
            "leaves": load.leaves,
            "seconds": seconds["median"],
            "peak_mb": max(one["peak_mb"] for one in runs),
        },
        baseline={
            "name": "hashlib: SHA-256 of every leaf and node, the leaves in memory",
            "seconds": hashing["median"],
            "ratio": seconds["median"] / hashing["median"],
        },
        detail={
            "seconds": seconds,
            "hashing_s": hashing,
            "leaves_per_s": load.leaves / seconds["median"],
            "start_mb": runs[0]["start_mb"],
            "peak_mb_with_a_tenth_of_the_leaves": max(one["peak_mb"] for one in small),
            "items": runs[0]["items"],
            "creators": runs[0]["creators"],
        },
    )


def _child(folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", __name__, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=CHECK_WITHIN_S)  # noqa: S603
    if done.returncode:
        raise NotRight(f"The log of the bench did not pass: {done.stderr.strip()[-500:]}", hint="This is a defect.")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def main(folder: Path) -> None:
    """The child: check one log, print the figures."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    source = FolderSource(folder)
    start_mb = _peak_mb()
    began = perf_counter()
    trust = trusted(source, vkey="", policy=None, remembered=None)
    report = verify(source, trust, FileShown(folder.with_suffix(".npz")), datetime.now(UTC)).report
    seconds = perf_counter() - began
    peak_mb = _peak_mb()
    # The bench shows no rules, so the one that freezes an item is found hidden; nothing else may be wrong.
    if report.findings.found != {"hidden_rule": 1} or report.checked != ("log", "leaves", "counts", "policies"):
        raise SystemExit(json.dumps(report.as_dict()))
    figures = {"seconds": seconds, "peak_mb": peak_mb, "start_mb": start_mb, "hashing_s": _hashing_s(source)}
    print(json.dumps({**figures, "items": report.items, "creators": report.creators}))  # noqa: T201


def _hashing_s(source: FolderSource) -> float:
    """The hashes of a tree and nothing else."""
    log = Log(source)
    size = int(log.checkpoint_bytes().split(b"\n")[1])
    leaves = [leaf for part in log.entries(0, size, size) for leaf in part]
    sha256 = hashlib.sha256
    began = perf_counter()
    level = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = iter(level)
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
    return perf_counter() - began


def _peak_mb() -> float:
    """The most memory that this process ever held. From the process itself: `getrusage` also remembers its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


assert (len(ITEM_COUNTS), len(CREATOR_COUNTS)) == (10, 1)

if __name__ == "__main__":
    main(Path(sys.argv[1]))
