"""What ingest speaks of: the limits, what a file turned out to be, what was made of it, and how it ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Required, TypedDict

from openforyou.catalog.types import ItemKind, ItemStatus, Right, SoundChoice, Urgency
from openforyou.core.ids import ItemId


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may be. Each is held against what the headers claim and again while decoding."""

    size_bytes_max: int = 2_000_000_000
    duration_s_min: float = 0.5
    duration_s_max: float = 600.0
    side_px_min: int = 32
    side_px_max: int = 8_192
    frame_px_max: int = 8_192 * 4_320
    """Bounds the memory of one decoded frame: 53 MB at 4:2:0."""
    frames_max: int = 600 * 240
    """Ten minutes at the rate of a phone's slow motion."""
    decoded_px_max: int = 600 * 60 * 3_840 * 2_160
    """Ten minutes of 4K at 60 a second: bounds the time that a small file of huge still frames can take."""
    channels_max: int = 16
    sample_rate_max: int = 192_000


class Turn(NamedTuple):
    """How a decoded frame must be turned to stand upright: a quarter turn, and a mirroring either way.

    `transpose` is the direction of FFmpeg's filter of that name (None: no quarter turn, then the flips apply).
    """

    transpose: int | None = None
    hflip: bool = False
    vflip: bool = False

    @property
    def swaps_sides(self) -> bool:
        """Width becomes height."""
        return self.transpose is not None


@dataclass(frozen=True, slots=True)
class Clip:
    """What a file was found to be, from its headers, all of its packets and its first frame."""

    codec: str
    coded_width: int
    coded_height: int
    pixel_aspect: Fraction
    """Width to height of one pixel, before turning."""
    turn: Turn
    matrix: int
    """Colour matrix of the frames, as FFmpeg numbers them; guessed from the size where the file does not say."""
    tone_map: bool
    """High dynamic range or wide gamut: to be brought to BT.709."""
    interlaced: bool
    start: Fraction
    """Time of the first frame, seconds."""
    duration_s: float
    picture_s: float
    """From the first frame to the end of the last."""
    frame_rate: Fraction
    """Average, after counting."""
    packets: int
    has_sound: bool
    copyable: bool
    """The picture can be handed on as it is: the rules are in `rules.copyable`."""

    @property
    def shape(self) -> tuple[int, int]:
        """Width and height as a viewer sees them: square pixels, upright, no side longer than it was coded."""
        width, height = float(self.coded_width), float(self.coded_height)
        if self.pixel_aspect > 1:
            height /= float(self.pixel_aspect)
        else:
            width *= float(self.pixel_aspect)
        sides = round(width), round(height)
        return (sides[1], sides[0]) if self.turn.swaps_sides else sides


class Size(NamedTuple):
    """Pixels, both even."""

    width: int
    height: int

    @property
    def short(self) -> int:
        """The shorter side, after which a rendition is named."""
        return min(self)


@dataclass(frozen=True, slots=True)
class Made:
    """One file that transcoding made."""

    name: str
    """As `720p`: the shorter side."""
    file: str
    """Its file name, and the last part of its blob's key."""
    size: Size


@dataclass(frozen=True, slots=True)
class Transcoded:
    """All that one decoding pass made of a clip, in a folder."""

    folder: Path
    renditions: tuple[Made, ...]
    poster: str
    preview: str
    duration_ms: int
    has_sound: bool


class Said(TypedDict, total=False):
    """What somebody says of a file that they hand over.

    `name` is the file's name as its owner knows it, where `path` is not it (an upload); `evidence` how we know that
    the rights were given; `cross_post` whether it was posted elsewhere before, `posted_at` when and `source_url` where;
    `language` the tag of its language; `urgency` whether somebody waits for it; `kind` what it is, a video where nobody
    says; `sound` what it is to sound like, its own where nobody says.
    """

    title: str
    caption: str
    rights: Collection[Right]
    region: str
    evidence: Required[str]
    name: str
    cross_post: bool
    language: str
    urgency: Urgency
    posted_at: datetime | None
    source_url: str
    kind: ItemKind
    sound: SoundChoice


@dataclass(frozen=True, slots=True)
class Processed:
    """How an item ended. `error` and `hint` say why it was refused or is held; the media fields hold when published."""

    item_id: ItemId
    status: ItemStatus
    error: str = ""
    hint: str = ""
    duration_ms: int = 0
    width: int = 0
    height: int = 0
    has_sound: bool = False
