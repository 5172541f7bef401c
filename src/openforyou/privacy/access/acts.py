"""What staff sign, and whether they did: the text of an act, its making, its verification.

An act is canonical JSON, `{"act", "at", "body", "broker", "by", "nonce"}`, and the signature covers a line that names
the format, a newline, and that text. It names the broker that it is for, so that it counts at no other; a moment, so
that it is not kept for later; and a nonce of sixteen bytes, so that it counts once.

Two kinds of key sign: Ed25519 from a file, for the command line; ECDSA over P-256 with SHA-256, as WebCrypto makes it
with a key that never leaves the browser. Public keys are written `ed25519:…` and `p256:…`, base64url of the raw point.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from openforyou.core.encoding import canonical_json, from_base64url, to_base64url
from openforyou.privacy.access.errors import BadAct
from openforyou.privacy.access.types import Act, Doing

FORMAT = "openforyou-access-1"
NONCE_BYTES = 16
TEXT_CHARACTERS_MAX = 16_384
DRIFT = timedelta(minutes=5)
"""So far from the broker's time an act's may be."""
_NAMES = frozenset({"act", "at", "body", "broker", "by", "nonce"})
_NONCE = re.compile(r"[0-9a-f]{32}")
_HALF = 32


def write(doing: Doing, by: str, broker: str, body: Mapping[str, Any], at: datetime) -> str:
    """The text of a new act."""
    told = {
        "act": doing.value,
        "at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "body": dict(body),
        "broker": broker,
        "by": by,
        "nonce": secrets.token_hex(NONCE_BYTES),
    }
    return canonical_json(told).decode()


def signed_bytes(text: str) -> bytes:
    """What the signature of an act covers."""
    return f"{FORMAT}\n{text}".encode()


def sign(text: str, key: Ed25519PrivateKey) -> bytes:
    """With a key from a file."""
    return key.sign(signed_bytes(text))


def public_text(key: Ed25519PrivateKey) -> str:
    """As the registry keeps the public half."""
    return f"ed25519:{to_base64url(key.public_key().public_bytes_raw())}"


def fingerprint(public: str) -> str:
    """A public key in short, as two people compare it: `SHA256:` and 43 characters, over its written form."""
    return f"SHA256:{to_base64url(hashlib.sha256(public.encode()).digest())}"


def read(text: str, signature: bytes) -> Act:
    """The act that was sent; nothing is verified yet. Raises `BadAct`."""
    if len(text) > TEXT_CHARACTERS_MAX:
        raise BadAct(f"An act of {len(text)} characters is too long.", hint=f"At most {TEXT_CHARACTERS_MAX}.")
    try:
        told = json.loads(text)
        sound = isinstance(told, dict) and told.keys() == _NAMES and canonical_json(told) == text.encode()
        sound = (
            sound and isinstance(told["body"], dict) and all(isinstance(told[one], str) for one in _NAMES - {"body"})
        )
        if sound and _NONCE.fullmatch(told["nonce"]):
            at = datetime.fromisoformat(told["at"])
            if at.tzinfo is not None:
                doing = Doing(told["act"])
                return Act(doing, told["by"], told["broker"], at, told["nonce"], told["body"], text, signature)
    except (ValueError, RecursionError):
        pass
    raise BadAct("That is no act in its canonical form.", hint="Send what `openforyou access` signed.")


def check(act: Act, keys: Iterable[str], broker: str, now: datetime) -> None:
    """Whether it is for this broker, of now, and signed by one of `keys`. Raises `BadAct`."""
    if act.broker != broker:
        region, _, _ = act.broker.partition("/")
        here, _, _ = broker.partition("/")
        raise BadAct(
            f"That act is for the broker of {region[:40]!r}; this one keeps {here!r}.",
            hint="Staff act at the broker of their own region, and a person's data opens at theirs.",
            field="broker",
        )
    if not any(verifies(key, act.signature, signed_bytes(act.text)) for key in keys):
        raise BadAct(
            "The signature is not by who the act names.", hint="Sign with the key that you were enrolled with."
        )
    if abs(act.at - now) > DRIFT:
        raise BadAct(
            f"The act says {act.at:%Y-%m-%d %H:%M:%S} UTC, and it is {now:%Y-%m-%d %H:%M:%S}.",
            hint="Set your clock and sign it anew.",
            field="at",
        )


def check_public(text: str) -> str:
    """A public key as it may be enrolled. Raises `BadAct`."""
    kind, _, encoded = text.partition(":")
    try:
        data = from_base64url(encoded)
        if kind == "ed25519":
            Ed25519PublicKey.from_public_bytes(data)
            return text
        if kind == "p256":
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)
            return text
    except ValueError:
        pass
    raise BadAct("That is no public key.", hint="`openforyou access key` prints yours.", field="key")


def verifies(key: str, signature: bytes, message: bytes) -> bool:
    """Whether a public key in its written form made that signature."""
    kind, _, encoded = key.partition(":")
    data = from_base64url(encoded)
    try:
        if kind == "ed25519":
            Ed25519PublicKey.from_public_bytes(data).verify(signature, message)
            return True
        if len(signature) != 2 * _HALF:
            return False
        r, s = (int.from_bytes(half) for half in (signature[:_HALF], signature[_HALF:]))
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)
        point.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
