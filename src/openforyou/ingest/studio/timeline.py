"""When each shot is on screen, as pure sums. `studio/timeline.js` does the same ones for the preview."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from openforyou.ingest.studio.storyboard import SHOT_MS_MIN, Motion, Storyboard, Transition

ZOOM = 0.12
"""How much closer a picture comes over a shot."""
MOVED_MS_MAX = 1_000
"""A cut that has no beat so near stays where it is."""
PAN = 0.5
"""How much of the room around the frame a pan crosses, either side of the middle."""
EASE_SHARE = 0.18
"""Of a shot's time, so much is spent getting under way, and as much coming to rest."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is seen at one time: shot `index` at `progress` (0 … 1 over all that is seen of it).

    During a transition `before` is the shot that goes and `mix` (0 … 1) how far the new one has come.
    """

    index: int
    progress: float
    before: int | None = None
    before_progress: float = 0.0
    mix: float = 1.0


@dataclass(frozen=True, slots=True)
class Timeline:
    """`cuts_ms`: where shots meet, with 0 first and the end last; `fades_ms`: how long each shot takes to come in."""

    cuts_ms: tuple[int, ...]
    fades_ms: tuple[int, ...]

    @property
    def total_ms(self) -> int:
        """How long the whole is."""
        return self.cuts_ms[-1]

    def seen(self, index: int) -> tuple[float, float]:
        """From when to when anything of a shot is on screen, milliseconds."""
        start = self.cuts_ms[index] - self.fades_ms[index] / 2
        after = self.fades_ms[index + 1] / 2 if index + 1 < len(self.fades_ms) else 0
        return max(0.0, start), self.cuts_ms[index + 1] + after

    def at(self, ms: float) -> Moment:
        """What is seen at a time."""
        count = len(self.fades_ms)
        index = min(max(bisect_left(self.cuts_ms, ms + 1e-6) - 1, 0), count - 1)
        if index + 1 < count and ms >= self.cuts_ms[index + 1] - self.fades_ms[index + 1] / 2:
            index += 1
        fade = self.fades_ms[index]
        begun = self.cuts_ms[index] - fade / 2
        if index == 0 or not fade or ms >= begun + fade:
            return Moment(index, self._progress(index, ms))
        mix = eased((ms - begun) / fade, 0.5)
        return Moment(index, self._progress(index, ms), index - 1, self._progress(index - 1, ms), mix)

    def _progress(self, index: int, ms: float) -> float:
        start, end = self.seen(index)
        return min(1.0, max(0.0, (ms - start) / (end - start)))


def timeline(board: Storyboard) -> Timeline:
    """The times of a storyboard, its cuts on the beat where it has beats."""
    cuts = [0]
    for shot in board.shots:
        cuts.append(cuts[-1] + shot.duration_ms)
    if board.beats_ms:
        cuts = on_beat(cuts, [beat - board.sound_from_ms for beat in board.beats_ms])
    fades = [
        0
        if number == 0 or shot.transition is Transition.CUT
        else min(board.transition_ms, *(cuts[place + 1] - cuts[place] for place in (number - 1, number)))
        for number, shot in enumerate(board.shots)
    ]
    return Timeline(tuple(cuts), tuple(fades))


def on_beat(cuts: list[int], beats: list[int]) -> list[int]:
    """Each cut but the first at the beat that is nearest; none shorter than a shot may be. The end stays a cut, too."""
    moved = [0]
    for cut in cuts[1:]:
        place = bisect_left(beats, cut)
        near = [
            beat
            for beat in beats[max(0, place - 1) : place + 1]
            if beat >= moved[-1] + SHOT_MS_MIN and abs(beat - cut) <= MOVED_MS_MAX
        ]
        best = min(near, key=lambda beat: (abs(beat - cut), beat), default=cut)
        moved.append(max(best, moved[-1] + SHOT_MS_MIN))
    return moved


def eased(share: float, ramp: float = EASE_SHARE) -> float:
    """0 … 1 with a soft start and a soft end: speed rises over `ramp`, stays, and falls."""
    share = min(1.0, max(0.0, share))
    top = 1 / (1 - ramp)
    if share < ramp:
        return 0.5 * top * share * share / ramp
    if share > 1 - ramp:
        rest = 1 - share
        return 1 - 0.5 * top * rest * rest / ramp
    return top * (share - 0.5 * ramp)


def camera(motion: Motion, progress: float) -> tuple[float, float]:
    """How near (1: as the picture fits) and how far sideways (−1 … 1 of the room) the eye is."""
    way = eased(progress)
    match motion:
        case Motion.IN:
            return 1 + ZOOM * way, 0.0
        case Motion.OUT:
            return 1 + ZOOM * (1 - way), 0.0
        case Motion.LEFT:
            return 1 + ZOOM, PAN * (1 - 2 * way)
        case Motion.RIGHT:
            return 1 + ZOOM, PAN * (2 * way - 1)
        case Motion.NONE:
            return 1.0, 0.0
