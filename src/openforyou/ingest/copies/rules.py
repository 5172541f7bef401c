"""Which verdict follows from what was measured, and which alteration is seen. Pure."""

from __future__ import annotations

import numpy as np

from openforyou.ingest.copies.agreement import Agreement
from openforyou.ingest.copies.features import Matrix
from openforyou.ingest.copies.matching import Lie
from openforyou.ingest.copies.types import Spans, Verdict

LONG_MOVING_S = 3.0
COPY_COSINE_MIN, SHORT_COSINE_MIN, COPY_MOVING_S_MIN = 0.7, 0.8, 1.0
"""Where the pictures fit well: over so much movement, and over less. Between the greatest of clips that are no copies
(0.37 of filmed ones; of painted ones 0.54 over five seconds, 0.67 over less than three) and copies (from 0.71 on).
Less movement than the last proves nothing: a person decides."""
LOOSE_COSINE_MIN = 0.75
"""Where a few corners alone fit, over so much movement. Simple drawings that move alike, a glow on its round, a pattern
that repeats, agree with each other for a while, up to 0.9 over less than two seconds."""
FIT_INLIERS_MIN, FIT_AREA_MIN = 40, 0.02
"""Of copies, altered in all ways but two at a time: 54 features and more, over 0.029 of the frame and more; of simple
drawings that move alike 27 at the most, of two painted papercuts 48, all within 0.007."""
SCENE_INLIERS_MIN, SCENE_AREA_MIN, SCENE_LIKENESS_MIN = 40, 0.12, 0.5
SPEED_SEEN, ANGLE_SEEN, SHARE_SEEN, TRIM_SEEN_S = 0.03, 0.8, 0.04, 0.7
LIKENESS_SAME = 0.98
Size = tuple[int, int]
"""Width and height, pixels."""


def verdict(found: Agreement | None, lie: Lie, alterations: list[str]) -> Verdict:
    """What an item is to a clip that it lies in by `lie`, and agrees with by `found`."""
    if found is None:
        return Verdict.UNRELATED
    fits = lie.inliers == 0 or (lie.inliers >= FIT_INLIERS_MIN and lie.area >= FIT_AREA_MIN)  # 0: by its hashes
    is_long = found.moving_s >= LONG_MOVING_S
    cosine_min = (COPY_COSINE_MIN if is_long else SHORT_COSINE_MIN) if fits else LOOSE_COSINE_MIN
    moving_s_min = COPY_MOVING_S_MIN if fits else LONG_MOVING_S
    if found.cosine >= cosine_min and found.moving_s >= moving_s_min:
        return Verdict.ALTERED if alterations or found.likeness < LIKENESS_SAME else Verdict.SAME
    if lie.inliers >= SCENE_INLIERS_MIN and lie.area >= SCENE_AREA_MIN and found.likeness >= SCENE_LIKENESS_MIN:
        return Verdict.SAME_SCENE
    return Verdict.UNRELATED


def spans(found: Agreement) -> Spans:
    """Where the two match; never before their beginnings."""
    times = (*found.clip_s, *found.item_s)
    return Spans(*(max(0, round(1_000 * time)) for time in times))


def alterations(found: Agreement, mirrored: bool, clip: Size, item: Size, lengths_s: tuple[float, float]) -> list[str]:
    """What was done to the item, as a person would say it. `clip` and `item` are the sizes of their frames."""
    seen = ["mirrored"] if mirrored else []
    seen += _framing(found.matrix, clip, item)
    angle = float(np.degrees(np.arctan2(found.matrix[1, 0], found.matrix[0, 0])))
    if abs(angle) > ANGLE_SEEN:
        seen.append(f"rotated {abs(angle):.0f}°")
    if abs(found.speed - 1) > SPEED_SEEN:
        seen.append(f"{'sped up' if found.speed > 1 else 'slowed down'} to {found.speed:.2f}×")
    clip_s, item_s = lengths_s
    if item_s - clip_s * found.speed > TRIM_SEEN_S:
        seen.append(f"cut to {clip_s:.0f} of {item_s:.0f} s")
    return seen


def _framing(matrix: Matrix, clip: Size, item: Size) -> list[str]:
    """How much of the item's picture is seen, and how much of the clip's it fills."""
    corners = np.array([[0, 0], [item[0], 0], [item[0], item[1]], [0, item[1]]], dtype=np.float64)
    laid = corners @ matrix[:, :2].T + matrix[:, 2]
    (left, top), (right, bottom) = laid.min(axis=0), laid.max(axis=0)
    across = (min(right, clip[0]) - max(left, 0)) / clip[0]
    down = (min(bottom, clip[1]) - max(top, 0)) / clip[1]
    shown = across * clip[0] * down * clip[1] / max(1.0, (right - left) * (bottom - top))
    seen = []
    if 1 - shown > 2 * SHARE_SEEN:
        seen.append(f"cropped by about {100 * (1 - shown):.0f} %")
    if min(across, down) < 1 - SHARE_SEEN:
        filled = max(across, down) >= 1 - 2 * SHARE_SEEN
        seen.append("put between bars" if filled else "put as a picture within a picture")
    return seen
