"""Takes a clip's print while it is transcoded: about one frame a second, none where nothing moved."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from openforyou.ingest.copies import pdq
from openforyou.ingest.copies.features import Features, features
from openforyou.ingest.copies.prints import SIDE_PX, Print
from openforyou.ingest.copies.views import Box, boxes, small
from openforyou.ingest.rules import fitted
from openforyou.ingest.shaping import Scaler
from openforyou.ingest.types import Size

EVERY_S, EVERY_S_SHORT, SHORT_S = Fraction(1), Fraction(1, 2), 8
FRAMES_MAX = 300
STILL_BITS, STILL_S = 10, 4
"""A frame whose hash differs from the last one's by less is left out, for so long."""
ZOOM, ZOOM_EVERY, ZOOMED_FEATURES = 2, 3, 240
"""Of each so many frames, one is also looked at larger: a picture within a picture is small."""
HASH_STD_MIN = 8.0
"""A picture that is all but flat has no hash to go by."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A print, and what is only looked for, never stored: mirrored features, and the hashes of each view.

    The features of a larger look stand behind the others of their frame, so that none of them is stored.

    `views` (F, V, 2, 32): of each frame and view the hash and the mirrored one; `boxes` (F, V, 4) their places.
    """

    print: Print
    mirrored: Print
    views: NDArray[np.uint8]
    boxes: NDArray[np.int32]


class Taker:
    """Looks at each shaped frame of a clip of `duration_s` in turn; the first is at time 0."""

    def __init__(self, duration_s: float, threads: int = 1) -> None:
        every = EVERY_S_SHORT if duration_s < SHORT_S else EVERY_S
        self._every = max(every, Fraction(duration_s) / FRAMES_MAX)
        self._threads = threads
        self.begin()

    def begin(self) -> None:
        """A pass begins, from the first frame: what an earlier one left is forgotten."""
        self._scale: Scaler | None = None
        self._due = Fraction(0)
        self._kept_at = Fraction(-STILL_S)
        self._last: pdq.Hashes | None = None
        self._shape = (0, 0)
        self._times: list[int] = []
        self._views: list[NDArray[np.uint8]] = []
        self._boxes: list[list[Box]] = []
        self._features: tuple[list[Features], list[Features]] = ([], [])

    def look(self, frame: VideoFrame, time: Fraction) -> None:
        """Take `frame`, shown from `time` seconds on, if it is due and has changed."""
        if time < self._due:
            return
        self._due = time + self._every
        if self._scale is None:
            size = Size(frame.width, frame.height)
            self._scale = Scaler(fitted(size, SIDE_PX, SIDE_PX), self._threads, "gray")
            self._zoom = Scaler(fitted(size, ZOOM * SIDE_PX, ZOOM * SIDE_PX), self._threads, "gray")
        grey = np.asarray(self._scale(frame).to_ndarray(), dtype=np.uint8)
        places = boxes(grey)
        pictures = np.stack([small(grey, box) for box in places])
        terms = pdq.transformed(pictures)
        hashes = np.stack([pdq.hashed(terms), pdq.hashed(pdq.mirrored(terms))], axis=1)
        hashes[pictures.std(axis=(1, 2)) < HASH_STD_MIN] = 0
        whole = hashes[:1, 0]
        is_new = self._last is None or time - self._kept_at >= STILL_S
        if not is_new and self._last is not None and pdq.distances(whole, self._last)[0] < STILL_BITS:
            return
        self._last, self._kept_at, self._shape = whole, time, (grey.shape[1], grey.shape[0])
        self._times.append(round(1_000 * time))
        self._views.append(hashes)
        self._boxes.append(places)
        larger = self._zoomed(frame) if len(self._times) % ZOOM_EVERY == 1 else None
        for side, kept in enumerate(self._features):
            found = features(_turned(grey, side))
            kept.append(found if larger is None else _joined(found, features(_turned(larger, side), ZOOMED_FEATURES)))

    def _zoomed(self, frame: VideoFrame) -> NDArray[np.uint8]:
        return np.asarray(self._zoom(frame).to_ndarray(), dtype=np.uint8)

    def taken(self) -> Taken:
        """All of it, after the last frame."""
        views = np.stack(self._views) if self._views else np.empty((0, 6, 2, pdq.BYTES), np.uint8)
        places = np.array(self._boxes, dtype=np.int32).reshape(len(views), -1, 4)
        plain, mirrored = (self._print(views, side) for side in (0, 1))
        return Taken(plain, mirrored, views, places)

    def _print(self, views: NDArray[np.uint8], side: int) -> Print:
        kept = self._features[side]
        return Print(
            width=self._shape[0],
            height=self._shape[1],
            times_ms=np.array(self._times, dtype=np.int32),
            hashes=views[:, 0, side],
            inner=views[:, 1, side],
            of=np.repeat(np.arange(len(kept), dtype=np.int32), [len(one) for one in kept]),
            places=np.concatenate([one.places for one in kept] or [np.empty((0, 2), np.float32)]),
            codes=np.concatenate([one.codes for one in kept] or [np.empty((0, 32), np.uint8)]),
        )


def _turned(grey: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.flip(grey, 1), np.uint8) if side else grey


def _joined(found: Features, zoomed: Features) -> Features:
    """Those of the larger picture behind the others, in the same unit."""
    return Features(np.concatenate([found.places, zoomed.places / ZOOM]), np.concatenate([found.codes, zoomed.codes]))
