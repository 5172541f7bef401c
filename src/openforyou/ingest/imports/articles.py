"""An article: its words made safe, its picture brought to a poster, and what encoders see of both.

It is published without renditions: the poster is what a feed shows, its length is how long it takes to read.
"""

from __future__ import annotations

import colorsys
import hashlib
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import nh3
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from openforyou.ingest.encoders import Sample
from openforyou.ingest.encoders.sample import Pixels
from openforyou.ingest.imports.reading import words_of
from openforyou.ingest.sampling import SIDE_PX

TAGS = {"p", "br", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "em", "strong", "a", "code", "pre", "b", "i", "hr"}
"""Words alone. Pictures and frames of elsewhere would tell elsewhere who reads."""
WITH_CONTENT = {"script", "style", "iframe", "object", "svg", "math", "template", "noscript"}
HTML_LETTERS_MAX = 200_000
EXCERPT_LETTERS_MAX = 320
WORDS_A_MINUTE, UNSPACED_LETTERS_A_MINUTE = 230, 500
READING_S = (3, 1_800)
POSTER_PX = (1_080, 1_920)
PICTURE_PX_MAX = 60_000_000
POSTER_QUALITY = 84
PLAIN_PX = (720, 1_280)
_HEADS = re.compile(r"<(/?)h[156]\b[^>]*>", re.I)
_WORD = re.compile(r"\w+")
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Poster:
    """A JPEG file, and its size in pixels."""

    path: Path
    width: int
    height: int
    small: Pixels
    """(H, W, 3), the longer side at most `SIDE_PX`: for encoders."""


def safe_html(html: str) -> str:
    """Words with links and simple marks; no script, style, picture, frame or address that is not http(s).

    Cut at a letter where it is endless: what is left open is closed.
    """
    return nh3.clean(
        _HEADS.sub(r"<\1h2>", html[:HTML_LETTERS_MAX]),
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https"},
        link_rel="nofollow noopener noreferrer ugc",
        clean_content_tags=WITH_CONTENT,
    ).strip()


def excerpt(html: str) -> str:
    """The first words, for a card."""
    words = " ".join(words_of(html).split())
    if len(words) <= EXCERPT_LETTERS_MAX:
        return words
    return words[:EXCERPT_LETTERS_MAX].rsplit(" ", 1)[0].rstrip(" .,;:") + "…"


def reading_ms(html: str) -> int:
    """How long it takes to read, milliseconds."""
    words = words_of(html)
    unspaced = len(_UNSPACED.findall(words))
    spaced = len(_WORD.findall(_UNSPACED.sub(" ", words)))
    seconds = 60 * (spaced / WORDS_A_MINUTE + unspaced / UNSPACED_LETTERS_A_MINUTE)
    return round(1_000 * min(max(seconds, READING_S[0]), READING_S[1]))


def poster_of(picture: Path | None, name: str, folder: Path) -> Poster:
    """From its picture; without one (or one that cannot be read) a plain one, in a colour that `name` decides."""
    image = None if picture is None else _opened(picture)
    if image is None:
        image = _plain(name)
    path = folder / "poster.jpg"
    image.save(path, "JPEG", quality=POSTER_QUALITY, optimize=True, progressive=True)
    small = image.copy()
    small.thumbnail((SIDE_PX, SIDE_PX))
    return Poster(path, image.width, image.height, np.asarray(small, dtype=np.uint8))


def sample_of(poster: Poster, title: str, words: str) -> Sample:
    """What encoders see: the picture as a single moment, no sound, the words."""
    frames = np.stack([np.stack([poster.small, poster.small])])
    gap_s = np.zeros(1, dtype=np.float32)
    return Sample(frames, gap_s, np.zeros(0, dtype=np.float32), title, words)


def _opened(path: Path) -> Image.Image | None:
    """Upright, in RGB, no larger than a poster, without what cameras write beside it; None where it is no picture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                if image.width * image.height > PICTURE_PX_MAX or min(image.size) < 2:
                    return None
                image.draft("RGB", POSTER_PX)
                upright = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    upright.thumbnail(POSTER_PX)
    return upright


def _plain(name: str) -> Image.Image:
    """A calm ground, from one shade to the next."""
    hue = hashlib.sha256(name.encode("utf-8", "replace")).digest()[0] / 256
    ends = [np.array(colorsys.hsv_to_rgb(hue + turn, 0.45, light)) for turn, light in ((0, 0.42), (0.08, 0.2))]
    share = np.linspace(0, 1, PLAIN_PX[1])[:, None]
    rows = 255 * ((1 - share) * ends[0] + share * ends[1])
    return Image.fromarray(np.repeat(rows[:, None, :], PLAIN_PX[0], axis=1).astype(np.uint8))
