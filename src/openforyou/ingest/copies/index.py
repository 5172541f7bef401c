"""The index in memory: which frames of which items share visual words, or nearly a hash, with a clip's frames.

A word leads to the frames that have it; a frame leads to its item. Frames are numbered in the order in which their
items came, so that what is added goes behind what is there; new items lie in a small part beside the large one, which
takes them in when it pays. An item costs four bytes for each of its words and 64 for each frame (docs/copies.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.ingest.copies import pdq
from openforyou.ingest.copies.features import WORD_BITS, words
from openforyou.ingest.copies.prints import Print
from openforyou.ingest.copies.taking import Taken

INDEXED_MAX = 56
"""Words of a frame that are indexed; a clip's own frames are looked up by all that they have."""
COMMON_MIN, COMMON_SHARE = 40, 0.002
"""A word that more frames have than this share of all (and than `COMMON_MIN`) says nothing."""
PARTS_MAX = 12
HASH_BITS_MAX = 47
SAME_BITS = 10
PIECES = pdq.BYTES // 2
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Found:
    """An item that may be what a clip was copied from: how much speaks for it, and in which form of the clip."""

    item_id: int
    score: float
    mirrored: bool
    frames: tuple[int, ...]
    """The frames of the item's print that speak for it most."""
    view: int | None = None
    """Found by the hash of this view."""
    frame: int = 0
    """The clip's frame whose view it was."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Inverted lists: of each word the frames that have it, of each piece of a hash the hashes that have it.

    `starts` says where each word's list begins: of every word there can be, or of the `known` ones in a small part.
    """

    starts: NDArray[np.int64]
    known: NDArray[np.int32] | None
    frames: NDArray[np.int32]
    pieces: NDArray[np.uint16]  # (16, M), each row ascending
    by_piece: NDArray[np.int32]  # (16, M) positions in `hashes`
    hashes: pdq.Hashes  # (M, 32)
    hash_of: NDArray[np.int32]  # (M,) frame

    @property
    def nbytes(self) -> int:
        arrays = (self.starts, self.frames, self.pieces, self.by_piece, self.hashes, self.hash_of)
        return sum(one.nbytes for one in arrays) + (0 if self.known is None else self.known.nbytes)


class CopyIndex:
    """Add items with `add`, ask with `search`. One thread at a time."""

    def __init__(self) -> None:
        self._items: list[int] = []
        self._starts: list[int] = [0]
        self._parts: list[_Part] = []
        self._gone: set[int] = set()

    def __len__(self) -> int:
        return len(self._items) - len(self._gone)

    @property
    def nbytes(self) -> int:
        """Memory of all arrays."""
        return sum(part.nbytes for part in self._parts) + 40 * len(self._items)

    def add(self, items: Sequence[tuple[int, Print]]) -> None:
        """Take items in, each with its print."""
        if not items:
            return
        first = self._starts[-1]
        for item_id, its in items:
            self._items.append(item_id)
            self._starts.append(self._starts[-1] + len(its))
        self._parts.append(_part(first, [its for _, its in items]))
        while len(self._parts) > 1 and (
            len(self._parts) > PARTS_MAX or len(self._parts[-1].frames) * 2 > len(self._parts[-2].frames)
        ):
            newer, older = self._parts.pop(), self._parts.pop()
            self._parts.append(_joined(older, newer))

    def remove(self, item_id: int) -> None:
        """It is not found from now on."""
        self._gone.add(item_id)

    def search(self, taken: Taken, limit: int = 12) -> list[Found]:
        """At most `limit` items for each way in which a clip can have been copied, the likeliest first."""
        best: dict[tuple[int, bool], Found] = {}
        for mirrored, its in ((False, taken.print), (True, taken.mirrored)):
            for found in self._by_words(its, mirrored, limit):
                best[found.item_id, mirrored] = found
        by_words = sorted(best.values(), key=lambda one: -one.score)[:limit]
        known = {one.item_id for one in by_words}
        by_hash = [one for one in self._by_hash(taken, limit) if one.item_id not in known]
        return by_words + by_hash

    def _by_words(self, its: Print, mirrored: bool, limit: int) -> list[Found]:
        total = self._starts[-1]
        if not total or not len(its.codes):
            return []
        asked = np.unique(words(its.codes))
        most = max(COMMON_MIN, COMMON_SHARE * total)
        lists = [_listed(part, asked) for part in self._parts]
        counts = np.sum([count for _, count in lists], axis=0)
        worth = np.where(counts > most, 0.0, np.log((total + 1) / np.maximum(counts, 1))).astype(np.float32)
        votes = np.zeros(total, dtype=np.float32)
        for part, (starts, count) in zip(self._parts, lists, strict=True):
            used = np.flatnonzero((count > 0) & (worth > 0))
            places = _ranges(starts[used], count[used])
            votes += np.bincount(part.frames[places], np.repeat(worth[used], count[used]), minlength=total)[:total]
        return self._of_frames(votes, mirrored, limit)

    def _of_frames(self, votes: NDArray[np.float32], mirrored: bool, limit: int) -> list[Found]:
        most = min(len(votes), 40 * limit)
        top = np.argpartition(-votes, most - 1)[:most]
        top = top[np.argsort(-votes[top], kind="stable")]
        found: dict[int, list[int]] = {}
        for frame in top[votes[top] > 0]:
            found.setdefault(int(np.searchsorted(self._starts, frame, "right")) - 1, []).append(int(frame))
        answer = []
        for number, frames in found.items():
            if self._items[number] not in self._gone:
                near = tuple(frame - self._starts[number] for frame in frames[:4])
                answer.append(Found(self._items[number], float(votes[frames[0]]), mirrored, near))
        return answer[:limit]

    def _by_hash(self, taken: Taken, limit: int) -> list[Found]:
        frames, views = taken.views.shape[:2]
        asked = taken.views.reshape(-1, pdq.BYTES)
        best: dict[int, tuple[int, int, int]] = {}
        for part in self._parts:
            rows, found, away = _near(part, asked)
            for row, position, bits in zip(rows, found, away, strict=True):
                frame = int(part.hash_of[position])
                number = int(np.searchsorted(self._starts, frame, "right")) - 1
                if number not in best or bits < best[number][0]:
                    best[number] = (int(bits), int(row), frame - self._starts[number])
        answer = []
        for number, (bits, row, frame) in sorted(best.items(), key=lambda one: one[1])[:limit]:
            if self._items[number] not in self._gone:
                view, side = divmod(row % (2 * views), 2)
                asked_at = row // (2 * views)
                assert asked_at < frames
                score = float(HASH_BITS_MAX + 1 - bits)
                answer.append(Found(self._items[number], score, side == 1, (frame,), view, asked_at))
        return answer


def _part(first: int, prints: Sequence[Print]) -> _Part:
    """The lists of some items whose first frame has the number `first`."""
    indexed, frames, hashes, hash_of = [], [], [], []
    for its in prints:
        kept = its.strongest(INDEXED_MAX)
        indexed.append(words(its.codes[kept]))
        frames.append(its.of[kept] + first)
        for kind in (its.hashes, its.inner):
            new = kind.any(axis=1)
            if kind is its.inner:
                new &= pdq.distances(its.inner, its.hashes) > SAME_BITS
            hashes.append(kind[new])
            hash_of.append(np.flatnonzero(new).astype(np.int32) + first)
        first += len(its)
    return _built(
        np.concatenate(indexed).astype(np.int32),
        np.concatenate(frames).astype(np.int32),
        np.concatenate(hashes),
        np.concatenate(hash_of).astype(np.int32),
    )


def _built(its: NDArray[np.int32], frames: NDArray[np.int32], hashes: pdq.Hashes, hash_of: NDArray[np.int32]) -> _Part:
    order = np.argsort(its, kind="stable")
    if len(its) > 1 << (WORD_BITS - 3):
        starts = np.concatenate([[0], np.cumsum(np.bincount(its, minlength=1 << WORD_BITS))])
        known = None
    else:
        known, at = np.unique(its[order], return_index=True)
        starts = np.append(at, len(its))
    pieces = np.ascontiguousarray(hashes).view("<u2").T  # (16, M)
    by_piece = np.argsort(pieces, axis=1, kind="stable").astype(np.int32)
    return _Part(
        starts.astype(np.int64),
        known,
        frames[order],
        np.take_along_axis(pieces, by_piece, axis=1),
        by_piece,
        hashes,
        hash_of,
    )


def _joined(one: _Part, other: _Part) -> _Part:
    its = np.concatenate([_words_of(one), _words_of(other)])
    return _built(
        its,
        np.concatenate([one.frames, other.frames]),
        np.concatenate([one.hashes, other.hashes]),
        np.concatenate([one.hash_of, other.hash_of]),
    )


def _words_of(part: _Part) -> NDArray[np.int32]:
    known = np.arange(len(part.starts) - 1, dtype=np.int32) if part.known is None else part.known
    return np.repeat(known, np.diff(part.starts)).astype(np.int32)


def _listed(part: _Part, asked: NDArray[np.int32]) -> tuple[Ints, Ints]:
    """Where the list of each word begins, and how long it is."""
    if part.known is None:
        return part.starts[asked], part.starts[asked + 1] - part.starts[asked]
    place = np.minimum(np.searchsorted(part.known, asked), max(len(part.known) - 1, 0))
    if not len(part.known):
        return np.zeros(len(asked), np.int64), np.zeros(len(asked), np.int64)
    hit = part.known[place] == asked
    return part.starts[place], np.where(hit, part.starts[place + 1] - part.starts[place], 0)


def _ranges(starts: Ints, counts: Ints) -> Ints:
    """start, start + 1, … of each, one behind the other."""
    if not len(counts):
        return np.empty(0, np.int64)
    ends = np.cumsum(counts)
    return np.asarray(np.arange(ends[-1]) + np.repeat(starts - (ends - counts), counts), np.int64)


def _near(part: _Part, asked: pdq.Hashes) -> tuple[Ints, Ints, Ints]:
    """Rows of `asked`, positions of hashes, and the bits between them, where those are few.

    Two hashes that differ in 31 bits spread at random share one of 16 pieces in nine cases of ten; a clip has many.
    """
    rows_all, found_all = [], []
    pieces = np.ascontiguousarray(asked).view("<u2")
    some = asked.any(axis=1)
    for piece in range(PIECES):
        low = np.searchsorted(part.pieces[piece], pieces[:, piece], "left")
        count = np.where(some, np.searchsorted(part.pieces[piece], pieces[:, piece], "right") - low, 0)
        rows_all.append(np.repeat(np.arange(len(asked)), count))
        found_all.append(part.by_piece[piece][_ranges(low, count)])
    rows, found = np.concatenate(rows_all), np.concatenate(found_all)
    pairs = np.unique(rows * np.int64(len(part.hashes) + 1) + found)
    rows, found = np.divmod(pairs, len(part.hashes) + 1)
    away = pdq.distances(asked[rows], part.hashes[found])
    near = away <= HASH_BITS_MAX
    return rows[near], found[near], away[near]
