"""The sealing itself: bytes in, bytes out, no file and no network.

AES-256-GCM (NIST SP 800-38D) seals, with a random nonce of 96 bits (section 8.2.2): under one key no more than 2^32
values may be sealed so, and a person's key seals a handful, a region's as many as it has people. HKDF-SHA-256 (RFC
5869) makes one key a purpose out of a key, HMAC-SHA-256 (RFC 2104) the marks by which a value is found unread.

    seal     1 ‖ length of the region's name ‖ the name ‖ nonce (12) ‖ AES-GCM(key of seals, padded value ‖ tag (16))
    bound    the canonical bytes of format, kind, person, field and region: what was moved elsewhere does not open
    padded   value ‖ 0x80 ‖ zeros, to whole blocks of 32 bytes (ISO/IEC 7816-4), so that the length tells little
    wrapped  nonce (12) ‖ AES-GCM(the region's key, the person's key ‖ tag (16)), bound to kind, person and region
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from openforyou.core.encoding import canonical_json
from openforyou.privacy.vault.errors import Unopened, WrongRegion
from openforyou.privacy.vault.types import Field, Subject

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
BLOCK_BYTES = 32
VALUE_BYTES_MAX = 64 * 1024
REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_VERSION = 1


def new_key() -> bytes:
    """32 bytes from the operating system's generator."""
    return os.urandom(KEY_BYTES)


def derived(key: bytes, purpose: str) -> bytes:
    """(32,) bytes for one purpose: HKDF-SHA-256 without salt, for the key is uniform already (RFC 5869, 3.3)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"ofy-" + purpose.encode()).derive(key)


def seal(key: bytes, subject: Subject, field: Field, region: str, value: bytes) -> bytes:
    """`value` under the person's key, in the form above. At most `VALUE_BYTES_MAX` bytes."""
    assert len(value) <= VALUE_BYTES_MAX, "callers check the size"
    name = region.encode()
    nonce = os.urandom(NONCE_BYTES)
    body = AESGCM(derived(key, "seal-1")).encrypt(nonce, _padded(value), _bound(subject, field, region))
    return bytes((_VERSION, len(name))) + name + nonce + body


def open_sealed(key: bytes, subject: Subject, field: Field, region: str, sealed: bytes) -> bytes:
    """What `seal` was given. Raises `Unopened`, and `WrongRegion` where another region's broker must be asked."""
    require_region(sealed, region)
    start = 2 + sealed[1]
    nonce, body = sealed[start : start + NONCE_BYTES], sealed[start + NONCE_BYTES :]
    try:
        return _unpadded(AESGCM(derived(key, "seal-1")).decrypt(nonce, body, _bound(subject, field, region)))
    except InvalidTag:
        raise _unopened() from None


def region_of(sealed: bytes) -> str:
    """Where a seal says that it was made. Raises `Unopened` for what is none."""
    if len(sealed) < 2 or sealed[0] != _VERSION or len(sealed) < 2 + sealed[1] + NONCE_BYTES + TAG_BYTES:
        raise _unopened()
    name = sealed[2 : 2 + sealed[1]].decode("ascii", "replace")
    if REGION.fullmatch(name) is None:
        raise _unopened()
    return name


def require_region(sealed: bytes, region: str) -> None:
    """Raises `WrongRegion` for a seal of another region, `Unopened` for what is no seal."""
    home = region_of(sealed)
    if home != region:
        raise WrongRegion(
            f"This was sealed in the region {home}, and the broker asked holds the keys of {region}.",
            hint=f"Ask the broker of {home}.",
        )


def wrap(region_key: bytes, bound: bytes, key: bytes) -> bytes:
    """A key under the region's key, bound to what it is for."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(region_key).encrypt(nonce, key, bound)


def unwrap(region_key: bytes, bound: bytes, wrapped: bytes) -> bytes:
    """What `wrap` was given. Raises `Unopened`."""
    if len(wrapped) < NONCE_BYTES + TAG_BYTES:
        raise _unopened()
    try:
        return AESGCM(region_key).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound)
    except InvalidTag:
        raise _unopened() from None


def binding(subject: Subject, region: str, what: str = "key") -> bytes:
    """What a wrapped key is bound to."""
    return canonical_json({"format": "ofy-wrap-1", **_person(subject), "region": region, "what": what})


def mark(mark_key: bytes, purpose: str, value: bytes) -> bytes:
    """(32,) bytes, the same for the same value: HMAC-SHA-256 under a key of its own for each purpose."""
    return hmac.new(derived(mark_key, f"mark-{purpose}-1"), value, hashlib.sha256).digest()


def event_secret(key: bytes) -> bytes:
    """(32,) bytes: makes a viewer's nullifiers, and leads neither to the key nor to another secret."""
    return derived(key, "event-secret-1")


def _bound(subject: Subject, field: Field, region: str) -> bytes:
    return canonical_json({"format": "ofy-seal-1", **_person(subject), "field": field.value, "region": region})


def _person(subject: Subject) -> dict[str, str]:
    """The id as text: a number of 63 bits is not the same in every reader of JSON."""
    return {"kind": subject.kind.value, "id": str(subject.id)}


def _padded(value: bytes) -> bytes:
    return value + b"\x80" + bytes(-(len(value) + 1) % BLOCK_BYTES)


def _unpadded(padded: bytes) -> bytes:
    value, mark_, rest = padded.rpartition(b"\x80")
    if not mark_ or rest.strip(b"\x00"):
        raise _unopened()
    return value


def _unopened() -> Unopened:
    return Unopened(
        "The seal does not open: it was altered, or it is another person's, field's or key's.",
        hint="Put back the row as it was, from a backup of the database that belongs to this broker.",
    )
