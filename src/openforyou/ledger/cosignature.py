"""Cosignatures (C2SP tlog-cosignature): a witness says that a checkpoint continues all that it saw, and when.

What is signed depends on the key's type. Ed25519 signs a header, the time and the whole text of the checkpoint;
ML-DSA-44 signs a binary record that also holds the witness's own name, but no extension lines.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from openforyou.ledger.errors import BadNote, BadSignature
from openforyou.ledger.keys import Algorithm, SigningKey, VerifyingKey
from openforyou.ledger.note import Signature

if TYPE_CHECKING:
    from openforyou.ledger.checkpoint import Checkpoint

TIME_MAX_S = (1 << 63) - 1
CLOCK_SKEW_MAX_S = 300
"""How far ahead of the reader's clock a witness's may be."""
_TIME_BYTES = 8
_NAME_BYTES_MAX = 255


def cosign(checkpoint: Checkpoint, key: SigningKey, at_s: int) -> Signature:
    """The signature line of a witness, at `at_s` seconds since 1970.

    The caller has checked that the checkpoint continues the last one it cosigned, and keeps it durably before it hands
    out the line. Raises `BadNote` where a name is too long to be signed.
    """
    _require_cosigner(key.verifying)
    if not 0 <= at_s <= TIME_MAX_S:
        raise ValueError(f"{at_s} is not a time")
    signature = key.sign_bytes(_message(checkpoint, key.verifying, at_s))
    return Signature.by(key, at_s.to_bytes(_TIME_BYTES, "big") + signature)


def verify(checkpoint: Checkpoint, signature: Signature, key: VerifyingKey) -> int:
    """When `key` cosigned the checkpoint, in seconds since 1970. Raises `BadSignature` where it did not.

    A time of 0 by an ML-DSA-44 key leaves open whether the tree was the largest one known.
    """
    _require_cosigner(key)
    time, bare = signature.data[:_TIME_BYTES], signature.data[_TIME_BYTES:]
    at_s = int.from_bytes(time, "big")
    if not signature.is_by(key) or len(time) != _TIME_BYTES or at_s > TIME_MAX_S:
        raise BadSignature(f"not a cosignature by {key.name}")
    try:
        message = _message(checkpoint, key, at_s)
    except BadNote as error:
        raise BadSignature(f"{key.name} cannot have cosigned this checkpoint: {error.message}") from error
    if not key.verifies(bare, message):
        raise BadSignature(f"the cosignature by {key.name} does not verify")
    return at_s


def is_from_the_future(at_s: int, now_s: int) -> bool:
    """Whether a cosignature of `at_s` cannot have been made by `now_s`, with some patience for clocks."""
    return at_s > now_s + CLOCK_SKEW_MAX_S


def _require_cosigner(key: VerifyingKey) -> None:
    if not key.algorithm.is_cosignature:
        raise ValueError(f"{key.name} is not a key for cosignatures")


def _message(checkpoint: Checkpoint, key: VerifyingKey, at_s: int) -> bytes:
    if key.algorithm is Algorithm.ED25519_COSIGNATURE:
        return f"cosignature/v1\ntime {at_s}\n{checkpoint.body()}".encode()
    name, origin = _counted(key.name), _counted(checkpoint.origin)
    start, end = 0, checkpoint.size  # a checkpoint is the subtree from the first leaf on
    return b"".join(
        (b"subtree/v1\n\x00", name, struct.pack(">Q", at_s), origin, struct.pack(">QQ", start, end), checkpoint.root)
    )


def _counted(text: str) -> bytes:
    data = text.encode()
    if len(data) > _NAME_BYTES_MAX:
        raise BadNote(f"a name of {len(data)} bytes is over the {_NAME_BYTES_MAX} that an ML-DSA-44 cosignature holds")
    return bytes((len(data),)) + data
