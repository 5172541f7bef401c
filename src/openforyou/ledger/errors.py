"""What can be wrong with a log, its notes and its proofs.

    LedgerError
    ├── BadKey         a key's text is malformed, or its type is unknown or does not fit
    ├── BadNote        bytes that are not a signed note, or a note that is not a checkpoint
    ├── BadSignature   no signature by a trusted key, or one by a trusted key that does not verify
    ├── BadPolicy      a witness policy that cannot be read; names the line
    ├── BadProof       a Merkle proof that does not prove what it should, or is not one
    ├── BadEntry       an entry that a log cannot hold
    ├── BadTile        a tile or bundle that is not what the tree says; carries `path` and `wrong`
    ├── Missing        a file of the log is absent; carries `path`
    ├── NoQuorum       too few witnesses vouch for a checkpoint
    ├── StaleSize      a witness knows another size than the caller thought; carries `known_size`
    ├── SourceFailed   the place that serves the log does not answer, or answers nonsense
    ├── RolledBack     a log shows fewer leaves than it once signed (`fsck`)
    ├── Forked         a log signed two trees that contradict each other (`fsck`)
    ├── UnknownLog     a witness does not watch that log (`witness`)
    ├── WriterStopped  the disk failed under a writer; what was published is whole (`writer`)
    └── LogDamaged     what lies on the disk cannot be continued by a writer

`LogInUse` (`disk`) and `WitnessInUse` (`witness`) say that another process is at it.

Everything here is a verdict about bytes. None of them is ever turned into a pass.
"""

from __future__ import annotations

from openforyou.core.errors import OpenForYouError


class LedgerError(OpenForYouError):
    """Base of the tree above."""

    code = "ledger"


class BadKey(LedgerError):
    """The text of a key is malformed, or its type is unknown or does not fit the use."""

    code = "bad_key"


class BadNote(LedgerError):
    """Not a signed note, or not a checkpoint."""

    code = "bad_note"


class BadSignature(LedgerError):
    """No trusted key signed, or a trusted key's signature does not verify."""

    code = "bad_signature"


class BadPolicy(LedgerError):
    """A witness policy that cannot be read. The message names the line."""

    code = "bad_policy"


class BadProof(LedgerError):
    """A proof that does not prove what it should."""

    code = "bad_proof"


class BadEntry(LedgerError):
    """An entry that a log cannot hold."""

    code = "bad_entry"


class BadTile(LedgerError):
    """A tile or bundle that is not what the tree says: `path` is where it lies, `wrong` what is wrong with it."""

    code = "bad_tile"

    def __init__(self, path: str, wrong: str, *, hint: str = "") -> None:
        super().__init__(f"{path}: {wrong}", hint=hint)
        self.path = path
        self.wrong = wrong


class Missing(LedgerError):
    """A file of the log is absent: `path`, relative to the log."""

    code = "missing"

    def __init__(self, path: str, *, hint: str = "") -> None:
        super().__init__(f"{path} is missing", hint=hint)
        self.path = path


class NoQuorum(LedgerError):
    """Too few witnesses vouch for a checkpoint."""

    code = "no_quorum"


class StaleSize(LedgerError):
    """A witness last cosigned a tree of `known_size`, which is not what the caller started from."""

    code = "stale_size"

    def __init__(self, message: str, *, known_size: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.known_size = known_size


class SourceFailed(LedgerError):
    """The place that serves the log does not answer, or answers what no log would."""

    code = "source_failed"


class LogDamaged(LedgerError):
    """What lies on the disk cannot be continued by a writer."""

    code = "log_damaged"
