"""A witness never signs two trees that contradict each other: not for a hostile log, in a race, on a failing disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from openforyou.ledger import cosignature
from openforyou.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, sign
from openforyou.ledger.disk import Disk, Files, RealDisk
from openforyou.ledger.errors import BadKey, BadNote, BadProof, BadSignature, LedgerError, LogDamaged, StaleSize
from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.ledger.merkle import EMPTY_ROOT, SIZE_MAX
from openforyou.ledger.note import SIGNATURES_MAX, Note, parse_signatures
from openforyou.ledger.submission import BadSubmission, Submission
from openforyou.ledger.witness import (
    FORK_FILES_MAX,
    UnknownLog,
    Witness,
    WitnessClosed,
    WitnessInUse,
    origin_hash,
)
from tests.ledger.growing import NOW_S, GrowingLog, Tree, witness_keys

KEYS = witness_keys()
LOG = GrowingLog()
FORK = Tree("fork", fork_at=5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "witness"


@pytest.fixture
def witness(folder: Path) -> Iterator[Witness]:
    opened = open_witness(RealDisk(folder))
    yield opened
    opened.close()


def open_witness(disk: Disk, *logs: GrowingLog) -> Witness:
    return Witness(disk, KEYS, [log.key.verifying for log in logs or (LOG,)], lambda: NOW_S + 0.75)


def verify_lines(answer: bytes, checkpoint: bytes) -> None:
    """That the answer is one cosignature by each key, for this checkpoint and at this time."""
    head, _ = parse_checkpoint(checkpoint)
    lines = parse_signatures(answer)
    assert len(lines) == len(KEYS)
    for line, key in zip(lines, KEYS, strict=True):
        assert cosignature.verify(head, line, key.verifying) == NOW_S


def test_a_log_that_grows_is_cosigned_from_its_first_checkpoint_on(witness: Witness) -> None:
    for old, new in pairwise([0, 1, 2, 5, 5, 64, 200, 257]):
        verify_lines(witness.add_checkpoint(LOG.submission(old, new)), LOG.signed(new))
        latest = witness.latest()[LOG.key.name]
        assert latest is not None
        assert (latest.size, latest.root) == (new, LOG.tree.root(new))


def test_an_empty_log_can_be_cosigned_and_then_grow(witness: Witness) -> None:
    verify_lines(witness.add_checkpoint(LOG.submission(0, 0)), LOG.signed(0))
    verify_lines(witness.add_checkpoint(LOG.submission(0, 7)), LOG.signed(7))


def test_the_record_is_what_was_signed_with_both_signatures(witness: Witness, folder: Path) -> None:
    answer = witness.add_checkpoint(LOG.submission(0, 7))
    record = (folder / "logs" / origin_hash("log.example") / "checkpoint").read_bytes()
    assert record == LOG.signed(7) + answer
    assert witness.latest_note(origin_hash("log.example")) == record
    assert witness.latest_note(origin_hash("other.example")) is None


def test_what_was_signed_is_remembered_by_the_next_process(folder: Path) -> None:
    first = open_witness(RealDisk(folder))
    first.add_checkpoint(LOG.submission(0, 9))
    first.close()
    second = open_witness(RealDisk(folder))
    with pytest.raises(StaleSize) as refused:
        second.add_checkpoint(LOG.submission(0, 4))
    assert refused.value.known_size == 9
    with pytest.raises(BadProof):
        second.add_checkpoint(LOG.submission(9, 12, FORK))
    verify_lines(second.add_checkpoint(LOG.submission(9, 12)), LOG.signed(12))
    second.close()


# What is refused, and as what -----------------------------------------------------------------------------------------


def known(old: int, new: int, tree: Tree | None = None) -> bytes:
    return LOG.submission(old, new, tree)


def with_proof(old: int, new: int, proof: list[bytes]) -> bytes:
    return Submission(old, tuple(proof), LOG.signed(new)).format()


def test_a_witness_that_knows_8_leaves_refuses_all_this_and_signs_nothing(witness: Witness, folder: Path) -> None:
    witness.add_checkpoint(LOG.submission(0, 8))
    record = folder / "logs" / origin_hash("log.example") / "checkpoint"
    before = record.read_bytes()
    good = LOG.tree.proof(8, 13)
    cases: list[tuple[type[LedgerError], bytes]] = [
        (BadSubmission, b"hello"),
        (BadNote, b"old 8\n\nno checkpoint\n"),
        (BadNote, b"old 8\n\n" + LOG.signed(13).rpartition(b"\n\n")[0] + b"\n\n"),
        (UnknownLog, GrowingLog("other.example").submission(8, 13)),
        (BadSubmission, Submission(14, (), LOG.signed(13)).format()),  # an old size above the new one
        (StaleSize, known(0, 13)),
        (StaleSize, known(7, 13)),
        (StaleSize, known(9, 13)),
        (StaleSize, known(0, 0)),
        (StaleSize, known(0, 4)),  # a rollback
        (StaleSize, known(4, 4)),
        (StaleSize, known(8, 8, FORK)),  # another tree of the same size
        (StaleSize, known(3, 8, FORK)),
        (BadProof, known(8, 13, FORK)),  # the fork's own proof, from its own 8 leaves
        (BadProof, with_proof(8, 13, [])),
        (BadProof, with_proof(8, 13, [*good, bytes(32)])),
        (BadProof, with_proof(8, 13, good[:-1])),
        (BadProof, with_proof(8, 13, [bytes(32), *good[1:]])),
        (BadProof, with_proof(8, 8, good)),  # more than equal trees need
    ]
    for error, body in cases:
        with pytest.raises(error) as refused:
            witness.add_checkpoint(body)
        if isinstance(refused.value, StaleSize):
            assert refused.value.known_size == 8
        assert record.read_bytes() == before
    verify_lines(witness.add_checkpoint(LOG.submission(8, 13)), LOG.signed(13))


def test_a_first_checkpoint_needs_no_proof_and_may_have_none(witness: Witness) -> None:
    with pytest.raises(BadProof):
        witness.add_checkpoint(with_proof(0, 8, [bytes(32)]))
    with pytest.raises(StaleSize):
        witness.add_checkpoint(with_proof(3, 8, LOG.tree.proof(3, 8)))
    assert witness.latest() == {"log.example": None}


def test_an_empty_tree_has_the_root_of_the_empty_tree(witness: Witness) -> None:
    text = Checkpoint("log.example", 0, EMPTY_ROOT).body().replace("47DEQpj8", "57DEQpj8")
    note = Note(text, ()).format()
    with pytest.raises(BadNote):
        witness.add_checkpoint(b"old 0\n\n" + note + LOG.signed(0).split(b"\n\n")[1])


def strange(checkpoint: bytes) -> bytes:
    """The line of somebody who calls himself as the log does."""
    head, _ = parse_checkpoint(checkpoint)
    return sign(head, SigningKey(head.origin, Algorithm.ED25519, bytes(32))).rpartition(b"\n\n")[2]


def test_only_the_log_itself_can_be_cosigned(witness: Witness) -> None:
    text, _, lines = LOG.signed(5).rpartition(b"\n\n")
    with pytest.raises(BadSignature):
        witness.add_checkpoint(b"old 0\n\n" + text + b"\n\n" + strange(LOG.signed(5)))
    other_lines = LOG.signed(6).rpartition(b"\n\n")[2]  # the log's own signature, of another tree
    with pytest.raises(BadSignature):
        witness.add_checkpoint(b"old 0\n\n" + text + b"\n\n" + other_lines)
    with pytest.raises(BadSignature):  # one that verifies does not excuse one that does not
        witness.add_checkpoint(b"old 0\n\n" + text + b"\n\n" + lines + other_lines)
    # A stranger's line beside the log's is passed over, and not kept.
    answer = witness.add_checkpoint(b"old 0\n\n" + text + b"\n\n" + strange(LOG.signed(5)) + lines)
    assert witness.latest_note(origin_hash("log.example")) == LOG.signed(5) + answer


def test_a_log_may_change_its_key_and_is_held_to_what_it_showed_before(folder: Path) -> None:
    new = GrowingLog()
    new.key = SigningKey("log.example", Algorithm.ED25519, b"new".ljust(32))
    first = open_witness(RealDisk(folder))
    first.add_checkpoint(LOG.submission(0, 8))
    first.close()
    second = open_witness(RealDisk(folder), LOG, new)
    with pytest.raises(StaleSize):
        second.add_checkpoint(new.submission(0, 9))
    verify_lines(second.add_checkpoint(new.submission(8, 9)), new.signed(9))
    verify_lines(second.add_checkpoint(LOG.submission(9, 10)), LOG.signed(10))
    second.close()


def test_logs_do_not_disturb_each_other(folder: Path) -> None:
    other = GrowingLog("other.example")
    witness = open_witness(RealDisk(folder), LOG, other)
    witness.add_checkpoint(LOG.submission(0, 8))
    verify_lines(witness.add_checkpoint(other.submission(0, 3)), other.signed(3))
    verify_lines(witness.add_checkpoint(LOG.submission(8, 9)), LOG.signed(9))
    witness.close()


def test_extension_lines_are_signed_as_they_are_and_may_change(witness: Witness) -> None:
    head = Checkpoint("log.example", 8, LOG.tree.root(8), ("an extension",))
    for extended in (head, Checkpoint(head.origin, head.size, head.root, ("another",))):
        old = 0 if extended is head else 8
        signed = sign(extended, LOG.key)
        verify_lines(witness.add_checkpoint(Submission(old, (), signed).format()), signed)


def test_as_many_signatures_as_a_note_holds_do_not_spoil_the_record(folder: Path) -> None:
    text, _, line = LOG.signed(5).rpartition(b"\n\n")
    witness = open_witness(RealDisk(folder))
    verify_lines(witness.add_checkpoint(b"old 0\n\n" + text + b"\n\n" + line * SIGNATURES_MAX), LOG.signed(5))
    witness.close()
    again = open_witness(RealDisk(folder))  # reads it
    latest = again.latest()["log.example"]
    assert latest is not None
    assert latest.size == 5
    again.close()


def test_both_sides_of_a_fork_are_kept_and_each_is_signed_by_the_log(witness: Witness, folder: Path) -> None:
    witness.add_checkpoint(LOG.submission(0, 8))
    for old in (8, 3, 8):
        with pytest.raises(StaleSize, match="two trees of 8 leaves"):
            witness.add_checkpoint(LOG.submission(old, 8, FORK))
        witness.add_checkpoint(LOG.submission(8, 8))  # with another time in the record each time
    kept = sorted((folder / "logs" / origin_hash("log.example") / "forks").iterdir())
    sides = [open_checkpoint(side.read_bytes(), LOG.key.verifying) for side in kept]
    assert [side.size for side in sides] == [8, 8]
    assert {side.root for side in sides} == {LOG.tree.root(8), FORK.root(8)}


def test_a_log_that_forks_on_and_on_does_not_fill_the_disk(witness: Witness, folder: Path) -> None:
    witness.add_checkpoint(LOG.submission(0, 2))
    for number in range(FORK_FILES_MAX + 5):
        with pytest.raises(StaleSize):
            witness.add_checkpoint(LOG.submission(2, 2, Tree(f"fork {number}")))
    kept = list((folder / "logs" / origin_hash("log.example") / "forks").iterdir())
    assert FORK_FILES_MAX - 1 <= len(kept) <= FORK_FILES_MAX


# Its folder and its keys ----------------------------------------------------------------------------------------------


def test_a_second_process_on_the_same_folder_is_refused(witness: Witness, folder: Path) -> None:
    with pytest.raises(WitnessInUse):
        open_witness(RealDisk(folder))
    witness.close()
    open_witness(RealDisk(folder)).close()


@pytest.mark.parametrize(
    "damage",
    [
        lambda record: b"",
        lambda record: record[:-20],
        lambda record: LOG.signed(9, FORK) + record[record.index("\N{EM DASH} w.".encode()) :],
        lambda record: record.replace(b"\n8\n", b"\n7\n"),
        lambda record: GrowingLog("other.example").signed(8),
        lambda record: b"x" * 2_000_000,
    ],
)
def test_a_damaged_record_is_named_and_nothing_is_signed(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    first = open_witness(RealDisk(folder))
    first.add_checkpoint(LOG.submission(0, 8))
    first.close()
    record = folder / "logs" / origin_hash("log.example") / "checkpoint"
    whole = record.read_bytes()
    record.write_bytes(damage(whole))
    with pytest.raises(LogDamaged, match=f"logs/{origin_hash('log.example')}/checkpoint is not the record"):
        open_witness(RealDisk(folder))
    record.write_bytes(whole)
    open_witness(RealDisk(folder)).close()  # the lock was given back


@pytest.mark.parametrize(
    ("keys", "logs"),
    [
        ([], [LOG.key]),
        ([LOG.key], [LOG.key]),  # a key for logs
        ([*KEYS, *witness_keys("other.example")], [LOG.key]),
        (KEYS, [KEYS[1]]),  # its own key as that of a log
        (KEYS, [SigningKey("x" * 256, Algorithm.ED25519, bytes(32))]),
    ],
)
def test_keys_that_do_not_fit_are_refused(folder: Path, keys: list[SigningKey], logs: list[SigningKey]) -> None:
    with pytest.raises(BadKey):
        Witness(RealDisk(folder), keys, [log.verifying for log in logs])


def test_a_log_that_signs_with_ml_dsa_is_watched_too(folder: Path) -> None:
    key = SigningKey("log.example", Algorithm.MLDSA44_COSIGNATURE, b"log".ljust(32))
    checkpoint = sign(Checkpoint("log.example", 8, LOG.tree.root(8)), key)
    witness = Witness(RealDisk(folder), KEYS, [key.verifying], lambda: NOW_S)
    verify_lines(witness.add_checkpoint(b"old 0\n\n" + checkpoint), checkpoint)
    witness.close()


def test_the_largest_tree_is_taken(witness: Witness) -> None:
    checkpoint = sign(Checkpoint("log.example", SIZE_MAX, bytes(32)), LOG.key)
    verify_lines(witness.add_checkpoint(b"old 0\n\n" + checkpoint), checkpoint)


# Races ----------------------------------------------------------------------------------------------------------------


class SlowDisk(RealDisk):
    """Leaves the others time to come in between a check and what follows from it."""

    def commit(self, *stages: Files, shown: Files | None = None) -> None:
        time.sleep(0.02)
        super().commit(*stages, shown=shown)


def submit_together(witness: Witness, bodies: list[bytes]) -> list[bytes | LedgerError]:
    """What each thread got."""
    barrier = threading.Barrier(len(bodies))

    def submit(body: bytes) -> bytes | LedgerError:
        barrier.wait()
        try:
            return witness.add_checkpoint(body)
        except LedgerError as error:
            return error

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(submit, bodies))


def test_of_many_forks_at_the_same_time_one_is_signed(folder: Path) -> None:
    logs = [GrowingLog(f"log{number}.example") for number in range(6)]
    witness = open_witness(SlowDisk(folder), *logs)
    for log in logs:
        for old, new in ((0, 4), (4, 9)):
            forks = [Tree(f"fork {number}", fork_at=4) for number in range(6)]
            answers = submit_together(witness, [log.submission(old, new, fork) for fork in forks])
            signed = [answer for answer in answers if isinstance(answer, bytes)]
            # The six are one tree at 4 leaves, and six trees at 9.
            assert len(signed) == 1
            assert all(error.known_size == new for error in answers if isinstance(error, StaleSize))
            refused = [error for error in answers if not isinstance(error, bytes)]
            assert all(isinstance(error, StaleSize) for error in refused)
    witness.close()


def test_a_smaller_tree_never_overtakes_a_larger_one(folder: Path) -> None:
    witness = open_witness(SlowDisk(folder))
    witness.add_checkpoint(LOG.submission(0, 1))
    size = 1
    for _ in range(6):  # the race of the specification: several sizes, all from the one that is known
        sizes = [size + step for step in range(1, 7)]
        answers = submit_together(witness, [LOG.submission(size, new) for new in sizes])
        signed = [new for new, answer in zip(sizes, answers, strict=True) if isinstance(answer, bytes)]
        assert len(signed) == 1
        latest = witness.latest()["log.example"]
        assert latest is not None
        assert latest.size == signed[0]
        assert witness.latest_note(origin_hash("log.example")) is not None
        size = latest.size
    witness.close()


def test_a_witness_that_closes_leaves_nothing_half_kept_behind_for_the_next(folder: Path) -> None:
    entered, go_on = threading.Event(), threading.Event()

    class HeldDisk(RealDisk):
        def commit(self, *stages: Files, shown: Files | None = None) -> None:
            entered.set()
            assert go_on.wait(30)
            super().commit(*stages, shown=shown)

    first = open_witness(HeldDisk(folder))
    with ThreadPoolExecutor(2) as pool:
        signing = pool.submit(first.add_checkpoint, LOG.submission(0, 8))
        assert entered.wait(30)
        closing = pool.submit(first.close)
        with pytest.raises(WitnessInUse):  # not before the one that is being kept has been
            open_witness(RealDisk(folder))
        assert not closing.done()
        go_on.set()
        verify_lines(signing.result(30), LOG.signed(8))
        closing.result(30)
    with pytest.raises(WitnessClosed):
        first.add_checkpoint(LOG.submission(8, 9))
    second = open_witness(RealDisk(folder))
    latest = second.latest()["log.example"]
    assert latest is not None
    assert latest.size == 8
    second.close()


# A disk that fails ----------------------------------------------------------------------------------------------------


class PowerCut(Exception):
    """The machine is gone."""


class FailingDisk:
    """`Disk` in memory. `fate` is what the next commit does; after a power cut each file is as it was, or new."""

    def __init__(self) -> None:
        self.safe: dict[str, bytes] = {}
        self.cache: dict[str, bytes] = {}
        self.fate = "succeeds"
        self.locked = False

    def read(self, path: str, limit_bytes: int) -> bytes:
        if path not in self.cache:
            raise FileNotFoundError(path)
        return self.cache[path][: limit_bytes + 1]

    def commit(self, *stages: Files, shown: Files | None = None) -> None:
        fate, self.fate = self.fate, "succeeds"
        if fate == "fails before":
            raise OSError(28, "No space left on device")
        if fate == "is cut before":
            raise PowerCut
        for stage in stages:
            self.cache |= stage
        if fate == "fails between":  # written, but not forced to the disk
            raise OSError(5, "Input/output error")
        for stage in stages:
            self.safe |= {path: self.cache[path] for path in stage}
        if fate == "fails after":
            raise OSError(5, "Input/output error")
        if fate == "is cut after":
            raise PowerCut

    def names(self, folder: str) -> list[str]:
        return [path.removeprefix(f"{folder}/") for path in self.cache if path.startswith(f"{folder}/")]

    def remove_folder(self, folder: str) -> None:
        raise AssertionError("a witness removes nothing")

    def lock(self) -> Callable[[], None]:
        assert not self.locked
        self.locked = True
        return self.release

    def release(self) -> None:
        self.locked = False

    def restart(self, *, is_cache_lost: bool) -> None:
        self.cache = dict(self.safe) if is_cache_lost else self.cache
        self.safe = dict(self.cache)
        self.locked = False


FATES = ["succeeds", "fails before", "fails between", "fails after", "is cut before", "is cut after"]
TREES = [LOG.tree, FORK, Tree("early", fork_at=0), Tree("late", fork_at=9)]
SIZES = st.integers(0, 16)


class WitnessUnderFire(RuleBasedStateMachine):
    """A log with four histories offers any of them, in any order, to a witness whose disk and power fail."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = FailingDisk()
        self.witness = open_witness(self.disk)
        self.signed: list[tuple[Tree, int]] = []

    def offer(self, tree: Tree, old: int, new: int, fate: str) -> None:
        self.disk.fate = fate
        try:
            answer = self.witness.add_checkpoint(LOG.submission(old, new, tree))
        except (LedgerError, OSError):
            return
        except PowerCut:
            self.restart(is_cache_lost=True)
            return
        finally:
            self.disk.fate = "succeeds"
        verify_lines(answer, LOG.signed(new, tree))
        self.signed.append((tree, new))

    @rule(tree=st.sampled_from(TREES), old=SIZES, new=SIZES, fate=st.sampled_from(FATES))
    def offer_anything(self, tree: Tree, old: int, new: int, fate: str) -> None:
        self.offer(tree, old, new, fate)

    @rule(tree=st.sampled_from(TREES), step=st.integers(0, 5), fate=st.sampled_from(FATES))
    def offer_what_fits(self, tree: Tree, step: int, fate: str) -> None:
        """From the size that the witness knows, as a client does that reads the 409."""
        latest = self.witness.latest()["log.example"]
        old = 0 if latest is None else latest.size
        self.offer(tree, old, old + step, fate)

    @rule(is_cache_lost=st.booleans())
    def restart(self, is_cache_lost: bool) -> None:
        self.disk.restart(is_cache_lost=is_cache_lost)
        self.witness = open_witness(self.disk)

    @invariant()
    def all_that_was_signed_is_one_history(self) -> None:
        for (older, smaller), (newer, larger) in pairwise(self.signed):
            assert smaller <= larger
            assert older.root(smaller) == newer.root(smaller)


TestWitnessUnderFire = WitnessUnderFire.TestCase
TestWitnessUnderFire.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize("fate", ["fails before", "fails between", "fails after"])
def test_what_cannot_be_kept_is_not_signed_and_can_be_offered_again(fate: str) -> None:
    disk = FailingDisk()
    witness = open_witness(disk)
    witness.add_checkpoint(LOG.submission(0, 8))
    disk.fate = fate
    with pytest.raises(OSError, match=r"device|Input"):
        witness.add_checkpoint(LOG.submission(8, 9))
    verify_lines(witness.add_checkpoint(LOG.submission(8, 9)), LOG.signed(9))
    disk.restart(is_cache_lost=True)
    latest = open_witness(disk).latest()["log.example"]
    assert latest is not None
    assert latest.size == 9
