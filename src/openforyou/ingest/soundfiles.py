"""Files of sound alone: opened as carefully as clips, read to samples, brought to the AAC that the library keeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from numpy.typing import NDArray

from openforyou.catalog.sounds.errors import NotASound
from openforyou.ingest.opening import SOUND_CODECS
from openforyou.ingest.sound import RATE, SoundTrack
from openforyou.ingest.types import Limits

FORMATS = ("mov", "matroska", "avi", "mp3", "wav", "flac", "ogg", "aac")
LIMITS = Limits()
HEARD_RATE = 8_000
"""Samples a second at which beats and works are looked for."""


@contextmanager
def opened(path: Path, name: str) -> Iterator[tuple[InputContainer, AudioStream]]:
    """The first sound of a file; `name` is what its owner calls it. Raises `NotASound`."""
    options = {
        "format_whitelist": ",".join(FORMATS),
        "protocol_whitelist": "file",
        "codec_whitelist": ",".join(sorted(SOUND_CODECS)),
    }
    try:
        container = av.open(str(path.resolve()), "r", options=options, metadata_errors="replace")
    except (av.FFmpegError, ValueError, OSError) as error:
        raise NotASound(name, "is not a sound that can be read") from error
    with container:
        if not container.streams.audio:
            raise NotASound(name, "has no sound")
        stream = container.streams.audio[0]
        context = stream.codec_context
        if (
            context.name not in SOUND_CODECS
            or context.channels > LIMITS.channels_max
            or context.sample_rate > LIMITS.sample_rate_max
        ):
            raise NotASound(name, "has sound in a form that is not read here")
        yield container, stream


def frames(container: InputContainer, stream: AudioStream, name: str) -> Iterator[AudioFrame]:
    """Its frames, to the end or to the longest that is taken. Raises `NotASound`."""
    try:
        for packet in container.demux(stream):
            try:
                decoded = packet.decode()
            except av.error.InvalidDataError:
                continue  # a broken packet leaves a hole
            for frame in decoded:
                if frame.time is not None and frame.time > LIMITS.duration_s_max:
                    raise NotASound(name, f"is longer than {LIMITS.duration_s_max / 60:.0f} minutes")
                yield frame
    except av.FFmpegError as error:
        raise NotASound(name, "is damaged") from error


def samples_of(path: Path, name: str, rate: int = HEARD_RATE) -> NDArray[np.float32]:
    """The sound of a file, mono at `rate`, (S,) within −1 … 1; empty for a clip without sound. Raises `NotASound`."""
    parts: list[NDArray[np.float32]] = []
    turn = AudioResampler(format="flt", layout="mono", rate=rate)
    with opened(path, name) as (container, stream):
        for frame in frames(container, stream, name):
            parts += [part.to_ndarray().reshape(-1).astype(np.float32) for part in turn.resample(frame)]
        parts += [part.to_ndarray().reshape(-1).astype(np.float32) for part in turn.resample(None)]
    joined = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    return np.asarray(np.clip(np.nan_to_num(joined), -1.0, 1.0), np.float32)


def write_aac(path: Path, name: str, target: Path) -> int:
    """Bring a sound to AAC in an MP4 of its own; answers with its milliseconds. Raises `NotASound`."""
    with opened(path, name) as (container, stream), av.open(str(target), "w", format="mp4") as out:
        track = SoundTrack(stream, Fraction(0))
        copied = out.add_stream_from_template(track.stream, opaque=True)
        count = 0
        for frame in (*frames(container, stream, name), None):
            for packet in track.push(frame):
                packet.stream = copied
                out.mux(packet)
                count += 1
    if not count:
        raise NotASound(name, "has no sound that can be decoded")
    with av.open(str(target)) as made:
        return round((made.duration or 0) * 1_000 / av.time_base)


class Instead:
    """A sound of the library as the sound of a clip: its packets, as far as the picture has come.

    `from_ms`: where in the sound the first picture stands; negative: the sound begins so much later.
    """

    def __init__(self, path: Path, name: str, from_ms: int) -> None:
        self._open = ExitStack()
        container, stream = self._open.enter_context(opened(path, name))
        self.track = SoundTrack(stream, Fraction(from_ms, 1_000))
        self._frames: Iterator[AudioFrame | None] = chain(frames(container, stream, name), (None,))
        self._at = 0

    def until(self, seconds: float) -> list[Packet[Any]]:
        """The packets up to a time of the picture that were not handed out yet; none once the sound is over."""
        packets: list[Packet[Any]] = []
        while self._at < seconds * RATE:
            try:
                frame = next(self._frames)
            except StopIteration:
                break
            packets += self.track.push(frame)
            if packets:
                self._at = (packets[-1].pts or 0) + (packets[-1].duration or 0)
        return packets

    def close(self) -> None:
        """Let go of the file."""
        self._open.close()
