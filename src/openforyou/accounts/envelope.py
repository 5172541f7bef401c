"""What is kept for somebody under a secret that only they hold: a session's token, a code, a challenge.

The secret itself is never stored, only its SHA-256, by which the row is found. So a copy of the table opens nothing,
and whoever comes with the secret needs nobody else's key.

    envelope  1 ‖ nonce (12) ‖ AES-256-GCM(HKDF-SHA-256(secret, purpose), JSON and spaces to whole blocks ‖ tag (16))

The key is made under a name of its own for each purpose, which no hash of the secret is; what the envelope is bound to
stands beside it in the row. Where either was changed it does not open.
"""

from __future__ import annotations

import json
import os
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from openforyou.core.encoding import canonical_json

KEY_BYTES, NONCE_BYTES, TAG_BYTES, BLOCK_BYTES = 32, 12, 16, 64
_VERSION = b"\x01"


class Sealing(StrEnum):
    """What an envelope is for; one for one purpose opens for no other."""

    SESSION = "session"
    INVITATION = "invitation"
    SIGN_UP = "sign-up"


def closed(secret: bytes, sealing: Sealing, bound: bytes, told: dict[str, Any]) -> bytes:
    """`told` as an envelope. `secret` must be one that nobody can guess: 93 bits or more."""
    plain = canonical_json(told)
    blocks = -(-len(plain) // BLOCK_BYTES)
    nonce = os.urandom(NONCE_BYTES)
    padded = plain.ljust(blocks * BLOCK_BYTES)
    return _VERSION + nonce + AESGCM(_key(secret, sealing)).encrypt(nonce, padded, bound)


def opened(secret: bytes, sealing: Sealing, bound: bytes, envelope: bytes) -> dict[str, Any] | None:
    """What `closed` was given; None where the envelope is not for this secret, this purpose and what it is bound to."""
    if len(envelope) < 1 + NONCE_BYTES + TAG_BYTES or envelope[:1] != _VERSION:
        return None
    nonce, body = envelope[1 : 1 + NONCE_BYTES], envelope[1 + NONCE_BYTES :]
    try:
        plain = AESGCM(_key(secret, sealing)).decrypt(nonce, body, bound)
    except InvalidTag:
        return None
    told: dict[str, Any] = json.loads(plain)
    return told


def _key(secret: bytes, sealing: Sealing) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"ofy-envelope-1 " + sealing.encode()).derive(secret)
