"""The registry of models: trained from events, judged, brought into service, and taken out of it.

A training killed at any point leaves a record in `training`, a folder under `work_dir` with its frozen data and its
last checkpoint, and nothing in service. The next training takes it up where it was, when everybody whose data is in it
still allows learning; else it is marked failed, its folder is deleted, and a new one begins.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openforyou.core.clock import Clock
from openforyou.core.encoding import digest
from openforyou.core.errors import NotFound, OpenForYouError
from openforyou.core.ids import decode_id, encode_id
from openforyou.core.progress import Progress, silent
from openforyou.learn import store
from openforyou.learn.errors import AlreadyTraining, BadWeights, ModelNotFound, NotBetter, TooLittle
from openforyou.learn.forgetting import store as forgetting_store
from openforyou.learn.forgetting.service import FORGET_HOURS, Forgetting
from openforyou.learn.forgetting.types import Ended, Subjects
from openforyou.learn.manifest.errors import BadManifest, NotInTheLogYet
from openforyou.learn.manifest.service import Drawn, Manifests
from openforyou.learn.online_registry import Versions, base_of
from openforyou.learn.types import Dataset, Model, ModelId, ModelStatus, Options
from openforyou.storage.blobs import Blobs
from openforyou.storage.database import Database

if TYPE_CHECKING:
    # Torch takes over a second to import; a process that lists models, or serves without one, never needs it.
    from openforyou.learn.attempt import Attempt
    from openforyou.learn.fitted import Fitted
    from openforyou.learn.loaded import LoadedModel
    from openforyou.learn.train import Announce

KEPT = 2
"""Models kept of each kind: in service (one serves, one stands by) and ready. Older ones are retired."""
DUE_GROWTH, DUE_DEEDS = 1.2, 200
"""A training is due once so many more views and skips have come in, by factor and at the least."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """How a platform trains and forgets."""

    threads: int = 0
    """Of torch; 0 leaves it the choice."""
    forget_hours: float = FORGET_HOURS
    """Within so many of a right taken back no weights are left that learned by it."""


class Models:
    """Models on one database. `work_dir` holds what a running training needs."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        clock: Clock,
        work_dir: Path,
        manifests: Manifests,
        running: Running = Running(),
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._work_dir = work_dir / "events"
        self.manifests = manifests
        self.versions = Versions(database, blobs, clock, work_dir / "updates", manifests)
        self.forgetting = Forgetting(database, blobs, clock, self._work_dir, running.forget_hours)
        self._threads = running.threads
        self._loading = threading.Lock()
        self._loaded: tuple[str, LoadedModel] | None = None

    # Looking

    def list(self) -> list[Model]:
        """Every model whose training was ever begun, newest first. What was made of one since is in `versions`."""
        with self._database.connect() as connection:
            return store.newest_first(connection, updates=False)

    def get(self, model_id: ModelId) -> Model:
        """By id. Raises `ModelNotFound`."""
        with self._database.connect() as connection:
            found = store.find(connection, model_id)
        if found is None:
            raise ModelNotFound(encode_id(model_id))
        return found

    def is_training(self) -> bool:
        """Whether a process trains now; a model in training without one was interrupted."""
        with self._database.connect() as connection:
            return store.is_training_locked(connection)

    def serving_version(self) -> tuple[Model, Fitted] | None:
        """The record and the weights of what `serving` answers."""
        loaded = self.serving()
        return None if loaded is None else (self.get(ModelId(decode_id(loaded.name, "model"))), loaded.fitted)

    def trained_as(self, version: Model) -> Mapping[str, Any]:
        """The manifest of the full training that a version goes back to. Raises `ModelNotFound`."""
        return self.get(ModelId(decode_id(base_of(version), "model"))).manifest

    def serving(self) -> LoadedModel | None:
        """The newest in service whose weights can be read; None when there is none.

        One whose weights are missing or damaged, or whose manifest does not hold, is recorded as failed, and the next
        older model is used; so it is while a manifest waits for the log. Cheap to ask often: manifest and weights are
        held against each other once, and again when the record changes.
        """
        with self._loading:
            with self._database.connect() as connection:
                in_service = store.newest_first(connection, ModelStatus.SERVING)
            for model in in_service:
                known = digest([model.id, model.weights_sha256, model.signed, dict(model.manifest)])
                if self._loaded is not None and self._loaded[0] == known:
                    return self._loaded[1]
                loaded = self._load_or_record(model)
                if loaded is not None:
                    self._loaded = (known, loaded)
                    return loaded
            self._loaded = None
            return None

    # Service

    def promote(self, model_id: ModelId) -> Model:
        """Bring a trained model into service. Raises `ModelNotFound`, `BadWeights`, `BadManifest`, `TooLittle`, or
        `NotBetter` when it is worse than what serves, or than popularity, on the newest data."""
        from openforyou.learn import dataset as door

        model = self.get(model_id)
        if model.status not in (ModelStatus.READY, ModelStatus.SERVING):
            raise NotBetter(
                f"Model {encode_id(model_id)} is {model.status}.", hint="One that is ready can be promoted."
            )
        self.manifests.about(model)
        self._promote(model, self._load(model).fitted, door.from_events(self._database, self._clock.now()), None)
        return self.get(model_id)

    def retire(self, model_id: ModelId) -> Model:
        """Take a model out of service, with its updates, and delete the weights; the records stay.

        Raises `ModelNotFound`.
        """
        going = [self.get(model_id)]
        with self._database.begin() as connection:
            store.lock_registry(connection)
            updates = store.updates_of(connection, encode_id(model_id))
            going += [update for update in updates if update.status is ModelStatus.SERVING]
            for model in going:
                store.set_status(connection, model.id, ModelStatus.RETIRED, "")
        for model in going:
            if model.blob_key:
                self._blobs.delete(model.blob_key)
        self.forgetting.bury()
        return self.get(model_id)

    def forget(self) -> tuple[Ended, ...]:
        """Look who took a right back: mark what learned from them, destroy what must go. Answers what was destroyed.

        Cheap where nothing is to be done; by any process, at any time.
        """
        ended = self.forgetting.look(self._answering)
        with self._loading:
            if self._loaded is not None and any(self._loaded[1].base == encode_id(one.model_id) for one in ended):
                self._loaded = None
        return tuple(ended)

    def _answering(self) -> ModelId | None:
        """The trained model that `serving` answers by, itself or an update of it."""
        loaded = self.serving()
        return None if loaded is None else ModelId(decode_id(loaded.base, "model"))

    # Training

    def must_train(self) -> bool:
        """Whether a training is due because what serves learned from somebody who took the right back."""
        begun = self.list()
        return self.forgetting.is_due(begun[0] if begun else None)

    def train_when_due(self, progress: Progress = silent) -> Model | None:
        """Train when one was interrupted, when much was done since the last, or when what serves must be forgotten;
        None when there was no need to."""
        from openforyou.learn.attempt import deeds

        begun = self.list()
        if begun and begun[0].status is not ModelStatus.TRAINING and not self.must_train():
            last = int(begun[0].manifest["deeds"])
            if deeds(self._database) < max(last * DUE_GROWTH, last + DUE_DEEDS):
                return None
        elif not begun and deeds(self._database) < DUE_DEEDS:
            return None
        try:
            return self.train_from_events(progress=progress)
        except (TooLittle, AlreadyTraining) as error:
            _log.info("no training: %s", error)
            return None

    def train_from_events(
        self, options: Options | None = None, progress: Progress = silent, announce: Announce | None = None
    ) -> Model:
        """Train from what viewers did, and promote what the gate lets through; otherwise `reason` says why not.

        Raises `TooLittle` when there is nothing to learn from, `AlreadyTraining` when another process trains.
        """
        from openforyou.learn.train import Job, fit, unannounced

        with self._training_alone():
            attempt = self._taken_up(options or Options()) or self._begun(options or Options())
            try:
                drawn = self.manifests.draw(attempt.dataset)  # refused before an hour is spent, not after
                job = Job(
                    attempt.dataset, attempt.split, attempt.settings, attempt.seed, attempt.checkpoint, self._threads
                )
                trained = fit(job, progress, announce or unannounced)
                attempt.manifest.update(
                    epochs=trained.epochs, train_s=round(trained.seconds, 1), was_resumed=trained.was_resumed
                )
                self._keep(attempt, trained.fitted)
                self.manifests.keep_leaves(attempt.model_id, drawn)
                model = self.get(attempt.model_id)
                progress(0, 0, "comparing with the model in service")
                self._promote(model, trained.fitted, attempt.dataset, drawn)
            except NotBetter as error:
                _log.info("model %s is kept and does not serve: %s", encode_id(attempt.model_id), error)
            except Exception as error:
                with self._database.begin() as connection:
                    store.set_status(connection, attempt.model_id, ModelStatus.FAILED, str(error)[:500])
                self._blobs.delete(_blob_key(attempt.model_id))
                self.manifests.drop_leaves(attempt.model_id)
                attempt.checkpoint.clear()
                raise
            attempt.checkpoint.clear()
            self._retire_older()
        self.forget()
        return self.get(attempt.model_id)

    @contextmanager
    def learning_alone(self) -> Iterator[bool]:
        """Whether the body is the one on this database that updates the model in service."""
        with self._database.connect() as connection:
            claimed = store.lock_learning(connection)
            connection.commit()
            try:
                yield claimed
            finally:
                if claimed:
                    store.unlock_learning(connection)

    @contextmanager
    def _training_alone(self) -> Iterator[None]:
        with self._database.connect() as connection:
            if not store.lock_training(connection):
                raise AlreadyTraining
            connection.commit()  # The lock is the session's: no transaction stays open while training runs.
            try:
                yield
            finally:
                store.unlock_training(connection)

    def _taken_up(self, options: Options) -> Attempt | None:
        """The newest interrupted training that can go on. All others are marked failed and cleaned up."""
        from openforyou.learn.attempt import sweep, take_up

        taken: Attempt | None = None
        with self._database.connect() as connection:
            interrupted = store.newest_first(connection, ModelStatus.TRAINING)
        for model in interrupted:
            found: Attempt | str = "interrupted, and a later one was taken up"
            if taken is None:
                found = take_up(self._database, self._work_dir, model, options, self._clock.now())
            if not isinstance(found, str):
                taken = found
                continue
            with self._database.begin() as connection:
                store.set_status(connection, model.id, ModelStatus.FAILED, found)
        sweep(self._work_dir, keep=taken)
        return taken

    def _begun(self, options: Options) -> Attempt:
        from openforyou.learn.attempt import begin

        with self._database.connect() as connection:
            in_service = store.newest_first(connection, ModelStatus.SERVING)
        parent = encode_id(in_service[0].id) if in_service else ""
        attempt = begin(self._database, self._work_dir, options, self._clock.now(), parent)
        with self._database.begin() as connection:
            store.insert_model(connection, attempt.model(self._clock.now()))
            met = Subjects(attempt.dataset.item_ids, attempt.dataset.sequences.viewer_ids)
            forgetting_store.keep_subjects(connection, attempt.model_id, attempt.model_id, met)
        return attempt

    def _keep(self, attempt: Attempt, fitted: Fitted) -> None:
        """Weights into the blob store, then the record in one transaction: before it, the attempt is still open."""
        from openforyou.learn import weights

        staged = attempt.checkpoint.folder / "weights.pt"
        staged.parent.mkdir(parents=True, exist_ok=True)
        sha256 = weights.write(fitted, staged)
        key = _blob_key(attempt.model_id)
        self._blobs.put(key, staged)
        attempt.manifest.update(counts_weight=fitted.counts_weight, heads_share=fitted.heads_share)
        with self._database.begin() as connection:
            store.set_trained(connection, attempt.model_id, key, sha256, attempt.manifest)

    def _promote(self, model: Model, fitted: Fitted, dataset: Dataset, drawn: Drawn | None) -> None:
        """Through the gate; the manifest is signed with the verdict and goes into the log. Without `drawn`, of data
        learned from just now, it is the one that the model has, judged anew. Raises `NotBetter`, `TooLittle`.

        What must be forgotten keeps nobody out, however well it does.
        """
        from openforyou.learn.gate import judge
        from openforyou.learn.split import leave_out

        held = self.serving_version()
        standing = None if held is None or self.forgetting.is_stale(held[0]) else held[1]
        verdict = judge(fitted, standing, dataset, leave_out(dataset, 1))
        manifest = {**model.manifest, "metrics": verdict.candidate, "gate": verdict.as_dict()}
        with self._database.begin() as connection:
            store.lock_registry(connection)
            now = store.find(connection, model.id)
            if now is None or now.status not in (ModelStatus.READY, ModelStatus.SERVING):
                raise NotBetter("The model was taken out of service meanwhile.", hint="Train again.")
            if verdict.beaten_by:
                store.set_manifest(connection, model.id, manifest, str(verdict))
            else:
                store.set_serving(connection, model.id, manifest, self._clock.now())
            self.manifests.seal(connection, model.id, drawn, may_serve=not verdict.beaten_by)
        self.manifests.publish(model.id)
        if verdict.beaten_by:
            raise NotBetter(f"The gate is shut: {verdict}.", hint="Train again when more was watched.")

    def _retire_older(self) -> None:
        with self._database.connect() as connection:
            kinds = [
                store.newest_first(connection, kind, updates=False) for kind in (ModelStatus.SERVING, ModelStatus.READY)
            ]
        for older in (model for kind in kinds for model in kind[KEPT:]):
            self.retire(older.id)

    def _load_or_record(self, model: Model) -> LoadedModel | None:
        try:
            self.manifests.check(model)
            return self._load(model)
        except NotInTheLogYet as error:
            _log.info("model %s does not serve yet: %s", encode_id(model.id), error)
        except (BadWeights, BadManifest, NotFound) as error:
            _log.warning("model %s cannot serve: %s", encode_id(model.id), error)
            with self._database.begin() as connection:
                store.set_status(connection, model.id, ModelStatus.FAILED, str(error)[:500])
        except (OSError, OpenForYouError):
            _log.exception("the weights of model %s cannot be reached now", encode_id(model.id))
        return None

    def _load(self, model: Model) -> LoadedModel:
        """The weights, held against their hash. Raises `BadWeights`, `NotFound`."""
        from openforyou.learn import weights
        from openforyou.learn.loaded import LoadedModel

        name = f"The weights of model {encode_id(model.id)}"
        with self._blobs.open(model.blob_key) as file:
            if weights.sha256_of(file) != model.weights_sha256:
                raise BadWeights(f"{name} are not those that were kept.", hint="Restore them from a backup, or train.")
            file.seek(0)
            return LoadedModel(encode_id(model.id), weights.read(file, name), base_of(model))


def _blob_key(model_id: ModelId) -> str:
    return f"models/{encode_id(model_id)}.pt"
