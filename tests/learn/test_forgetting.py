"""A right to learn taken back: what learned from it is stale, replaced, destroyed and logged, wherever it is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sqlalchemy import text

from openforyou.core.clock import ManualClock
from openforyou.core.ids import encode_id
from openforyou.events.leaf import Record, decode_leaf
from openforyou.learn import dataset as door
from openforyou.learn import store
from openforyou.learn.forgetting import service
from openforyou.learn.forgetting import store as forgetting_store
from openforyou.learn.forgetting.rules import due_at, end_leaf, end_problem, late_s
from openforyou.learn.forgetting.service import Forgetting
from openforyou.learn.forgetting.types import Cause, Ended, Stale, Subjects
from openforyou.learn.settings import choose
from openforyou.learn.split import leave_out
from openforyou.learn.train import Job, fit
from openforyou.learn.types import Model, ModelId, ModelStatus, Options
from tests.learn.watched import FIRST_ITEM, FIRST_VIEWER, Watched

QUICK = Options(epochs=2)
DAY = timedelta(hours=24)
ITEM, VIEWER = FIRST_ITEM + 5, FIRST_VIEWER + 3


@pytest.fixture
def watched(platform: Any, clock: ManualClock) -> Watched:
    return Watched(platform, clock)


def kept(watched: Watched, number: int, status: ModelStatus = ModelStatus.SERVING, base: int = 0) -> Model:
    """A model on record that learned from everybody, with weights that nobody reads."""
    watched.clock.advance(timedelta(seconds=1))
    now, folder = watched.clock.now(), watched.platform.settings.data
    folder.mkdir(exist_ok=True, parents=True)
    staged = folder / "weights"
    staged.write_bytes(bytes([number]))
    key = f"{'updates' if base else 'models'}/{encode_id(number)}.pt"
    watched.platform.blobs.put(key, staged)
    manifest: dict[str, Any] = {"deeds": 0, "train_s": 20.0, "data": {"viewers": 60, "items": 120, "rows": 720}}
    if base:
        manifest |= {"base": encode_id(base), "number": 3, "chain": "c" * 64}
    served_at = now if status is ModelStatus.SERVING else None
    model = Model(ModelId(number), status, "", key, f"{number:064x}", manifest, now, served_at)
    data = door.from_events(watched.platform.database, now)
    with watched.platform.database.begin() as connection:
        store.insert_model(connection, model)
        if not base:
            everybody = Subjects(data.item_ids, data.sequences.viewer_ids)
            forgetting_store.keep_subjects(connection, model.id, model.id, everybody)
    return model


def logged(watched: Watched) -> list[dict[str, Any]]:
    """The ends of models that are on their way into the log."""
    with watched.platform.database.connect() as connection:
        leaves = connection.scalars(text("SELECT leaf FROM pending_leaves ORDER BY seq")).all()
    told = [decode_leaf(bytes(leaf)) for leaf in leaves]
    return [dict(one.body) for one in told if isinstance(one, Record) and one.type == "model_end"]


def weights_left(watched: Watched) -> set[str]:
    return {*watched.platform.blobs.keys("models/"), *watched.platform.blobs.keys("updates/")}


def test_a_right_taken_back_ends_in_a_model_that_began_without_it(watched: Watched) -> None:
    models = watched.models
    old = models.train_from_events(QUICK)
    assert models.forget() == ()
    watched.forbid("item", ITEM)
    watched.forbid("viewer", VIEWER)
    withdrawn_at = watched.clock.now() - timedelta(seconds=1)
    assert models.forget() == (), "it may serve until another does"
    stale = models.forgetting.stale()[old.id]
    assert (stale.since, stale.deadline, stale.items, stale.viewers) == (withdrawn_at, withdrawn_at + DAY, 1, 1)
    assert not models.must_train(), "more may follow, and be one training"
    watched.clock.advance(timedelta(hours=7))
    assert models.must_train()
    new = models.train_from_events(QUICK)
    assert new.status is ModelStatus.SERVING
    assert new.manifest["gate"]["serving"] is None, "what must go keeps nobody out, however good it is"
    assert (models.get(old.id).status, weights_left(watched)) == (ModelStatus.RETIRED, {new.blob_key})
    (ended,) = logged(watched)
    assert (ended["id"], ended["weights"], ended["reason"]) == (encode_id(old.id), old.weights_sha256, "replaced")
    assert not end_problem(ended)
    assert models.forgetting.stale() == {}
    with watched.platform.database.connect() as connection:
        assert forgetting_store.learned_from(connection, old.id) is None
        told = forgetting_store.learned_from(connection, new.id)
    assert told is not None
    assert ITEM not in told.items
    assert VIEWER not in told.viewers
    serving = models.serving()
    assert serving is not None
    data = door.from_events(watched.platform.database, watched.clock.now())
    alone = fit(Job(data, leave_out(data, 1), choose(data, epochs=2))).fitted
    for name, tensor in alone.network.state_dict().items():
        assert torch.equal(tensor, serving.fitted.network.state_dict()[name]), f"{name} began at the old weights"


def test_a_withdrawal_in_the_middle_of_a_training_is_the_next_ones(watched: Watched) -> None:
    old = kept(watched, 7)
    watched.forbid("item", ITEM)
    taken: list[datetime] = []

    def withdraw(done: int, total: int, message: str = "") -> None:
        if not taken:
            watched.forbid("viewer", VIEWER)
            taken.append(watched.clock.now())
            watched.models.forgetting.look()

    new = watched.models.train_from_events(QUICK, withdraw)
    assert new.status is ModelStatus.SERVING
    assert watched.models.get(old.id).status in (ModelStatus.RETIRED, ModelStatus.FAILED)
    stale = watched.models.forgetting.stale()
    assert stale.keys() == {new.id}
    assert (stale[new.id].since, stale[new.id].items, stale[new.id].viewers) == (taken[0], 0, 1)
    watched.clock.advance(timedelta(hours=7))
    assert watched.models.must_train()


def test_at_the_deadline_nothing_serves_rather_than_what_may_not(watched: Watched) -> None:
    fresh = kept(watched, 6)
    with watched.platform.database.begin() as connection:
        forgetting_store.drop_subjects(connection, fresh.id)
        nobody = Subjects(np.empty(0, np.int64), np.empty(0, np.int64))
        forgetting_store.keep_subjects(connection, fresh.id, fresh.id, nobody)
    old = kept(watched, 7)
    kept(watched, 8, base=7)
    kept(watched, 9, ModelStatus.READY)
    watched.forbid("viewer", VIEWER)
    watched.models.forgetting.look()
    assert weights_left(watched) == {"models/" + encode_id(6) + ".pt", old.blob_key, "updates/" + encode_id(8) + ".pt"}
    watched.allow("viewer", [VIEWER])
    watched.clock.advance(DAY - timedelta(seconds=5))
    assert watched.models.forgetting.look() == [], "not yet"
    watched.clock.advance(timedelta(seconds=10))
    (ended,) = watched.models.forgetting.look()
    assert (ended.model_id, ended.cause, ended.versions) == (old.id, Cause.DEADLINE, 3), "a mark is never taken back"
    assert weights_left(watched) == {fresh.blob_key}, "one that never met them stands by"
    assert [(one["id"], one["reason"]) for one in logged(watched)] == [
        (encode_id(9), "idle"),
        (encode_id(7), "deadline"),
    ]
    assert watched.models.forgetting.look() == []


def test_what_no_record_speaks_for_is_stale_and_an_interrupted_training_goes_at_once(watched: Watched) -> None:
    unknown, begun = kept(watched, 6), kept(watched, 7, ModelStatus.TRAINING)
    folder = watched.platform.settings.data / "training" / "events" / encode_id(begun.id)
    folder.mkdir(parents=True)
    (folder / "dataset.npz").write_bytes(b"histories")
    with watched.platform.database.begin() as connection:
        forgetting_store.drop_subjects(connection, unknown.id)
    watched.forbid("item", ITEM)
    watched.models.forgetting.look()
    assert watched.models.forgetting.stale()[unknown.id].unknown
    assert not folder.exists()
    assert watched.models.get(begun.id).status is ModelStatus.FAILED


def test_a_clock_that_is_put_back_puts_no_deadline_off(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    passed_s = 0.0
    monkeypatch.setattr(service, "monotonic", lambda: passed_s)
    kept(watched, 7)
    watched.forbid("item", ITEM)
    back = ManualClock(watched.clock.now())
    forgetting = Forgetting(watched.platform.database, watched.platform.blobs, back, Path("unused"))
    assert forgetting.look() == []
    back._now -= timedelta(hours=9)
    assert forgetting.look() == []
    passed_s = DAY.total_seconds() - 1
    assert forgetting.look() == []
    passed_s += 2
    (ended,) = forgetting.look()
    assert ended.cause is Cause.DEADLINE
    watched.clock.advance(DAY + timedelta(hours=5))
    assert not watched.models.must_train()
    watched.clock.advance(timedelta(hours=1))
    assert watched.models.must_train(), "nothing serves: it is tried again"


@pytest.mark.parametrize("place", ["marked", "out", "deleted"])
def test_killed_at_any_step_the_next_look_ends_it_and_the_log_says_it_once(
    watched: Watched, database_url: str, place: str
) -> None:
    old, new = kept(watched, 7), kept(watched, 8)
    with watched.platform.database.begin() as connection:
        forgetting_store.drop_subjects(connection, new.id)
        nobody = Subjects(np.empty(0, np.int64), np.empty(0, np.int64))
        forgetting_store.keep_subjects(connection, new.id, new.id, nobody)
    watched.forbid("viewer", VIEWER)
    data, blobs = watched.platform.settings.data, watched.platform.settings.blobs_url
    told = [database_url, blobs, str(data / "training"), watched.clock.now().isoformat(), place]
    command = [sys.executable, "-m", "tests.learn.forgetter", *told]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == f"{place}\n"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert watched.models.get(old.id).status is (ModelStatus.SERVING if place == "marked" else ModelStatus.RETIRED)
    assert (old.blob_key in weights_left(watched)) == (place != "deleted")
    assert logged(watched) == [], "the log says that weights are gone once they are"
    (ended,) = watched.models.forgetting.look()
    assert (ended.model_id, ended.cause) == (old.id, Cause.REPLACED)
    assert weights_left(watched) == {new.blob_key}
    assert watched.models.forgetting.look() == []
    assert [one["id"] for one in logged(watched)] == [encode_id(old.id)]


def test_when_a_training_is_due(clock: ManualClock) -> None:
    now = clock.now()
    stale = Stale(ModelId(1), now, now + DAY, now, 1, 0, unknown=False)
    assert due_at(stale, 20.0, None) == now + timedelta(seconds=200), "ten trainings' time for others to follow"
    assert due_at(stale, 2.0, None) == now + timedelta(seconds=60)
    assert due_at(stale, 36_000.0, now - DAY) == now, "three trainings no longer fit before the deadline"
    assert due_at(stale, 4_000.0, None) == now + DAY / 4
    tried = now + timedelta(hours=2)
    assert due_at(stale, 20.0, tried) == tried + timedelta(seconds=200), "one that came to nothing is tried again"


def test_the_record_of_an_end_is_held_to_its_form(clock: ManualClock) -> None:
    now = clock.now()
    ended = Ended(ModelId(5), "a" * 64, Cause.DEADLINE, now, now - timedelta(hours=1), 2, "b" * 64)
    told = decode_leaf(end_leaf(ended))
    assert isinstance(told, Record)
    assert (end_problem(told.body), late_s(told.body)) == ("", 3_600)
    retired = decode_leaf(end_leaf(replace(ended, cause=Cause.RETIRED, deadline=None, versions=0, chain="")))
    assert isinstance(retired, Record)
    assert (end_problem(retired.body), late_s(retired.body)) == ("", 0)
    for wrong in (
        {"weights": "a" * 63},
        {"reason": "bored"},
        {"at": "yesterday"},
        {"at": "2026-05-01T12:00:00"},
        {"id": "no id"},
        {"versions": 0},
        {"chain": 3},
        {"reason": "retired"},
        {"more": 1},
    ):
        assert end_problem({**told.body, **wrong}), wrong
    assert end_problem([])
