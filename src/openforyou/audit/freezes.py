"""Which of an item's numbers are shown while a rule freezes them. Pure.

A freeze holds from its record to the record of its end: what is shown meanwhile is the count of all leaves before the
first. A freeze of what is frozen changes nothing. Records close a batch, in the order of their bytes; so the end of a
rule that was made and ended within one batch may stand before its beginning, and then it never froze anything.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from openforyou.events.counts import frozen_item
from openforyou.events.leaf import Record


@dataclass(slots=True)
class Freezes:
    """The freezes of a log, taken from its records in order."""

    _by_item: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    _ends: dict[str, int] = field(default_factory=dict)

    @property
    def items(self) -> Collection[int]:
        """Every item that was ever frozen."""
        return self._by_item.keys()

    def take(self, index: int, record: Record) -> None:
        """Look at the record at `index`. Raises `BadInput` for a freeze of something that is no item."""
        if record.type == "policy_end":
            self._ends.setdefault(str(record.body.get("id")), index)
            return
        item = frozen_item(record)
        if item is not None:
            self._by_item.setdefault(item, []).append((index, str(record.body.get("id"))))

    def counted(self, item: int, size: int) -> int:
        """How many leaves the numbers shown of an item count, where the numbers hold at `size`."""
        since = free_from = -1
        for start, rule in self._by_item.get(item, ()):
            if start >= size:
                break
            end = self._ends.get(rule, size)
            if start > free_from and end > start:
                since, free_from = start, end
        return since if since >= 0 and free_from >= size else size
