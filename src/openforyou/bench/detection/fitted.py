"""The scale of `privacy.detection.marks`, from years of normal work alone: how often it surprises, and how much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import log

from openforyou.bench.detection.office import DAYS, midnight
from openforyou.bench.detection.played import entry
from openforyou.bench.detection.years import Simulated
from openforyou.privacy.access.book import Book
from openforyou.privacy.access.watching import asking
from openforyou.privacy.detection.marks import Mark
from openforyou.privacy.detection.watch import Watcher

BLOCK_DAYS = 60
"""What is found about the same in so many days is one finding, as surprising as it was at its most."""
WARM_UP_DAYS = 28
STEP_MIN = 0.3

Peaks = dict[str, list[float]]


def peaks(one: Simulated, marks: Mapping[str, Mark]) -> Peaks:
    """By kind, the greatest surprise about each staff, pair, person or group in each block of days."""
    book, watcher, at = Book(), Watcher(marks=marks), 0
    best: dict[tuple[str, str, int], float] = defaultdict(float)
    known: dict[str, object] = {}
    for day in range(DAYS):
        while at < len(one.year.deeds) and one.year.deeds[at].at < midnight(day + 1):
            book.take(entry(book.seq + 1, one.year.deeds[at]))
            at += 1
        for id_, request in book.requests.items():
            if known.get(id_) is not request:
                known[id_] = request
                watcher.put(asking(request))
        for (kind, key), sign in watcher.signs(midnight(day + 1) - timedelta(seconds=1)):
            if day >= WARM_UP_DAYS:
                place = (kind, key, day // BLOCK_DAYS)
                best[place] = max(best[place], sign.nats)
    found: Peaks = defaultdict(list)
    for (kind, _, _), nats in best.items():
        found[kind].append(nats)
    return found


def fit(years: Sequence[Peaks], kind: str) -> Mark:
    """Of what comes once in two weeks, or of all where there is less, the excess is taken for exponential."""
    weeks = len(years) * (DAYS - WARM_UP_DAYS) / 7
    nats = sorted((one for year in years for one in year.get(kind, [])), reverse=True)
    top = nats[: max(int(weeks / 2), 1)]
    if len(top) < 10:
        return Mark(2.0, 1.0)
    lowest = top[-1]
    step = max(sum(one - lowest for one in top) / len(top), STEP_MIN)
    return Mark(round(lowest + step * log(len(top) / weeks), 2), round(step, 2))
