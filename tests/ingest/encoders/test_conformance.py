"""Every encoder in the package keeps the promise of `Encoder`: a new one is found here without being named."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from dataclasses import replace

import numpy as np
import pytest

from openforyou.ingest import encoders
from openforyou.ingest.encoders import BLOCKS, CONTENT_DIM, CONTENT_ENCODER, Describes, Encoder, Sample, describe


def found() -> list[type[Encoder]]:
    modules = [
        importlib.import_module(f"{encoders.__name__}.{m.name}") for m in pkgutil.iter_modules(encoders.__path__)
    ]
    return [
        kind
        for module in modules
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__ and hasattr(kind, "declares") and kind.__name__ != "Encoder"
    ]


def sample(moments: int = 4, height: int = 40, width: int = 30, seconds: float = 2.0, seed: int = 1) -> Sample:
    """Noise to see and to hear."""
    chance = np.random.default_rng(seed)
    frames = chance.integers(0, 256, (moments, 2, height, width, 3), dtype=np.uint8)
    sound = chance.uniform(-1, 1, int(16_000 * seconds)).astype(np.float32)
    return Sample(frames, np.full(moments, 0.1, dtype=np.float32), sound, "A title", "and a caption")


PLAIN = sample()
HARD = {
    "noise": PLAIN,
    "one moment": sample(1),
    "no second frame": replace(PLAIN, gap_s=np.zeros(4, dtype=np.float32)),
    "black": replace(PLAIN, frames=np.zeros_like(PLAIN.frames)),
    "white": replace(PLAIN, frames=np.full_like(PLAIN.frames, 255)),
    "tiny": sample(2, 2, 2),
    "a line": sample(2, 160, 2),
    "no sound": replace(PLAIN, sound=np.zeros(0, dtype=np.float32)),
    "silence": replace(PLAIN, sound=np.zeros(32_000, dtype=np.float32)),
    "a click": replace(PLAIN, sound=np.eye(1, 32_000, 7, dtype=np.float32)[0]),
    "a blink of sound": sample(seconds=0.01),
    "steady tone": replace(PLAIN, sound=np.sin(np.arange(32_000) / 10).astype(np.float32)),
    "no words": replace(PLAIN, title="", caption=""),
    "only signs": replace(PLAIN, title="!!! 👍", caption="\x00\u202e"),
    "every script": replace(PLAIN, title="猫の動画", caption="קצר سريع скоро 짧은"),
    "half a letter": replace(PLAIN, title="\udcff lone"),
    "long": replace(PLAIN, caption="word " * 440),
}


@pytest.fixture(params=found(), ids=lambda kind: kind.name)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    kind: type[Encoder] = request.param
    return kind()


@pytest.mark.parametrize("case", HARD)
def test_always_a_finite_unit_vector(encoder: Encoder, case: str) -> None:
    vector = encoder(HARD[case])
    assert vector.shape == (encoder.dim,)
    assert vector.dtype == np.float32
    assert np.isfinite(vector).all()
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)


def test_pure_and_leaves_its_input_alone(encoder: Encoder) -> None:
    given = sample()
    kept = given.frames.copy(), given.sound.copy()
    first, second = encoder(given), encoder(given)
    assert np.array_equal(first, second)
    assert np.array_equal(given.frames, kept[0])
    assert np.array_equal(given.sound, kept[1])


def test_tells_clips_apart(encoder: Encoder) -> None:
    other = replace(sample(6, 50, 90, seed=2), title="Rain", caption="on the roof", gap_s=np.ones(6, dtype=np.float32))
    quiet = replace(other, frames=other.frames // 8, sound=np.sin(np.arange(32_000) / 30).astype(np.float32))
    assert float(encoder(PLAIN) @ encoder(quiet)) < 0.99


def test_is_named_with_its_version_and_says_what_it_describes(encoder: Encoder) -> None:
    assert encoder.name.rpartition("-")[2].isdecimal()
    assert encoder.declares
    assert Describes.BIOMETRIC not in encoder.declares, "needs a right that nobody can give yet"


def test_every_encoder_is_in_the_combined_vector_once() -> None:
    assert sorted(encoder.name for encoder, _ in BLOCKS) == sorted(kind.name for kind in found())
    assert sum(share for _, share in BLOCKS) == pytest.approx(1)
    assert sum(encoder.dim for encoder, _ in BLOCKS) == CONTENT_DIM


@pytest.mark.parametrize("case", HARD)
def test_the_combined_vector_is_finite_and_its_products_are_the_shares(case: str) -> None:
    mine, plain = describe(HARD[case]), describe(PLAIN)
    combined = mine[CONTENT_ENCODER]
    assert combined.shape == (CONTENT_DIM,)
    assert np.isfinite(combined).all()
    expected = sum(share * float(mine[encoder.name] @ plain[encoder.name]) for encoder, share in BLOCKS)
    assert float(combined @ plain[CONTENT_ENCODER]) == pytest.approx(expected, abs=1e-4)
