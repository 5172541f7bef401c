"""Sound that changes its form on the way keeps its place."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from openforyou.ingest.sound import DESCRIBED_RATE, SoundTrack, sound_id
from tests.ingest.films import Film


def blocks(rate: int, layout: str, start_s: float, seconds: float) -> list[av.AudioFrame]:
    channels = 1 if layout == "mono" else 2
    made = []
    for place in range(0, round(rate * seconds), 1_024):
        wave = 0.3 * np.sin(2 * np.pi * 330 / rate * (place + np.arange(1_024)))
        frame = av.AudioFrame.from_ndarray(np.tile(wave.astype(np.float32), (channels, 1)), "fltp", layout)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = round(start_s * rate) + place
        made.append(frame)
    return made


@pytest.mark.parametrize("later", [(48_000, "stereo"), (44_100, "mono"), (16_000, "mono")])
def test_a_change_of_rate_or_channels_neither_repeats_nor_loses_time(later: tuple[int, str], tmp_path: Path) -> None:
    with av.open(str(Film(sound="mono").make(tmp_path / "clip.mp4"))) as container:
        track = SoundTrack(container.streams.audio[0], Fraction(0))
    rate, layout = later
    frames = blocks(44_100, "mono", 0, 1) + blocks(rate, layout, 1.0, 1)
    packets = [packet for frame in [*frames, None] for packet in track.push(frame)]
    stamps = [packet.pts for packet in packets]
    assert stamps == sorted(set(stamps))
    assert (stamps[-1] + packets[-1].duration) / 48_000 == pytest.approx(2, abs=0.08)
    assert len(track.samples) / 16_000 == pytest.approx(2, abs=0.08)
    loud = np.abs(track.samples[1_600:30_000].reshape(-1, 400)).max(axis=1)
    assert (loud > 0.2).mean() > 0.95, "no hole where it changes"


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_sound_from_before_the_picture_is_left_out(rate: int, tmp_path: Path) -> None:
    with av.open(str(Film(sound="mono").make(tmp_path / "clip.mp4"))) as container:
        track = SoundTrack(container.streams.audio[0], Fraction(1, 2))
    packets = [packet for frame in [*blocks(rate, "mono", 0, 2), None] for packet in track.push(frame)]
    assert packets[0].pts is not None
    assert packets[0].pts <= 0
    assert (packets[-1].pts + packets[-1].duration) / 48_000 == pytest.approx(1.5, abs=0.08)


def test_clips_of_one_sound_are_known_by_how_it_begins() -> None:
    seconds = np.arange(8 * DESCRIBED_RATE) / DESCRIBED_RATE
    song = (0.3 * np.sin(2 * np.pi * 330 * seconds)).astype(np.float32)
    assert sound_id(song) == sound_id(song[: 6 * DESCRIBED_RATE])
    assert sound_id(song) != sound_id(song[1:])
    assert sound_id(song) != sound_id(song[: 3 * DESCRIBED_RATE])
    assert sound_id(song * np.float32(0.9)) != sound_id(song)
    assert sound_id(song * 0) is None
    assert sound_id(song[:0]) is None
