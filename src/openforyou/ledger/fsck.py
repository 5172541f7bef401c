"""Is a log what its checkpoint says? All of it is read once, and every stored hash is made again from the entries.

This is the check of somebody who trusts nothing but a public key. Entries come bundle by bundle; from them grows the
tree, and each tile of it, at every level, must lie in the log as it grew. Memory does not grow with the log. A log
that fails is named by the first file in which entries and hashes part. Reading is all that it needs, so it runs on a
copy as well as over the web.

It ends, whatever the other side does: each fetch has a limit in bytes and time, and there are no more of them than a
log of `leaves_max` has files.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from openforyou.core.progress import Progress, silent
from openforyou.ledger.checkpoint import Checkpoint, parse_checkpoint, verify_log
from openforyou.ledger.errors import BadProof, BadTile, LedgerError
from openforyou.ledger.growth import GrowingTree, Tile
from openforyou.ledger.merkle import leaf_hashes
from openforyou.ledger.policy import Policy, Verified
from openforyou.ledger.reader import Log
from openforyou.ledger.source import CONNECTIONS_MAX, HttpSource, Source
from openforyou.ledger.tiles import TILE_HEIGHT, TILE_WIDTH, bundle_path, tile_path, tile_width

LEAVES_MAX = 1 << 32

OnEntries = Callable[[int, Sequence[bytes]], None]


class RolledBack(LedgerError):
    """The log shows fewer leaves than it once signed."""

    code = "rolled_back"


class Forked(LedgerError):
    """The log signed two trees that contradict each other."""

    code = "forked"


@dataclass(frozen=True)
class Report:
    """A log that is whole: its checkpoint, who vouches for it (name, seconds since 1970), how many leaves were read."""

    checkpoint: Checkpoint
    witnesses: tuple[tuple[str, int], ...]
    leaves: int
    signed: bytes
    """The checkpoint as it was fetched. Keep it: as `remembered` it shows next time that nothing was taken back."""


def check(
    source: Source,
    policy: Policy,
    *,
    on_entries: OnEntries | None = None,
    remembered: bytes | None = None,
    progress: Progress = silent,
    leaves_max: int = LEAVES_MAX,
) -> Report:
    """Read the whole log and return only if all of it is right; otherwise raise what is wrong, naming the place.

    `on_entries(start, entries)` is given all entries in order, those of one bundle at a time. What it gathers holds
    only once `check` returns: the last hash decides about the first entry. `remembered` is an older checkpoint of
    this log.

    Raises `BadNote`, `BadSignature`, `NoQuorum` about the checkpoint; `RolledBack`, `Forked` against the remembered
    one; `Missing`, `BadTile` with the path; `BadProof` where all files agree with each other and not with the
    checkpoint; `SourceFailed`; `LedgerError` for a log of more than `leaves_max`.
    """
    log = Log(source, cached_tiles_max=0)
    signed = log.checkpoint_bytes()
    verified = policy.check(signed)
    head = verified.checkpoint
    if head.size > leaves_max:
        raise LedgerError(f"the log says that it has {head.size} leaves; the limit of this check is {leaves_max}")
    old = _remembered(remembered, policy, verified) if remembered is not None else None
    tree = GrowingTree()
    at_once = CONNECTIONS_MAX if isinstance(source, HttpSource) else 1
    for entries, stored in _bundles(log, head.size, at_once):
        start = tree.size
        hashes = leaf_hashes(entries)
        _require_same(start, hashes, stored)
        for part in _parts(hashes, start, old.size if old else 0):
            full = tree.extend(part)
            if old and tree.size == old.size:
                _require_prefix(tree, old, head)
            for tile in full:
                _require_stored(log, tile, head.size)
        if on_entries:
            on_entries(start, entries)
        progress(tree.size, head.size)
    for tile in tree.partials():
        _require_stored(log, tile, head.size)
    if tree.root() != head.root:
        raise BadProof(
            f"the {head.size} entries give the root {tree.root().hex()}, and the checkpoint says {head.root.hex()}",
            hint="All tiles fit the entries: either both were rewritten, or the checkpoint is of another tree.",
        )
    return Report(head, verified.witnesses, tree.size, signed)


def _remembered(data: bytes, policy: Policy, verified: Verified) -> Checkpoint:
    """The older checkpoint, if the log shown now can be the same one grown."""
    old, note = parse_checkpoint(data)
    verify_log(old, note, [log.key for log in policy.logs if log.key.name == verified.checkpoint.origin])
    new = verified.checkpoint
    if old.size > new.size:
        raise RolledBack(
            f"the log {new.origin} was rolled back: it shows {new.size} leaves, and once signed {old.size}",
            hint="Keep both checkpoints: together they are the proof.",
        )
    if old.size == new.size and old.root != new.root:
        raise _forked(old, new)
    return old


def _require_prefix(tree: GrowingTree, old: Checkpoint, new: Checkpoint) -> None:
    if tree.root() != old.root:
        raise _forked(old, new)


def _forked(old: Checkpoint, new: Checkpoint) -> Forked:
    return Forked(
        f"the log {new.origin} was forked: its first {old.size} leaves do not give the root it once signed for them",
        hint="Keep both checkpoints: together they are the proof.",
    )


def _bundles(log: Log, size: int, at_once: int) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Each bundle's entries with the tile of leaves beside it, in order; `at_once` of them are asked for ahead."""

    def read(index: int) -> tuple[list[bytes], list[bytes]]:
        return log.bundle(index, size), log.tile(0, index, size)

    indexes = range(-(-size // TILE_WIDTH))
    if at_once == 1:
        yield from map(read, indexes)
        return
    threads = ThreadPoolExecutor(at_once, thread_name_prefix="log-read")
    try:
        ahead: deque[Future[tuple[list[bytes], list[bytes]]]] = deque()
        for index in indexes:
            ahead.append(threads.submit(read, index))
            if len(ahead) == at_once:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        threads.shutdown(cancel_futures=True)


def _require_same(start: int, hashes: Sequence[bytes], stored: Sequence[bytes]) -> None:
    """That a bundle's entries hash to the tile of leaves beside it."""
    if hashes != stored:
        leaf = start + next(at for at, value in enumerate(hashes) if value != stored[at])
        index, width = start // TILE_WIDTH, len(hashes)
        raise BadTile(
            bundle_path(index, width),
            f"entry {leaf} does not hash to what {tile_path(0, index, width)} has for leaf {leaf}",
            hint="One of the two files was changed or damaged.",
        )


def _parts(hashes: Sequence[bytes], start: int, cut: int) -> Iterator[Sequence[bytes]]:
    """The hashes of a bundle, in two where the remembered tree ends within it."""
    if start < cut < start + len(hashes):
        yield hashes[: cut - start]
        yield hashes[cut - start :]
    else:
        yield hashes


def _require_stored(log: Log, grown: Tile, size: int) -> None:
    """That the log stores the hashes that its entries give. Level 0 was compared bundle by bundle."""
    level, index = grown.place.level, grown.place.index
    if not level:
        return
    stored = log.tile(level, index, size)
    if list(grown.hashes) != stored:
        at = next(at for at, value in enumerate(grown.hashes) if value != stored[at])
        below = TILE_HEIGHT * level
        first = (index * TILE_WIDTH + at) << below
        raise BadTile(
            tile_path(level, index, tile_width(size, level, index)),
            f"hash {at} is not what the entries {first} to {first + (1 << below) - 1} give",
            hint="Either the tile was changed or damaged, or those entries and their tiles were rewritten together.",
        )
