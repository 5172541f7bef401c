"""Forgetting as it goes: notice who is stale, say whether a training is due, take out of service, destroy, log.

Each step can be done again with the same result, by any process, wherever the one before was killed:

    marked stale  →  out of service  →  weights deleted  →  record queued for the log, list of subjects deleted

What is out of service and not in the log yet is deleted once more and then logged. So the log never says that weights
are gone which are there.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree
from time import monotonic

from sqlalchemy import Connection

from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.types import ITEM_SUBJECT, VIEWER_SUBJECT
from openforyou.catalog.types import Right
from openforyou.core.clock import Clock
from openforyou.core.ids import encode_id
from openforyou.events.log import store as log_store
from openforyou.learn import store as models_store
from openforyou.learn.forgetting import store
from openforyou.learn.forgetting.rules import due_at, end_leaf, gone, retried_at
from openforyou.learn.forgetting.types import Cause, Ended, LearnedFrom, Stale
from openforyou.learn.online_registry import PREFIX, base_of
from openforyou.learn.types import Model, ModelId, ModelStatus
from openforyou.storage.blobs import Blobs
from openforyou.storage.database import Database

FORGET_HOURS = 24.0
WITHDRAWN = "learned from somebody who took the right back"
Serves = Callable[[], ModelId | None]
_log = logging.getLogger(__name__)


class Forgetting:
    """On one database. `work_dir` holds what interrupted trainings left; `hours` is the promise.

    `learned_from` answers whom a trained model and its updates learned from.
    """

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        clock: Clock,
        work_dir: Path,
        hours: float = FORGET_HOURS,
        learned_from: LearnedFrom = store.learned_from,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._work_dir = work_dir
        self._promised = timedelta(hours=hours)
        self._learned_from = learned_from
        self._first_seen: dict[ModelId, tuple[float, float]] = {}
        self._looking = threading.Lock()

    @property
    def promised(self) -> timedelta:
        """From a right taken back until no weights that learned by it are there."""
        return self._promised

    # Looking

    def stale(self) -> dict[ModelId, Stale]:
        """Every trained model that is stale, by its id, and is not destroyed yet."""
        with self._database.connect() as connection:
            marked = store.stale_by_base(connection)
            return {base: one for base, one in marked.items() if not store.is_ended(connection, base)}

    def is_stale(self, model: Model) -> bool:
        """Whether a model, or the one that it is an update of, learned from somebody who allows it no more."""
        with self._database.connect() as connection:
            return base_of(model) in {encode_id(base) for base in store.stale_by_base(connection)}

    def is_due(self, newest: Model | None) -> bool:
        """Whether a training should begin that replaces a stale model; `newest` is the last that was begun."""
        with self._database.connect() as connection:
            living = {model.id: model for model in store.living(connection)}
            marked = {base: one for base, one in store.stale_by_base(connection).items() if base in living}
            left_at = store.left_without_at(connection)
        serving = [base for base in marked if living[base].status is ModelStatus.SERVING]
        now, tried_at = self._clock.now(), None if newest is None else newest.created_at
        if left_at is not None and not any(one.status is ModelStatus.SERVING for one in living.values()):
            return now >= retried_at(left_at, self._promised, tried_at)
        return any(now >= due_at(marked[base], _trained_s(living[base]), tried_at) for base in serving)

    # Doing

    def look(self, serves: Serves | None = None) -> list[Ended]:
        """All of it once: notice, take out of service what must go, destroy. Answers what was destroyed.

        `serves` tells which trained model answers now, by itself or as it was updated; without it the newest in
        service is taken to.
        """
        with self._looking:
            self.notice()
            return self.enforce(serves)

    def notice(self) -> list[Stale]:
        """Mark each trained model that learned from an item or a viewer without the right `learn` now."""
        now = self._clock.now()
        with self._database.connect() as connection:
            living = store.living(connection)
            if not living:
                return []
            items = rights_store.subjects_with(connection, ITEM_SUBJECT, Right.LEARN, now)
            viewers = rights_store.subjects_with(connection, VIEWER_SUBJECT, Right.LEARN, now)
            allowed = {ITEM_SUBJECT: items, VIEWER_SUBJECT: viewers}
            noticed = [self._compared(connection, model.id, allowed, now) for model in living]
        found = [one for one in noticed if one is not None]
        for one in found:
            with self._database.begin() as connection:
                is_new = one.base not in store.stale_by_base(connection)
                store.mark(connection, one)
            if is_new:
                _log.info("model %s is stale since %s and goes by %s", encode_id(one.base), one.since, one.deadline)
        return found

    def enforce(self, serves: Serves | None = None) -> list[Ended]:
        """Take out of service what must go now, drop interrupted trainings, destroy, and log."""
        answering = self._answering(serves)
        with self._database.begin() as connection:
            models_store.lock_registry(connection)
            marked = store.stale_by_base(connection)
            living = store.living(connection)
            serving = models_store.newest_first(connection, ModelStatus.SERVING, updates=False)
            older = _after(serving, answering)
            is_training = models_store.is_training_locked(connection)
            for model in living:
                if model.id in marked and not (is_training and model.status is ModelStatus.READY):
                    cause = self._must_go(model, marked[model.id], is_replaced=model.id in older)
                    if cause is not None:
                        self._take_out(connection, model, cause)
        self._drop_trainings(marked)
        return self.bury()

    def bury(self) -> list[Ended]:
        """Destroy the weights of everything that is out of service, and say so in the log."""
        with self._database.connect() as connection:
            dead = store.unburied(connection)
            updates = store.gone_updates(connection, list(self._blobs.keys(PREFIX)))
        with self._database.begin() as connection:
            store.drop_idle_subjects(connection)
        for key in updates:
            self._blobs.delete(key)
        return [ended for model in dead if (ended := self._buried(model)) is not None]

    def _compared(
        self, connection: Connection, base: ModelId, allowed: Mapping[str, set[int]], now: datetime
    ) -> Stale | None:
        subjects = self._learned_from(connection, base)
        if subjects is None:
            return Stale(base, now, now + self._promised, now, 0, 0, unknown=True)
        lost = {
            ITEM_SUBJECT: gone(subjects.items, allowed[ITEM_SUBJECT]),
            VIEWER_SUBJECT: gone(subjects.viewers, allowed[VIEWER_SUBJECT]),
        }
        if not any(len(ids) for ids in lost.values()):
            return None
        ends = [
            rights_store.ended_at(connection, kind, ids.tolist(), Right.LEARN) for kind, ids in lost.items() if len(ids)
        ]
        since = min((end for end in ends if end is not None), default=now)
        items, viewers = (len(ids) for ids in lost.values())
        return Stale(base, since, since + self._promised, now, items, viewers, unknown=False)

    def _answering(self, serves: Serves | None) -> ModelId | None:
        """Which trained model answers; asked only where it decides anything, for its weights may have to be read."""
        with self._database.connect() as connection:
            marked = store.stale_by_base(connection)
            serving = models_store.newest_first(connection, ModelStatus.SERVING, updates=False)
        if not any(model.id in marked for model in serving[1:]):
            return None
        return serving[0].id if serves is None else serves()

    def _must_go(self, model: Model, stale: Stale, *, is_replaced: bool) -> Cause | None:
        """Why a stale model must not be there any more; None while it may serve, or trains."""
        if model.status is ModelStatus.TRAINING:
            return None
        if model.status is not ModelStatus.SERVING:
            return Cause.IDLE
        if is_replaced:
            return Cause.REPLACED
        return Cause.DEADLINE if self._is_past(stale) else None

    def _is_past(self, stale: Stale) -> bool:
        """By the clock; or by what has passed since this process saw the mark first, should the clock be put back."""
        left_s = (stale.deadline - self._clock.now()).total_seconds()
        seen_at, had_s = self._first_seen.setdefault(stale.base, (monotonic(), left_s))
        return left_s <= 0 or monotonic() - seen_at >= had_s

    def _take_out(self, connection: Connection, model: Model, cause: Cause) -> None:
        """Out of service, with its updates; what it says of itself says why."""
        reason = f"{WITHDRAWN}; {_WORDS[cause]}"
        for update in models_store.updates_of(connection, encode_id(model.id)):
            if update.status is ModelStatus.SERVING:
                models_store.set_status(connection, update.id, ModelStatus.RETIRED, reason)
        models_store.set_status(connection, model.id, ModelStatus.RETIRED, reason)
        store.set_cause(connection, model.id, cause)
        _log.info("model %s is out of service: %s", encode_id(model.id), reason)

    def _drop_trainings(self, marked: Mapping[ModelId, Stale]) -> None:
        """Interrupted trainings that may not be taken up: their frozen data goes now. One that runs is left alone."""
        with self._database.connect() as connection:
            if not models_store.lock_training(connection):
                return
            try:
                dead = models_store.newest_first(connection, ModelStatus.TRAINING)
                dead = [model for model in dead if model.id in marked]
                for model in dead:
                    models_store.set_status(
                        connection,
                        model.id,
                        ModelStatus.FAILED,
                        "interrupted, and a right to learn was withdrawn since",
                    )
                    rmtree(self._work_dir / encode_id(model.id), ignore_errors=True)
                    store.drop_subjects(connection, model.id)
                connection.commit()
            finally:
                models_store.unlock_training(connection)

    def _buried(self, model: Model) -> Ended | None:
        """Weights deleted, then logged; None where another process has said so meanwhile."""
        if model.blob_key:
            self._blobs.delete(model.blob_key)
        return self._logged(model)

    def _logged(self, model: Model) -> Ended | None:
        with self._database.begin() as connection:
            models_store.lock_registry(connection)
            if store.is_ended(connection, model.id):
                return None
            newest = store.newest_update(connection, model.id)
            stale = store.stale_by_base(connection).get(model.id)
            ended = Ended(
                model.id,
                model.weights_sha256,
                store.cause_of(connection, model.id),
                self._clock.now(),
                deadline=None,
                versions=0 if newest is None else int(newest.manifest["number"]),
                chain="" if newest is None else str(newest.manifest["chain"]),
            )
            if ended.cause is not Cause.RETIRED and stale is not None:
                ended = replace(ended, deadline=stale.deadline)
            store.end(connection, ended, log_store.enqueue(connection, [end_leaf(ended)]))
        return ended


_WORDS = {
    Cause.REPLACED: "another model serves",
    Cause.DEADLINE: "no other serves by the deadline",
    Cause.IDLE: "it did not serve",
}


def _after(serving: Sequence[Model], answering: ModelId | None) -> set[ModelId]:
    """Of models in service, newest first, those that stand behind the one that answers."""
    ids = [model.id for model in serving]
    return set(ids[ids.index(answering) + 1 :]) if answering in ids else set()


def _trained_s(model: Model) -> float:
    """What its training took, in seconds; 0 where it does not say."""
    return float(model.manifest.get("train_s", 0))
