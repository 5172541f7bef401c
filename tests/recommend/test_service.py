"""What the feed promises its viewers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from openforyou.app.platform import Platform
from openforyou.catalog.types import ITEM_RIGHTS, Right
from openforyou.core.clock import ManualClock
from openforyou.core.errors import BadInput
from openforyou.core.ids import ItemId, ViewerId
from openforyou.events.types import Controls, EventType
from tests.recommend.world import LOOKS, MeanModel, World, ids_of, share


def test_a_slate_of_distinct_clips_with_all_that_a_page_shows(world: World) -> None:
    served = world.slate(1)
    assert len(set(ids_of(served))) == 10
    assert not served.exhausted
    assert served.cursor
    ids = [ItemId(item) for item in ids_of(served)]
    assert {entry.item.id: entry.item for entry in served.entries} == world.platform.catalog.items(ids)
    assert {entry.item.id: entry.counts for entry in served.entries} == world.platform.events.counts(ids)
    for entry in served.entries:
        assert entry.item.renditions
        assert entry.creator.id == entry.item.creator_id
        assert entry.reasons
        assert entry.state is None
        assert not entry.following
        context = world.platform.events.context(entry.feed_context, ViewerId(1))
        assert (context.item_id, context.request_id) == (entry.item.id, served.request_id)


@pytest.mark.parametrize("size", [0, -1, 51])
def test_a_size_that_cannot_be_is_refused(world: World, size: int) -> None:
    with pytest.raises(BadInput, match="size"):
        world.slate(1, size=size)


def test_nothing_seen_comes_back_until_nothing_is_left_and_then_it_says_so(world: World) -> None:
    seen: list[int] = []
    while True:
        served = world.slate(1, size=30)
        if not served.entries:
            break
        assert not set(ids_of(served)) & set(seen)
        for item in ids_of(served):
            world.did(1, item, EventType.IMPRESSION)
            seen.append(item)
        assert served.exhausted == (len(seen) == len(world.ids))
        assert bool(served.cursor) != served.exhausted
    assert sorted(seen) == world.ids
    assert served.exhausted
    assert served.cursor == ""


def test_what_was_just_served_waits_while_others_are_left(world: World, clock: ManualClock) -> None:
    first = ids_of(world.slate(1))
    clock.advance(timedelta(seconds=1))
    second = ids_of(world.slate(1))
    assert not set(first) & set(second)
    rest = [item for _ in range(11) for item in ids_of(world.slate(1))]
    assert sorted(first + second + rest) == world.ids
    again = world.slate(1)
    assert set(ids_of(again)) == set(first), "those served longest ago come first"
    assert not again.exhausted
    clock.advance(timedelta(minutes=21))
    assert len(ids_of(world.slate(1))) == 10


def test_what_the_client_holds_is_not_sent_again(world: World) -> None:
    held = frozenset(world.ids[:120])
    served = world.feed.for_you(ViewerId(1), session=held)
    assert sorted(ids_of(served)) == world.ids[120:]
    assert served.exhausted


def test_a_withdrawal_acts_at_once_even_before_the_index_knows(world: World) -> None:
    gone = world.slate(1).entries[0].item
    world.platform.catalog.withdraw(gone.id, gone.creator_id)
    for viewer in range(2, 8):
        assert gone.id not in ids_of(world.slate(viewer))
        assert len(ids_of(world.slate(viewer))) == 10


def test_a_creator_who_leaves_with_most_of_the_catalogue_leaves_full_slates(world: World) -> None:
    for number, item in enumerate(world.ids[:100]):
        world.platform.catalog.withdraw(item, world.creator(number))
    assert len(ids_of(world.slate(1))) == 10
    assert set(ids_of(world.slate(2))) <= set(world.ids[100:])


@pytest.mark.parametrize("right", [Right.RECOMMEND, Right.SHOW])
def test_an_item_needs_both_rights_to_be_recommended(world: World, right: Right) -> None:
    item, creator = world.ids[0], world.creator(0)
    world.platform.catalog.set_item_rights(item, creator, set(ITEM_RIGHTS) - {right}, "test")
    served = [found for _ in range(13) for found in ids_of(world.slate(1))]
    assert item not in served
    assert len(set(served)) == 129


def test_the_next_request_knows_the_last_event(world: World) -> None:
    served = ids_of(world.slate(1))
    assert share(world, served, 3) < 4
    for item in [one for one in world.of_look(3) if one not in served][:2]:
        world.did(1, item, EventType.LIKE)
    assert share(world, ids_of(world.slate(1)), 3) >= 4


def test_with_profiling_off_nothing_is_used_but_what_was_seen(world: World) -> None:
    viewer = ViewerId(1)
    for item in world.of_look(3)[:4]:
        world.watches(1, item)
    world.did(1, world.ids[5], EventType.FOLLOW)
    world.platform.events.set_controls(viewer, Controls(profiling=False))
    served = world.feed.for_you(viewer, size=30)
    assert share(world, ids_of(served), 3) <= 5
    assert not set(ids_of(served)) & set(world.of_look(3)[:4])
    codes = {reason.code for entry in served.entries for reason in entry.reasons}
    assert not codes & {"liked", "completed", "watched", "followed", "sequence", "similar"}
    assert any(entry.following for entry in served.entries), "the button still tells the truth"
    world.platform.events.set_controls(viewer, Controls(profiling=True))
    assert share(world, ids_of(world.slate(1)), 3) >= 3


def test_a_reset_forgets_at_once_and_seen_stays_away(world: World, clock: ManualClock) -> None:
    for item in world.of_look(3)[:4]:
        world.watches(1, item)
    world.platform.events.set_controls(ViewerId(1), Controls(reset_at=clock.now()))
    served = world.slate(1)
    assert share(world, ids_of(served), 3) <= 2
    assert not set(ids_of(served)) & set(world.of_look(3)[:4])
    for item in world.of_look(8)[:3]:
        world.watches(1, item)
    assert share(world, ids_of(world.slate(1)), 8) >= 3


def test_clips_by_one_creator_stand_apart(world: World) -> None:
    for item in world.of_look(3)[:3]:
        world.watches(1, item)
    creators = [entry.creator.id for entry in world.slate(1).entries]
    assert all(len(set(creators[at : at + 3])) == 3 for at in range(len(creators) - 2))


def test_a_followed_creator_is_proposed_and_said_to_be(world: World) -> None:
    world.did(1, world.ids[4], EventType.FOLLOW)
    followed = [entry for entry in world.slate(1, size=30).entries if entry.following]
    assert followed
    assert all("followed" in {reason.code for reason in entry.reasons} for entry in followed)


def test_what_rises_in_a_region_trends_there(world: World) -> None:
    risen = world.ids[70:74]
    for viewer in range(20, 20 + world.feed.weights.trend_viewers_min):
        for item in risen:
            world.did(viewer, item, EventType.IMPRESSION, EventType.VIEW, EventType.LIKE, region="NL")
    world.settle()
    there = world.feed.for_you(ViewerId(1), region="NL")
    assert set(risen) & {e.item.id for e in there.entries if "trending" in {r.code for r in e.reasons}}
    world.platform.events.set_controls(ViewerId(2), Controls(region="NL"))
    chosen = world.feed.for_you(ViewerId(2), region="DE")
    assert set(risen) & set(ids_of(chosen))


def test_two_viewers_are_shown_different_things_once_they_differ(world: World) -> None:
    for viewer, look in ((1, 2), (2, 9)):
        for item in world.of_look(look)[:3]:
            world.watches(viewer, item)
    one, two = ids_of(world.slate(1)), ids_of(world.slate(2))
    assert share(world, one, 2) >= 3 > share(world, two, 2)
    assert share(world, two, 9) >= 3 > share(world, one, 9)


def test_requests_at_the_same_time_are_each_answered_whole(world: World) -> None:
    world.models.model = MeanModel()
    world.feed.start()
    with ThreadPoolExecutor(8) as pool:
        slates = list(pool.map(lambda viewer: ids_of(world.slate(viewer)), range(100, 140)))
    assert all(len(set(slate)) == 10 for slate in slates)


def test_an_empty_catalogue_is_an_honest_empty_slate(platform: Platform, clock: ManualClock) -> None:
    world = World(platform, clock, 0)
    served = world.slate(1)
    assert served.entries == ()
    assert served.exhausted
    assert world.feed.following(ViewerId(1)).entries == ()


# Following


def test_following_is_newest_first_page_by_page_without_gaps(world: World) -> None:
    for number in range(3):
        world.did(1, world.ids[number], EventType.FOLLOW)
    expected = [item for number, item in enumerate(world.ids) if number % (2 * LOOKS) < 3]
    found: list[int] = []
    cursor = None
    while cursor != "":
        served = world.feed.following(ViewerId(1), before=cursor, size=4)
        assert all(entry.following for entry in served.entries)
        found += ids_of(served)
        cursor = served.cursor
    assert found == expected, "a lower number was published later"
    assert served.exhausted


def test_following_shows_what_was_seen_and_nothing_that_was_refused(world: World) -> None:
    world.did(1, world.ids[0], EventType.FOLLOW, EventType.LIKE)
    world.did(1, world.ids[26], EventType.NOT_INTERESTED)
    entries = {entry.item.id: entry for entry in world.feed.following(ViewerId(1)).entries}
    assert world.ids[26] not in entries
    state = entries[world.ids[0]].state
    assert state is not None
    assert state.liked


def test_following_needs_the_right_to_be_shown_and_no_other(world: World) -> None:
    world.did(1, world.ids[0], EventType.FOLLOW)
    world.platform.catalog.set_item_rights(world.ids[0], world.creator(0), {Right.SHOW}, "test")
    world.platform.catalog.set_item_rights(world.ids[26], world.creator(0), {Right.RECOMMEND}, "test")
    found = ids_of(world.feed.following(ViewerId(1)))
    assert world.ids[0] in found
    assert world.ids[26] not in found


@pytest.mark.parametrize("cursor", ["x", "12", "12.short", "1e9.11111111112", f"{10**30}.11111111112"])
def test_a_cursor_that_is_none_is_refused(world: World, cursor: str) -> None:
    with pytest.raises(BadInput) as error:
        world.feed.following(ViewerId(1), before=cursor)
    assert error.value.field == "cursor"


# What a viewer opens


def test_what_is_opened_comes_with_contexts_and_counts_as_served(world: World) -> None:
    item = world.platform.catalog.item(ItemId(world.ids[0]))
    world.did(1, item.id, EventType.LIKE)
    served = world.feed.present(ViewerId(1), "item", [item])
    (entry,) = served.entries
    assert entry.state is not None
    assert entry.state.liked
    assert world.platform.events.context(entry.feed_context, ViewerId(1)).item_id == item.id
    world.did(2, world.ids[1], EventType.VIEW)
    world.platform.log.step()
    assert world.platform.events.counts([item.id])[item.id].served == 1


def test_what_was_opened_elsewhere_may_still_stand_in_the_feed(world: World) -> None:
    """A creator's page that was merely opened is no slate of the feed."""
    items = [world.platform.catalog.item(item) for item in world.ids]
    world.feed.present(ViewerId(1), "creator", items)
    world.did(2, world.ids[0], EventType.VIEW)
    assert len(ids_of(world.slate(1))) == 10
