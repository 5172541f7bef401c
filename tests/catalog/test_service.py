"""The catalogue: what is taken in, who may see it, and what a right taken back does."""

from __future__ import annotations

from datetime import timedelta
from time import sleep

import numpy as np
import pytest

from openforyou.app.platform import Platform
from openforyou.catalog import store
from openforyou.catalog.errors import AlreadyTaken, CreatorNotFound, HandleTaken, ItemNotFound
from openforyou.catalog.queue import store as queue
from openforyou.catalog.types import ITEM_RIGHTS, Creator, Draft, Publication, Rendition, Right
from openforyou.core.clock import ManualClock
from openforyou.core.errors import BadInput, NotAllowed
from openforyou.core.ids import CreatorId, ItemId, ViewerId, new_id
from openforyou.storage.database import Database

ALL = frozenset(ITEM_RIGHTS)
PUBLICATION = Publication(
    duration_ms=4000,
    width=720,
    height=1280,
    has_sound=True,
    poster_key="items/x/poster.jpg",
    preview_key="items/x/preview.mp4",
    renditions=(Rendition("720p", "items/x/720p.mp4", 720, 1280, 1000),),
    features={"content-1": np.ones(4, dtype=np.float32) / 2},
)


def queued(platform: Platform, creator: Creator, *, rights: frozenset[Right] = ALL, sha256: str = "") -> ItemId:
    item_id = ItemId(new_id())
    draft = Draft("A title", "a caption", rights, "clip.mp4", sha256 or str(item_id))
    platform.catalog.queue(item_id, creator.id, draft, "uploads/x", "own upload")
    return item_id


def published(platform: Platform, creator: Creator, *, rights: frozenset[Right] = ALL) -> ItemId:
    item_id = queued(platform, creator, rights=rights)
    with platform.database.engine.connect() as connection:
        taken = queue.take_waiting(connection, 3, item_id)
        assert taken is not None
        assert taken.id == item_id
        assert store.publish(connection, item_id, PUBLICATION, platform.clock.now())
        queue.release(connection, item_id)
        connection.commit()
    return item_id


@pytest.fixture
def creator(platform: Platform) -> Creator:
    return platform.catalog.add_creator("Tide.Water", "Tidewater Studio")


def test_handles_are_one_form_and_one_of_a_kind(platform: Platform, creator: Creator) -> None:
    assert creator.handle == "tide.water"
    assert platform.catalog.creator("@TIDE.water") == creator
    with pytest.raises(HandleTaken):
        platform.catalog.add_creator("tide.water", "Another")
    for nobody in ("nobody", "a\x00b", ""):
        with pytest.raises(CreatorNotFound):
            platform.catalog.creator(nobody)


@pytest.mark.parametrize("handle", ["", "a b", "../x", "admin", ".x", "x" * 31, "ä", "a\nb"])
def test_what_cannot_be_a_handle_is_refused(platform: Platform, handle: str) -> None:
    with pytest.raises(BadInput, match="cannot be a handle"):
        platform.catalog.add_creator(handle, "Name")


def test_an_item_is_nowhere_until_it_is_published_and_then_whole(platform: Platform, creator: Creator) -> None:
    item_id = queued(platform, creator)
    with pytest.raises(ItemNotFound):
        platform.catalog.item(item_id)
    assert platform.catalog.items_of(creator.id) == []
    assert [item.id for item in platform.catalog.items_of(creator.id, everything=True)] == [item_id]
    other = published(platform, creator)
    item = platform.catalog.item(other)
    assert (item.duration_ms, item.renditions) == (4000, PUBLICATION.renditions)
    assert platform.catalog.newest(9) == [other]


def test_the_same_file_of_the_same_creator_is_taken_in_once(platform: Platform, creator: Creator) -> None:
    first = queued(platform, creator, sha256="same")
    with pytest.raises(AlreadyTaken) as caught:
        queued(platform, creator, sha256="same")
    assert caught.value.item_id == first
    queued(platform, platform.catalog.add_creator("other", "Other"), sha256="same")


def test_an_item_without_the_right_to_show_is_hidden_and_without_recommend_not_offered(
    platform: Platform, creator: Creator
) -> None:
    hidden = published(platform, creator, rights=frozenset())
    shown = published(platform, creator, rights=frozenset({Right.SHOW}))
    with pytest.raises(ItemNotFound):
        platform.catalog.item(hidden)
    assert platform.catalog.item(shown).id == shown
    assert platform.catalog.items([hidden, shown], right=Right.RECOMMEND) == {}


def test_a_right_taken_back_holds_no_longer_and_can_be_given_again(
    platform: Platform, creator: Creator, clock: ManualClock
) -> None:
    item_id = published(platform, creator)
    clock.advance(timedelta(hours=1))
    platform.catalog.set_item_rights(item_id, creator.id, {Right.SHOW}, "their page")
    assert platform.catalog.item_rights(item_id) == {Right.SHOW}
    assert platform.catalog.newest(9) == []
    clock.advance(timedelta(hours=1))
    platform.catalog.set_item_rights(item_id, creator.id, ALL, "their page")
    assert platform.catalog.item_rights(item_id) == ALL


def test_nobody_else_can_change_or_withdraw_an_item(platform: Platform, creator: Creator) -> None:
    item_id = published(platform, creator)
    stranger = CreatorId(new_id())
    for act in (
        lambda: platform.catalog.set_item_rights(item_id, stranger, set(), "x"),
        lambda: platform.catalog.withdraw(item_id, stranger),
    ):
        with pytest.raises(ItemNotFound):
            act()
    platform.catalog.withdraw(item_id, creator.id)
    with pytest.raises(ItemNotFound):
        platform.catalog.item(item_id)


def test_a_viewer_gives_learn_over_their_history_and_nothing_else(platform: Platform) -> None:
    viewer = ViewerId(77)
    assert platform.catalog.viewer_rights(viewer) == frozenset()
    platform.catalog.set_viewer_rights(viewer, {Right.LEARN}, "settings page")
    assert platform.catalog.viewer_rights(viewer) == {Right.LEARN}
    with pytest.raises(NotAllowed):
        platform.catalog.set_viewer_rights(viewer, {Right.SHOW}, "settings page")


def test_two_workers_never_take_the_same_item_and_a_dead_ones_waits_again(
    platform: Platform, creator: Creator, database: Database
) -> None:
    item_id = queued(platform, creator)
    first, second = database.engine.connect(), database.engine.connect()
    assert queue.take_waiting(first, 3) is not None
    first.commit()
    assert queue.take_waiting(second, 3) is None
    first.invalidate()  # as the death of its process would
    first.close()
    taken = None
    for _ in range(500):  # the server takes a moment to notice
        second.rollback()
        taken = queue.take_waiting(second, 3)
        if taken is not None:
            break
        sleep(0.02)
    assert taken is not None
    assert (taken.id, taken.attempts) == (item_id, 2)
    second.close()
