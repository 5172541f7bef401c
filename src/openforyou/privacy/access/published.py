"""The broker's own eyes on the public log: a record counts once its inclusion under a signed checkpoint is verified.

Nothing that a database says is believed here. The log is read as everybody reads it, its key was pinned when the broker
first met it, and each checkpoint must continue the one that was verified before. So a log that is dead, cut, replaced
or forked opens nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from openforyou.ledger.checkpoint import Checkpoint, open_checkpoint
from openforyou.ledger.errors import BadProof, BadSignature, LedgerError, Missing
from openforyou.ledger.keys import KEY_TEXT_CHARACTERS_MAX, VerifyingKey
from openforyou.ledger.merkle import leaf_hash, verify_inclusion
from openforyou.ledger.reader import Log
from openforyou.ledger.source import VKEY, Source
from openforyou.privacy.access.errors import NotDurable
from openforyou.privacy.access.types import Logged, Seen

WAIT_S = 10.0
"""So long a record may take into the published log before the access is refused; it takes a second or two."""
LOOK_EVERY_S = 0.1


class LogTurned(LedgerError):
    """The log does not go on from what was verified before."""

    code = "log_turned"


class Published:
    """One log. Its key is `vkey`, or where that is empty the one that the log serves at the first meeting.

    `pause` waits between two looks, for tests to move things on.
    """

    def __init__(
        self,
        source: Source,
        vkey: str = "",
        *,
        wait_s: float = WAIT_S,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source = source
        self._log = Log(source)
        self._key = VerifyingKey.from_vkey(vkey) if vkey else None
        self._wait_s = wait_s
        self._pause = pause

    @property
    def key(self) -> VerifyingKey:
        """The key under which checkpoints are verified. Raises `LedgerError` where none is served yet."""
        if self._key is None:
            text = self._source.fetch(VKEY, KEY_TEXT_CHARACTERS_MAX).decode("utf-8", "replace")
            self._key = VerifyingKey.from_vkey(text.strip().split("\n")[0])
        return self._key

    def pin_anew(self) -> None:
        """Take the log as it is served now, and its key, as two administrators agreed."""
        self._key, self._log = None, Log(self._source)

    def checkpoint(self, seen: Seen | None) -> Checkpoint | None:
        """The newest, verified, and going on from `seen`; None where the log has not begun and none was seen.

        Raises `LogTurned` where it does not go on, and other `LedgerError`s where it cannot be read or verified.
        """
        try:
            found = open_checkpoint(self._log.checkpoint_bytes(), self.key)
        except Missing:
            if seen is None or seen.size == 0:
                return None
            raise LogTurned(f"the log had {seen.size} leaves and is gone") from None
        except BadSignature as error:
            raise LogTurned("the log is not signed by the key that it was first met under") from error
        if seen is not None:
            if found.size < seen.size:
                raise LogTurned(f"the log had {seen.size} leaves and shows {found.size}")
            if found.size == seen.size and found.root != seen.root:
                raise LogTurned(f"the log shows another tree of {found.size} leaves than before")
            if 0 < seen.size < found.size:
                try:
                    self._log.consistency_proof(seen.size, found.size, old_root=seen.root, new_root=found.root)
                except BadProof as error:
                    raise LogTurned(f"the log does not begin with the {seen.size} leaves that it had") from error
        return found

    def until_found(self, wanted: Logged, seen: Seen | None, wait_s: float | None = None) -> tuple[int, Seen]:
        """Where the record stands in the published log, and the checkpoint under which that was verified.

        Raises `NotDurable` when it does not stand there in time, or nothing can be verified, and `LogTurned`.
        """
        deadline = time.monotonic() + (self._wait_s if wait_s is None else wait_s)
        start, why = wanted.since, "the log has not taken it in"
        while True:
            try:
                head = self.checkpoint(seen)
                if head is not None:
                    for index, leaf in self._entries(start, head):
                        if leaf == wanted.leaf and self._stands(index, leaf, head):
                            return index, Seen(head.size, head.root)
                    start = max(start, head.size)
            except LogTurned:
                raise
            except LedgerError as error:
                why = error.message
            if time.monotonic() >= deadline:
                raise NotDurable.because(why)
            self._pause(LOOK_EVERY_S)

    def holds(self, index: int, leaf: bytes, head: Checkpoint) -> bool:
        """Whether exactly this leaf stands there. Raises `LedgerError` where the log cannot be read."""
        return index < head.size and self._stands(index, leaf, head)

    def records(self, start: int, head: Checkpoint) -> Iterator[tuple[int, bytes]]:
        """Place and bytes of each record from `start` on."""
        return ((index, leaf) for index, leaf in self._entries(start, head) if leaf[:1] == b"{")

    def _entries(self, start: int, head: Checkpoint) -> Iterator[tuple[int, bytes]]:
        at = start
        for part in self._log.entries(min(start, head.size), head.size, head.size):
            for leaf in part:
                yield at, leaf
                at += 1

    def _stands(self, index: int, leaf: bytes, head: Checkpoint) -> bool:
        proof = self._log.inclusion_proof(index, head.size, head.root)
        try:
            hashed = leaf_hash(leaf)
            verify_inclusion(index=index, size=head.size, leaf_hash=hashed, proof=proof, root=head.root)
        except BadProof:
            return False
        return True
