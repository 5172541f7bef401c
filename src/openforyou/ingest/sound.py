"""The sound of a clip: one AAC stream that every rendition shares, and the samples that describe it.

Loudness is left as it was. More than two channels are mixed to stereo without clipping; holes in the sound are
filled with silence, so that it stays with the picture.
"""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.packet import Packet
from numpy.typing import NDArray

from openforyou.core.ids import id_of
from openforyou.ingest.filters import Filters, SoundLine

RATE = 48_000
BITS_PER_S = {"mono": 80_000, "stereo": 128_000}
DESCRIBED_RATE = 16_000
DESCRIBED_S = 60
"""The first minute tells what a clip sounds like."""
TOLD_APART_S = 5
"""Clips set to one sound are of different lengths: how they begin says that it is one."""
SILENCE = 1e-3


class SoundTrack:
    """Decoded frames in, AAC packets out; `start` is the time of the first picture, from which the sound counts."""

    def __init__(self, source: AudioStream, start: Fraction) -> None:
        layout = "mono" if source.codec_context.channels == 1 else "stereo"
        self._offset = round(start * RATE)
        self._form = f"{RATE}:async=1:osf=fltp:ochl={layout}:rematrix_maxval=1"
        self._written = 0
        self._line = SoundLine(self._filters)
        # A stream exists only in a container, and knows its own parameters only once that has begun.
        self._scratch = av.open(BytesIO(), "w", format="mp4")
        self.stream: AudioStream = self._scratch.add_stream("aac", rate=RATE, layout=layout)
        self.stream.codec_context.bit_rate = BITS_PER_S[layout]
        self._scratch.start_encoding()
        self._describe = AudioResampler(format="flt", layout="mono", rate=DESCRIBED_RATE)
        self._heard: list[NDArray[np.float32]] = []
        self._heard_samples = 0

    def push(self, frame: AudioFrame | None) -> list[Packet[Any]]:
        """The packets that are ready; `None` asks for the last."""
        packets: list[Packet[Any]] = []
        for out in self._line.push(frame):
            out.pts, out.time_base = self._written, Fraction(1, RATE)
            self._written += out.samples
            self._hear(out)
            packets += self.stream.encode(out)
        if frame is None:
            packets += self.stream.encode(None)
        return packets

    def _filters(self, rate: int) -> Filters:
        """Bring sound to one form, without a hole or a repeat, from where it stands on.

        At first that is where the picture starts. FFmpeg counts `first_pts` in samples of what comes in.
        """
        begin = round((self._offset + self._written) * rate / RATE)
        return (("aresample", f"{self._form}:first_pts={begin}"),)

    @property
    def samples(self) -> NDArray[np.float32]:
        """The first minute at 16 kHz, mono, shape (S,), within −1 … 1 and finite."""
        if not self._heard:
            return np.zeros(0, dtype=np.float32)
        joined = np.concatenate(self._heard)[: DESCRIBED_S * DESCRIBED_RATE]
        return np.clip(np.nan_to_num(joined), -1.0, 1.0)

    def _hear(self, frame: AudioFrame) -> None:
        if self._heard_samples >= DESCRIBED_S * DESCRIBED_RATE:
            return
        for part in self._describe.resample(frame):
            samples = part.to_ndarray().reshape(-1).astype(np.float32)
            self._heard.append(samples)
            self._heard_samples += len(samples)


def sound_id(samples: NDArray[np.float32]) -> int | None:
    """63 bits, never 0, by which clips that were set to the same sound are known; None for silence.

    `samples` are those of `SoundTrack`. The same only where the sound was handed on sample by sample, as tools do that
    put one track under many pictures; what was encoded anew in between is another one.
    """
    told = np.round(samples[: TOLD_APART_S * DESCRIBED_RATE] * 32_767).astype("<i2")
    if not len(told) or np.abs(told).max() < SILENCE * 32_767:
        return None
    return id_of(told.tobytes())
