"""How imports fetch what an export only links to. Who fetches refuses addresses that are not public, and what does not
end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class Answer(Protocol):
    """What came."""

    @property
    def url(self) -> str:
        """Where it came from in the end."""
        ...

    @property
    def status(self) -> int:
        """As in HTTP."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """By name."""
        ...

    @property
    def body(self) -> bytes:
        """Empty for what was written to a file."""
        ...


class Fetcher(Protocol):
    """Raises a `BadInput` with the reason for every address that it will not ask, or that does not answer well."""

    def get(self, url: str, *, bytes_max: int) -> Answer:
        """What lies there, in memory."""
        ...

    def download(self, url: str, path: Path, *, bytes_max: int) -> Answer:
        """The same into a new file at `path`."""
        ...
