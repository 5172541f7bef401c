"""What comes out of a pass: every shape whole and upright, times kept, sound kept, nothing told that was not asked."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from openforyou.core.errors import BadInput
from openforyou.ingest.encoders.sample import Sample
from openforyou.ingest.errors import CutShort, NotAClip, OverLimit
from openforyou.ingest.probe import probe
from openforyou.ingest.shaping import Shaper
from openforyou.ingest.transcode import Work, transcode
from openforyou.ingest.types import Clip, Limits, Size, Transcoded, Turn
from tests.ingest.films import CORNERS, Film, boxes, corners, frames, pixels_of

LIMITS = Limits()


def made(path: Path, *, copy: bool | None = None, limits: Limits = LIMITS) -> tuple[Transcoded, Sample]:
    """Transcode as the service does; `copy` overrides what the probe decides."""
    clip = probe(path, path.name, limits)
    if copy is not None:
        clip = replace(clip, copyable=copy)
    folder = path.parent / f"{path.name}-out"
    folder.mkdir()
    return transcode(path, path.name, clip, folder, Work(limits))


def large(done: Transcoded) -> Path:
    return done.folder / done.renditions[0].file


SHAPES: dict[str, tuple[Film, tuple[int, int]]] = {
    "vertical": (Film(size=(180, 320)), (180, 320)),
    "square": (Film(size=(240, 240)), (240, 240)),
    "wide": (Film(size=(320, 180)), (320, 180)),
    "odd sides": (Film(size=(181, 321), pixels="yuv444p"), (180, 320)),
    "turned left": (Film(size=(320, 180), rotation=90), (180, 320)),
    "turned right": (Film(size=(320, 180), rotation=-90), (180, 320)),
    "on its head": (Film(size=(320, 180), rotation=180), (320, 180)),
    "mirrored": (Film(size=(320, 180), mirrored=True), (320, 180)),
    "turned and mirrored": (Film(size=(320, 180), rotation=90, mirrored=True), (180, 320)),
    "wide pixels": (Film(size=(240, 240), pixel_aspect=Fraction(4, 3)), (240, 180)),
    "narrow pixels": (Film(size=(240, 240), pixel_aspect=Fraction(3, 4)), (180, 240)),
    "too large": (Film(size=(1_080, 1_920), seconds=0.6, colour=(6, 6, 6)), (720, 1_280)),
    "full range": (Film(pixels="yuvj420p"), (180, 320)),
    "ten bits": (Film(codec="libx265", pixels="yuv420p10le", options={"x265-params": "log-level=none"}), (180, 320)),
    "avi": (Film(codec="mpeg4", options={"q": "3"}, sound_codec="mp3"), (180, 320)),
}
STANDING: dict[str, tuple[int, int, int, int]] = {
    "turned left": (1, 3, 0, 2),
    "turned right": (2, 0, 3, 1),
    "on its head": (3, 2, 1, 0),
    "mirrored": (1, 0, 3, 2),
    "turned and mirrored": (3, 1, 2, 0),
}
"""Where the film's corners (top left, top right, bottom left, bottom right) come to stand."""


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_stays_whole_upright_and_in_its_colours(shape: str, tmp_path: Path) -> None:
    film, size = SHAPES[shape]
    path = film.make(tmp_path / ("clip.avi" if shape == "avi" else "clip.mp4"))
    done, sample = made(path, copy=None if shape in {"vertical", "square", "wide"} else False)
    expected = tuple(CORNERS[place] for place in STANDING.get(shape, (0, 1, 2, 3)))
    for file in (*(rendition.file for rendition in done.renditions), done.preview):
        pixels = pixels_of(done.folder / file, 2)
        assert corners(pixels) == expected, file
        assert pixels.shape[1] / pixels.shape[0] == pytest.approx(size[0] / size[1], rel=0.02)
    assert tuple(done.renditions[0].size) == size
    poster = np.asarray(Image.open(done.folder / done.poster))
    assert poster.shape[1::-1] == size
    assert corners(poster) == expected
    assert corners(sample.frames[0, 0]) == expected
    red = pixels_of(large(done), 2)[size[1] // 8, size[0] // 8].astype(int)
    if expected[0] == CORNERS[0]:
        assert np.abs(red - CORNERS[0]).max() < 12, "the red came out as another red"


def test_what_is_made_plays_everywhere(tmp_path: Path) -> None:
    done, _ = made(Film(size=(600, 800), codec="mpeg4", options={"q": "4"}).make(tmp_path / "clip.mp4"))
    assert [rendition.name for rendition in done.renditions] == ["600p", "360p"]
    for rendition in done.renditions:
        path = done.folder / rendition.file
        assert boxes(path).index("moov") < boxes(path).index("mdat"), "the index comes first"
        with av.open(str(path)) as container:
            picture, sound = container.streams.video[0].codec_context, container.streams.audio[0].codec_context
            assert (picture.name, picture.profile, picture.pix_fmt) == ("h264", "High", "yuv420p")
            assert (picture.width, picture.height) == tuple(rendition.size)
            assert (picture.color_range, picture.colorspace) == (1, 6), "says how its colours are meant"
            assert (sound.name, sound.sample_rate, sound.layout.name) == ("aac", 48_000, "stereo")
            assert sound.extradata, "a player cannot decode AAC without its parameters"
        assert all(frame.rotation == 0 for frame in frames(path))


@pytest.mark.parametrize("preset", ["ultrafast", "fast"])
def test_a_compliant_picture_is_handed_on_frame_for_frame(preset: str, tmp_path: Path) -> None:
    """With and without frames that are stored out of their order."""
    path = Film(options={"preset": preset}).make(tmp_path / "clip.mp4")
    assert probe(path, path.name, LIMITS).copyable
    done, _ = made(path)
    before, after = frames(path), frames(large(done))
    assert len(before) == len(after)
    assert all(np.array_equal(a.to_ndarray(), b.to_ndarray()) for a, b in zip(before, after, strict=True))
    assert [frame.time for frame in before] == pytest.approx([frame.time for frame in after])


def test_what_an_encoder_wrote_beside_the_picture_is_not_handed_on(tmp_path: Path) -> None:
    path = Film().make(tmp_path / "clip.mp4")
    assert b"x264 - core" in path.read_bytes()
    done, _ = made(path)
    assert b"x264 - core" not in large(done).read_bytes()


@pytest.mark.parametrize("copy", [True, False])
def test_place_time_and_device_are_not_handed_on(copy: bool, tmp_path: Path) -> None:
    told = {
        "location": "+48.8584+002.2945/",
        "comment": "at home",
        "artist": "Ada",
        "creation_time": "2026-01-02T03:04:05",
    }
    path = Film(metadata=told).make(tmp_path / "clip.mp4")
    words = (b"loci", b"at home", b"Ada")
    assert all(word in path.read_bytes() for word in words)
    done, _ = made(path, copy=copy)
    for file in done.folder.iterdir():
        assert not [word for word in words if word in file.read_bytes()]
        if file.suffix == ".mp4":
            with av.open(str(file)) as container:
                assert container.metadata.keys() == {"major_brand", "minor_version", "compatible_brands", "encoder"}
    with Image.open(done.folder / done.poster) as poster:
        assert not poster.getexif()


def test_a_damaged_stream_that_looked_compliant_is_encoded_anew(tmp_path: Path) -> None:
    """The second of its 30 frames of packets is overwritten: a copy would hand the damage on."""
    path = Film(seconds=2, sound=None).make(tmp_path / "clip.mp4")
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    place, size = packets[20].pos, packets[20].size
    assert place is not None
    data = bytearray(path.read_bytes())
    data[place : place + size] = b"\xff" * size
    path.write_bytes(data)
    done, _ = made(path)
    assert done.folder.name == "second"
    assert len(frames(large(done))) >= 58


def test_a_stream_that_cannot_be_decoded_is_refused(tmp_path: Path) -> None:
    path = Film(seconds=2, sound=None).make(tmp_path / "clip.mp4")
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    for packet in packets[5:]:
        assert packet.pos is not None
        data[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    path.write_bytes(data)
    with pytest.raises((NotAClip, CutShort)) as caught:
        made(path)
    assert "clip.mp4" in caught.value.message


# Sound


@pytest.mark.parametrize(("layout", "kept"), [("mono", "mono"), ("stereo", "stereo"), ("5.1", "stereo")])
def test_sound_keeps_its_length_and_loudness(layout: str, kept: str, tmp_path: Path) -> None:
    done, sample = made(Film(sound=layout, seconds=1.5).make(tmp_path / "clip.mp4"))
    with av.open(str(large(done))) as container:
        assert container.streams.audio[0].codec_context.layout.name == kept
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert heard.shape[1] / 48_000 == pytest.approx(1.5, abs=0.06)
    assert np.abs(heard).max() <= 1.0
    peak = float(np.abs(heard[:, 9_600:38_400]).max())
    assert peak == pytest.approx(0.4, abs=0.03) if layout != "5.1" else 0.2 < peak <= 1.0
    assert len(sample.sound) / 16_000 == pytest.approx(1.5, abs=0.06)
    assert done.has_sound


def test_no_sound_is_fine(tmp_path: Path) -> None:
    done, sample = made(Film(sound=None).make(tmp_path / "clip.mp4"))
    assert not done.has_sound
    assert sample.sound.shape == (0,)
    with av.open(str(large(done))) as container:
        assert not container.streams.audio


def test_sound_that_begins_late_stays_with_its_picture(tmp_path: Path) -> None:
    """A gap at the start becomes silence, so that no player has to read an edit list."""
    whole = Film(seconds=2).make(tmp_path / "whole.mkv")
    with av.open(str(whole)) as source, av.open(str(tmp_path / "late.mkv"), "w") as target:
        streams = [target.add_stream_from_template(stream, opaque=True) for stream in source.streams]
        for packet in source.demux():
            if packet.dts is not None and (packet.stream.type == "video" or float(packet.pts * packet.time_base) >= 1):
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    done, _ = made(tmp_path / "late.mkv")
    with av.open(str(large(done))) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)[0]
    assert np.abs(heard[: int(0.9 * 48_000)]).max() < 0.01
    assert np.abs(heard[int(1.1 * 48_000) : int(1.8 * 48_000)]).max() > 0.3


# Time


@pytest.mark.parametrize("copy", [True, False])
def test_uneven_times_are_kept(copy: bool, tmp_path: Path) -> None:
    times = (0.0, 0.04, 0.3, 0.34, 0.9, 1.0, 1.5, 1.52)
    done, _ = made(Film(times=times, sound=None).make(tmp_path / "clip.mp4"), copy=copy)
    for rendition in done.renditions:
        shown = [frame.time for frame in frames(done.folder / rendition.file)]
        assert shown == pytest.approx(times, abs=0.002)


def test_slow_motion_is_thinned_to_sixty_a_second_without_changing_its_length(tmp_path: Path) -> None:
    done, _ = made(Film(rate=240, seconds=1).make(tmp_path / "clip.mp4"))
    shown = [frame.time for frame in frames(large(done))]
    assert len(shown) == pytest.approx(60, abs=1)
    assert np.diff(shown) == pytest.approx(1 / 60, abs=0.005)
    assert done.duration_ms == pytest.approx(1_000, abs=30)


def test_a_clip_of_one_long_frame(tmp_path: Path) -> None:
    done, sample = made(Film(times=(0.0, 4.0), sound=None).make(tmp_path / "clip.mkv"))
    assert len(frames(large(done))) == 2
    assert len(frames(done.folder / done.preview)) >= 1
    assert len(sample.frames) >= 1


def test_a_stream_that_changes_its_size_is_fitted_and_not_stretched(tmp_path: Path) -> None:
    """Browsers record so when a phone is turned: one WebM stream, wide first and then tall."""
    path = tmp_path / "clip.webm"
    options = {"deadline": "realtime", "cpu-used": "8"}
    parts = [
        Film(size=size, codec="libvpx", options=options, sound=None, seconds=0.5).make(tmp_path / f"{size[0]}.webm")
        for size in ((320, 180), (180, 320))
    ]
    with av.open(str(path), "w") as target, av.open(str(parts[0])) as first:
        stream = target.add_stream_from_template(first.streams.video[0], opaque=True)
        for number, part in enumerate(parts):
            with av.open(str(part)) as source:
                for packet in source.demux(video=0):
                    if packet.dts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + 500 * number, packet.dts + 500 * number
                    packet.stream = stream
                    target.mux(packet)
    done, _ = made(path)
    shown = [frame.to_ndarray(format="rgb24") for frame in frames(large(done))]
    assert {pixels.shape for pixels in shown} == {(180, 320, 3)}
    assert corners(shown[3]) == CORNERS
    late = shown[-3]
    assert late[:, :90].mean() < 20, "black beside the tall picture"
    assert corners(late[:, 110:210]) == CORNERS


# What else a pass makes


def test_the_poster_is_not_black_when_the_clip_starts_black(tmp_path: Path) -> None:
    done, _ = made(Film(seconds=2, black_until_s=1.2).make(tmp_path / "clip.mp4"))
    assert np.asarray(Image.open(done.folder / done.poster)).mean() > 60


def test_the_preview_is_short_small_and_silent(tmp_path: Path) -> None:
    done, _ = made(Film(size=(300, 500), seconds=5, options={"preset": "ultrafast"}).make(tmp_path / "clip.mp4"))
    with av.open(str(done.folder / done.preview)) as container:
        assert not container.streams.audio
        assert container.duration is not None
        assert container.duration / av.time_base == pytest.approx(3, abs=0.2)
        assert min(container.streams.video[0].width, container.streams.video[0].height) <= 240
        assert container.streams.video[0].average_rate == pytest.approx(15, abs=1)
    assert (done.folder / done.preview).stat().st_size < 200_000


def test_a_sample_shows_the_clip_evenly_and_in_pairs(tmp_path: Path) -> None:
    _, sample = made(Film(seconds=2).make(tmp_path / "clip.mp4"))
    assert sample.frames.shape == (8, 2, 160, 90, 3)
    assert sample.gap_s == pytest.approx(0.1, abs=0.04)
    assert not np.array_equal(sample.frames[0, 0], sample.frames[0, 1])


def test_high_dynamic_range_is_brought_to_what_every_screen_shows(clip: Clip) -> None:
    """The white of paper, 203 cd/m² at 75 % of HLG (ITU-R BT.2408), comes out as white, and grey as grey."""
    clip = replace(clip, tone_map=True, turn=Turn(), coded_width=64, coded_height=64, pixel_aspect=Fraction(1))
    shaper = Shaper(clip, Size(32, 32), 1)
    for luma, lowest, highest in ((64, 16, 18), (502, 120, 160), (721, 225, 240)):
        frame = av.VideoFrame(64, 64, "yuv420p10le")
        for plane, level in zip(frame.planes, (luma, 512, 512), strict=True):
            plane.update(np.full(plane.buffer_size // 2, level, np.uint16).tobytes())
        frame.colorspace, frame.color_trc, frame.color_primaries, frame.color_range = 9, 18, 9, 1
        (shaped,) = shaper.push(frame)
        assert (shaped.format.name, shaped.width, shaped.color_trc, shaped.color_primaries) == ("yuv420p", 32, 1, 1)
        light, *tints = (int(np.frombuffer(bytes(plane), np.uint8)[0]) for plane in shaped.planes)
        assert lowest <= light <= highest
        assert all(abs(tint - 128) <= 1 for tint in tints)


# Bombs


def test_a_small_file_of_endless_work_is_stopped(tmp_path: Path) -> None:
    path = Film(sound=None).make(tmp_path / "clip.mp4")
    clip = probe(path, path.name, LIMITS)
    (tmp_path / "out").mkdir()
    with pytest.raises(OverLimit, match="too many frames"):
        transcode(path, path.name, clip, tmp_path / "out", Work(Limits(decoded_px_max=20 * 180 * 320)))


def test_length_is_held_against_what_is_decoded(tmp_path: Path) -> None:
    path = Film(seconds=2, sound=None).make(tmp_path / "clip.mp4")
    clip = probe(path, path.name, LIMITS)
    (tmp_path / "out").mkdir()
    with pytest.raises(BadInput, match="long"):
        transcode(path, path.name, clip, tmp_path / "out", Work(Limits(duration_s_max=0.5)))


def test_a_full_disk_is_not_the_files_fault(tmp_path: Path) -> None:
    path = Film().make(tmp_path / "clip.mp4")
    clip = probe(path, path.name, LIMITS)
    with pytest.raises(OSError):  # noqa: PT011 - any: what counts is that it is none of ours
        transcode(path, path.name, clip, tmp_path / "absent", Work(LIMITS))
