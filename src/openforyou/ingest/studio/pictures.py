"""Photos and clips as the studio shows them: upright, whole unless asked otherwise, named where unreadable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from PIL import Image, ImageOps

from openforyou.core.errors import BadMedia, TooLarge
from openforyou.ingest.errors import NotAClip, shown
from openforyou.ingest.opening import opened
from openforyou.ingest.probe import probe
from openforyou.ingest.studio.storyboard import Fit, Ground, Shot
from openforyou.ingest.studio.timeline import ZOOM, camera
from openforyou.ingest.types import Limits, Turn

Pixels = NDArray[np.uint8]
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
PIXELS_MAX = 60_000_000
LIMITS = Limits()
PLAIN = (18, 18, 20)
BLUR_SHARE, BLUR_LIGHT = 1 / 18, 0.55


class BadPicture(BadMedia):
    """Neither a photo nor a clip that can be read."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{shown(name)} {why}.", hint="Hand in a JPEG, PNG or WebP, or a clip as MP4.", field="file")


class Seen(Protocol):
    """One shot, to be drawn at any later progress."""

    def frame(self, progress: float, ms: float) -> Pixels:
        """The whole frame (H, W, 3) at a share of the shot, `ms` after it came into sight. Times must not go back."""
        ...

    def close(self) -> None:
        """Let go of its file."""
        ...


def photo(path: Path, name: str) -> Pixels:
    """A photo, upright, (H, W, 3). Raises `BadPicture`, `TooLarge`."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > PIXELS_MAX:
                raise TooLarge(
                    f"{shown(name)} has {image.width}×{image.height} pixels.",
                    hint=f"The most is {PIXELS_MAX // 1_000_000} megapixels: make it smaller.",
                    field="file",
                )
            image.load()
            upright = ImageOps.exif_transpose(image)
            if upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info:
                ground = Image.new("RGBA", upright.size, (*PLAIN, 255))
                upright = Image.alpha_composite(ground, upright.convert("RGBA"))
            return np.asarray(upright.convert("RGB"))
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise BadPicture(name, "is not a picture that can be read") from error


def is_photo(path: Path, name: str) -> bool:
    """Whether to read it as a photo; else it is a clip. Raises `BadPicture` where it is neither."""
    with path.open("rb") as file:
        head = file.read(16)
    if not head:
        raise BadPicture(name, "is empty")
    if head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"mif1", b"heif"}:
        raise BadPicture(name, "is a HEIC picture, which is not read here")
    signs = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*")
    return head.startswith(signs) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def seen(path: Path, name: str, shot: Shot, size: tuple[int, int]) -> Seen:
    """A shot of a file, to be drawn. Raises `BadPicture`, `BadMedia`, `TooLarge`."""
    if is_photo(path, name):
        return _Photo(photo(path, name), shot, size)
    return _ClipShot(path, name, shot, size)


class _Stage:
    """Draws one picture into the frame, with the eye where it is at a moment."""

    def __init__(self, shape: tuple[int, int], shot: Shot, size: tuple[int, int]) -> None:
        width, height = shape
        fits = (size[0] / width, size[1] / height)
        self.scale = max(fits) if shot.fit is Fit.FILL else min(fits)
        self._shot, self._size, self._shape = shot, size, shape
        self._covers = shot.fit is Fit.FILL

    def ground(self, picture: Pixels) -> Pixels | None:
        """What stands behind a whole picture; None where it covers the frame."""
        if self._covers:
            return None
        if self._shot.ground is Ground.PLAIN:
            return np.full((self._size[1], self._size[0], 3), PLAIN, np.uint8)
        small = (self._size[0] // 8, self._size[1] // 8)
        fill = max(small[0] / picture.shape[1], small[1] / picture.shape[0])
        shrunk = cv2.resize(picture, None, fx=fill, fy=fill, interpolation=cv2.INTER_AREA)
        top, left = max(0, (shrunk.shape[0] - small[1]) // 2), max(0, (shrunk.shape[1] - small[0]) // 2)
        cut = cv2.resize(shrunk[top : top + small[1], left : left + small[0]], small)
        soft = cv2.GaussianBlur(cut, (0, 0), small[0] * BLUR_SHARE)
        dim = np.asarray(soft * BLUR_LIGHT, np.uint8)
        return np.asarray(cv2.resize(dim, self._size, interpolation=cv2.INTER_CUBIC), np.uint8)

    def drawn(self, picture: Pixels, ground: Pixels | None, progress: float) -> Pixels:
        """The picture over its ground, to a thirty-second of a pixel."""
        near, aside = camera(self._shot.motion, progress)
        if not self._covers:  # a whole picture stays whole: it begins smaller and grows to fit
            near /= 1 + ZOOM if self._shot.motion.value != "none" else 1
        scale = self.scale * near * self._shape[0] / picture.shape[1]
        width, height = picture.shape[1] * scale, picture.shape[0] * scale
        room = (width - self._size[0]) / 2 if self._covers else (self._size[0] - width) / 2
        left = (self._size[0] - width) / 2 + aside * room
        top = (self._size[1] - height) / 2
        shift = (scale - 1) / 2  # pixels are counted by their middles
        move = np.array([[scale, 0, left + shift], [0, scale, top + shift]], np.float64)
        if ground is None:
            return np.asarray(
                cv2.warpAffine(picture, move, self._size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            )
        frame = ground.copy()
        drawn = cv2.warpAffine(
            picture, move, self._size, dst=frame, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
        )
        return np.asarray(drawn, np.uint8)


class _Photo:
    """A photo, brought once to about the size at which it is shown largest."""

    def __init__(self, pixels: Pixels, shot: Shot, size: tuple[int, int]) -> None:
        self._stage = _Stage((pixels.shape[1], pixels.shape[0]), shot, size)
        share = self._stage.scale * (1 + ZOOM)
        if share < 1:
            pixels = np.asarray(cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)
        self._pixels = np.ascontiguousarray(pixels)
        self._ground = self._stage.ground(self._pixels)

    def frame(self, progress: float, ms: float) -> Pixels:  # noqa: ARG002 - a photo stands still in time
        return self._stage.drawn(self._pixels, self._ground, progress)

    def close(self) -> None:
        """Nothing is open."""


class _ClipShot:
    """A piece of a clip; its last frame stands where it ends too soon."""

    def __init__(self, path: Path, name: str, shot: Shot, size: tuple[int, int]) -> None:
        try:
            clip = probe(path, name, LIMITS)
        except NotAClip as error:
            raise BadPicture(name, "is neither a picture nor a clip that can be read") from error
        if shot.from_ms >= 1_000 * clip.picture_s:
            raise BadPicture(
                name, f"is only {clip.picture_s:.1f} s long, and is to begin at {shot.from_ms / 1_000:g} s"
            )
        self._turn, self._name = clip.turn, name
        self._open = ExitStack()
        file = self._open.enter_context(opened(path, name, LIMITS))
        self._frames: Iterator[VideoFrame] = file.container.decode(file.picture)
        self._begin_s = float(clip.start) + shot.from_ms / 1_000
        self._next: tuple[float, Pixels] | None = None
        self._stage = _Stage(clip.shape, shot, size)
        self._size = (
            max(2, round(clip.shape[0] * min(1.0, self._stage.scale))),
            max(2, round(clip.shape[1] * min(1.0, self._stage.scale))),
        )
        self._now = self._read() or (0.0, np.zeros((2, 2, 3), np.uint8))
        self._next = self._read()
        self._ground = self._stage.ground(self._now[1])

    def frame(self, progress: float, ms: float) -> Pixels:
        """At the clip's own pace."""
        while self._next is not None and self._next[0] <= self._begin_s + ms / 1_000 + 1e-4:
            self._now, self._next = self._next, self._read()
        return self._stage.drawn(self._now[1], self._ground, progress)

    def close(self) -> None:
        self._open.close()

    def _read(self) -> tuple[float, Pixels] | None:
        try:
            frame = next(self._frames, None)
            while frame is not None and self._next is None and (frame.time or 0.0) < self._begin_s - 0.05:
                frame = next(self._frames, None)
        except av.FFmpegError as error:
            raise BadPicture(self._name, "is damaged: it cannot be decoded to its end") from error
        if frame is None:
            return None
        upright = _upright(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), self._turn)
        return frame.time or 0.0, np.asarray(cv2.resize(upright, self._size, interpolation=cv2.INTER_AREA), np.uint8)


def _upright(pixels: Pixels, turn: Turn) -> Pixels:
    """Turned as a viewer sees it; `transpose` as FFmpeg's filter counts it."""
    if turn.transpose is not None:
        pixels = np.swapaxes(pixels, 0, 1)
        if turn.transpose in {1, 3}:
            pixels = pixels[:, ::-1]
        if turn.transpose in {2, 3}:
            pixels = pixels[::-1]
    if turn.hflip:
        pixels = pixels[:, ::-1]
    if turn.vflip:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
