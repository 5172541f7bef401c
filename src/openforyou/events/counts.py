"""How leaves become numbers: pure folds, the same whoever does them, in whatever order the leaves of a batch stand.

The platform folds each batch once and adds what it gains (`gains`). Somebody who checks from outside trusts no sum:
`docs/counts.md` states the rules, and `audit` holds every leaf against them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from openforyou.core.ids import decode_id
from openforyou.events.leaf import RETRACTABLE, Action, Deed, Record, decode_leaf

COLUMN = {
    Action.SERVED: "served",
    Action.IMPRESSION: "impressions",
    Action.VIEW: "views",
    Action.WATCH: "watch_ms",
    Action.COMPLETE: "completions",
    Action.SKIP: "skips",
    Action.LIKE: "likes",
    Action.SHARE: "shares",
    Action.NOT_INTERESTED: "not_interested",
    Action.REPORT: "reports",
    Action.FOLLOW: "followers",
}
"""Which number each action moves: of an item, or of a creator for `followers`."""


@dataclass(slots=True)
class Gains:
    """What a run of leaves adds to the numbers, and which items' shown numbers it stops or frees."""

    items: dict[int, Counter[str]] = field(default_factory=dict)
    followers: Counter[int] = field(default_factory=Counter)
    frozen: dict[int, str] = field(default_factory=dict)
    """item → the rule by which its shown numbers stay as they are after this run."""
    freed: set[str] = field(default_factory=set)
    """Rules that ended. In a batch the ends stand before the beginnings: what began and ended in one never held."""


def weight(deed: Deed) -> int:
    """What one deed adds: +1 or -1, or the milliseconds watched."""
    if deed.action is Action.WATCH:
        return deed.value
    if deed.action in RETRACTABLE:
        return 1 if deed.value % 2 else -1
    return 1


def gains(leaves: Iterable[bytes]) -> Gains:
    """The sum over distinct leaves. Raises `BadLeaf`."""
    total = Gains()
    for leaf in leaves:
        told = decode_leaf(leaf)
        if isinstance(told, Record):
            _record(total, told)
        elif told.action is Action.FOLLOW:
            total.followers[told.subject] += weight(told)
        else:
            total.items.setdefault(told.subject, Counter())[COLUMN[told.action]] += weight(told)
    return total


def frozen_item(record: Record) -> int | None:
    """The item whose shown numbers a record freezes; None for any other record."""
    if record.type != "policy" or record.body.get("kind") != "freeze":
        return None
    scope = record.body.get("scope")
    if not isinstance(scope, dict) or scope.get("kind") != "item":
        return None
    return decode_id(str(scope.get("id")), "scope")


def _record(total: Gains, record: Record) -> None:
    item = frozen_item(record)
    if record.type == "policy_end":
        total.freed.add(str(record.body.get("id")))
    elif item is not None and str(record.body.get("id")) not in total.freed:
        total.frozen.setdefault(item, str(record.body.get("id")))
