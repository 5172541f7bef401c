"""What rules did in a slate: how it lies in the slate's record, and what is counted of it. Pure.

    "policies": {id: {"kind", "name", "does", "removed"?: [items], "displaced"?: [items], "moved"?: {item: places}}}

`does` is the rule in words; `moved` are places up (negative) or down by value, of items that stand in the slate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Any

from openforyou.core.ids import decode_id, encode_id
from openforyou.events.types import ServedSlate
from openforyou.moderation.rules import in_words
from openforyou.moderation.types import Effect, Policy, PolicyId

RECORDED_AS = "policies"


@dataclass(slots=True)
class Acted:
    """What one rule did in one slate, by item."""

    policy: Policy
    removed: list[int] = field(default_factory=list)
    displaced: list[int] = field(default_factory=list)
    moved: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """What a record says that one rule did to one item that stands in the slate."""

    policy_id: str
    name: str
    text: str


def recorded(acted: Iterable[Acted]) -> dict[str, Any]:
    """As it lies in a record."""
    return {encode_id(one.policy.id): _coded(one) for one in acted}


def _coded(one: Acted) -> dict[str, Any]:
    said: dict[str, Any] = {"kind": one.policy.kind.value, "name": one.policy.name, "does": in_words(one.policy)}
    if one.removed:
        said["removed"] = one.removed
    if one.displaced:
        said["displaced"] = one.displaced
    if one.moved:
        said["moved"] = {str(item): places for item, places in one.moved.items()}
    return said


def told(record: Mapping[str, Any], item_id: int) -> list[Told]:
    """The rules that bore on an item that stands in the slate."""
    found = []
    for policy_id, said in record.get(RECORDED_AS, {}).items():
        places = said.get("moved", {}).get(str(item_id))
        if places is not None:
            found.append(Told(policy_id, said["name"], f"{said['does']}: {_moved(places)}"))
    return found


def _moved(places: int) -> str:
    if not places:
        return "here that changed no place"
    count = f"{abs(places)} place{'s' if abs(places) > 1 else ''}"
    return f"here {count} {'up' if places < 0 else 'down'}"


def counted(slates: Sequence[ServedSlate]) -> dict[tuple[PolicyId, int, date, Effect], int]:
    """In how many of those slates which rule did what to which item, by day in UTC."""
    tally: Counter[tuple[PolicyId, int, date, Effect]] = Counter()
    for slate in slates:
        day = slate.served_at.astimezone(UTC).date()
        for public_id, said in slate.record.get(RECORDED_AS, {}).items():
            policy_id = PolicyId(decode_id(public_id))
            for item in said.get("removed", ()):
                tally[policy_id, item, day, Effect.REMOVED] += 1
            for item in said.get("displaced", ()):
                tally[policy_id, item, day, Effect.DISPLACED] += 1
            for item, places in said.get("moved", {}).items():
                if places:
                    tally[policy_id, int(item), day, Effect.DEMOTED if places > 0 else Effect.LIFTED] += 1
    return tally
