"""On the disk, as its owner: the files of the log are rewritten, cut, taken away, or put back as they once were."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.inflate.queue import refusal
from openforyou.drills.readers import found, says
from openforyou.drills.world import Heard, World, soon
from openforyou.events.leaf import Action, Deed, decode_leaf, encode_deed
from openforyou.ledger.checkpoint import parse_checkpoint
from openforyou.ledger.keys import SigningKey
from openforyou.ledger.merkle import leaf_hashes
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource
from openforyou.ledger.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    bundle_path,
    decode_bundle,
    encode_bundle,
    encode_tile,
    tile_levels,
    tile_path,
    tile_width,
)
from openforyou.ledger.witness import origin_hash
from openforyou.ledger.writer import LogWriter

BUNDLE, TILE = bundle_path(0), tile_path(0, 0)
"""The first of each: full, so that they rest as they are."""


@attack(Seat.DISK)
def rewritten_entry(world: World, case: Case) -> Outcome:
    """Rewrites a leaf of the log, so that somebody else's like becomes one of the own item."""
    with _rewritten(world, case, BUNDLE, lambda data: encode_bundle(_forged(world, data))):
        return _named(world, case, "bad_tile", BUNDLE)


@attack(Seat.DISK)
def rewritten_entry_and_hash(world: World, case: Case) -> Outcome:
    """Rewrites a leaf, and its hash in the tile of leaves as well."""
    entries = _forged(world, (world.log_folder / BUNDLE).read_bytes())
    with (
        _rewritten(world, case, BUNDLE, lambda _: encode_bundle(entries)),
        _rewritten(world, case, TILE, lambda _: encode_tile(leaf_hashes(entries))),
    ):
        size = world.checkpoint().size
        return _named(world, case, "bad_tile", tile_path(1, 0, tile_width(size, 1, 0)))


@attack(Seat.DISK)
def all_tiles_rewritten(world: World, case: Case) -> Outcome:
    """Rewrites a leaf, and every tile up to the top, but cannot sign the root."""
    before = world.checkpoint()
    entries = [
        leaf for part in Log(FolderSource(world.log_folder)).entries(0, before.size, before.size) for leaf in part
    ]
    forged = [*_forged(world, encode_bundle(entries[:TILE_WIDTH])), *entries[TILE_WIDTH:]]
    made, kept = world.scratch("rewritten"), world.scratch("kept")
    with LogWriter.open(made, SigningKey.generate(before.origin)) as writer:
        writer.append(forged)
        writer.publish()
        case.did(writer.root != before.root, f"all tiles of {before.size:,} leaves were rewritten to another root")
    with _swapped(world, kept):
        shutil.rmtree(world.log_folder / "tile")
        shutil.copytree(made / "tile", world.log_folder / "tile")
        problem = found(world.verify(), "bad_proof")
        case.stood(problem is not None and before.root.hex() in problem.says, says(problem))
    return Outcome.DETECTED


@attack(Seat.DISK)
def truncated_tile(world: World, case: Case) -> Outcome:
    """Cuts a tile of hashes in half."""
    with _rewritten(world, case, TILE, lambda data: data[: len(data) // 2]):
        return _named(world, case, "bad_tile", TILE)


@attack(Seat.DISK)
def missing_bundle(world: World, case: Case) -> Outcome:
    """Takes a bundle of leaves away."""
    path = world.log_folder / BUNDLE
    data = path.read_bytes()
    path.unlink()
    try:
        status = httpx.get(f"{world.url}/log/{BUNDLE}").status_code
        case.did(status == 404, f"{BUNDLE} is gone: HTTP {status}")
        return _named(world, case, "missing", BUNDLE)
    finally:
        path.write_bytes(data)


@attack(Seat.DISK)
def damage_at_the_edge(world: World, case: Case) -> Outcome:
    """Turns one bit in the tile that the sequencer needs to go on, while it is stopped."""
    world.stop_sequencer()
    size = world.checkpoint().size
    level = max(
        level for level in range(tile_levels(size)) if tile_width(size, level, size >> TILE_HEIGHT * (level + 1))
    )
    index = size >> TILE_HEIGHT * (level + 1)
    name = tile_path(level, index, tile_width(size, level, index))
    heard = world.heard()
    with _rewritten(world, case, name, lambda data: bytes([data[0] ^ 1]) + data[1:]):
        outcome = _named(world, case, "bad_tile", name)
        world.start_sequencer()
        world.viewer()  # whatever is served has a leaf: there is something to publish
        refused = soon(lambda: refusal(world.said(heard)))
        now = world.checkpoint().size
        case.stood(bool(refused) and now == size, f"the sequencer, started again, does not go on: {refused}")
    world.settle()
    now = world.checkpoint().size
    case.stood(now > size, f"with the tile put back it went on to {now:,} leaves")
    return outcome


@attack(Seat.DISK)
def log_rolled_back(world: World, case: Case) -> Outcome:
    """Puts the whole folder of the log back as it was before the last likes."""
    remembered = world.folder / "remembered"
    with world.paused_sequencer():
        old = _copied(world, world.scratch("old"))
    was = parse_checkpoint((old / "checkpoint").read_bytes())[0].size
    viewer, clip = world.viewer(), world.clips[10]
    viewer.send([viewer.event("like", clip.id)])
    world.settle()
    new = world.checkpoint().size
    case.stood(world.verify(remember=remembered).ok, f"a reader remembers the checkpoint of {new:,} leaves")
    heard = world.heard()
    with _swapped(world, world.scratch("new")):
        _put_back(old, world.log_folder)
        case.did(world.checkpoint().size == was < new, f"the log shows {was:,} leaves again, as before the last likes")
        problem = found(world.verify(remember=remembered), "rolled_back")
        case.stood(problem is not None, says(problem))
        problem = found(world.verify(), "ahead", shown=new, true=was)
        case.stood(problem is not None, f"without a memory, {says(problem)}")
        for name, address in world.witnesses.items():
            head = httpx.get(f"{address}/{origin_hash(world.checkpoint().origin)}/checkpoint").text.split("\n")[1]
            case.stood(int(head) >= new, f"{name} tells whoever asks that it has cosigned {int(head):,} leaves")
    return Outcome.DETECTED if _refuses(world, case, old, heard) else Outcome.FAILED


def _refuses(world: World, case: Case, old: Path, heard: Heard) -> bool:
    """That the sequencer does not go on from an old folder, and does from the right one."""
    with _swapped(world, world.scratch("right"), paused=False):
        _put_back(old, world.log_folder)
        world.viewer()
        refused = soon(lambda: "rolled back" in (words := refusal(world.said(heard))) and words)
        case.stood(bool(refused), f"the sequencer does not go on from there: {refused}")
    world.settle()
    return bool(refused)


def _forged(world: World, data: bytes) -> list[bytes]:
    """The entries of the first bundle, in which one like is now another item's."""
    entries = decode_bundle(data, TILE_WIDTH, BUNDLE)
    wanted = world.clips[0].number
    for place, leaf in enumerate(entries):
        deed = decode_leaf(leaf)
        if isinstance(deed, Deed) and deed.action is not Action.FOLLOW and deed.subject != wanted:
            entries[place] = encode_deed(deed._replace(subject=wanted))
            return entries
    raise AssertionError("a log begins with what was served")


@contextmanager
def _rewritten(world: World, case: Case, name: str, change: Callable[[bytes], bytes]) -> Iterator[None]:
    """A file of the log with another content, as it is then served."""
    path = world.log_folder / name
    before = path.read_bytes()
    path.write_bytes(change(before))
    try:
        served = httpx.get(f"{world.url}/log/{name}").content
        case.did(served == path.read_bytes() != before, f"{name} is served as it was rewritten")
        yield
    finally:
        path.write_bytes(before)


def _named(world: World, case: Case, kind: str, name: str) -> Outcome:
    problem = found(world.verify(), kind)
    case.stood(problem is not None and name in problem.says, says(problem))
    return Outcome.DETECTED


@contextmanager
def _swapped(world: World, kept: Path, *, paused: bool = True) -> Iterator[None]:
    """The sequencer stopped, and what lies in the log's folder afterwards put back as it was before."""
    with world.paused_sequencer():
        _copied(world, kept)
    process = world.paused_sequencer() if paused else _nothing()
    with process:
        try:
            yield
        finally:
            _put_back(kept, world.log_folder)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _copied(world: World, to: Path) -> Path:
    return Path(shutil.copytree(world.log_folder, to, dirs_exist_ok=True))


def _put_back(kept: Path, folder: Path) -> None:
    """Its files in place of those in `folder`; what holds the lock stays."""
    shutil.rmtree(folder / "tile")
    shutil.copytree(kept / "tile", folder / "tile")
    for path in kept.iterdir():
        if path.is_file() and not path.name.startswith("."):
            (folder / path.name).write_bytes(path.read_bytes())
