"""The one who writes a log: entries in, files out, and a checkpoint only over what is safely on the disk.

`append` hashes entries into the tree and hands over tiles and bundles as they fill; the rest waits in memory.
`publish` commits in three stages, of which none begins before the last one is safe: the tiles and bundles that the
new tree needs; the signed root, as `checkpoint.signed`; and, after the witnesses were asked, if there are any,
`checkpoint`.

So whoever holds a checkpoint finds every file that it promises, whole, whenever the power fails. The middle stage is
there because a root may be known outside before it is safe here: a witness has seen it, or a reader took `checkpoint`
in the instant before the disk had it. A log that forgot such a root and went on differently would have two histories.
So `open` finishes the publishing of a stored root. What had not come that far is gone after a crash, and its paths
are written again, by the same entries or by others: no root ever spoke of them.

Partial tiles are removed once a published tree has the full one, which a reader with an older checkpoint takes
instead, as C2SP tlog-tiles has it. So at most 255 widths of one tile lie at each level, however often one publishes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from openforyou.ledger.checkpoint import Checkpoint, open_checkpoint, sign
from openforyou.ledger.disk import Disk, Files, RealDisk
from openforyou.ledger.errors import BadEntry, BadKey, BadSignature, LedgerError, LogDamaged
from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.ledger.merkle import leaf_hashes
from openforyou.ledger.recovery import RESTORE, SIGNED, recover, stale_partials, vkey_file
from openforyou.ledger.source import CHECKPOINT, CHECKPOINT_BYTES_MAX, VKEY
from openforyou.ledger.tiles import ENTRY_BYTES_MAX, TILE_HEIGHT, TILE_WIDTH, TilePlace, encode_bundle, encode_tile

WAITING_FILES_MAX = 128
WAITING_BYTES_MAX = 16 << 20

Cosign = Callable[[bytes, int], bytes]
"""Takes a signed checkpoint and the published size before it; returns the checkpoint with cosignatures, or raises."""


class WriterStopped(LedgerError):
    """This writer's disk failed, or it was closed. What was published is whole: open the log again to go on."""

    code = "writer_stopped"


class LogWriter:
    """A log that is open for writing. One thread of one process: a second writer is refused with `LogInUse`.

    Once the disk has failed, what lies there beyond the published tree is not known. Then every method raises
    `WriterStopped` until a new `open` finds out.
    """

    def __init__(self, disk: Disk, key: SigningKey, release: Callable[[], None]) -> None:
        """Use `open`."""
        self._disk = disk
        self._key = key
        self._release = release
        self._stopped = ""
        self._waiting: dict[str, bytes] = {}
        self._waiting_bytes = 0
        found = recover(disk, key.verifying)
        self._published = found.published
        self._published_size = found.published_size
        self._tree = found.tree
        self._tail = found.tail
        # Partial tiles by level and index (level None: bundles): how wide this writer wrote them; 0 for what it found.
        self._partials: dict[tuple[int | None, int], int] = {(at.level, at.index): 0 for at in self._edge()}

    @classmethod
    def open(
        cls, folder: Path, key: SigningKey, disk: Disk | None = None, *, at_least: int = 0, cosign: Cosign | None = None
    ) -> LogWriter:
        """The log in `folder`, begun there if there is none: then an empty tree is published at once.

        A root that was signed and not yet published is published now (with `cosign`, see there), so that `size` is
        `published_size`. `at_least` is a size that the caller knows to have been published. Raises `LogInUse`;
        `LogDamaged` where what lies there cannot be continued, naming the file; `WriterStopped` where the disk fails;
        what `cosign` raises.
        """
        if key.algorithm is not Algorithm.ED25519:
            raise BadKey(f"the key {key.name} cannot begin a log", hint="A log's first key is a plain Ed25519 key.")
        disk = disk or RealDisk(folder)
        with _disk_failures():
            release = disk.lock()
            try:
                writer = cls(disk, key, release)
                writer._begin(at_least, cosign)
            except BaseException:
                release()
                raise
        return writer

    @property
    def size(self) -> int:
        """How many entries the log has, unpublished ones included."""
        return self._tree.size

    @property
    def root(self) -> bytes:
        """The root hash over all of them."""
        return self._tree.root()

    @property
    def published_size(self) -> int:
        """How many entries the published checkpoint has."""
        return self._published_size

    @property
    def checkpoint(self) -> bytes:
        """The published checkpoint."""
        assert self._published is not None, "open has published the empty tree"
        return self._published

    def append(self, entries: Sequence[bytes]) -> int:
        """Add entries of 0 to 65,535 bytes; returns the new size. Before `publish` they are neither visible nor
        durable.

        Raises `BadEntry`, and then has added none; `WriterStopped`.
        """
        for number, entry in enumerate(entries):
            if len(entry) > ENTRY_BYTES_MAX:
                raise BadEntry(f"entry {number} has {len(entry)} bytes; a log holds {ENTRY_BYTES_MAX} at most")
        with self._changing():
            start = 0
            while start < len(entries):
                stop = start + self._tree.room
                self._add(entries[start:stop])
                start = stop
        return self.size

    def publish(self, cosign: Cosign | None = None) -> bytes:
        """Make everything appended durable, then visible; returns the new checkpoint.

        With nothing new and without `cosign` it is the present one. What `cosign` raises passes through: the
        published tree stays, and a later call tries again with what was added meanwhile. Raises `LogDamaged` where
        somebody else changed the checkpoint on the disk, `BadSignature` where `cosign` returns another checkpoint,
        and `WriterStopped`.
        """
        with self._changing():
            if cosign is None and self._published is not None and self.size == self._published_size:
                return self._published
            self._require_unchanged()
            self._write_edge()
            signed = sign(Checkpoint(self._key.name, self.size, self.root), self._key)
            if cosign is None:
                self._commit({SIGNED: signed}, shown={CHECKPOINT: signed})
            else:
                self._commit({SIGNED: signed})
        complete = signed
        if cosign is not None:
            complete = self._cosigned(signed, cosign)
            with self._changing():
                self._require_unchanged()
                self._disk.commit(shown={CHECKPOINT: complete})
        self._published, self._published_size = complete, self.size
        self._remove_stale()
        return complete

    def close(self) -> None:
        """Give the log back. What was not published is dropped."""
        self._stopped = self._stopped or "it was closed"
        release, self._release = self._release, lambda: None
        release()

    def __enter__(self) -> LogWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, at_least: int, cosign: Cosign | None) -> None:
        if self.size < at_least:
            raise LogDamaged(
                f"checkpoint has {self.size} leaves, but {at_least} had been published: it was rolled back.",
                hint=RESTORE,
            )
        for folder in stale_partials(self._disk, self._published_size):
            self._disk.remove_folder(folder)
        self._disk.commit({VKEY: vkey_file(self._key.verifying)})
        if self._published is None or self.size > self._published_size:
            self.publish(cosign)
        # It was only shown. Were it to vanish after a crash, a new log would have tiles and no checkpoint.
        self._disk.commit({CHECKPOINT: self.checkpoint})

    def _add(self, entries: Sequence[bytes]) -> None:
        """Entries that fit into the last bundle."""
        index = self.size // TILE_WIDTH
        full = self._tree.extend(leaf_hashes(entries))
        self._tail += entries
        for tile in full:
            self._write(tile.place, encode_tile(tile.hashes))
        if full:
            self._write(TilePlace(None, index), encode_bundle(self._tail))
            self._tail = []

    def _edge(self) -> dict[TilePlace, Sequence[bytes]]:
        """The partial tiles, and the partial bundle, of the present tree."""
        edge = {tile.place: tile.hashes for tile in self._tree.partials()}
        if self._tail:
            edge[TilePlace(None, self.size // TILE_WIDTH, len(self._tail))] = self._tail
        return edge

    def _write_edge(self) -> None:
        for place, content in self._edge().items():
            if self._partials.get((place.level, place.index)) != place.width:
                self._write(place, encode_bundle(content) if place.level is None else encode_tile(content))
                self._partials[place.level, place.index] = place.width

    def _write(self, place: TilePlace, data: bytes) -> None:
        self._waiting[place.path] = data
        self._waiting_bytes += len(data)
        if len(self._waiting) >= WAITING_FILES_MAX or self._waiting_bytes >= WAITING_BYTES_MAX:
            self._commit()

    def _commit(self, *stages: Files, shown: Files | None = None) -> None:
        """Commit the tiles and bundles that wait, and then what stands on them."""
        self._disk.commit(self._waiting, *stages, shown=shown)
        self._waiting = {}
        self._waiting_bytes = 0

    def _cosigned(self, signed: bytes, cosign: Cosign) -> bytes:
        complete = cosign(signed, self._published_size)
        if open_checkpoint(complete, self._key.verifying) != open_checkpoint(signed, self._key.verifying):
            raise BadSignature("the witnesses' answers came with another checkpoint than the one that was signed")
        return complete

    def _require_unchanged(self) -> None:
        try:
            lying = self._disk.read(CHECKPOINT, CHECKPOINT_BYTES_MAX)
        except FileNotFoundError:
            lying = None
        if lying != self._published:
            raise LogDamaged("checkpoint was changed by somebody else while this writer had the log.", hint=RESTORE)

    def _remove_stale(self) -> None:
        """Remove partial tiles whose full tile is now published. What fails is left for the next `open`."""
        for level, index in list(self._partials):
            if index < self._published_size >> TILE_HEIGHT * ((level or 0) + 1):
                del self._partials[level, index]
                with suppress(OSError):
                    self._disk.remove_folder(TilePlace(level, index, 1).path.rpartition("/")[0])

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """A change that stops the writer unless it comes to its end: half of it may be on the disk, or in memory."""
        if self._stopped:
            raise WriterStopped(f"This log is no longer open: {self._stopped}.", hint="Open it again.")
        self._stopped = "it was interrupted"
        with _disk_failures():
            try:
                yield
            except (OSError, LogDamaged) as error:
                self._stopped = str(error)
                raise
        self._stopped = ""


@contextmanager
def _disk_failures() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WriterStopped(
            f"The log's disk failed: {error}.",
            hint="Make room or mend the disk, then open the log again: what was published is whole.",
        ) from error
