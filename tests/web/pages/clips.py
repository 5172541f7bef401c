"""Tiny clips for the pages to play: three looks, each alike in itself and unlike the others, in several shapes."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

FRAMES_A_SECOND = 12
SECONDS = 2
SAMPLE_RATE = 22_050
LOOKS = ("Waves", "Checkers", "Embers")
SHAPES = {"tall": (180, 320), "wide": (320, 180), "square": (240, 240)}


def write_clip(path: Path, look: str, variant: int, shape: str = "tall", sound: bool = True) -> Path:
    """A looping two-second clip in H.264, with a tone unless told not to; the same bytes for the same arguments."""
    width, height = SHAPES[shape]
    with av.open(str(path), "w", options={"movflags": "faststart"}) as file:
        pictures = file.add_stream("libx264", rate=FRAMES_A_SECOND, options={"preset": "ultrafast", "crf": "30"})
        pictures.width, pictures.height, pictures.pix_fmt = width, height, "yuv420p"
        tones = file.add_stream("aac", rate=SAMPLE_RATE, layout="mono") if sound else None
        for number in range(SECONDS * FRAMES_A_SECOND):
            frame = av.VideoFrame.from_ndarray(_picture(look, variant, number, width, height), format="rgb24")
            file.mux(pictures.encode(frame))
        file.mux(pictures.encode(None))
        if tones is not None:
            seconds = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
            wave = 0.1 * np.sin(2 * np.pi * (220 + 40 * variant) * seconds)
            heard = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None, :], format="fltp", layout="mono")
            heard.sample_rate = SAMPLE_RATE
            file.mux(tones.encode(heard))
            file.mux(tones.encode(None))
    return path


def _picture(look: str, variant: int, number: int, width: int, height: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    turn = 2 * np.pi * number / (SECONDS * FRAMES_A_SECOND)
    shade = _shade(variant, number, width, height)[..., None]
    if look == "Waves":
        bright = 0.5 + 0.5 * np.sin(9 * y + 2 * np.sin(4 * x + turn) + variant)
        colours = np.stack([0.1 * bright, 0.35 + 0.3 * bright, 0.55 + 0.4 * bright], -1)
    elif look == "Checkers":
        dark = (np.sin(20 * x + variant) * np.sin(20 * y + 2 * turn) > 0)[..., None]
        colours = np.where(dark, [0.95, 0.85, 0.2], [0.1, 0.1, 0.12])
    else:
        glow = np.exp(-30 * ((x - 0.3 - 0.1 * np.cos(turn + variant)) ** 2 + (y - 0.5 - 0.2 * np.sin(turn)) ** 2))
        colours = np.stack([0.15 + 0.85 * glow, 0.05 + 0.3 * glow, 0.05 + 0 * glow], -1)
    return (255 * np.clip(colours * shade, 0, 1)).astype(np.uint8)


def _shade(variant: int, number: int, width: int, height: int) -> NDArray[np.float64]:
    """Clouds that drift over a clip as over no other: else one variant were a shifted copy of the next."""
    rng = np.random.default_rng(variant)
    clouds = np.kron(rng.uniform(0.7, 1.1, (12, 12)), np.ones((height // 6, width // 6)))
    down, across = (round(number * speed) for speed in rng.uniform(-6, 6, 2))
    return np.roll(clouds, (down, across), axis=(0, 1))[:height, :width]
