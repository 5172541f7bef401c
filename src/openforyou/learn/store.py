"""The only SQL of learning."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from openforyou.learn.tables import models
from openforyou.learn.types import Model, ModelId, ModelStatus

TRAINING_LOCK = 7_253
LEARNING_LOCK = 7_255
REGISTRY_LOCK = 7_256
_IS_UPDATE = models.c.manifest.has_key("base")


def lock_training(connection: Connection) -> bool:
    """Claim the right to train for this connection; False when somebody holds it.

    A session-level advisory lock: it ends with `unlock_training`, or with the process, however that ends. So a model
    that is in training while nobody holds the lock was interrupted.
    """
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": TRAINING_LOCK}))


def is_training_locked(connection: Connection) -> bool:
    """Whether somebody holds that lock now."""
    held = text(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = :key "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )
    return bool(connection.scalar(held, {"key": TRAINING_LOCK}))


def unlock_training(connection: Connection) -> None:
    """Give the claim back. Where the connection was lost meanwhile, so was the claim."""
    with suppress(DBAPIError):
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": TRAINING_LOCK})
        connection.commit()


def lock_learning(connection: Connection) -> bool:
    """Claim for this connection to be the one who updates the model in service; False when somebody is."""
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LEARNING_LOCK}))


def unlock_learning(connection: Connection) -> None:
    """Give the claim back, as `unlock_training` does."""
    with suppress(DBAPIError):
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LEARNING_LOCK})
        connection.commit()


def lock_registry(connection: Connection) -> None:
    """Until the end of this transaction nobody else brings a model into service."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": REGISTRY_LOCK})


def insert_model(connection: Connection, model: Model) -> None:
    """A new record."""
    connection.execute(
        insert(models).values(
            id=model.id,
            status=model.status.value,
            reason=model.reason,
            blob_key=model.blob_key,
            weights_sha256=model.weights_sha256,
            manifest=dict(model.manifest),
            created_at=model.created_at,
            promoted_at=model.promoted_at,
        )
    )


def set_trained(
    connection: Connection, model_id: ModelId, blob_key: str, weights_sha256: str, manifest: Mapping[str, Any]
) -> None:
    """Trained, kept, and not in service."""
    connection.execute(
        update(models)
        .where(models.c.id == model_id)
        .values(
            status=ModelStatus.READY.value,
            reason="",
            blob_key=blob_key,
            weights_sha256=weights_sha256,
            manifest=dict(manifest),
        )
    )


def set_serving(connection: Connection, model_id: ModelId, manifest: Mapping[str, Any], at: datetime) -> None:
    """In service from now on."""
    connection.execute(
        update(models)
        .where(models.c.id == model_id)
        .values(status=ModelStatus.SERVING.value, reason="", manifest=dict(manifest), promoted_at=at)
    )


def set_status(connection: Connection, model_id: ModelId, status: ModelStatus, reason: str) -> None:
    """Whatever else may become of it, and why."""
    connection.execute(update(models).where(models.c.id == model_id).values(status=status.value, reason=reason))


def set_manifest(connection: Connection, model_id: ModelId, manifest: Mapping[str, Any], reason: str) -> None:
    """What was found out about a model that stays where it is."""
    connection.execute(update(models).where(models.c.id == model_id).values(manifest=dict(manifest), reason=reason))


def find(connection: Connection, model_id: ModelId) -> Model | None:
    """By id."""
    row = connection.execute(select(models).where(models.c.id == model_id)).one_or_none()
    return None if row is None else _model(row)


def newest_first(
    connection: Connection, status: ModelStatus | None = None, *, updates: bool | None = None
) -> list[Model]:
    """All models, or those of one status; of serving ones the one promoted last comes first.

    With `updates` True those alone that were made of another by what came in since, with False all others.
    """
    wanted = select(models).order_by(models.c.promoted_at.desc().nulls_last(), models.c.created_at.desc(), models.c.id)
    if status is None:
        wanted = select(models).order_by(models.c.created_at.desc(), models.c.id)
    else:
        wanted = wanted.where(models.c.status == status.value)
    if updates is not None:
        wanted = wanted.where(_IS_UPDATE if updates else ~_IS_UPDATE)
    return [_model(row) for row in connection.execute(wanted)]


def updates_of(connection: Connection, base: str) -> list[Model]:
    """What was made of the trained model of that public id since, newest first; updates thrown away as well."""
    wanted = select(models).where(models.c.manifest["base"].astext == base)
    return [_model(row) for row in connection.execute(wanted.order_by(models.c.created_at.desc(), models.c.id))]


def forget_updates(connection: Connection, base: str, kept: int) -> None:
    """Delete the records of all but the newest updates; those in service stay. Later manifests hold their digest."""
    newest = (
        select(models.c.id)
        .where(models.c.manifest["base"].astext == base)
        .order_by(models.c.created_at.desc(), models.c.id)
    )
    connection.execute(
        delete(models).where(
            models.c.id.in_(newest.offset(kept).scalar_subquery()), models.c.status != ModelStatus.SERVING.value
        )
    )


def _model(row: Row[*tuple[Any, ...]]) -> Model:
    return Model(
        id=ModelId(row.id),
        status=ModelStatus(row.status),
        reason=row.reason,
        blob_key=row.blob_key,
        weights_sha256=row.weights_sha256,
        manifest=row.manifest,
        created_at=row.created_at,
        promoted_at=row.promoted_at,
        signed=row.signed,
        leaf_seq=row.leaf_seq,
    )
