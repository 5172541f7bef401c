"""A network in training that never ends: its identities come and go, and it learns a few steps at a time.

New items begin without an identity, so that their content alone places them. Once an item has been wanted a few times,
it is given the mean of its neighbours' identities by co-count, as far as so few say anything: n / (n + 50), the share
with which training begins too (`warmstart`). In the space that the network has learned this stands for the
factorisation, which would begin another space.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from openforyou.learn.batches import batch_of, windows
from openforyou.learn.counts import CoCounts
from openforyou.learn.fitted import Fitted
from openforyou.learn.objective import loss_of
from openforyou.learn.sequence import Network
from openforyou.learn.settings import Settings
from openforyou.learn.softmax import multiplies_bf16
from openforyou.learn.types import Dataset, Ids
from openforyou.learn.warmstart import SELDOM
from openforyou.pipeline.lookup import positions

RATE_SHARE = 0.3
"""Of the recipe's learning rate: the network stands near its end, and a step from few windows is a noisy one."""
REPLAYED = 1.0
"""Positions of older windows for each new one, so that learning the new is not forgetting the old."""
REPLAYED_MIN = 64
"""Viewers replayed beside a few who did something: a gradient of one viewer's is mostly noise."""
STEP_POSITIONS = 2_048
"""Positions of new windows in one step, at the most."""
PASSES = 2
GRADIENT_NORM_MAX = 1.0
FIRST_WANTED = 3
"""Times wanted from which an item's neighbours say where it belongs."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What an update is to learn: of each viewer in `viewers` (positions, (V,)) the next items from row `since` on."""

    dataset: Dataset
    viewers: Ids
    since: Ids  # (V,) row numbers


class Trainee:
    """The network that learns, with its optimiser. `rate_share` times the recipe's rate is how far a step goes."""

    def __init__(self, fitted: Fitted, settings: Settings, rate_share: float = RATE_SHARE) -> None:
        self._network = deepcopy(fitted.network)
        self._item_ids = fitted.item_ids
        self._settings = settings
        self._rate = settings.learning_rate * rate_share
        self._like = fitted
        self._young = np.empty(0, np.int64)
        device = self._network.identity.device
        self._dtype = torch.bfloat16 if multiplies_bf16(device) else torch.float32
        self._optimiser = self._optimised()

    def fitted(self, counts: CoCounts) -> Fitted:
        """The model as it is now: a copy that learns no further."""
        return replace(self._like, network=deepcopy(self._network).eval(), item_ids=self._item_ids, counts=counts)

    def regrow(self, item_ids: Ids) -> None:
        """An identity for each of `item_ids` and for nothing else. What is gone is gone from the optimiser, too."""
        if np.array_equal(item_ids, self._item_ids):
            return
        taken = torch.from_numpy(np.append(positions(self._item_ids, item_ids), len(self._item_ids)))  # and nobody's
        state = {name: value for name, value in self._network.state_dict().items() if name != "identity"}
        held, old = self._optimiser.state_dict(), self._network.identity
        network = Network(replace(self._network.shape, items=len(item_ids)))
        network.load_state_dict({**state, "identity": _rows(old.detach(), taken)})
        self._young = item_ids[np.isin(item_ids, self._young) | (positions(self._item_ids, item_ids) < 0)]
        self._network, self._item_ids = network, item_ids
        self._optimiser = self._optimised()
        for number, (name, _) in enumerate(network.named_parameters()):
            if name == "identity" and number in held["state"]:
                moments = held["state"][number]
                held["state"][number] = {
                    key: _rows(value, taken) if value.shape == old.shape else value for key, value in moments.items()
                }
        self._optimiser.load_state_dict(held)

    @torch.no_grad()
    def place_young(self, counts: CoCounts, wanted: Ids) -> None:
        """A first identity for what came since the start and was wanted a few times by now, as `wanted` (N,) says."""
        at = positions(self._item_ids, self._young)
        ripe = at[wanted[at] >= FIRST_WANTED]
        if not len(ripe):
            return
        source = np.repeat(np.arange(len(self._item_ids)), np.diff(counts.starts))
        for item in ripe.tolist():
            after, before = np.flatnonzero(source == item), np.flatnonzero(counts.items == item)
            near = torch.from_numpy(np.concatenate([counts.items[after].astype(np.int64), source[before]]))
            worth = torch.from_numpy(np.concatenate([counts.values[after], counts.values[before]]))
            if len(near):
                mean = (worth / worth.sum()) @ self._network.identity[near]
                self._network.identity[item] += mean * (float(wanted[item]) / (float(wanted[item]) + SELDOM))
        self._young = np.setdiff1d(self._young, self._item_ids[ripe])

    def learn(self, lesson: Lesson, seed: int) -> int:
        """A few passes over what is new, mixed with what is not; how many steps that was. Draws from `seed` alone."""
        dataset = lesson.dataset
        assert np.array_equal(dataset.item_ids, self._item_ids), "identities of other items"
        content = torch.from_numpy(dataset.content.copy())
        rng = np.random.default_rng(seed)
        steps = 0
        self._network.train()
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(seed)
            for some in _groups(lesson, self._settings.length, rng):
                steps += self._step(lesson, some, content, rng)
        self._network.eval()
        return steps

    def _step(self, lesson: Lesson, some: Ids, content: Tensor, rng: np.random.Generator) -> int:
        """Down the gradient over those of the lesson's viewers and as many others, from windows of theirs."""
        sequences, length = lesson.dataset.sequences, self._settings.length
        end = sequences.starts[lesson.viewers[some] + 1]
        first = np.maximum(end - length - 1, sequences.starts[lesson.viewers[some]])
        others = rng.integers(0, len(sequences), max(REPLAYED_MIN, round(REPLAYED * len(some))))
        begun, done = sequences.starts[others], sequences.starts[others + 1]
        begun = begun + rng.integers(0, np.maximum(done - begun - length - 1, 0) + 1)
        done = np.minimum(done, begun + length + 1)
        since = np.concatenate([np.maximum(lesson.since[some], first), begun])
        rows = windows(np.concatenate([first, begun]), np.concatenate([end, done]))
        if rows.shape[1] < 2:
            return 0
        batch = batch_of(sequences, rows, since=since)
        if not bool(batch.wanted.any()):
            return 0
        loss = loss_of(self._network, content, batch, self._settings, self._dtype)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), GRADIENT_NORM_MAX)
        self._optimiser.step()
        return 1

    def _optimised(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self._network.parameters(), self._rate, betas=(0.9, 0.98), weight_decay=0.0)


def is_finite(fitted: Fitted) -> bool:
    """Whether every number of a model is one."""
    tensors = all(bool(torch.isfinite(tensor).all()) for tensor in fitted.network.state_dict().values())
    return tensors and bool(np.isfinite(fitted.counts.values).all())


def _rows(table: Tensor, taken: Tensor) -> Tensor:
    """(M, D) rows of `table` by number; zero where that is -1."""
    return torch.where((taken >= 0)[:, None], table[taken.clamp_min(0)], 0.0)


def _groups(lesson: Lesson, length: int, rng: np.random.Generator) -> Iterator[Ids]:
    """Which of the lesson's viewers go into each step: all of them in each pass, of like length together."""
    held = np.diff(lesson.dataset.sequences.starts)[lesson.viewers]
    cells = np.minimum(held, length)
    for _ in range(PASSES):
        order = rng.permutation(len(held))
        groups = np.cumsum(cells[order]) // STEP_POSITIONS
        yield from np.split(order, np.flatnonzero(np.diff(groups)) + 1)
