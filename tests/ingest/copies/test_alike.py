"""Simple drawings that move alike are no copies of each other: a pattern that repeats, a glow on its round."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from openforyou.core.ids import ItemId
from openforyou.ingest.copies.examine import Examination, Other
from openforyou.ingest.copies.index import Found
from openforyou.ingest.copies.taking import Taken, Taker
from openforyou.ingest.copies.types import REFUSING
from openforyou.ingest.probe import probe
from openforyou.ingest.transcode import Work, transcode
from openforyou.ingest.types import Limits
from tests.web.pages.clips import write_clip

VARIANTS = (0, 3, 7)


def taken(path: Path, folder: Path) -> tuple[Taken, Path, float]:
    clip = probe(path, path.name, Limits())
    taker = Taker(clip.picture_s, 1)
    folder.mkdir()
    made, _ = transcode(path, path.name, clip, folder, Work(Limits(), 1, taps=(taker,)))
    return taker.taken(), made.folder / made.renditions[-1].file, made.duration_ms / 1_000


@pytest.mark.parametrize("look", ["Checkers", "Embers"])
def test_one_drawing_is_no_copy_of_the_next(tmp_path: Path, look: str) -> None:
    made = {}
    for variant in VARIANTS:
        path = write_clip(tmp_path / f"{variant}.mp4", look, variant)
        made[variant] = taken(path, tmp_path / f"made-{variant}")
    for one, other in permutations(VARIANTS, 2):
        (print_, path, seconds), (theirs, their_path, their_seconds) = made[one], made[other]
        item = Other(ItemId(1), theirs.print, their_seconds, lambda their_path=their_path: their_path)
        for mirrored in (False, True):
            frames = tuple(range(min(4, len(theirs.print.times_ms))))
            for compared in Examination(print_, path, seconds).each([(item, Found(1, 1.0, mirrored, frames))]):
                assert compared.verdict not in REFUSING, f"{look} {one} beside {other}: {compared}"
