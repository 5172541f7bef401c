"""Grey frames of a span of a media file, few and small enough to be compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from openforyou.ingest.copies.prints import SIDE_PX
from openforyou.ingest.rules import fitted
from openforyou.ingest.types import Size

PER_S = 12


@dataclass(frozen=True, slots=True)
class Span:
    """`frames` (N, H, W), the longer side `SIDE_PX`, as prints' frames are; `times_s` (N,) from the file's start."""

    frames: NDArray[np.uint8]
    times_s: NDArray[np.float64]

    def mirrored(self) -> Span:
        """As in a mirror."""
        return Span(np.ascontiguousarray(self.frames[:, :, ::-1]), self.times_s)

    def at(self, time_s: float) -> NDArray[np.uint8]:
        """The frame nearest to a time."""
        return np.asarray(self.frames[int(np.abs(self.times_s - time_s).argmin())], np.uint8)


def read(path: Path, start_s: float, end_s: float) -> Span:
    """About `PER_S` frames a second of `path` between two times; at least one."""
    frames: list[NDArray[np.uint8]] = []
    times: list[float] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        width, height = fitted(Size(stream.width, stream.height), SIDE_PX, SIDE_PX)
        scale = VideoReformatter()
        if start_s > 2:
            container.seek(int((start_s - 0.5) * av.time_base))
        due = start_s
        for frame in container.decode(stream):
            time = float(frame.time or 0.0)
            if time > end_s and frames:
                break
            if time >= due - 1e-3:
                small = scale.reformat(frame, width, height, format="gray", interpolation="AREA")
                frames.append(np.asarray(small.to_ndarray(), np.uint8))
                times.append(time)
                due = max(due + 1 / PER_S, time + 0.5 / PER_S)
    return Span(np.stack(frames), np.array(times))
