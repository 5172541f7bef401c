"""What the log says, proven: a record's bytes, that they lie under the signed checkpoint, and where.

Records sort behind all deeds of a batch, for a batch lies in the order of its bytes and a record begins with `{`. So a
record is looked for from the end of its batch, however large the batch is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from openforyou.ledger.checkpoint import Checkpoint, open_checkpoint
from openforyou.ledger.errors import LedgerError
from openforyou.ledger.keys import VerifyingKey
from openforyou.ledger.merkle import leaf_hash, verify_inclusion
from openforyou.ledger.reader import Log
from openforyou.ledger.source import VKEY, Source

LOOKED_AT_ONCE = 256
VKEY_BYTES_MAX = 4_096
T = TypeVar("T")


class Published:
    """The log as it lies at a source. Each method raises `LedgerError` where it cannot be read or is not sound."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._log = Log(source)
        self._key: VerifyingKey | None = None
        self._checkpoint: tuple[bytes, Checkpoint] | None = None

    def checkpoint(self) -> Checkpoint:
        """The newest, its signature checked."""
        signed = self._log.checkpoint_bytes()
        if self._checkpoint is None or self._checkpoint[0] != signed:
            if self._key is None:
                self._key = VerifyingKey.from_vkey(self._source.fetch(VKEY, VKEY_BYTES_MAX).decode().strip())
            self._checkpoint = signed, open_checkpoint(signed, self._key)
        return self._checkpoint[1]

    def find(self, batch: tuple[int, int], read: Callable[[bytes], T | None]) -> tuple[int, T] | None:
        """The record in a batch (first leaf, behind the last) that `read` makes something of, and its index, proven.

        None where there is none: an answer as final as the log. The batch lies within the checkpoint.
        """
        under = self.checkpoint()
        start, stop = batch
        if not 0 <= start < stop <= under.size:
            raise LedgerError(f"There is no batch of leaves {start} to {stop} in a log of {under.size}.")
        while stop > start:
            begin = max(start, (stop - 1) // LOOKED_AT_ONCE * LOOKED_AT_ONCE)
            leaves = [leaf for part in self._log.entries(begin, stop, under.size) for leaf in part]
            if len(leaves) != stop - begin:
                raise LedgerError(f"The log has {len(leaves)} leaves from {begin} to {stop}.")
            for index in range(stop - 1, begin - 1, -1):
                leaf = leaves[index - begin]
                if not leaf.startswith(b"{"):
                    return None
                found = read(leaf)
                if found is not None:
                    self._prove(index, leaf, under)
                    return index, found
            stop = begin
        return None

    def _prove(self, index: int, leaf: bytes, under: Checkpoint) -> None:
        verify_inclusion(
            index=index,
            size=under.size,
            leaf_hash=leaf_hash(leaf),
            proof=self._log.inclusion_proof(index, under.size, under.root),
            root=under.root,
        )
