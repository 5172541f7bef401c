"""Asking the witnesses of a policy for their cosignatures, so that a log publishes only what a quorum has seen.

A witness may be down, slow, wrong or hostile, and none of that may hold or harm the log. All are asked at the same
time, as tasks on one event loop, under one deadline that cancels whatever they wait for: the name, the connection, the
headers or a body that comes a byte at a time. What comes back counts only once the key in the policy has verified it.

    200    signature lines: those by the keys of the policy that verify are taken, the rest is passed over
    409    another size: asked once more with the proof from there. A size above ours, or a tree of the same size that
           is another, is said by name: then the log was rolled back or forked, or the witness is wrong
    else   said by name
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from openforyou.ledger import cosignature
from openforyou.ledger.checkpoint import Checkpoint, parse_checkpoint
from openforyou.ledger.errors import BadNote, BadPolicy, BadSignature, NoQuorum
from openforyou.ledger.note import Signature, parse_signatures
from openforyou.ledger.policy import Policy, TrustedWitness
from openforyou.ledger.reader import Log
from openforyou.ledger.source import Source
from openforyou.ledger.submission import PATH, SIZE_TYPE, BadSubmission, Submission, parse_size

TIMEOUT_S = 5.0
LINGER_S = 0.1
"""Once there is a quorum, how long the others may still answer: more cosignatures serve readers with other policies."""
CANCEL_WITHIN_S = 1.0
ANSWER_BYTES_MAX = 1 << 16
SAID_CHARACTERS_MAX = 200

ProofFor = Callable[[int], Sequence[bytes]]
"""The consistency proof from the tree of that many leaves (1 or more) to the one in the checkpoint."""

_BROKEN_CONNECTION = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
"""What an idle connection that the witness has closed gives. Asking again does no harm."""


class _Refused(Exception):
    """A witness did not cosign, and why, in words for an operator."""


@dataclass(frozen=True)
class _Request:
    """One checkpoint on its way to all witnesses."""

    checkpoint: Checkpoint
    data: bytes
    proof_for: ProofFor
    proofs: dict[int, tuple[bytes, ...]] = field(default_factory=dict)

    def body(self, old_size: int) -> bytes:
        if old_size not in self.proofs:
            is_needed = 0 < old_size < self.checkpoint.size
            self.proofs[old_size] = tuple(self.proof_for(old_size)) if is_needed else ()
        return Submission(old_size, self.proofs[old_size], self.data).format()


@dataclass(frozen=True)
class _Answer:
    """What one address said, and by name of the witness the cosignatures that verified."""

    said: str
    lines: Mapping[str, Signature] = field(default_factory=dict)


class Cosigners:
    """The witnesses of a policy, over connections that are kept. One call at a time, from any thread; to be closed."""

    def __init__(self, policy: Policy, timeout_s: float = TIMEOUT_S, now_s: Callable[[], float] = time.time) -> None:
        """`timeout_s` is for one `gather` in all. Raises `BadPolicy` for an address that cannot be asked."""
        self._policy = policy
        self._timeout_s = timeout_s
        self._now_s = now_s
        self._by_address = _by_address(policy.witnesses)
        self._known: dict[str, int] = {}  # by address: the size that the witness said or signed last
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx.AsyncClient | None = None  # both from the first call on

    def gather(self, checkpoint: bytes, old_size: int, proof_for: ProofFor) -> bytes:
        """The checkpoint with the cosignatures of a quorum, and of whoever else was as fast.

        `old_size` is where to begin with a witness that has not been asked before, as a rule the size published last;
        it need not be right. `proof_for` is called in this thread. Returns within `timeout_s`, apart from what
        `proof_for` takes. Raises `NoQuorum` with what each witness said, `BadNote` where `checkpoint` is none, and what
        `proof_for` raises. Not to be called from a coroutine.
        """
        head, note = parse_checkpoint(checkpoint)
        request = _Request(head, checkpoint, proof_for)
        with self._lock:
            answers = self._open().run_until_complete(self._ask_all(request, old_size))
        lines = {name: line for answer in answers.values() for name, line in answer.lines.items()}
        if not self._policy.is_met_by(lines):
            raise NoQuorum(
                f"too few witnesses cosigned the checkpoint of {head.origin} at {head.size}; the quorum is "
                f"{self._policy.quorum}. {_told(self._policy.witnesses, answers)}",
                hint="Nothing was published. What the log holds waits, and is offered again.",
            )
        in_order = [lines[witness.name] for witness in self._policy.witnesses if witness.name in lines]
        return note.with_signatures(in_order).format()

    def for_log(self, source: Source) -> Callable[[bytes, int], bytes]:
        """`gather` as a writer asks for it, with proofs from the tiles at `source`: what `LogWriter.publish` takes."""
        log = Log(source)

        def cosign(checkpoint: bytes, old_size: int) -> bytes:
            head, _ = parse_checkpoint(checkpoint)
            return self.gather(
                checkpoint, old_size, lambda old: log.consistency_proof(old, head.size, new_root=head.root)
            )

        return cosign

    def close(self) -> None:
        """End what runs and close the connections. A later `gather` opens them again."""
        with self._lock:
            loop, self._loop = self._loop, None
            client, self._client = self._client, None
            if loop is None or client is None:
                return
            loop.run_until_complete(_end(asyncio.all_tasks(loop)))
            loop.run_until_complete(client.aclose())
            loop.close()  # does not wait for a name that is still being looked up

    def _open(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._client = httpx.AsyncClient(
                timeout=self._timeout_s,
                follow_redirects=False,
                limits=httpx.Limits(max_connections=None),
                headers={"Accept-Encoding": "identity", "User-Agent": "openforyou-log", "Content-Type": "text/plain"},
            )
        return self._loop

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _ask_all(self, request: _Request, old_size: int) -> dict[str, _Answer]:
        """By address, what came before the deadline, or shortly after there was a quorum."""
        loop = asyncio.get_running_loop()
        asked = {
            asyncio.create_task(self._ask(address, witnesses, request, old_size)): address
            for address, witnesses in self._by_address.items()
        }
        answers: dict[str, _Answer] = {}
        pending = set(asked)
        end_s = loop.time() + self._timeout_s
        is_met = False
        try:
            while pending:
                names = [name for answer in answers.values() for name in answer.lines]
                if not is_met and self._policy.is_met_by(names):
                    is_met, end_s = True, min(end_s, loop.time() + LINGER_S)
                if (left_s := end_s - loop.time()) <= 0:
                    break
                done, pending = await asyncio.wait(pending, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
                answers |= {asked[task]: task.result() for task in done}
        finally:
            await _end(asked)
        return answers

    async def _ask(
        self, address: str, witnesses: Sequence[TrustedWitness], request: _Request, old_size: int
    ) -> _Answer:
        old_size = min(self._known.get(address, old_size), request.checkpoint.size)
        may_reconnect = may_correct = True
        while True:
            body = request.body(old_size)
            try:
                status, kind, answer = await self._post(address, body)
                if status == 200:
                    lines = self._verified(request.checkpoint, witnesses, answer)
                    self._known[address] = request.checkpoint.size
                    return _Answer("cosigned", lines)
                known = _other_size(status, kind, answer, old_size, request.checkpoint.size)
                self._known[address] = known
            except _BROKEN_CONNECTION as error:
                if not may_reconnect:
                    return _Answer(f"broke off: {_words(error)}")
                may_reconnect = False
                continue
            except httpx.HTTPError as error:
                return _Answer(f"cannot be reached: {_words(error)}")
            except _Refused as refused:
                return _Answer(str(refused))
            except Exception as error:  # whatever a hostile answer can make a library raise must not harm the others
                return _Answer(f"could not be understood: {_words(error)}")
            if not may_correct:
                return _Answer(f"changed its mind about the size that it knows, from {old_size} to {known}")
            may_correct, old_size = False, known

    async def _post(self, address: str, body: bytes) -> tuple[int, str, bytes]:
        """Status, media type and body. Raises `_Refused` for a body over the limit or one that is packed."""
        assert self._client is not None, "gather has opened it"
        async with self._client.stream("POST", f"{address}/{PATH}", content=body) as response:
            if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
                raise _Refused("sent an answer that is compressed, which was not asked for")
            answer = bytearray()
            async for chunk in response.aiter_raw():
                answer += chunk
                if len(answer) > ANSWER_BYTES_MAX:
                    raise _Refused(f"sent more than the {ANSWER_BYTES_MAX} bytes that an answer may have")
        return response.status_code, response.headers.get("content-type", ""), bytes(answer)

    def _verified(
        self, checkpoint: Checkpoint, witnesses: Sequence[TrustedWitness], answer: bytes
    ) -> dict[str, Signature]:
        """By name, the cosignatures of these witnesses, all verified. Raises `_Refused` where one fails, or none is."""
        try:
            lines = parse_signatures(answer)
        except BadNote as error:
            raise _Refused(f"sent what are no signature lines: {_words(error)}") from error
        found: dict[str, Signature] = {}
        for witness in witnesses:
            line = next((line for line in lines if line.is_by(witness.key)), None)
            if line is None:
                continue
            try:
                at_s = cosignature.verify(checkpoint, line, witness.key)
            except BadSignature as error:
                raise _Refused("signed something else: its cosignature does not verify") from error
            if at_s == 0 or cosignature.is_from_the_future(at_s, int(self._now_s())):
                raise _Refused(f"gave its cosignature a time that cannot be: {at_s}")
            found[witness.name] = line
        if not found:
            raise _Refused("sent no cosignature by a key that the policy names for it")
        return found


def gather(
    policy: Policy, checkpoint: bytes, old_size: int, proof_for: ProofFor, timeout_s: float = TIMEOUT_S
) -> bytes:
    """`Cosigners.gather` for once, with nothing remembered."""
    with Cosigners(policy, timeout_s) as cosigners:
        return cosigners.gather(checkpoint, old_size, proof_for)


def _by_address(witnesses: Sequence[TrustedWitness]) -> dict[str, list[TrustedWitness]]:
    """One address may stand for several keys: it is asked once."""
    found: dict[str, list[TrustedWitness]] = {}
    for witness in witnesses:
        if witness.url is None:
            continue
        try:
            url = httpx.URL(witness.url)
            is_address = url.scheme in ("http", "https") and bool(url.host) and not url.query and not url.fragment
        except httpx.InvalidURL:
            is_address = False
        if not is_address:
            raise BadPolicy(
                f"the witness {witness.name} has the address {witness.url[:SAID_CHARACTERS_MAX]!r}, which is none",
                hint="Give http://HOST/PATH or https://HOST/PATH, without `add-checkpoint`.",
            )
        found.setdefault(witness.url.rstrip("/"), []).append(witness)
    return found


def _other_size(status: int, kind: str, answer: bytes, old_size: int, size: int) -> int:
    """The size to ask again from, in a 409. Raises `_Refused` for any other answer, and for one without sense."""
    if status != 409 or kind.partition(";")[0].strip().lower() != SIZE_TYPE:
        raise _Refused(f"answered {status}: {_words(answer.decode('utf-8', 'replace'))}")
    try:
        known = parse_size(answer)
    except BadSubmission as error:
        raise _Refused(f"answered 409 without a size: {_words(error)}") from error
    if known > size:
        raise _Refused(
            f"has cosigned a tree of {known} leaves already, and this one has {size}: this log was rolled back, "
            "or the witness is wrong"
        )
    if known == old_size == size:
        raise _Refused(
            f"has cosigned another tree of {size} leaves: this log has forked from what it showed before, "
            "or the witness is wrong"
        )
    if known == old_size:
        raise _Refused(f"answered 409 to the size {known}, which is what it says it knows")
    return known


def _told(witnesses: Sequence[TrustedWitness], answers: Mapping[str, _Answer]) -> str:
    told = []
    for witness in witnesses:
        if witness.url is None:
            told.append(f"{witness.name} has no address in the policy")
            continue
        answer = answers.get(witness.url.rstrip("/"))
        said = "did not answer in time" if answer is None else answer.said
        if answer is not None and answer.lines and witness.name not in answer.lines:
            said = "cosigned with another key only"
        told.append(f"{witness.name} at {witness.url} {said}")
    return "; ".join(told) + "."


def _words(said: object) -> str:
    """What was said, short and in one line, whatever a hostile side put into it."""
    text = str(said) or type(said).__name__
    cut = text[:SAID_CHARACTERS_MAX]
    return "".join(character if character.isprintable() else " " for character in cut).strip()


async def _end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel what still runs and see it off, with some patience and no more."""
    running = [task for task in tasks if not task.done()]
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running, timeout=CANCEL_WITHIN_S)
