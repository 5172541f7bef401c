"""What a log sends to a witness (C2SP tlog-witness, `add-checkpoint`): an old size, a proof, and the new checkpoint.

    old 20852014
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=      at most 63 such lines

    example.com/behind-the-sofa                        from here on, the checkpoint as its log signed it

Both sides of the protocol read and write this form, and the answer of a witness that knows another size, here and
nowhere else.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from openforyou.ledger.checkpoint import DECIMAL
from openforyou.ledger.errors import LedgerError
from openforyou.ledger.keys import decode_base64
from openforyou.ledger.merkle import HASH, PROOF_HASHES_MAX, SIZE_MAX

PATH = "add-checkpoint"
SIZE_TYPE = "text/x.tlog.size"
"""The media type of a 409: the body is the size that the witness knows."""
SUBMISSION_BYTES_MAX = 1 << 18
"""63 hashes and a checkpoint with dozens of signatures, those of ML-DSA among them, of up to 5 kB each."""

_OLD = "old "
_LINE_CHARACTERS_MAX = 80


class BadSubmission(LedgerError):
    """Bytes that are not a submission, or one that contradicts itself."""

    code = "bad_submission"


@dataclass(frozen=True)
class Submission:
    """The size that the witness is thought to know, the proof from there, and a checkpoint, not yet looked at."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    @classmethod
    def parse(cls, data: bytes) -> Submission:
        """The submission in a request's body. Raises `BadSubmission`, also for more hashes than a proof can have."""
        if len(data) > SUBMISSION_BYTES_MAX:
            raise BadSubmission(f"a submission of {len(data)} bytes is over the limit of {SUBMISSION_BYTES_MAX}")
        head, cut, checkpoint = data.partition(b"\n\n")
        if not cut:
            raise BadSubmission("there is no empty line between the proof and the checkpoint")
        try:
            first, *lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise BadSubmission(f"the proof holds something that is not ASCII at byte {error.start}") from error
        if len(lines) > PROOF_HASHES_MAX:
            raise BadSubmission(f"{len(lines)} hashes are more than the {PROOF_HASHES_MAX} of the longest proof")
        if not first.startswith(_OLD):
            raise BadSubmission(f"the first line is not `old SIZE`: {first[:_LINE_CHARACTERS_MAX]!r}")
        return cls(_size(first.removeprefix(_OLD)), tuple(_hash(line) for line in lines), checkpoint)

    def format(self) -> bytes:
        """The body of the request."""
        lines = [f"{_OLD}{self.old_size}", *(base64.b64encode(one).decode() for one in self.proof), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.checkpoint


def format_size(size: int) -> bytes:
    """How a witness says which size it knows."""
    return f"{size}\n".encode()


def parse_size(data: bytes) -> int:
    """The size that a witness says it knows. Raises `BadSubmission`."""
    text = data[: _LINE_CHARACTERS_MAX + 1].decode("ascii", "replace")
    if not text.endswith("\n"):
        raise BadSubmission(f"not a size and a newline: {text[:_LINE_CHARACTERS_MAX]!r}")
    return _size(text.removesuffix("\n"))


def _size(text: str) -> int:
    if not DECIMAL.fullmatch(text) or int(text) > SIZE_MAX:
        raise BadSubmission(f"{text[:_LINE_CHARACTERS_MAX]!r} is not a tree size")
    return int(text)


def _hash(line: str) -> bytes:
    try:
        found = decode_base64(line)
    except ValueError as error:
        raise BadSubmission(f"{line[:_LINE_CHARACTERS_MAX]!r} is not base 64") from error
    if len(found) != HASH:
        raise BadSubmission(f"a hash of the proof has {len(found)} bytes, not {HASH}")
    return found
