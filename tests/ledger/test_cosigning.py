"""Asking witnesses: a quorum is gathered whatever the others do, and nothing counts that was not verified."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from openforyou.ledger import cosignature
from openforyou.ledger.checkpoint import parse_checkpoint
from openforyou.ledger.cosigning import ANSWER_BYTES_MAX, Cosigners, gather
from openforyou.ledger.disk import RealDisk
from openforyou.ledger.errors import (
    BadNote,
    BadPolicy,
    BadProof,
    BadSignature,
    LedgerError,
    NoQuorum,
    StaleSize,
)
from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.ledger.policy import Policy
from openforyou.ledger.source import FolderSource
from openforyou.ledger.submission import Submission
from openforyou.ledger.witness import Witness
from openforyou.ledger.writer import LogWriter
from tests.ledger.growing import NOW_S, GrowingLog, Tree, witness_keys
from tests.ledger.serving import Answer, Script, conflict, raw, scripted

LOG = GrowingLog()
FORK = Tree("fork", fork_at=3)
NEVER_S = 250.0
"""A deadline that no test waits for: pytest's own comes before."""

pytestmark = pytest.mark.timeout(60)


def key_of(name: str) -> SigningKey:
    return witness_keys(f"{name}.example")[0]


def cosigned(submission: Submission, key: SigningKey, at_s: int = NOW_S) -> bytes:
    head, _ = parse_checkpoint(submission.checkpoint)
    return cosignature.cosign(head, key, at_s).line().encode()


class Honest:
    """A witness of the product behind a scripted server, which remembers what old sizes it was asked with."""

    def __init__(self, folder: Path, name: str) -> None:
        self.key = key_of(name)
        self.witness = Witness(RealDisk(folder / name), [self.key], [LOG.key.verifying], lambda: NOW_S)
        self.asked: list[int] = []

    def __call__(self, submission: Submission) -> Answer:
        self.asked.append(submission.old_size)
        try:
            return Answer(200, self.witness.add_checkpoint(submission.format()))
        except StaleSize as error:
            return conflict(error.known_size)
        except LedgerError as error:
            return Answer(422, str(error).encode())


class Stage:
    """Servers for the length of a test, and the policy that names them."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.stack, self.folder = stack, folder
        self.witnesses: list[tuple[str, str, str]] = []

    def honest(self, name: str) -> Honest:
        honest = Honest(self.folder, name)
        self.stack.callback(honest.witness.close)
        self.add(name, self.stack.enter_context(scripted(honest)))
        return honest

    def hostile(self, name: str, script: Script) -> None:
        self.add(name, self.stack.enter_context(scripted(script)))

    def broken(self, name: str, behave: Callable[[socket.socket, threading.Event], None]) -> None:
        self.add(name, self.stack.enter_context(raw(behave)))

    def add(self, name: str, address: str) -> None:
        self.witnesses.append((name, key_of(name).vkey(), address))

    def policy(self, quorum: int) -> Policy:
        lines = [f"witness {name} {vkey} {address}" for name, vkey, address in self.witnesses]
        group = " ".join(name for name, _, _ in self.witnesses)
        return Policy.parse("\n".join([f"log {LOG.key.vkey()}", *lines, f"group g {quorum} {group}", "quorum g\n"]))

    def cosigners(self, quorum: int, timeout_s: float = NEVER_S) -> Cosigners:
        return self.stack.enter_context(Cosigners(self.policy(quorum), timeout_s, lambda: NOW_S))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(stack, tmp_path)


def proofs(size: int, tree: Tree = LOG.tree) -> Callable[[int], Sequence[bytes]]:
    def proof_for(old: int) -> Sequence[bytes]:
        assert 0 < old < size, "asked only where there is something to prove"
        return tree.proof(old, size)

    return proof_for


def offer(cosigners: Cosigners, size: int, old: int = 0) -> bytes:
    return cosigners.gather(LOG.signed(size), old, proofs(size))


def refusal(cosigners: Cosigners, size: int = 8, old: int = 0) -> str:
    with pytest.raises(NoQuorum) as refused:
        offer(cosigners, size, old)
    return refused.value.message


# With honest witnesses ------------------------------------------------------------------------------------------------


def test_all_cosignatures_are_added_and_satisfy_the_policy(stage: Stage) -> None:
    for name in ("a", "b", "c"):
        stage.honest(name)
    with stage.cosigners(3) as cosigners:
        complete = offer(cosigners, 8)
    assert complete.startswith(LOG.signed(8))
    verified = stage.policy(3).check(complete, now_s=NOW_S)
    assert verified.witnesses == (("a", NOW_S), ("b", NOW_S), ("c", NOW_S))


def test_the_size_of_each_witness_is_remembered(stage: Stage) -> None:
    a, b = stage.honest("a"), stage.honest("b")
    a.witness.add_checkpoint(LOG.submission(0, 5))
    cosigners = stage.cosigners(2)
    offer(cosigners, 8)
    offer(cosigners, 13)
    offer(cosigners, 13)
    assert a.asked == [0, 5, 8, 13]  # once more after a 409, and never again
    assert b.asked == [0, 8, 13]


def test_a_first_guess_above_the_new_size_does_no_harm(stage: Stage) -> None:
    a = stage.honest("a")
    offer(stage.cosigners(1), 8, old=99)
    assert a.asked == [8, 0]


def test_gather_for_once(stage: Stage) -> None:
    stage.honest("a")
    policy = stage.policy(1)
    complete = gather(policy, LOG.signed(8), 0, proofs(8))
    assert len(policy.check(complete).witnesses) == 1


def test_a_policy_without_a_quorum_leaves_the_checkpoint_as_it_is() -> None:
    with Cosigners(Policy.single(LOG.key.vkey())) as cosigners:
        assert offer(cosigners, 8) == LOG.signed(8)


def test_one_address_for_two_keys_is_asked_once(tmp_path: Path) -> None:
    keys = witness_keys("w.example")
    asked = []

    def script(submission: Submission) -> Answer:
        asked.append(submission)
        return Answer(200, b"".join(cosigned(submission, key) for key in keys))

    with scripted(script) as address:
        lines = [f"witness w{number} {key.vkey()} {address}" for number, key in enumerate(keys)]
        policy = Policy.parse("\n".join([f"log {LOG.key.vkey()}", *lines, "group g all w0 w1", "quorum g\n"]))
        with Cosigners(policy, NEVER_S, lambda: NOW_S) as cosigners:
            complete = offer(cosigners, 8)
    assert len(asked) == 1
    assert [name for name, _ in policy.check(complete).witnesses] == ["w0", "w1"]


def test_it_can_be_used_again_after_close(stage: Stage) -> None:
    stage.honest("a")
    cosigners = stage.cosigners(1)
    offer(cosigners, 8)
    cosigners.close()
    offer(cosigners, 9)


def test_a_writer_publishes_what_was_cosigned(stage: Stage, tmp_path: Path) -> None:
    for name in ("a", "b"):
        stage.honest(name)
    policy = stage.policy(2)
    cosign = stage.cosigners(2).for_log(FolderSource(tmp_path / "log"))
    for start in range(0, 900, 300):  # over the border of a tile
        with LogWriter.open(tmp_path / "log", LOG.key, cosign=cosign) as writer:
            writer.append([str(number).encode() for number in range(start, start + 300)])
            complete = writer.publish(cosign)
        verified = policy.check(complete)
        assert len(verified.witnesses) == 2
        assert verified.checkpoint.root == LOG.tree.root(start + 300)


def test_a_writer_without_a_quorum_shows_nothing_new_and_goes_on_later(stage: Stage, tmp_path: Path) -> None:
    a = stage.honest("a")
    refused = [True]
    b = key_of("b")
    stage.hostile("b", lambda sent: Answer(500, b"broken") if refused[0] else Answer(200, cosigned(sent, b)))
    policy = stage.policy(2)
    cosign = stage.cosigners(2).for_log(FolderSource(tmp_path / "log"))
    with LogWriter.open(tmp_path / "log", LOG.key) as writer:
        writer.append([b"0", b"1"])
        published = writer.publish()
        writer.append([b"2"])
        with pytest.raises(NoQuorum):
            writer.publish(cosign)
        assert (tmp_path / "log" / "checkpoint").read_bytes() == published
    # `a` has cosigned 3 leaves that nobody was shown. The next writer must go on from those.
    refused[0] = False
    with LogWriter.open(tmp_path / "log", LOG.key, cosign=cosign) as writer:
        writer.append([b"3"])
        verified = policy.check(writer.publish(cosign))
    assert (verified.checkpoint.size, verified.checkpoint.root) == (4, LOG.tree.root(4))
    assert a.witness.latest()["log.example"] == verified.checkpoint


# With hostile ones ----------------------------------------------------------------------------------------------------


def wrong_key(sent: Submission) -> Answer:
    return Answer(200, cosigned(sent, key_of("stranger")))


def same_name_other_key(sent: Submission) -> Answer:
    return Answer(200, cosigned(sent, SigningKey("x.example", Algorithm.ED25519_COSIGNATURE, bytes(32))))


def another_tree(sent: Submission) -> Answer:
    return Answer(200, cosigned(Submission(0, (), LOG.signed(8, FORK)), key_of("x")))


def a_forged_line(sent: Submission) -> Answer:
    line = cosigned(sent, key_of("x"))
    return Answer(200, line.replace(line[-12:-6], b"AAAAAA"))


HOSTILE: dict[str, tuple[Script, str]] = {
    "a wrong key": (wrong_key, "sent no cosignature by a key that the policy names"),
    "the right name and a wrong key": (same_name_other_key, "sent no cosignature by a key that the policy names"),
    "a cosignature of another tree": (another_tree, "signed something else"),
    "a forged line": (a_forged_line, "signed something else"),
    "a line from the future": (lambda sent: Answer(200, cosigned(sent, key_of("x"), NOW_S + 86_400)), "a time that"),
    "a line without a time": (lambda sent: Answer(200, cosigned(sent, key_of("x"), 0)), "a time that cannot be: 0"),
    "nothing": (lambda sent: Answer(200, b""), "sent no cosignature"),
    "garbage": (lambda sent: Answer(200, bytes(range(256))), "sent what are no signature lines"),
    "a page": (lambda sent: Answer(200, b"<html>\n"), "sent what are no signature lines"),
    "too much": (lambda sent: Answer(200, b"x" * (ANSWER_BYTES_MAX + 1)), "sent more than"),
    "too much of a refusal": (lambda sent: Answer(400, b"x" * (ANSWER_BYTES_MAX + 1)), "sent more than"),
    "a packed answer": (
        lambda sent: Answer(200, gzip.compress(cosigned(sent, key_of("x"))), encoding="gzip"),
        "compressed",
    ),
    "a redirect": (lambda sent: Answer(302, b""), "answered 302"),
    "a refusal": (lambda sent: Answer(403, b"no\x1b[31m such\nkey"), "answered 403: no [31m such key"),
    "a long refusal": (lambda sent: Answer(500, b"long " * 1000), "answered 500: long long"),
    "a 409 without a size": (lambda sent: Answer(409, b"8\n"), "answered 409"),
    "a 409 with a bad size": (lambda sent: Answer(409, b"08\n", "text/x.tlog.size"), "answered 409 without a size"),
    "a huge size": (lambda sent: Answer(409, b"9" * 9_000 + b"\n", "text/x.tlog.size"), "without a size"),
    "a larger size": (lambda sent: conflict(9), "has cosigned a tree of 9 leaves already, and this one has 8"),
    "the same size again": (lambda sent: conflict(sent.old_size), "is what it says it knows"),
    "ever other sizes": (lambda sent: conflict((sent.old_size + 1) % 5), "changed its mind"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_witness_is_named_does_not_count_and_does_not_harm(stage: Stage, case: str) -> None:
    script, said = HOSTILE[case]
    stage.honest("a")
    stage.hostile("x", script)
    told = refusal(stage.cosigners(2))
    assert "x at http://127.0.0.1:" in told
    assert said in told
    assert "a at http://127.0.0.1:" in told
    assert " cosigned;" in told
    assert len(told) < 1_000
    assert told.isprintable()
    # And with one that suffices, the checkpoint comes without a byte of the other's.
    complete = offer(stage.cosigners(1), 8)
    assert stage.policy(1).check(complete, now_s=NOW_S).witnesses == (("a", NOW_S),)
    assert complete.count("\N{EM DASH} ".encode()) == 2


def test_lines_that_were_not_asked_for_are_left_out(stage: Stage) -> None:
    x = key_of("x")
    stage.hostile("x", lambda sent: Answer(200, cosigned(sent, key_of("y")) + cosigned(sent, x) + LOG.signed(8)[-99:]))
    stage.hostile("x2", lambda sent: Answer(200, cosigned(sent, key_of("x2")) * 2 + cosigned(sent, x, NOW_S + 7)))
    complete = offer(stage.cosigners(1), 8)
    assert b"y.example" not in complete
    assert complete.count(b"x2.example") == 1
    assert complete.count(b"x.example") <= 1  # never by way of another address


def test_a_size_that_makes_no_sense_to_the_log_is_the_logs_error(stage: Stage) -> None:
    stage.hostile("x", lambda sent: conflict(5))

    def no_proof(old: int) -> Sequence[bytes]:
        raise BadProof(f"tiles of {old} are gone")

    with pytest.raises(BadProof, match="tiles of 5 are gone"):
        stage.cosigners(1).gather(LOG.signed(8), 0, no_proof)


def test_a_fork_and_a_rollback_of_ones_own_log_are_said_by_name(stage: Stage) -> None:
    stage.honest("a").witness.add_checkpoint(LOG.submission(0, 8))
    cosigners = stage.cosigners(1)
    with pytest.raises(NoQuorum, match="has cosigned another tree of 8 leaves: this log has forked"):
        cosigners.gather(LOG.signed(8, FORK), 8, proofs(8, FORK))
    with pytest.raises(NoQuorum, match="answered 422"):
        cosigners.gather(LOG.signed(9, FORK), 8, proofs(9, FORK))
    with pytest.raises(NoQuorum, match="8 leaves already, and this one has 7: this log was rolled back"):
        cosigners.gather(LOG.signed(7), 0, proofs(7))


# With broken ones -----------------------------------------------------------------------------------------------------


def silent(connection: socket.socket, over: threading.Event) -> None:
    over.wait()


def drips_headers(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not over.wait(0.02):
        connection.sendall(b"x")


def drips_a_body(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
    while not over.wait(0.02):
        connection.sendall(b"x")


def pours_without_end(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not over.is_set():
        connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")


def pours_headers(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not over.is_set():
        connection.sendall(b"X-More: " + b"x" * 4000 + b"\r\n")


def speaks_no_http(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n")
    connection.recv(100_000)


def hangs_up(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(100_000)


def stops_halfway(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(100_000)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n\xe2\x80\x94 x")


ENDLESS = [silent, drips_headers, drips_a_body]


@pytest.mark.parametrize("behave", ENDLESS, ids=lambda one: one.__name__)
def test_a_witness_that_never_ends_holds_nobody_beyond_the_deadline(
    stage: Stage, behave: Callable[[socket.socket, threading.Event], None]
) -> None:
    stage.honest("a")
    stage.broken("x", behave)
    told = refusal(stage.cosigners(2, timeout_s=1.0))
    assert "x at" in told
    assert "did not answer in time" in told
    assert " cosigned;" in told


@pytest.mark.parametrize("behave", [*ENDLESS, pours_without_end, pours_headers], ids=lambda one: one.__name__)
def test_and_not_at_all_where_the_others_are_a_quorum(
    stage: Stage, behave: Callable[[socket.socket, threading.Event], None]
) -> None:
    stage.honest("a")
    stage.broken("x", behave)
    cosigners = stage.cosigners(1)  # whose deadline is far behind the time that this test may take
    for size in (8, 9, 10):
        assert stage.policy(1).check(offer(cosigners, size), now_s=NOW_S).witnesses == (("a", NOW_S),)


def test_nor_where_no_quorum_is_asked_for(stage: Stage) -> None:
    a = stage.honest("a")
    stage.broken("x", silent)
    lines = [f"witness {name} {vkey} {address}" for name, vkey, address in stage.witnesses]
    policy = Policy.parse("\n".join([f"log {LOG.key.vkey()}", *lines, "quorum none\n"]))
    with Cosigners(policy, NEVER_S, lambda: NOW_S) as cosigners:
        for size in (8, 9):
            assert offer(cosigners, size).startswith(LOG.signed(size))
    assert a.asked  # whoever is quick has its line in it all the same


@pytest.mark.parametrize(
    ("behave", "said"),
    [
        (pours_without_end, "sent more than"),
        (pours_headers, "broke off"),
        (speaks_no_http, "broke off"),
        (hangs_up, "broke off"),
        (stops_halfway, "broke off"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_broken_witness_is_named(
    stage: Stage, behave: Callable[[socket.socket, threading.Event], None], said: str
) -> None:
    stage.broken("x", behave)
    assert said in refusal(stage.cosigners(1))


def test_one_that_is_not_there_is_named_and_one_without_an_address_is_not_asked(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    stage.add("gone", f"http://127.0.0.1:{port}")
    stage.add("mute", "")
    told = refusal(stage.cosigners(2))
    assert f"gone at http://127.0.0.1:{port} cannot be reached" in told
    assert "mute has no address in the policy" in told


def test_a_connection_that_was_closed_meanwhile_is_opened_again(stage: Stage) -> None:
    a, calls = key_of("a"), []

    def restarts_once(sent: Submission) -> Answer:
        calls.append(sent.old_size)
        if len(calls) == 2:
            raise ConnectionResetError
        return Answer(200, cosigned(sent, a))

    stage.hostile("a", restarts_once)
    cosigners = stage.cosigners(1)
    offer(cosigners, 8)
    offer(cosigners, 9)
    assert calls == [0, 8, 8]


# What it is given -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["ftp://w.example", "w.example", "http://", "http://w.example/?q", "http://[::x"])
def test_an_address_that_cannot_be_asked_is_refused_at_once(stage: Stage, address: str) -> None:
    stage.add("w", address)
    with pytest.raises(BadPolicy, match="the witness w has the address"):
        Cosigners(stage.policy(1))


def test_what_is_no_checkpoint_is_not_sent(stage: Stage) -> None:
    a = stage.honest("a")
    with pytest.raises(BadNote):
        stage.cosigners(1).gather(b"no checkpoint\n", 0, proofs(8))
    assert a.asked == []


def test_a_checkpoint_of_another_log_is_cosigned_by_nobody(stage: Stage) -> None:
    stage.honest("a")
    other = GrowingLog("other.example")
    with pytest.raises(NoQuorum, match=r"not a log that this witness watches"):
        stage.cosigners(1).gather(other.signed(8), 0, proofs(8))


def test_a_bad_signature_of_a_known_witness_would_spoil_the_checkpoint(stage: Stage) -> None:
    """Why nothing is added unverified: a reader refuses the whole."""
    complete = LOG.signed(8) + another_tree(Submission(0, (), LOG.signed(8))).body
    stage.honest("x")
    with pytest.raises(BadSignature):
        stage.policy(1).check(complete)
