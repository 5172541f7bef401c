"""Keys of signed notes: their names, ids, texts and files (C2SP signed-note), and the three types that are used here.

    0x01  Ed25519                    a log signs its checkpoints
    0x04  Ed25519 cosignature        a witness adds the time
    0x06  ML-DSA-44 cosignature      the same, safe against quantum computers; a log may sign with it as well

A public key travels as a *vkey*, `name+id+base64(type ‖ key)`; a private one as `PRIVATE+KEY+name+id+base64(type ‖
seed)`, as Go's sumdb does it, in one line. Name and id together say which key made a signature; the id is a short hash,
so that it can be forged but not confused.
"""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from openforyou.ledger.errors import BadKey

KEY_ID_BYTES = 4
SEED_BYTES = 32
KEY_TEXT_CHARACTERS_MAX = 4096
_PRIVATE = "PRIVATE+KEY+"


class Algorithm(IntEnum):
    """The signature type byte."""

    ED25519 = 0x01
    ED25519_COSIGNATURE = 0x04
    MLDSA44_COSIGNATURE = 0x06

    @property
    def is_cosignature(self) -> bool:
        """Whether its signatures carry a time and are made over more than the text of a note."""
        return self is not Algorithm.ED25519

    @property
    def public_bytes(self) -> int:
        """The length of a public key."""
        return 1312 if self is Algorithm.MLDSA44_COSIGNATURE else 32

    @property
    def signature_bytes(self) -> int:
        """The length of a bare signature, without key id and time."""
        return 2420 if self is Algorithm.MLDSA44_COSIGNATURE else 64


@dataclass(frozen=True)
class VerifyingKey:
    """A public key under a name. Raises `BadKey` where the name or the key's length cannot be."""

    name: str
    algorithm: Algorithm
    public: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise BadKey(
                f"{self.name!r} is not a key name", hint="It has at least one character, no space and no plus."
            )
        if len(self.public) != self.algorithm.public_bytes:
            raise BadKey(f"the key {self.name} has {len(self.public)} bytes, not {self.algorithm.public_bytes}")

    @classmethod
    def from_vkey(cls, text: str) -> VerifyingKey:
        """The key behind a vkey. Raises `BadKey`, also where the id does not belong to the key."""
        name, key_id, algorithm, public = _read_key(text, "verifier key")
        key = cls(name, algorithm, public)
        if key.key_id != key_id:
            raise BadKey(f"the verifier key {name} says {key_id:08x} for itself, but is {key.key_id:08x}")
        return key

    @cached_property
    def key_id(self) -> int:
        """SHA-256(name ‖ newline ‖ type ‖ key), the first four bytes, big-endian."""
        material = self.name.encode() + b"\n" + bytes((self.algorithm,)) + self.public
        return int.from_bytes(hashlib.sha256(material).digest()[:KEY_ID_BYTES], "big")

    def vkey(self) -> str:
        """The public text form."""
        return f"{self.name}+{self.key_id:08x}+{_encode(bytes((self.algorithm,)) + self.public)}"

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the bare `signature` is this key's over exactly `message`."""
        if len(signature) != self.algorithm.signature_bytes:
            return False
        try:
            self._public_key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    @cached_property
    def _public_key(self) -> Ed25519PublicKey | MLDSA44PublicKey:
        if self.algorithm is Algorithm.MLDSA44_COSIGNATURE:
            return MLDSA44PublicKey.from_public_bytes(self.public)
        return Ed25519PublicKey.from_public_bytes(self.public)


class SigningKey:
    """A private key under a name. Its text is the secret: neither `repr` nor an error shows it."""

    def __init__(self, name: str, algorithm: Algorithm, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise BadKey(f"the seed of the key {name} has {len(seed)} bytes, not {SEED_BYTES}")
        self._seed = seed
        self._private_key: Ed25519PrivateKey | MLDSA44PrivateKey = (
            MLDSA44PrivateKey.from_seed_bytes(seed)
            if algorithm is Algorithm.MLDSA44_COSIGNATURE
            else Ed25519PrivateKey.from_private_bytes(seed)
        )
        self.verifying = VerifyingKey(name, algorithm, self._private_key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r}, {self.algorithm!r}, id={self.key_id:08x})"

    @classmethod
    def generate(cls, name: str, algorithm: Algorithm = Algorithm.ED25519) -> SigningKey:
        """A new key from the system's randomness."""
        return cls(name, algorithm, os.urandom(SEED_BYTES))

    @classmethod
    def from_text(cls, text: str) -> SigningKey:
        """The key behind `text()`. Raises `BadKey`."""
        if not text.startswith(_PRIVATE):
            raise BadKey(f"a private key starts with {_PRIVATE}")
        name, key_id, algorithm, seed = _read_key(text.removeprefix(_PRIVATE), "private key")
        key = cls(name, algorithm, seed)
        if key.key_id != key_id:
            raise BadKey(f"the private key {name} says {key_id:08x} for itself, but is {key.key_id:08x}")
        return key

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """The key in a file that `save` wrote. Raises `BadKey` naming the file; `OSError` where it cannot be read."""
        with path.open("rb") as file:
            data = file.read(KEY_TEXT_CHARACTERS_MAX + 1)
        try:
            return cls.from_text(data.decode("utf-8").removesuffix("\n"))
        except (BadKey, UnicodeDecodeError) as error:
            reason = error.message if isinstance(error, BadKey) else "not text"
            raise BadKey(f"{path} holds no private key: {reason}", hint="Put back a copy of the key.") from error

    @property
    def name(self) -> str:
        """The key's name."""
        return self.verifying.name

    @property
    def key_id(self) -> int:
        """The key's id."""
        return self.verifying.key_id

    @property
    def algorithm(self) -> Algorithm:
        """The signature type."""
        return self.verifying.algorithm

    def vkey(self) -> str:
        """The public text form of its public half."""
        return self.verifying.vkey()

    def text(self) -> str:
        """The private text form: whoever has it can sign."""
        return f"{_PRIVATE}{self.name}+{self.key_id:08x}+{_encode(bytes((self.algorithm,)) + self._seed)}"

    def save(self, path: Path) -> None:
        """Write a file that only its owner can read, whole and durable or not at all. Never replaces one.

        Raises `FileExistsError` where something lies there.
        """
        handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # readable by its owner alone
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.text().encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(unfinished, path)
        finally:
            Path(unfinished).unlink()
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def sign_bytes(self, message: bytes) -> bytes:
        """The bare signature over exactly `message`."""
        return self._private_key.sign(message)


def is_key_name(name: str) -> bool:
    """Not empty, no space of any script, no plus, no control character, and text that UTF-8 can hold."""
    return bool(name) and not any(
        character.isspace() or character == "+" or character < " " or "\ud800" <= character <= "\udfff"
        for character in name
    )


def decode_base64(text: str) -> bytes:
    """The bytes behind standard base 64 in its one canonical spelling. Raises `ValueError` for any other."""
    data = base64.b64decode(text, validate=True)
    if _encode(data) != text:
        raise ValueError("not the canonical base 64")
    return data


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _read_key(text: str, what: str) -> tuple[str, int, Algorithm, bytes]:
    if len(text) > KEY_TEXT_CHARACTERS_MAX:
        raise BadKey(f"a {what} has {KEY_TEXT_CHARACTERS_MAX} characters at most")
    malformed = BadKey(f"not a {what}", hint="It reads NAME+ID+KEY: a name, eight hexadecimal digits, base 64.")
    name, *rest = text.split("+", 2)  # base 64 has plus signs of its own
    if len(rest) != 2:
        raise malformed
    digits, encoded = rest
    if len(digits) != 2 * KEY_ID_BYTES or set(digits) - set("0123456789abcdef"):
        raise malformed
    try:
        data = decode_base64(encoded)
    except ValueError as error:
        raise malformed from error
    if not data:
        raise malformed
    try:
        algorithm = Algorithm(data[0])
    except ValueError as error:
        known = ", ".join(f"0x{known:02x}" for known in Algorithm)
        raise BadKey(f"the {what} {name!r} is of type 0x{data[0]:02x}", hint=f"Types here are {known}.") from error
    return name, int(digits, 16), algorithm, data[1:]
