"""Every look there is: each module of this folder has one, as `LOOK`. A new file is found by being here."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from openforyou.demo.look import Look


@lru_cache(maxsize=1)
def all_looks() -> dict[str, Look]:
    """By name, in alphabetical order."""
    found = [import_module(f"{__name__}.{module.name}").LOOK for module in iter_modules(__path__)]
    looks = {look.name: look for look in found}
    assert len(looks) == len(found), "two looks have one name"
    return looks
