"""Writes playable files: H.264 at a bounded rate beside AAC in an MP4 whose index comes first.

Nothing of the source's metadata is written: no place, no time, no device.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.codec.context import Flags
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from openforyou.ingest.rules import bitrate_max
from openforyou.ingest.timing import TICKS_PER_S, ticks
from openforyou.ingest.types import Size

PRESET = "superfast"
X264 = "bframes=0:rc-lookahead=10:mbtree=1"
KEYFRAME_EVERY_S = 4
BUFFER_S = 2
NOTHING_BESIDE = "filter_units=remove_types=0|6|12|24-31"
"""Out of H.264 go messages (6), filling (12) and the types without a meaning of their own (0, 24 to 31), where encoders
and apps put what is not picture: settings, times, places."""
COLOUR_TAGS = {1: (1, 1), 5: (5, 6), 6: (6, 6)}
"""Primaries and transfer that go with a matrix (ITU-T H.273)."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to encode a picture. `crf`: x264's constant quality, lower is better."""

    size: Size
    frame_rate: Fraction
    matrix: int
    threads: int
    crf: int = 23


class Encoded:
    """A rendition that is encoded from frames."""

    def __init__(self, path: Path, recipe: Recipe, sound: AudioStream | None) -> None:
        self._container = _container(path)
        self._stream = self._container.add_stream("libx264", rate=recipe.frame_rate, options=_options(recipe))
        _configure(self._stream, recipe)
        self._sound = None if sound is None else self._container.add_stream_from_template(sound, opaque=True)
        self._last = -1

    def picture(self, frame: VideoFrame, time: Fraction) -> None:
        """Show `frame` from `time` (seconds) on. One that does not come after the last is let go."""
        stamp = ticks(time)
        if stamp <= self._last:
            return
        length = frame.duration * (frame.time_base or Fraction(0))
        frame.pts, frame.time_base = stamp, Fraction(1, TICKS_PER_S)
        frame.duration, frame.pict_type = ticks(length), 0
        self._last = stamp
        self._container.mux(self._stream.encode(frame))

    def sound(self, packet: Packet[AudioStream]) -> None:
        """Add a packet of the sound that all renditions share."""
        assert self._sound is not None, "this rendition was made without sound"
        self._container.mux(_copy(packet, self._sound))

    def close(self) -> None:
        """Write what is left, and the index."""
        self._container.mux(self._stream.encode(None))
        self._container.close()


class Copied:
    """A rendition that takes a compliant picture over as it is."""

    def __init__(self, path: Path, picture: VideoStream, start: Fraction, sound: AudioStream | None) -> None:
        self._container = _container(path)
        self._stream = self._container.add_stream_from_template(picture, opaque=True)
        self._clean = BitStreamFilterContext(NOTHING_BESIDE, picture, self._stream)
        self._sound = None if sound is None else self._container.add_stream_from_template(sound, opaque=True)
        self._start = round(start / (picture.time_base or Fraction(1)))

    def packet(self, packet: Packet[Any]) -> None:
        """Add a picture packet; the given one is left as it is."""
        copy = _copy(packet, self._stream)
        copy.pts = None if copy.pts is None else copy.pts - self._start
        copy.dts = None if copy.dts is None else copy.dts - self._start
        self._mux(self._clean.filter(copy))

    def sound(self, packet: Packet[AudioStream]) -> None:
        """Add a packet of the sound that all renditions share."""
        assert self._sound is not None, "this rendition was made without sound"
        self._container.mux(_copy(packet, self._sound))

    def close(self) -> None:
        """Write what is left, and the index."""
        self._mux(self._clean.filter(None))
        self._container.close()

    def _mux(self, packets: list[Packet[Any]]) -> None:
        for packet in packets:
            packet.stream = self._stream
            self._container.mux(packet)


def _container(path: Path) -> OutputContainer:
    return av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})


def _options(recipe: Recipe) -> dict[str, str]:
    rate = bitrate_max(recipe.size)
    keyframe_frames = max(1, round(KEYFRAME_EVERY_S * recipe.frame_rate))
    return {
        "preset": PRESET,
        "profile": "high",
        "crf": str(recipe.crf),
        "maxrate": str(rate),
        "bufsize": str(BUFFER_S * rate),
        "x264-params": f"{X264}:keyint={keyframe_frames}",
    }


def _configure(stream: VideoStream, recipe: Recipe) -> None:
    context = stream.codec_context
    context.width, context.height = recipe.size
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, TICKS_PER_S)
    context.thread_count = recipe.threads
    context.flags |= Flags.frame_duration
    context.color_range, context.colorspace = 1, recipe.matrix
    context.color_primaries, context.color_trc = COLOUR_TAGS[recipe.matrix]


def _copy(packet: Packet[Any], stream: Stream) -> Packet[Any]:
    """A packet of its own for another file: muxing changes the times of what it is given."""
    copy: Packet[Any] = Packet(bytes(packet))
    copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
    copy.time_base = packet.time_base
    copy.is_keyframe = packet.is_keyframe
    copy.stream = stream
    return copy
