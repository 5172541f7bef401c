"""A look's music as a few lines of score, and its performance.

Everything wraps around: a note that rings past the end is heard at the beginning, and the room's echo is a
circular convolution. So a clip that loops has no seam in its sound either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from openforyou.demo.music.air import air
from openforyou.demo.music.instruments import RATE_HZ, Samples, drum, note

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "pentatonic": (0, 2, 4, 7, 9),
    "hirajoshi": (0, 2, 3, 7, 8),
}
LOUDNESS = 0.12
"""Root mean square that a performance is brought to: about -18 dB, with room for peaks."""
PEAK_MAX = 0.89


@dataclass(frozen=True, slots=True)
class Part:
    """One player.

    role: chords, arpeggio, melody, bass, beat or air. sound: an instrument, a drum, or a kind of air.
    rate: notes a beat. octave: against the root. density: share of steps that sound.
    pattern: for beats, sixteenths as "x...x...".
    """

    role: str
    sound: str
    level: float
    rate: float = 1.0
    octave: int = 0
    density: float = 1.0
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Music:
    """How a look sounds. `tempo`: beats a minute, a range; `root`: MIDI note; `chords`: progressions in scale steps."""

    tempo: tuple[int, int]
    scale: str
    root: int
    chords: tuple[tuple[int, ...], ...]
    parts: tuple[Part, ...]
    echo: float = 0.35


def perform(music: Music, seconds: float, rng: Generator) -> Samples:
    """The music for a clip: (N, 2) at `RATE_HZ`, never beyond `PEAK_MAX`. The same generator state, the same sound."""
    count = round(seconds * RATE_HZ)
    bar_s = 4 * 60 / float(rng.uniform(*music.tempo))
    bars = max(1, round(seconds / bar_s))
    stage = _Stage(music, count, bars, rng)
    for part in music.parts:
        stage.play(part)
    return _mastered(_echoed(stage.mix, music.echo, rng))


class _Stage:
    """The mix as it grows, and where in the harmony each moment is."""

    def __init__(self, music: Music, count: int, bars: int, rng: Generator) -> None:
        self.mix = np.zeros((count, 2), np.float32)
        self.count, self.bars, self.rng = count, bars, rng
        self.beat_s = count / RATE_HZ / (4 * bars)
        self.steps = SCALES[music.scale]
        self.root = music.root + int(rng.integers(-4, 5))
        self.chords = music.chords[int(rng.integers(len(music.chords)))]

    def play(self, part: Part) -> None:
        """Add one part to the mix."""
        match part.role:
            case "chords":
                self._play_chords(part)
            case "arpeggio" | "melody":
                self._play_line(part)
            case "bass":
                self._play_bass(part)
            case "beat":
                self._play_beat(part)
            case "air":
                self.mix += air(part.sound, self.count, self.rng) * np.float32(part.level)
            case _:
                raise KeyError(f"no role {part.role}")

    def _pitch(self, step: int, octave: int) -> float:
        """The frequency of a scale step."""
        lap, place = divmod(step, len(self.steps))
        midi = self.root + self.steps[place] + 12 * (lap + octave)
        return round(440.0 * 2 ** ((midi - 69) / 12), 3)

    def _chord(self, beat: float) -> tuple[int, ...]:
        """The scale steps that sound together at a beat."""
        degree = self.chords[int(beat // 4) % len(self.chords)]
        third = 2 if len(self.steps) == 7 else 1
        return degree, degree + third, degree + 2 * third, degree + 3 * third + (1 if third == 2 else 0)

    def _play_chords(self, part: Part) -> None:
        length = 4 / part.rate
        for beat in np.arange(0, 4 * self.bars, length):
            for voice, step in enumerate(self._chord(beat)[:3]):
                pitch = self._pitch(step, part.octave)
                for side, bend in ((0.3, 0.998), (0.7, 1.002)):
                    sound = note(part.sound, round(pitch * bend, 3), length * self.beat_s)
                    self._add(sound, beat + 0.02 * voice, part.level / 3, side)

    def _play_line(self, part: Part) -> None:
        """An arpeggio runs through the chord; a melody walks by small steps and rests."""
        size = int(self.rng.integers(4, 9))
        if part.role == "arpeggio":
            pattern = self.rng.integers(0, 4, size)
            lifts = self.rng.integers(0, 2, size)
        else:
            pattern = np.cumsum(self.rng.choice([-2, -1, -1, 1, 1, 2], size))
            lifts = np.zeros(size, int)
        length = 1 / part.rate
        for number, beat in enumerate(np.arange(0, 4 * self.bars, length)):
            if self.rng.random() > part.density:
                continue
            chord = self._chord(beat)
            turn = int(pattern[number % size])
            step = chord[turn] if part.role == "arpeggio" else chord[0] + turn
            sound = note(part.sound, self._pitch(step, part.octave + int(lifts[number % size])), length * self.beat_s)
            accent = 1.0 if number % 4 == 0 else float(self.rng.uniform(0.55, 0.85))
            self._add(sound, beat, part.level * accent, float(self.rng.uniform(0.25, 0.75)))

    def _play_bass(self, part: Part) -> None:
        length = 1 / part.rate
        for beat in np.arange(0, 4 * self.bars, length):
            if self.rng.random() <= part.density:
                sound = note(part.sound, self._pitch(self._chord(beat)[0], part.octave), length * self.beat_s * 0.9)
                self._add(sound, beat, part.level, 0.5)

    def _play_beat(self, part: Part) -> None:
        stroke = drum(part.sound, self.rng)
        for step in range(16 * self.bars):
            if part.pattern[step % len(part.pattern)] == "x":
                level = part.level * float(self.rng.uniform(0.8, 1.0))
                self._add(stroke, step / 4, level, 0.5 if part.sound in ("kick", "boom") else 0.6)

    def _add(self, sound: Samples, beat: float, level: float, side: float) -> None:
        start = round(beat * self.beat_s * RATE_HZ) % self.count
        stereo = sound[:, None] * np.array([level * (1 - side) * 2, level * side * 2], np.float32)
        while len(stereo):
            room = min(len(stereo), self.count - start)
            self.mix[start : start + room] += stereo[:room]
            stereo, start = stereo[room:], 0


def _echoed(mix: Samples, share: float, rng: Generator) -> Samples:
    """The mix in a room: circular convolution with decaying noise, different in each ear."""
    count = len(mix)
    time = np.arange(min(count, 2 * RATE_HZ)) / RATE_HZ
    room = rng.standard_normal((len(time), 2)) * np.exp(-3.2 * time)[:, None]
    room[: int(0.012 * RATE_HZ)] = 0
    heard = np.fft.irfft(
        np.fft.rfft(mix, axis=0) * np.fft.rfft(room, count, axis=0) * _damping(count), count, axis=0
    ).astype(np.float32)
    level = float(np.sqrt(np.mean(mix**2))) / max(float(np.sqrt(np.mean(heard**2))), 1e-9)
    return np.asarray(mix * np.float32(1 - share) + heard * np.float32(share * level), np.float32)


def _damping(count: int) -> np.ndarray:
    """Walls swallow high tones, and a rumble helps nobody."""
    frequency = np.fft.rfftfreq(count, 1 / RATE_HZ)[:, None]
    return np.asarray(1 / (1 + (frequency / 3_500) ** 2) * frequency / (frequency + 120))


def _mastered(mix: Samples) -> Samples:
    """Brought to one loudness, peaks rounded off."""
    loud = float(np.sqrt(np.mean(mix**2)))
    steady = mix * np.float32(LOUDNESS / max(loud, 1e-9))
    return np.asarray(np.tanh(steady / PEAK_MAX) * PEAK_MAX, np.float32)
