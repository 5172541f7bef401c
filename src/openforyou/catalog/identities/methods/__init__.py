"""The ways to prove an account: one file a method, found by themselves."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol

from openforyou.catalog.identities.types import Asked, Outside, Seen, Step
from openforyou.outside.fetcher import Fetcher


class Method(Protocol):
    """One way. Holds no state of its own."""

    name: str
    title: str
    rechecks: bool
    """Whether it can be looked at again without its owner."""

    def begin(self, outside: Outside, fetcher: Fetcher) -> dict[str, str]:
        """What must be agreed with a provider beforehand. Raises `BadInput`, `OutsideRefused`."""
        ...

    def steps(self, asked: Asked) -> tuple[Step, ...]:
        """What to do, in order."""
        ...

    def look(self, asked: Asked, fetcher: Fetcher) -> Seen:
        """What proves it. Raises `NotProven` saying what is there instead, `OutsideRefused` where nobody answers."""
        ...


def methods() -> dict[str, Method]:
    """Those that need no settings, by name."""
    found: dict[str, Method] = {}
    for module in pkgutil.iter_modules(__path__):
        made = getattr(importlib.import_module(f"{__name__}.{module.name}"), "METHOD", None)
        if made is not None:
            found[made.name] = made
    return found
