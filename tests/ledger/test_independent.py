"""A log that OpenForYou wrote passes verifiers that share no line with it.

In Python: tlog-scales, which reads C2SP tlog-tiles and checks proofs by the algorithms of RFC 9162. In Go: the packages
of the Go checksum database (`golang.org/x/mod/sumdb`), from which the format comes, where Go and they are installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from tlog_scales import backend, reader, signing, tiles, tlog

from openforyou.ledger import cosignature
from openforyou.ledger.checkpoint import parse_checkpoint
from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.ledger.proof import Proof
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource
from openforyou.ledger.writer import LogWriter
from tests.ledger.logs import KEY, entries

NOW_S = 1_780_000_000
SIZES = (1, 2, 255, 256, 257, 700, 65_535, 65_536, 65_537, 70_000)
GO_SOURCES = Path("/usr/share/gocode/src/golang.org/x/mod")
WITNESSES = {
    algorithm: SigningKey(f"{algorithm.name.lower()}.example", algorithm, algorithm.name.encode().ljust(32))
    for algorithm in (Algorithm.ED25519_COSIGNATURE, Algorithm.MLDSA44_COSIGNATURE)
}


def cosign(signed: bytes, old_size: int) -> bytes:
    head, note = parse_checkpoint(signed)
    return note.with_signatures(cosignature.cosign(head, key, NOW_S) for key in WITNESSES.values()).format()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, bytes]]:
    """A log's folder, and its checkpoint at each of the sizes."""
    folder = tmp_path_factory.mktemp("log")
    with LogWriter.open(folder, KEY) as writer:
        checkpoints = {}
        for size in SIZES:
            writer.append(entries(size, writer.size))
            checkpoints[size] = writer.publish(cosign)
    return folder, checkpoints


@pytest.fixture
def theirs(published: tuple[Path, dict[int, bytes]]) -> reader.TilesReader:
    return reader.TilesReader(backend.LocalBackend(published[0]))


def vkey(text: str) -> signing.Vkey:
    return signing.Vkey.from_string(text)


def test_its_signature_and_its_witnesses_verify(published: tuple[Path, dict[int, bytes]]) -> None:
    folder, checkpoints = published
    keys = [vkey((folder / "vkey").read_text()), *(vkey(key.vkey()) for key in WITNESSES.values())]
    for size, data in checkpoints.items():
        head = tlog.Checkpoint.from_text(data.decode())
        assert (head.origin, head.size, len(head.signatures)) == (KEY.name, size, 3)
        for key in keys:
            head.verify(key)
    changed = tlog.Checkpoint.from_text(checkpoints[700].decode().replace("\n700\n", "\n701\n"))
    for key in keys:
        with pytest.raises(InvalidSignature):
            changed.verify(key)


def test_its_tiles_give_every_root_that_was_signed(
    published: tuple[Path, dict[int, bytes]], theirs: reader.TilesReader
) -> None:
    for size, data in published[1].items():
        theirs.set_size(size)
        theirs.tile_cache = reader.TileCache()
        assert theirs.calculate_root_hash() == tlog.Checkpoint.from_text(data.decode()).root_hash


def test_its_entries_are_included_and_its_trees_consistent(
    published: tuple[Path, dict[int, bytes]], theirs: reader.TilesReader
) -> None:
    heads = [tlog.Checkpoint.from_text(data.decode()) for data in published[1].values()]
    last = heads[-1]
    theirs.set_size(last.size)
    expected = entries(last.size)
    for index in [*range(0, last.size, 997), *(size - 1 for size in SIZES)]:
        entry = theirs.get_entry(index)
        assert entry == expected[index]
        theirs.get_inclusion_proof(index, last.size).check(tiles.leaf_hash(entry), last.root_hash)
    for older in heads:
        theirs.get_consistency_proof(older.size, last.size).check(older.root_hash, last.root_hash)


def test_our_proofs_are_theirs(published: tuple[Path, dict[int, bytes]], theirs: reader.TilesReader) -> None:
    log = Log(FolderSource(published[0]))
    theirs.set_size(SIZES[-1])
    for index in range(0, SIZES[-1], 4_999):
        assert log.inclusion_proof(index, SIZES[-1]) == theirs.get_inclusion_proof(index, SIZES[-1]).node_hashes
    for old in SIZES:
        assert log.consistency_proof(old, SIZES[-1]) == theirs.get_consistency_proof(old, SIZES[-1]).node_hashes


def test_a_receipt_carries_what_their_verifier_needs(published: tuple[Path, dict[int, bytes]]) -> None:
    folder, checkpoints = published
    index, size = 1_234, SIZES[-1]
    hashes = Log(FolderSource(folder)).inclusion_proof(index, size)
    receipt = Proof.parse(Proof(index, tuple(hashes), checkpoints[size]).format())
    head = tlog.Checkpoint.from_text(receipt.checkpoint.decode())
    head.verify(vkey(KEY.vkey()))
    found = tlog.InclusionProof(receipt.index, head.size, list(receipt.hashes))
    found.check(tiles.leaf_hash(entries(index + 1, index)[0]), head.root_hash)
    with pytest.raises(tlog.InclusionProofInvalid):
        found.check(tiles.leaf_hash(b"another entry"), head.root_hash)


def test_go_verifies_it_too(published: tuple[Path, dict[int, bytes]], tmp_path: Path) -> None:
    """The whole log, with the verifiers that Go trusts for its modules: note, every tile, every record."""
    if shutil.which("go") is None or not GO_SOURCES.is_dir():
        pytest.skip("needs Go: apt-get install golang-go golang-golang-x-mod-dev")
    folder, checkpoints = published
    go = {
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
    }
    program = Path(__file__).parent / "independent" / "verify.go"
    command = ["go", "run", str(program), str(folder)]
    ran = subprocess.run(command, env={**os.environ, **go}, capture_output=True, text=True, timeout=250)
    head, _ = parse_checkpoint(checkpoints[SIZES[-1]])
    assert (ran.returncode, ran.stdout) == (0, f"{KEY.name} {SIZES[-1]} {head.root.hex()}\n"), ran.stderr

    changed = folder / "tile/entries/006"
    changed.write_bytes(changed.read_bytes()[:-1] + b"?")
    ran = subprocess.run(command, env={**os.environ, **go}, capture_output=True, text=True, timeout=250)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "record 1791" in ran.stderr
