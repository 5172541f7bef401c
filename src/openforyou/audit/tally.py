"""Every number, counted anew from the leaves, in memory that does not grow with the log.

    leaves ──take──► by nullifier, on disk ──settle──► gains by subject, on disk ──compare──► beside what is shown

First come together all leaves of one nullifier, for what it may do is a matter of all of them (`marks`); what is left
of them moves numbers. Then come together all gains of one subject, and each is counted up to the place in the log at
which what is shown of it holds (`board`, `freezes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openforyou.audit.board import Board
from openforyou.audit.buckets import Buckets, Parting
from openforyou.audit.deeds import ROW, Rows, implausible, read_rows
from openforyou.audit.errors import Overcrowded
from openforyou.audit.marks import GAIN, problem_at, settle
from openforyou.audit.records import Records
from openforyou.audit.types import CREATOR_COUNTS, Findings, Problem
from openforyou.core.ids import encode_id
from openforyou.core.progress import Progress, silent
from openforyou.events.leaf import FORMAT, LEAF_BYTES, Action

CHUNK_LEAVES = 1 << 16
ROWS_OF_A_BUCKET_MAX = 4_000_000
_FORMAT_BYTE = bytes((FORMAT,))


class Tally:
    """The recount of one log of about `leaves`. `folder` is for its files; `today` in days since 1970.

    `take` all leaves in order, then `settle`, then `compare` with the board of items and with that of creators.
    """

    def __init__(self, folder: Path, leaves: int, today: int, findings: Findings) -> None:
        self.findings = findings
        self.records = Records(findings, today)
        self.leaves = 0
        self._today = today
        self._expected = leaves
        self._parting = Parting(leaves)
        self._marks = Buckets(folder, "marks", self._parting, ROW)
        self._items = Buckets(folder, "items", self._parting, GAIN)
        self._creators = Buckets(folder, "creators", self._parting, GAIN)
        self._waiting: list[bytes] = []
        self._starts: list[tuple[int, int]] = []  # (index of the first leaf, how many) of each piece that waits
        self._waiting_leaves = 0

    def boards(self, folder: Path) -> tuple[Board, Board]:
        """Empty boards of items and creators, parted as this tally parts its own."""
        items = Board(folder, "shown-items", self._parting, self._expected, is_of_creators=False)
        return items, Board(folder, "shown-creators", self._parting, self._expected, is_of_creators=True)

    def take(self, start: int, leaves: Sequence[bytes]) -> None:
        """The leaves from `start` on, which follow those taken before."""
        self.leaves = start + len(leaves)
        joined = b"".join(leaves)
        plain = {LEAF_BYTES} == set(map(len, leaves)) and joined[::LEAF_BYTES] == _FORMAT_BYTE * len(leaves)
        if plain:
            self._wait(start, joined)
        else:
            for index, leaf in enumerate(leaves, start):
                if len(leaf) == LEAF_BYTES and leaf[:1] == _FORMAT_BYTE:
                    self._wait(index, leaf)
                else:
                    self.records.take(index, leaf)
        if self._waiting_leaves >= CHUNK_LEAVES:
            self._flush()

    def settle(self, progress: Progress = silent) -> None:
        """Judge every nullifier, once all leaves are taken. Raises `Overcrowded`."""
        self._flush()
        for bucket in range(self._marks.count):
            if self._marks.size(bucket) > ROWS_OF_A_BUCKET_MAX:
                raise Overcrowded("Millions of leaves bear the same nullifier.", hint="No honest log has them.")
            gains = settle(self._marks.rows(bucket), self.findings)
            self._marks.drop(bucket)
            is_follow = gains["column"] == Action.FOLLOW - 1
            for buckets, part in ((self._items, gains[~is_follow]), (self._creators, gains[is_follow])):
                buckets.add(part, part["subject"].view(np.uint64))
            progress(bucket + 1, self._marks.count, "counting")

    def compare(self, board: Board) -> int:
        """Hold what is shown against what was counted; the number of subjects that have either. After `settle`."""
        buckets = self._creators if board.is_of_creators else self._items
        frozen = np.array([] if board.is_of_creators else sorted(self.records.freezes.items), dtype=np.int64)
        subjects = 0
        for bucket in range(buckets.count):
            shown_ids, shown = board.rows(bucket)
            found = [shown_ids, *(np.unique(piece["subject"]) for piece in buckets.pieces(bucket))]
            ids = np.unique(np.concatenate(found))
            subjects += len(ids)
            if board.is_whole:
                true = self._counted(buckets, bucket, ids, self._counts_from(board, ids, frozen))
                self._differ(board, ids, np.isin(ids, shown_ids), _spread(ids, shown_ids, shown), true)
            buckets.drop(bucket)
        return subjects

    def _counts_from(self, board: Board, ids: NDArray[np.int64], frozen: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many leaves of the log what is shown of each subject counts."""
        sizes = board.sizes(ids)
        for place in np.flatnonzero(np.isin(ids, frozen)):
            sizes[place] = self.records.freezes.counted(int(ids[place]), int(sizes[place]))
        return sizes

    def _counted(
        self, buckets: Buckets, bucket: int, ids: NDArray[np.int64], sizes: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """(N, K): the numbers of each subject, over its first `sizes` leaves."""
        first = Action.FOLLOW - 1 if buckets is self._creators else 0
        width = len(CREATOR_COUNTS) if buckets is self._creators else Action.FOLLOW - 1
        true = np.zeros((len(ids), width), dtype=np.int64)
        for piece in buckets.pieces(bucket):
            place = np.searchsorted(ids, piece["subject"])
            counts = piece["index"] < sizes[place]
            np.add.at(true, (place[counts], piece["column"][counts] - first), piece["gain"][counts])
        return true

    def _differ(
        self,
        board: Board,
        ids: NDArray[np.int64],
        listed: NDArray[np.bool_],
        shown: NDArray[np.int64],
        true: NDArray[np.int64],
    ) -> None:
        places = np.argwhere(shown != true).tolist()
        for number, (row, column) in enumerate(places):
            if not self.findings.takes("count"):
                self.findings.count("count", len(places) - number)
                return
            public, name = encode_id(int(ids[row])), board.names[column]
            told, counted = int(shown[row, column]), int(true[row, column])
            kind = "creator" if board.is_of_creators else "item"
            says = (
                f"The {name} of {kind} {public} are shown as {told:,}; the log has {counted:,}."
                if listed[row]
                else f"The {kind} {public} is shown nowhere; the log has {counted:,} {name} of it."
            )
            whose = {kind: public}
            self.findings.add(Problem("count", says, **whose, count=name, shown=told, true=counted))  # type: ignore[arg-type]

    def _wait(self, start: int, joined: bytes) -> None:
        count = len(joined) // LEAF_BYTES
        self._waiting.append(joined)
        self._starts.append((start, count))
        self._waiting_leaves += count

    def _flush(self) -> None:
        if not self._waiting:
            return
        starts, lengths = np.array(self._starts, dtype=np.int64).T
        within = np.arange(self._waiting_leaves) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        rows, known = read_rows(b"".join(self._waiting), np.repeat(starts, lengths) + within)
        self._waiting, self._starts, self._waiting_leaves = [], [], 0
        for row in rows[~known]:
            if not self.findings.takes("format"):
                self.findings.count("format", 1)
                continue
            self.findings.add(
                Problem("format", f"Leaf {row['index']} tells of an unknown action.", leaf=int(row["index"]))
            )
        rows = self._sound(rows[known])
        self._marks.add(rows, self._parting.joined(rows["high"], rows["low"]))

    def _sound(self, rows: Rows) -> Rows:
        """Without those that no deed can be."""
        wrong = np.zeros(len(rows), dtype=np.bool_)
        for mask, words in implausible(rows, self._today):
            for row in rows[mask & ~wrong]:
                if self.findings.takes("implausible"):
                    self.findings.add(problem_at("implausible", row, words))
                else:
                    self.findings.count("implausible", 1)
            wrong |= mask
        return rows[~wrong]


def _spread(ids: NDArray[np.int64], some: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows of `some` in the places that they have among `ids`, and zeros elsewhere."""
    spread = np.zeros((len(ids), numbers.shape[1]), dtype=np.int64)
    spread[np.searchsorted(ids, some)] = numbers
    return spread
