"""A filmed clip is a file that anybody could have uploaded, and that the platform hands on as it is."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from openforyou.demo.film import Format, shoot
from openforyou.demo.looks import all_looks
from openforyou.ingest.probe import probe
from openforyou.ingest.types import Limits

TINY = Format(72, 128, 8)


def test_a_clip_has_picture_and_sound_of_the_length_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    shoot(path, "stripes", (1, 2), 1.5, TINY)
    with av.open(str(path)) as clip:
        picture, sound = clip.streams.video[0], clip.streams.audio[0]
        assert (picture.width, picture.height, picture.frames) == (72, 128, 12)
        assert (picture.codec_context.name, sound.codec_context.name) == ("h264", "aac")
        assert float(picture.duration * picture.time_base) == pytest.approx(1.5)
        assert float(sound.duration * sound.time_base) == pytest.approx(1.5, abs=0.05)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.mp4" for number in range(3)]
    for path, seed in zip(files, ((1, 2), (1, 2), (1, 3)), strict=True):
        shoot(path, "lava", seed, 1.0, TINY)
    once, again, other = (path.read_bytes() for path in files)
    assert once == again
    assert once != other


@pytest.mark.parametrize("name", ["stripes", "snowfall", "gears"])
def test_even_the_busiest_looks_need_no_second_encoding(name: str, tmp_path: Path) -> None:
    assert name in all_looks()
    path = tmp_path / "clip.mp4"
    shoot(path, name, (1, 5), 2.5, Format())
    clip = probe(path, path.name, Limits())
    assert clip.copyable
