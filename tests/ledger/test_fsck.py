"""The check of a whole log: it passes what is right, names what is wrong, and ends whatever it is given."""

from __future__ import annotations

import shutil
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openforyou.ledger import cosignature
from openforyou.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, sign
from openforyou.ledger.errors import (
    BadNote,
    BadProof,
    BadSignature,
    BadTile,
    LedgerError,
    Missing,
    NoQuorum,
    SourceFailed,
)
from openforyou.ledger.fsck import Forked, RolledBack, check
from openforyou.ledger.growth import GrowingTree
from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.ledger.merkle import Frontier, leaf_hashes
from openforyou.ledger.policy import Policy
from openforyou.ledger.source import FolderSource, HttpSource
from openforyou.ledger.tiles import encode_bundle, encode_tile
from openforyou.ledger.writer import LogWriter
from tests.ledger.logs import KEY, OTHER_KEY, POLICY, entries, files, write_log
from tests.ledger.servers import Misbehaving, ok, serve, silent

SIZE = 66_000
NOW_S = 1_780_000_000


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two levels of full tiles, three of partial ones, and an older checkpoint beside the last."""
    folder = tmp_path_factory.mktemp("sound") / "log"
    older = write_log(folder, 300)
    write_log(folder, SIZE)
    (folder / "older").write_bytes(older)
    return folder


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    shutil.copytree(sound, tmp_path / "log")
    return tmp_path / "log"


def test_a_sound_log_gives_every_entry_once_and_in_order(sound: Path) -> None:
    found: list[bytes] = []
    seen: list[int] = []

    def take(start: int, part: object) -> None:
        assert start == len(found)
        assert isinstance(part, list)
        found.extend(part)

    report = check(
        FolderSource(sound), POLICY, on_entries=take, progress=lambda done, total, message="": seen.append(done)
    )
    assert found == entries(SIZE)
    assert (report.leaves, report.checkpoint.size, report.witnesses) == (SIZE, SIZE, ())
    assert report.signed == (sound / "checkpoint").read_bytes()
    assert seen == sorted(seen)
    assert seen[-1] == SIZE


def test_it_is_the_same_over_the_web(sound: Path) -> None:
    found: list[bytes] = []
    with serve(sound) as url, HttpSource(url) as source:
        report = check(source, POLICY, on_entries=lambda start, part: found.extend(part))
    assert found == entries(SIZE)
    assert report == check(FolderSource(sound), POLICY)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 512])
def test_every_small_size_is_checked_to_its_end(tmp_path: Path, size: int) -> None:
    write_log(tmp_path, size)
    found: list[bytes] = []
    assert check(FolderSource(tmp_path), POLICY, on_entries=lambda start, part: found.extend(part)).leaves == size
    assert found == entries(size)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 400), max_size=8))
def test_a_growing_tree_has_the_root_that_a_frontier_has(steps: list[int]) -> None:
    tree, frontier = GrowingTree(), Frontier()
    for step in steps:
        part = leaf_hashes(entries(tree.size + step, tree.size))
        frontier.extend(part)
        while part:
            room = tree.room
            tree.extend(part[:room])
            part = part[room:]
        assert (tree.size, tree.root()) == (frontier.size, frontier.root())


# What is wrong is named


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip_first(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def empty(path: Path) -> None:
    path.write_bytes(b"")


FILES = {
    "tile/entries/000": 0,
    "tile/entries/100": 25_600,
    "tile/entries/257.p/208": 65_792,
    "tile/0/000": 0,
    "tile/0/200": 51_200,
    "tile/0/257.p/208": 65_792,
    "tile/1/000": 0,
    "tile/1/001.p/1": 65_536,
    "tile/2/000.p/1": 0,
}
DAMAGE: dict[str, Callable[[Path], None]] = {
    "changed": flip_first,
    "truncated": truncate,
    "longer": lengthen,
    "empty": empty,
    "missing": Path.unlink,
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", FILES)
def test_damage_to_any_file_is_found_and_named(sound: Path, copy: Path, name: str, damage: str) -> None:
    DAMAGE[damage](copy / name)
    with pytest.raises((BadTile, Missing, SourceFailed)) as caught:
        check(FolderSource(copy), POLICY)
    assert name in caught.value.message
    assert isinstance(caught.value, Missing) == (damage == "missing")
    assert not isinstance(caught.value, SourceFailed) or damage == "longer"


def test_a_changed_entry_is_named_by_its_leaf(copy: Path) -> None:
    changed = entries(25_856, 25_600)
    changed[7] = b"another"
    (copy / "tile/entries/100").write_bytes(encode_bundle(changed))
    with pytest.raises(BadTile, match=r"tile/entries/100: entry 25607 .* tile/0/100 has for leaf 25607"):
        check(FolderSource(copy), POLICY)


def test_an_entry_that_was_changed_with_its_tile_is_named_by_the_tile_above(copy: Path) -> None:
    changed = entries(25_856, 25_600)
    changed[7] = b"another"
    (copy / "tile/entries/100").write_bytes(encode_bundle(changed))
    (copy / "tile/0/100").write_bytes(encode_tile(leaf_hashes(changed)))
    with pytest.raises(BadTile, match=r"tile/1/000: hash 100 is not what the entries 25600 to 25855 give"):
        check(FolderSource(copy), POLICY)


def test_a_history_that_was_rewritten_to_the_top_does_not_give_the_signed_root(sound: Path, tmp_path: Path) -> None:
    write_log(tmp_path, SIZE, branch="rewritten")
    (tmp_path / "checkpoint").write_bytes((sound / "checkpoint").read_bytes())
    with pytest.raises(BadProof, match=f"the {SIZE} entries give the root"):
        check(FolderSource(tmp_path), POLICY)


def test_what_was_gathered_before_the_damage_is_not_vouched_for(copy: Path) -> None:
    flip_first(copy / "tile/entries/100")
    starts: list[int] = []
    with pytest.raises(BadTile):
        check(FolderSource(copy), POLICY, on_entries=lambda start, part: starts.append(start))
    assert starts == list(range(0, 25_600, 256)), "nothing of the bundle that is wrong"


# The checkpoint


def test_a_checkpoint_by_another_key_is_refused(copy: Path) -> None:
    head = open_checkpoint((copy / "checkpoint").read_bytes(), KEY.verifying)
    (copy / "checkpoint").write_bytes(sign(head, OTHER_KEY))
    with pytest.raises(BadSignature, match=r"log\.example/main"):
        check(FolderSource(copy), POLICY)


@pytest.mark.parametrize("data", [b"", b"garbage", b"log.example/main\n3\n\n", bytes(1 << 20)])
def test_a_checkpoint_that_is_none_is_refused(copy: Path, data: bytes) -> None:
    (copy / "checkpoint").write_bytes(data)
    with pytest.raises((BadNote, BadSignature)):
        check(FolderSource(copy), POLICY)


def test_no_checkpoint_is_no_log(copy: Path) -> None:
    (copy / "checkpoint").unlink()
    with pytest.raises(Missing, match="checkpoint"):
        check(FolderSource(copy), POLICY)


def test_witnesses_are_demanded_and_reported(tmp_path: Path) -> None:
    witness = SigningKey("witness.example", Algorithm.ED25519_COSIGNATURE, b"witness".ljust(32))
    policy = Policy.parse(f"log {KEY.vkey()}\nwitness W {witness.vkey()}\nquorum W\n")

    def cosign(signed: bytes, old_size: int) -> bytes:
        head, note = parse_checkpoint(signed)
        return note.with_signatures((cosignature.cosign(head, witness, NOW_S),)).format()

    with LogWriter.open(tmp_path, KEY) as writer:
        writer.append(entries(10))
        writer.publish()
        with pytest.raises(NoQuorum):
            check(FolderSource(tmp_path), policy)
        writer.publish(cosign)
    assert check(FolderSource(tmp_path), policy).witnesses == (("W", NOW_S),)


# An older checkpoint


def test_a_log_that_grew_passes_against_every_checkpoint_it_had(tmp_path: Path) -> None:
    older = [write_log(tmp_path, size) for size in (0, 1, 255, 256, 257, 300, 512, 513)]
    for checkpoint in older:
        assert check(FolderSource(tmp_path), POLICY, remembered=checkpoint).leaves == 513


def test_a_log_that_went_back_is_rolled_back(sound: Path, tmp_path: Path) -> None:
    write_log(tmp_path, 300)
    with pytest.raises(RolledBack, match=f"shows 300 leaves, and once signed {SIZE}") as caught:
        check(FolderSource(tmp_path), POLICY, remembered=(sound / "checkpoint").read_bytes())
    assert "Keep both" in caught.value.hint


@pytest.mark.parametrize("size", [300, 600, 65_537])
def test_a_log_with_another_past_is_forked(sound: Path, tmp_path: Path, size: int) -> None:
    write_log(tmp_path, size, branch="for other eyes")
    with pytest.raises(Forked, match="its first 300 leaves"):
        check(FolderSource(tmp_path), POLICY, remembered=(sound / "older").read_bytes())


def test_an_older_checkpoint_by_another_key_proves_nothing(copy: Path) -> None:
    with pytest.raises(BadSignature):
        check(FolderSource(copy), POLICY, remembered=sign(Checkpoint(KEY.name, 5, bytes(32)), OTHER_KEY))


# A log that is alive, and one that is hostile


def test_a_log_may_grow_while_it_is_checked(tmp_path: Path) -> None:
    write_log(tmp_path, 600)
    grown: list[int] = []

    def grow(start: int, part: object) -> None:
        if not grown:  # the partial tiles of 600 are gone from now on
            write_log(tmp_path, 5_000)
            grown.append(start)

    assert check(FolderSource(tmp_path), POLICY, on_entries=grow).leaves == 600
    assert not (tmp_path / "tile/0/002.p").exists()
    assert check(FolderSource(tmp_path), POLICY).leaves == 5_000


def test_a_log_that_claims_more_leaves_than_anyone_could_read_is_refused(copy: Path) -> None:
    (copy / "checkpoint").write_bytes(sign(Checkpoint(KEY.name, 1 << 60, bytes(32)), KEY))
    with pytest.raises(LedgerError, match=str(1 << 60)):
        check(FolderSource(copy), POLICY)
    (copy / "checkpoint").write_bytes(sign(Checkpoint(KEY.name, 1 << 32, bytes(32)), KEY))
    with pytest.raises(Missing, match="tile/entries/257 is missing"):
        check(FolderSource(copy), POLICY)
    with pytest.raises(LedgerError, match="the limit of this check is 1000"):
        check(FolderSource(copy), POLICY, leaves_max=1000)


class Bottomless:
    """Answers every path with as many bytes as it may."""

    def __init__(self, checkpoint: bytes) -> None:
        self._checkpoint = checkpoint
        self.asked = 0

    def fetch(self, path: str, limit_bytes: int) -> bytes:
        self.asked += 1
        return self._checkpoint if path == "checkpoint" else bytes(limit_bytes)


def test_a_source_that_answers_everything_ends_it_at_once() -> None:
    source = Bottomless(sign(Checkpoint(KEY.name, 1 << 31, bytes(32)), KEY))
    with pytest.raises(BadTile, match="tile/entries/000"):
        check(source, POLICY)
    assert source.asked <= 3


def test_a_server_that_stops_answering_ends_it(sound: Path) -> None:
    checkpoint = (sound / "checkpoint").read_bytes()
    served = threading.Event()

    def once(connection: object, over: threading.Event) -> None:
        if served.is_set():
            silent(connection, over)  # type: ignore[arg-type]
        else:
            served.set()
            connection.sendall(ok(checkpoint))  # type: ignore[attr-defined]

    with Misbehaving(once) as server, HttpSource(server.url, timeout_s=0.5) as source:
        began = monotonic()
        with pytest.raises(SourceFailed, match="tile/entries/000 did not answer"):
            check(source, POLICY)
        assert monotonic() - began < 30


def peak_bytes(folder: Path) -> int:
    tracemalloc.start()
    try:
        check(FolderSource(folder), POLICY)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_log(sound: Path, tmp_path: Path) -> None:
    write_log(tmp_path, 6_000)
    peak_bytes(tmp_path)  # what is made once, on first use
    assert peak_bytes(sound) < 1.5 * peak_bytes(tmp_path), "eleven times the leaves"


def test_it_only_reads(sound: Path) -> None:
    before = files(sound)
    check(FolderSource(sound), POLICY)
    assert files(sound) == before
