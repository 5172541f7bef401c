"""Which verdict follows from what was measured, and in which words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from openforyou.ingest.copies import rules
from openforyou.ingest.copies.agreement import Agreement
from openforyou.ingest.copies.matching import Lie
from openforyou.ingest.copies.types import Verdict

WHOLE = np.array([[1.0, 0, 0], [0, 1, 0]])
AGREED = Agreement(WHOLE, 0.95, 5.0, 0.0, 1.0, (0.0, 6.0), (0.0, 6.0), 0.99)
LIE = Lie(WHOLE, 0, 0, 80, 0.5)
SIZE = (180, 320)


@pytest.mark.parametrize(
    ("found", "lie", "seen", "verdict"),
    [
        (AGREED, LIE, [], Verdict.SAME),
        (AGREED, LIE, ["mirrored"], Verdict.ALTERED),
        (replace(AGREED, likeness=0.7), LIE, [], Verdict.ALTERED),
        (replace(AGREED, cosine=0.35), LIE, [], Verdict.SAME_SCENE),
        (replace(AGREED, moving_s=0.2), LIE, [], Verdict.SAME_SCENE),
        (replace(AGREED, cosine=0.1), replace(LIE, area=0.02), [], Verdict.UNRELATED),
        (replace(AGREED, cosine=0.1, likeness=0.1), LIE, [], Verdict.UNRELATED),
        (replace(AGREED, moving_s=1.7), replace(LIE, inliers=18), [], Verdict.UNRELATED),
        (replace(AGREED, cosine=0.7), replace(LIE, inliers=18), [], Verdict.UNRELATED),
        (AGREED, replace(LIE, inliers=18), ["mirrored"], Verdict.ALTERED),
        (replace(AGREED, cosine=0.54), replace(LIE, inliers=48, area=0.007), [], Verdict.UNRELATED),
        (replace(AGREED, moving_s=1.7), replace(LIE, inliers=0), ["mirrored"], Verdict.ALTERED),
        (replace(AGREED, cosine=0.67, moving_s=2.7), replace(LIE, inliers=48, area=0.1), [], Verdict.UNRELATED),
        (replace(AGREED, cosine=0.71), LIE, ["mirrored"], Verdict.ALTERED),
        (None, LIE, [], Verdict.UNRELATED),
    ],
)
def test_a_copy_changes_as_its_original_does(
    found: Agreement | None, lie: Lie, seen: list[str], verdict: Verdict
) -> None:
    assert rules.verdict(found, lie, seen) is verdict


def words(matrix: list[list[float]] | None = None, **other: float) -> list[str]:
    found = replace(AGREED, matrix=np.array(matrix) if matrix else WHOLE, speed=other.get("speed", 1.0))
    lengths = (other.get("clip_s", 6.0), other.get("item_s", 6.0))
    return rules.alterations(found, bool(other.get("mirrored")), SIZE, SIZE, lengths)


def test_alterations_in_words() -> None:
    assert words() == []
    assert words(mirrored=1) == ["mirrored"]
    assert words([[1.25, 0, -22], [0, 1.25, -40]]) == ["cropped by about 36 %"]
    assert words([[0.5, 0, 20], [0, 0.5, 20]]) == ["put as a picture within a picture"]
    assert words([[1, 0, 0], [0, 0.7, 50]]) == ["put between bars"]
    assert words(speed=1.2, item_s=7.2) == ["sped up to 1.20×"]
    assert words(clip_s=3, item_s=9) == ["cut to 3 of 9 s"]
