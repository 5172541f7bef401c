"""What is planned: enough, varied from the first clips on, and the same by seed."""

from __future__ import annotations

from openforyou.catalog.rules import checked_caption, checked_handle, checked_title
from openforyou.demo.build import CLIPS, VIEWERS
from openforyou.demo.cast import CAST
from openforyou.demo.looks import all_looks
from openforyou.demo.world import plan


def test_the_world_is_as_large_as_promised() -> None:
    clips = plan(1, CLIPS)
    assert len(clips) >= 120
    assert VIEWERS >= 400
    assert len(CAST) == len({clip.creator.handle for clip in clips}) == 25
    assert all(6 <= clip.seconds <= 9 for clip in clips)


def test_the_first_lap_shows_every_look_and_each_lap_after_it_too() -> None:
    looks = set(all_looks())
    clips = plan(3, 3 * len(looks))
    for lap in range(3):
        assert {clip.look for clip in clips[lap * len(looks) : (lap + 1) * len(looks)]} == looks


def test_the_same_seed_plans_the_same_and_a_larger_world_begins_with_the_smaller() -> None:
    assert plan(1, 200) == plan(1, 200)
    assert plan(1, 200)[:50] == plan(1, 50)
    assert plan(1, 50) != plan(2, 50)


def test_no_two_clips_share_a_title_however_many_there_are() -> None:
    clips = plan(1, 80 * len(all_looks()))
    assert len({clip.title for clip in clips}) == len(clips)


def test_every_word_is_one_that_the_catalogue_takes() -> None:
    for clip in plan(1, CLIPS):
        assert checked_title(clip.title) == clip.title
        assert checked_caption(clip.caption) == clip.caption
        assert clip.look in clip.creator.looks
    for role in CAST:
        assert checked_handle(role.handle) == role.handle
        assert checked_caption(role.bio) == role.bio
