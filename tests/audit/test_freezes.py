"""Which leaves a frozen number counts."""

from __future__ import annotations

from typing import Any

import pytest

from openforyou.audit.freezes import Freezes
from openforyou.core.errors import BadInput
from openforyou.core.ids import encode_id
from openforyou.events.leaf import Record

ITEM = 77


def freeze(rule: str, item: int = ITEM) -> Record:
    return Record("policy", {"id": rule, "kind": "freeze", "scope": {"kind": "item", "id": encode_id(item)}})


def end(rule: str) -> Record:
    return Record("policy_end", {"id": rule})


def taken(*records: tuple[int, Record]) -> Freezes:
    freezes = Freezes()
    for index, record in records:
        freezes.take(index, record)
    return freezes


def test_a_freeze_holds_from_its_record_to_the_record_of_its_end() -> None:
    freezes = taken((10, freeze("a")), (20, end("a")))
    assert [freezes.counted(ITEM, size) for size in (5, 10, 11, 20, 21, 30)] == [5, 10, 10, 10, 21, 30]
    assert freezes.counted(ITEM + 1, 15) == 15


def test_a_second_freeze_of_what_is_frozen_changes_nothing() -> None:
    freezes = taken((10, freeze("a")), (15, freeze("b")), (20, end("a")))
    assert [freezes.counted(ITEM, size) for size in (18, 25)] == [10, 25]


def test_an_item_can_be_frozen_again_also_in_the_batch_that_freed_it() -> None:
    freezes = taken((10, freeze("a")), (20, end("a")), (21, freeze("b")))
    assert [freezes.counted(ITEM, size) for size in (20, 21, 22, 40)] == [10, 21, 21, 21]


def test_a_rule_that_was_made_and_ended_within_one_batch_never_froze_anything() -> None:
    freezes = taken((10, end("a")), (11, freeze("a")))
    assert freezes.counted(ITEM, 50) == 50


def test_only_freezes_of_items_freeze() -> None:
    other: dict[str, Any] = {"id": "a", "kind": "cap", "scope": {"kind": "item", "id": encode_id(ITEM)}}
    freezes = taken((10, Record("policy", other)), (11, Record("refused", {})))
    assert list(freezes.items) == []


def test_a_freeze_of_nothing_is_refused() -> None:
    with pytest.raises(BadInput):
        taken((1, Record("policy", {"id": "a", "kind": "freeze", "scope": {"kind": "item", "id": "?"}})))
