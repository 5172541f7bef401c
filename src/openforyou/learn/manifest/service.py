"""Manifests on one platform: drawn up, signed, put on their way into the log, held against whatever would serve.

draw    count rights anew, mark every subject, keep the leaves                     before anything is written
seal    sign what was drawn and what the registry says, queue the log's record     in the registry's transaction
check   signature, record, weights, and the place in the published log             before a model serves
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection

from openforyou import __version__
from openforyou.catalog.rights.secrets import secrets_for
from openforyou.catalog.rights.types import RightEvent
from openforyou.catalog.types import Right
from openforyou.core.encoding import digest
from openforyou.core.errors import NotFound, OpenForYouError
from openforyou.core.ids import encode_id
from openforyou.events.log import store as log_store
from openforyou.events.log.errors import NotInLog
from openforyou.events.log.receipts import Receipts
from openforyou.ingest import encoders
from openforyou.ingest.encoders import CONTENT_ENCODER, Describes
from openforyou.learn import store as models_store
from openforyou.learn.manifest import store
from openforyou.learn.manifest.errors import BadManifest, NotInTheLogYet, PastTheDoor
from openforyou.learn.manifest.marks import carried, subjects_of, tree_of
from openforyou.learn.manifest.recount import Counted, Words, described, recount
from openforyou.learn.manifest.signing import FORM, Signed, opened, sign
from openforyou.learn.manifest.tree import NONCE_BYTES, Tree
from openforyou.learn.types import Dataset, Model, ModelId, RightsSnapshot
from openforyou.ledger.checkpoint import open_checkpoint
from openforyou.ledger.errors import Missing
from openforyou.ledger.keys import SigningKey
from openforyou.ledger.merkle import EMPTY_ROOT
from openforyou.ledger.proof import Proof
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource
from openforyou.storage.blobs import Blobs
from openforyou.storage.database import Database

PREFIX = "manifests/"
TREES_HELD, PLACES_HELD = 8, 64
PUBLISHED_WITHIN_S = 3.0
"""How long a training waits for the log before it leaves the rest to whoever serves."""
_HINT = "Train anew; what was changed stands nowhere but in the database."
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a manifest will say of a data set, counted and marked, not yet signed."""

    tree: Tree
    told: Mapping[str, Any]


class Manifests:
    """On one database and one log. `key` signs the log and its manifests; `publish` writes out what waits for the log
    where nobody else does."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        log_folder: Path,
        key: Callable[[], SigningKey],
        publish: Callable[[], object] | None = None,
    ) -> None:
        self._database, self._blobs, self._key = database, blobs, key
        self._publish = publish
        self._log = Log(FolderSource(log_folder))
        self._receipts = Receipts(database, log_folder)
        self._words = Words(self._log)
        self._places: dict[tuple[int, bytes], int] = {}
        self._trees: dict[ModelId, Tree] = {}

    # Making

    def draw(self, dataset: Dataset, before: Model | None = None) -> Drawn:
        """Count and mark what `dataset` holds, and what the version `before` had learned from.

        Raises `PastTheDoor` for data from elsewhere, `NotAllowed` where anything in it lacks the right: `learn`, and
        `biometric` too where what describes the items declares that it tells who somebody is.
        """
        from openforyou.learn import dataset as door

        if dataset.rights is None or not door.is_admitted(dataset):
            raise PastTheDoor
        subjects = subjects_of(dataset)
        with self._database.begin() as connection:
            counted = self.recount(connection, subjects, dataset.rights)
            counted.require()
            if tells_people(dataset.encoder):
                items = {"item": subjects["item"]}
                self.recount(connection, items, dataset.rights, Right.BIOMETRIC).require()
            told = described(connection, counted)
            told["rights"]["words"] = dataset.rights.words
            held = {kind: secrets_for(connection, kind, ids) for kind, ids in subjects.items()}
        earlier = None if before is None else self.signed(before)
        nonce = secrets.token_bytes(NONCE_BYTES) if earlier is None else earlier.nonce
        tree = tree_of(dataset, held, nonce, None if before is None else self.tree(before))
        told |= {
            "dataset": {
                "root": tree.root.hex(),
                "size": len(tree),
                "nonce": nonce.hex(),
                "digest": dataset.digest,
                "items": len(subjects["item"]),
                "viewers": len(subjects["viewer"]),
                "rows": len(dataset.sequences.items),
                "carried": 0 if earlier is None else carried(tree),
            },
            "checkpoint": self._head(dataset.rights.log_size),
            "encoders": _encoders(dataset.encoder),
        }
        return Drawn(tree, told)

    def recount(
        self,
        connection: Connection,
        subjects: Mapping[str, list[int]],
        read: RightsSnapshot,
        right: Right = Right.LEARN,
    ) -> Counted:
        """Who of those had the right when rights were read, worked out from the words on record."""
        self._words.require_whole(connection, self.size())
        return recount(connection, subjects, read, lambda events: self.recorded(connection, events), right)

    def recorded(self, connection: Connection, events: Sequence[RightEvent]) -> list[RightEvent]:
        """Those words about rights that the log holds, or has on its way."""
        found = self._words.recorded(connection, events, self.size())
        if len(found) < len(events):  # what waited may have been published between the two looks
            found = self._words.recorded(connection, events, self.size())
        return found

    def size(self) -> int:
        """Leaves of the published log; 0 where there is none yet."""
        try:
            return open_checkpoint(self._log.checkpoint_bytes(), self._key().verifying).size
        except Missing:
            return 0

    def keep_leaves(self, model_id: ModelId, drawn: Drawn) -> None:
        """The leaves into the blob store: before the record, so that no manifest is without them."""
        with TemporaryDirectory(prefix="openforyou-leaves-") as folder:
            staged = Path(folder) / "leaves"
            staged.write_bytes(drawn.tree.format())
            self._blobs.put(leaves_key(model_id), staged)
        self._remember(model_id, drawn.tree)

    def drop_leaves(self, model_id: ModelId) -> None:
        """Of a version whose marks a later one holds."""
        self._blobs.delete(leaves_key(model_id))

    def seal(self, connection: Connection, model_id: ModelId, drawn: Drawn | None, *, may_serve: bool) -> Signed:
        """Sign the registry's record as it stands in this transaction, and queue the log's record.

        Without `drawn` the data is that of the manifest which the model has: it was only judged anew.
        """
        model = models_store.find(connection, model_id)
        assert model is not None, "a record that was just written"
        told = drawn.told if drawn is not None else _of_data(self.signed(model).body)
        signed = sign(_body(model, told, may_serve=may_serve), self._key())
        store.set_signed(connection, model_id, signed.text, log_store.enqueue(connection, [signed.leaf()]))
        return signed

    def publish(self, model_id: ModelId, within_s: float = PUBLISHED_WITHIN_S) -> bool:
        """Have what waits written into the log; whether the model's record stands there within some seconds."""
        deadline = monotonic() + within_s
        while True:
            if self._publish is not None:
                self._publish()
            with self._database.connect() as connection:
                model = models_store.find(connection, model_id)
            with suppress(OpenForYouError):
                if model is not None and self.place(model) is not None:
                    return True
            if monotonic() >= deadline:
                _log.warning("the manifest of model %s waits for the log; it serves once it is there", model_id)
                return False
            sleep(0.1)

    # Checking

    def signed(self, model: Model) -> Signed:
        """The manifest of a model, its signature verified. Raises `BadManifest`."""
        if not model.signed:
            raise BadManifest(f"Model {encode_id(model.id)} has no signed manifest.", hint=_HINT)
        return opened(model.signed, [self._key().verifying])

    def about(self, model: Model) -> Signed:
        """The same, and that it is about this model and its weights. Raises `BadManifest`."""
        signed, name = self.signed(model), f"The manifest of model {encode_id(model.id)}"
        if signed.body["model"] != encode_id(model.id):
            raise BadManifest(f"{name} is that of model {signed.body['model']}.", hint=_HINT)
        if signed.body["weights"] != model.weights_sha256:
            raise BadManifest(f"{name} is about other weights than the registry names.", hint=_HINT)
        return signed

    def check(self, model: Model) -> Signed:
        """That a model may serve: its manifest is signed, says what the registry says, and stands in the log.

        Raises `BadManifest` naming what is wrong, `NotInTheLogYet` while the log has not got it, or the ledger's own
        where the log cannot be read. The weights are held against the same hash by whoever reads them.
        """
        signed, name = self.about(model), f"The manifest of model {encode_id(model.id)}"
        body = signed.body
        if body.get("record") != digest(dict(model.manifest)):
            raise BadManifest(f"{name} was signed over another record than the registry has.", hint=_HINT)
        if body.get("may_serve") is not True:
            raise BadManifest(f"{name} says that the gate did not let it through.", hint=_HINT)
        try:
            if self.place(model) is None:
                raise NotInTheLogYet(f"{name} waits for the log.", hint="It serves once its record stands there.")
        except NotInLog as error:
            raise BadManifest(f"{name} is not in the log: {error.message}", hint=_HINT) from error
        return signed

    def place(self, model: Model) -> int | None:
        """Where the log holds the record of a model's manifest, by proof; None while it waits.

        Raises `NotInLog`, `BadManifest`, `LedgerError`.
        """
        proven = self.receipt(model)
        return None if proven is None else proven.index

    def receipt(self, model: Model) -> Proof | None:
        """The proof that the log holds it, good without us; None while it waits."""
        return self.proof(model.leaf_seq, self.signed(model).leaf())

    def proof(self, seq: int, leaf: bytes) -> Proof | None:
        """That the log holds a record which was put on its way under that number; None while it waits.

        Raises `NotInLog`, `LedgerError`.
        """
        index = self._receipts.place(seq, leaf)
        if index is None:
            return None
        data = self._log.checkpoint_bytes()
        head = open_checkpoint(data, self._key().verifying)
        return Proof(index, tuple(self._log.inclusion_proof(index, head.size, head.root)), data)

    def tree(self, model: Model) -> Tree:
        """The leaves of a model, held against its manifest. Raises `BadManifest`."""
        signed = self.signed(model)
        known = self._trees.get(model.id)
        if known is not None and known.root == signed.root:
            return known
        try:
            with self._blobs.open(leaves_key(model.id)) as file:
                tree = Tree.parse(file.read())
        except NotFound as error:
            raise BadManifest(f"The leaves of model {encode_id(model.id)} are gone.", hint=_HINT) from error
        if tree.root != signed.root:
            raise BadManifest(f"The leaves of model {encode_id(model.id)} are not those of its manifest.", hint=_HINT)
        self._remember(model.id, tree)
        return tree

    def _remember(self, model_id: ModelId, tree: Tree) -> None:
        held = dict(list(self._trees.items())[1 - TREES_HELD :])
        self._trees = {**held, model_id: tree}

    def _head(self, size: int) -> dict[str, Any]:
        """The log's tree of `size` leaves, in which rights were read."""
        root = EMPTY_ROOT
        if size:
            head = open_checkpoint(self._log.checkpoint_bytes(), self._key().verifying)
            root = self._log.root(size, head.size)
        return {"origin": self._key().name, "size": size, "root": root.hex()}


def leaves_key(model_id: ModelId) -> str:
    """Where the leaves of a model lie. Weights go, these stay."""
    return f"{PREFIX}{encode_id(model_id)}.leaves"


def _body(model: Model, told: Mapping[str, Any], *, may_serve: bool) -> dict[str, Any]:
    """The manifest: what was drawn from the data, and what the registry says of the model."""
    said = model.manifest
    is_update = "base" in said
    return {
        **told,
        "form": FORM,
        "model": encode_id(model.id),
        "kind": "update" if is_update else "trained",
        "base": said.get("base", ""),
        "parent": said.get("parent", ""),
        "created_at": model.created_at.isoformat(),
        "weights": model.weights_sha256,
        "settings": said.get("settings_digest", ""),
        "seed": said.get("seed", 0),
        "code_version": said.get("code_version", __version__),
        "metrics": said.get("exam" if is_update else "metrics", {}),
        "may_serve": may_serve,
        "record": digest(dict(said)),
    }


_DATA = ("dataset", "rights", "sources", "checkpoint", "encoders")


def _of_data(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in _DATA}


def tells_people(name: str) -> bool:
    """Whether the content vectors of that encoder tell who somebody is, by its own declaration."""
    return name == CONTENT_ENCODER and any(Describes.BIOMETRIC in encoder.declares for encoder, _ in encoders.BLOCKS)


def _encoders(name: str) -> list[dict[str, Any]]:
    """What made the content vectors, and what each part of it declares that it tells."""
    if name != CONTENT_ENCODER:
        return [{"name": name, "declares": []}] if name else []
    return [
        {"name": encoder.name, "declares": sorted(one.value for one in encoder.declares), "share": share}
        for encoder, share in encoders.BLOCKS
    ]
