"""Names, sizes, rates and turns, as pure functions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.core.errors import BadInput
from openforyou.ingest import rules
from openforyou.ingest.errors import BadName, CutShort, shown
from openforyou.ingest.types import Clip, Limits, Turn

SIDES = st.integers(32, 8_192)


@pytest.mark.parametrize("name", ["clip.mp4", "my clip (1).MOV", "Übung.webm", "猫.mp4", "👩‍👩‍👧.mp4", "noending"])
def test_ordinary_names_are_taken(name: str) -> None:
    assert rules.checked_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "  ", "a/b.mp4", "../etc/passwd", "C:\\a.mp4"),
        *("a\nb.mp4", "a\x00.mp4", "a\x1b[31m.mp4", "a\u2028b", "gpj.\u202e4pm.exe"),
        *("\udcff.mp4", "ä" * 128),
    ],
)
def test_names_that_are_more_than_a_name_are_refused_and_shown_safely(name: str) -> None:
    with pytest.raises(BadName) as caught:
        rules.checked_name(name)
    assert str(caught.value).isprintable()
    assert "Rename it" in caught.value.hint


def test_a_name_takes_one_form() -> None:
    assert rules.checked_name("U\u0308bung.mp4") == rules.checked_name("\u00dcbung.mp4")


@pytest.mark.parametrize(
    ("name", "title"),
    [("my_holiday-2026.mp4", "my holiday 2026"), ("..mp4", "Untitled"), ("___.mp4", "Untitled"), ("a.b.mov", "a.b")],
)
def test_a_file_names_its_item(name: str, title: str) -> None:
    assert rules.title_of(name) == title


def test_a_title_made_of_a_long_name_fits() -> None:
    assert len(rules.title_of("wort " * 60)) <= 150


def test_what_is_shown_of_a_name_is_short() -> None:
    assert len(shown("x" * 500)) == 80


@given(SIDES, SIDES)
def test_renditions_are_even_never_larger_and_keep_their_proportions(width: int, height: int) -> None:
    for size in rules.ladder((width, height)):
        assert size.width % 2 == size.height % 2 == 0
        assert 2 <= size.width <= width
        assert 2 <= size.height <= height
        scale = size.width / width
        assert abs(size.height - height * scale) <= 2 + 2 * height / width
        assert size.short <= 720
        assert max(size) <= 1_920


@given(SIDES, SIDES)
def test_a_second_rendition_is_worth_its_bytes(width: int, height: int) -> None:
    large, *rest = rules.ladder((width, height))
    assert bool(rest) == (large.short >= rules.SECOND_FROM_PX)
    assert all(small.short <= 360 < large.short for small in rest)


@pytest.mark.parametrize(
    ("shape", "sizes"),
    [
        ((1_080, 1_920), [(720, 1_280), (360, 640)]),
        ((3_840, 2_160), [(1_280, 720), (640, 360)]),
        ((1_000, 1_000), [(720, 720), (360, 360)]),
        ((480, 720), [(480, 720), (360, 540)]),
        ((640, 360), [(640, 360)]),
        ((321, 241), [(320, 240)]),
        ((8_192, 2_048), [(1_920, 480), (960, 240)]),
    ],
)
def test_the_ladder(shape: tuple[int, int], sizes: list[tuple[int, int]]) -> None:
    assert [tuple(size) for size in rules.ladder(shape)] == sizes


def test_bits_grow_slower_than_pixels() -> None:
    assert rules.bitrate_max((720, 1_280)) == 4_000_000
    assert 1_000_000 < rules.bitrate_max((360, 640)) < 1_400_000


@pytest.mark.parametrize(
    ("matrix", "turn"),
    [
        ((1, 0, 0, 0, 1), Turn()),
        ((0, 1, 0, -1, 0), Turn(transpose=1)),
        ((0, -1, 0, 1, 0), Turn(transpose=2)),
        ((0, 1, 0, 1, 0), Turn(transpose=0)),
        ((0, -1, 0, -1, 0), Turn(transpose=3)),
        ((-1, 0, 0, 0, -1), Turn(hflip=True, vflip=True)),
        ((-1, 0, 0, 0, 1), Turn(hflip=True)),
    ],
)
def test_display_matrices(matrix: tuple[int, ...], turn: Turn) -> None:
    assert rules.turn_of((*(65_536 * value for value in matrix), 0, 0, 0, 1 << 30)) == turn


def test_without_a_matrix_nothing_turns() -> None:
    assert rules.turn_of(None) == Turn()
    assert not Turn().swaps_sides


@pytest.mark.parametrize(("played", "claimed"), [(12.1, 30.0), (0.2, 1.0), (500.0, 600.0)])
def test_a_clip_that_ends_long_before_its_end_is_cut_short(played: float, claimed: float) -> None:
    with pytest.raises(CutShort, match="cut short"):
        rules.check_whole("a.mp4", played, claimed)


@pytest.mark.parametrize(("played", "claimed"), [(29.0, 30.0), (0.6, 1.0), (30.0, 12.0), (599.0, 600.0)])
def test_containers_may_round(played: float, claimed: float) -> None:
    rules.check_whole("a.mp4", played, claimed)


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), 36_000.0])
def test_endless_is_too_long(seconds: float) -> None:
    with pytest.raises(BadInput, match="long"):
        rules.check_duration("a.mp4", seconds, Limits())


def test_shape_is_what_a_viewer_sees(clip: Clip) -> None:
    assert clip.shape == (320, 180)


@pytest.mark.parametrize(
    ("units", "anew"),
    [([5], True), ([7, 8, 5], True), ([6, 5], True), ([1], False), ([6, 1, 5], False), ([9], False), ([], False)],
)
def test_only_a_picture_that_needs_no_other_starts_anew(units: list[int], anew: bool) -> None:
    packet = b"".join((3).to_bytes(4) + bytes([0x60 | unit, 1, 2]) for unit in units)
    assert rules.starts_anew(packet, 4) is anew
    assert not rules.starts_anew(packet[:4], 4)
