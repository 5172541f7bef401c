"""Which models learned from an item or a viewer, since when and by what right, with proof for whoever asks.

Asked are all models that were ever trained and signed, those in service and those whose weights are gone, and of each
the newest update: its tree holds whoever any update before it learned from. An answer without its proof is a claim; the
file of proofs is checked by `openforyou verify --proof`, without us. It holds a secret: it is for its owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openforyou.catalog.rights import rules as rights
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.secrets import secrets_for
from openforyou.catalog.rights.types import RightEvent
from openforyou.core.encoding import canonical_json
from openforyou.core.errors import OpenForYouError
from openforyou.core.ids import encode_id
from openforyou.learn import store as models_store
from openforyou.learn.manifest import store
from openforyou.learn.manifest.errors import BadManifest
from openforyou.learn.manifest.marks import Secrets
from openforyou.learn.manifest.rules import Granted, evidence, standing
from openforyou.learn.manifest.service import Manifests
from openforyou.learn.manifest.signing import Signed
from openforyou.learn.manifest.tree import CARRIED, KEY_BYTES, Held, Tree, key_of
from openforyou.learn.types import Model, ModelStatus
from openforyou.ledger.errors import LedgerError
from openforyou.storage.database import Database

FORM = "openforyou-learned-from-1"
Subject = tuple[str, int]
"""Kind and id."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A model that can be asked."""

    model: Model
    signed: Signed
    tree: Tree

    @property
    def is_in_service(self) -> bool:
        """Whether it serves or stands by."""
        return self.model.status is ModelStatus.SERVING


@dataclass(frozen=True, slots=True)
class Answer:
    """What one model has to do with one subject."""

    kind: str
    subject: int
    asked: Asked
    proof: tuple[Held, ...]
    learned: bool
    holds_rows: bool
    """False: an earlier version learned from it, and this one's data does not hold it any more."""
    right: Granted | None
    """On what it stood when the data was read."""

    @property
    def since(self) -> datetime | None:
        """When the model was begun that learned from it."""
        return self.asked.model.created_at if self.learned else None

    def as_dict(self) -> dict[str, Any]:
        """Without the proof."""
        model, right = self.asked.model, self.right
        return {
            "kind": self.kind,
            "id": encode_id(self.subject),
            "model": encode_id(model.id),
            "status": model.status.value,
            "learned": self.learned,
            "holds_rows": self.holds_rows,
            "since": None if self.since is None else self.since.isoformat(),
            "right": None
            if right is None or not self.learned
            else {
                "name": "learn",
                "grantor": right.by,
                "evidence": evidence(right.evidence),
                "since": right.since.isoformat(),
                "until": None if right.until is None else right.until.isoformat(),
            },
        }


@dataclass(frozen=True, slots=True)
class Answers:
    """Of several subjects, model by model, oldest model first."""

    answers: tuple[Answer, ...]
    asked: tuple[Asked, ...]
    """All models that were asked."""
    secrets: Secrets
    """Of each subject."""
    words: Mapping[Subject, RightEvent]
    """The first that was said of each, of whom anything was."""

    def as_dict(self) -> dict[str, Any]:
        """As a program reads it."""
        return {"models": len(self.asked), "answers": [one.as_dict() for one in self.answers]}


class Asking:
    """On one database. `manifests` holds the log and the leaves."""

    def __init__(self, database: Database, manifests: Manifests) -> None:
        self._database, self._manifests = database, manifests

    def models(self) -> list[Asked]:
        """All that can be asked, oldest first. One whose manifest or leaves do not hold is left out: `openforyou models
        check` says of each what is wrong."""
        with self._database.connect() as connection:
            models = [model for model in models_store.newest_first(connection) if model.signed]
        found = []
        for model in _newest_of_each(sorted(models, key=lambda model: (model.created_at, model.id))):
            try:
                found.append(Asked(model, self._manifests.signed(model), self._manifests.tree(model)))
            except BadManifest:
                continue
        return found

    def items_of(self, creator_id: int) -> list[Subject]:
        """Every item of a creator."""
        with self._database.connect() as connection:
            return [("item", one) for one in store.items_by(connection, creator_id)]

    def titles(self, ids: Iterable[int]) -> dict[int, str]:
        """Of items, shown or not: for their creator alone."""
        with self._database.connect() as connection:
            return store.titles_of(connection, list(ids))

    def subject(self, number: int) -> Subject:
        """The item of that id, or else the viewer: a viewer's id is known to nobody but them."""
        with self._database.connect() as connection:
            return ("item" if store.is_item(connection, number) else "viewer", number)

    def learned_from(self, subjects: Sequence[Subject]) -> Answers:
        """What every model has to do with each of those."""
        asked = self.models()
        by_kind = {kind: [one for of, one in subjects if of == kind] for kind in ("item", "viewer")}
        with self._database.begin() as connection:
            held = {kind: secrets_for(connection, kind, ids) for kind, ids in by_kind.items()}
            events = [event for kind, ids in by_kind.items() for event in rights_store.events_of(connection, kind, ids)]
        answers = []
        for one in asked:
            read = one.signed.body["rights"]
            counted = [event for event in events if event.seq < read["words"]]
            stands = standing(counted, datetime.fromisoformat(read["at"]))
            for kind, subject in subjects:
                key = key_of(held[kind][subject], one.signed.nonce, kind, subject)
                answers.append(_answer(one, (kind, subject), key, stands.get((kind, subject))))
        words = {}
        for event in sorted(events, key=lambda one: -one.seq):
            words[event.decision.subject_kind, event.decision.subject_id] = event
        return Answers(tuple(answers), tuple(asked), held, words)

    def manifest(self, model: Model) -> dict[str, Any]:
        """A model's manifest, and the receipt of the log for it; empty while that waits."""
        signed = self._manifests.signed(model)
        try:
            receipt = self._manifests.receipt(model)
        except (OpenForYouError, LedgerError):
            receipt = None
        return {"manifest": signed.text, "receipt": "" if receipt is None else receipt.format().decode()}

    def _word(self, event: RightEvent | None) -> dict[str, str] | None:
        """A word about a subject that the log holds, made under the secret of the subject: it binds us to that one."""
        if event is None:
            return None
        try:
            receipt = self._manifests.proof(event.seq, rights.leaf(event))
        except (OpenForYouError, LedgerError):
            return None
        if receipt is None:
            return None
        return {"said": canonical_json(rights.words_of(event)).decode(), "receipt": receipt.format().decode()}

    def file(self, found: Answers) -> dict[str, Any]:
        """All proofs of those answers, as `audit.learned` checks them. Reads the log for each model and subject."""
        subjects: dict[Subject, dict[str, Any]] = {}
        for one in found.answers:
            subject = (one.kind, one.subject)
            if subject not in subjects:
                subjects[subject] = {
                    "kind": one.kind,
                    "id": encode_id(one.subject),
                    "secret": found.secrets[one.kind][one.subject].hex(),
                    "word": self._word(found.words.get(subject)),
                    "proofs": {},
                }
            subjects[subject]["proofs"][encode_id(one.asked.model.id)] = [leaf.as_dict() for leaf in one.proof]
        return {
            "form": FORM,
            "models": {encode_id(one.model.id): self.manifest(one.model) for one in found.asked},
            "subjects": list(subjects.values()),
        }


def _answer(asked: Asked, subject: Subject, key: bytes, right: Granted | None) -> Answer:
    proof = asked.tree.prove(key)
    learned = len(proof) == 1 and proof[0].key == key
    holds_rows = learned and proof[0].leaf[KEY_BYTES:] != CARRIED
    return Answer(*subject, asked, proof, learned, holds_rows, right)


def _newest_of_each(models: Sequence[Model]) -> list[Model]:
    """Every trained model, and of the updates of each the newest, in the order given: oldest first."""
    newest: dict[str, Model] = {}
    for model in models:
        if base := str(model.manifest.get("base", "")):
            newest[base] = model
    return [model for model in models if "base" not in model.manifest or newest[model.manifest["base"]] is model]
