"""Reading a log as a tree: proofs from tiles, entries, and what happens when the log grows or lies meanwhile."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.ledger.checkpoint import Checkpoint, open_checkpoint
from openforyou.ledger.errors import BadProof, BadTile, Missing
from openforyou.ledger.merkle import Frontier, leaf_hash, leaf_hashes, verify_consistency, verify_inclusion
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource
from tests.ledger.logs import KEY, entries, write_log

SIZE = 66_000
LOOKS_MAX = 4 + 4 * 2
"""Tiles that one proof may need: up from the leaf and along the right edge, at three levels, with some to spare."""


class CountingSource:
    """A folder that remembers what was asked for."""

    def __init__(self, folder: Path) -> None:
        self._source = FolderSource(folder)
        self.asked: Counter[str] = Counter()

    def fetch(self, path: str, limit_bytes: int) -> bytes:
        self.asked[path] += 1
        return self._source.fetch(path, limit_bytes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("log")
    write_log(made, 300, SIZE - 1, SIZE)
    return made


@pytest.fixture(scope="module")
def log(folder: Path) -> Log:
    return Log(FolderSource(folder))


@pytest.fixture(scope="module")
def roots() -> dict[int, bytes]:
    """Of every size at which something could go wrong, by another way than through tiles."""
    frontier = Frontier()
    found = {0: frontier.root()}
    hashes = leaf_hashes(entries(SIZE))
    sizes = [1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 40_000, 65_535, 65_536, 65_537, 65_791, 65_792, SIZE - 1, SIZE]
    for size in sizes:
        frontier.extend(hashes[frontier.size : size])
        found[size] = frontier.root()
    return found


def test_the_root_of_any_size_follows_from_the_tiles_of_a_larger_one(log: Log, roots: dict[int, bytes]) -> None:
    assert {size: log.root(size) for size in roots} == roots


@given(data=st.data())
def test_an_inclusion_proof_holds_for_every_leaf_and_size(
    log: Log, roots: dict[int, bytes], data: st.DataObject
) -> None:
    size = data.draw(st.sampled_from(sorted(roots)[1:]))
    index = data.draw(st.integers(0, size - 1))
    proof = log.inclusion_proof(index, size, roots[size])
    leaf = leaf_hash(entries(index + 1, index)[0])
    verify_inclusion(index=index, size=size, leaf_hash=leaf, proof=proof, root=roots[size])
    assert log.inclusion_proof(index, size) == proof


@given(data=st.data())
def test_a_consistency_proof_holds_between_all_sizes(log: Log, roots: dict[int, bytes], data: st.DataObject) -> None:
    new = data.draw(st.sampled_from(sorted(roots)[1:]))
    old = data.draw(st.sampled_from([size for size in roots if 0 < size <= new]))
    proof = log.consistency_proof(old, new, old_root=roots[old], new_root=roots[new])
    verify_consistency(old_size=old, new_size=new, old_root=roots[old], new_root=roots[new], proof=proof)
    assert log.consistency_proof(old, new) == proof


def test_nothing_needs_no_proof(log: Log) -> None:
    assert log.consistency_proof(0, 5) == []


def test_a_consistency_proof_needs_no_tile_of_the_older_tree(tmp_path: Path, roots: dict[int, bytes]) -> None:
    write_log(tmp_path, 513)
    log = Log(FolderSource(tmp_path))
    assert log.consistency_proof(300, 513) == log.consistency_proof(300, 513, old_root=roots[300], new_root=roots[513])


@given(st.integers(0, SIZE), st.integers(0, 2_000))
def test_entries_are_given_from_any_place_to_any_other(log: Log, start: int, count: int) -> None:
    stop = min(start + count, SIZE)
    parts = list(log.entries(start, stop, SIZE))
    assert [entry for part in parts for entry in part] == entries(stop, start)
    assert all(1 <= len(part) <= 256 for part in parts)


def test_what_is_not_in_the_tree_is_not_asked_for(folder: Path) -> None:
    source = CountingSource(folder)
    log = Log(source)
    with pytest.raises(ValueError, match="no entries"):
        next(log.entries(0, 301, 300))
    with pytest.raises(ValueError, match="no tile 2 at level 0"):
        log.tile(0, 2, 300)
    with pytest.raises(ValueError, match="no full subtree"):
        log.hash_at(6, 4, 300)
    with pytest.raises(BadProof, match="no leaf 300"):
        log.inclusion_proof(300, 300)
    assert not source.asked


def test_tiles_are_kept_but_not_without_bound(folder: Path) -> None:
    source = CountingSource(folder)
    log = Log(source)
    for _ in range(3):
        log.inclusion_proof(1_000, SIZE)
    assert max(source.asked.values()) == 1
    assert source.asked.total() <= LOOKS_MAX

    source = CountingSource(folder)
    log = Log(source, cached_tiles_max=2)
    for index in (0, 1, 2, 2, 1, 0):
        log.tile(0, index, SIZE)
    assert source.asked == {"tile/0/000": 2, "tile/0/001": 1, "tile/0/002": 1}


def test_a_reader_that_holds_an_older_checkpoint_reads_on_while_the_log_grows(tmp_path: Path) -> None:
    """The partial tile it needs is gone: the full one in its place begins with the same hashes."""
    head = open_checkpoint(write_log(tmp_path, 300), KEY.verifying)
    write_log(tmp_path, 700)
    assert not (tmp_path / "tile/0/001.p").exists()
    source = CountingSource(tmp_path)
    log = Log(source)
    assert len(log.inclusion_proof(299, head.size, head.root)) > 0
    assert [entry for part in log.entries(0, 300, 300) for entry in part] == entries(300)
    assert log.tile(0, 1, 300) == leaf_hashes(entries(300, 256))
    assert (source.asked["tile/0/001.p/44"], source.asked["tile/entries/001.p/44"]) == (1, 1)


def test_a_file_that_is_gone_is_named_as_it_was_asked_for(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "log"
    shutil.copytree(folder, copy)
    (copy / "tile/0/257.p/208").unlink()
    (copy / "tile/entries/003").unlink()
    log = Log(FolderSource(copy))
    with pytest.raises(Missing, match=r"tile/0/257\.p/208 is missing. Nor is the full one there, tile/0/257\."):
        log.tile(0, 257, SIZE)
    with pytest.raises(Missing, match="tile/entries/003 is missing") as caught:
        log.bundle(3, SIZE)
    assert caught.value.path == "tile/entries/003"


def test_a_proof_from_a_changed_tile_is_never_returned(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "log"
    shutil.copytree(folder, copy)
    head = open_checkpoint((copy / "checkpoint").read_bytes(), KEY.verifying)
    for name in ("tile/0/001", "tile/0/257.p/208", "tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1"):
        before = (copy / name).read_bytes()
        (copy / name).write_bytes(bytes([before[0] ^ 1]) + before[1:])
        log = Log(FolderSource(copy))
        with pytest.raises(BadProof):
            # Each of these tiles is on the way of one of the two.
            [log.inclusion_proof(index, head.size, head.root) for index in (256, SIZE - 1)]
        (copy / name).write_bytes(before)
    Log(FolderSource(copy)).inclusion_proof(256, head.size, head.root)


def test_a_tile_of_the_wrong_length_is_named(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "log"
    shutil.copytree(folder, copy)
    (copy / "tile/0/001").write_bytes(bytes(8191))
    (copy / "tile/entries/001").write_bytes(b"\x00\x05half")
    log = Log(FolderSource(copy))
    with pytest.raises(BadTile, match="tile/0/001: 8191 bytes where 256 hashes take 8192"):
        log.tile(0, 1, SIZE)
    with pytest.raises(BadTile, match="tile/entries/001: ends within entry 0 of 256"):
        log.bundle(1, SIZE)


def test_the_checkpoint_is_never_kept(tmp_path: Path) -> None:
    old = write_log(tmp_path, 3)
    log = Log(FolderSource(tmp_path))
    assert log.checkpoint_bytes() == old
    new = write_log(tmp_path, 4)
    assert log.checkpoint_bytes() == new
    assert open_checkpoint(new, KEY.verifying) == Checkpoint(KEY.name, 4, log.root(4))
