"""What a check finds, and what it looks at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openforyou.events.counts import COLUMN
from openforyou.events.leaf import Action

ITEM_COUNTS = tuple(name for action, name in COLUMN.items() if action is not Action.FOLLOW)
CREATOR_COUNTS = (COLUMN[Action.FOLLOW],)
KEPT_OF_A_KIND = 100
"""Problems of one kind that are told one by one; the rest are only counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `says` is a whole sentence; ids are in their public form.

    `shown` is what the platform says, `true` what the log says, where the two can be set side by side.
    """

    kind: str
    says: str
    item: str = ""
    creator: str = ""
    policy: str = ""
    count: str = ""
    shown: Any = None
    true: Any = None
    leaf: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """As JSON; what does not apply is left out, but for `shown` and `true`, which are null."""
        told: dict[str, Any] = {"kind": self.kind}
        named = {"item": self.item, "creator": self.creator, "policy": self.policy, "count": self.count}
        told |= {name: value for name, value in named.items() if value}
        told |= {"shown": self.shown, "true": self.true}
        if self.leaf is not None:
            told["leaf"] = self.leaf
        return {**told, "says": self.says}


@dataclass(slots=True)
class Findings:
    """Problems as they are found. Bounded: a log in which everything is wrong must not fill the memory."""

    problems: list[Problem] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    """By kind: how many there were, those that are not kept included."""

    def add(self, problem: Problem) -> None:
        """Keep it, or only count it."""
        self.found[problem.kind] += 1
        if self.found[problem.kind] <= KEPT_OF_A_KIND:
            self.problems.append(problem)

    def takes(self, kind: str) -> bool:
        """Whether another one of that kind would be kept; if not, `count` it without making it."""
        return self.found[kind] < KEPT_OF_A_KIND

    def count(self, kind: str, more: int) -> None:
        """Count problems that nobody will read one by one."""
        self.found[kind] += more


@dataclass(frozen=True, slots=True)
class Page:
    """Numbers shown of the subjects from behind `after` up to `upto` (None: of all that follow), ascending.

    All of them hold at the first `log_size` leaves. A subject in that range that is not among `ids` is shown as zero.
    """

    after: int
    upto: int | None
    log_size: int
    ids: NDArray[np.int64]  # (N,)
    numbers: NDArray[np.int64]  # (N, K) in the order of `ITEM_COUNTS` or `CREATOR_COUNTS`


@dataclass(frozen=True, slots=True)
class ShownRecord:
    """What the platform shows as a record of the log: its fields, and where it says that it stands."""

    body: dict[str, Any]
    leaf: int | None = None
    """None: that is not said."""
    waits: bool = False
    """It is said to be on its way into the log, and not to act yet."""


@dataclass(frozen=True, slots=True)
class ShownPolicy:
    """A rule as the platform shows it."""

    id: str
    policy: ShownRecord
    ending: ShownRecord | None
    """None: it was not ended before its date."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check came to. `log` is None where not even a checkpoint was sound."""

    ok: bool
    log: dict[str, Any] | None
    witnesses: tuple[tuple[str, int], ...] = ()
    leaves: int = 0
    items: int = 0
    creators: int = 0
    policies: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    """Events that were refused, by reason, as the log tells."""
    checked: tuple[str, ...] = ()
    """Which of `log`, `leaves`, `counts` and `policies` were checked to the end."""
    findings: Findings = field(default_factory=Findings)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The JSON document of `openforyou verify --json`."""
        return {
            "ok": self.ok,
            "log": self.log,
            "witnesses": [{"name": name, "at": at_s} for name, at_s in self.witnesses],
            "leaves": self.leaves,
            "items": self.items,
            "creators": self.creators,
            "policies": self.policies,
            "refused": self.refused,
            "checked": list(self.checked),
            "problems": [problem.as_dict() for problem in self.findings.problems],
            "found": dict(self.findings.found),
            "seconds": round(self.seconds, 3),
        }
