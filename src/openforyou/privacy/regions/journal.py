"""How far a move has come: one file in a folder of its own, written whole and durable or not at all.

It holds the move's key until the certificate is made, and no value of anybody: canaries are said again from the key.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from openforyou.privacy.regions.errors import BadMove

FILE = "journal.json"


class State(StrEnum):
    """What is done."""

    BEGUN = "begun"
    COUNTED = "counted"
    """Canaries are planted, and what there was is in the inventory."""
    MOVED = "moved"
    """All is sealed anew, and the inventories are equal."""
    ENDED = "ended"
    """The old region's keys are destroyed."""
    CERTIFIED = "certified"


@dataclass(slots=True)
class Journal:
    """One move. `key` is hexadecimal, and empty once the certificate is made; so is `needles`, which are sealed."""

    folder: Path
    move: str
    source: str
    target: str
    key: str
    state: State = State.BEGUN
    canaries: list[int] = field(default_factory=list)
    """Ids of accounts that do not exist."""
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    keys: int = 0
    """Of accounts and viewers, the canaries' not counted."""
    marks: int = 0
    seen_before: dict[str, int] = field(default_factory=dict)
    needles: str = ""
    word: str = ""
    """What administrators sign for the old keys to be destroyed."""
    signatures: dict[str, str] = field(default_factory=dict)
    ended: dict[str, Any] = field(default_factory=dict)
    at: str = ""
    leaf_seq: int = -1

    def keep(self) -> None:
        """Make it durable."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        told = {name: value for name, value in asdict(self).items() if name != "folder"}
        staged = self.folder / f".{FILE}.part"
        with open(os.open(staged, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            json.dump(told, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(self.folder / FILE)
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @classmethod
    def read(cls, folder: Path) -> Journal | None:
        """The move of that folder, or None. Raises `BadMove` where the file is damaged."""
        path = folder / FILE
        if not path.exists():
            return None
        try:
            told = json.loads(path.read_text())
            return cls(folder=folder, **{**told, "state": State(told["state"])})
        except (ValueError, TypeError, KeyError) as error:
            raise BadMove(
                f"{path} is damaged.", hint="Put it back; without it this move gets no certificate."
            ) from error
