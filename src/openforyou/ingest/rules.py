"""What ingest accepts and what it makes of it, as pure functions: names, limits, sizes, rates, when to copy."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

from openforyou.catalog.types import TITLE_LENGTH_MAX
from openforyou.ingest.errors import BadName, CutShort, NotAClip, OverLimit
from openforyou.ingest.types import Limits, Size, Turn

NAME_BYTES_MAX = 255
LARGE_SHORT_PX, LARGE_LONG_PX = 720, 1_920
SMALL_SHORT_PX, SMALL_LONG_PX = 360, 960
SECOND_FROM_PX = 450
"""A second rendition pays from this short side on: below, it would save less than a third of the bytes."""
PREVIEW_SHORT_PX, PREVIEW_LONG_PX = 240, 480
FRAMES_PER_S_MAX = 60

BITRATE_720P_MAX = 4_000_000
BITRATE_EXPONENT = 0.85
"""Bits grow slower than pixels: neighbours are alike."""

DURATION_SLACK_S = 1.0
"""Ten minutes sharp come as 600.04 s: the sound is padded to a whole packet."""
MISSING_SHARE_MAX, MISSING_S_MAX = 0.05, 0.5
"""A file may lack this much of what it claims: containers round, and the last sound packet is often short."""

COPY_PROFILES = frozenset({"Constrained Baseline", "Baseline", "Main", "High", "Progressive High", "Constrained High"})
COPY_LEVEL_MAX = 42
COPY_KEYFRAME_GAP_S_MAX = 10.0
PROGRESSIVE, UNKNOWN_FIELD_ORDER = 1, 0


def checked_name(name: str) -> str:
    """A file's bare name in NFC. Raises `BadName` for path parts and for letters that hide or do something."""
    if not name.strip(". "):
        raise BadName(name, "it is empty")
    if "/" in name or "\\" in name:
        raise BadName(name, "it has path parts")
    if any(unicodedata.category(letter) == "Cs" for letter in name):
        raise BadName(name, "it is not valid Unicode")
    if any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} or _turns_text(letter) for letter in name):
        raise BadName(name, "it has control characters")
    if len(name.encode()) > NAME_BYTES_MAX:
        raise BadName(name, f"it is longer than {NAME_BYTES_MAX} bytes")
    return unicodedata.normalize("NFC", name)


def _turns_text(letter: str) -> bool:
    """The bidirectional controls, which make `gpj.exe` read as `exe.jpg`."""
    return letter in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def title_of(name: str) -> str:
    """A title for a file that came without one: its name without the ending, dashes and underscores opened."""
    words = PurePosixPath(name).stem.replace("_", " ").replace("-", " ").split()
    return " ".join(words)[:TITLE_LENGTH_MAX].strip(" .") or "Untitled"


def check_not_too_large(name: str, width: int, height: int, limits: Limits) -> None:
    """Raises `OverLimit` for a frame of that size, whether it is claimed or seen."""
    if max(width, height) > limits.side_px_max or width * height > limits.frame_px_max:
        raise OverLimit(
            name,
            f"is {width}×{height} pixels",
            f"No side may be over {limits.side_px_max} pixels and no frame over {limits.frame_px_max / 1e6:.0f} "
            "megapixels: export it smaller.",
        )


def check_sides(name: str, width: int, height: int, limits: Limits) -> None:
    """Raises `OverLimit` or `NotAClip` for a frame of that size."""
    check_not_too_large(name, width, height, limits)
    if min(width, height) < limits.side_px_min:
        raise NotAClip(
            name,
            f"is {width}×{height} pixels, too small to watch",
            f"Each side must have at least {limits.side_px_min} pixels.",
        )


def check_duration(name: str, seconds: float, limits: Limits) -> None:
    """Raises `OverLimit` for a clip that is too long, whether it says so or shows it."""
    if not math.isfinite(seconds) or seconds > limits.duration_s_max + DURATION_SLACK_S:
        raise OverLimit(
            name,
            f"is {_spoken(seconds)} long",
            f"A clip may last {_spoken(limits.duration_s_max)}: cut it, or split it into several.",
        )


def check_not_too_short(name: str, seconds: float, limits: Limits) -> None:
    """Raises `NotAClip` for a clip that is over before anyone saw it."""
    if seconds < limits.duration_s_min:
        raise NotAClip(
            name,
            f"is {seconds:.2f} s long",
            f"A clip lasts at least {limits.duration_s_min:g} s: hand in a longer one.",
        )


def check_whole(name: str, played_s: float, claimed_s: float) -> None:
    """Raises `CutShort` when a file ends long before the end that it claims."""
    missing_s = claimed_s - played_s
    if missing_s > MISSING_S_MAX and missing_s > MISSING_SHARE_MAX * claimed_s:
        raise CutShort(name, played_s, claimed_s)


def _spoken(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "endlessly"
    if seconds >= 3_600:
        return f"{seconds / 3_600:.1f} hours"
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.1f} s"


def fitted(shape: tuple[int, int], short_max: int, long_max: int) -> Size:
    """The largest even size of the same proportions within the bounds, never larger than `shape`.

    Proportions hold to within the one pixel that evenness costs.
    """
    short, long = min(shape), max(shape)
    scale = min(1.0, short_max / short, long_max / long)
    width, height = (max(2, 2 * math.floor(side * scale / 2 + 1e-6)) for side in shape)
    return Size(width, height)


def ladder(shape: tuple[int, int]) -> tuple[Size, ...]:
    """Sizes of the renditions, largest first: one, and a second where the first is large enough."""
    large = fitted(shape, LARGE_SHORT_PX, LARGE_LONG_PX)
    if large.short < SECOND_FROM_PX:
        return (large,)
    return large, fitted(shape, SMALL_SHORT_PX, SMALL_LONG_PX)


def bitrate_max(size: tuple[int, int]) -> int:
    """The most bits a second that a rendition of this size may need, over a window of two seconds."""
    share = size[0] * size[1] / (720 * 1_280)
    return round(BITRATE_720P_MAX * math.pow(share, BITRATE_EXPONENT))


def turn_of(matrix: tuple[int, ...] | None) -> Turn:
    """From an MP4 display matrix (a, b, u, c, d, v, x, y, w), which maps (p, q) to (a·p + c·q, b·p + d·q).

    Angles between quarter turns go to the nearer one: no camera writes others.
    """
    if matrix is None:
        return Turn()
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Turn(transpose=(1 if c < 0 else 0) + (2 if b < 0 else 0))
    return Turn(hflip=a < 0, vflip=d < 0)


@dataclass(frozen=True, slots=True)
class Stream:
    """What decides whether a picture stream can be handed on as it is."""

    codec: str
    profile: str
    level: int
    pixel_format: str
    full_range: bool
    field_order: int
    upright: bool
    square: bool
    size: tuple[int, int]
    frames_per_s: float
    bits_per_s: float
    keyframe_gap_s: float
    plain_timing: bool
    """Starts on a keyframe, nothing to skip, one set of parameters, and every keyframe can be started from."""


def copyable(stream: Stream, tone_map: bool) -> bool:
    """Whether re-encoding would only cost: H.264 that every browser plays, no larger than what we would make.

    Measured on a 15 s phone clip of 720×1280 at 3 Mbit/s: encoding it anew took 3.6 of the 7.1 CPU seconds of a whole
    pass, saved a sixth of the bytes, and came out 40 dB (PSNR) from what was handed in.
    """
    return (
        stream.codec == "h264"
        and stream.profile in COPY_PROFILES
        and 0 < stream.level <= COPY_LEVEL_MAX
        and stream.pixel_format == "yuv420p"
        and not stream.full_range
        and not tone_map
        and stream.field_order in {PROGRESSIVE, UNKNOWN_FIELD_ORDER}
        and stream.upright
        and stream.square
        and stream.plain_timing
        and tuple(ladder(stream.size)[0]) == tuple(stream.size)
        and 0 < stream.frames_per_s <= FRAMES_PER_S_MAX + 0.5
        and stream.bits_per_s <= bitrate_max(stream.size)
        and stream.keyframe_gap_s <= COPY_KEYFRAME_GAP_S_MAX
    )


def starts_anew(packet: bytes, prefix_bytes: int) -> bool:
    """Whether an H.264 packet holds a picture that nothing before it is needed for (an IDR).

    `prefix_bytes`: how long the length is that stands before each unit, from the stream's parameters. Some cameras
    mark pictures as keyframes that lean on earlier ones; a player that seeks there shows grey.
    """
    place = 0
    while place + prefix_bytes < len(packet):
        kind = packet[place + prefix_bytes] & 0x1F
        if kind in {1, 5}:
            return kind == 5
        place += prefix_bytes + int.from_bytes(packet[place : place + prefix_bytes])
    return False
