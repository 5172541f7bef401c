"""The published list: every statistic about people that can be asked here. There is no other way to ask.

Each is about one property, never about two that together find somebody, and none takes a person, a place or a moment as
an argument: who asks chooses a name from the list and a day or month that is over, and nothing else. What one person
can change is bounded before anything is counted, however much they did.

What the public log tells anyway is not in it: numbers of clips and creators are exact and for everybody, and so is how
often staff looked at somebody, by purpose.
"""

from __future__ import annotations

from decimal import Decimal

from openforyou.privacy.statistics.errors import NoSuchStatistic
from openforyou.privacy.statistics.types import Over, Statistic

MINUTES_MOST = 600
"""Of a month, by which one viewer moves the minutes of their region."""
PEOPLE_LEAST = 20
"""A group of fewer people is not shown, and noise almost never makes it look like more: `noise` adds a margin."""
_DAILY, _MONTHLY = Decimal("0.05"), Decimal("0.25")
_NAMING = Decimal("0.00000001")

STATISTICS = (
    Statistic(
        "active", "Viewers who did something on a day.", "viewers", Over.DAY, _DAILY, {"all": "Everybody who came"}
    ),
    Statistic(
        "active_by_region",
        "Viewers who did something on a day, by the country or language of their browser; each in one, the last.",
        "viewers",
        Over.DAY,
        _DAILY,
        delta=_NAMING,
    ),
    Statistic(
        "returning",
        "Viewers of a month who had been here before it, and those who had not.",
        "viewers",
        Over.MONTH,
        _MONTHLY,
        {"new": "Here for the first time", "back": "Had been here before"},
    ),
    Statistic(
        "watch_time",
        "Viewers of a month by how long they watched in it.",
        "viewers",
        Over.MONTH,
        _MONTHLY,
        {
            "under_10_min": "Under 10 minutes",
            "10_to_60_min": "10 minutes to an hour",
            "1_to_5_h": "1 to 5 hours",
            "5_to_15_h": "5 to 15 hours",
            "15_to_40_h": "15 to 40 hours",
            "over_40_h": "40 hours and more",
        },
    ),
    Statistic(
        "watched_by_region",
        f"Minutes watched in a month, by country or language; of each viewer {MINUTES_MOST} at most, in one region.",
        "minutes",
        Over.MONTH,
        _MONTHLY,
        delta=_NAMING,
        most_each=MINUTES_MOST,
    ),
    Statistic(
        "profiling",
        "Viewers of a month by whether their feed uses what they do, as they had chosen when it was asked.",
        "viewers",
        Over.MONTH,
        _MONTHLY,
        {"on": "Uses what they do", "off": "Uses nothing of what they do"},
    ),
    Statistic(
        "surfaces",
        "Viewers of a month by where they were shown something; each once in every place.",
        "viewers",
        Over.MONTH,
        _MONTHLY,
        {"for_you": "For You", "following": "Following", "item": "A page of a clip", "creator": "A creator's page"},
        groups_each=4,
    ),
    Statistic(
        "sign_ups",
        "Accounts made in a month that still exist, by what they may do.",
        "accounts",
        Over.MONTH,
        _MONTHLY,
        {"viewer": "Watches", "creator": "Publishes too"},
    ),
)
BY_NAME = {one.name: one for one in STATISTICS}


def statistic_named(name: str) -> Statistic:
    """Raises `NoSuchStatistic`."""
    if name not in BY_NAME:
        raise NoSuchStatistic(name, list(BY_NAME))
    return BY_NAME[name]
