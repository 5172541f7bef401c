"""One canonical form of a value, so that a hash of it means the same everywhere.

JSON with sorted keys, no white space, UTF-8: the common subset of RFC 8785. Numbers that are not finite have
no JSON form and are refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """The canonical bytes of `value`. Raises `ValueError` for NaN or infinity, `TypeError` for a foreign type."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest(value: Any) -> str:
    """SHA-256 of the canonical form, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def to_base64url(data: bytes) -> str:
    """URL-safe base 64 without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes behind `to_base64url`. Raises `ValueError` on anything else."""
    if "+" in text or "/" in text:
        raise ValueError("this is plain base 64, not the alphabet for URLs")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
