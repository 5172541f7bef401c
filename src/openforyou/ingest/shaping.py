"""Brings decoded frames to one form: upright, square pixels, one size, 8 bits, 4:2:0, standard range and colours.

Nothing is cut and nothing stretched. A stream that changes its size on the way (browsers record so when a phone is
turned) is fitted into the first size with black beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, VideoReformatter

from openforyou.ingest.filters import PictureLine
from openforyou.ingest.probe import BT709, UNSPECIFIED
from openforyou.ingest.types import Clip, Size, Turn

STANDARD_RANGE, UNSPECIFIED_RANGE = 1, 0
PIXELS = "yuv420p"


class Shaper:
    """From a clip's frames to frames of `size`."""

    def __init__(self, clip: Clip, size: Size, threads: int) -> None:
        self._clip = clip
        self._size = Size(size.height, size.width) if clip.turn.swaps_sides else size
        self._threads = threads
        self._woven = PictureLine(("bwdif", "mode=send_frame:deint=interlaced")) if clip.interlaced else None
        self._turned = None if clip.turn == Turn() else PictureLine(*_turning(clip.turn))
        self._fitted: PictureLine | None = None
        self._scale, self._map = VideoReformatter(), VideoReformatter()

    def push(self, frame: VideoFrame | None) -> Iterator[VideoFrame]:
        """The frames that are ready; `None` asks for the last. Times pass through."""
        if frame is not None:
            self._tag(frame)
        for whole in (frame,) if self._woven is None else self._woven.push(frame):
            if whole is not None:
                yield from self._stand(self._sized(whole))
        if frame is None and self._turned is not None:
            yield from self._turned.push(None)

    def _stand(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        if self._turned is None:
            yield frame
        else:
            yield from self._turned.push(frame)

    def _tag(self, frame: VideoFrame) -> None:
        """Say what the file left open, so that conversions start from the right colours."""
        if frame.colorspace == UNSPECIFIED and not frame.format.is_rgb:
            frame.colorspace = self._clip.matrix
        if frame.color_range == UNSPECIFIED_RANGE:
            frame.color_range = STANDARD_RANGE

    def _sized(self, frame: VideoFrame) -> VideoFrame:
        width, height = self._size
        if (frame.width, frame.height) != (self._clip.coded_width, self._clip.coded_height):
            frame = self._fit(frame)
        if self._clip.tone_map:
            frame = self._scale.reformat(frame, width, height, interpolation="AREA", threads=self._threads)
            return self._map.reformat(
                frame,
                format=PIXELS,
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
                dst_color_trc=ColorTrc.BT709,
                dst_color_primaries=ColorPrimaries.BT709,
                threads=self._threads,
            )
        keeps = frame.colorspace == self._clip.matrix
        return self._scale.reformat(
            frame,
            width,
            height,
            format=PIXELS,
            dst_colorspace=None if keeps else _spoken_matrix(self._clip.matrix),
            dst_color_range=ColorRange.MPEG,
            interpolation="AREA",
            threads=self._threads,
        )

    def _fit(self, frame: VideoFrame) -> VideoFrame:
        if self._fitted is None:
            width, height = self._clip.coded_width, self._clip.coded_height
            self._fitted = PictureLine(
                ("scale", f"{width}:{height}:force_original_aspect_ratio=decrease"),
                ("pad", f"{width}:{height}:(ow-iw)/2:(oh-ih)/2"),
            )
        (fitted,) = self._fitted.push(frame)
        return fitted


def _spoken_matrix(matrix: int) -> Colorspace:
    return Colorspace.ITU709 if matrix == BT709 else Colorspace.SMPTE170M


def _turning(turn: Turn) -> tuple[tuple[str, str], ...]:
    if turn.transpose is not None:
        return (("transpose", str(turn.transpose)),)
    return tuple((name, "") for name, wanted in (("hflip", turn.hflip), ("vflip", turn.vflip)) if wanted)


class Scaler:
    """From shaped frames to smaller ones."""

    def __init__(self, size: Size, threads: int, pixels: str = PIXELS) -> None:
        self._size, self._threads, self._pixels = size, threads, pixels
        self._scale = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        width, height = self._size
        return self._scale.reformat(
            frame, width, height, format=self._pixels, interpolation="AREA", threads=self._threads
        )
