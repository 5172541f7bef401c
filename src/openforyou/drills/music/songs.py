"""Songs and voices made for the drill, and clips that carry them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from numpy.typing import NDArray

RATE = 16_000
SIZE, PICTURES_PER_S = (180, 320), 10
Samples = NDArray[np.float32]


def song(seed: int, seconds: float, beat_s: float = 0.25) -> Samples:
    """Plucked notes in three voices on a grid of beats, as no other seed plays them."""
    rng = np.random.default_rng(seed)
    out = np.zeros(round(seconds * RATE))
    for voice, step in ((0, 1), (1, 1), (2, 2)):
        for beat in range(0, int(seconds / beat_s), step):
            pitch = 110 * 2 ** (voice + int(rng.integers(0, 24)) / 12) * rng.uniform(0.99, 1.01)
            start = round(beat * beat_s * RATE)
            time = np.arange(min(round(0.6 * RATE), len(out) - start)) / RATE
            for tone, level in ((1, 1.0), (2, 0.6), (3, 0.4), (4, 0.25)):
                out[start : start + len(time)] += level * np.sin(2 * np.pi * pitch * tone * time) * np.exp(-5 * time)
    return np.asarray(0.5 * out / np.abs(out).max(), np.float32)


def voice(seed: int, seconds: float) -> Samples:
    """Syllables with three formants and a moving pitch."""
    rng = np.random.default_rng(seed)
    out = np.zeros(round(seconds * RATE))
    place = 0
    while place < len(out):
        time = np.arange(min(round(rng.uniform(0.1, 0.3) * RATE), len(out) - place)) / RATE
        pitch = rng.uniform(90, 200) * (1 + 0.15 * np.sin(2 * np.pi * rng.uniform(1, 4) * time))
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        formants = (rng.uniform(300, 800), rng.uniform(900, 2_300), rng.uniform(2_400, 3_200))
        for tone in range(1, 30):
            level = sum(np.exp(-(((tone * 140 - formant) / 130) ** 2)) for formant in formants)
            out[place : place + len(time)] += level * np.sin(tone * phase) * np.hanning(len(time))
        place += len(time) + round(rng.exponential(0.08) * RATE)
    return np.asarray(0.5 * out / np.abs(out).max(), np.float32)


def under(music: Samples, over: Samples, decibels: float) -> Samples:
    """Both at once, the music so many decibels under the other."""
    loud = [float(np.sqrt(np.mean(one**2))) for one in (music, over)]
    mixed = over + music * (loud[1] / loud[0] * 10 ** (-decibels / 20))
    return np.asarray(0.8 * mixed / np.abs(mixed).max(), np.float32)


def faster(music: Samples, factor: float) -> Samples:
    """Played faster, and so higher."""
    places = np.arange(0, len(music) - 1, factor)
    return np.asarray(np.interp(places, np.arange(len(music)), music), np.float32)


def clip(path: Path, samples: Samples) -> Path:
    """A clip of moving colours with that sound."""

    def colours(number: int) -> NDArray[np.uint8]:
        return np.full((SIZE[1], SIZE[0], 3), (40 + 3 * number) % 200, np.uint8)

    return filmed(path, samples, colours)


def filmed(path: Path, samples: Samples, picture_of: Callable[[int], NDArray[np.uint8]]) -> Path:
    """A clip as long as its sound, of pictures (H, W, 3) by their number, `PICTURES_PER_S` of them a second."""
    width, height = SIZE
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=PICTURES_PER_S, options={"preset": "ultrafast", "g": "15"})
        picture.width, picture.height = width, height
        picture.pix_fmt = "yuv420p"
        sound = container.add_stream("aac", rate=RATE, layout="mono")
        for number in range(round(len(samples) / RATE * PICTURES_PER_S)):
            frame = VideoFrame.from_ndarray(picture_of(number), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, PICTURES_PER_S)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        for start in range(0, len(samples), 1_024):
            part = np.ascontiguousarray(samples[None, start : start + 1_024])
            heard = AudioFrame.from_ndarray(part, format="fltp", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = RATE, start, Fraction(1, RATE)
            container.mux(sound.encode(heard))
        container.mux(sound.encode(None))
    return path
