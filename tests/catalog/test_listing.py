"""What a feed server reads of the catalogue says the same as the rows, packed."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from openforyou.app.platform import Platform
from openforyou.catalog.listing import store as listing
from openforyou.catalog.tables import items
from openforyou.catalog.types import Draft, Right
from openforyou.core.clock import ManualClock
from openforyou.core.ids import ItemId
from openforyou.core.languages import tag_number
from openforyou.core.words import code, codes

GIVEN = frozenset({Right.SHOW, Right.RECOMMEND})


def queued(platform: Platform, item: int, *, rights: frozenset[Right] = GIVEN, **said: object) -> ItemId:
    creator = platform.catalog.add_creator(f"ann{item}", "Ann")
    told = {
        "title": f"Clip {item}",
        "caption": "",
        "source_name": "a.mp4",
        "source_sha256": str(item),
        "rights": rights,
        **said,
    }
    platform.catalog.queue(ItemId(item), creator.id, Draft(**told), f"uploads/{item}", "ticked")  # type: ignore[arg-type]
    with platform.database.begin() as connection:
        now = platform.clock.now()
        connection.execute(
            update(items)
            .where(items.c.id == item)
            .values(status="published", published_at=now, duration_ms=9_000, sound_id=item * 11 if item % 2 else None)
        )
    return ItemId(item)


def test_rows_come_in_order_with_what_the_creator_said(platform: Platform, clock: ManualClock) -> None:
    queued(platform, 1, language="nl", cross_post=True)
    queued(platform, 2, language="yue")
    queued(platform, 3, rights=frozenset({Right.SHOW}))
    with platform.database.connect() as connection:
        rows = listing.feed_rows(connection, at=clock.now(), changed_since=None)
        changed = listing.feed_rows(connection, at=clock.now(), changed_since=clock.now() - timedelta(days=9_999))
        none = listing.feed_rows(connection, at=clock.now(), changed_since=clock.now() + timedelta(days=99_999))
    assert rows["id"].tolist() == [1, 2]
    assert rows["language"].tolist() == [tag_number("nl"), tag_number("yue")]
    assert rows["cross_post"].tolist() == [1, 0]
    assert rows["sound_id"].tolist() == [11, 0]
    assert rows["duration_ms"].tolist() == [9_000, 9_000]
    assert set(rows["published_s"].tolist()) == {clock.now().timestamp()}
    assert changed["id"].tolist() == [1, 2, 3]
    assert changed["listed"].tolist() == [1, 1, 0]
    assert len(none) == 0


def test_words_are_found_by_their_codes(platform: Platform) -> None:
    queued(platform, 1, caption="New York #Cats")
    queued(platform, 2, title="東京")
    with platform.database.connect() as connection:
        found, of = listing.found_by(connection, [1, 2])
        assert [len(each) for each in listing.found_by(connection, [])] == [0, 0]
    by_item = {item: set(found[of == item].tolist()) for item in (1, 2)}
    assert by_item == {1: codes("Clip 1\nNew York #Cats"), 2: codes("東京\n")}
    assert code("#cats") in by_item[1]
