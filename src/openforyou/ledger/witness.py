"""A witness (C2SP tlog-witness): it cosigns a log's checkpoint only if that continues the last one it cosigned.

So a log that shows different trees to different people, or takes leaves back, cannot get both signed. All that makes
this true is memory: the latest checkpoint of each log is on the disk *before* its cosignature leaves, checked and
replaced under one lock for each log, whole or not at all. Killed at any point, a witness knows what it has signed.

    STATE/.lock                        held by the one process that may sign
    STATE/logs/HASH/checkpoint         the latest, signed by its log and by the witness; HASH is SHA-256(origin)
    STATE/logs/HASH/forks/SIZE-ROOT    of two trees of one size that a log signed, both: whoever has them can prove it

Before all this a log is unknown: its first checkpoint is taken as it is, from size 0.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from openforyou.ledger import cosignature
from openforyou.ledger.checkpoint import Checkpoint, parse_checkpoint, verify_log
from openforyou.ledger.disk import Disk, LogInUse
from openforyou.ledger.errors import BadKey, BadNote, BadProof, BadSignature, LedgerError, LogDamaged, StaleSize
from openforyou.ledger.keys import SigningKey, VerifyingKey
from openforyou.ledger.merkle import verify_consistency
from openforyou.ledger.note import NOTE_BYTES_MAX, Note
from openforyou.ledger.submission import BadSubmission, Submission

FORK_FILES_MAX = 64
"""For each log, of both sides together: a log that forks on and on proves nothing new."""

NAME_BYTES_MAX = 255
"""Of a log and of a witness: what an ML-DSA-44 cosignature has room for."""

_log = logging.getLogger(__name__)


class UnknownLog(LedgerError):
    """A checkpoint of a log that this witness does not watch."""

    code = "unknown_log"


class WitnessInUse(LedgerError):
    """Another process signs from the same folder."""

    code = "witness_in_use"


class WitnessClosed(LedgerError):
    """This witness has given its folder back, and signs no more."""

    code = "witness_closed"


@dataclass
class _Book:
    """What a witness keeps of one log. `latest` is what the disk holds for sure."""

    origin: str
    keys: tuple[VerifyingKey, ...]
    lock: threading.Lock = field(default_factory=threading.Lock)
    latest: Checkpoint | None = None
    note: bytes = b""

    @property
    def folder(self) -> str:
        return f"logs/{origin_hash(self.origin)}"


class Witness:
    """Cosigns for the logs whose keys it was given. Safe for several threads; one process for each folder."""

    def __init__(
        self,
        disk: Disk,
        keys: Sequence[SigningKey],
        logs: Sequence[VerifyingKey],
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """Several keys of one name in `logs` are keys of one log, any of which may sign.

        Raises `WitnessInUse`; `LogDamaged` where a record cannot be read; `BadKey` where a key does not fit its use.
        """
        self.keys = tuple(keys)
        self._now_s = now_s
        self._disk = disk
        self._disk_lock = threading.Lock()
        self._is_closed = False
        self._books = _books(self.keys, logs)
        self._by_hash = {origin_hash(origin): book for origin, book in self._books.items()}
        try:
            self._release = disk.lock()
        except LogInUse as error:
            raise WitnessInUse(
                "Another process signs as this witness, from the same folder.",
                hint="Stop it first: two that do not know of each other could sign two trees that differ.",
            ) from error
        try:
            for book in self._books.values():
                self._read(book)
        except BaseException:
            self._release()
            raise

    @property
    def name(self) -> str:
        """The name that its keys bear."""
        return self.keys[0].name

    def add_checkpoint(self, body: bytes) -> bytes:
        """The cosignature lines for the checkpoint in a submission, after it has been kept durably.

        Raises, in the order of the checks: `BadSubmission` or `BadNote` where the bytes have not the form;
        `UnknownLog`; `BadSignature` where no key of the log signed, or one with a signature that does not verify;
        `BadSubmission` for an old size above the new; `StaleSize` where the old size is not the one last cosigned, or
        the tree of that size is another; `BadProof`. `OSError` where the disk fails, `WitnessClosed` after `close`:
        then nothing is signed.
        """
        submission = Submission.parse(body)
        checkpoint, note = parse_checkpoint(submission.checkpoint)
        book = self._books.get(checkpoint.origin)
        if book is None:
            raise UnknownLog(f"{checkpoint.origin[:200]} is not a log that this witness watches")
        verify_log(checkpoint, note, book.keys)
        if submission.old_size > checkpoint.size:
            raise BadSubmission(f"the old size {submission.old_size} is above the new one, {checkpoint.size}")
        # One line of each key: a record with all that a hostile log can pile up could not be read again.
        lines_by = (next((line for line in note.signatures if line.is_by(key)), None) for key in book.keys)
        signed = Note(note.text, tuple(line for line in lines_by if line is not None))
        with book.lock:
            self._require_continued(book, submission, checkpoint, signed)
            # The time is taken under the lock: no larger tree was cosigned before it.
            at_s = int(self._now_s())
            lines = [cosignature.cosign(checkpoint, key, at_s) for key in self.keys]
            # Also where the tree is the one already kept: only a sync that succeeded says what the disk holds.
            kept = signed.with_signatures(lines).format()
            self._write({f"{book.folder}/checkpoint": kept})
            book.latest, book.note = checkpoint, kept
        return "".join(line.line() for line in lines).encode()

    def latest(self) -> Mapping[str, Checkpoint | None]:
        """By origin, the latest checkpoint cosigned, or None where there was none yet."""
        return {origin: book.latest for origin, book in self._books.items()}

    def latest_note(self, hashed: str) -> bytes | None:
        """The latest checkpoint of the log with this `origin_hash`, with the log's and the witness's own signatures."""
        book = self._by_hash.get(hashed)
        return book.note or None if book is not None else None

    def close(self) -> None:
        """Let another process sign, once what is being kept has been. Whatever has not come that far is not signed."""
        with self._disk_lock:
            self._is_closed = True
            release, self._release = self._release, lambda: None
            release()

    def _require_continued(self, book: _Book, submission: Submission, checkpoint: Checkpoint, signed: Note) -> None:
        latest = book.latest
        known = 0 if latest is None else latest.size
        if latest is not None and latest.size == checkpoint.size and latest.root != checkpoint.root:
            self._keep_fork(book, latest, checkpoint, signed)
            raise StaleSize(
                f"{book.origin} signed two trees of {known} leaves: {latest.root.hex()} is the one known here, "
                f"and {checkpoint.root.hex()} is another",
                known_size=known,
                hint="Both checkpoints were kept. This log is forked.",
            )
        if submission.old_size != known:
            raise StaleSize(f"the tree known here has {known} leaves, not {submission.old_size}", known_size=known)
        if latest is None or known == 0:
            if submission.proof:
                raise BadProof("a tree of 0 leaves has nothing to prove, but there are hashes")
            return
        verify_consistency(
            old_size=known,
            new_size=checkpoint.size,
            old_root=latest.root,
            new_root=checkpoint.root,
            proof=submission.proof,
        )

    def _keep_fork(self, book: _Book, latest: Checkpoint, checkpoint: Checkpoint, signed: Note) -> None:
        """Both sides of a fork, each a signed note under its own root, so that the same one is kept once."""
        _log.error("%s signed two different trees of %d leaves", book.origin, checkpoint.size)
        folder = f"{book.folder}/forks"
        sides = {_side(latest): book.note, _side(checkpoint): signed.format()}
        try:
            with self._disk_lock:
                there = self._disk.names(folder)
            new = {name: side for name, side in sides.items() if name not in there}
            if new and len(there) + len(new) <= FORK_FILES_MAX:
                self._write({f"{folder}/{name}": side for name, side in new.items()})
        except OSError:
            _log.exception("the two checkpoints could not be kept")

    def _write(self, files: Mapping[str, bytes]) -> None:
        with self._disk_lock:
            if self._is_closed:
                raise WitnessClosed(f"The witness {self.name} was closed.", hint="Try again when it runs again.")
            self._disk.commit(files)

    def _read(self, book: _Book) -> None:
        path = f"{book.folder}/checkpoint"
        try:
            data = self._disk.read(path, NOTE_BYTES_MAX)
        except FileNotFoundError:
            return
        try:
            checkpoint, note = parse_checkpoint(data)
            self._require_own(book, checkpoint, note)
        except (BadNote, BadSignature) as error:
            raise LogDamaged(
                f"{path} is not the record of {book.origin} that this witness wrote: {error.message}",
                hint="Restore it as it was. With an older copy, or none, the witness would forget what it has signed: "
                "then retire its key, and begin anew in another folder with another name.",
            ) from error
        book.latest, book.note = checkpoint, data

    def _require_own(self, book: _Book, checkpoint: Checkpoint, note: Note) -> None:
        """That a record is of this log and as it was signed; after a change of keys, at least as the log signed it."""
        if checkpoint.origin != book.origin:
            raise BadNote(f"it is of {checkpoint.origin}")
        own = [(line, key.verifying) for key in self.keys for line in note.signatures if line.is_by(key.verifying)]
        for line, key in own:
            cosignature.verify(checkpoint, line, key)
        if not own:
            verify_log(checkpoint, note, book.keys)


def origin_hash(origin: str) -> str:
    """The name of a log in folders and addresses: SHA-256 of its origin, in hexadecimal digits."""
    return hashlib.sha256(origin.encode()).hexdigest()


def _side(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.size}-{checkpoint.root.hex()[:16]}"


def _books(keys: Sequence[SigningKey], logs: Sequence[VerifyingKey]) -> dict[str, _Book]:
    if not keys or len({key.name for key in keys}) != 1 or not all(key.algorithm.is_cosignature for key in keys):
        raise BadKey("a witness signs with keys for cosignatures, all of one name")
    known: dict[str, dict[VerifyingKey, None]] = {}
    for log in logs:
        if log.public in {key.verifying.public for key in keys}:
            raise BadKey(f"the key of the log {log.name} is this witness's own")
        if len(log.name.encode()) > NAME_BYTES_MAX:
            raise BadKey(f"the name of a log has {NAME_BYTES_MAX} bytes at most, or it could not be cosigned")
        known.setdefault(log.name, {})[log] = None
    return {origin: _Book(origin, tuple(of_log)) for origin, of_log in known.items()}
