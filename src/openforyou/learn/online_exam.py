"""Test, then train: before an update is published, it is asked what viewers did that it has not learned from.

Asked are the newest deeds: *fresh* ones, which neither the update nor the model in service has seen, and the ones
before them, up to a window, which both have, so that damage shows even when little was done since. Two questions, as
the feed asks them: where the next wanted item stands among the whole catalogue (NDCG@10), and what becomes of each
item (the heads' log-likelihood). Worse beyond chance in either, over the window or over twenty fresh deeds or more,
keeps it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from numpy.typing import NDArray

from openforyou.learn.batches import inputs_of, last_positions, windows
from openforyou.learn.evaluate import Sought, gains, ranks
from openforyou.learn.fitted import Fitted
from openforyou.learn.online_data import PAIR, pairs_of, row_numbers
from openforyou.learn.online_network import is_finite
from openforyou.learn.rules import is_not_worse, is_wanted, labels
from openforyou.learn.scorers import ModelScorer
from openforyou.learn.sequence import Inputs
from openforyou.learn.types import Dataset, Ids, Mask

WINDOW = 500
CELLS_MAX = 1 << 27
"""Scores that one model gives in an exam, at the most: over a million items it is asked about 134 deeds."""
JUDGED_MIN = 20
"""Fewer deeds tell nothing: an update waits for more, and the fresh ones are not looked at by themselves."""
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grade:
    """What one model answered: NDCG@10 of wanted deeds, and the mean log-likelihood of what was done."""

    ndcg: Scores  # (W,) of the wanted ones
    likelihood: Scores  # (B,) of all


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is empty when the update may be published."""

    deeds: int
    fresh: int
    candidate: dict[str, float]
    serving: dict[str, float]
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        return {
            "deeds": self.deeds,
            "fresh": self.fresh,
            "candidate": self.candidate,
            "serving": self.serving,
            "passed": not self.reason,
        }


class Exam:
    """The window of the newest deeds. It begins with those of a data set and goes on with what `take` is given."""

    def __init__(self, dataset: Dataset) -> None:
        newest = np.sort(np.argsort(dataset.sequences.at_s, kind="stable")[-WINDOW:])
        self._held = pairs_of(dataset, newest)

    def take(self, deeds: NDArray[np.void]) -> None:
        """Those are part of the window from now on, and the oldest fall out of it."""
        older = self._held[~np.isin(self._held, deeds)]
        self._held = np.concatenate([older, deeds])[-WINDOW:]

    def judge(self, candidate: Fitted, serving: Fitted, dataset: Dataset, fresh: NDArray[np.void]) -> Verdict:
        """Compare the two on the window and on `fresh` deeds (of PAIR), all of them rows of `dataset`."""
        if not is_finite(candidate):
            return Verdict(0, 0, {}, {}, "it holds numbers that are none")
        sought, is_fresh = self._sought(dataset, fresh)
        if len(sought) < JUDGED_MIN:
            return Verdict(len(sought), int(is_fresh.sum()), {}, {}, "there are too few deeds to judge it by")
        wanted = is_wanted(dataset.sequences.did[sought.rows])
        ours, theirs = (_grade(fitted, dataset, sought, wanted) for fitted in (candidate, serving))
        return Verdict(
            deeds=len(sought),
            fresh=int(is_fresh.sum()),
            candidate=_told(ours),
            serving=_told(theirs),
            reason=_worse(ours, theirs, is_fresh, wanted),
        )

    def _sought(self, dataset: Dataset, fresh: NDArray[np.void]) -> tuple[Sought, Mask]:
        """Rows that have a history before them, the newest last; and which of them are fresh."""
        at_most = max(min(WINDOW, CELLS_MAX // max(len(dataset.item_ids), 1)), JUDGED_MIN)
        older = self._held[~np.isin(self._held, fresh)]
        asked = np.concatenate([older, fresh]).astype(PAIR)
        is_fresh = np.arange(len(asked)) >= len(older)
        rows = row_numbers(dataset, asked)
        starts = dataset.sequences.starts
        viewers = np.searchsorted(starts, rows, side="right") - 1
        told = np.flatnonzero((rows >= 0) & (rows > starts[np.maximum(viewers, 0)]))[-at_most:]
        return Sought(viewers[told], rows[told], rows[told]), is_fresh[told]


def _grade(fitted: Fitted, dataset: Dataset, sought: Sought, wanted: Mask) -> Grade:
    some = sought.take(np.flatnonzero(wanted))
    ndcg = gains(ranks(dataset, some, ModelScorer(fitted, dataset))) if len(some) else np.empty(0)
    return Grade(ndcg, _likelihood(fitted, dataset, sought))


@torch.inference_mode()
def _likelihood(fitted: Fitted, dataset: Dataset, sought: Sought) -> Scores:
    """(B,) mean log-chance that the heads gave to what became of each row."""
    sequences = dataset.sequences
    first = np.maximum(sequences.starts[sought.viewers], sought.ends - fitted.network.shape.length)
    rows = windows(first, sought.ends)
    items, where = np.unique(sequences.items[np.append(rows[rows >= 0], sought.rows)], return_inverse=True)
    vectors = fitted.place(dataset.item_ids[items], dataset.content[items])  # (K, D)
    inputs = inputs_of(sequences, rows)
    known = torch.from_numpy(np.searchsorted(items, inputs.items.numpy()).clip(0, len(items) - 1))
    told_by = Inputs(known, inputs.did, inputs.watched, inputs.gaps)
    viewers = torch.from_numpy(fitted.viewers(vectors, told_by, last_positions(rows)))
    asked = torch.from_numpy(vectors[where[-len(sought) :]])
    odds = fitted.network.actions(viewers, asked)
    told = torch.from_numpy(labels(sequences, sought.rows))
    loss = F.binary_cross_entropy_with_logits(odds, told, reduction="none").mean(dim=1)
    found: Scores = -loss.double().numpy()
    return found


def _worse(ours: Grade, theirs: Grade, is_fresh: Mask, wanted: Mask) -> str:
    """Why the first may not take the second's place; empty when it may."""
    groups: tuple[tuple[str, Ids], ...] = (("", np.arange(len(is_fresh))), ("fresh ", np.flatnonzero(is_fresh)))
    number = np.cumsum(wanted) - 1
    for name, rows in groups:
        in_wanted = number[rows[wanted[rows]]]
        questions = (
            ("NDCG@10", ours.ndcg[in_wanted], theirs.ndcg[in_wanted]),
            ("log-likelihood", ours.likelihood[rows], theirs.likelihood[rows]),
        )
        for what, mine, other in questions:
            if len(mine) >= JUDGED_MIN and not is_not_worse(mine, other):
                return f"{what} {mine.mean():.3f} on {len(mine)} {name}deeds, worse than {other.mean():.3f} in service"
    return ""


def _told(grade: Grade) -> dict[str, float]:
    ndcg = float(grade.ndcg.mean()) if len(grade.ndcg) else 0.0
    return {"ndcg@10": round(ndcg, 5), "log_likelihood": round(float(grade.likelihood.mean()), 5)}
