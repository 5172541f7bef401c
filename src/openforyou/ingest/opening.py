"""The one door to a stranger's file: what FFmpeg may read, and how much of it, before anyone trusts a byte.

FFmpeg reads hundreds of formats, among them playlists that fetch other files and addresses. Here it may read three
container families from local files alone, by well-kept decoders, and no frame over the limit is ever allocated.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.codec.context import CodecContext
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from openforyou.ingest.errors import EXPORT_AGAIN, NotAClip
from openforyou.ingest.types import Limits

FORMATS = ("mov", "matroska", "avi")
FORMATS_SPOKEN = "MP4, MOV, WebM, Matroska or AVI"
PICTURE_CODECS = frozenset(
    {"h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "h263", "mjpeg", "mpeg1video", "mpeg2video", "prores"}
)
SOUND_CODECS = frozenset(
    {"aac", "mp3", "mp3float", "opus", "libopus", "vorbis", "flac", "alac", "ac3", "eac3", "amrnb", "amrwb"}
    | {f"pcm_{kind}" for kind in ("u8", "s16le", "s16be", "s24le", "s24be", "s32le", "f32le", "alaw", "mulaw")}
)
MAGIC_BYTES = 12
ALIGNED_TO_PX = 64
"""FFmpeg counts rows as long as it pads them."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file with the streams that count: the first picture that is not a cover, and the first sound."""

    container: InputContainer
    picture: VideoStream
    sound: AudioStream | None

    @property
    def streams(self) -> list[Stream]:
        """Those that are read."""
        return [self.picture] if self.sound is None else [self.picture, self.sound]


@contextmanager
def opened(path: Path, name: str, limits: Limits) -> Iterator[Opened]:
    """`path` for reading; `name` is what its owner calls it. Raises `NotAClip`."""
    bound = {"max_pixels": str(limits.frame_px_max + ALIGNED_TO_PX * limits.side_px_max)}
    options = {
        "format_whitelist": ",".join(FORMATS),
        "protocol_whitelist": "file",
        "codec_whitelist": ",".join(sorted(PICTURE_CODECS | SOUND_CODECS)),
        **bound,
    }
    try:
        container = av.open(str(path.resolve()), "r", options=options, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        raise _unreadable(path, name) from error
    with container:
        picture, sound = _picture(container, name), _sound(container, name)
        picture.codec_context.options = bound
        yield Opened(container, picture, sound)


def _unreadable(path: Path, name: str) -> NotAClip:
    """FFmpeg says only "invalid data"; the first bytes say more."""
    with path.open("rb") as file:
        head = file.read(MAGIC_BYTES)
    if head[4:8] == b"ftyp" or head.startswith((b"\x1a\x45\xdf\xa3", b"RIFF")):
        return NotAClip(name, "begins as a video, but is cut off or damaged: its index is missing", EXPORT_AGAIN)
    return NotAClip(name, "is not a video", f"Hand in a clip as {FORMATS_SPOKEN}.")


def _picture(container: InputContainer, name: str) -> VideoStream:
    found = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not found:
        raise NotAClip(name, "has no picture, only sound or data", "Hand in a clip with a picture.")
    codec = _codec(found[0])
    if codec not in PICTURE_CODECS:
        raise NotAClip(name, f"has its picture in {codec}, which is not read here")
    return found[0]


def _sound(container: InputContainer, name: str) -> AudioStream | None:
    found = list(container.streams.audio)
    if not found:
        return None
    codec = _codec(found[0])
    if codec not in SOUND_CODECS:
        raise NotAClip(name, f"has its sound in {codec}, which is not read here")
    return found[0]


def _codec(stream: VideoStream | AudioStream) -> str:
    """The decoder's name; a stream without a decoder has no codec context, whatever the type says."""
    context: CodecContext | None = stream.codec_context
    return "an unknown codec" if context is None else context.name
