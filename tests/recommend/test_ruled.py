"""Published rules in slates: they act when they stand in the log and not before, and each record says what they did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from openforyou.core.ids import ItemId, ViewerId, encode_id
from openforyou.events.types import EventType
from openforyou.moderation.types import Effect, Policy, PolicyId, Proposal, Scope, ScopeKind
from openforyou.recommend.types import Served
from tests.recommend.world import World, ids_of

REASON = "So that the tests have something to read."
CROSS_POSTS = Scope(ScopeKind.CROSS_POSTS)


def publish(world: World, kind: str, scope: Scope, **said: Any) -> Policy:
    """A rule that stands in the log, and that the feed has looked at."""
    policy = world.platform.policies.publish(Proposal(kind, "Rule of the test", REASON, scope, **said))
    world.platform.log.step()
    world.feed.refresh()
    return policy


def of(item: int) -> Scope:
    return Scope(ScopeKind.ITEM, item)


def record_of(world: World, served: Served, viewer: int = 1) -> dict[str, Any]:
    """The record of a slate, once it is written."""
    world.did(999, world.ids[-1], EventType.IMPRESSION)  # is answered after every slate before it was written
    slate = world.platform.events.slate(served.request_id, ViewerId(viewer))
    assert slate is not None
    return dict(slate.record)


def effects(world: World) -> dict[PolicyId, dict[Effect, int]]:
    return world.platform.policies.effects()


def viewed(world: World, item: int, times: int) -> None:
    """By so many viewers."""
    for viewer in range(500, 500 + times):
        world.did(viewer, item, EventType.IMPRESSION, EventType.VIEW)
    world.platform.log.step()
    world.feed.refresh()


def mark_cross_posts(world: World, items: list[ItemId]) -> None:
    with world.platform.database.begin() as connection:
        connection.execute(
            text("UPDATE items SET cross_post = true, changed_at = clock_timestamp() WHERE id = ANY(:ids)"),
            {"ids": list(items)},
        )
    world.feed.refresh()


def everything(world: World, viewer: int = 1) -> list[int]:
    """All that the feed still has for a viewer, slate after slate; each is watched, so that it does not come back."""
    seen: list[int] = []
    for _ in range(20):
        served = world.slate(viewer, 50)
        seen += ids_of(served)
        if served.exhausted:
            return seen
        for item in ids_of(served):
            world.did(viewer, item, EventType.IMPRESSION)
    raise AssertionError("the feed never ends")


def test_a_cap_that_is_reached_takes_the_item_out_and_says_so_to_its_creator(world: World) -> None:
    item = world.ids[40]
    cap = publish(world, "cap", of(item), limit=3)
    viewed(world, item, 2)
    before = world.slate(1, 50)
    assert record_of(world, before)["policies"] == {}
    viewed(world, item, 3)
    served = world.slate(2, 50)
    assert item not in ids_of(served)
    record = record_of(world, world.slate(1, 50))
    assert record["policies"][encode_id(cap.id)] == {
        "kind": "cap",
        "name": "Rule of the test",
        "does": "recommended in the For You feed until 3 views, and then no more",
        "removed": [item],
    }
    assert record["removed"]["capped"] == 1
    assert effects(world) == {cap.id: {Effect.REMOVED: 2}}
    shown = world.platform.catalog.item(item)
    (felt,) = world.platform.policies.felt_by([shown], {item: 3})[item]
    assert (felt.is_about, felt.views, dict(felt.slates)) == (True, 3, {Effect.REMOVED: 2})


def test_what_is_capped_is_served_to_nobody_by_no_source_and_the_feed_still_ends(world: World) -> None:
    item = world.ids[40]
    publish(world, "cap", of(item), limit=0)
    served = everything(world)
    assert sorted(served) == sorted(set(world.ids) - {item})


def test_a_capped_item_is_still_shown_to_whoever_follows_or_opens_it(world: World) -> None:
    item = world.ids[0]
    publish(world, "cap", of(item), limit=0)
    world.did(1, item, EventType.FOLLOW)
    assert item in ids_of(world.feed.following(ViewerId(1), size=50))
    assert ids_of(world.feed.present(ViewerId(1), "item", [world.platform.catalog.item(item)])) == [item]


def test_a_rule_acts_when_its_record_is_published_and_not_before(world: World) -> None:
    item = world.ids[40]
    world.platform.policies.publish(Proposal("cap", "Rule of the test", REASON, of(item), limit=0))
    world.feed.refresh()
    assert item in everything(world, 1)
    world.platform.log.step()
    world.feed.refresh()
    assert item not in everything(world, 2)


def test_a_row_that_a_superuser_wrote_caps_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    item = world.ids[40]
    world.platform.log.step()
    with world.platform.database.begin() as connection:
        connection.execute(
            text(
                'INSERT INTO policies (id, kind, name, reason, scope_kind, scope_id, since, "limit", seq) '
                "VALUES (7, 'cap', 'In silence', 'Nobody has to know of this.', 'item', :item, :since, 0, 0)"
            ),
            {"item": item, "since": world.clock.now()},
        )
    world.feed.refresh()
    assert item in everything(world)
    assert "unpublished rule refused" in caplog.text


def test_a_rule_that_a_superuser_tightened_acts_as_published(world: World) -> None:
    item = world.ids[40]
    publish(world, "cap", of(item), limit=1_000)
    with world.platform.database.begin() as connection:
        connection.execute(text('UPDATE policies SET "limit" = 0'))
    world.feed.refresh()
    assert item in everything(world)


def test_an_ended_rule_and_one_whose_days_are_over_stop_in_the_next_slate(world: World) -> None:
    ended, over = world.ids[40], world.ids[41]
    policy = publish(world, "cap", of(ended), limit=0)
    publish(world, "cap", of(over), limit=0, until=world.clock.now() + timedelta(hours=1))
    assert not {ended, over} & set(everything(world, 1))
    world.platform.policies.end(policy.id, "It was only for a while.")
    world.platform.log.step()
    world.clock.advance(timedelta(hours=1))
    world.feed.refresh()
    assert {ended, over} <= set(everything(world, 2))


def values(world: World, viewer: int) -> dict[int, float]:
    """By item of a slate of fifty, best first: what the rerankers moved does not matter here."""
    told = record_of(world, world.slate(viewer, 50), viewer)["items"]
    found = {int(item): float(said["value"]) for item, said in told.items()}
    return dict(sorted(found.items(), key=lambda entry: -entry[1]))


def test_a_factor_multiplies_the_value_and_why_this_names_the_rule(world: World) -> None:
    item, plain = list(values(world, 11).items())[10]
    boost = publish(world, "boost", of(item), factor=3.0)
    assert next(iter(values(world, 12).items())) == (item, pytest.approx(3 * plain, rel=0.01))
    served = world.slate(1, 20)
    assert item in ids_of(served)
    places = record_of(world, served)["policies"][encode_id(boost.id)]["moved"][str(item)]
    assert places < 0
    (told,) = world.feed.why(ViewerId(1), served.request_id, item).policies
    assert (told.policy_id, told.name) == (encode_id(boost.id), "Rule of the test")
    assert told.text == f"counts 3 times its value when the For You feed is put in order: here {-places} places up"
    untouched = next(entry.item.id for entry in served.entries if entry.item.id != item)
    assert world.feed.why(ViewerId(1), served.request_id, untouched).policies == ()
    assert effects(world)[boost.id][Effect.LIFTED] == 2


def test_a_boost_that_takes_a_place_is_told_of_the_item_that_lost_it(world: World) -> None:
    ranking = list(values(world, 11))
    first, lifted = ranking[0], ranking[20]
    boost = publish(world, "boost", of(lifted), factor=5.0)
    record = record_of(world, world.slate(1, 1))
    assert list(record["items"]) == [str(lifted)]
    said = record["policies"][encode_id(boost.id)]
    assert list(said["moved"]) == [str(lifted)]
    assert said["displaced"] == [first]


def test_a_demotion_that_pushes_an_item_out_is_told_of_it(world: World) -> None:
    first = next(iter(values(world, 11)))
    assert ids_of(world.slate(12, 1)) == [first]
    demote = publish(world, "demote", of(first), factor=0.05)
    record = record_of(world, world.slate(1, 1))
    assert str(first) not in record["items"]
    assert record["policies"] == {
        encode_id(demote.id): {
            "kind": "demote",
            "name": "Rule of the test",
            "does": "counts 0.05 times its value when the For You feed is put in order",
            "displaced": [first],
        }
    }
    assert effects(world)[demote.id] == {Effect.DISPLACED: 1}


def test_the_limit_of_cross_posts_holds_in_every_slate_and_displaced_ones_are_told(world: World) -> None:
    marked = world.ids[::2]
    mark_cross_posts(world, marked)
    assert sum(item in marked for item in ids_of(world.slate(1, 10))) > 2
    limit = publish(world, "cross_post_limit", CROSS_POSTS, limit=2)
    told = 0
    for _ in range(4):
        served = world.slate(1, 10)
        assert len(served.entries) == 10
        assert sum(item in marked for item in ids_of(served)) <= 2
        said = record_of(world, served)["policies"].get(encode_id(limit.id), {})
        assert set(said.get("displaced", [])) <= set(marked) - set(ids_of(served))
        told += len(said.get("displaced", []))
    assert told > 0
    assert effects(world) == {limit.id: {Effect.DISPLACED: told}}


def test_a_slate_is_short_rather_than_over_the_limit_and_the_rest_comes_later(world: World) -> None:
    mark_cross_posts(world, world.ids)
    publish(world, "cross_post_limit", CROSS_POSTS, limit=3)
    served = world.slate(1, 10)
    assert len(served.entries) == 3
    assert not served.exhausted
    seen = set(ids_of(served))
    for _ in range(3):
        more = ids_of(world.slate(1, 10))
        assert len(more) == 3
        assert not seen & set(more)
        seen |= set(more)


def test_a_limit_of_none_leaves_no_cross_post_and_the_feed_ends(world: World) -> None:
    mark_cross_posts(world, world.ids[:100])
    publish(world, "cross_post_limit", CROSS_POSTS, limit=0)
    assert sorted(everything(world)) == sorted(world.ids[100:])


def test_a_limit_holds_when_an_item_loses_its_right_while_the_slate_is_made(world: World) -> None:
    marked = world.ids[::2]
    mark_cross_posts(world, marked)
    publish(world, "cross_post_limit", CROSS_POSTS, limit=1)
    for item in world.ids[1::2][:30]:
        world.platform.catalog.withdraw(item, world.creator(world.ids.index(item)))
    served = world.slate(1, 10)
    assert len(served.entries) == 10
    assert sum(item in marked for item in ids_of(served)) <= 1


def test_a_rulebook_that_fails_holds_up_no_slate(world: World) -> None:
    item = world.ids[40]
    publish(world, "cap", of(item), limit=0)
    with world.platform.database.begin() as connection:
        connection.execute(text("ALTER TABLE policies RENAME TO elsewhere"))
    with pytest.raises(Exception, match="policies"):
        world.feed.refresh()
    served = world.slate(1, 50)
    assert len(served.entries) == 50
    assert item not in ids_of(served), "the rules of the last look stand"
