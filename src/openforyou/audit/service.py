"""The whole check, in the one order that works: first what is shown, and then the log, which must hold all of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from openforyou.audit import policies
from openforyou.audit.board import Board
from openforyou.audit.deeds import day_number
from openforyou.audit.errors import Overcrowded, ShownFailed
from openforyou.audit.remembered import Remembered
from openforyou.audit.shown import Shown
from openforyou.audit.tally import Tally
from openforyou.audit.trust import Trust
from openforyou.audit.types import Findings, Problem, Report, ShownPolicy
from openforyou.core.progress import Progress, silent
from openforyou.ledger import fsck
from openforyou.ledger.checkpoint import Checkpoint
from openforyou.ledger.errors import BadProof, LedgerError
from openforyou.ledger.reader import Log
from openforyou.ledger.source import CHECKPOINT, CHECKPOINT_BYTES_MAX, Source


@dataclass(frozen=True, slots=True)
class Outcome:
    """The report, and the checkpoint to remember: of a log that is whole, whatever is wrong with the numbers shown."""

    report: Report
    verified: Remembered | None


def verify(
    source: Source,
    trust: Trust,
    shown: Shown | None,
    now: datetime,
    *,
    remembered: Remembered | None = None,
    progress: Progress = silent,
) -> Outcome:
    """Check the log at `source`, and what is `shown` against it (None: the log alone).

    Whatever is wrong with either stands in the report; nothing of it is raised.
    """
    began = time.monotonic()
    check = _Check(source, trust, now, progress)
    with check.named(), TemporaryDirectory(prefix="openforyou-verify-") as folder:
        check.run(shown, remembered, Path(folder))
    report = Report(
        ok=not check.findings.found,
        log=check.log,
        witnesses=check.witnesses,
        leaves=check.leaves,
        items=check.items,
        creators=check.creators,
        policies=check.policies,
        refused=check.refused,
        checked=tuple(check.checked),
        findings=check.findings,
        seconds=time.monotonic() - began,
    )
    return Outcome(report, check.verified)


class _Check:
    """One check, and what it has come to so far."""

    def __init__(self, source: Source, trust: Trust, now: datetime, progress: Progress) -> None:
        self._source, self._trust, self._now, self._progress = source, trust, now, progress
        self.findings = Findings()
        self.log: dict[str, Any] | None = None
        self.witnesses: tuple[tuple[str, int], ...] = ()
        self.leaves = self.items = self.creators = self.policies = 0
        self.refused: dict[str, int] = {}
        self.checked: list[str] = []
        self.verified: Remembered | None = None

    @contextmanager
    def named(self) -> Iterator[None]:
        """Turns what ends a part of the check into a problem of the report."""
        try:
            yield
        except (LedgerError, ShownFailed, Overcrowded) as error:
            self.findings.add(Problem(error.code, str(error)))
        except OSError as error:  # a source turns its own into something of the ledger's
            words = f"The check could not keep its files in {gettempdir()}: {error.strerror or error}."
            self.findings.add(Problem("no_room", words))

    def run(self, shown: Shown | None, remembered: Remembered | None, folder: Path) -> None:
        """Everything. Raises what ends it."""
        signed = self._source.fetch(CHECKPOINT, CHECKPOINT_BYTES_MAX)
        head = self._trust.policy.check(signed, now_s=int(self._now.timestamp())).checkpoint
        tally = Tally(folder, head.size, day_number(self._now), self.findings)
        boards = tally.boards(folder)
        rules = None if shown is None else self._read(shown, boards, head)
        whole = fsck.check(
            self._source,
            self._trust.policy,
            on_entries=tally.take,
            remembered=None if remembered is None else remembered.checkpoint,
            progress=self._progress,
        )
        _require_grown(Log(self._source), head, whole.checkpoint)
        self._note(whole)
        tally.settle(self._progress)
        policies.orphans(tally.records, self.findings)
        self.refused = dict(sorted(tally.records.refused.items()))
        self.policies = len(tally.records.policies)
        self.checked.append("leaves")
        self.items, self.creators = (tally.compare(board) for board in boards)
        if all(board.is_whole for board in boards):
            self._judge_sizes(boards, head.size)
            self.checked.append("counts")
        if rules is not None:
            policies.compare(rules, tally.records, head.size, self.findings)
            self.checked.append("policies")

    def _read(self, shown: Shown, boards: tuple[Board, Board], head: Checkpoint) -> list[ShownPolicy] | None:
        """What is shown now. Where that fails, the log is checked all the same."""
        rules = None
        with self.named():
            found = shown.policies()
            rules = None if found is None else list(found)
            if rules is None:
                self.findings.add(Problem("hidden_rule", "The rules in force are shown nowhere (GET /v1/policies)."))
            for board, pages in zip(boards, (shown.items(head.size), shown.creators(head.size)), strict=True):
                for page in pages:
                    board.add(page)
        return rules

    def _note(self, whole: fsck.Report) -> None:
        """Keep what is known of a log that is whole."""
        head = whole.checkpoint
        verified = self._trust.policy.check(whole.signed, now_s=int(self._now.timestamp()))
        self.leaves, self.witnesses = whole.leaves, verified.witnesses
        self.log = {
            "origin": head.origin,
            "size": head.size,
            "root": head.root.hex(),
            "vkey": verified.log.vkey(),
            "key_from": self._trust.key_from.value,
            "quorum": self._trust.policy.quorum,
        }
        self.verified = Remembered(verified.log, whole.signed)
        self.checked.append("log")

    def _judge_sizes(self, boards: tuple[Board, Board], published: int) -> None:
        """That the numbers hold at a size that the log has, and not at an old one."""
        assert self.log is not None, "sizes are judged once the log is known"
        least = min(board.size_min or 0 for board in boards)
        most = max(board.size_max for board in boards)
        self.log["shown_at"] = least
        if most > self.leaves:
            words = f"Numbers are shown as of {most:,} leaves; the log has {self.leaves:,}."
            self.findings.add(Problem("ahead", words, shown=most, true=self.leaves))
        if least < published:
            words = f"Numbers are shown as of {least:,} leaves, asked for after {published:,} had been published."
            self.findings.add(Problem("stale", words, shown=least, true=published))


def _require_grown(log: Log, before: Checkpoint, now: Checkpoint) -> None:
    """That the log, which is whole, only grew while what is shown was read. Raises `RolledBack` or `Forked`."""
    if now.size < before.size:
        raise fsck.RolledBack(f"The log {now.origin} went back from {before.size:,} to {now.size:,} leaves meanwhile.")
    try:
        if now.size == before.size and now.root != before.root:
            raise BadProof("two roots for one size")
        log.consistency_proof(before.size, now.size, old_root=before.root, new_root=now.root)
    except BadProof as error:
        words = f"The log {now.origin} signed two trees that do not fit: of {before.size:,} and of {now.size:,} leaves."
        raise fsck.Forked(words) from error
