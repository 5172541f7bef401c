"""Checkpoints (C2SP tlog-checkpoint): which log, how many leaves, and the root over them, as a signed note."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from openforyou.ledger import cosignature
from openforyou.ledger.errors import BadNote, BadSignature
from openforyou.ledger.keys import Algorithm, SigningKey, VerifyingKey, decode_base64
from openforyou.ledger.merkle import EMPTY_ROOT, HASH, SIZE_MAX
from openforyou.ledger.note import Note, Signature, check_text, parse_note

DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
"""A number as the formats of the log write it: no sign, no leading zero, below 10^19."""


@dataclass(frozen=True)
class Checkpoint:
    """The head of a tree. Raises `BadNote` where the fields cannot be a checkpoint's."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            if not line or "\n" in line:
                raise BadNote("the origin and each extension of a checkpoint is one line that is not empty")
        check_text(self.body())
        if not 0 <= self.size <= SIZE_MAX:
            raise BadNote(f"{self.size} is not the size of a tree")
        if len(self.root) != HASH:
            raise BadNote(f"the root hash has {len(self.root)} bytes, not {HASH}")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise BadNote("the root hash is not that of the empty tree")

    def body(self) -> str:
        """The text that is signed."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def parse_body(text: str) -> Checkpoint:
    """The checkpoint that a note's text is. Raises `BadNote`."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "":
        raise BadNote("a checkpoint has an origin, a size and a root hash, each on its line")
    origin, size, root, *extensions = lines
    if not DECIMAL.fullmatch(size):
        raise BadNote(f"{size[:80]!r} is not a tree size")
    try:
        root_hash = decode_base64(root)
    except ValueError as error:
        raise BadNote(f"{root[:80]!r} is not a root hash") from error
    return Checkpoint(origin, int(size), root_hash, tuple(extensions))


def parse_checkpoint(data: bytes) -> tuple[Checkpoint, Note]:
    """The checkpoint and the note around it. Nothing is verified. Raises `BadNote`."""
    note = parse_note(data)
    return parse_body(note.text), note


def sign(checkpoint: Checkpoint, key: SigningKey, *more: SigningKey) -> bytes:
    """The checkpoint, signed by its log. A second key may be of another type, such as ML-DSA-44 beside Ed25519.

    The keys bear the name of the log; raises `BadNote` where they do not. A log never signs two trees that contradict
    each other: that is the caller's to know.
    """
    signatures = []
    for signer in (key, *more):
        if signer.name != checkpoint.origin:
            raise BadNote(f"the key {signer.name} does not sign for the log {checkpoint.origin}")
        if signer.algorithm is Algorithm.MLDSA44_COSIGNATURE and checkpoint.extensions:
            raise BadNote("an ML-DSA-44 signature does not cover extension lines")
        signatures.append(
            cosignature.cosign(checkpoint, signer, 0)  # a log states no time
            if signer.algorithm.is_cosignature
            else Signature.by(signer, signer.sign_bytes(checkpoint.body().encode()))
        )
    return Note(checkpoint.body(), tuple(signatures)).format()


def open_checkpoint(data: bytes, log_key: VerifyingKey) -> Checkpoint:
    """The checkpoint in `data`, which is this log's and signed by it. Raises `BadNote` or `BadSignature`."""
    checkpoint, note = parse_checkpoint(data)
    verify_log(checkpoint, note, (log_key,))
    return checkpoint


def verify_log(checkpoint: Checkpoint, note: Note, log_keys: Sequence[VerifyingKey]) -> VerifyingKey:
    """The first of `log_keys` that signed the checkpoint for a log of its own name.

    Raises `BadSignature` where none did, or one of them with a signature that does not verify. An ML-DSA-44 signature
    does not cover extension lines, so that a checkpoint with any is refused from such a key.
    """
    signed = []
    for key in log_keys:
        if key.name == checkpoint.origin:
            for line in note.signatures:
                if line.is_by(key):
                    _verify(checkpoint, line, key)
                    signed.append(key)
    if not signed:
        names = ", ".join(key.name for key in log_keys) or "no log at all"
        raise BadSignature(
            f"the checkpoint of {checkpoint.origin[:200]} is not signed by {names}",
            hint="Compare the vkey with the one that the log publishes.",
        )
    return signed[0]


def _verify(checkpoint: Checkpoint, signature: Signature, key: VerifyingKey) -> None:
    if key.algorithm.is_cosignature:
        cosignature.verify(checkpoint, signature, key)
        if key.algorithm is Algorithm.MLDSA44_COSIGNATURE and checkpoint.extensions:
            raise BadSignature(f"the signature by {key.name} does not cover the extension lines of the checkpoint")
    elif not key.verifies(signature.data, checkpoint.body().encode()):
        raise BadSignature(f"the signature by {key.name} does not verify")
