"""Makes the video of a storyboard: frame after frame into the encoder, so that memory does not grow with length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace

from openforyou.core.errors import BadInput
from openforyou.core.progress import Progress, silent
from openforyou.ingest.renditions import Encoded, Recipe
from openforyou.ingest.soundfiles import Instead
from openforyou.ingest.studio.captions import drawn
from openforyou.ingest.studio.pictures import Pixels, Seen, seen
from openforyou.ingest.studio.storyboard import Storyboard, Transition
from openforyou.ingest.studio.timeline import Moment, timeline
from openforyou.ingest.types import Size

BT709 = 1
CRF = 20
Mark = tuple[Pixels, tuple[int, int]] | None


@dataclass(frozen=True, slots=True)
class Sources:
    """The files by the names that the storyboard uses, and its sound. `threads` for the encoder."""

    files: Mapping[str, Path]
    sound: Path | None = None
    threads: int = 1
    names: Mapping[str, str] = field(default_factory=dict)
    """What their owner calls the files, where that is another name."""


def render(board: Storyboard, sources: Sources, out: Path, progress: Progress = silent) -> None:
    """Write the video to `out`. To stop it, let `progress` raise; nothing is left behind then.

    Raises `BadInput` for a file that is missing, `BadMedia` or `TooLarge` for one that cannot be used, naming it.
    """
    for shot in board.shots:
        if shot.file not in sources.files:
            raise BadInput(f"{shot.file[:80]} was not handed in.", hint="Add the file, or take it out.", field="shots")
    staged = out.with_name(f".{out.name}.part")
    try:
        _Rendering(board, sources, staged).run(progress)
        staged.replace(out)
    finally:
        staged.unlink(missing_ok=True)


class _Rendering:
    """One run. At most two shots are open at a time: the one on screen, and the one that comes or goes."""

    def __init__(self, board: Storyboard, sources: Sources, out: Path) -> None:
        self._board, self._sources = board, sources
        self._times = timeline(board)
        self._size = (board.width, board.height)
        self._open: dict[int, tuple[Seen, Mark]] = {}
        self._sound = None
        if sources.sound is not None:
            self._sound = Instead(sources.sound, "The sound", board.sound_from_ms)
        recipe = Recipe(Size(*self._size), Fraction(board.rate), BT709, sources.threads, crf=CRF)
        self._out = Encoded(out, recipe, None if self._sound is None else self._sound.track.stream)

    def run(self, progress: Progress) -> None:
        count = round(self._times.total_ms * self._board.rate / 1_000)
        try:
            for number in range(count):
                progress(number, count, "rendering")
                time = Fraction(number, self._board.rate)
                self._write(self._drawn(self._times.at(1_000 * float(time)), 1_000 * float(time)), time)
                if self._sound is not None:
                    self._hear(float(time))
            if self._sound is not None:
                self._hear(self._times.total_ms / 1_000)
            progress(count, count, "rendering")
        finally:
            for shot, _ in self._open.values():
                shot.close()
            if self._sound is not None:
                self._sound.close()
            self._out.close()

    def _hear(self, until_s: float) -> None:
        assert self._sound is not None
        for packet in self._sound.until(until_s):
            self._out.sound(packet)

    def _write(self, pixels: Pixels, time: Fraction) -> None:
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        shaped = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
        shaped.time_base = Fraction(1, self._board.rate)
        shaped.duration = 1
        self._out.picture(shaped, time)

    def _drawn(self, moment: Moment, ms: float) -> Pixels:
        self._keep({moment.index} if moment.before is None else {moment.index, moment.before})
        new = self._shot(moment.index, moment.progress, ms)
        if moment.before is None:
            return new
        old = self._shot(moment.before, moment.before_progress, ms)
        return mixed(old, new, self._board.shots[moment.index].transition, moment.mix)

    def _shot(self, index: int, progress: float, ms: float) -> Pixels:
        if index not in self._open:
            shot = self._board.shots[index]
            name = self._sources.names.get(shot.file, shot.file)
            made = seen(self._sources.files[shot.file], name, shot, self._size)
            self._open[index] = (made, drawn(shot.caption, *self._size))
        shot_seen, mark = self._open[index]
        pixels = shot_seen.frame(progress, ms - self._times.seen(index)[0])
        return pixels if mark is None else lettered(pixels, mark)

    def _keep(self, wanted: set[int]) -> None:
        for index in [index for index in self._open if index not in wanted]:
            self._open.pop(index)[0].close()


def lettered(pixels: Pixels, mark: tuple[Pixels, tuple[int, int]]) -> Pixels:
    """A frame with a caption on it."""
    words, (left, top) = mark
    place = np.s_[top : top + words.shape[0], left : left + words.shape[1]]
    cover = words[..., 3:].astype(np.float32) / 255
    pixels = np.array(pixels)
    pixels[place] = np.rint(pixels[place] * (1 - cover) + words[..., :3] * cover).astype(np.uint8)
    return pixels


def mixed(old: Pixels, new: Pixels, how: Transition, mix: float) -> Pixels:
    """A moment between two shots; `mix` 0 is all the old one, 1 all the new."""
    width = old.shape[1]
    edge = width * mix
    if how is Transition.CROSSFADE:
        return np.asarray(cv2.addWeighted(old, 1 - mix, new, mix, 0), np.uint8)
    if how is Transition.SLIDE:
        size = (width, old.shape[0])
        both = np.concatenate([old, new], axis=1)
        move = np.array([[1, 0, -edge], [0, 1, 0]], np.float64)
        return np.asarray(cv2.warpAffine(both, move, size, flags=cv2.INTER_LINEAR), np.uint8)
    if how is Transition.WIPE:
        soft = 0.04 * width
        share = np.clip((edge * (1 + soft / width) - np.arange(width)) / soft, 0, 1).astype(np.float32)[None, :, None]
        return np.asarray(old * (1 - share) + new * share, np.uint8)
    return new
