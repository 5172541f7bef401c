"""A clip's print: what of its picture is kept, so that copies of it are found. About 4 KB for each second that moves.

A print cannot be turned back into the picture: it holds hashes and bits of comparisons, no pixels.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.ingest.copies import pdq
from openforyou.ingest.copies.errors import BadPrint
from openforyou.ingest.copies.features import CODE_BYTES, Features

SIDE_PX = 320
"""The longer side of the frames that prints are taken of, and the unit of `places`."""
KEPT_MAX = 100
"""Features of a frame that are stored."""
_HEAD = struct.Struct("<4sHHIII")
_MAGIC = b"OCP1"


@dataclass(frozen=True, slots=True)
class Print:
    """Frames in order of time: when each is shown, its hash, its hash without bars, its features.

    `of` says which frame each feature belongs to, ascending; within a frame the strongest comes first.
    """

    width: int
    height: int
    times_ms: NDArray[np.int32]  # (F,)
    hashes: pdq.Hashes  # (F, 32)
    inner: pdq.Hashes  # (F, 32)
    of: NDArray[np.int32]  # (N,)
    places: NDArray[np.float32]  # (N, 2)
    codes: NDArray[np.uint8]  # (N, 32)

    def __len__(self) -> int:
        return len(self.times_ms)

    def frame(self, number: int) -> Features:
        """The features of one frame."""
        first, last = np.searchsorted(self.of, [number, number + 1])
        return Features(self.places[first:last], self.codes[first:last])

    def strongest(self, count: int) -> NDArray[np.intp]:
        """Positions of the `count` strongest features of each frame."""
        rank = np.arange(len(self.of)) - np.searchsorted(self.of, self.of)
        return np.flatnonzero(rank < count)


def packed(whole: Print) -> bytes:
    """To be stored: with a checksum, and with the strongest features of each frame alone."""
    kept = whole.strongest(KEPT_MAX)
    head = _HEAD.pack(_MAGIC, whole.width, whole.height, len(whole), len(kept), 0)
    body = b"".join(
        (
            whole.times_ms.astype("<i4").tobytes(),
            whole.hashes.tobytes(),
            whole.inner.tobytes(),
            whole.of[kept].astype("<i4").tobytes(),
            np.rint(whole.places[kept] * 8).astype("<i2").tobytes(),
            whole.codes[kept].tobytes(),
        )
    )
    return head[:-4] + struct.pack("<I", zlib.crc32(head[:-4] + body)) + body


def unpacked(data: bytes) -> Print:
    """What `packed` stored. Raises `BadPrint`."""
    if len(data) < _HEAD.size:
        raise BadPrint("it is too short")
    magic, width, height, frames, count, told = _HEAD.unpack_from(data)
    sizes = (4 * frames, pdq.BYTES * frames, pdq.BYTES * frames, 4 * count, 4 * count, CODE_BYTES * count)
    if magic != _MAGIC or len(data) != _HEAD.size + sum(sizes):
        raise BadPrint("it is of another form")
    if told != zlib.crc32(data[: _HEAD.size - 4] + data[_HEAD.size :]):
        raise BadPrint("its checksum is wrong")
    parts, place = [], _HEAD.size
    for size in sizes:
        parts.append(data[place : place + size])
        place += size
    return Print(
        width=width,
        height=height,
        times_ms=np.frombuffer(parts[0], "<i4").astype(np.int32),
        hashes=np.frombuffer(parts[1], np.uint8).reshape(frames, pdq.BYTES),
        inner=np.frombuffer(parts[2], np.uint8).reshape(frames, pdq.BYTES),
        of=np.frombuffer(parts[3], "<i4").astype(np.int32),
        places=np.frombuffer(parts[4], "<i2").reshape(count, 2).astype(np.float32) / np.float32(8),
        codes=np.frombuffer(parts[5], np.uint8).reshape(count, CODE_BYTES),
    )
