"""One attempt at a model: what it was asked, the data it froze, and where its state lies, so that it can be taken up.

The folder holds viewers' histories under pseudonyms, readable by its owner alone, and lives as long as the attempt.
"""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from openforyou import __version__
from openforyou.core.encoding import digest
from openforyou.core.ids import encode_id, new_id
from openforyou.events.log import store as log_store
from openforyou.events.types import COUNT_NAMES
from openforyou.learn import dataset as door
from openforyou.learn.checkpoint import Checkpoint
from openforyou.learn.errors import TooLittle
from openforyou.learn.settings import Settings, choose
from openforyou.learn.split import NONE, Split, leave_out
from openforyou.learn.types import Dataset, Model, ModelId, ModelStatus, Options
from openforyou.storage.database import Database

FROZEN = "dataset.npz"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A training in the registry, begun now or taken up."""

    model_id: ModelId
    dataset: Dataset
    settings: Settings
    seed: int
    manifest: dict[str, Any]
    checkpoint: Checkpoint

    @property
    def split(self) -> Split:
        """One wanted item a viewer is held back, to stop and to judge by; there is no test in service."""
        return leave_out(self.dataset, 1)

    def model(self, at: datetime) -> Model:
        """Its record while it runs."""
        return Model(self.model_id, ModelStatus.TRAINING, "", "", "", self.manifest, at, None)


def begin(database: Database, work_dir: Path, options: Options, at: datetime, parent: str) -> Attempt:
    """Freeze what may be learned from at `at`. Raises `TooLittle`, `BadInput`."""
    standing = door.opened(database, at)
    dataset = standing.dataset
    if not np.any(leave_out(dataset, 1).validation != NONE):
        raise TooLittle(
            "Nobody has watched two clips that they liked: there is nothing to judge a model by.",
            hint="Train when more was watched.",
        )
    settings = choose(dataset, options.preset, options.epochs)
    manifest = {
        "data": dataset.as_dict(),
        "deeds": deeds(database),
        "read_to": standing.settled.isoformat(),
        "options": options.as_dict(),
        "settings": settings.as_dict(),
        "settings_digest": settings.digest,
        "seed": options.seed,
        "code_version": __version__,
        "torch_version": torch.__version__,
        "parent": parent,
    }
    model_id = ModelId(new_id())
    checkpoint = _checkpoint(work_dir, model_id, manifest)
    checkpoint.folder.mkdir(parents=True, mode=0o700)
    door.save(dataset, checkpoint.folder / FROZEN)
    return Attempt(model_id, dataset, settings, options.seed, manifest, checkpoint)


def take_up(database: Database, work_dir: Path, model: Model, options: Options, at: datetime) -> Attempt | str:
    """An interrupted attempt, ready to go on; or why it cannot."""
    manifest = dict(model.manifest)
    if manifest["options"] != options.as_dict():
        return "interrupted, and the next training was asked for other options"
    if (manifest["code_version"], manifest["torch_version"]) != (__version__, torch.__version__):
        return "interrupted, and the program changed since"
    checkpoint = _checkpoint(work_dir, model.id, manifest)
    dataset = door.load(checkpoint.folder / FROZEN, manifest["data"])
    if dataset is None:
        return "interrupted before its data was kept"
    if not door.still_allowed(database, dataset, at):
        return "interrupted, and a right to learn was withdrawn since"
    settings = Settings(**manifest["settings"])
    _log.info("taking up the interrupted training of %s", encode_id(model.id))
    return Attempt(model.id, dataset, settings, manifest["seed"], manifest, checkpoint)


def sweep(work_dir: Path, keep: Attempt | None) -> None:
    """Delete what earlier attempts left behind, wherever they were killed."""
    for folder in work_dir.glob("*/"):
        if keep is None or folder != keep.checkpoint.folder:
            shutil.rmtree(folder, ignore_errors=True)


def deeds(database: Database) -> int:
    """How much was done on the whole platform: views and skips, by the counts."""
    with database.connect() as connection:
        _, counts = log_store.all_counts(connection)
    return int(sum(counts[:, COUNT_NAMES.index(name)].sum() for name in ("views", "skips")))


def _checkpoint(work_dir: Path, model_id: ModelId, manifest: dict[str, Any]) -> Checkpoint:
    recipe = digest([manifest["data"]["digest"], manifest["settings_digest"], manifest["seed"]])
    return Checkpoint(work_dir / encode_id(model_id), recipe)
