"""A disk in memory that loses what the contract of `Disk` allows it to lose."""

from __future__ import annotations

from collections.abc import Callable

from openforyou.ledger.disk import Files
from openforyou.ledger.source import CHECKPOINT


class PowerFailed(BaseException):
    """The machine is off: no code of the product runs on."""


class CrashingDisk:
    """`fate(n)` draws 0 to n: when the power fails, and what of the interrupted stage had reached the disk."""

    def __init__(self, fate: Callable[[int], int]) -> None:
        self._fate = fate
        self._files: dict[str, bytes] = {}
        self._unsafe: dict[str, bytes | None] = {}  # what a file shown, but not yet safe, would fall back to
        self._stages_left: int | None = None
        self.shown: list[bytes] = []
        """Every checkpoint that a reader could have taken."""

    def live(self) -> None:
        """From now on the power may fail."""
        self._stages_left = self._fate(12)

    def sure(self) -> None:
        """From now on it does not."""
        self._stages_left = None

    def read(self, path: str, limit_bytes: int) -> bytes:
        if path not in self._files:
            raise FileNotFoundError(path)
        return self._files[path][: limit_bytes + 1]

    def commit(self, *stages: Files, shown: Files | None = None) -> None:
        for stage in stages:
            self._lose_power(stage)
            self._put(stage)
            for path in stage:
                self._unsafe.pop(path, None)
        self._lose_power(shown or {})
        for path in shown or {}:
            self._unsafe.setdefault(path, self._files.get(path))
        self._put(shown or {})

    def names(self, folder: str) -> list[str]:
        prefix = f"{folder}/" if folder else ""
        return list({path.removeprefix(prefix).split("/")[0] for path in self._files if path.startswith(prefix)})

    def remove_folder(self, folder: str) -> None:
        for path in [path for path in self._files if path.startswith(f"{folder}/")]:
            del self._files[path]

    def lock(self) -> Callable[[], None]:
        return lambda: None

    def _put(self, files: Files) -> None:
        self._files.update(files)
        if CHECKPOINT in files:
            self.shown.append(files[CHECKPOINT])

    def _lose_power(self, stage: Files) -> None:
        """Perhaps now: with any of the stage's files in place, and what was only shown perhaps gone again."""
        if self._stages_left is None:
            return
        self._stages_left -= 1
        if self._stages_left > 0:
            return
        self._put({path: data for path, data in stage.items() if self._fate(1)})
        for path, older in self._unsafe.items():
            if self._fate(1):
                if older is None:
                    self._files.pop(path, None)
                else:
                    self._files[path] = older
        self._unsafe = {}
        raise PowerFailed
