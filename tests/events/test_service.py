"""Events are taken in once, and the next request knows them."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from openforyou.app.platform import Platform
from openforyou.core.clock import ManualClock
from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId
from openforyou.events.types import Event, EventType, Outcome

VIEWER, ITEM, CREATOR, REQUEST = ViewerId(5), ItemId(7), CreatorId(9), RequestId(11)


def event(kind: EventType, clock: ManualClock, **fields: object) -> Event:
    given = {
        "id": uuid4(),
        "type": kind,
        "viewer_id": VIEWER,
        "item_id": ITEM,
        "creator_id": CREATOR,
        "request_id": REQUEST,
        "occurred_at": clock.now(),
        **fields,
    }
    return Event(**given)  # type: ignore[arg-type]


def test_a_like_counts_once_however_often_it_is_sent(platform: Platform, clock: ManualClock) -> None:
    like = event(EventType.LIKE, clock)
    assert platform.events.accept([like, like]) == [Outcome.ACCEPTED, Outcome.REPEATED]
    assert platform.events.accept([like]) == [Outcome.REPEATED]
    assert platform.events.accept([event(EventType.LIKE, clock)]) == [Outcome.REPEATED], "under another id, too"
    platform.log.step()
    assert platform.events.counts([ITEM])[ITEM].likes == 1
    assert platform.events.states(VIEWER, [ITEM])[ITEM].liked


def test_an_unlike_takes_the_like_back_even_when_it_arrives_first(platform: Platform, clock: ManualClock) -> None:
    later = event(EventType.UNLIKE, clock, occurred_at=clock.now() + timedelta(seconds=1))
    platform.events.accept([later])
    platform.events.accept([event(EventType.LIKE, clock)])
    assert platform.log.step() == 0, "nothing ever stood"
    assert platform.events.counts([ITEM])[ITEM].likes == 0


def test_a_follow_is_known_at_once_and_its_newest_word_wins(platform: Platform, clock: ManualClock) -> None:
    platform.events.accept([event(EventType.FOLLOW, clock)])
    assert platform.events.following(VIEWER) == {CREATOR}
    platform.log.step()
    assert platform.events.followers(CREATOR) == 1
    platform.events.accept([event(EventType.UNFOLLOW, clock, occurred_at=clock.now() + timedelta(seconds=1))])
    assert platform.events.following(VIEWER) == set()
    platform.log.step()
    assert platform.events.followers(CREATOR) == 0
