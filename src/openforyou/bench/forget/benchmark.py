"""`bench forget`: what was withdrawn is out of every slate, out of every model, and out of reach of an attack.

`feed_s`: from a creator withdrawing an item that stands in many slates to the last answer that had it, the worst of
all; `rate` slates a second are asked for meanwhile (`withdrawal`).

`model_s`: from the first withdrawal until slates are answered by a model that learned from none of it, and the weights
of the older ones are destroyed and logged. The platform was told to forget within `forget_hours`; it waits at most a
quarter of that for others to withdraw, then trains.

`attack_auc_forgotten`, `attack_auc_unseen`, `attack_auc_before`: a membership attack on a model that was trained
without the forgotten viewers, on the same for viewers whom no model ever saw, and on the model that had learned from
the forgotten (`forgotten`). `…_low` and `…_high` are the bounds of a 95 % bootstrap interval over viewers. By default
on the history of the platform's own crowd; `data` names a file of interactions instead.

`work_ratio`: seconds of the training without the forgotten by those of the one with them. What is forgotten costs a
whole training. With `shards` so many models on a share of the viewers each are trained beside one on all (`shards`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from openforyou.bench.bulk import Crowd
from openforyou.bench.forget.attack import Power
from openforyou.bench.forget.forgotten import Attacked, attacked
from openforyou.bench.forget.shards import sharded
from openforyou.bench.forget.withdrawal import Gone, Replaced, asking, replaced, withdrawn
from openforyou.bench.freshness_platform import running
from openforyou.bench.report import Report, spread
from openforyou.core.progress import Progress, silent
from openforyou.learn import dataset as door
from openforyou.learn.settings import choose
from openforyou.learn.types import Dataset


@dataclass(frozen=True, slots=True)
class Load:
    """The platform, what is withdrawn on it, and what is attacked. `share` of the viewers is in each group."""

    items: int = 1_000
    viewers: int = 400
    history: int = 60
    epochs: int = 6
    withdrawals: int = 5
    rate: float = 10.0
    forget_hours: float = 0.1
    data: Path | None = None
    preset: str = ""
    attack_epochs: int = 0
    share: float = 0.15
    shards: int = 0
    seed: int = 1


def quick(load: Load) -> Load:
    """The same on a small platform, with few epochs: its figures say little."""
    return replace(load, items=300, viewers=100, history=24, epochs=2, withdrawals=1, attack_epochs=2)


def run(load: Load | None = None, progress: Progress = silent) -> Report:
    """Measure on a platform made for it. Raises `Unavailable` where it does not come to it, `BadInput` for the data."""
    load = load or Load()
    told = None if load.data is None else door.from_file(load.data)
    crowd = Crowd(load.items, load.viewers, load.history, load.seed)
    with running(crowd, load.epochs, 10, progress, load.forget_hours) as world:
        told = told or door.from_events(world.platform.database, world.platform.clock.now())
        with asking(world, load.rate) as state:
            gone, items, first_s = withdrawn(world, state, load.withdrawals, progress)
            models = replaced(world, state, items, first_s, progress)
            slates = state.count
    attack = _attack(load, told, progress)
    detail = _detail(gone, models, slates)
    if load.shards:
        recipe = choose(told, load.preset, load.attack_epochs)
        detail["shards"] = asdict(sharded(told, recipe, load.shards, load.seed, progress))
    settings = asdict(load) | {"data": "the platform's crowd" if load.data is None else load.data.name}
    return Report("forget", settings, _metrics(gone, models, attack), _baseline(attack), detail)


def _attack(load: Load, dataset: Dataset, progress: Progress) -> Attacked:
    return attacked(dataset, choose(dataset, load.preset, load.attack_epochs), load.share, load.seed, progress)


def _metrics(gone: list[Gone], models: Replaced, attack: Attacked) -> dict[str, float]:
    return {
        "feed_s": max(one.seconds for one in gone),
        "model_s": models.seconds,
        **_told("attack_auc_forgotten", attack.forgotten),
        **_told("attack_auc_unseen", attack.unseen),
        **_told("attack_auc_before", attack.before),
        "work_ratio": attack.new_s / attack.old_s,
    }


def _baseline(attack: Attacked) -> dict[str, Any]:
    return {
        "name": "a full training with the forgotten viewers in it",
        "training_s": attack.old_s,
        "attack_auc": attack.before.auc,
        "viewers_in_each_group": attack.viewers,
    }


def _detail(gone: list[Gone], models: Replaced, slates: int) -> dict[str, Any]:
    return {
        "gone_s": spread([one.seconds for one in gone]),
        "slates_with_it_before": spread([float(one.slates_before) for one in gone]),
        "slates_with_it_since": sum(one.slates_since for one in gone),
        "slates": slates,
        "stale_after_s": models.stale_s,
        "served_after_s": models.served_s,
        "destroyed_after_s": models.destroyed_s,
        "training_s": models.training_s,
    }


def _told(name: str, power: Power) -> dict[str, float]:
    return {name: power.auc, f"{name}_low": power.low, f"{name}_high": power.high}
