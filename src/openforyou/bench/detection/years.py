"""A simulated year, lived: entries into the broker's fold, a look at the end of each day, alarms back into the fold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from openforyou.bench.detection.office import DAYS, Office, Size, founded, midnight
from openforyou.bench.detection.played import Deed, Year, entry, played
from openforyou.bench.detection.scenarios import Episode, planted
from openforyou.bench.detection.work import normal
from openforyou.core.ids import encode_id
from openforyou.core.progress import Progress, silent
from openforyou.privacy.access.book import ALARM, Book
from openforyou.privacy.access.types import Alarm, Entry
from openforyou.privacy.access.watching import Watching


@dataclass(frozen=True, slots=True)
class Simulated:
    """One year: what was done, and what of it was planted. `begun`: when each episode's first request came."""

    office: Office
    year: Year
    episodes: tuple[Episode, ...]
    begun: dict[str, datetime]


def simulated(seed: int, size: Size | None = None, *, with_misuse: bool = True) -> Simulated:
    """A year by its seed; the normal work of a seed is the same with misuse and without, up to who grants."""
    office = founded(seed, size)
    episodes, protected = planted(office) if with_misuse else ([], {})
    plans = [*normal(office), *(plan for episode in episodes for plan in episode.plans)]
    begun = {one.name: min(plan.at for plan in one.plans) for one in episodes}
    return Simulated(office, played(office, plans, protected), tuple(episodes), begun)


def watched(one: Simulated, watching: Watching, progress: Progress = silent) -> tuple[list[Alarm], Book]:
    """The alarms of a year, and the book at its end."""
    book, at = Book(), 0
    deeds = one.year.deeds
    for day in range(DAYS):
        now = midnight(day + 1) - timedelta(seconds=1)
        while at < len(deeds) and deeds[at].at <= now:
            book.take(entry(book.seq + 1, deeds[at]))
            at += 1
        for found in watching.found(book, now):
            told = {
                "id": encode_id(10**9 + book.seq),
                "kind": found.kind,
                "words": found.words,
                "score_milli": round(1_000 * found.score),
                "staff": list(found.staff),
                "requests": list(found.requests),
            }
            book.take(Entry(book.seq + 1, now, ALARM, "", "", b"", "", told, b"", b""))
        progress(day + 1, DAYS, "watching a year")
    return list(book.alarms.values()), book


def most_a_week(deeds: Sequence[Deed], budget: int) -> list[Alarm]:
    """The baseline, a threshold on volume: each week's alarms are those who asked most in it."""
    weeks: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for deed in deeds:
        if "protected" in deed.outcome:
            weeks[(deed.at - midnight(0)).days // 7][deed.by].append(str(deed.outcome["id"]))
    alarms = []
    for week, asked in sorted(weeks.items()):
        most = sorted(asked.items(), key=lambda one: (-len(one[1]), one[0]))[:budget]
        at = midnight(7 * week + 7) - timedelta(seconds=1)
        for rank, (staff, ids) in enumerate(most):
            words = f"{len(ids)} requests in a week."
            alarms.append(Alarm(f"{week}/{rank}", "most", at, words, float(len(ids)), (staff,), tuple(ids)))
    return alarms
