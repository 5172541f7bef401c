"""What an attack is, how its outcome is judged, and how attacks are found.

An attack is a function over a live world, marked with the seat that its attacker sits in. It says in the `Case` first
what it did (`did`: a fact that proves its effect), and then what the platform did about it (`stood`). So it can fail in
two ways, and both count: the effect could not be produced (`Broken`: then nothing was shown), or it was, and nothing
noticed (`Unnoticed`). An attack that proves no effect of its own has failed as well.

A drill is a package beside this module; each of its modules may hold attacks. They are found by themselves.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any

from openforyou.drills.errors import Broken, NoSuchDrill, Unnoticed
from openforyou.drills.world import World


class Seat(StrEnum):
    """Where an attacker sits, from the outside in."""

    VIEWER = "viewer"
    CREATOR = "creator"
    SCRIPT = "script"
    IMPOSTOR = "impostor with an account"
    ADMINISTRATOR = "operator's administrator"
    SUPPORT = "support agent"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    TWO = "two who collude"
    BACKUP = "owner of a stolen backup"
    SOCKET = "holder of the broker's socket"
    MEMORY = "reader of the server's memory"
    DATABASE = "database superuser"
    DISK = "owner of the disk"
    KEY = "log operator with the key"


class Outcome(StrEnum):
    """What came of an attack."""

    PREVENTED = "prevented"
    """It had no effect on what anybody is shown."""
    DETECTED = "detected"
    """It had, and whoever checks is told what is wrong."""
    FAILED = "failed"


@dataclass(slots=True)
class Case:
    """What one attack did, and what was seen of it, in words with their figures."""

    effects: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    def did(self, is_so: bool, words: str) -> None:
        """A fact by which the attack proves that it did what it meant to do. Raises `Broken` where it is none."""
        if not is_so:
            raise Broken(f"the attack did not do what it meant: not so that {words}")
        self.effects.append(words)

    def stood(self, is_so: bool, words: str) -> None:
        """What the platform must have done about it. Raises `Unnoticed` where it has not."""
        if not is_so:
            raise Unnoticed(f"went unnoticed: not so that {words}")
        self.findings.append(words)

    def note(self, words: str) -> None:
        """Something that was seen, whatever it was; nothing is judged by it."""
        self.findings.append(words)

    @property
    def evidence(self) -> str:
        """All of it, in one line."""
        return "; ".join([*self.effects, *self.findings])


Strike = Callable[[World, Case], Outcome]


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack of a drill. `ruins` says what of the world it spoils for good; empty: it cleans up behind itself."""

    name: str
    what: str
    seat: Seat
    strike: Strike
    ruins: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one attack; evidence are the very words and figures that were seen."""

    drill: str
    attack: str
    seat: Seat
    outcome: Outcome
    evidence: str
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "drill": self.drill,
            "seat": self.seat.value,
            "outcome": self.outcome.value,
            "evidence": f"{self.attack}: {self.evidence}",
            "seconds": round(self.seconds, 2),
        }


def attack(seat: Seat, *, ruins: str = "") -> Callable[[Strike], Strike]:
    """Marks a function as an attack. The first line of its docstring says what it does."""

    def mark(strike: Strike) -> Strike:
        what = (strike.__doc__ or "").strip().split("\n")[0]
        assert what, f"{strike.__name__} does not say what it does"
        strike.__dict__["attack"] = Attack(strike.__name__.replace("_", " "), what, seat, strike, ruins)
        return strike

    return mark


def drills() -> list[str]:
    """The names of all drills, as the command line has them."""
    here = Path(__file__).parent
    return sorted(found.name.replace("_", "-") for found in pkgutil.iter_modules([str(here)]) if found.ispkg)


def attacks_of(drill: str) -> list[Attack]:
    """Its attacks in the order of its modules; those that ruin the world come last. Raises `NoSuchDrill`."""
    if drill not in drills():
        raise NoSuchDrill(f"There is no drill {drill!r}.", hint=f"Known: {', '.join(drills())}, all.")
    found = [one for module in _modules(drill) for one in attacks_in(module)]
    return sorted(found, key=lambda one: bool(one.ruins))


def witnesses_of(drill: str) -> int:
    """How many witnesses its world has: `WITNESSES` in its package."""
    return int(getattr(_package(drill), "WITNESSES", 0))


def hosts_of(drill: str) -> tuple[str, ...]:
    """The servers elsewhere that its world asks: `HOSTS` in its package."""
    return tuple(getattr(_package(drill), "HOSTS", ()))


def attacks_in(module: ModuleType) -> Iterator[Attack]:
    """The attacks that a module defines, in its order."""
    for value in vars(module).values():
        marked = getattr(value, "attack", None)
        if isinstance(marked, Attack) and value.__module__ == module.__name__:
            yield marked


def _package(drill: str) -> ModuleType:
    return importlib.import_module(f"{__package__}.{drill.replace('-', '_')}")


def _modules(drill: str) -> Iterator[ModuleType]:
    package = _package(drill)
    for found in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"{package.__name__}.{found.name}")
