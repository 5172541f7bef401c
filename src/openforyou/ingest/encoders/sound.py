"""What a clip sounds like: timbre, harmony, beat and loudness of its first minute.

Mel-frequency cepstra (Davis and Mermelstein, 1980) with their spread, a twelve-tone chroma, and the autocorrelation
of onsets at the tempi of music. Without sound, or in silence, one fixed vector.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from openforyou.ingest.encoders.sample import SOUND_RATE, Describes, Floats, Sample, unit

Values = NDArray[Any]

WINDOW, HOP = 1_024, 512
MELS, CEPSTRA, TONES = 32, 13, 12
TEMPI_BPM = (70, 85, 100, 120, 140, 165)
SILENT_BELOW = 1e-3
"""Loudest sample of what counts as silence: −60 dB."""
FLOOR = 1e-6
WEIGHTS = {"timbre": 0.35, "spread": 0.2, "harmony": 0.2, "beat": 0.1, "level": 0.15}


class SoundEncoder:
    """48 numbers: 1 for silence, 13 of timbre, 13 of its spread, 12 of harmony, 6 of beat, 3 of level."""

    name = "sound-1"
    dim = 1 + 2 * CEPSTRA + TONES + len(TEMPI_BPM) + 3
    declares = frozenset({Describes.SOUND})

    def __call__(self, sample: Sample) -> Floats:
        if len(sample.sound) < WINDOW or float(np.abs(sample.sound).max()) < SILENT_BELOW:
            return unit(np.zeros(self.dim, dtype=np.float32))
        power = _power(sample.sound)  # (T, WINDOW // 2 + 1)
        mel = np.log(power @ _MEL_BANK.T + FLOOR)  # (T, MELS)
        cepstra = (mel @ _COSINES.T)[:, 1:]  # Without the first, which is loudness.
        parts = {
            "timbre": cepstra.mean(axis=0) / 4,
            "spread": cepstra.std(axis=0) / 2 - 0.5,
            "harmony": _harmony(power),
            "beat": _beat(mel),
            "level": _level(sample.sound, power),
        }
        told = [np.sqrt(share) * _bounded(parts[name]) for name, share in WEIGHTS.items()]
        return unit(np.concatenate([np.zeros(1), *told]))


def _bounded(values: Values) -> Values:
    """Length 1 at most, so that no part outweighs its share."""
    return np.asarray(values / max(1.0, float(np.linalg.norm(values))), dtype=np.float32)


def _power(sound: Values) -> Values:
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    spectrum = np.fft.rfft(frames * np.hanning(WINDOW).astype(np.float32), axis=1)
    return np.asarray(np.abs(spectrum) ** 2 / WINDOW, dtype=np.float32)


def _harmony(power: Values) -> Values:
    """How much of each of the twelve tones, against an even spread; noise has next to none. (12,)"""
    tones = np.sqrt(power @ _TONE_BANK.T).mean(axis=0)
    share = tones / max(float(tones.sum()), FLOOR)
    return np.asarray((share - 1 / TONES) * TONES / 2, dtype=np.float32)


def _beat(mel: Values) -> Values:
    """How strongly onsets come back at each tempo. (6,)"""
    onsets = np.maximum(np.diff(mel, axis=0), 0).mean(axis=1)
    onsets = onsets - onsets.mean() if len(onsets) else onsets
    energy = float(onsets @ onsets)
    frames_per_s = SOUND_RATE / HOP
    strengths = []
    for bpm in TEMPI_BPM:
        lag = round(frames_per_s * 60 / bpm)
        found = float(onsets[lag:] @ onsets[:-lag]) / energy if len(onsets) > lag and energy > FLOOR else 0.0
        strengths.append(found)
    return np.array(strengths, dtype=np.float32)


def _level(sound: Values, power: Values) -> Values:
    """Loudness, how far it swings, and brightness, each about −1 … 1. (3,)"""
    loudness = 10 * np.log10(power.sum(axis=1) / WINDOW + FLOOR)
    rms_db = 20 * np.log10(float(np.sqrt(np.mean(sound**2))) + FLOOR)
    spectrum = power.mean(axis=0)
    centre = float(spectrum @ _HERTZ) / max(float(spectrum.sum()), FLOOR)
    swing = float(np.percentile(loudness, 95) - np.percentile(loudness, 10))
    return np.tanh([(rms_db + 25) / 15, (swing - 15) / 15, (centre - 1_500) / 1_500]).astype(np.float32)


def _mel_bank() -> Values:
    """Triangles of equal width on the mel scale (O'Shaughnessy), (MELS, WINDOW // 2 + 1)."""
    top = 2_595 * np.log10(1 + SOUND_RATE / 2 / 700)
    bounds = 700 * (10 ** (np.linspace(0, top, MELS + 2) / 2_595) - 1)
    rising = (_HERTZ - bounds[:-2, None]) / (bounds[1:-1] - bounds[:-2])[:, None]
    falling = (bounds[2:, None] - _HERTZ) / (bounds[2:] - bounds[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def _tone_bank() -> Values:
    """Which of the twelve tones each frequency between 110 Hz and 3.5 kHz belongs to, (TONES, WINDOW // 2 + 1)."""
    bank = np.zeros((TONES, len(_HERTZ)), dtype=np.float32)
    heard = (_HERTZ >= 110) & (_HERTZ <= 3_500)
    tones = np.round(TONES * np.log2(_HERTZ[heard] / 440)).astype(np.int64) % TONES
    bank[tones, np.flatnonzero(heard)] = 1
    bank /= np.maximum(bank.sum(axis=1, keepdims=True), 1)
    return bank


_HERTZ = np.fft.rfftfreq(WINDOW, 1 / SOUND_RATE).astype(np.float32)
_MEL_BANK = _mel_bank()
_TONE_BANK = _tone_bank()
_COSINES = (
    np.cos(np.pi / MELS * (np.arange(MELS) + 0.5)[None, :] * np.arange(CEPSTRA + 1)[:, None]) * np.sqrt(2 / MELS)
).astype(np.float32)
