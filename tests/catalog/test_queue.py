"""Whose turn it is in the queue."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import text

from openforyou.app.platform import Platform
from openforyou.catalog.errors import ItemNotFound
from openforyou.catalog.queue import store
from openforyou.catalog.types import Draft, Urgency
from openforyou.core.clock import ManualClock
from openforyou.core.errors import Conflict
from openforyou.core.ids import CreatorId, ItemId, new_id


def queued(platform: Platform, creator: CreatorId, urgency: Urgency = Urgency.UPLOAD, name: str = "") -> ItemId:
    item_id = ItemId(new_id())
    draft = Draft("A clip", "", frozenset(), "a.mp4", name or uuid4().hex, urgency=urgency)
    platform.catalog.queue(item_id, creator, draft, "", "for a test")
    return item_id


def taken(platform: Platform) -> list[ItemId]:
    """All that wait, in the order in which one worker after the other gets them."""
    order = []
    with platform.database.connect() as connection:
        while (row := store.take_waiting(connection, 9, None, platform.clock.now())) is not None:
            order.append(ItemId(row.id))
            connection.execute(text("UPDATE items SET status = 'refused' WHERE id = :id"), {"id": row.id})
            connection.commit()
    return order


def test_an_archive_of_many_holds_nobody_else_up(platform: Platform) -> None:
    many, one = (platform.catalog.add_creator(handle, handle).id for handle in ("many", "one"))
    archive = [queued(platform, many) for _ in range(5)]
    single = queued(platform, one)
    assert taken(platform) == [archive[0], single, *archive[1:]]


def test_what_somebody_waits_for_goes_before_bulk_also_ones_own(platform: Platform) -> None:
    many, one = (platform.catalog.add_creator(handle, handle).id for handle in ("many", "one"))
    bulk = [queued(platform, many, Urgency.BULK) for _ in range(3)]
    own, other = queued(platform, many), queued(platform, one)
    assert taken(platform) == [own, other, *bulk]


def test_what_is_being_made_ready_counts_as_its_creators_turn(platform: Platform) -> None:
    many, one = (platform.catalog.add_creator(handle, handle).id for handle in ("many", "one"))
    first, second = queued(platform, many), queued(platform, many)
    single = queued(platform, one)
    with platform.database.connect() as busy, platform.database.connect() as free:
        assert store.take_waiting(busy, 9).id == first  # type: ignore[union-attr]
        busy.commit()
        assert store.take_waiting(free, 9).id == single  # type: ignore[union-attr]
        free.commit()
    assert second in {entry.item_id for entry in platform.queue.waiting()}


def test_creators_take_turns_whatever_order_their_clips_came_in(platform: Platform) -> None:
    creators = [platform.catalog.add_creator(f"creator{number}", "One of four").id for number in range(4)]
    whose = [*creators * 3, *creators[:2] * 2]
    Random(7).shuffle(whose)
    owner = {queued(platform, creator): creator for creator in whose}
    order = [owner[item] for item in taken(platform)]
    left = {creator: whose.count(creator) for creator in creators}
    for at, creator in enumerate(order):
        behind = [other for other in creators if left[other] and order[:at].count(other) < order[:at].count(creator)]
        assert not behind, f"{creator} was taken again before {behind} had their turn"
        left[creator] -= 1


def test_what_is_put_off_is_not_taken_before_its_time_and_lets_the_next_one_go(
    platform: Platform, clock: ManualClock
) -> None:
    creator = platform.catalog.add_creator("one", "One").id
    first, second = queued(platform, creator), queued(platform, creator)
    with platform.database.connect() as connection:
        assert store.take_waiting(connection, 9) is not None
        store.put_off(connection, first, clock.now() + timedelta(minutes=1), "OSError")
        connection.commit()
    assert taken(platform) == [second]
    clock.advance(timedelta(minutes=1))
    assert taken(platform) == [first]


def test_trying_again_what_is_neither_failed_nor_waiting_says_so(platform: Platform) -> None:
    creator = platform.catalog.add_creator("one", "One").id
    with pytest.raises(ItemNotFound):
        platform.queue.try_again(ItemId(new_id()))
    failed = queued(platform, creator, name="the same file")
    with platform.database.begin() as connection:
        store.give_up(connection, failed, "OSError", "It could not be made ready.")
    queued(platform, creator, name="the same file")
    with pytest.raises(Conflict):
        platform.queue.try_again(failed)
    assert {status.value: count for status, count in platform.queue.sizes().items()} == {
        "queued": 1,
        "processing": 0,
        "failed": 1,
    }
