"""Signs about who grants to whom: always the same one, or without thinking about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from openforyou.privacy.detection.past import QUICK, Past
from openforyou.privacy.detection.signs import Sign, sign
from openforyou.privacy.detection.surprise import of_share
from openforyou.privacy.detection.types import Asking

WINDOWS = (timedelta(days=42), timedelta(days=120))
SPREAD = 8.0
"""Who asks at the end of a shift meets who comes for the next: shares vary more than by chance."""
RETURNS = 3
"""Grants in each direction between two of the staff."""


def pairs(past: Past, staff: str, now: datetime) -> Iterator[Sign]:
    """Each that there is of one who asks, with whoever granted to them lately."""
    lately = {granter for who, granter in past.lately_granted if who == staff}
    if not lately:
        return
    asks = [one for one in past.recent(past.by_staff[staff], now, WINDOWS[-1]) if one.grants]
    for window in WINDOWS:
        within = [one for one in asks if now - one.at <= window]
        by: dict[str, list[Asking]] = defaultdict(list)
        for one in within:
            by[one.grants[0][0]].append(one)
        for granter in sorted(lately & by.keys()):
            given = by[granter]
            yield from _pair(past, within, given, window.days)
            back = [one for one in past.recent(past.by_staff[granter], now, window) if one.grants]
            back = [one for one in back if staff in {who for who, _ in one.grants}]
            if min(len(given), len(back)) >= RETURNS:
                words = f"Two of the staff granted to each other {len(given)} and {len(back)} times."
                yield sign("circle", words, 2.0 * min(len(given), len(back)), [*given, *back])


def _pair(past: Past, asks: list[Asking], given: list[Asking], days: int) -> Iterator[Sign]:
    """One granter for so many of what somebody asks, and how many of these within minutes."""
    granter, staff = given[0].grants[0][0], given[0].staff
    quick = [one for one in given if one.grants[0][1] - one.at <= QUICK]
    at_once = of_share(len(quick), len(given), past.quick.others(granter, staff))
    if len(given) < 3:
        return
    usual = sum(past.granter_share(one, granter) for one in asks)
    always = of_share(len(given), len(asks), usual / len(asks)) / SPREAD
    if always + at_once <= 0:
        return
    about = quick if at_once > always and len(quick) > 2 else given
    words = f"One granter gave {len(given)} of {len(asks)} grants to one of the staff within {days} days, where"
    words += f" {usual:.0f} were to be expected by who was there; {len(quick)} of them within three minutes."
    yield sign("pair", words, always + at_once, about, beside=granter)
