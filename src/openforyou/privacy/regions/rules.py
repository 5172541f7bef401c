"""Inventories, the word that ends a region, certificates and their record in the public log. Pure.

An inventory has an entry for each sealed field and each viewer's event secret: the canonical JSON of kind, field, and
two keyed digests, of the person and of the plaintext, under a key that is made for one move and destroyed with it. The
root is that of the Merkle tree over the entries in order (RFC 9162), so that two inventories are equal when their roots
are, and a root tells nothing of anybody.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from openforyou.core.encoding import canonical_json
from openforyou.events.leaf import encode_record
from openforyou.ledger import note
from openforyou.ledger.errors import LedgerError
from openforyou.ledger.keys import SigningKey, VerifyingKey
from openforyou.ledger.merkle import EMPTY_ROOT, leaf_hashes, node_hash
from openforyou.privacy.regions.errors import BadCertificate
from openforyou.privacy.vault.crypto import REGION
from openforyou.privacy.vault.types import Subject

FORM = "openforyou-region-move-1"
END_FORM = "openforyou-end-region-1"
MOVE = "region_move"
"""The type of the log's record."""
QUORUM = 2
CANARY_DOMAIN = "canary.invalid"
_RECORD = frozenset({"move", "certificate", "from", "to", "keys", "at"})
_BODY = frozenset(
    {"form", "move", "from", "to", "at", "keys", "inventory", "destroyed", "scan", "marks", "canaries", "log"}
)
_HASH = re.compile(r"[0-9a-f]{64}")


def entry(key: bytes, subject: Subject, field: str, value: bytes) -> bytes:
    """One line of an inventory."""
    who = f"{subject.kind.value}:{subject.id}".encode()
    told = {"kind": subject.kind.value, "who": _keyed(key, b"who\n" + who), "field": field}
    return canonical_json({**told, "value": _keyed(key, b"value\n" + who + b"\n" + value)})


def root(entries: Iterable[bytes]) -> bytes:
    """(32,) bytes of the tree over the entries in order."""
    hashes = leaf_hashes(sorted(entries))
    return _root(hashes) if hashes else EMPTY_ROOT


def canary_email(key: bytes, number: int) -> str:
    """What is sealed for a person who does not exist; whoever has the move's key can say it again."""
    said = _keyed(key, b"canary\n%d" % number)
    return f"canary-{said[:32]}@{CANARY_DOMAIN}"


def end_word(broker: str, fingerprint: str, told: Mapping[str, Any]) -> str:
    """The text by whose signatures a region's keys are destroyed. `told` names the move, its target and inventory."""
    return canonical_json({**told, "form": END_FORM, "broker": broker, "fingerprint": fingerprint}).decode()


def end_bytes(text: str) -> bytes:
    """What a signature of such a text covers: nothing else that staff sign begins so."""
    return f"{END_FORM}\n{text}".encode()


def certify(body: Mapping[str, Any], key: SigningKey) -> str:
    """The certificate: one line of canonical JSON, signed as a note with the key of the log."""
    problem_ = problem(body)
    if problem_:
        raise BadCertificate(problem_)
    return note.sign(canonical_json(body).decode() + "\n", key).decode()


def opened(text: str, keys: Sequence[VerifyingKey]) -> dict[str, Any]:
    """What a certificate says that one of `keys` signed. Raises `BadCertificate`."""
    try:
        found = note.parse_note(text.encode())
        note.verify(found, keys)
        body = json.loads(found.text)
        if not isinstance(body, dict) or canonical_json(body).decode() + "\n" != found.text:
            raise BadCertificate("The signed text is not in its canonical form.")
    except (LedgerError, ValueError, RecursionError) as error:
        words = error.message if isinstance(error, LedgerError) else str(error)
        raise BadCertificate(
            f"The certificate is not signed as it must be: {words}.", hint="Ask for it again where it was made."
        ) from error
    wrong = problem(body)
    if wrong:
        raise BadCertificate(wrong)
    return body


def problem(body: Mapping[str, Any]) -> str:
    """What is wrong with what a certificate says; empty: nothing."""
    try:
        if body.keys() != _BODY or body["form"] != FORM:
            return "That is no certificate of a move."
        before, after = body["inventory"]["before"], body["inventory"]["after"]
        if before != after or not _HASH.fullmatch(before["root"]):
            return "The inventories of before and after are not equal."
        signers = body["destroyed"]["by"]
        if len(set(signers)) < QUORUM or body["destroyed"]["region"] != body["from"]:
            return "The keys of the region that was left were not destroyed by two."
        if body["scan"]["found"] or not body["scan"]["scanned"] or not body["scan"]["not_scanned"]:
            return "The scan found something, or does not say what it did not look at."
        if not body["scan"]["seen_before"]:
            return "No canary was seen before the move: a scan that finds nothing tells nothing."
        leaf(body, "0" * 64)
    except (KeyError, TypeError, AttributeError, ValueError, AssertionError):
        return "The certificate says what none can say."
    return ""


def leaf(body: Mapping[str, Any], certificate: str) -> bytes:
    """The log's record of a certificate, by its SHA-256."""
    told = {"move": body["move"], "certificate": certificate, "from": body["from"], "to": body["to"]}
    record = {**told, "keys": body["keys"], "at": body["at"]}
    assert is_sound(record), "a record of a move in another form"
    return encode_record(MOVE, record)


def digest_of(text: str) -> str:
    """By which the log names a certificate: SHA-256 of its signed line, newline included."""
    return hashlib.sha256(note.parse_note(text.encode()).text.encode()).hexdigest()


def is_sound(body: Mapping[str, Any]) -> bool:
    """Whether a record says what one of a move can say, in the one form."""
    try:
        at = datetime.fromisoformat(body["at"])
        return (
            body.keys() == _RECORD
            and all(isinstance(body[name], str) and REGION.fullmatch(body[name]) for name in ("from", "to"))
            and body["from"] != body["to"]
            and _HASH.fullmatch(body["certificate"]) is not None
            and re.fullmatch("[0-9a-f]{16}", body["move"]) is not None
            and type(body["keys"]) is int
            and body["keys"] >= 0
            and at.tzinfo is not None
        )
    except (KeyError, TypeError, ValueError):
        return False


def _root(hashes: Sequence[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(_root(hashes[:split]), _root(hashes[split:]))


def _keyed(key: bytes, said: bytes) -> str:
    return hmac.digest(key, said, hashlib.sha256).hex()
