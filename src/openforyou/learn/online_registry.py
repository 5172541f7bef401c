"""Updates in the registry: versions of a trained model, made of what came in since.

An update is a model like any other: weights whole or nothing, a manifest, a parent. It names the trained model that it
goes back to as its `base`, and that one's record stands for it wherever models are listed. A feed server reads the
newest as it reads any model, and after a restart too. Weights are written before the record, and the record is the
publication: it holds the cursor, so that weights and cursor are one.

Two updates stay in service, one serving and one to stand by; of older ones the weights are deleted and the record
stays, of the oldest a digest alone, which each later manifest holds (`chain`), with the sums over all (`totals`).

An update learns from all that the door lets through at its look, for it counts co-counts over all of it. Its weights
come from its parent's, so whoever those learned from is in its tree as well, down to the base: one tree answers for the
whole chain, and those of older updates are deleted with their weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection

from openforyou import __version__
from openforyou.core.clock import Clock
from openforyou.core.encoding import digest
from openforyou.core.ids import decode_id, encode_id, new_id
from openforyou.learn import store
from openforyou.learn.errors import Overtaken
from openforyou.learn.forgetting import store as forgetting_store
from openforyou.learn.forgetting.rules import together
from openforyou.learn.forgetting.types import Subjects
from openforyou.learn.manifest.service import PREFIX as LEAVES
from openforyou.learn.manifest.service import Manifests, leaves_key
from openforyou.learn.types import Dataset, Model, ModelId, ModelStatus
from openforyou.storage.blobs import Blobs
from openforyou.storage.database import Database

if TYPE_CHECKING:
    from openforyou.learn.fitted import Fitted
    from openforyou.learn.types import Dataset

PREFIX, STAGED = "updates/", "update.pt"
IN_SERVICE = 2
RECORDS_KEPT = 1_000
"""Of one trained model, published or thrown away: some hours of a busy platform, in half a megabyte."""
SUMMED = ("deeds", "steps")


@dataclass(frozen=True, slots=True)
class Since:
    """What was made of a trained model since, newest first."""

    published: tuple[Model, ...]
    thrown_away: tuple[Model, ...]

    @classmethod
    def of(cls, versions: Sequence[Model]) -> Since:
        """From `Versions.of`."""
        failed = tuple(one for one in versions if one.status is ModelStatus.FAILED and not one.blob_key)
        return cls(tuple(one for one in versions if one not in failed), failed)

    @property
    def newest(self) -> Model | None:
        """The last that was published."""
        return self.published[0] if self.published else None

    @property
    def count(self) -> int:
        """How many were published, those of which a digest alone is left among them."""
        return 0 if self.newest is None else int(self.newest.manifest["number"])

    @property
    def deeds(self) -> int:
        """How much was learned in all."""
        return 0 if self.newest is None else int(self.newest.manifest["totals"]["deeds"])

    @property
    def in_service(self) -> tuple[Model, ...]:
        """Those that serve or stand by."""
        return tuple(one for one in self.published if one.status is ModelStatus.SERVING)


class Versions:
    """On one database; weights are staged in `folder`."""

    def __init__(self, database: Database, blobs: Blobs, clock: Clock, folder: Path, manifests: Manifests) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._folder = folder
        self._manifests = manifests
        self._met: tuple[str, Subjects] | None = None

    def of(self, base: ModelId) -> list[Model]:
        """The updates of a trained model, newest first, those that were thrown away among them."""
        with self._database.connect() as connection:
            return store.updates_of(connection, encode_id(base))

    def publish(self, parent: Model, fitted: Fitted, told: dict[str, Any], dataset: Dataset) -> Model:
        """Bring an update of `parent` that learned from `dataset` into service; `told` is what its manifest says of
        itself. It serves once the log holds that.

        Raises `Overtaken` when `parent` does not serve any more, and what `Manifests.draw` raises: then nothing was
        changed.
        """
        from openforyou.learn import weights  # torch: whoever lists models does not wait for it

        model_id = ModelId(new_id())
        drawn = self._manifests.draw(dataset, parent)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        staged = self._folder / STAGED
        sha256 = weights.write(fitted, staged)
        key = f"{PREFIX}{encode_id(model_id)}.pt"
        self._blobs.put(key, staged)
        staged.unlink()
        now = self._after(parent)
        manifest = _manifest(parent, told)
        model = Model(model_id, ModelStatus.SERVING, "", key, sha256, manifest, now, now)
        try:
            self._manifests.keep_leaves(model_id, drawn)
            with self._database.begin() as connection:
                store.lock_registry(connection)
                standing = store.newest_first(connection, ModelStatus.SERVING)
                if not standing or standing[0].id != parent.id:
                    raise Overtaken
                store.insert_model(connection, model)
                met = self._newly_met(connection, model, dataset)
                old = store.newest_first(connection, ModelStatus.SERVING, updates=True)[IN_SERVICE:]
                for older in old:
                    store.set_status(connection, older.id, ModelStatus.RETIRED, "")
                store.forget_updates(connection, manifest["base"], RECORDS_KEPT)
                self._manifests.seal(connection, model_id, drawn, may_serve=True)
        except BaseException:
            self._blobs.delete(key)
            self._manifests.drop_leaves(model_id)
            raise
        self._met = met
        for older in old:
            self._blobs.delete(older.blob_key)
            self._manifests.drop_leaves(older.id)
        self._manifests.publish(model_id)
        with self._database.connect() as connection:
            return store.find(connection, model_id) or model

    def _newly_met(self, connection: Connection, model: Model, dataset: Dataset) -> tuple[str, Subjects]:
        """Write down whom an update learned from that none of those before it had met; all of them."""
        base = str(model.manifest["base"])
        base_id = ModelId(decode_id(base, "model"))
        before = self._met[1] if self._met is not None and self._met[0] == base else None
        before = before or forgetting_store.learned_from(connection, base_id)
        now = Subjects(dataset.item_ids, dataset.sequences.viewer_ids)
        if before is None:
            return base, now  # Of an older program: it is known to be unknown.
        new = Subjects(
            np.setdiff1d(now.items, before.items, assume_unique=True),
            np.setdiff1d(now.viewers, before.viewers, assume_unique=True),
        )
        if len(new.items) or len(new.viewers):
            forgetting_store.keep_subjects(connection, base_id, model.id, new)
        return base, together(before, new)

    def throw_away(self, parent: Model, told: dict[str, Any], reason: str) -> None:
        """Record an update that did not come in, and why. It has no weights."""
        now = self._after(parent)
        manifest = _manifest(parent, told)
        record = Model(ModelId(new_id()), ModelStatus.FAILED, reason, "", "", manifest, now, None)
        with self._database.begin() as connection:
            store.insert_model(connection, record)

    def _after(self, parent: Model) -> datetime:
        """Now, and in any case later than `parent`: the newest serves, whatever was done to the clock meanwhile."""
        assert parent.promoted_at is not None, "what never served has no updates"
        return max(self._clock.now(), parent.promoted_at + timedelta(microseconds=1))

    def sweep(self) -> None:
        """Delete weights that a killed process had written and not published, or published and taken out of service;
        leaves of a manifest that was never kept."""
        (self._folder / STAGED).unlink(missing_ok=True)
        with self._database.connect() as connection:
            models = store.newest_first(connection)
        held = {model.blob_key for model in models if model.status is ModelStatus.SERVING}
        held |= {leaves_key(model.id) for model in models}
        for key in [*self._blobs.keys(PREFIX), *self._blobs.keys(LEAVES)]:
            if key not in held:
                self._blobs.delete(key)


def base_of(model: Model) -> str:
    """The public id of the trained model that a version goes back to: its own when it is none's update."""
    return str(model.manifest.get("base", "")) or encode_id(model.id)


def _manifest(parent: Model, told: dict[str, Any]) -> dict[str, Any]:
    before = parent.manifest
    is_update = "base" in before
    totals = before["totals"] if is_update else dict.fromkeys(SUMMED, 0)
    manifest = {
        **told,
        "base": base_of(parent),
        "parent": encode_id(parent.id),
        "number": (before["number"] if is_update else 0) + 1,
        "totals": {name: totals[name] + told[name] for name in SUMMED},
        "code_version": __version__,
    }
    return manifest | {"chain": digest([before["chain"] if is_update else encode_id(parent.id), manifest])}
