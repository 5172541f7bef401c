"""Signed notes (C2SP signed-note): a text, an empty line, and one line for each signature.

Parsing says only that the bytes have the form. Nobody may look at the text before a trusted key's signature has been
verified: here for plain Ed25519 keys, in `checkpoint` and `cosignature` for keys that sign more than the text.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from openforyou.ledger.errors import BadNote, BadSignature
from openforyou.ledger.keys import KEY_ID_BYTES, Algorithm, SigningKey, VerifyingKey, decode_base64, is_key_name

__all__ = [
    "NOTE_BYTES_MAX",
    "SIGNATURES_MAX",
    "Algorithm",
    "Note",
    "Signature",
    "SigningKey",
    "VerifyingKey",
    "check_text",
    "parse_note",
    "parse_signatures",
    "sign",
    "verify",
]

NOTE_BYTES_MAX = 1 << 20
SIGNATURES_MAX = 100

_DASH = "\N{EM DASH} "
_Key = TypeVar("_Key", SigningKey, VerifyingKey)


@dataclass(frozen=True)
class Signature:
    """One signature line: by which key, and the bytes after the key id. Nothing about it is verified."""

    name: str
    key_id: int
    data: bytes = field(repr=False)

    @classmethod
    def by(cls, key: SigningKey, data: bytes) -> Signature:
        """The line of a signature that `key` just made."""
        return cls(key.name, key.key_id, data)

    def line(self) -> str:
        """The line, with its newline."""
        data = self.key_id.to_bytes(KEY_ID_BYTES, "big") + self.data
        return f"{_DASH}{self.name} {base64.b64encode(data).decode()}\n"

    def is_by(self, key: VerifyingKey) -> bool:
        """Whether it says that `key` made it."""
        return self.name == key.name and self.key_id == key.key_id


@dataclass(frozen=True)
class Note:
    """A text that ends in a newline, and its signatures."""

    text: str
    signatures: tuple[Signature, ...] = ()

    def format(self) -> bytes:
        """The bytes of the note."""
        return (self.text + "\n" + "".join(signature.line() for signature in self.signatures)).encode()

    def with_signatures(self, added: Iterable[Signature]) -> Note:
        """The same text with more signatures after those it has; one that it has already is not added again."""
        return replace(self, signatures=tuple(dict.fromkeys((*self.signatures, *added))))


def parse_note(data: bytes) -> Note:
    """The note in `data`. Raises `BadNote` for anything that is not exactly one."""
    if len(data) > NOTE_BYTES_MAX:
        raise BadNote(f"a note of {len(data)} bytes is over the limit of {NOTE_BYTES_MAX}")
    content = _decode(data)
    cut = content.rfind("\n\n")
    if cut < 0:
        raise BadNote("a note has a text, an empty line and signatures; there is no empty line")
    signatures = _read_signatures(content[cut + 2 :])
    if not signatures:
        raise BadNote("the note has no signature")
    return Note(content[: cut + 1], signatures)


def parse_signatures(data: bytes) -> tuple[Signature, ...]:
    """Signature lines by themselves, as a witness answers. Raises `BadNote`."""
    if len(data) > NOTE_BYTES_MAX:
        raise BadNote(f"{len(data)} bytes of signatures are over the limit of {NOTE_BYTES_MAX}")
    return _read_signatures(_decode(data))


def sign(text: str, key: SigningKey, *more: SigningKey) -> bytes:
    """A note with `text`, signed with plain Ed25519 keys. Raises `BadNote` where the text cannot be a note's."""
    check_text(text)
    signers = _plain((key, *more))
    return Note(text, tuple(Signature.by(signer, signer.sign_bytes(text.encode())) for signer in signers)).format()


def verify(note: Note, keys: Sequence[VerifyingKey]) -> tuple[Signature, ...]:
    """The signatures by these plain Ed25519 keys, all of which verify.

    Signatures by other keys are passed over. Raises `BadSignature` where one by a known key does not verify, or none is
    there.
    """
    found = []
    for key in _plain(keys):
        for signature in note.signatures:
            if signature.is_by(key):
                if not key.verifies(signature.data, note.text.encode()):
                    raise BadSignature(f"the signature by {key.name} does not verify")
                found.append(signature)
    if not found:
        names = ", ".join(key.name for key in keys) or "no key at all"
        raise BadSignature(f"the note is not signed by {names}")
    return tuple(found)


def check_text(text: str) -> None:
    """Raises `BadNote` unless `text` ends in a newline and holds no other control character."""
    if not text.endswith("\n"):
        raise BadNote("the text of a note ends in a newline")
    _check_characters(text)


def _plain(keys: Sequence[_Key]) -> Sequence[_Key]:
    for key in keys:
        if key.algorithm is not Algorithm.ED25519:
            raise ValueError(f"{key.name} signs checkpoints, not any note")
    return keys


def _decode(data: bytes) -> str:
    try:
        content = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadNote(f"not UTF-8 at byte {error.start}") from error
    _check_characters(content)
    return content


def _check_characters(content: str) -> None:
    for character in set(content):
        if character < " " and character != "\n":
            raise BadNote(f"a note holds no control character, but there is {character!r}")
        if "\ud800" <= character <= "\udfff":
            raise BadNote("a note holds only what UTF-8 can write")


def _read_signatures(lines: str) -> tuple[Signature, ...]:
    if not lines:
        return ()
    if not lines.endswith("\n"):
        raise BadNote("the last signature line does not end in a newline")
    if lines.count("\n") > SIGNATURES_MAX:
        raise BadNote(f"over {SIGNATURES_MAX} signatures")
    return tuple(_read_signature(line) for line in lines[:-1].split("\n"))


def _read_signature(line: str) -> Signature:
    shown = repr(line[:80])
    if not line.startswith(_DASH):
        raise BadNote(f"not a signature line: {shown}")
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not space or not is_key_name(name):
        raise BadNote(f"no key name in the signature line {shown}")
    try:
        data = decode_base64(encoded)
    except ValueError as error:
        raise BadNote(f"no base 64 in the signature line {shown}") from error
    if len(data) <= KEY_ID_BYTES:
        raise BadNote(f"no signature in the signature line {shown}")
    return Signature(name, int.from_bytes(data[:KEY_ID_BYTES], "big"), data[KEY_ID_BYTES:])
