"""With the key of the log: another history is written and signed, and shown to some or to all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.readers import found, says
from openforyou.drills.world import World
from openforyou.events.leaf import Action, Deed, decode_leaf, encode_deed
from openforyou.ledger.cosigning import Cosigners
from openforyou.ledger.errors import NoQuorum
from openforyou.ledger.policy import Policy
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource
from openforyou.ledger.writer import LogWriter

WITNESS_TIMEOUT_S = 10.0
Edit = Callable[[list[bytes]], list[bytes]]


@attack(Seat.KEY)
def fork_shown_to_half(world: World, case: Case) -> Outcome:
    """Signs a second log of the same size, in which one like went to another item, and shows it to half the readers."""
    remembered = world.folder / "of-the-other-half"
    case.stood(world.verify(policy=world.policy, remember=remembered).ok, "one half verifies the log, with its quorum")
    with _forked(world, partial(_turned_to, wanted=world.clips[0].number)) as fork:
        case.did(world.verify(fork.url).ok, f"a reader of the other half, who knows the key alone, is content: {fork}")
        return _seen_through(world, case, fork, remembered)


@attack(Seat.KEY)
def fork_that_goes_on(world: World, case: Case) -> Outcome:
    """Goes back by some leaves and on from there differently, past the size that was shown."""
    remembered = world.folder / "before-going-back"
    case.stood(world.verify(remember=remembered).ok, "a reader remembers the log as it was")
    with _forked(world, lambda leaves: leaves[:-40] + leaves[:60]) as fork:
        case.did(fork.size > world.checkpoint().size, f"the other history is longer: {fork}")
        return _seen_through(world, case, fork, remembered)


@attack(Seat.KEY)
def newest_unlike_left_out(world: World, case: Case) -> Outcome:
    """Leaves out an unlike that was published last, and signs everything again."""
    viewer, clip = world.viewer(), world.clips[9]
    viewer.send([viewer.event("like", clip.id)])
    world.settle()
    unlike = viewer.event("unlike", clip.id)
    viewer.send([unlike])
    world.settle()
    receipt = viewer.http.get(f"/v1/events/{unlike['id']}/receipt")
    leaf = bytes.fromhex(receipt.headers["OpenForYou-Leaf"])
    remembered = world.folder / "with-the-unlike"
    case.stood(world.verify(remember=remembered).ok, "a reader remembers the log, and the viewer keeps a receipt")
    with _forked(world, lambda leaves: [one for one in leaves if one != leaf]) as fork:
        case.did(world.verify(fork.url).ok, f"without the unlike of {clip.id} the log by itself is consistent: {fork}")
        return _seen_through(world, case, fork, remembered)


@attack(Seat.KEY)
def like_doubled_and_signed(world: World, case: Case) -> Outcome:
    """Writes a like twice, under the nullifier that it has, and signs the tree anew."""
    clip = world.clips[10]

    def doubled(leaves: list[bytes]) -> list[bytes]:
        return [*leaves, next(leaf for leaf in leaves if _is(leaf, Action.LIKE, clip.number))]

    with _forked(world, doubled) as fork:
        return _breaks_the_rules(world, case, fork, "doubled", clip.id)


@attack(Seat.KEY)
def unlike_left_out_and_signed(world: World, case: Case) -> Outcome:
    """Leaves out an unlike after which its viewer liked the item again, and signs the tree anew."""
    clip = world.clips[0]

    def without(leaves: list[bytes]) -> list[bytes]:
        place = next(n for n, leaf in enumerate(leaves) if _is(leaf, Action.LIKE, clip.number, turn=2))
        return leaves[:place] + leaves[place + 1 :]

    with _forked(world, without) as fork:
        return _breaks_the_rules(world, case, fork, "missing_turn", clip.id)


class _Fork:
    """Another log under the same key, where some are sent instead."""

    def __init__(self, folder: Path, url: str, writer_size: int, root: bytes, signed: bytes) -> None:
        self.folder, self.url, self.size, self.root, self.signed = folder, url, writer_size, root, signed

    def __str__(self) -> str:
        return f"root {self.root.hex()[:16]}… at {self.size:,} leaves, signed with the log's key"


@contextmanager
def _forked(world: World, edit: Edit) -> Iterator[_Fork]:
    """The log with other leaves, signed, and served at an address of its own until the end of the block."""
    size = world.checkpoint().size
    leaves = [leaf for part in Log(FolderSource(world.log_folder)).entries(0, size, size) for leaf in part]
    folder = world.scratch("fork")
    with LogWriter.open(folder, world.log_key()) as writer:
        writer.append(edit(leaves))
        signed = writer.publish()
        made, root = writer.size, writer.root
    with _served(folder) as url:
        yield _Fork(folder, url, made, root, signed)


def _seen_through(world: World, case: Case, fork: _Fork, remembered: Path) -> Outcome:
    """That no witness cosigns it, so that a reader with the policy is not deceived, nor is one who remembers."""
    assert world.policy is not None, "this drill has witnesses"
    with Cosigners(Policy.parse(world.policy), WITNESS_TIMEOUT_S) as cosigners:
        try:
            cosigners.for_log(FolderSource(fork.folder))(fork.signed, world.checkpoint().size)
            refused = ""
        except NoQuorum as error:
            refused = error.message
    words = refused.partition(". ")[2].partition(";")[0]  # what the first of them said; the others say the same
    case.stood(bool(refused), f"no witness cosigns it: {words}")
    problem = found(world.verify(fork.url, policy=world.policy), "no_quorum")
    case.stood(problem is not None, f"with a quorum {says(problem)}")
    report = world.verify(fork.url, remember=remembered)
    problem = found(report, "forked") or found(report, "rolled_back")
    case.stood(problem is not None, f"for who remembers what the others were shown {says(problem)}")
    return Outcome.DETECTED


def _breaks_the_rules(world: World, case: Case, fork: _Fork, kind: str, item: str) -> Outcome:
    """That the log itself, whoever signed it, shows what was done to it."""
    report = world.verify(fork.url)
    case.did("log" in report.checked, f"signature, tiles and root of the edited log are right: {fork}")
    problem = found(report, kind, item=item)
    case.stood(problem is not None, says(problem))
    return Outcome.DETECTED


def _turned_to(leaves: Sequence[bytes], *, wanted: int) -> list[bytes]:
    """The first like of another item is now one of the wanted item."""
    place = next(n for n, leaf in enumerate(leaves) if _is(leaf, Action.LIKE) and not _is(leaf, Action.LIKE, wanted))
    deed = decode_leaf(leaves[place])
    assert isinstance(deed, Deed)
    return [*leaves[:place], encode_deed(deed._replace(subject=wanted)), *leaves[place + 1 :]]


def _is(leaf: bytes, action: Action, subject: int = 0, turn: int = 0) -> bool:
    deed = decode_leaf(leaf)
    if not isinstance(deed, Deed) or deed.action is not action:
        return False
    return subject in (0, deed.subject) and turn in (0, deed.value)


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """A folder as static files on loopback."""
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""
