"""Near vectors are alike clips: by look, motion, sound and words, on made and on real material."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from openforyou.ingest.encoders import CONTENT_ENCODER, Sample, describe
from openforyou.ingest.encoders.motion import MotionEncoder
from openforyou.ingest.encoders.picture import PictureEncoder
from openforyou.ingest.encoders.sound import SoundEncoder
from openforyou.ingest.encoders.words import WordsEncoder
from openforyou.ingest.probe import probe
from openforyou.ingest.transcode import Work, transcode
from openforyou.ingest.types import Limits

RATE = 16_000
SILENCE = np.zeros(0, dtype=np.float32)


def seen(first: NDArray[np.uint8], second: NDArray[np.uint8] | None = None) -> Sample:
    pair = np.stack([first, first if second is None else second])
    return Sample(pair[None], np.array([0.1], dtype=np.float32), SILENCE)


def heard(wave: NDArray[np.floating]) -> Sample:
    frame = np.zeros((1, 2, 16, 16, 3), dtype=np.uint8)
    return Sample(frame, np.zeros(1, dtype=np.float32), np.asarray(wave, dtype=np.float32))


def said(title: str, caption: str = "") -> Sample:
    frame = np.zeros((1, 2, 16, 16, 3), dtype=np.uint8)
    return Sample(frame, np.zeros(1, dtype=np.float32), SILENCE, title, caption)


def blotches(seed: int, tint: tuple[float, float, float] = (1, 1, 1), scale: int = 10) -> NDArray[np.uint8]:
    """A soft random landscape in one tint, (120, 90, 3)."""
    coarse = np.random.default_rng(seed).uniform(0, 255, (120 // scale, 90 // scale)).astype(np.float32)
    light = cv2.resize(coarse, (90, 120), interpolation=cv2.INTER_CUBIC)
    return np.clip(light[..., None] * np.array(tint), 0, 255).astype(np.uint8)


def test_the_same_place_in_other_light_stays_near_and_another_place_does_not() -> None:
    encode, here = PictureEncoder(), blotches(1)
    same = float(encode(seen(here)) @ encode(seen((here * 0.8 + 20).astype(np.uint8))))
    other = float(encode(seen(here)) @ encode(seen(blotches(2))))
    assert same > 0.9
    assert other < same - 0.03


def test_colour_and_fineness_count() -> None:
    encode = PictureEncoder()
    red, rose, blue = (encode(seen(blotches(1, tint))) for tint in ((1, 0.2, 0.2), (1, 0.35, 0.3), (0.2, 0.2, 1)))
    assert float(red @ rose) > float(red @ blue) + 0.1
    coarse, coarse_too, fine = (encode(seen(blotches(n, scale=scale))) for n, scale in ((1, 15), (2, 15), (3, 2)))
    assert float(coarse @ coarse_too) > float(coarse @ fine)


def test_the_same_surface_is_known_in_another_colour_and_place() -> None:
    down, right = np.mgrid[0:120, 0:90]
    spots, spots_moved = (127 + 100 * np.sin((down + by) / 4) * np.sin((right + by) / 4) for by in (0, 3))
    stripes = 127 + 100 * np.sin((down + right / 8) / 3)
    red, blue = np.array([1, 0.5, 0.5]), np.array([0.5, 0.5, 1])
    encode = PictureEncoder()
    first, moved, other = (
        encode(seen(np.clip(light[..., None] * tint, 0, 255).astype(np.uint8)))
        for light, tint in ((spots, red), (spots_moved, blue), (stripes, red))
    )
    assert float(first @ moved) > float(first @ other) + 0.1


def shifted(by: tuple[int, int]) -> Sample:
    wide = np.random.default_rng(3).integers(0, 256, (24, 24), dtype=np.uint8)
    ground = cv2.resize(wide, (192, 192), interpolation=cv2.INTER_CUBIC)
    frames = [np.repeat(ground[20 - dy : 140 - dy, 20 - dx : 140 - dx, None], 3, axis=2) for dx, dy in ((0, 0), by)]
    return seen(frames[0], frames[1])


def test_motion_tells_still_from_moving_and_left_from_right() -> None:
    encode = MotionEncoder()
    still, right, right_too, left = (encode(shifted(by)) for by in ((0, 0), (5, 0), (4, 1), (-5, 0)))
    assert float(right @ right_too) > 0.8
    assert float(right @ left) < float(right @ right_too) - 0.1
    assert float(right @ still) < 0.6


def tone(hertz: float, seconds: float = 4.0) -> NDArray[np.floating]:
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(int(RATE * seconds)) / RATE)


def test_sound_tells_tones_noise_and_silence_apart() -> None:
    encode = SoundEncoder()
    noise, noise_too = (0.2 * np.random.default_rng(seed).uniform(-1, 1, 4 * RATE) for seed in (1, 2))
    a, quieter_a, hiss, hiss_too = (encode(heard(wave)) for wave in (tone(440), 0.5 * tone(440), noise, noise_too))
    assert float(a @ quieter_a) > 0.9
    assert float(hiss @ hiss_too) > 0.99
    assert float(a @ hiss) < 0.5
    nothing = encode(heard(SILENCE))
    assert np.array_equal(nothing, encode(heard(np.zeros(4 * RATE))))
    assert float(nothing @ a) == pytest.approx(0, abs=1e-6)


def test_an_octave_is_nearer_than_a_tritone() -> None:
    encode = SoundEncoder()
    ground, octave, tritone = (encode(heard(tone(hertz))) for hertz in (440, 880, 622))
    assert float(ground @ octave) > float(ground @ tritone)


def test_a_beat_comes_back_at_its_tempo() -> None:
    encode, time = SoundEncoder(), np.arange(8 * RATE) / RATE
    noise = np.random.default_rng(4).uniform(-0.3, 0.3, len(time))
    slow, slow_too, fast = (encode(heard(noise * np.exp(-20 * (time % (60 / bpm))))) for bpm in (70, 70.5, 165))
    assert float(slow @ slow_too) > float(slow @ fast)


def test_words_that_share_roots_are_near_in_any_script() -> None:
    encode = WordsEncoder()
    cat, cats, engine = (encode(said(text)) for text in ("My cat jumping", "cats jump", "Steam engine"))
    assert float(cat @ cats) > float(cat @ engine) + 0.1
    assert float(encode(said("Café")) @ encode(said("CAFÉ"))) == pytest.approx(1, abs=1e-6)
    assert float(encode(said("#sunset")) @ encode(said("sunset"))) == pytest.approx(1, abs=1e-6)
    assert float(encode(said("猫の動画")) @ encode(said("犬の動画"))) > float(
        encode(said("猫の動画")) @ encode(said("電車"))
    )


def test_the_title_says_more_than_the_caption() -> None:
    encode = WordsEncoder()
    both = encode(said("ocean", "forest"))
    assert float(both @ encode(said("ocean"))) > float(both @ encode(said("forest")))


def beginning(source: Path, target: Path, seconds: float = 1.5) -> Path:
    """The first seconds of a file, packet for packet."""
    with av.open(str(source)) as whole, av.open(str(target), "w") as part:
        streams = {each.index: part.add_stream_from_template(each, opaque=True) for each in whole.streams}
        for packet in whole.demux():
            if packet.dts is not None and packet.dts * packet.time_base < seconds:
                packet.stream = streams[packet.stream.index]
                part.mux(packet)
    return target


def test_copies_of_a_real_clip_are_nearer_to_each_other_than_to_any_other(real_data: Path, tmp_path: Path) -> None:
    """One phone clip and four altered copies (grey, sepia, logos) among four others: told by content alone."""
    vectors = {}
    for whole in sorted((real_data / "clips").glob("*.mp4")):
        folder = tmp_path / whole.stem
        folder.mkdir()
        path = beginning(whole, folder / whole.name)
        _, sample = transcode(path, path.name, probe(path, path.name, Limits()), folder, Work(Limits(), threads=2))
        vectors[path.stem] = describe(sample)[CONTENT_ENCODER]
    chairs = [name for name in vectors if name.startswith("chair")]
    assert len(chairs) == 5
    for name in chairs:
        near = sorted(vectors, key=lambda other: -float(vectors[name] @ vectors[other]))
        assert set(near[:5]) == set(chairs), f"{name}: {near}"
