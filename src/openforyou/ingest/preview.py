"""The short silent loop that plays in grids."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from av.video.frame import VideoFrame

from openforyou.ingest.renditions import Encoded, Recipe
from openforyou.ingest.shaping import Scaler
from openforyou.ingest.timing import Gate

LENGTH_S = Fraction(3)
BEGINS_AT = 0.15
"""Of the clip's length: past titles and black."""
PER_S = 15
CRF = 28


class Preview:
    """Takes what it wants of a clip's frames; a clip shorter than the loop is taken whole."""

    def __init__(self, path: Path, recipe: Recipe, duration_s: float) -> None:
        late = max(0.0, min(BEGINS_AT * duration_s, duration_s - float(LENGTH_S)))
        self._from = Fraction(late).limit_denominator(1_000)
        self._begun: Fraction | None = None
        self._gate = Gate(PER_S)
        self._scale = Scaler(recipe.size, recipe.threads)
        self._file = Encoded(path, recipe, None)
        self._last: VideoFrame | None = None

    def picture(self, frame: VideoFrame, time: Fraction) -> None:
        """Take `frame`, shown from `time` seconds on, if it is wanted."""
        self._last = frame
        if time < self._from:
            return
        if self._begun is None:
            self._begun = time
        if time - self._begun < LENGTH_S and self._gate.admits(time):
            self._file.picture(self._scale(frame), time - self._begun)

    def close(self) -> None:
        """Write the file; of a clip whose frames all lie before the loop's begin, the last one."""
        if self._begun is None and self._last is not None:
            self._file.picture(self._scale(self._last), Fraction(0))
        self._file.close()
