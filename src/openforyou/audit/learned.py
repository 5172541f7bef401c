"""Whether a model learned from somebody, by a file of proofs and the key of the log alone.

Each proof says that a subject is in the tree of a model or is not; the manifest of the model names that tree and is
signed with the key of the log; a receipt shows that the log holds the manifest's record. All four are checked here.

What it cannot show: that the platform has no other model, and that a tree in which a subject is absent has its leaves
in order throughout. The records of the log name every model that may have served, and the leaves of each are public
(`GET /v1/models/{id}/leaves`): `openforyou models check` reads them whole.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openforyou.audit.trust import Trust
from openforyou.core.errors import BadInput
from openforyou.core.ids import decode_id
from openforyou.learn.manifest.asking import FORM
from openforyou.learn.manifest.errors import BadManifest
from openforyou.learn.manifest.signing import Signed, opened
from openforyou.learn.manifest.tree import CARRIED, KEY_BYTES, KINDS, Held, is_in, key_of
from openforyou.ledger.proof import Proof

SECRET_BYTES = 32
_HINT = "It is what `openforyou learned-from --proof` writes, or the page “What learned from me” gives."


@dataclass(frozen=True, slots=True)
class Shown:
    """What a proof shows of one subject and one model."""

    kind: str
    id: str
    model: str
    learned: bool
    holds_rows: bool
    read_at: str
    """When the rights were read on which the model's data stands."""
    leaf: int | None
    """Where the log holds the model's record; None: it waits there, and the model does not serve."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Learned:
    """A file of proofs, all of which hold."""

    shown: tuple[Shown, ...]
    vkey: str

    def as_dict(self) -> dict[str, Any]:
        """The JSON document of `openforyou verify --proof`."""
        return {"ok": True, "vkey": self.vkey, "proofs": [one.as_dict() for one in self.shown]}


def check_learned(data: bytes, trust: Trust, now: datetime) -> Learned:
    """Check a file of proofs. Raises `BadManifest`, or what `Proof.verify` raises, at the first that does not hold."""
    told = _document(data)
    keys = [log.key for log in trust.policy.logs]
    models: dict[str, tuple[Signed, int | None]] = {}
    for name, model in told["models"].items():
        signed = opened(_text(model, "manifest"), keys)
        if signed.body["model"] != name:
            raise BadManifest(f"The manifest given for model {name} is that of {signed.body['model']}.")
        models[name] = signed, _leaf(signed, _text(model, "receipt"), trust, now)
    shown = []
    for about in told["subjects"]:
        kind, name, secret = _subject(about)
        if set(about["proofs"]) != set(models):
            raise BadManifest(f"Not every model is asked about the {kind} {name}.", hint=_HINT)
        for model, leaves in about["proofs"].items():
            signed, leaf = models[model]
            proof = [Held.of(one) for one in leaves]
            key = key_of(secret, signed.nonce, kind, decode_id(name, "id"))
            learned = is_in(proof, key, signed.size, signed.root)
            rows = learned and proof[0].leaf[KEY_BYTES:] != CARRIED
            shown.append(Shown(kind, name, model, learned, rows, str(signed.body["rights"]["at"]), leaf))
    return Learned(tuple(shown), keys[0].vkey())


def _leaf(signed: Signed, receipt: str, trust: Trust, now: datetime) -> int | None:
    if not receipt:
        return None
    proof = Proof.parse(receipt.encode())
    proof.verify(signed.leaf(), trust.policy, now_s=int(now.timestamp()))
    return proof.index


def _document(data: bytes) -> dict[str, Any]:
    try:
        told = json.loads(data)
        whole = told["form"] == FORM and isinstance(told["models"], dict) and isinstance(told["subjects"], list)
        whole = whole and all(isinstance(one["proofs"], dict) for one in told["subjects"])
    except (ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if not whole:
        raise BadInput(f"This is no file of proofs of the form {FORM}.", hint=_HINT, field="proof")
    return dict(told)


def _text(model: Any, name: str) -> str:
    found = model.get(name) if isinstance(model, dict) else None
    if not isinstance(found, str):
        raise BadManifest(f"A model of the file has no {name}.", hint=_HINT)
    return found


def _subject(about: dict[str, Any]) -> tuple[str, str, bytes]:
    try:
        kind, name, secret = about["kind"], about["id"], bytes.fromhex(about["secret"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadManifest("A subject of the file has no kind, id and secret.", hint=_HINT) from error
    if kind not in KINDS or not isinstance(name, str) or len(secret) != SECRET_BYTES:
        raise BadManifest("A subject of the file is neither an item nor a viewer with their secret.", hint=_HINT)
    return kind, name, secret
