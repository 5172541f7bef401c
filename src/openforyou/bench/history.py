"""A log of a platform that has been used for a while, made in seconds, and the numbers that are true of it.

As many deeds as asked for: a few items have most of them, one like in eight is taken back, and some are given again.
The true numbers are kept while the deeds are drawn; nothing of the check under measurement takes part in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openforyou.audit.deeds import LEAF
from openforyou.audit.types import ITEM_COUNTS
from openforyou.core.ids import encode_id
from openforyou.core.progress import Progress
from openforyou.events.leaf import DAILY, FORMAT, RETRACTABLE, Action, encode_record
from openforyou.ledger.keys import SigningKey
from openforyou.ledger.writer import LogWriter

SHARES = {
    Action.SERVED: 0.38,
    Action.IMPRESSION: 0.22,
    Action.VIEW: 0.13,
    Action.WATCH: 0.14,
    Action.COMPLETE: 0.04,
    Action.SKIP: 0.04,
    Action.LIKE: 0.025,
    Action.SHARE: 0.005,
    Action.NOT_INTERESTED: 0.005,
    Action.REPORT: 0.005,
    Action.FOLLOW: 0.01,
}
BATCH_LEAVES = 5_000
PUBLISHED_LEAVES = 50_000
WATCH_MS = (500, 30_000)
TAKEN_BACK, GIVEN_AGAIN = 0.125, 0.03
FIRST_DAY, DAYS = 20_500, 60


@dataclass(frozen=True, slots=True)
class History:
    """The true numbers of items and creators with any, ascending by id, at all leaves of the log."""

    leaves: int
    items: NDArray[np.int64]  # (N,)
    item_counts: NDArray[np.int64]  # (N, 10)
    creators: NDArray[np.int64]  # (M,)
    followers: NDArray[np.int64]  # (M, 1)


def write(folder: Path, leaves: int, seed: int, progress: Progress) -> History:
    """Write a log of `leaves` into `folder`; its last leaves are records, one of which freezes the busiest item."""
    rng = np.random.default_rng(seed)
    deeds = _deeds(leaves - 2, rng)
    items, creators = _true(deeds[deeds["action"] != Action.FOLLOW]), _true(deeds[deeds["action"] == Action.FOLLOW])
    busiest = int(items[0][items[1][:, 0].argmax()])
    freeze = {
        "id": encode_id(1),
        "kind": "freeze",
        "name": "For the bench",
        "reason": "So that a freeze is among what is checked.",
        "scope": {"kind": "item", "id": encode_id(busiest)},
        "since": "2026-04-01T00:00:00Z",
    }
    refused = {"since": "2026-04-01T00:00:00+00:00", "until": "2026-04-01T00:00:10+00:00", "by_reason": {"bad_time": 3}}
    records = [encode_record("policy", freeze), encode_record("refused", refused)]
    with LogWriter.open(folder, SigningKey.generate("openforyou.bench")) as log:
        for start in range(0, len(deeds), BATCH_LEAVES):
            data = deeds[start : start + BATCH_LEAVES].tobytes()
            log.append(sorted(data[at : at + LEAF.itemsize] for at in range(0, len(data), LEAF.itemsize)))
            if log.size - log.published_size >= PUBLISHED_LEAVES:
                log.publish()
                progress(log.size, leaves, "writing a log")
        log.append(records)
        log.publish()
    return History(leaves, *items, creators[0], creators[1][:, Action.FOLLOW - 1 :])


def _deeds(count: int, rng: np.random.Generator) -> NDArray[np.void]:
    """(count,) of LEAF, in the order in which they were done."""
    shares = np.array(list(SHARES.values()))
    action = rng.choice(np.array(list(SHARES), dtype=np.uint8), size=count, p=shares / shares.sum())
    deeds = _drawn(action, count, rng)
    given = np.flatnonzero(np.isin(action, sorted(RETRACTABLE)))
    back = rng.choice(given, int(len(given) * TAKEN_BACK), replace=False)
    again = rng.choice(back, int(len(given) * GIVEN_AGAIN), replace=False)
    turns = np.concatenate((deeds[back], deeds[again]))
    turns["value"] = np.repeat([2, 3], [len(back), len(again)])
    # The first deeds make room for the turns; a turn comes at a moment after the one before.
    at = rng.random(count)
    at_back = at[back] + rng.random(len(back)) * (1 - at[back])
    place = {deed: number for number, deed in enumerate(back.tolist())}
    at_again = np.array([at_back[place[deed]] for deed in again.tolist()])
    at_again += rng.random(len(again)) * (1 - at_again)
    spare = np.setdiff1d(np.arange(count), given)[: len(turns)]
    keep = np.ones(count, dtype=np.bool_)
    keep[spare] = False
    moments = np.concatenate((at[keep], at_back, at_again))
    done = np.concatenate((deeds[keep], turns))[np.argsort(moments, kind="stable")]
    return done.astype(LEAF)  # joining turns the bytes of numbers round


def _drawn(action: NDArray[np.uint8], count: int, rng: np.random.Generator) -> NDArray[np.void]:
    """Deeds that each have a nullifier of their own."""
    subjects = rng.integers(1, 2**63 - 1, size=max(20, count // 200), dtype=np.uint64)
    popularity = 1 / np.arange(1, len(subjects) + 1) ** 0.8
    deeds = np.empty(count, dtype=LEAF)
    deeds["format"] = FORMAT
    deeds["action"] = action
    deeds["subject"] = rng.choice(subjects, size=count, p=popularity / popularity.sum())
    deeds["value"] = np.where(
        np.isin(action, [Action.SERVED, *sorted(DAILY)]), FIRST_DAY + rng.integers(0, DAYS, size=count), 1
    )
    watched = action == Action.WATCH
    deeds["value"][watched] = rng.integers(*WATCH_MS, size=int(watched.sum()))
    deeds["high"] = rng.integers(0, 2**64, size=count, dtype=np.uint64)
    deeds["low"] = rng.integers(0, 2**64, size=count, dtype=np.uint64)
    return deeds


def _true(deeds: NDArray[np.void]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Subjects, ascending, and the sum of what each deed adds: what is taken back takes away what was given."""
    subjects, place = np.unique(deeds["subject"].astype(np.int64), return_inverse=True)
    value = deeds["value"].astype(np.int64)
    worth = np.where(deeds["action"] == Action.WATCH, value, 1)
    worth[np.isin(deeds["action"], sorted(RETRACTABLE)) & (value % 2 == 0)] = -1
    counts = np.zeros((len(subjects), len(ITEM_COUNTS) + 1), dtype=np.int64)
    np.add.at(counts, (place, deeds["action"].astype(np.int64) - 1), worth)
    return subjects, counts if (deeds["action"] == Action.FOLLOW).all() else counts[:, : len(ITEM_COUNTS)]
