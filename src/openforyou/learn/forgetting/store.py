"""The only SQL of forgetting."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from openforyou.core.ids import encode_id
from openforyou.learn import store as models_store
from openforyou.learn.forgetting.rules import together
from openforyou.learn.forgetting.tables import model_ends, model_subjects, stale_models
from openforyou.learn.forgetting.types import Cause, Ended, Stale, Subjects
from openforyou.learn.tables import models
from openforyou.learn.types import Ids, Model, ModelId, ModelStatus

_GONE = (ModelStatus.RETIRED.value, ModelStatus.FAILED.value)
_HAS_WEIGHTS = models.c.weights_sha256 != ""
_MAY_HOLD = models.c.status.not_in(_GONE) | ((models.c.status == ModelStatus.FAILED.value) & _HAS_WEIGHTS)
"""In training, with weights, or failed and perhaps with weights."""


def keep_subjects(connection: Connection, base: ModelId, added_by: ModelId, subjects: Subjects) -> None:
    """Write down whom a training, or an update of its model, learns from. Once each."""
    connection.execute(
        insert(model_subjects)
        .values(base_id=base, added_by=added_by, items=_packed(subjects.items), viewers=_packed(subjects.viewers))
        .on_conflict_do_nothing()
    )


def learned_from(connection: Connection, base: ModelId) -> Subjects | None:
    """Whom a trained model and its updates learned from; None where nothing was written down."""
    wanted = select(model_subjects.c["items"], model_subjects.c.viewers).where(model_subjects.c.base_id == base)
    parts = [Subjects(_unpacked(row[0]), _unpacked(row[1])) for row in connection.execute(wanted)]
    return together(*parts) if parts else None


def living(connection: Connection) -> list[Model]:
    """Trained models with weights, or in training: whatever may hold what is to be forgotten. No updates."""
    found = models_store.newest_first(connection, updates=False)
    wanted = select(models.c.id).where(_MAY_HOLD, models.c.id.not_in(select(model_ends.c.model_id)))
    ids = set(connection.scalars(wanted))
    return [model for model in found if model.id in ids]


def mark(connection: Connection, stale: Stale) -> None:
    """A model is stale. A mark that is there already is never taken back: its moments may only become earlier."""
    told = {name: getattr(stale, name) for name in ("since", "deadline", "noticed_at", "items", "viewers", "unknown")}
    new = insert(stale_models).values(base_id=stale.base, **told)
    held, given = stale_models.c, new.excluded
    connection.execute(
        new.on_conflict_do_update(
            index_elements=["base_id"],
            set_={
                "since": func.least(held.since, given.since),
                "deadline": func.least(held.deadline, given.deadline),
                "items": func.greatest(held["items"], given["items"]),
                "viewers": func.greatest(held.viewers, given.viewers),
            },
        )
    )


def stale_by_base(connection: Connection) -> dict[ModelId, Stale]:
    """All that are or were stale."""
    return {ModelId(row.base_id): _stale(row) for row in connection.execute(select(stale_models))}


def set_cause(connection: Connection, base: ModelId, cause: Cause) -> None:
    """Why a stale model goes; the first to say it is right."""
    connection.execute(
        update(stale_models).where(stale_models.c.base_id == base, stale_models.c.cause == "").values(cause=cause.value)
    )


def cause_of(connection: Connection, base: ModelId) -> Cause:
    """Why a model went."""
    told = connection.scalar(select(stale_models.c.cause).where(stale_models.c.base_id == base))
    return Cause(told) if told else Cause.RETIRED


def left_without_at(connection: Connection) -> datetime | None:
    """The last deadline that took a model out of service while no other was there."""
    wanted = select(func.max(stale_models.c.deadline)).where(stale_models.c.cause == Cause.DEADLINE.value)
    found: datetime | None = connection.scalar(wanted)
    return found


def unburied(connection: Connection) -> list[Model]:
    """Retired models whose end is not on its way into the log."""
    wanted = (
        select(models.c.id)
        .outerjoin(model_ends, model_ends.c.model_id == models.c.id)
        .where(
            model_ends.c.model_id.is_(None),
            _HAS_WEIGHTS,
            ~models.c.manifest.has_key("base"),
            models.c.status == ModelStatus.RETIRED.value,
        )
        .order_by(models.c.created_at, models.c.id)
    )
    found = [models_store.find(connection, ModelId(row)) for row in connection.scalars(wanted)]
    return [model for model in found if model is not None]


def gone_updates(connection: Connection, blob_keys: list[str]) -> list[str]:
    """Those of the keys whose update is out of service: weights that should not be there any more."""
    wanted = select(models.c.blob_key).where(models.c.blob_key.in_(blob_keys), models.c.status.in_(_GONE))
    return list(connection.scalars(wanted))


def end(connection: Connection, ended: Ended, leaf_seq: int) -> None:
    """The weights are gone, and with them the list of whom they learned from."""
    connection.execute(
        insert(model_ends).values(
            model_id=ended.model_id,
            weights_sha256=ended.weights_sha256,
            cause=ended.cause.value,
            at=ended.at,
            leaf_seq=leaf_seq,
        )
    )
    drop_subjects(connection, ended.model_id)


def drop_subjects(connection: Connection, base: ModelId) -> None:
    """Forget whom a model learned from that has no weights."""
    connection.execute(delete(model_subjects).where(model_subjects.c.base_id == base))


def drop_idle_subjects(connection: Connection) -> None:
    """Likewise of all that failed before they had weights."""
    holding = select(models.c.id).where(_MAY_HOLD | (models.c.status == ModelStatus.RETIRED.value))
    connection.execute(delete(model_subjects).where(model_subjects.c.base_id.not_in(holding)))


def is_ended(connection: Connection, model_id: ModelId) -> bool:
    """Whether the end of a model's weights is on its way into the log."""
    return connection.scalar(select(model_ends.c.model_id).where(model_ends.c.model_id == model_id)) is not None


def newest_update(connection: Connection, base: ModelId) -> Model | None:
    """The last that was published of a trained model."""
    published = [one for one in models_store.updates_of(connection, encode_id(base)) if one.blob_key]
    return published[0] if published else None


def _stale(row: Row[*tuple[Any, ...]]) -> Stale:
    return Stale(ModelId(row.base_id), row.since, row.deadline, row.noticed_at, row.items, row.viewers, row.unknown)


def _packed(ids: Ids) -> bytes:
    return ids.astype("<i8").tobytes()


def _unpacked(held: bytes) -> Ids:
    return np.frombuffer(held, dtype="<i8").astype(np.int64)
