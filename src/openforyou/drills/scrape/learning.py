"""What nobody may learn from, brought into a training: past the rights, past the door, past the registry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from openforyou.catalog.types import ITEM_RIGHTS, Right
from openforyou.core.ids import CreatorId, ItemId, ViewerId, decode_id, encode_id, new_id
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.world import World
from openforyou.learn import dataset as door
from openforyou.learn.manifest.errors import NotAllowed, PastTheDoor
from openforyou.learn.types import Dataset, ModelStatus

PLANT = """
INSERT INTO rights (id, "right", subject_kind, subject_id, granted_by, evidence, since)
VALUES (%s, 'learn', 'item', %s, 'creator:forged', 'ticked by the creator at upload', '2020-01-01')
"""


def everybody_allows(world: World) -> None:
    """Whoever watched here allows learning, by a word that stands in the log."""
    for (viewer,) in world.sql("SELECT DISTINCT viewer_id FROM viewer_items"):
        world.platform.catalog.set_viewer_rights(
            ViewerId(viewer), {Right.LEARN}, "chosen by the viewer in the settings"
        )
    world.settle()


def _read(world: World) -> Dataset:
    return door.from_events(world.platform.database, world.platform.clock.now())


def _refusal(world: World, data: Dataset) -> str:
    """Why nothing may be signed that learned from it; empty: it may."""
    try:
        world.platform.models.manifests.draw(data)
    except (NotAllowed, PastTheDoor) as error:
        return error.message
    return ""


@contextmanager
def _refusing(world: World) -> Iterator[int]:
    """A clip whose creator took `learn` back, by a word that stands in the log; given again afterwards."""
    clip, catalog = world.clips[0], world.platform.catalog
    item, maker = ItemId(clip.number), CreatorId(decode_id(clip.creator))
    catalog.set_item_rights(item, maker, set(ITEM_RIGHTS) - {Right.LEARN}, "taken back by the creator")
    world.settle()
    try:
        yield item
    finally:
        world.sql("DELETE FROM rights WHERE granted_by = 'creator:forged'")
        catalog.set_item_rights(item, maker, ITEM_RIGHTS, "ticked by the creator again")


@attack(Seat.DATABASE)
def poisoned_catalogue(world: World, case: Case) -> Outcome:
    """Writes a grant into the table that the door to training data asks."""
    everybody_allows(world)
    with _refusing(world) as item:
        case.did(item not in _read(world).item_ids, "a clip is not learned from once its creator says no")
        world.sql(PLANT, new_id(), item)
        data = _read(world)
        case.did(item in data.item_ids, "with a row in the database it is in the next data set")
        words = _refusal(world, data)
        case.stood(encode_id(item) in words, f"nothing is signed: {words}")
    case.stood(not _refusal(world, _read(world)), "and without it, learning goes on")
    return Outcome.PREVENTED


@attack(Seat.DATABASE)
def consent_forged_afterwards(world: World, case: Case) -> Outcome:
    """Turns the creator's no into a yes where all words are kept, and then takes it away altogether."""
    everybody_allows(world)
    with _refusing(world) as item:
        taken = "act = 'withdraw' AND \"right\" = 'learn' AND subject_id = %s"
        world.sql(f"CREATE TABLE kept AS SELECT * FROM right_events WHERE {taken}", item)  # noqa: S608
        try:
            world.sql(PLANT, new_id(), item)
            world.sql(f"UPDATE right_events SET act = 'grant' WHERE {taken}", item)  # noqa: S608
            data = _read(world)
            case.did(item in data.item_ids, "every table says that the creator agreed")
            words = _refusal(world, data)
            case.stood(encode_id(item) in words, f"the log says otherwise: {words}")
            world.sql("DELETE FROM right_events USING kept WHERE right_events.id = kept.id")
            words = _refusal(world, data)
            case.stood("words about rights" in words, f"a word that is gone is missed: {words}")
        finally:
            world.sql("DELETE FROM right_events USING kept WHERE right_events.id = kept.id")
            world.sql("INSERT INTO right_events SELECT * FROM kept")
            world.sql("DROP TABLE kept")
    return Outcome.PREVENTED


@attack(Seat.ADMINISTRATOR)
def training_past_the_door(world: World, case: Case) -> Outcome:
    """Reads who watched what from the database itself, trains on it, and puts the weights into service."""
    from openforyou.learn import weights
    from openforyou.learn.settings import choose
    from openforyou.learn.split import leave_out
    from openforyou.learn.train import Job, fit

    everybody_allows(world)
    data = replace(_read(world), name="everything", item_ids=_read(world).item_ids.copy())
    platform = world.platform
    case.stood("did not come through the door" in _refusal(world, data), "data made elsewhere gets no manifest")
    fitted = fit(Job(data, leave_out(data, 1), choose(data, "tiny", 1))).fitted
    folder = world.scratch("past")
    folder.mkdir()
    sha256 = weights.write(fitted, folder / "weights.pt")
    model, key = new_id(), "models/past.pt"
    platform.blobs.put(key, folder / "weights.pt")
    world.sql(
        "INSERT INTO models (id, status, blob_key, weights_sha256, manifest, promoted_at) "
        'VALUES (%s, \'serving\', %s, %s, \'{"data": {"viewers": 0, "items": 0, "rows": 0}, "deeds": 0}\', now())',
        model,
        key,
        sha256,
    )
    try:
        case.did(bool(np.isfinite(fitted.counts_weight)), "it trains, and its record says that it serves")
        serving = platform.models.serving()
        ((status, reason),) = world.sql("SELECT status, reason FROM models WHERE id = %s", model)
        case.stood(serving is None or serving.name != encode_id(model), "no process serves it")
        case.stood(status == ModelStatus.FAILED, f"`openforyou models` says why: {reason}")
    finally:
        world.sql("DELETE FROM models WHERE id = %s", model)
        platform.blobs.delete(key)
    return Outcome.PREVENTED
