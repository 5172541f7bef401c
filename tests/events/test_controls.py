"""What viewers choose: kept in one form, bounded, theirs alone, and told to the next feed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from openforyou.app.platform import Platform
from openforyou.core.clock import ManualClock
from openforyou.core.errors import BadInput, TooLarge
from openforyou.core.ids import ItemId, ViewerId
from openforyou.core.words import code
from openforyou.events import store
from openforyou.events.controls.errors import TooManyMutes, TooManyPauses
from openforyou.events.controls.types import LANGUAGES_MAX, MUTES_MAX, PAUSES_MAX, WISHES_MAX, MuteKind
from openforyou.events.types import Controls, EventType
from tests.events.test_recall import VIEWER, did, recalled

OTHER = ViewerId(4)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("kind", "told", "key"),
    [
        (MuteKind.CREATOR, "007", "7"),
        (MuteKind.SOUND, str(2**62), str(2**62)),
        (MuteKind.TOPIC, "#Cats", "cats"),
        (MuteKind.TOPIC, "CATS", "cats"),
        (MuteKind.WORD, "  New   York! ", "new york"),
        (MuteKind.WORD, "東京", "東京"),
    ],
)
def test_a_mute_is_kept_in_one_form_once_and_taken_back_in_any(
    kind: MuteKind, told: str, key: str, platform: Platform, clock: ManualClock
) -> None:
    first = platform.events.mute(VIEWER, kind, told)
    assert first.key == key
    clock.advance(MINUTE)
    assert platform.events.mute(VIEWER, kind, key) == first
    assert [(mute.kind, mute.key) for mute in platform.events.mutes(VIEWER)] == [(kind, key)]
    assert platform.events.mutes(OTHER) == []
    platform.events.unmute(OTHER, kind, told)
    assert len(platform.events.mutes(VIEWER)) == 1
    platform.events.unmute(VIEWER, kind, told)
    platform.events.unmute(VIEWER, kind, told)
    assert platform.events.mutes(VIEWER) == []


@pytest.mark.parametrize(
    ("kind", "told", "error"),
    [
        (MuteKind.CREATOR, "somebody", BadInput),
        (MuteKind.CREATOR, "0", BadInput),
        (MuteKind.CREATOR, str(2**64), BadInput),
        (MuteKind.SOUND, "-1", BadInput),
        (MuteKind.SOUND, "١", BadInput),
        (MuteKind.TOPIC, "two words", BadInput),
        (MuteKind.TOPIC, "#", BadInput),
        (MuteKind.WORD, "", BadInput),
        (MuteKind.WORD, "?!", BadInput),
        (MuteKind.WORD, "one two three four five six", BadInput),
        (MuteKind.WORD, "a" * 61, TooLarge),
    ],
)
def test_what_cannot_be_muted_is_said_with_a_remedy(
    kind: MuteKind, told: str, error: type[BadInput], platform: Platform
) -> None:
    with pytest.raises(error) as caught:
        platform.events.mute(VIEWER, kind, told)
    assert caught.value.field == "key"
    assert caught.value.hint
    assert platform.events.mutes(VIEWER) == []


def test_the_next_feed_is_told_of_every_kind(platform: Platform) -> None:
    events = platform.events
    events.mute(VIEWER, MuteKind.CREATOR, "7")
    events.mute(VIEWER, MuteKind.SOUND, "8")
    events.mute(VIEWER, MuteKind.TOPIC, "cats")
    events.mute(VIEWER, MuteKind.WORD, "new york")
    told = recalled(platform)
    assert told.muted_creators.tolist() == [7]
    groups = [set(told.muted["code"][told.muted["mute"] == one].tolist()) for one in set(told.muted["mute"].tolist())]
    assert len(groups) == 3
    assert all(one in groups for one in ({8}, {code("#cats")}, {code("new"), code("york")}))
    with platform.database.connect() as connection:
        nobody = store.recall(connection, OTHER, served_since=platform.clock.now(), history_max=9)
    assert len(nobody.muted) == len(nobody.muted_creators) == 0


def test_mutes_are_bounded_and_the_one_too_many_changes_nothing(platform: Platform) -> None:
    for number in range(MUTES_MAX):
        platform.events.mute(VIEWER, MuteKind.WORD, f"word{number}")
    with pytest.raises(TooManyMutes):
        platform.events.mute(VIEWER, MuteKind.CREATOR, "7")
    assert len(platform.events.mutes(VIEWER)) == MUTES_MAX
    platform.events.mute(VIEWER, MuteKind.WORD, "word1")
    platform.events.unmute(VIEWER, MuteKind.WORD, "word1")
    platform.events.mute(VIEWER, MuteKind.CREATOR, "7")


def test_wishes_keep_the_newest_and_asking_again_renews(platform: Platform, clock: ManualClock) -> None:
    for number in range(1, WISHES_MAX + 3):
        clock.advance(MINUTE)
        platform.events.wish(VIEWER, ItemId(number))
        platform.events.wish(OTHER, ItemId(number))
        if number == WISHES_MAX:
            platform.events.wish(VIEWER, ItemId(1))
    kept = [wish.item_id for wish in platform.events.wishes(VIEWER)]
    assert kept[:4] == [WISHES_MAX + 2, WISHES_MAX + 1, 1, WISHES_MAX]
    assert 2 not in kept
    assert len(kept) == WISHES_MAX
    platform.events.unwish(VIEWER, ItemId(1))
    assert ItemId(1) not in [wish.item_id for wish in platform.events.wishes(VIEWER)]
    assert ItemId(3) == platform.events.wishes(OTHER)[-1].item_id, "the oldest that is kept of theirs"


def test_wishes_of_before_a_reset_or_without_profiling_are_not_told(platform: Platform, clock: ManualClock) -> None:
    platform.events.wish(VIEWER, ItemId(7))
    assert recalled(platform).wishes["item_id"].tolist() == [7]
    platform.events.set_controls(VIEWER, Controls(profiling=False))
    assert not len(recalled(platform).wishes)
    platform.events.set_controls(VIEWER, Controls(reset_at=clock.now()))
    assert not len(recalled(platform).wishes)
    clock.advance(MINUTE)
    platform.events.wish(VIEWER, ItemId(8))
    assert recalled(platform).wishes["item_id"].tolist() == [8]


def test_languages_are_kept_in_one_form(platform: Platform) -> None:
    chosen = platform.events.set_controls(VIEWER, Controls(languages=("PT-br", "nl", "nl", "")))
    assert chosen.languages == ("nl", "pt")
    assert platform.events.controls(VIEWER) == chosen == recalled(platform).controls
    for wrong in (("klingon",), tuple(f"{a}{b}" for a in "abcde" for b in "abcde")[: LANGUAGES_MAX + 1]):
        with pytest.raises(BadInput) as caught:
            platform.events.set_controls(VIEWER, Controls(languages=wrong))
        assert caught.value.field == "languages"
    assert platform.events.controls(VIEWER) == chosen


def test_what_was_done_in_a_pause_is_never_told_and_what_was_done_around_it_is(
    platform: Platform, clock: ManualClock
) -> None:
    def paused(*, is_paused: bool) -> None:
        now = platform.events.controls(VIEWER)
        assert platform.events.set_controls(VIEWER, replace(now, paused=is_paused)).paused is is_paused
        assert platform.events.controls(VIEWER).paused is is_paused
        clock.advance(MINUTE)

    did(platform, EventType.LIKE, 1)
    clock.advance(MINUTE)
    paused(is_paused=True)
    did(platform, EventType.LIKE, 2)
    clock.advance(MINUTE)
    assert recalled(platform).history["item_id"].tolist() == [1]
    paused(is_paused=True)  # said again, it is the same pause
    paused(is_paused=False)
    did(platform, EventType.LIKE, 3)
    clock.advance(MINUTE)
    assert recalled(platform).history["item_id"].tolist() == [3, 1]
    paused(is_paused=True)
    did(platform, EventType.LIKE, 4)
    clock.advance(MINUTE)
    paused(is_paused=False)
    paused(is_paused=False)
    assert recalled(platform).history["item_id"].tolist() == [3, 1]
    assert sorted(recalled(platform).seen.tolist()) == [1, 2, 3, 4], "what was seen does not come again all the same"
    with platform.database.connect() as connection:
        rows = store.training_rows(connection, [VIEWER], [1, 2, 3, 4])
        assert sorted(row.item_id for row in rows) == [1, 3], "nor does it teach a model"
    platform.events.set_controls(VIEWER, Controls(reset_at=clock.now()))
    clock.advance(MINUTE)
    did(platform, EventType.LIKE, 5)
    with platform.database.connect() as connection:
        rows = store.training_rows(connection, [VIEWER], [1, 2, 3, 4, 5])
        assert [row.item_id for row in rows] == [5], "whoever begins anew takes it all back, the pauses too"


def test_pauses_are_bounded_and_a_reset_frees_them(platform: Platform, clock: ManualClock) -> None:
    for _ in range(PAUSES_MAX):
        for is_paused in (True, False):
            platform.events.set_controls(VIEWER, Controls(paused=is_paused))
            clock.advance(MINUTE)
    with pytest.raises(TooManyPauses):
        platform.events.set_controls(VIEWER, Controls(paused=True))
    assert not platform.events.controls(VIEWER).paused
    platform.events.set_controls(VIEWER, Controls(reset_at=clock.now()))
    platform.events.set_controls(VIEWER, Controls(paused=True, reset_at=clock.now()))
    assert platform.events.controls(VIEWER).paused
