"""Captions as pictures: wrapped, within the safe area, white on a shade, so that they can be read over anything."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts", "C:/Windows/Fonts")
NAMES = ("NotoSans-Bold.ttf", "DejaVuSans-Bold.ttf", "LiberationSans-Bold.ttf", "Arial Bold.ttf", "arialbd.ttf")
SIZE_SHARE = 1 / 18
"""Of the frame's width: 40 pixels at 720."""
SIDE_SHARE, LOWEST_SHARE = 0.09, 0.80
"""What apps lay over a clip stands at its right and below: text ends above that."""
LINES_MAX = 6
SHADE = (0, 0, 0, 168)
"""White on it has a contrast of at least 5:1, even over white."""
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=1)
def _file() -> str:
    """A bold font with many letters, where the machine has one; empty: the one that comes with Pillow."""
    for folder in map(Path, FOLDERS):
        for name in NAMES:
            found = next(iter(sorted(folder.rglob(name))), None) if folder.is_dir() else None
            if found is not None:
                return str(found)
    return ""


def font(pixels: int) -> Font:
    """The font of captions at a size."""
    return ImageFont.truetype(_file(), pixels) if _file() else ImageFont.load_default(pixels)


def wrapped(text: str, used: Font, width: float) -> list[str]:
    """Lines no wider than `width`; a word that is longer by itself is broken."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            whole = f"{line} {word}".strip()
            if used.getlength(whole) <= width:
                line = whole
                continue
            if line:
                lines.append(line)
            line = word
            while used.getlength(line) > width and len(line) > 1:
                fitting = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or used.getlength(line[:n]) <= width)
                lines.append(line[:fitting])
                line = line[fitting:]
        if line:
            lines.append(line)
    if len(lines) > LINES_MAX:
        lines = [*lines[: LINES_MAX - 1], lines[LINES_MAX - 1][:-1].rstrip() + "…"]
    return lines


def drawn(text: str, width: int, height: int) -> tuple[NDArray[np.uint8], tuple[int, int]] | None:
    """A caption as RGBA (h, w, 4), and where its upper left corner stands in the frame; None for no words."""
    pixels = round(width * SIZE_SHARE)
    used = font(pixels)
    pad, leading = round(pixels * 0.5), round(pixels * 1.3)
    lines = wrapped(text, used, width * (1 - 2 * SIDE_SHARE) - 2 * pad)
    if not lines:
        return None
    box = round(max(used.getlength(line) for line in lines)) + 2 * pad, leading * len(lines) + 2 * pad
    image = Image.new("RGBA", box, (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, box[0] - 1, box[1] - 1), radius=pad, fill=SHADE)
    for number, line in enumerate(lines):
        place = (box[0] / 2, pad + leading * (number + 0.5))
        pen.text(place, line, font=used, fill=(255, 255, 255, 255), anchor="mm")
    return np.asarray(image), ((width - box[0]) // 2, round(height * LOWEST_SHARE) - box[1])
