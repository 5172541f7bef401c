"""A fitted model as a file: plain tensors and numbers, nothing that runs when it is read.

Read with `weights_only`, so that a file from elsewhere cannot do more than be wrong. The registry also compares the
SHA-256 that it wrote down before it reads.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch

from openforyou.learn.counts import CoCounts
from openforyou.learn.errors import BadWeights
from openforyou.learn.fitted import Fitted
from openforyou.learn.sequence import Network, Shape

FORMAT = "openforyou-model-1"
READ_BYTES = 1 << 20
_HINT = "Train anew, or take the file from a backup."


def write(fitted: Fitted, path: Path) -> str:
    """Write `path`, whole or not at all; the SHA-256 of its bytes."""
    held = {
        "format": FORMAT,
        "shape": fitted.network.shape.as_dict(),
        "encoder": fitted.encoder,
        "item_ids": torch.from_numpy(fitted.item_ids.copy()),
        "network": {name: tensor.detach().cpu() for name, tensor in fitted.network.state_dict().items()},
        "counts_weight": fitted.counts_weight,
        "heads_share": fitted.heads_share,
        "counts": {
            "starts": torch.from_numpy(fitted.counts.starts),
            "items": torch.from_numpy(fitted.counts.items),
            "values": torch.from_numpy(fitted.counts.values),
            "window": fitted.counts.window,
            "decay": fitted.counts.decay,
        },
    }
    staged = path.with_name(f".{path.name}.part")
    with staged.open("wb") as file:
        torch.save(held, file)
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)
    with path.open("rb") as file:
        return sha256_of(file)


def sha256_of(file: IO[bytes]) -> str:
    """Of everything from here on."""
    sha256 = hashlib.sha256()
    while chunk := file.read(READ_BYTES):
        sha256.update(chunk)
    return sha256.hexdigest()


def read(file: IO[bytes], name: str) -> Fitted:
    """The model in `file`; `name` is for the message. Raises `BadWeights`."""
    try:
        held = torch.load(file, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise BadWeights(f"{name} is damaged, or no file of weights.", hint=_HINT) from error
    found = held.get("format") if isinstance(held, dict) else None
    if found != FORMAT:
        raise BadWeights(f"{name} has the form {found!r}; this version reads {FORMAT!r}.", hint=_HINT)
    try:
        return _built(held)
    except (KeyError, TypeError, RuntimeError, AssertionError, AttributeError) as error:
        raise BadWeights(f"{name} does not hold together: {error}", hint=_HINT) from error


def _built(held: dict[str, Any]) -> Fitted:
    network = Network(Shape(**held["shape"]))
    network.load_state_dict(held["network"])
    network.eval()
    item_ids = held["item_ids"].numpy().astype(np.int64)
    counts = held["counts"]
    assert len(item_ids) == network.shape.items, "as many ids as identities"
    assert len(counts["starts"]) == len(item_ids) + 1, "as many co-counts as identities"
    return Fitted(
        network=network,
        item_ids=item_ids,
        counts=CoCounts(
            counts["starts"].numpy(),
            counts["items"].numpy(),
            counts["values"].numpy(),
            int(counts["window"]),
            float(counts["decay"]),
        ),
        counts_weight=float(held["counts_weight"]),
        heads_share=float(held.get("heads_share", 1.0)),  # Older files are of before there was a choice.
        encoder=str(held["encoder"]),
    )
