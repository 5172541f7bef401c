"""Whether a model learned from somebody, by a file of proofs and the key of the log alone.

Each proof says that a subject is in the tree of a model or is not; the manifest of the model names that tree and is
signed with the key of the log; a receipt shows that the log holds the manifest's record; and a word about the subject
in the log, made under the same secret, shows that the platform names the secret to which it bound itself before. All
of them are checked here.

What it cannot show: that the platform has no other model, and that a tree in which a subject is absent has its leaves
in order throughout. The records of the log name every model that may have served, and the leaves of each are public
(`GET /v1/models/{id}/leaves`): `openforyou models check` reads them whole.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openforyou.audit.trust import Trust
from openforyou.catalog.rights.rules import DOMAIN, RIGHT
from openforyou.core.errors import BadInput
from openforyou.core.ids import decode_id
from openforyou.events.leaf import encode_record
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
    is_bound: bool
    """Whether the log binds the platform to the secret. It does from the first word about the subject's rights on; of
    whom nothing was ever said, nothing can have been learned by right."""

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
        is_bound = _binds(about.get("word"), (kind, name, secret), trust, now)
        if set(about["proofs"]) != set(models):
            raise BadManifest(f"Not every model is asked about the {kind} {name}.", hint=_HINT)
        for model, leaves in about["proofs"].items():
            signed, leaf = models[model]
            proof = [Held.of(one) for one in leaves]
            key = key_of(secret, signed.nonce, kind, decode_id(name, "id"))
            learned = is_in(proof, key, signed.size, signed.root)
            rows = learned and proof[0].leaf[KEY_BYTES:] != CARRIED
            shown.append(Shown(kind, name, model, learned, rows, str(signed.body["rights"]["at"]), leaf, is_bound))
    return Learned(tuple(shown), keys[0].vkey())


def _binds(word: Any, subject: tuple[str, str, bytes], trust: Trust, now: datetime) -> bool:
    """Whether a word about the subject is in the log under that secret. Raises `BadManifest` where it is another's."""
    if word is None:
        return False
    kind, name, secret = subject
    said, receipt = _text(word, "said"), _text(word, "receipt")
    try:
        told = json.loads(said)
        about = {"v": told["v"], "act": told["act"], "right": told["right"], "kind": told["kind"]}
        is_theirs = (told["kind"], told["subject"]) == (kind, name)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadManifest(f"The word about the {kind} {name} cannot be read.", hint=_HINT) from error
    if not is_theirs:
        raise BadManifest(f"The word given for the {kind} {name} is about another.", hint=_HINT)
    mark = hmac.new(secret, DOMAIN + said.encode(), hashlib.sha256).hexdigest()
    proof = Proof.parse(receipt.encode())
    proof.verify(encode_record(RIGHT, about | {"commitment": mark}), trust.policy, now_s=int(now.timestamp()))
    return True


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


def _text(part: Any, name: str) -> str:
    found = part.get(name) if isinstance(part, dict) else None
    if not isinstance(found, str):
        raise BadManifest(f"A part of the file has no {name}.", hint=_HINT)
    return found


def _subject(about: dict[str, Any]) -> tuple[str, str, bytes]:
    try:
        kind, name, secret = about["kind"], about["id"], bytes.fromhex(about["secret"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadManifest("A subject of the file has no kind, id and secret.", hint=_HINT) from error
    if kind not in KINDS or not isinstance(name, str) or len(secret) != SECRET_BYTES:
        raise BadManifest("A subject of the file is neither an item nor a viewer with their secret.", hint=_HINT)
    return kind, name, secret
