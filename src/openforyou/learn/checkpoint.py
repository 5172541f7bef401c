"""A training that survives `kill -9`: its state on disk, whole or not at all, and how to go on from it.

The state is everything that the next step depends on, the random numbers included, so a training that was killed and
taken up again ends with the very weights of one that was not.
"""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path
from time import monotonic
from typing import Any

import torch

STATE = "state.pt"
SAVE_EVERY_S = 20.0


class Checkpoint:
    """A folder of one training; `recipe` names data, settings and seed, and a state of another recipe is not taken."""

    def __init__(self, folder: Path, recipe: str, save_every_s: float = SAVE_EVERY_S) -> None:
        self.folder = folder
        self._recipe = recipe
        self._save_every_s = save_every_s
        self._saved_at = monotonic()

    def load(self) -> dict[str, Any] | None:
        """The last state; None when there is none, or it is damaged, or of another recipe."""
        try:
            held = torch.load(self.folder / STATE, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError):
            return None
        return held["state"] if isinstance(held, dict) and held.get("recipe") == self._recipe else None

    @property
    def is_due(self) -> bool:
        """Whether the last state is old enough to be replaced."""
        return monotonic() - self._saved_at >= self._save_every_s

    def save(self, state: dict[str, Any]) -> None:
        """Replace the last state."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        staged = self.folder / f".{STATE}.part"
        with staged.open("wb") as file:
            torch.save({"recipe": self._recipe, "state": state}, file)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(self.folder / STATE)
        self._saved_at = monotonic()

    def clear(self) -> None:
        """The training has come to its end, or will never."""
        shutil.rmtree(self.folder, ignore_errors=True)
