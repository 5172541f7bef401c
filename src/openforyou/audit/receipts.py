"""Whether a receipt is good: that a leaf stands in a log, by its proof alone, without the log or a network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openforyou.audit.deeds import named
from openforyou.audit.trust import Trust
from openforyou.core.errors import BadInput
from openforyou.core.ids import MAX_ID, encode_id
from openforyou.events.leaf import Action, BadLeaf, Record, decode_leaf
from openforyou.ledger.proof import Proof


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a good receipt proves."""

    says: str
    """The leaf in words."""
    index: int
    log: dict[str, Any]
    witnesses: tuple[tuple[str, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """The JSON document of `openforyou verify --receipt`."""
        witnesses = [{"name": name, "at": at_s} for name, at_s in self.witnesses]
        return {"ok": True, "leaf": self.index, "says": self.says, "log": self.log, "witnesses": witnesses}


def check_receipt(data: bytes, leaf_hex: str, trust: Trust, now: datetime) -> Receipt:
    """What a `.tlog-proof` proves of the leaf. Raises `BadInput` for a leaf that is no hexadecimal text, and what
    `Proof.parse` and `Proof.verify` raise for a receipt that is not good.
    """
    try:
        leaf = bytes.fromhex(leaf_hex.strip())
    except ValueError as error:
        hint = "It is the header OpenForYou-Leaf that came with the receipt."
        raise BadInput(f"The leaf is no hexadecimal text: {leaf_hex[:40]!r}.", hint=hint, field="leaf") from error
    proof = Proof.parse(data)
    verified = proof.verify(leaf, trust.policy, now_s=int(now.timestamp()))
    head = verified.checkpoint
    log = {
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "vkey": verified.log.vkey(),
        "key_from": trust.key_from.value,
        "quorum": trust.policy.quorum,
    }
    return Receipt(_in_words(leaf), proof.index, log, verified.witnesses)


def _in_words(leaf: bytes) -> str:
    try:
        told = decode_leaf(leaf)
    except BadLeaf:
        return f"{len(leaf)} bytes that mean nothing here"
    if isinstance(told, Record):
        return f"a record of the type {told.type}"
    what = "creator" if told.action is Action.FOLLOW else "item"
    whose = encode_id(told.subject) if 0 < told.subject <= MAX_ID else str(told.subject)
    return f"{named(told.action)} of {what} {whose}, value {told.value}, nullifier {told.nullifier.hex()}"
