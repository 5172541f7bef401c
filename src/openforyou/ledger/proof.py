"""Receipts (C2SP tlog-proof): that an entry is in a log, in one file that is checked without the log or a network.

It holds the entry's index, the hashes from its leaf up to the root, and the checkpoint with whatever cosignatures it
bears. The extra data is carried along and vouched for by nobody.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from openforyou.ledger.checkpoint import DECIMAL
from openforyou.ledger.errors import BadProof
from openforyou.ledger.keys import decode_base64
from openforyou.ledger.merkle import HASH, PROOF_HASHES_MAX, SIZE_MAX, leaf_hash, verify_inclusion
from openforyou.ledger.note import NOTE_BYTES_MAX
from openforyou.ledger.policy import Policy, Verified

EXTRA_BYTES_MAX = 1 << 16
PROOF_BYTES_MAX = NOTE_BYTES_MAX + 2 * EXTRA_BYTES_MAX
_HEADER = b"c2sp.org/tlog-proof@v1\n"


@dataclass(frozen=True)
class Proof:
    """A receipt. `checkpoint` is the signed note byte for byte; `extra` is empty where there is none."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""

    def __post_init__(self) -> None:
        if not 0 <= self.index <= SIZE_MAX:
            raise BadProof(f"{self.index} is not the index of a leaf")
        if len(self.hashes) > PROOF_HASHES_MAX or any(len(value) != HASH for value in self.hashes):
            raise BadProof(f"an inclusion proof is at most {PROOF_HASHES_MAX} hashes of {HASH} bytes")
        if len(self.extra) > EXTRA_BYTES_MAX:
            raise BadProof(f"{len(self.extra)} bytes of extra data are over the limit of {EXTRA_BYTES_MAX}")

    def format(self) -> bytes:
        """The bytes of a `.tlog-proof` file."""
        lines = [f"extra {base64.b64encode(self.extra).decode()}\n"] if self.extra else []
        lines.append(f"index {self.index}\n")
        lines += [f"{base64.b64encode(value).decode()}\n" for value in self.hashes]
        return _HEADER + "".join(lines).encode() + b"\n" + self.checkpoint

    @classmethod
    def parse(cls, data: bytes) -> Proof:
        """The receipt in `data`; its checkpoint is not looked at yet. Raises `BadProof`."""
        if len(data) > PROOF_BYTES_MAX:
            raise BadProof(f"a receipt of {len(data)} bytes is over the limit of {PROOF_BYTES_MAX}")
        if not data.startswith(_HEADER):
            raise BadProof("not a receipt", hint=f"The first line of one is {_HEADER.decode().strip()}.")
        head, empty_line, checkpoint = data.removeprefix(_HEADER).partition(b"\n\n")
        if not empty_line:
            raise BadProof("the receipt ends before its checkpoint")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise BadProof(
                f"the receipt holds a foreign character before its checkpoint: byte {error.start}"
            ) from error
        extra = b""
        if lines[0].startswith("extra "):
            extra = _read_base64(lines.pop(0).removeprefix("extra "), "the extra data")
            if not extra:
                raise BadProof("the receipt has a line for extra data, but no data")
        if not lines or not lines[0].startswith("index ") or not DECIMAL.fullmatch(lines[0].removeprefix("index ")):
            raise BadProof("the receipt does not say the index of its entry")
        index, *hashes = lines
        return cls(
            int(index.removeprefix("index ")),
            tuple(_read_base64(line, f"hash {number}") for number, line in enumerate(hashes)),
            checkpoint,
            extra,
        )

    def verify(self, entry: bytes, policy: Policy, *, now_s: int | None = None) -> Verified:
        """That `entry` is in a log of the policy, in a tree that its quorum saw. `now_s` is as in `Policy.check`.

        Raises `BadNote`, `BadSignature` or `NoQuorum` about the checkpoint, and `BadProof` about the path to it.
        """
        verified = policy.check(self.checkpoint, now_s=now_s)
        verify_inclusion(
            index=self.index,
            size=verified.checkpoint.size,
            leaf_hash=leaf_hash(entry),
            proof=self.hashes,
            root=verified.checkpoint.root,
        )
        return verified


def _read_base64(text: str, what: str) -> bytes:
    try:
        return decode_base64(text)
    except ValueError as error:
        raise BadProof(f"{what} of the receipt is not base 64") from error
