"""Looks for what canaries were under the old keys, in every file of every place that is named."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openforyou.core.progress import Progress, silent
from openforyou.privacy.regions.errors import BadMove
from openforyou.privacy.scan import Needle, scan, text_needle


@dataclass(slots=True)
class Sweep:
    """What was looked at, what was found, and what was not looked at."""

    found: dict[str, int] = field(default_factory=dict)
    """By area, how often."""
    places: list[str] = field(default_factory=list)
    scanned: dict[str, dict[str, int]] = field(default_factory=dict)
    not_scanned: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As a certificate tells it."""
        return {"found": self.found, "scanned": self.scanned, "not_scanned": self.not_scanned}


def needles_of(emails: Sequence[str], sealed: Sequence[bytes]) -> list[Needle]:
    """Values of canaries as text; their old seals and wrapped keys as bytes, and as dumps of a database write them."""
    needles = [text_needle(f"the value of canary {number}", email) for number, email in enumerate(emails, 1)]
    for number, one in enumerate(sealed, 1):
        forms = (one, one.hex().encode(), base64.b64encode(one), base64.urlsafe_b64encode(one).rstrip(b"="))
        needles.append(Needle(f"old sealed bytes {number}", forms))
    return needles


def sweep(
    places: Sequence[Path], needles: Sequence[Needle], beside: Sequence[str], progress: Progress = silent
) -> Sweep:
    """Read them all. Raises `BadMove` for a place that is not there: nobody could say that it was looked at."""
    result = Sweep()
    for place in places:
        if not place.is_dir():
            raise BadMove(f"{place} is no folder.", hint="Name folders that are there with --also.", field="--also")
        found = scan(place, needles, (), progress)
        for area, count in found.counts.items():
            result.found[area] = result.found.get(area, 0) + count
        result.places += [f"{one.needle} in {place / one.file} at byte {one.at}" for one in found.found]
        for area, files in found.files.items():
            told = result.scanned.setdefault(area, {"files": 0, "bytes": 0})
            told["files"] += files
            told["bytes"] += found.size_bytes[area]
        result.not_scanned += [one for one in found.not_scanned if one not in result.not_scanned]
    result.not_scanned += [one for one in beside if one not in result.not_scanned]
    return result
