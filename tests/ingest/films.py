"""Small clips for tests, each made in a fraction of a second, with corners that tell how it stands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray

RED, GREEN, BLUE, GREY = (200, 30, 30), (30, 180, 30), (30, 30, 200), (128, 128, 128)
CORNERS = (RED, GREEN, BLUE, GREY)
"""Top left, top right, bottom left, bottom right."""


@dataclass(frozen=True)
class Film:
    """What to make. `times` (seconds) replaces an even rate; `black_until_s` starts it black."""

    size: tuple[int, int] = (180, 320)
    seconds: float = 1.0
    rate: int = 30
    times: tuple[float, ...] = ()
    codec: str = "libx264"
    pixels: str = "yuv420p"
    options: dict[str, str] = field(default_factory=lambda: {"preset": "ultrafast", "crf": "20", "g": "15"})
    rotation: int = 0
    mirrored: bool = False
    pixel_aspect: Fraction | None = None
    colour: tuple[int, int, int] | None = None
    """Matrix, transfer, primaries, as FFmpeg numbers them."""
    sound: str | None = "stereo"
    sound_codec: str = "aac"
    sound_rate: int = 44_100
    sound_s: float | None = None
    black_until_s: float = 0.0
    metadata: dict[str, str] = field(default_factory=dict)

    def but(self, **changes: object) -> Film:
        return replace(self, **changes)  # type: ignore[arg-type]

    def make(self, path: Path) -> Path:
        """Write it and answer `path`."""
        with av.open(str(path), "w") as container:
            container.metadata.update(self.metadata)
            picture = container.add_stream(self.codec, rate=self.rate, options=dict(self.options))
            assert isinstance(picture, av.VideoStream)
            picture.width, picture.height = self.size
            picture.pix_fmt = self.pixels
            if self.times:
                picture.codec_context.time_base = Fraction(1, 1_000)
            if self.pixel_aspect is not None:
                picture.codec_context.sample_aspect_ratio = self.pixel_aspect
            if self.colour is not None:
                picture.colorspace, picture.color_trc, picture.color_primaries = self.colour
            if self.rotation or self.mirrored:
                picture.set_display_rotation(self.rotation, hflip=self.mirrored)
            sound = self._sound_stream(container)
            for number, time in enumerate(self._times()):
                frame = self._frame(number, time)
                container.mux(picture.encode(frame))
            container.mux(picture.encode(None))
            if sound is not None:
                self._write_sound(container, sound)
        return path

    def make_in(self, folder: Path) -> Path:
        """Write it into `folder`."""
        return self.make(folder / "clip.mp4")

    def _times(self) -> list[float]:
        return list(self.times) or [number / self.rate for number in range(round(self.seconds * self.rate))]

    def _frame(self, number: int, time: float) -> VideoFrame:
        pixels = scene(self.size, time)
        if time < self.black_until_s:
            pixels[:] = 0
        frame = VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=self.pixels)
        frame.pts, frame.time_base = (
            (round(time * 1_000), Fraction(1, 1_000)) if self.times else (number, Fraction(1, self.rate))
        )
        return frame

    def _sound_stream(self, container: OutputContainer) -> av.AudioStream | None:
        if self.sound is None:
            return None
        stream = container.add_stream(self.sound_codec, rate=self.sound_rate, layout=self.sound)
        assert isinstance(stream, av.AudioStream)
        return stream

    def _write_sound(self, container: OutputContainer, stream: av.AudioStream) -> None:
        seconds = self.sound_s or (self._times()[-1] + 1 / self.rate)
        channels = stream.codec_context.channels
        rate = self.sound_rate
        for start in range(0, round(seconds * rate), 1_024):
            wave = 0.4 * np.sin(2 * np.pi * 440 / rate * (start + np.arange(1_024)))
            samples = np.tile(wave.astype(np.float32), (channels, 1))
            frame = AudioFrame.from_ndarray(samples, format="fltp", layout=str(self.sound))
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def scene(size: tuple[int, int], time: float) -> NDArray[np.uint8]:
    """Four coloured quarters and a white bar that moves down, (H, W, 3)."""
    width, height = size
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[: height // 2, : width // 2], pixels[: height // 2, width // 2 :] = RED, GREEN
    pixels[height // 2 :, : width // 2], pixels[height // 2 :, width // 2 :] = BLUE, GREY
    place = round((0.3 + 0.4 * (time % 1)) * height)
    pixels[place : place + max(2, height // 40), width // 3 : 2 * width // 3] = 255
    return pixels


def corners(pixels: NDArray[np.uint8]) -> tuple[tuple[int, int, int], ...]:
    """Which of the four colours stands in each corner (top left, top right, bottom left, bottom right)."""
    height, width = pixels.shape[:2]
    spots = [(y, x) for y in (height // 10, height - 1 - height // 10) for x in (width // 10, width - 1 - width // 10)]
    found = [pixels[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).mean(axis=0) for y, x in spots]
    return tuple(min(CORNERS, key=lambda colour: float(np.abs(np.array(colour) - spot).sum())) for spot in found)


def frames(path: Path) -> list[VideoFrame]:
    """Every frame of a file's picture."""
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def pixels_of(path: Path, number: int = 0) -> NDArray[np.uint8]:
    """One frame as (H, W, 3)."""
    return np.asarray(frames(path)[number].to_ndarray(format="rgb24"), dtype=np.uint8)


def boxes(path: Path) -> list[str]:
    """The kinds of the top-level boxes of an MP4, in order."""
    data, place, found = path.read_bytes(), 0, []
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4])
        found.append(data[place + 4 : place + 8].decode("latin-1"))
        place += size if size >= 8 else len(data)
    return found


def patched(path: Path, target: Path, old: bytes, new: bytes) -> Path:
    """A copy with each `old` replaced; it must occur."""
    data = path.read_bytes()
    assert old in data, f"{old!r} is not in {path.name}"
    target.write_bytes(data.replace(old, new))
    return target
