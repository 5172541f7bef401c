"""One file a way of saying it, found by themselves. Each reads answers and asks nobody."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from typing import Protocol

from openforyou.ingest.optouts.types import Found
from openforyou.outside.types import Answer

PAGE = ""
"""Where a reader looks into the page itself."""


class Reader(Protocol):
    """One way. `places` are the paths of the host that it reads, `PAGE` for the page."""

    name: str
    places: tuple[str, ...]

    def read(self, place: str, answer: Answer, url: str) -> Sequence[Found]:
        """What the answer from `place` says of `url`. Never fails: what cannot be read says nothing."""
        ...

    def leads_to(self, place: str, answer: Answer) -> Sequence[str]:
        """Addresses of documents that say more, which are read as `document`."""
        ...

    def document(self, answer: Answer, url: str) -> Sequence[Found]:
        """What such a document says of `url`."""
        ...


class Simple:
    """A way that leads to no further document."""

    def leads_to(self, place: str, answer: Answer) -> Sequence[str]:  # noqa: ARG002 - nowhere
        """Nowhere."""
        return ()

    def document(self, answer: Answer, url: str) -> Sequence[Found]:  # noqa: ARG002 - there is none
        """Nothing."""
        return ()


def readers() -> dict[str, Reader]:
    """All of them, by name."""
    found: dict[str, Reader] = {}
    for module in pkgutil.iter_modules(__path__):
        made = importlib.import_module(f"{__name__}.{module.name}").READER
        found[made.name] = made
    return found
