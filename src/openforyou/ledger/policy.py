"""Which logs and witnesses one trusts (C2SP tlog-policy), and whether a checkpoint satisfies that.

A policy is a small file: the keys of logs, the keys of witnesses, groups of them with a threshold, and one quorum. Each
name stands in one group at most, so that no witness counts twice. Names are compared as bytes; what is not UTF-8 is
kept with surrogate escapes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from openforyou.ledger import cosignature
from openforyou.ledger.checkpoint import Checkpoint, parse_checkpoint, verify_log
from openforyou.ledger.errors import BadKey, BadPolicy, NoQuorum
from openforyou.ledger.keys import Algorithm, VerifyingKey

POLICY_BYTES_MAX = 1 << 20
LINES_MAX = 2_000
LOG_ALGORITHMS = (Algorithm.ED25519, Algorithm.MLDSA44_COSIGNATURE)

_FORBIDDEN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_BLANK = re.compile(rb"[ \t]+")
_COUNT = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_NONE = "none"


@dataclass(frozen=True)
class TrustedLog:
    """A log whose checkpoints are accepted, and where it is served, if that is said."""

    key: VerifyingKey
    url: str | None = None


@dataclass(frozen=True)
class TrustedWitness:
    """A witness under its name in the policy, and where it takes checkpoints, if that is said."""

    name: str
    key: VerifyingKey
    url: str | None = None


@dataclass(frozen=True)
class Group:
    """Vouches for a checkpoint when `threshold` of its members do: witnesses, or groups before it."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Verified:
    """A checkpoint that a policy accepts, the log that signed it, and the witnesses that cosigned it."""

    checkpoint: Checkpoint
    log: VerifyingKey
    witnesses: tuple[tuple[str, int], ...] = ()
    """`(name in the policy, seconds since 1970)`, in the order of the policy."""


@dataclass(frozen=True)
class Policy:
    """Logs, witnesses, groups in the order of definition, and the quorum's name (None: no witness is asked for)."""

    logs: tuple[TrustedLog, ...] = ()
    witnesses: tuple[TrustedWitness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str | None = None

    @classmethod
    def parse(cls, text: str | bytes) -> Policy:
        """The policy in a file. Raises `BadPolicy`, naming the line."""
        try:
            data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        except UnicodeEncodeError as error:
            raise BadPolicy("a policy holds only what UTF-8 can write") from error
        if len(data) > POLICY_BYTES_MAX:
            raise BadPolicy(f"a policy of {len(data)} bytes is over the limit of {POLICY_BYTES_MAX}")
        lines = data.split(b"\n")
        if len(lines) > LINES_MAX:
            raise BadPolicy(f"a policy of {len(lines)} lines is over the limit of {LINES_MAX}")
        reader = _Reader()
        for number, line in enumerate(lines, 1):
            reader.read(number, line)
        return reader.finish()

    @classmethod
    def single(cls, vkey: str) -> Policy:
        """One log, and no witness asked for. Raises `BadKey`."""
        return cls().with_log(VerifyingKey.from_vkey(vkey))

    def with_log(self, key: VerifyingKey) -> Policy:
        """The same rules for one more log. Raises `BadKey` where the key is not one for logs."""
        if any(log.key == key for log in self.logs):
            return self
        return replace(self, logs=(*self.logs, TrustedLog(_log_key(key))))

    def is_met_by(self, names: Collection[str]) -> bool:
        """Whether the witnesses of these names are a quorum."""
        if self.quorum is None:
            return True
        vouching = {witness.name for witness in self.witnesses} & set(names)
        for group in self.groups:  # members come before their group
            if sum(member in vouching for member in group.members) >= group.threshold:
                vouching.add(group.name)
        return self.quorum in vouching

    def check(self, checkpoint: bytes, *, now_s: int | None = None) -> Verified:
        """That a trusted log signed the checkpoint and a quorum of witnesses cosigned it.

        With `now_s` (seconds since 1970), cosignatures from the future do not count. Raises `BadNote` for what is no
        checkpoint, `BadSignature` where the log's is absent or any by a known key does not verify, `NoQuorum` where too
        few cosigned.
        """
        head, note = parse_checkpoint(checkpoint)
        log = verify_log(head, note, [log.key for log in self.logs])
        seen: dict[str, int] = {}
        early = []
        for witness in self.witnesses:
            for line in note.signatures:
                if not line.is_by(witness.key):
                    continue
                at_s = cosignature.verify(head, line, witness.key)
                if now_s is not None and cosignature.is_from_the_future(at_s, now_s):
                    early.append(witness.name)
                else:
                    seen[witness.name] = max(at_s, seen.get(witness.name, 0))
        if not self.is_met_by(seen):
            cosigned = f"cosigned only by {_shown(seen)}" if seen else "cosigned by no witness of the policy"
            ahead = f"; dated in the future: {_shown(early)}" if early else ""
            raise NoQuorum(
                f"the checkpoint of {head.origin} at {head.size} is {cosigned}; the quorum is "
                f"{_shown([self.quorum or _NONE])}{ahead}",
                hint="Wait for a checkpoint that more witnesses cosigned, or ask for fewer in the policy.",
            )
        return Verified(head, log, tuple(seen.items()))


def _shown(names: Iterable[str]) -> str:
    """Names as a terminal can print them, whatever bytes they were."""
    return ", ".join(name.encode("utf-8", "backslashreplace").decode() for name in names)


def _log_key(key: VerifyingKey) -> VerifyingKey:
    if key.algorithm not in LOG_ALGORITHMS:
        raise BadKey(f"{key.name} is a key for a witness, not for a log")
    return key


@dataclass
class _Reader:
    """A policy line by line. `number` is the line being read, for the errors."""

    number: int = 0
    logs: list[TrustedLog] = field(default_factory=list)
    witnesses: list[TrustedWitness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    placed: set[str] = field(default_factory=set)
    quorum: str | None = None
    quorum_line: int = 0

    def read(self, number: int, line: bytes) -> None:
        self.number = number
        if found := _FORBIDDEN.search(line):
            raise self._wrong(f"the byte 0x{found.group()[0]:02x} is not allowed")
        words = [word.decode("utf-8", "surrogateescape") for word in _BLANK.split(line) if word]
        if not words or words[0].startswith("#"):
            return
        keyword, *rest = words
        readers = {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum}
        if keyword not in readers:
            raise self._wrong(f"{keyword!r} is none of {', '.join(readers)}")
        readers[keyword](rest)

    def finish(self) -> Policy:
        if not self.quorum_line:
            raise BadPolicy("the policy has no quorum line", hint="Add one; `quorum none` asks for no witness.")
        return Policy(tuple(self.logs), tuple(self.witnesses), tuple(self.groups), self.quorum)

    def _log(self, words: list[str]) -> None:
        if len(words) not in (1, 2):
            raise self._wrong("a log line is: log VKEY [URL]")
        key = self._key(words[0], [log.key for log in self.logs])
        try:
            self.logs.append(TrustedLog(_log_key(key), words[1] if len(words) == 2 else None))
        except BadKey as error:
            raise self._wrong(error.message) from error

    def _witness(self, words: list[str]) -> None:
        if len(words) not in (2, 3):
            raise self._wrong("a witness line is: witness NAME VKEY [URL]")
        self._define(words[0])
        key = self._key(words[1], [witness.key for witness in self.witnesses])
        if not key.algorithm.is_cosignature:
            raise self._wrong(f"{key.name} is a key for a log, not for a witness")
        self.witnesses.append(TrustedWitness(words[0], key, words[2] if len(words) == 3 else None))

    def _group(self, words: list[str]) -> None:
        if len(words) < 3:
            raise self._wrong("a group line is: group NAME all|any|NUMBER MEMBER…")
        name, asked, *members = words
        for member in members:
            if member not in self.names:
                raise self._wrong(f"{member!r} is not defined on a line before")
            if member in self.placed:
                raise self._wrong(f"{member!r} is a member already; each name is one at most once")
            self.placed.add(member)
        self._define(name)
        threshold = {"all": len(members), "any": 1}.get(asked) or (int(asked) if _COUNT.fullmatch(asked) else 0)
        if not 1 <= threshold <= len(members):
            raise self._wrong(f"the threshold {asked!r} is not all, any, or a number from 1 to {len(members)}")
        self.groups.append(Group(name, threshold, tuple(members)))

    def _quorum(self, words: list[str]) -> None:
        if len(words) != 1:
            raise self._wrong("a quorum line is: quorum NAME")
        if self.quorum_line:
            raise self._wrong(f"the quorum is on line {self.quorum_line} already")
        if words[0] != _NONE and words[0] not in self.names:
            raise self._wrong(f"{words[0]!r} is not defined on a line before")
        self.quorum_line = self.number
        self.quorum = None if words[0] == _NONE else words[0]

    def _define(self, name: str) -> None:
        if name == _NONE:
            raise self._wrong("the name none is taken: it is the quorum that asks for no witness")
        if name in self.names:
            raise self._wrong(f"the name {name!r} is taken")
        self.names.add(name)

    def _key(self, text: str, known: list[VerifyingKey]) -> VerifyingKey:
        try:
            key = VerifyingKey.from_vkey(text)
        except BadKey as error:
            raise self._wrong(error.message) from error
        for other in known:
            if other.public == key.public:
                raise self._wrong(f"the key of {key.name} is there already, as {other.name}")
            if (other.name, other.key_id) == (key.name, key.key_id):
                raise self._wrong(f"two keys {key.name} with the id {key.key_id:08x} cannot be told apart")
        return key

    def _wrong(self, what: str) -> BadPolicy:
        return BadPolicy(f"policy line {self.number}: {what}")
