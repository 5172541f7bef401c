"""One decoding pass over a clip, out of which everything comes: renditions, poster, preview, and what encoders see.

Each frame is decoded once. The large rendition is encoded from it, or takes the source's own packets where they are
compliant already; the small rendition, the preview and the samples are scaled from the large frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.codec.context import ThreadType
from av.packet import Packet
from av.video.frame import VideoFrame
from PIL import Image

from openforyou.core.progress import Progress, silent
from openforyou.ingest import preview, rules
from openforyou.ingest.encoders.sample import Sample
from openforyou.ingest.errors import EXPORT_AGAIN, NotAClip, OverLimit
from openforyou.ingest.opening import Opened, opened
from openforyou.ingest.renditions import Copied, Encoded, Recipe
from openforyou.ingest.sampling import Sampler
from openforyou.ingest.shaping import Scaler, Shaper
from openforyou.ingest.sound import SoundTrack
from openforyou.ingest.soundfiles import Instead
from openforyou.ingest.timing import TICKS_PER_S, Gate, ticks
from openforyou.ingest.types import Clip, Limits, Made, Transcoded

LARGE, SMALL, POSTER, PREVIEW = "large.mp4", "small.mp4", "poster.jpg", "preview.mp4"
FILES = (LARGE, SMALL, POSTER, PREVIEW)
"""Every file that a pass can make: the last parts of an item's blob keys."""

SMALL_CRF = 25
"""The small rendition is for slow lines: fewer bytes before finer detail."""
POSTER_QUALITY = 84
BROKEN_SHARE_MAX = 0.05
"""Of the picture's packets, this many may fail to decode."""


class Tap(Protocol):
    """Whoever looks on while a clip is transcoded, so that nobody decodes it again."""

    def begin(self) -> None:
        """A pass begins with the first frame; one before it may have broken off."""
        ...

    def look(self, frame: VideoFrame, time: Fraction) -> None:
        """A shaped frame, shown from `time` seconds on."""
        ...


@dataclass(frozen=True, slots=True)
class Sounding:
    """What a clip is to sound like: as it is, silent, or like the sound file at `path` from `from_ms` on."""

    is_muted: bool = False
    path: Path | None = None
    from_ms: int = 0


AS_IT_IS = Sounding()


@dataclass(frozen=True, slots=True)
class Work:
    """What bounds a pass: the limits, and how many threads each coder may use; and who looks on."""

    limits: Limits
    threads: int = 1
    progress: Progress = silent
    sounding: Sounding = AS_IT_IS
    taps: Sequence[Tap] = ()


class _CopyFailedError(Exception):
    """The source's packets looked compliant and did not decode cleanly: encode instead."""


def transcode(path: Path, name: str, clip: Clip, folder: Path, work: Work) -> tuple[Transcoded, Sample]:
    """Make everything of `clip` into `folder`. Raises `NotAClip`, `CutShort`, `OverLimit` naming `name`.

    The `Sample` is still without words.
    """
    with suppress(_CopyFailedError):
        return _Pass(name, clip, _made(folder / "first"), work).run(path)
    return _Pass(name, replace(clip, copyable=False), _made(folder / "second"), work).run(path)


class _Pass:
    """One run over one clip."""

    def __init__(self, name: str, clip: Clip, folder: Path, work: Work) -> None:
        self._name, self._clip, self._folder, self._work = name, clip, folder, work
        sizes = rules.ladder(clip.shape)
        self._large, self._small_size = sizes[0], sizes[1] if len(sizes) > 1 else None
        self._shaper = Shaper(clip, self._large, work.threads)
        self._gate = Gate(rules.FRAMES_PER_S_MAX)
        self._sampler = Sampler(self._large, clip.picture_s, work.threads)
        self._decoded_px, self._broken = 0, 0
        self._last = clip.start - 1
        self._end = clip.start
        for tap in work.taps:
            tap.begin()

    def run(self, path: Path) -> tuple[Transcoded, Sample]:
        with opened(path, self._name, self._work.limits) as file:
            self._open_outputs(file)
            for packet in self._packets(file):
                self._take(file, packet)
            self._finish()
        return self._transcoded(), self._sample()

    def _open_outputs(self, file: Opened) -> None:
        threads = self._work.threads
        for stream in file.streams:
            stream.codec_context.thread_count = threads
            stream.codec_context.thread_type = ThreadType.AUTO
        clip, sound = self._clip, None
        self._track = self._instead = None
        sounding = self._work.sounding
        if sounding.path is not None:
            self._instead = Instead(sounding.path, "The sound", sounding.from_ms)
            sound = self._instead.track.stream
        elif file.sound is not None and clip.has_sound and not sounding.is_muted:
            self._track = SoundTrack(file.sound, clip.start)
            sound = self._track.stream
        rate = min(clip.frame_rate, Fraction(rules.FRAMES_PER_S_MAX))
        recipe = Recipe(self._large, rate, clip.matrix, threads)
        self._copied = self._encoded = self._small = None
        if clip.copyable:
            self._copied = Copied(self._folder / LARGE, file.picture, clip.start, sound)
        else:
            self._encoded = Encoded(self._folder / LARGE, recipe, sound)
        if self._small_size is not None:
            self._small = Encoded(self._folder / SMALL, replace(recipe, size=self._small_size, crf=SMALL_CRF), sound)
            self._scale_small = Scaler(self._small_size, threads)
        loop = replace(
            recipe,
            size=rules.fitted(self._large, rules.PREVIEW_SHORT_PX, rules.PREVIEW_LONG_PX),
            crf=preview.CRF,
            frame_rate=min(rate, Fraction(preview.PER_S)),
        )
        self._preview = preview.Preview(self._folder / PREVIEW, loop, clip.picture_s)
        self._outputs = [out for out in (self._copied, self._encoded, self._small) if out is not None]

    # Packets and frames

    def _packets(self, file: Opened) -> Iterator[Packet[Any]]:
        """All of the file's. Only what reading raises is the file's fault; a full disk, say, is not."""
        try:
            yield from file.container.demux(*file.streams)
        except av.FFmpegError as error:
            raise NotAClip(self._name, "is damaged: it cannot be read to its end", EXPORT_AGAIN) from error

    def _take(self, file: Opened, packet: Packet[Any]) -> None:
        if packet.stream is file.sound:
            self._take_sound(packet)
            return
        try:
            if self._copied is not None and packet.size:
                self._copied.packet(packet)
            frames = packet.decode()
        except av.error.InvalidDataError as error:
            self._broken += 1
            if self._copied is not None:
                raise _CopyFailedError from error
            return
        for frame in frames:
            self._take_frame(frame)

    def _take_frame(self, frame: VideoFrame) -> None:
        limits = self._work.limits
        rules.check_sides(self._name, frame.width, frame.height, limits)
        self._decoded_px += frame.width * frame.height
        if self._decoded_px > limits.decoded_px_max:
            raise OverLimit(self._name, "is too many frames of too many pixels", "Export it smaller, or cut it.")
        if frame.is_corrupt and self._copied is not None:
            raise _CopyFailedError
        time = self._time(frame)
        if time <= self._last:
            return
        self._last = time
        length = (frame.duration or 0) * (frame.time_base or Fraction(0)) or 1 / self._clip.frame_rate
        self._end = max(self._end, time + length)
        rules.check_duration(self._name, float(self._end - self._clip.start), limits)
        if self._gate.admits(time):
            if frame.pts is None:
                frame.pts, frame.time_base = ticks(time), Fraction(1, TICKS_PER_S)
            self._show(frame)
            if self._instead is not None:
                self._add_sound(self._instead.until(float(time - self._clip.start)))
            done_ms = round(1_000 * (time - self._clip.start))
            self._work.progress(min(done_ms, self._total_ms), self._total_ms, "transcoding")

    @property
    def _total_ms(self) -> int:
        return round(1_000 * self._clip.picture_s)

    def _time(self, frame: VideoFrame) -> Fraction:
        if frame.pts is None or frame.time_base is None:
            return self._last + 1 / self._clip.frame_rate
        return frame.pts * frame.time_base

    def _show(self, frame: VideoFrame | None) -> None:
        for shaped in self._shaper.push(frame):
            assert shaped.pts is not None
            assert shaped.time_base is not None
            time = shaped.pts * shaped.time_base - self._clip.start
            self._sampler.look(shaped, time)
            for tap in self._work.taps:
                tap.look(shaped, time)
            self._preview.picture(shaped, time)
            if self._small is not None:
                self._small.picture(self._scale_small(shaped), time)
            if self._encoded is not None:
                self._encoded.picture(shaped, time)

    def _take_sound(self, packet: Packet[Any]) -> None:
        if self._track is None:
            return
        try:
            frames = cast("list[AudioFrame]", packet.decode())
        except av.FFmpegError:
            return  # A broken packet of sound leaves a hole, which is filled with silence.
        for frame in frames:
            self._add_sound(self._track.push(frame))

    def _add_sound(self, packets: list[Packet[Any]]) -> None:
        for packet in packets:
            for output in self._outputs:
                output.sound(packet)

    # The end

    def _finish(self) -> None:
        """Flush, close, and hold what was decoded against what was promised."""
        self._show(None)
        if self._track is not None:
            self._add_sound(self._track.push(None))
        if self._instead is not None:
            self._add_sound(self._instead.until(float(self._end - self._clip.start)))
            self._instead.close()
        for output in (*self._outputs, self._preview):
            output.close()
        rules.check_whole(self._name, float(self._end - self._clip.start), self._clip.picture_s)
        if self._broken > BROKEN_SHARE_MAX * self._clip.packets:
            raise NotAClip(
                self._name,
                f"is damaged: {self._broken} of its {self._clip.packets} frames cannot be decoded",
                EXPORT_AGAIN,
            )

    def _transcoded(self) -> Transcoded:
        assert self._sampler.poster is not None, "a clip has at least one frame"
        pixels = self._sampler.poster.to_ndarray(format="rgb24")
        Image.fromarray(pixels).save(self._folder / POSTER, quality=POSTER_QUALITY, optimize=True, progressive=True)
        made = [Made(f"{self._large.short}p", LARGE, self._large)]
        if self._small_size is not None:
            made.append(Made(f"{self._small_size.short}p", SMALL, self._small_size))
        return Transcoded(
            folder=self._folder,
            renditions=tuple(made),
            poster=POSTER,
            preview=PREVIEW,
            duration_ms=_duration_ms(self._folder / LARGE),
            has_sound=self._track is not None or self._instead is not None,
        )

    def _sample(self) -> Sample:
        frames, gap_s = self._sampler.moments()
        track = self._track if self._instead is None else self._instead.track
        sound = np.zeros(0, dtype=np.float32) if track is None else track.samples
        return Sample(frames, gap_s, sound)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _duration_ms(path: Path) -> int:
    """What a player will say, read back from the file."""
    with av.open(str(path)) as container:
        assert container.duration is not None, f"{path} was written without a length"
        return round(container.duration * 1_000 / av.time_base)
