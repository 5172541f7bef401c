"""Learning while running: looks that publish, what is kept out, what is taken out, and going on after any end."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from openforyou.app.platform import Platform
from openforyou.core.clock import ManualClock
from openforyou.core.ids import encode_id
from openforyou.events import store as events_store
from openforyou.events.types import EventType
from openforyou.learn import dataset as door
from openforyou.learn.counts import CoCounts, count
from openforyou.learn.errors import Overtaken
from openforyou.learn.evaluate import Sought, gains, ranks
from openforyou.learn.fitted import Fitted
from openforyou.learn.online import Learner
from openforyou.learn.online_counts import Tally
from openforyou.learn.online_data import pairs_of
from openforyou.learn.online_exam import Exam
from openforyou.learn.online_network import Lesson, Trainee, is_finite
from openforyou.learn.scorers import ModelScorer
from openforyou.learn.serving import Did
from openforyou.learn.split import leave_out
from openforyou.learn.train import Job, fit
from openforyou.learn.types import Dataset, ModelStatus, Options
from openforyou.pipeline.lookup import positions
from tests.learn.test_online_data import NEW_ITEM, add_item, all_rows
from tests.learn.watched import FIRST_ITEM, FIRST_VIEWER, Watched
from tests.learn.worlds import drifting, first_rows, quick

QUICK = Options(epochs=2)
SEEN = (EventType.VIEW, EventType.COMPLETE, EventType.LIKE)


@pytest.fixture
def watched(platform: Platform, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr(events_store, "SETTLED_S", 0)
    made = Watched(platform, clock)
    made.models.train_from_events(QUICK)
    return made


def learner(watched: Watched, **changes: float) -> Learner:
    return Learner(watched.platform.database, watched.models, watched.clock, **changes)  # type: ignore[arg-type]


def everybody_watches(watched: Watched, turn: int) -> int:
    """Each viewer sees one more clip of their look to the end; how many deeds that was."""
    held = watched.data.sequences
    done = 0
    for viewer in range(len(held)):
        seen = set(held.items[held.of(viewer)].tolist())
        own = [item for item in np.flatnonzero(watched.look == viewer % 4).tolist() if item not in seen]
        done += watched.does(FIRST_VIEWER + viewer, FIRST_ITEM + own[turn], *SEEN)
    return done


def test_what_was_done_is_in_the_model_in_service_two_looks_later(watched: Watched) -> None:
    (base,) = watched.models.list()
    online = learner(watched)
    assert online.step() is None, "the first look begins from what serves"
    done = everybody_watches(watched, 0)
    first = online.step()
    assert first is not None
    second = online.step()
    assert second is not None
    serving = watched.models.serving()
    assert serving is not None
    assert serving.name == encode_id(second.id)
    told = second.manifest
    assert (told["base"], told["parent"], told["number"]) == (encode_id(base.id), encode_id(first.id), 2)
    assert (told["deeds"], told["totals"]["deeds"], told["data"]["viewers"]) == (done, done, 60)
    assert told["steps"] > 0
    assert told["exam"]["passed"] is True
    assert told["data"]["rights"]["viewers"] == 60
    assert datetime.fromisoformat(told["read_to"]) > datetime.fromisoformat(base.manifest["read_to"])
    assert len({told["chain"], first.manifest["chain"], told["data"]["digest"]}) == 3
    assert online.step() is None, "nothing was done since"
    now = door.from_events(watched.platform.database, watched.clock.now())
    full = count(now, all_rows(now))
    np.testing.assert_array_equal(serving.fitted.counts.items, full.items)
    np.testing.assert_array_equal(serving.fitted.counts.values, full.values)
    assert watched.models.list() == [base], "a version is listed with the model that it goes back to"
    assert [one.id for one in watched.models.versions.of(base.id)] == [second.id, first.id]


def test_old_versions_leave_their_record_and_two_stand_ready(watched: Watched) -> None:
    (base,) = watched.models.list()
    online = learner(watched)
    for turn in range(4):
        online.step()
        everybody_watches(watched, turn)
    versions = watched.models.versions.of(base.id)
    assert [one.manifest["number"] for one in versions] == [3, 2, 1]
    assert [one.status for one in versions] == [ModelStatus.SERVING, ModelStatus.SERVING, ModelStatus.RETIRED]
    blobs = {base.blob_key, versions[0].blob_key, versions[1].blob_key}
    assert set(watched.platform.blobs.keys()) >= blobs
    assert set(watched.platform.blobs.keys("updates/")) == {versions[0].blob_key, versions[1].blob_key}
    newest = watched.platform.blobs.local_path(versions[0].blob_key)
    assert newest is not None
    newest.write_bytes(newest.read_bytes()[:-10])
    fresh = watched.another()
    serving = fresh.serving()
    assert serving is not None
    assert serving.name == encode_id(versions[1].id), "a damaged version gives way to the one before it"


def test_a_right_taken_back_leaves_the_weights_at_the_next_update(watched: Watched) -> None:
    online = learner(watched)
    online.step()
    everybody_watches(watched, 0)
    online.step()
    gone = FIRST_ITEM + 7
    held = watched.models.serving()
    assert held is not None
    assert gone in held.fitted.item_ids
    watched.forbid("item", gone)
    watched.forbid("viewer", FIRST_VIEWER + 4)
    made = online.step()
    assert made is not None
    assert (made.manifest["data"]["items_gone"], made.manifest["data"]["viewers_thinned"] > 1) == (1, True)
    serving = watched.models.serving()
    assert serving is not None
    fitted = serving.fitted
    assert gone not in fitted.item_ids
    assert len(fitted.network.identity) == len(fitted.item_ids) + 1
    now = door.from_events(watched.platform.database, watched.clock.now())
    assert FIRST_VIEWER + 4 not in now.sequences.viewer_ids
    np.testing.assert_array_equal(fitted.counts.values, count(now, all_rows(now)).values)
    stays = positions(held.fitted.item_ids, fitted.item_ids)
    moved = fitted.network.identity[:-1] - held.fitted.network.identity[stays]
    assert float(moved.detach().norm(dim=1).median()) < 0.5, "the others' identities are where they were"
    told = watched.models.manifests.check(made).body
    assert (told["kind"], told["dataset"]["carried"]) == ("update", 2), "its manifest owns up to what the weights saw"
    asked = watched.platform.asking.learned_from([("item", gone), ("viewer", FIRST_VIEWER + 4), ("item", FIRST_ITEM)])
    newest = [(one.learned, one.holds_rows) for one in asked.answers if one.asked.model.id == made.id]
    assert newest == [(True, False), (True, False), (True, True)]


def test_a_right_taken_back_while_nobody_learned_leaves_with_the_first_update(watched: Watched) -> None:
    watched.forbid("item", FIRST_ITEM + 7)
    online = learner(watched)
    online.step()
    assert online.step() is not None
    serving = watched.models.serving()
    assert serving is not None
    assert FIRST_ITEM + 7 not in serving.fitted.item_ids


def test_a_new_item_is_placed_by_content_then_known(watched: Watched) -> None:
    online = learner(watched)
    online.step()
    add_item(watched, NEW_ITEM)
    for viewer in range(0, 40, 4):
        watched.does(FIRST_VIEWER + viewer, NEW_ITEM, *SEEN)
    online.step()
    online.step()
    serving = watched.models.serving()
    assert serving is not None
    row = int(positions(serving.fitted.item_ids, np.array([NEW_ITEM]))[0])
    assert row >= 0
    counts, identity = serving.fitted.counts, serving.fitted.network.identity.detach().numpy()
    assert counts.starts[row] == counts.starts[row + 1], "nothing came after it yet"
    leads = np.flatnonzero(counts.items == row)
    assert len(leads), "what came before it leads to it"
    near = np.searchsorted(counts.starts, leads, side="right") - 1
    there = counts.values[leads] @ identity[near]
    cosine = identity[row] @ there / (np.linalg.norm(identity[row]) * np.linalg.norm(there))
    assert cosine > 0.5, "it stands where its neighbours stand"


def test_an_update_that_is_worse_is_thrown_away_and_the_next_begins_from_what_serves(watched: Watched) -> None:
    (base,) = watched.models.list()
    bad = learner(watched, rate_share=300.0)
    for turn in range(3):
        bad.step()
        everybody_watches(watched, turn)
    bad.step()
    versions = watched.models.versions.of(base.id)
    thrown = [one for one in versions if one.status is ModelStatus.FAILED]
    assert thrown
    assert all("worse than" in one.reason for one in thrown)
    assert not any(one.blob_key for one in thrown)
    assert all(one.manifest["steps"] == 0 for one in versions if one.status is ModelStatus.SERVING)
    serving = watched.models.serving_version()
    assert serving is not None
    trained = watched.models._load(base).fitted
    for ours, theirs in zip(serving[1].network.parameters(), trained.network.parameters(), strict=True):
        np.testing.assert_array_equal(ours.detach().numpy(), theirs.detach().numpy())
    good = learner(watched)
    good.step()
    everybody_watches(watched, 3)
    good.step()
    made = good.step()
    assert made is not None
    assert made.manifest["steps"] > 0


def test_whoever_starts_goes_on_from_what_was_published(watched: Watched) -> None:
    (base,) = watched.models.list()
    done = everybody_watches(watched, 0)
    online = learner(watched)
    online.step()
    assert online.step() is not None, "what came in before the start is learned"
    done += everybody_watches(watched, 1)
    online.step()  # reads them; and is gone before they are learned
    other = learner(watched)
    other.step()
    done += everybody_watches(watched, 2)
    other.step()
    other.step()
    newest = watched.models.versions.of(base.id)[0]
    assert newest.manifest["totals"]["deeds"] == done, "no deed twice, and none never"
    other.step()
    assert watched.models.versions.of(base.id)[0] == newest


def test_a_training_that_ended_meanwhile_is_gone_on_from(watched: Watched) -> None:
    online = learner(watched)
    online.step()
    everybody_watches(watched, 0)
    online.step()
    watched.clock.advance(timedelta(minutes=1))
    trained = watched.models.train_from_events(Options(epochs=2, seed=1))
    assert trained.status is ModelStatus.SERVING
    done = everybody_watches(watched, 1)
    assert online.step() is None
    online.step()
    (newest,) = watched.models.versions.of(trained.id)
    assert newest.manifest["base"] == encode_id(trained.id)
    assert newest.manifest["totals"]["deeds"] == done
    serving = watched.models.serving()
    assert serving is not None
    assert serving.name == encode_id(newest.id)
    watched.models.retire(trained.id)
    after = watched.models.serving()
    assert after is None or after.name not in (encode_id(newest.id), encode_id(trained.id))


def test_an_update_of_a_model_that_serves_no_more_is_not_published(watched: Watched) -> None:
    first = watched.models.serving_version()
    assert first is not None
    watched.clock.advance(timedelta(minutes=1))
    watched.models.train_from_events(Options(epochs=2, seed=1))
    keys = set(watched.platform.blobs.keys())
    data = door.from_events(watched.platform.database, watched.clock.now())
    with pytest.raises(Overtaken):
        watched.models.versions.publish(*first, {"deeds": 0, "steps": 0}, data)
    assert set(watched.platform.blobs.keys()) == keys


def test_killed_in_the_middle_nothing_is_lost_and_nothing_is_learned_twice(watched: Watched, database_url: str) -> None:
    (base,) = watched.models.list()
    done = everybody_watches(watched, 0)
    folder = watched.platform.settings.data
    command = [sys.executable, "-m", "tests.learn.updater", database_url, watched.platform.settings.blobs_url]
    for turn, place in enumerate(("learned", "written", "published"), 1):
        process = subprocess.Popen(
            [*command, str(folder / "training"), place],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == f"{place}\n"
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()
        done += everybody_watches(watched, turn)
    online = learner(watched)
    watched.models.versions.sweep()
    for _ in range(3):
        online.step()
    versions = watched.models.versions.of(base.id)
    assert versions[0].manifest["totals"]["deeds"] == done
    assert set(watched.platform.blobs.keys("updates/")) == {
        one.blob_key for one in versions if one.status is ModelStatus.SERVING
    }


# Without a platform


def trained(dataset: Dataset) -> Fitted:
    return fit(Job(dataset, leave_out(dataset, 1), quick(epochs=4))).fitted


def test_updates_follow_a_world_that_changes_and_a_standing_model_does_not() -> None:
    world = drifting(viewers=120, new=10)
    before = first_rows(world, 14)
    standing = trained(before)
    trainee, tally, updated = Trainee(standing, quick()), Tally.of(before), standing
    ours, theirs = [], []
    for length in range(14, 24):
        after = first_rows(world, length + 1)
        rows = after.sequences.starts[:-1] + length
        sought = Sought(np.arange(len(rows)), rows, rows)
        ours.append(gains(ranks(after, sought, ModelScorer(updated, after))))
        theirs.append(gains(ranks(after, sought, ModelScorer(standing, after))))
        tally = tally.moved(before, after, after.sequences.viewer_ids)
        trainee.learn(Lesson(after, np.arange(len(rows)), rows), seed=length)
        updated, before = trainee.fitted(tally.counts()), after
    newest, stale = np.concatenate(ours[5:]), np.concatenate(theirs[5:])
    assert newest.mean() > 3 * stale.mean()
    assert np.mean(ours[0]) == np.mean(theirs[0]), "the first question is put to the same model"


def test_an_update_from_shuffled_labels_does_not_pass_the_exam() -> None:
    world = drifting(viewers=120)
    before, after = first_rows(world, 12), first_rows(world, 13)
    standing = trained(before)
    fresh = pairs_of(after, after.sequences.starts[1:] - 1)
    counts = Tally.of(before).counts()
    good, bad = Trainee(standing, quick()), Trainee(standing, quick(), rate_share=3.0)
    everyone = np.arange(len(before.sequences))
    rows = before.sequences.starts[1:] - 2
    good.learn(Lesson(before, everyone, rows), seed=1)
    rng = np.random.default_rng(0)
    held = before.sequences
    shuffled = replace(
        held, items=rng.permutation(held.items), did=rng.choice(np.array([1, 16, 32], np.uint8), len(held.did))
    )
    for number in range(5):
        bad.learn(Lesson(replace(before, sequences=shuffled), everyone, held.starts[:-1]), seed=number)
    exam = Exam(before)
    assert exam.judge(good.fitted(counts), standing, after, fresh).reason == ""
    verdict = exam.judge(bad.fitted(counts), standing, after, fresh)
    assert "worse than" in verdict.reason
    assert verdict.fresh == len(fresh)


def test_what_is_no_number_never_passes() -> None:
    world = drifting(viewers=40)
    before = first_rows(world, 12)
    standing = trained(before)
    broken = Trainee(standing, quick()).fitted(standing.counts)
    broken.network.identity.data[3, 1] = float("nan")
    assert not is_finite(broken)
    verdict = Exam(before).judge(broken, standing, before, pairs_of(before, np.empty(0, np.int64)))
    assert "numbers that are none" in verdict.reason
    counts = standing.counts
    infinite = CoCounts(counts.starts, counts.items, np.full_like(counts.values, np.inf))
    assert not is_finite(Trainee(standing, quick()).fitted(infinite))


def test_too_few_deeds_tell_nothing() -> None:
    world = first_rows(drifting(viewers=3), 4)
    fitted = trained(first_rows(drifting(viewers=40), 12))
    verdict = Exam(world).judge(fitted, fitted, world, pairs_of(world, np.empty(0, np.int64)))
    assert "too few" in verdict.reason
    assert verdict.deeds == 9


def test_the_same_seed_gives_the_same_update_and_regrowing_keeps_what_stays() -> None:
    world = first_rows(drifting(viewers=60), 14)
    standing = trained(world)
    lesson = Lesson(world, np.arange(len(world.sequences)), world.sequences.starts[1:] - 2)
    first, second = Trainee(standing, quick()), Trainee(standing, quick())
    assert first.learn(lesson, seed=4) == second.learn(lesson, seed=4) > 0
    ours, theirs = first.fitted(standing.counts), second.fitted(standing.counts)
    for one, other in zip(ours.network.parameters(), theirs.network.parameters(), strict=True):
        np.testing.assert_array_equal(one.detach().numpy(), other.detach().numpy())
    kept = np.append(np.delete(world.item_ids, 5), [500, 501])
    first.regrow(kept)
    grown = first.fitted(standing.counts).network.identity.detach().numpy()
    old = ours.network.identity.detach().numpy()
    np.testing.assert_array_equal(grown[:-3], np.delete(old[:-1], 5, axis=0))
    assert not grown[-3:-1].any(), "new ones begin as nobody"
    np.testing.assert_array_equal(grown[-1], old[-1])
    assert int(Did.VIEW) == 1
