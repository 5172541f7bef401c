"""What can go wrong with a log of choices."""

from __future__ import annotations

from pathlib import Path

from openforyou.core.errors import BadInput


class BadLog(BadInput):
    """A log of choices that cannot be used; names file and line."""

    code = "bad_log"

    def __init__(self, path: Path, problem: str, *, line: int = 0, hint: str = "") -> None:
        super().__init__(f"{path}, line {line}: {problem}" if line else f"{path}: {problem}", hint=hint, field="log")


class NothingDrawn(BadInput):
    """No slate holds anything that was chosen by lot."""

    code = "nothing_drawn"
