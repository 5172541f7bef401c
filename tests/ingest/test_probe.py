"""What a file is, and every way in which it is none that we can use."""

from __future__ import annotations

import resource
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from openforyou.core.errors import BadInput, BadMedia, TooLarge
from openforyou.ingest.probe import probe
from openforyou.ingest.types import Limits, Turn
from tests.ingest.films import Film, patched

LIMITS = Limits()
Maker = Callable[[Path], Path]


def written(data: bytes) -> Maker:
    def make(folder: Path) -> Path:
        path = folder / "clip.mp4"
        path.write_bytes(data)
        return path

    return make


def ten_hours(folder: Path) -> Path:
    """An ordinary clip whose every header says ten hours: 30 frames, 1,200 s each."""
    return Film(times=tuple(1_200.0 * number for number in range(31)), sound=None).make(folder / "clip.mp4")


def movie_header_of_ten_hours(folder: Path) -> Path:
    path = Film(sound=None).make(folder / "plain.mp4")
    data = bytearray(path.read_bytes())
    for box, offset in ((b"mvhd", 20), (b"tkhd", 24), (b"mdhd", 20)):
        place = data.index(box) + offset
        scale = 1_000 if box != b"mdhd" else int.from_bytes(data[place - 4 : place])
        data[place : place + 4] = struct.pack(">I", 36_000 * scale)
    return written(bytes(data))(folder)


def thirty_thousand_in_the_header(folder: Path) -> Path:
    """A PNG of 64×64 in a MOV, all of whose headers say 30,000×30,000: 2.7 GB if one believed them."""
    path = Film(size=(64, 64), codec="png", pixels="rgb24", options={}, sound=None, seconds=0.6).make(folder / "a.mov")
    small, huge = struct.pack(">II", 64, 64), struct.pack(">II", 30_000, 30_000)
    data = path.read_bytes().replace(b"IHDR" + small, b"IHDR" + huge)
    data = data.replace(struct.pack(">HH", 64, 64), struct.pack(">HH", 30_000, 30_000))
    data = data.replace(struct.pack(">II", 64 << 16, 64 << 16), struct.pack(">II", 30_000 << 16, 30_000 << 16))
    return written(data)(folder)


def thirty_thousand_in_the_header_of_h264(folder: Path) -> Path:
    """A clip of 192×320 whose MP4 headers say 30,000×30,000."""
    path = Film(size=(192, 320), sound=None).make(folder / "plain.mp4")
    data = path.read_bytes().replace(struct.pack(">HH", 192, 320), struct.pack(">HH", 30_000, 30_000))
    small, huge = struct.pack(">II", 192 << 16, 320 << 16), struct.pack(">II", 30_000 << 16, 30_000 << 16)
    return written(data.replace(small, huge))(folder)


def thirty_thousand_in_truth(folder: Path) -> Path:
    options = {"deadline": "realtime", "cpu-used": "8"}
    film = Film(size=(30_000, 64), codec="libvpx-vp9", options=options, sound=None, seconds=0.1)
    return film.make(folder / "clip.webm")


def lying_jpeg(folder: Path) -> Path:
    """MJPEG whose container says 64×64 and whose frames say 30,000×30,000."""
    options = {"q": "5"}
    path = Film(size=(64, 64), codec="mjpeg", pixels="yuvj420p", options=options, sound=None).make(folder / "a.avi")
    return patched(
        path, folder / "clip.avi", b"\x00\x11\x08" + struct.pack(">HH", 64, 64), b"\x00\x11\x08\x75\x30\x75\x30"
    )


def cut_before_the_index(folder: Path) -> Path:
    data = Film().make(folder / "whole.mp4").read_bytes()
    return written(data[: len(data) * 2 // 3])(folder)


def cut_after_the_index(folder: Path) -> Path:
    """With its index first, as phones upload: it opens well and breaks off at two fifths."""
    whole = Film(seconds=3).make(folder / "whole.mp4")
    with (
        av.open(str(whole)) as source,
        av.open(str(folder / "fast.mp4"), "w", options={"movflags": "+faststart"}) as target,
    ):
        streams = {stream.index: target.add_stream_from_template(stream, opaque=True) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    data = (folder / "fast.mp4").read_bytes()
    return written(data[: data.index(b"mdat") + (len(data) - data.index(b"mdat")) * 2 // 5])(folder)


def cut_matroska(folder: Path) -> Path:
    data = Film(seconds=3).make(folder / "whole.mkv").read_bytes()
    return written(data[: len(data) // 2])(folder)


def only_sound(folder: Path) -> Path:
    path = folder / "clip.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48_000)
        frame = av.AudioFrame(format="fltp", layout="stereo", samples=1_024)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate = 48_000
        for number in range(60):
            frame.pts = 1_024 * number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def picture_in_a_codec_of_the_past(folder: Path) -> Path:
    return Film(codec="huffyuv", pixels="yuv422p", options={}, sound=None).make(folder / "clip.avi")


def no_video_at_all(folder: Path) -> Path:
    return folder / "nothing.mp4"


BAD: dict[str, tuple[Maker, type[BadInput], str]] = {
    "empty": (written(b""), BadMedia, "is empty"),
    "text": (written(b"This is not a video.\n" * 50), BadMedia, "is not a video"),
    "zeros": (written(bytes(5_000)), BadMedia, "is not a video"),
    "playlist": (
        written(b"#EXTM3U\n#EXTINF:5,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n"),
        BadMedia,
        "not a video",
    ),
    "concat": (written(b"ffconcat version 1.0\nfile /etc/hostname\n"), BadMedia, "is not a video"),
    "picture": (written(b"\x89PNG\r\n\x1a\n" + bytes(100)), BadMedia, "is not a video"),
    "absent": (no_video_at_all, BadInput, "not a file"),
    "folder": (lambda folder: folder, BadInput, "not a file"),
    "cut before the index": (cut_before_the_index, BadMedia, "cut off or damaged"),
    "cut after the index": (cut_after_the_index, BadMedia, "cut short: it says 3.0 s"),
    "cut matroska": (cut_matroska, BadMedia, "cut short: it says 3.0 s"),
    "ten hours": (ten_hours, TooLarge, "10.0 hours long"),
    "ten hours in the header": (movie_header_of_ten_hours, TooLarge, "10.0 hours long"),
    "30,000 in the header": (thirty_thousand_in_the_header, BadInput, "30000×30000|png"),
    "30,000 in the header of h264": (thirty_thousand_in_the_header_of_h264, TooLarge, "30000×30000"),
    "30,000 in truth": (thirty_thousand_in_truth, TooLarge, "30000×64"),
    "30,000 in the frames alone": (lying_jpeg, BadInput, "cannot be decoded|30000"),
    "only sound": (only_sound, BadMedia, "no picture"),
    "unread codec": (picture_in_a_codec_of_the_past, BadMedia, "huffyuv"),
    "too short": (Film(seconds=0.2, sound=None).make_in, BadMedia, "0.20 s long"),
    "too small": (Film(size=(32, 16), sound=None).make_in, BadMedia, "too small"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_its_name_and_what_to_do(case: str, tmp_path: Path) -> None:
    make, kind, words = BAD[case]
    path = make(tmp_path)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(kind, match=words) as caught:
        probe(path, "what\x07ever.mp4", LIMITS)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1_024
    assert grown_mb < 300, "memory was taken for what the file only claims"
    assert "what\\u0007ever.mp4" in caught.value.message
    assert len(caught.value.hint) > 10
    assert str(caught.value).isprintable()


def test_a_file_over_the_size_limit_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with path.open("wb") as file:
        file.truncate(LIMITS.size_bytes_max + 1)
    with pytest.raises(TooLarge, match="2,000 MB"):
        probe(path, path.name, LIMITS)


def test_the_largest_frame_that_is_allowed_is_read(tmp_path: Path) -> None:
    """Decoders pad rows: the bound that they are given must leave room for it."""
    path = Film(size=(1_000, 400), sound=None, seconds=0.6).make(tmp_path / "a.mp4")
    clip = probe(path, path.name, Limits(side_px_max=1_000, frame_px_max=400_000))
    assert clip.shape == (1_000, 400)
    with pytest.raises(TooLarge, match="1000×400"):
        probe(path, path.name, Limits(side_px_max=1_000, frame_px_max=399_999))


def test_more_frames_than_any_camera_takes_are_refused(tmp_path: Path) -> None:
    path = Film(sound=None).make(tmp_path / "a.mp4")
    with pytest.raises(TooLarge, match="more than 20 frames"):
        probe(path, path.name, Limits(frames_max=20))


def test_an_ordinary_clip(tmp_path: Path) -> None:
    clip = probe(Film().make(tmp_path / "a.mp4"), "a.mp4", LIMITS)
    assert clip.shape == (180, 320)
    assert clip.picture_s == pytest.approx(1.0)
    assert clip.frame_rate == 30
    assert clip.has_sound
    assert clip.turn == Turn()


def test_a_clip_without_sound_or_with_an_empty_track_of_it(tmp_path: Path) -> None:
    assert not probe(Film(sound=None).make(tmp_path / "a.mp4"), "a.mp4", LIMITS).has_sound
    assert not probe(Film(sound_s=1e-9).make(tmp_path / "b.mp4"), "b.mp4", LIMITS).has_sound


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.avi", "a.bin"])
def test_the_content_counts_and_not_the_ending(name: str, tmp_path: Path) -> None:
    kind = Path(name).suffix.replace(".bin", ".mp4")
    made = Film(codec="mpeg4" if kind == ".avi" else "libx264", options={}).make(tmp_path / f"made{kind}")
    assert probe(made.rename(tmp_path / name), name, LIMITS).picture_s == pytest.approx(1.0, abs=0.05)


def test_webm_of_a_browser(tmp_path: Path) -> None:
    options = {"deadline": "realtime", "cpu-used": "8"}
    film = Film(codec="libvpx", options=options, sound_codec="libopus", sound_rate=48_000)
    clip = probe(film.make(tmp_path / "a.webm"), "a.webm", LIMITS)
    assert (clip.codec, clip.has_sound, clip.copyable) == ("vp8", True, False)


def test_pixels_that_are_not_square_and_a_turn(tmp_path: Path) -> None:
    film = Film(size=(240, 180), pixel_aspect=Fraction(4, 3), rotation=-90)
    clip = probe(film.make(tmp_path / "a.mp4"), "a.mp4", LIMITS)
    assert clip.turn.swaps_sides
    assert clip.shape == (135, 240)


COPYABLE = Film(pixels="yuv420p", options={"preset": "ultrafast", "crf": "28", "g": "30", "profile": "high"})


def test_a_compliant_picture_is_copied(tmp_path: Path) -> None:
    assert probe(COPYABLE.make(tmp_path / "a.mp4"), "a.mp4", LIMITS).copyable


@pytest.mark.parametrize(
    "film",
    [
        COPYABLE.but(codec="mpeg4", options={}),
        COPYABLE.but(pixels="yuvj420p"),
        COPYABLE.but(pixels="yuv444p", options={"preset": "ultrafast"}),
        COPYABLE.but(rotation=90),
        COPYABLE.but(pixel_aspect=Fraction(4, 3)),
        COPYABLE.but(size=(1_080, 1_080), seconds=0.6),
        COPYABLE.but(rate=120),
        COPYABLE.but(options={"preset": "ultrafast", "qp": "0"}, size=(600, 600)),
        COPYABLE.but(times=tuple(n / 2 for n in range(26)), options={"preset": "ultrafast", "g": "300"}),
        COPYABLE.but(colour=(9, 18, 9)),
        COPYABLE.but(options={"preset": "fast", "g": "10", "x264-params": "open-gop=1:scenecut=0"}),
        COPYABLE.but(options={"preset": "ultrafast", "x264-params": "interlaced=1"}, size=(192, 320)),
    ],
    ids=[
        "codec",
        "range",
        "chroma",
        "turned",
        "pixels",
        "large",
        "fast",
        "bits",
        "keyframes",
        "hlg",
        "open",
        "interlaced",
    ],
)
def test_what_a_browser_or_a_viewer_would_mind_is_encoded_anew(film: Film, tmp_path: Path) -> None:
    assert not probe(film.make(tmp_path / "a.mp4"), "a.mp4", LIMITS).copyable


def test_the_real_clips(real_data: Path) -> None:
    found = {path.name: probe(path, path.name, LIMITS) for path in sorted((real_data / "clips").glob("*.mp4"))}
    assert len(found) == 9
    assert found["pattern-hd-no-bar.mp4"].shape == (720, 1_280)
    assert not found["bottle-detection.mp4"].has_sound
    assert found["chair-orig-22-sd-bar.mp4"].duration_s == pytest.approx(22.46, abs=0.02)
