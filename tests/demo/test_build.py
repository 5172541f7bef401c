"""A small world, built end to end on the real platform, interrupted, and built on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from statistics import mean

import pytest

from openforyou.app.platform import Platform
from openforyou.catalog.types import ITEM_RIGHTS, Item, Right
from openforyou.core.ids import ItemId
from openforyou.demo.build import build
from openforyou.demo.film import Format
from openforyou.demo.looks import all_looks
from openforyou.demo.studio import Studio, creators, items_here
from openforyou.demo.viewers import Person, people
from openforyou.demo.world import plan

CLIPS, VIEWERS = 6, 8
STUDIO = Studio(Format(72, 128, 8), processes=1, seconds=1.5)


def items(platform: Platform) -> dict[tuple[str, str], Item]:
    return items_here(platform, creators(platform))


def states(platform: Platform) -> dict[str, str]:
    return {task.name: task.state for task in platform.tasks.list()}


def first_interest(platform: Platform, person: Person, looks: dict[ItemId, int]) -> float:
    """How much a person likes the look of the clip that they came for."""
    states = platform.events.states(person.viewer_id, looks)
    return person.interest(looks[ItemId(min(states, key=lambda item: states[item].first_at))], 0.0)


class StopAfter(threading.Event):
    """Set once it was asked so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self._left = times

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def test_a_world_is_built_watched_and_found_whole_the_next_time(platform: Platform) -> None:
    build(platform, seed=1, clips=CLIPS, viewers=VIEWERS, studio=STUDIO)
    made = items(platform)
    assert set(made) == {(clip.creator.handle, clip.title) for clip in plan(1, CLIPS)}
    for item in made.values():
        assert (item.status, item.width, item.height, item.has_sound) == ("published", 72, 128, True)
        assert item.duration_ms == pytest.approx(1_500, abs=130)
        assert platform.catalog.item_rights(item.id) == frozenset(ITEM_RIGHTS)
    assert states(platform) == dict.fromkeys(("demo", "demo.clips", "demo.viewers", "demo.model"), "done")

    ids = [item.id for item in made.values()]
    crowd = people(1, VIEWERS, len(all_looks()))
    for person in crowd:
        assert platform.catalog.viewer_rights(person.viewer_id) == {Right.LEARN}
        assert len(platform.events.states(person.viewer_id, ids)) == CLIPS
    looks = {made[clip.creator.handle, clip.title].id: list(all_looks()).index(clip.look) for clip in plan(1, CLIPS)}
    assert mean(first_interest(platform, person, looks) for person in crowd) > 1.5 * mean(
        person.interest(look, 0.0) for person in crowd for look in looks.values()
    )
    platform.log.step()
    counts = platform.events.counts(ids)
    total = Counter[str]()
    for count in counts.values():
        total.update(impressions=count.impressions, views=count.views, skips=count.skips, watch_ms=count.watch_ms)
    assert total["impressions"] == VIEWERS * CLIPS
    assert total["views"]
    assert total["watch_ms"]

    build(platform, seed=1, clips=CLIPS, viewers=VIEWERS, studio=STUDIO)
    assert {item.id for item in items(platform).values()} == set(ids)
    size = platform.log.step()
    assert platform.events.counts(ids) == {item: replace(count, log_size=size) for item, count in counts.items()}


def test_a_build_that_was_stopped_goes_on_where_it_was(platform: Platform) -> None:
    build(platform, clips=CLIPS, viewers=VIEWERS, studio=STUDIO, stop=StopAfter(2))
    first = items(platform)
    assert 0 < len(first) < CLIPS
    assert states(platform)["demo"] == "failed"
    build(platform, clips=CLIPS, viewers=0, studio=STUDIO)
    whole = items(platform)
    assert len(whole) == CLIPS
    assert {item.id for item in first.values()} <= {item.id for item in whole.values()}

    build(platform, clips=CLIPS, viewers=VIEWERS, studio=STUDIO, stop=StopAfter(3))
    ids = [item.id for item in whole.values()]
    crowd = people(1, VIEWERS, len(all_looks()))
    seen = [len(platform.events.states(person.viewer_id, ids)) for person in crowd]
    assert 0 < sum(seen) < VIEWERS * CLIPS
    build(platform, clips=CLIPS, viewers=VIEWERS, studio=STUDIO)
    assert [len(platform.events.states(person.viewer_id, ids)) for person in crowd] == [CLIPS] * VIEWERS
    platform.log.step()
    assert sum(count.impressions for count in platform.events.counts(ids).values()) == VIEWERS * CLIPS


def test_a_larger_world_keeps_what_the_smaller_one_had(platform: Platform) -> None:
    build(platform, clips=2, viewers=0, studio=STUDIO)
    small = {item.id for item in items(platform).values()}
    build(platform, clips=4, viewers=0, studio=STUDIO)
    assert small < {item.id for item in items(platform).values()}
    assert len(items(platform)) == 4


KILLED = """
import sys
from pathlib import Path
from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.demo.build import build
from openforyou.demo.film import Format
from openforyou.demo.studio import Studio
if __name__ == "__main__":
    with Platform(Settings(data=Path(sys.argv[1])), database_url=sys.argv[2]) as platform:
        build(platform, clips=6, viewers=0, studio=Studio(Format(72, 128, 8), processes=1, seconds=1.5))
"""


def test_a_build_that_was_killed_leaves_no_process_and_goes_on(platform: Platform, database_url: str) -> None:
    script = platform.settings.data / "build.py"
    script.write_text(KILLED)
    command = [sys.executable, str(script), str(platform.settings.data), database_url]
    process = subprocess.Popen(command, start_new_session=True)
    deadline = time.monotonic() + 90
    while not any(item.status == "published" for item in items(platform).values()):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    while _alive(process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    before = {item.id for item in items(platform).values() if item.status == "published"}
    assert len(before) < CLIPS

    build(platform, clips=CLIPS, viewers=0, studio=STUDIO)
    whole = items(platform)
    assert len(whole) == CLIPS
    assert all(item.status == "published" for item in whole.values())
    assert before <= {item.id for item in whole.values()}
    assert not (platform.settings.data / "demo").exists()


def _alive(group: int) -> bool:
    """Whether any process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
