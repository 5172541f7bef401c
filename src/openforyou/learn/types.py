"""What learning works on: interactions as columns, what they came from, and the record of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

import numpy as np
from numpy.typing import NDArray

from openforyou.learn.serving import Floats

ModelId = NewType("ModelId", int)
Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sequences:
    """What V viewers did, R rows, by viewer and oldest first: viewer v's rows are `starts[v]:starts[v + 1]`."""

    viewer_ids: Ids  # (V,)
    starts: Ids  # (V + 1,)
    items: NDArray[np.int32]  # (R,) position in the data set's `item_ids`
    did: NDArray[np.uint8]  # (R,) bits of Did
    followed: Mask  # (R,) it made the viewer follow its creator
    watched: Floats  # (R,) share of the clip, 0 … 2
    at_s: NDArray[np.float64]  # (R,) Unix seconds; 0 where the source has no times

    def __post_init__(self) -> None:
        rows = len(self.items)
        assert len(self.starts) == len(self.viewer_ids) + 1, "one start a viewer, and the end"
        assert int(self.starts[-1]) == rows, "the last viewer ends where the rows end"
        for column in (self.did, self.followed, self.watched, self.at_s):
            assert len(column) == rows, "columns of different length"

    def __len__(self) -> int:
        return len(self.viewer_ids)

    def of(self, viewer: int) -> slice:
        """The rows of one viewer."""
        return slice(int(self.starts[viewer]), int(self.starts[viewer + 1]))


@dataclass(frozen=True, slots=True)
class RightsSnapshot:
    """Which rights the data stands on: `learn`, as it held at one moment."""

    at: datetime
    items: int
    """Items whose creator allows learning."""
    viewers: int
    """Viewers who allow it."""
    log_size: int = 0
    """Leaves of the public log that had been folded into the database then: a checkpoint of that size is as of it."""
    words: int = 0
    """Leaves that had been accepted then, in the log or on their way: a word about rights of a lower number counted."""

    def as_dict(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        return {
            "right": "learn",
            "at": self.at.isoformat(),
            "items": self.items,
            "viewers": self.viewers,
            "log_size": self.log_size,
            "words": self.words,
        }


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Dataset:
    """Everything that one training sees. `rights` is None for a file, whose user answers for it.

    Anybody can make one. What is to serve learns from those alone that the door let through (`dataset.is_admitted`).
    """

    name: str
    item_ids: Ids  # (N,) ascending
    content: Floats  # (N, C) unit vectors; a zero row where an item has none; C may be 0
    encoder: str
    """Which encoder made `content`; empty where there is none."""
    sequences: Sequences
    rights: RightsSnapshot | None
    digest: str
    """SHA-256 over all of the above but the name."""
    ordered: bool = True
    """False: a viewer's rows are a set, in no order of time."""
    parts: NDArray[np.uint8] | None = None
    """(R,) 0 to train on, 1 to validate by, 2 to test by, where the source says so; a viewer's rows in that order."""

    def as_dict(self) -> dict[str, Any]:
        """What a manifest says of the data."""
        return {
            "name": self.name,
            "digest": self.digest,
            "viewers": len(self.sequences),
            "items": len(self.item_ids),
            "rows": len(self.sequences.items),
            "encoder": self.encoder,
            "rights": None if self.rights is None else self.rights.as_dict(),
        }


class ModelStatus(StrEnum):
    """The life of a model."""

    TRAINING = "training"
    """Under way, or interrupted: the next training takes it up again."""
    READY = "ready"
    """Trained and kept, and the gate did not let it through."""
    SERVING = "serving"
    """The newest of these serves; the one before it stands by in case the newest cannot be read."""
    RETIRED = "retired"
    """Its weights are deleted."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Model:
    """The record of a model. `reason` says why it failed or does not serve."""

    id: ModelId
    status: ModelStatus
    reason: str
    blob_key: str
    weights_sha256: str
    manifest: Mapping[str, Any]
    created_at: datetime
    promoted_at: datetime | None
    signed: str = ""
    """The signed manifest, as `manifest.signing` reads it; empty: it has none, and does not serve."""
    leaf_seq: int = -1
    """The number of its record on the way into the log."""


@dataclass(frozen=True, slots=True)
class Options:
    """What one may ask of a training; empty and 0 leave it to the size of the data."""

    preset: str = ""
    epochs: int = 0
    seed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As it stands in a manifest: an interrupted training is taken up by the same call alone."""
        return {"preset": self.preset, "epochs": self.epochs, "seed": self.seed}
