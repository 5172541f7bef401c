"""A manifest in the form in which it is signed and logged. Pure, and all that is needed to check one elsewhere.

One line of canonical JSON and a newline, signed as a note (C2SP signed-note) with the key of the log: whoever trusts
the log holds the one key that it takes. A checkpoint has three lines and more, so that neither can be taken for the
other. The log's record names the SHA-256 of that line, newline included.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openforyou.core.encoding import canonical_json
from openforyou.events.leaf import encode_record
from openforyou.learn.manifest.errors import BadManifest
from openforyou.ledger import note
from openforyou.ledger.errors import LedgerError
from openforyou.ledger.keys import SigningKey, VerifyingKey

FORM = "openforyou-model-manifest-1"
MODEL = "model"
"""The type of the log's record."""
RECORD_FIELDS = frozenset({"model", "kind", "manifest", "dataset", "size", "weights"})


@dataclass(frozen=True, slots=True)
class Signed:
    """A manifest whose signature has been verified, or was just made."""

    text: str
    """The whole note."""
    body: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of the signed line."""
        return _digest(note.parse_note(self.text.encode()).text)

    @property
    def root(self) -> bytes:
        """Of the tree over those that were learned from."""
        return bytes.fromhex(self.body["dataset"]["root"])

    @property
    def size(self) -> int:
        """How many leaves that tree has."""
        return int(self.body["dataset"]["size"])

    @property
    def nonce(self) -> bytes:
        """Under which its keys were made."""
        return bytes.fromhex(self.body["dataset"]["nonce"])

    def leaf(self) -> bytes:
        """The log's record of it."""
        body = self.body
        told = {"model": body["model"], "kind": body["kind"], "manifest": self.digest, "weights": body["weights"]}
        return encode_record(MODEL, {**told, "dataset": body["dataset"]["root"], "size": body["dataset"]["size"]})


def sign(body: Mapping[str, Any], key: SigningKey) -> Signed:
    """The manifest, signed."""
    assert body["form"] == FORM
    return Signed(note.sign(canonical_json(body).decode() + "\n", key).decode(), body)


def opened(text: str, keys: Sequence[VerifyingKey]) -> Signed:
    """The manifest in a note that one of `keys` signed. Raises `BadManifest`."""
    try:
        found = note.parse_note(text.encode())
        note.verify(found, keys)
    except (LedgerError, UnicodeEncodeError, ValueError) as error:
        words = error.message if isinstance(error, LedgerError) else str(error)
        raise BadManifest(f"The manifest is not signed as it must be: {words}.") from error
    try:
        body = json.loads(found.text)
        signed = Signed(text, body)
        if body["form"] != FORM or canonical_json(body).decode() + "\n" != found.text:
            raise BadManifest(f"The signed text is no {FORM}.")
        if len(signed.root) != hashlib.sha256().digest_size or signed.size < 0 or not signed.nonce:
            raise BadManifest("The manifest names no tree.")
        signed.leaf()
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadManifest("The signed text is no manifest of a model.") from error
    return signed


def _digest(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()
