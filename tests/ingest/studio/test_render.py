"""A storyboard as a file that plays: what stands where and when, what is refused, and that nothing is left behind."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from openforyou.core.errors import BadInput
from openforyou.drills.music.songs import song
from openforyou.ingest.studio.pictures import photo
from openforyou.ingest.studio.render import Sources, mixed, render
from openforyou.ingest.studio.storyboard import Shot, Storyboard, Transition, read
from openforyou.ingest.studio.timeline import on_beat, timeline
from tests.ingest.films import Film, pixels_of
from tests.ingest.tunes import write_wav

RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (400, 300)) -> Path:
    Image.new("RGB", size, colour).save(path)
    return path


def still(path: str, **said: object) -> dict[str, object]:
    return {"file": path, "duration_ms": 500, "motion": "none", "transition": "cut", **said}


def near(pixel: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() < 16)


def test_pictures_stand_whole_in_order_with_their_sound(tmp_path: Path) -> None:
    files = {"a.jpg": picture(tmp_path / "a.jpg", RED), "b.png": picture(tmp_path / "b.png", BLUE, (300, 600))}
    board = read({"shots": [still("a.jpg"), still("b.png", ground="plain")], "rate": 24, "transition_ms": 0})
    sound = write_wav(tmp_path / "s.wav", song(5, 3))
    render(board, Sources(files, sound), tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as made:
        assert (made.streams.video[0].width, made.streams.video[0].height) == (720, 1280)
        assert made.streams.video[0].frames == 24
        assert made.streams.audio
        assert abs(float(made.duration or 0) / 1e6 - 1.0) < 0.06
    first, last = pixels_of(tmp_path / "out.mp4", 2), pixels_of(tmp_path / "out.mp4", 20)
    assert near(first[640, 10], RED)
    assert near(first[640, 709], RED)
    assert not near(first[200, 360], RED)  # the ground, dimmed
    assert near(last[640, 360], BLUE)
    assert near(last[5, 360], BLUE)
    assert near(last[640, 20], (18, 18, 20))


def test_a_photo_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    image = Image.new("RGB", (60, 40), RED)
    image.paste(BLUE, (0, 0, 60, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    upright = photo(tmp_path / "turned.jpg", "turned.jpg")
    assert upright.shape == (60, 40, 3)
    assert near(upright[30, 35], BLUE)
    assert near(upright[30, 5], RED)


def test_captions_can_be_read_over_white_and_stay_in_the_safe_area(tmp_path: Path) -> None:
    files = {"w.png": picture(tmp_path / "w.png", (255, 255, 255), (720, 1280))}
    words = "A caption long enough that it has to be broken into more than one line, with averyverylongwordthatgoeson"
    board = read({"shots": [still("w.png", caption=words)], "rate": 24})
    render(board, Sources(files), tmp_path / "out.mp4")
    frame = pixels_of(tmp_path / "out.mp4", 1).astype(int).sum(axis=2)
    rows, columns = np.nonzero(frame < 600)
    assert 60 <= columns.min() <= columns.max() <= 660
    assert rows.max() <= 1_030
    assert rows.max() - rows.min() > 100
    shade = frame[rows.min() + 8, columns.min() + 60] / 3
    assert shade < 110  # white on this has 5:1


def test_a_clip_is_played_from_where_it_is_asked(tmp_path: Path) -> None:
    clip = Film(seconds=2.0, sound=None).make_in(tmp_path)
    board = read({"shots": [still(clip.name, from_ms=500, duration_ms=800)], "rate": 30})
    render(board, Sources({clip.name: clip}), tmp_path / "out.mp4")
    frame = pixels_of(tmp_path / "out.mp4", 3)
    bar = np.nonzero((frame[:, 360].min(axis=1)) > 200)[0]
    assert abs(bar.mean() / 1_280 - (0.3 + 0.4 * 0.6)) < 0.03


def test_the_eye_moves_without_a_jump(tmp_path: Path) -> None:
    image = np.zeros((1280, 720, 3), np.uint8)
    image[600:680] = 255
    Image.fromarray(image).save(tmp_path / "bar.png")
    shot = {"file": "bar.png", "duration_ms": 2_000, "motion": "in", "fit": "fill", "transition": "cut"}
    render(read({"shots": [shot], "rate": 30}), Sources({"bar.png": tmp_path / "bar.png"}), tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as made:
        heights = [frame.to_ndarray(format="gray")[:, 360].astype(float).sum() / 255 for frame in made.decode(video=0)]
    steps = np.diff(heights)
    assert heights[-1] - heights[0] > 5
    assert steps.min() > -0.15
    assert steps.max() < 3 * np.median(steps) + 0.2


@pytest.mark.parametrize("how", list(Transition))
def test_a_transition_begins_with_the_old_and_ends_with_the_new(how: Transition) -> None:
    old, new = np.full((40, 60, 3), 10, np.uint8), np.full((40, 60, 3), 240, np.uint8)
    assert mixed(old, new, how, 1.0).mean() == 240
    if how is not Transition.CUT:
        assert mixed(old, new, how, 0.0).mean() == 10
        assert abs(mixed(old, new, how, 0.5).mean() - 125) < 8


def test_cuts_go_to_the_nearest_beat_and_keep_their_order() -> None:
    assert on_beat([0, 2_400, 4_700, 4_900], [0, 500, 2_500, 4_600, 9_000]) == [0, 2_500, 4_600, 5_000]
    board = Storyboard((Shot("a", 1_000), Shot("b", 1_000)), beats_ms=(600, 1_150, 2_300), sound_from_ms=100)
    assert timeline(board).cuts_ms == (0, 1_050, 2_200)


def test_the_parts_of_a_timeline_meet() -> None:
    board = Storyboard((Shot("a", 1_000), Shot("b", 1_000), Shot("c", 600)), transition_ms=400)
    times = timeline(board)
    assert times.total_ms == 2_600
    assert times.at(799).before is None
    moment = times.at(1_000)
    assert (moment.index, moment.before, round(moment.mix, 6)) == (1, 0, 0.5)
    mixes = [times.at(ms).mix for ms in range(800, 1_200, 10)]
    assert mixes == sorted(mixes)
    assert [times.at(ms).index for ms in (0, 1_300, 2_599)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ([], "storyboard"),
        ({"shots": []}, "shots"),
        ({"shots": [{}]}, r"shots\[0\].file"),
        ({"shots": [{"file": "a", "duration_ms": 1}]}, r"shots\[0\].duration_ms"),
        ({"shots": [{"file": "a", "motion": "spin"}]}, r"shots\[0\].motion"),
        ({"shots": [{"file": "a", "html": "x"}]}, r"shots\[0\].html"),
        ({"shots": [{"file": "a"}], "width": 100}, "width"),
        ({"shots": [{"file": "a"}], "beats_ms": [3, 1]}, "beats_ms"),
        ({"shots": [{"file": "a", "duration_ms": 60_000}] * 11}, "10 minutes"),
    ],
)
def test_a_bad_plan_is_refused_by_the_name_of_the_place(told: object, place: str) -> None:
    with pytest.raises(BadInput, match=place):
        read(told)


def test_a_plan_comes_back_from_json_as_it_was() -> None:
    board = read({"shots": [{"file": "a", "caption": "Hé", "motion": "left"}], "beats_ms": [1, 2]})
    assert read(board.as_dict()) == board


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.jpg", b"no picture"),
        ("e.png", b""),
        ("c.jpg", b"\xff\xd8\xff\xe0cut"),
        ("h.heic", b"\0\0\0\x18ftypheic0000"),
    ],
)
def test_a_bad_picture_is_named_and_nothing_is_left(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=name):
        render(read({"shots": [still(name)]}), Sources({name: tmp_path / name}), tmp_path / "out.mp4")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_it_can_be_stopped(tmp_path: Path) -> None:
    files = {"a.jpg": picture(tmp_path / "a.jpg", RED)}

    def stop(done: int, total: int, message: str = "") -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(read({"shots": [still("a.jpg")]}), Sources(files), tmp_path / "out.mp4", stop)
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]
