"""The registry: from events to a model in service, and what keeps one out."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

import openforyou
from openforyou.app.platform import Platform
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.types import Right
from openforyou.core.clock import ManualClock
from openforyou.core.ids import ItemId, ViewerId, encode_id
from openforyou.ingest.encoders import CONTENT_DIM
from openforyou.learn import dataset as door
from openforyou.learn import store, weights
from openforyou.learn.errors import AlreadyTraining, ModelNotFound, NotBetter, TooLittle
from openforyou.learn.rules import is_not_worse
from openforyou.learn.sequence import Network
from openforyou.learn.types import ModelId, ModelStatus, Options
from tests.learn.watched import FIRST_ITEM, FIRST_VIEWER, Watched

QUICK = Options(epochs=2)


@pytest.fixture
def watched(platform: Platform, clock: ManualClock) -> Watched:
    return Watched(platform, clock)


def test_a_training_ends_in_service_with_a_manifest_that_tells_all(watched: Watched) -> None:
    assert watched.models.serving() is None
    model = watched.models.train_from_events(QUICK)
    assert model.status is ModelStatus.SERVING
    told = model.manifest
    assert told["data"]["viewers"] == 60
    assert told["data"]["rights"] == {
        "right": "learn",
        "at": watched.clock.now().isoformat(),
        "items": len(watched.data.item_ids),
        "viewers": 60,
        "log_size": 0,
        "words": len(watched.data.item_ids) + 60,
    }
    assert len(told["data"]["digest"]) == len(told["settings_digest"]) == 64
    assert (told["seed"], told["parent"], told["gate"]["passed"]) == (0, "", True)
    assert told["gate"]["candidate"]["ndcg@10"] > told["gate"]["popularity"]["ndcg@10"]
    serving = watched.models.serving()
    assert serving is not None
    assert serving.name == encode_id(model.id)
    assert watched.models.serving() is serving, "weights are read once"
    assert not watched.models.is_training()
    assert not list((watched.platform.settings.data / "training").rglob("*.*")), "no history is left on disk"


def test_the_next_model_has_the_first_as_its_parent_and_takes_its_place(watched: Watched) -> None:
    first = watched.models.train_from_events(QUICK)
    served = watched.models.serving()
    watched.clock.advance(timedelta(minutes=1))
    second = watched.models.train_from_events(Options(epochs=2, seed=1))
    assert second.status is ModelStatus.SERVING
    assert second.manifest["parent"] == encode_id(first.id)
    assert [model.id for model in watched.models.list()] == [second.id, first.id]
    serving = watched.models.serving()
    assert serving is not None
    assert serving.name == encode_id(second.id)
    assert served is not None
    assert served.item_vectors(np.array([FIRST_ITEM]), np.zeros((1, CONTENT_DIM), dtype=np.float32)).any()
    watched.clock.advance(timedelta(minutes=1))
    third = watched.models.train_from_events(Options(epochs=2, seed=2))
    assert watched.models.get(first.id).status is ModelStatus.RETIRED
    assert set(watched.platform.blobs.keys("models/")) == {second.blob_key, third.blob_key}


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_weights_that_cannot_be_read_are_recorded_and_the_older_model_serves(watched: Watched, damage: str) -> None:
    first = watched.models.train_from_events(QUICK)
    watched.clock.advance(timedelta(minutes=1))
    second = watched.models.train_from_events(Options(epochs=2, seed=1))
    path = watched.platform.blobs.local_path(second.blob_key)
    assert path is not None
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-10])
    else:
        path.unlink()
    fresh = watched.another()
    serving = fresh.serving()
    assert serving is not None
    assert serving.name == encode_id(first.id)
    record = fresh.get(second.id)
    assert record.status is ModelStatus.FAILED
    assert record.reason
    fresh.retire(first.id)
    assert fresh.serving() is None


def test_a_worse_model_does_not_come_in(watched: Watched, tmp_path: Path) -> None:
    good = watched.models.train_from_events(QUICK)
    serving = watched.models.serving()
    assert serving is not None
    muddled = replace(serving.fitted, network=Network(serving.fitted.network.shape), counts_weight=0.0)
    sha256 = weights.write(muddled, tmp_path / "muddled.pt")
    watched.platform.blobs.put("models/muddled.pt", tmp_path / "muddled.pt")
    bad = replace(good, id=ModelId(77), status=ModelStatus.READY, blob_key="models/muddled.pt", weights_sha256=sha256)
    manifests = watched.models.manifests
    drawn = manifests.draw(door.from_events(watched.platform.database, watched.clock.now()))
    with watched.platform.database.begin() as connection:
        store.insert_model(connection, bad)
        manifests.seal(connection, bad.id, drawn, may_serve=True)
    with pytest.raises(NotBetter, match="worse than"):
        watched.models.promote(bad.id)
    kept = watched.models.get(bad.id)
    assert kept.status is ModelStatus.READY
    assert "worse than" in kept.reason
    assert kept.manifest["gate"]["passed"] is False
    still = watched.models.serving()
    assert still is not None
    assert still.name == encode_id(good.id)


def test_the_gate_lets_equals_in_and_worse_ones_not() -> None:
    scores = np.random.default_rng(0).random(300)
    assert is_not_worse(scores, scores)
    assert is_not_worse(scores, np.random.default_rng(1).permutation(scores)), "by chance alone nobody is worse"
    assert is_not_worse(scores + 0.1, scores)
    assert not is_not_worse(scores - 0.1, scores)


def test_what_is_in_service_can_be_judged_again_and_what_is_retired_not(watched: Watched) -> None:
    model = watched.models.train_from_events(QUICK)
    assert watched.models.promote(model.id).status is ModelStatus.SERVING
    watched.models.retire(model.id)
    assert watched.models.serving() is None
    with pytest.raises(NotBetter, match="retired"):
        watched.models.promote(model.id)
    with pytest.raises(ModelNotFound):
        watched.models.promote(ModelId(1))


def test_a_training_is_due_when_much_was_done_since_the_last(watched: Watched) -> None:
    def watch(times: int) -> None:
        with watched.platform.database.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO item_counts AS held (item_id, views) VALUES (:item, :views) "
                    "ON CONFLICT (item_id) DO UPDATE SET views = held.views + excluded.views"
                ),
                {"item": FIRST_ITEM, "views": times},
            )

    assert watched.models.train_when_due() is None, "too little was done"
    watch(1_000)
    first = watched.models.train_when_due()
    assert first is not None
    assert watched.models.train_when_due() is None
    watch(190)
    assert watched.models.train_when_due() is None
    watch(20)
    assert watched.models.train_when_due() is not None


def test_nothing_to_learn_from_leaves_no_record(platform: Platform) -> None:
    with pytest.raises(TooLittle):
        platform.models.train_from_events()
    assert platform.models.list() == []
    assert platform.models.train_when_due() is None


def test_one_training_at_a_time(watched: Watched) -> None:
    other = watched.another()
    seen: list[bool] = []

    def try_too(done: int, total: int, message: str = "") -> None:
        if not seen:
            seen.append(other.is_training())
            with pytest.raises(AlreadyTraining):
                other.train_from_events(QUICK)

    watched.models.train_from_events(QUICK, try_too)
    assert seen == [True]


def test_a_training_that_fails_says_why_and_leaves_nothing(watched: Watched) -> None:
    def fail(done: int, total: int, message: str = "") -> None:
        if done:
            raise MemoryError("no more of it")

    with pytest.raises(MemoryError):
        watched.models.train_from_events(QUICK, fail)
    (model,) = watched.models.list()
    assert (model.status, model.reason) == (ModelStatus.FAILED, "no more of it")
    assert not list((watched.platform.settings.data / "training").rglob("*.*"))


@pytest.fixture
def killed(watched: Watched, database_url: str) -> Watched:
    """After a `kill -9` in the middle of a training in another process."""
    folder = watched.platform.settings.data
    command = [sys.executable, "-m", "tests.learn.trainee", database_url, watched.platform.settings.blobs_url]
    root = Path(__file__).parents[2]
    process = subprocess.Popen([*command, str(folder / "training")], stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    return watched


def test_a_killed_training_is_taken_up_where_it_was(killed: Watched) -> None:
    (model,) = killed.models.list()
    assert model.status is ModelStatus.TRAINING
    assert killed.models.serving() is None
    taken = killed.models.train_from_events(Options(epochs=4))
    assert taken.id == model.id
    assert taken.status is ModelStatus.SERVING
    assert taken.manifest["was_resumed"] is True
    assert taken.manifest["data"] == model.manifest["data"]
    assert not list((killed.platform.settings.data / "training").rglob("*.*"))


def test_a_killed_training_is_not_taken_up_when_a_right_was_withdrawn(killed: Watched) -> None:
    viewer, item = ViewerId(FIRST_VIEWER + 3), ItemId(FIRST_ITEM + 5)
    killed.clock.advance(timedelta(seconds=1))
    now = killed.clock.now()
    with killed.platform.database.begin() as connection:
        rights_store.end_right(connection, "viewer", viewer, Right.LEARN, now)
        rights_store.end_right(connection, "item", item, Right.LEARN, now)
    model = killed.models.train_from_events(Options(epochs=4))
    old, new = sorted(killed.models.list(), key=lambda one: one.id == model.id)
    assert old.status is ModelStatus.FAILED
    assert "right to learn was withdrawn" in old.reason
    assert new.manifest["data"]["viewers"] == 59
    assert new.manifest["data"]["items"] == len(killed.data.item_ids) - 1
    assert not list((killed.platform.settings.data / "training").rglob("*.*"))


def test_no_two_claims_share_a_number() -> None:
    """Advisory locks are numbers, one space for the whole database."""
    package = Path(openforyou.__file__).parent
    told = [line for path in package.rglob("*.py") for line in path.read_text().splitlines()]
    claims = dict(match.groups() for line in told if (match := re.match(r"(\w+_LOCK) = ([\d_]+)", line)))
    assert {"TRAINING_LOCK", "LEARNING_LOCK", "REGISTRY_LOCK", "SEQUENCER_LOCK"} <= claims.keys()
    assert len({int(number) for number in claims.values()}) == len(claims)
