"""The second wall: whether all that is learned from had the right, counted without the door.

`learn.dataset` asks the database for whoever holds `learn` and reads only them. Here it is the other way round: of each
item and each viewer in a data set all grants are read, and judged one by one. What does not hold stops the signing, so
that a door that leaks makes no model that may serve.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from openforyou.core.ids import encode_id
from openforyou.learn.manifest import store
from openforyou.learn.manifest.errors import NotAllowed
from openforyou.learn.manifest.rules import FEW, Granted, snapshot, standing, tallied

TOLD_MAX = 5
_EXPLAIN = "Nothing was signed. Find out how it got past learn.dataset, and train again."


@dataclass(frozen=True, slots=True)
class Counted:
    """All subjects of a data set at one moment: on what each stands, and who stands on nothing."""

    at: datetime
    held: Mapping[tuple[str, int], Granted]
    without: tuple[tuple[str, int], ...]

    def require(self) -> None:
        """Raises `NotAllowed` where anything lacks the right."""
        if not self.without:
            return
        named = ", ".join(f"{kind} {named_id(subject)}" for kind, subject in self.without[:TOLD_MAX])
        more = f" and {len(self.without) - TOLD_MAX:,} more" if len(self.without) > TOLD_MAX else ""
        raise NotAllowed(
            f"Without the right to be learned from at {self.at:%Y-%m-%dT%H:%M:%SZ}: {named}{more}.", hint=_EXPLAIN
        )


def recount(connection: Connection, subjects: Mapping[str, list[int]], at: datetime) -> Counted:
    """Of subjects by kind."""
    held: dict[tuple[str, int], Granted] = {}
    for kind, ids in subjects.items():
        held |= standing(store.grants(connection, kind, ids), at)
    lacking = [(kind, one) for kind, ids in subjects.items() for one in ids if (kind, one) not in held]
    return Counted(at, held, tuple(lacking))


def described(connection: Connection, counted: Counted) -> dict[str, Any]:
    """What a manifest says of rights and sources: sums, and a digest over every grant."""
    items = store.items_about(connection, [one for kind, one in counted.held if kind == "item"])
    regions = store.regions_of(connection, [one for kind, one in counted.held if kind == "viewer"])
    where = {("item", one): about.region for one, about in items.items()}
    where |= {("viewer", one): region for one, region in regions.items()}
    by_region = tallied(where.get(one, "") for one in counted.held if one[0] == "viewer")
    told = {region: count for region, count in by_region.items() if not region or count >= FEW}
    few = sum(by_region.values()) - sum(told.values())
    return {
        "rights": snapshot(counted.held.values(), counted.at, where),
        "sources": {
            "items": {
                "kind": tallied(about.kind for about in items.values()),
                "source": tallied(_source(about) for about in items.values()),
                "region": tallied(about.region for about in items.values()),
            },
            "viewers": {"region": told | ({"": told.get("", 0) + few} if few else {})},
        },
    }


def _source(about: store.About) -> str:
    return f"import from {about.platform}" if about.platform else "upload"


def named_id(subject: int) -> str:
    """The public form, where it has one."""
    return encode_id(subject) if subject > 0 else str(subject)
