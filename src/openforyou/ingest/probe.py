"""What a file is, found cheaply: its headers, every packet's times, and one decoded frame.

Headers lie and files break off, so what they claim is checked first (a claim over a limit is refused at once, with
nothing allocated for it), then held against the packets. Reading packets costs milliseconds a minute of video.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.packet import Packet
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from openforyou.ingest import rules
from openforyou.ingest.claims import claims
from openforyou.ingest.errors import EXPORT_AGAIN, NotAClip, NotAFile, OverLimit
from openforyou.ingest.opening import Opened, opened
from openforyou.ingest.types import Clip, Limits, Turn

BT709, UNSPECIFIED, SMPTE170M = 1, 2, 6
"""Colour matrices by FFmpeg's numbers (ITU-T H.273)."""
KEPT_MATRICES = frozenset({BT709, 5, SMPTE170M})
PQ, HLG = 16, 18
BT2020 = 9
FULL_RANGE = 2
HD_SHORT_PX = 720
"""Below this short side, an untagged picture is taken for BT.601, as browsers do."""


def probe(path: Path, name: str, limits: Limits) -> Clip:
    """What `path` is. Raises `NotAClip`, `OverLimit`, `CutShort` or `NotAFile`, each naming `name`."""
    check_size(path, name, limits)
    said = claims(path)
    for length_s in said.lengths_s:
        rules.check_duration(name, length_s, limits)
    for width, height in said.sizes:
        rules.check_not_too_large(name, width, height, limits)
    with opened(path, name, limits) as file:
        _check_headers(file, name, limits)
        scan = _Scan(file, name, limits)
        try:
            scan.run()
        except (av.FFmpegError, ValueError) as error:
            raise NotAClip(name, "is damaged: its picture cannot be decoded", EXPORT_AGAIN) from error
        return scan.clip()


def check_size(path: Path, name: str, limits: Limits) -> None:
    """Raises `NotAFile`, `NotAClip` for an empty file, `OverLimit` for one that is too large."""
    if not path.is_file():
        raise NotAFile(name)
    size = path.stat().st_size
    if size == 0:
        raise NotAClip(name, "is empty", EXPORT_AGAIN)
    if size > limits.size_bytes_max:
        raise OverLimit(
            name,
            f"has {size / 1e6:,.0f} MB",
            f"A file may have {limits.size_bytes_max / 1e6:,.0f} MB: export it shorter or smaller.",
        )


def _check_headers(file: Opened, name: str, limits: Limits) -> None:
    """What the headers claim, before anything is decoded."""
    picture = file.picture
    rules.check_sides(name, picture.codec_context.width, picture.codec_context.height, limits)
    for claim in (_seconds(picture), _container_seconds(file)):
        if claim is not None:
            rules.check_duration(name, claim, limits)
    if file.sound is not None:
        sound = file.sound.codec_context
        if sound.channels > limits.channels_max or sound.sample_rate > limits.sample_rate_max:
            raise OverLimit(
                name,
                f"has {sound.channels} channels of sound at {sound.sample_rate} Hz",
                f"{limits.channels_max} channels and {limits.sample_rate_max} Hz are the most: export it in stereo.",
            )


def _seconds(stream: VideoStream) -> float | None:
    if not stream.duration or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)


def _container_seconds(file: Opened) -> float | None:
    return None if not file.container.duration else file.container.duration / av.time_base


@dataclass(slots=True)
class _Scan:
    """Reads every packet and decodes until the first frame."""

    file: Opened
    name: str
    limits: Limits
    first: VideoFrame | None = None
    packets: int = 0
    size_bytes: int = 0
    start: Fraction | None = None
    picture_end: Fraction = Fraction(0)
    sound_end: Fraction | None = None
    keyframes: list[Fraction] = field(default_factory=list)
    plain: bool = True
    last_dts: int | None = None

    def run(self) -> None:
        """Fill the fields. Raises `OverLimit` as soon as a packet passes a limit, `NotAClip` without any frame."""
        self.file.picture.codec_context.thread_count = 1
        for packet in self.file.container.demux(*self.file.streams):
            if packet.stream is not self.file.picture:
                if packet.size:
                    self.sound_end = max(self.sound_end or Fraction(0), _end(packet))
                    self._check_end(self.sound_end)
                continue
            if packet.size:
                self._count(packet)
            if self.first is None:
                self._decode(packet)
        if self.first is None or self.start is None:
            raise NotAClip(self.name, "has a picture that cannot be decoded", EXPORT_AGAIN)

    def _count(self, packet: Packet[Any]) -> None:
        time = _time(packet)
        self.packets += 1
        self.size_bytes += packet.size
        if not packet.is_discard:  # What an edit list cut off is decoded, and not shown.
            self.start = time if self.start is None else min(self.start, time)
            self.picture_end = max(self.picture_end, _end(packet))
        self._check_end(self.picture_end)
        if self.packets > self.limits.frames_max:
            raise OverLimit(
                self.name,
                f"has more than {self.limits.frames_max} frames",
                f"Export it at {rules.FRAMES_PER_S_MAX} frames a second or fewer.",
            )
        if packet.is_keyframe:
            self.keyframes.append(time)
        if self.plain:
            self.plain = self._is_plain(packet, time)
        self.last_dts = packet.dts

    def _is_plain(self, packet: Packet[Any], time: Fraction) -> bool:
        """As `rules.Stream.plain_timing` wants every packet."""
        parameters = self.file.picture.codec_context.extradata or b""
        if self.file.picture.codec_context.name != "h264" or parameters[:1] != b"\x01":
            return False
        in_order = packet.dts is not None and (self.last_dts is None or packet.dts > self.last_dts)
        stray = packet.is_discard or packet.is_corrupt or packet.has_sidedata("new_extradata")
        leads = not self.keyframes or time < self.keyframes[0]
        if stray or leads or not in_order:
            return False
        return not packet.is_keyframe or rules.starts_anew(bytes(packet), 1 + (parameters[4] & 3))

    def _check_end(self, end: Fraction) -> None:
        rules.check_duration(self.name, float(end - (self.start or 0)), self.limits)

    def _decode(self, packet: Packet[Any]) -> None:
        try:
            frames = packet.decode()
        except av.FFmpegError:
            return  # Streams cut in the middle begin with packets that lean on lost ones.
        if frames:
            self.first = frames[0]
            rules.check_sides(self.name, self.first.width, self.first.height, self.limits)

    def clip(self) -> Clip:
        """The findings, judged. Raises `CutShort`, `NotAClip`."""
        assert self.first is not None, "run() comes first"
        assert self.start is not None
        picture_s = float(self.picture_end - self.start)
        duration_s = float(max(self.picture_end, self.sound_end or self.picture_end) - self.start)
        self._check_whole(picture_s, duration_s)
        rules.check_not_too_short(self.name, duration_s, self.limits)
        rate = Fraction(self.packets / max(picture_s, 1e-3)).limit_denominator(1_001)
        context = self.file.picture.codec_context
        tone_map = self.first.color_trc in {PQ, HLG} or self.first.color_primaries == BT2020
        turn, aspect = _turn(self.first), self.file.picture.sample_aspect_ratio or Fraction(1)
        stream = rules.Stream(
            codec=context.name,
            profile=context.profile or "",
            level=context.level,
            pixel_format=self.first.format.name,
            full_range=self.first.color_range == FULL_RANGE,
            field_order=context.field_order,
            upright=turn == Turn(),
            square=aspect == 1,
            size=(self.first.width, self.first.height),
            frames_per_s=float(rate),
            bits_per_s=8 * self.size_bytes / max(picture_s, 1e-3),
            keyframe_gap_s=self._keyframe_gap_s(),
            plain_timing=self.plain,
        )
        return Clip(
            codec=context.name,
            coded_width=self.first.width,
            coded_height=self.first.height,
            pixel_aspect=aspect,
            turn=turn,
            matrix=_matrix(self.first),
            tone_map=tone_map,
            interlaced=self.first.interlaced_frame,
            start=self.start,
            duration_s=duration_s,
            picture_s=picture_s,
            frame_rate=rate,
            packets=self.packets,
            has_sound=self.sound_end is not None,
            copyable=rules.copyable(stream, tone_map),
        )

    def _check_whole(self, picture_s: float, duration_s: float) -> None:
        of_container, of_stream = _container_seconds(self.file), _seconds(self.file.picture)
        if of_container is not None:
            rules.check_whole(self.name, duration_s, of_container)
            if of_stream is not None:
                rules.check_whole(self.name, picture_s, min(of_container, of_stream))

    def _keyframe_gap_s(self) -> float:
        times = [float(time) for time in sorted(self.keyframes)] + [float(self.picture_end)]
        return float(np.max(np.diff(times))) if len(times) > 1 else float("inf")


def _time(packet: Packet[Any]) -> Fraction:
    """When it shows; formats without that (AVI) say when to decode it."""
    stamp = packet.pts if packet.pts is not None else packet.dts
    return Fraction(0) if stamp is None else stamp * packet.time_base


def _end(packet: Packet[Any]) -> Fraction:
    return _time(packet) + (packet.duration or 0) * packet.time_base


def _turn(frame: VideoFrame) -> Turn:
    matrix = cast("SideData | None", frame.side_data.get("DISPLAYMATRIX"))
    return rules.turn_of(None if matrix is None else tuple(np.frombuffer(bytes(matrix), dtype=np.int32).tolist()))


def _matrix(frame: VideoFrame) -> int:
    """The matrix that the frame was made with; other than the usual two become BT.709."""
    if frame.colorspace == UNSPECIFIED:
        return BT709 if min(frame.width, frame.height) >= HD_SHORT_PX else SMPTE170M
    return frame.colorspace if frame.colorspace in KEPT_MATRICES else BT709
