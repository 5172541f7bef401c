"""What follows from signals, and how their patterns match: pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from openforyou.ingest.optouts.types import Says, Signal, Signals

EVIDENCE_MAX = 500


def forbids_learning(signals: Signals) -> Signal | None:
    """The first that does not allow it; a condition counts as *no*, and one *no* outweighs every *yes*."""
    return next((one for one in signals.found if one.says is not Says.ALLOWED), None)


def matches(pattern: str, target: str) -> bool:
    """Whether a pattern of RFC 9309 (`*` for anything, `$` for the end) matches a path with its query."""
    ends = pattern.endswith("$")
    whole = ".*".join(re.escape(part) for part in re.sub(r"\*+", "*", pattern.removesuffix("$")).split("*"))
    return re.match(whole + ("$" if ends else ""), target) is not None


def most_specific(rules: Iterable[tuple[str, Says, str]], target: str) -> tuple[Says, str] | None:
    """Of (pattern, says, words) the one with the longest pattern that matches; of several, the strictest."""
    strictness = [Says.ALLOWED, Says.CONSTRAINED, Says.FORBIDDEN]
    fitting = [
        (len(pattern), strictness.index(says), words) for pattern, says, words in rules if matches(pattern, target)
    ]
    if not fitting:
        return None
    _, index, words = max(fitting)
    return strictness[index], words


def words(text: str) -> str:
    """Words of somebody else's on one line, as evidence."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(line.split())[:EVIDENCE_MAX]
