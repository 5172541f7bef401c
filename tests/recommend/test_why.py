"""Why this: what decided is recorded, and told from the record alone."""

from __future__ import annotations

from typing import Any

import pytest

from openforyou.core.ids import ItemId, RequestId, ViewerId
from openforyou.events.types import Controls, EventType
from openforyou.learn.serving import ACTIONS
from openforyou.recommend.errors import SlateNotFound
from openforyou.recommend.explain import REASONS, RULES, SOURCES
from openforyou.recommend.feed import FOR_YOU
from openforyou.recommend.params import Weights
from openforyou.recommend.types import Served
from tests.recommend.world import MeanModel, World, ids_of


def record_of(world: World, served: Served, viewer: int = 1) -> dict[str, Any]:
    """As it lies in the database, once it is written."""
    world.did(
        999, world.ids[0], EventType.IMPRESSION
    )  # The writer takes turns: the slate is in before this is answered.
    slate = world.platform.events.slate(served.request_id, ViewerId(viewer))
    assert slate is not None
    return dict(slate.record)


def test_the_clips_that_caused_it_are_named(world: World) -> None:
    liked, watched = world.of_look(3)[:2]
    world.watches(1, watched)
    world.watches(1, liked)
    world.did(1, liked, EventType.LIKE)
    served = world.slate(1)
    record_of(world, served)
    caused = [entry for entry in served.entries if world.look(entry.item.id) == 3]
    assert len(caused) >= 3
    for entry in caused:
        told = world.feed.why(ViewerId(1), served.request_id, entry.item.id)
        assert told.reasons == entry.reasons
        causes = next(reason for reason in told.reasons if reason.item_ids)
        assert set(causes.item_ids) == {liked, watched}
        assert causes.code == "liked", "the strongest cause gives the name"
        assert told.titles[liked] == f"Clip {world.ids.index(liked)}"
        assert told.sources
        assert told.chances.keys() == set(ACTIONS)
        assert told.value > 0


def test_what_was_skipped_causes_nothing(world: World) -> None:
    for item in world.of_look(3)[:5]:
        world.skips(1, item)
    assert all(not reason.item_ids for entry in world.slate(1).entries for reason in entry.reasons)


def test_the_title_of_what_was_withdrawn_since_is_not_told(world: World) -> None:
    cause = world.of_look(3)[0]
    world.watches(1, cause)
    served = world.slate(1)
    record_of(world, served)
    entry = next(entry for entry in served.entries if any(reason.item_ids for reason in entry.reasons))
    world.platform.catalog.withdraw(cause, world.creator(world.ids.index(cause)))
    told = world.feed.why(ViewerId(1), served.request_id, entry.item.id)
    assert cause not in told.titles
    assert any(cause in reason.item_ids for reason in told.reasons)


def test_the_record_holds_who_decided_what(world: World) -> None:
    world.models.model = MeanModel()
    world.feed.refresh()
    for item in world.of_look(3)[:3]:
        world.watches(1, item)
    served = world.slate(1)
    record = record_of(world, served)
    assert (record["model"], record["model_share"]) == ("mean", 0.5)
    assert record["weights"] == Weights().digest()
    assert record["closed"] == {
        "seen": 3,
        "recently_served": 0,
        "held": 0,
        "refused": 0,
        "muted": 0,
        "rights": 0,
    }
    assert record["removed"].keys() == {stage.name for stage in FOR_YOU.filters}
    stages = [stage for kind in ("sources", "filters", "scorers", "rerankers") for stage in getattr(FOR_YOU, kind)]
    assert {name.split(":")[-1] for name in record["ms"]} >= {stage.name for stage in stages}
    assert list(record["items"]) != []
    assert {int(item) for item in record["items"]} == set(ids_of(served))
    for told in record["items"].values():
        assert set(told["sources"]) <= SOURCES.keys()
        assert set(told["moves"]) <= RULES.keys()
        assert 0 < told["propensity"] <= 1
        assert set(told["chances"]) == set(ACTIONS)


def test_what_stands_by_lot_says_so_with_its_chance(world: World) -> None:
    for item in world.of_look(3)[:3]:
        world.watches(1, item)
    found = 0
    for _ in range(5):
        served = world.slate(1)
        record_of(world, served)
        for entry in served.entries:
            told = world.feed.why(ViewerId(1), served.request_id, entry.item.id)
            by_lot = "exploring" in {reason.code for reason in told.reasons}
            assert told.propensity < 1 or not by_lot
            found += by_lot
            if by_lot:
                assert any("by lot" in rule for rule in told.rules)
    assert found >= 4, "about three in twenty places go to fresh clips"


def test_moves_are_told_in_words(world: World) -> None:
    for item in world.of_look(3)[:3]:
        world.watches(1, item)
    served = world.slate(1)
    record_of(world, served)
    rules = [
        rule for item in ids_of(served) for rule in world.feed.why(ViewerId(1), served.request_id, ItemId(item)).rules
    ]
    assert any("so that clips alike do not fill the slate" in rule for rule in rules)


def test_nobody_asks_about_somebody_elses_slate(world: World) -> None:
    served = world.slate(1)
    record_of(world, served)
    item = served.entries[0].item.id
    assert world.feed.why(ViewerId(1), served.request_id, item).position == 0
    with pytest.raises(SlateNotFound):
        world.feed.why(ViewerId(2), served.request_id, item)
    with pytest.raises(SlateNotFound):
        world.feed.why(ViewerId(1), RequestId(12345), item)
    absent = next(one for one in world.ids if one not in ids_of(served))
    with pytest.raises(SlateNotFound):
        world.feed.why(ViewerId(1), served.request_id, absent)


def test_the_other_surfaces_are_explained_too(world: World) -> None:
    world.did(1, world.ids[0], EventType.FOLLOW)
    following = world.feed.following(ViewerId(1))
    opened = world.feed.present(ViewerId(1), "item", [world.platform.catalog.item(world.ids[5])])
    record_of(world, opened)
    first = world.feed.why(ViewerId(1), following.request_id, following.entries[0].item.id)
    assert [reason.code for reason in first.reasons] == ["following"]
    told = world.feed.why(ViewerId(1), opened.request_id, world.ids[5])
    assert (told.surface, [reason.code for reason in told.reasons]) == ("item", ["asked"])


def test_fallbacks_are_in_the_record(world: World) -> None:
    assert "no-model" in record_of(world, world.slate(1))["fallbacks"]
    world.models.model = MeanModel()
    world.feed.refresh()
    assert "no-history" in record_of(world, world.slate(1))["fallbacks"]
    world.platform.events.set_controls(ViewerId(1), Controls(profiling=False))
    assert "profiling-off" in record_of(world, world.slate(1))["fallbacks"]


def test_every_source_and_rule_has_words(world: World) -> None:
    assert {source.name for source in FOR_YOU.sources} == SOURCES.keys()
    assert {source.name for source in FOR_YOU.sources} <= REASONS.keys()
    assert {reranker.name for reranker in FOR_YOU.rerankers} == RULES.keys()
