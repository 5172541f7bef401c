"""Every weight of the ranking, declared once: name, unit, default, range, why.

Everything else iterates this table: the check at start, the digest that each slate's record carries, and the public
page `docs/ranking.md`. A number that moves a clip up or down and does not stand here is a defect.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from itertools import groupby
from typing import Any

from openforyou.core.encoding import digest
from openforyou.core.errors import BadInput


@dataclass(frozen=True, slots=True)
class Param:
    """One weight as published. `low` and `high` bound what an operator may set."""

    name: str
    group: str
    unit: str
    default: float
    low: float
    high: float
    why: str


def _weight(group: str, default: float, unit: str, within: tuple[float, float], why: str) -> Any:
    return field(default=default, metadata={"group": group, "unit": unit, "within": within, "why": why})


VALUE = "What each action is worth"
TASTE = "What a viewer's own actions say of their taste"
CHANCE = "How likely each action is, before anything is known"
SOURCES = "How many candidates each source proposes"
TRENDING = "What trends"
EXPLORATION = "Fresh clips and new creators"
SLATE = "The slate as a whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The weights of one feed server. Raises `BadInput` naming the one that is out of its range."""

    value_view: float = _weight(VALUE, 0.5, "points", (0, 10), "a view says little: most clips are begun")
    value_complete: float = _weight(VALUE, 2.0, "points", (0, 10), "watching to the end is the plainest praise")
    value_like: float = _weight(VALUE, 3.0, "points", (0, 10), "said on purpose")
    value_share: float = _weight(VALUE, 4.0, "points", (0, 10), "worth somebody else's time too")
    value_follow: float = _weight(VALUE, 4.0, "points", (0, 10), "wants more of this creator")
    value_skip: float = _weight(VALUE, -2.0, "points", (-10, 0), "left early: the slot was wasted")
    value_not_interested: float = _weight(VALUE, -10.0, "points", (-50, 0), "asked for less of it")
    value_fresh: float = _weight(VALUE, 0.3, "points", (0, 5), "a new clip beats an old one of equal worth")
    fresh_half_life_h: float = _weight(VALUE, 72.0, "hours", (1, 8760), "how soon the worth of being new halves")

    feel_watched: float = _weight(
        TASTE, 0.6, "feeling per share watched", (0, 3), "time spent past feel_even is interest"
    )
    feel_even: float = _weight(TASTE, 0.2, "share watched", (0, 0.9), "left before this much, a clip was not liked")
    feel_completed: float = _weight(TASTE, 0.6, "feeling", (0, 3), "the end was worth reaching")
    feel_liked: float = _weight(TASTE, 1.0, "feeling", (0, 3), "said on purpose")
    feel_shared: float = _weight(TASTE, 1.0, "feeling", (0, 3), "passed on")
    feel_skipped: float = _weight(TASTE, -1.0, "feeling per share not watched", (-3, 0), "a skip counts against")
    feel_refused: float = _weight(TASTE, -2.0, "feeling", (-5, 0), "not interested, or reported")
    feel_more: float = _weight(TASTE, 2.0, "feeling", (0, 3), "asked for more like it")
    more_half_life_h: float = _weight(TASTE, 72.0, "hours", (1, 8760), "what was asked for days ago was for then")
    history_items: int = _weight(TASTE, 200, "items", (1, 2000), "how far back the feed looks")
    taste_half_life_items: float = _weight(TASTE, 30.0, "items", (1, 2000), "the last clips say most about now")
    taste_half_life_h: float = _weight(TASTE, 336.0, "hours", (1, 87600), "tastes of last month fade")
    taste_power: float = _weight(TASTE, 2.0, "exponent", (0.5, 8), "a close likeness counts more than several faint")
    taste_prior: float = _weight(TASTE, 3.0, "items", (0.01, 20), "a clip or two do not make a taste")
    taste_gain: float = _weight(TASTE, 2.2, "log-odds per feeling", (0, 10), "how far a taste moves a chance")
    taste_creator: float = _weight(TASTE, 0.1, "likeness", (0, 1), "two clips by one creator are a little alike")
    followed_gain: float = _weight(TASTE, 0.5, "log-odds", (0, 5), "the viewer follows the creator")
    model_share: float = _weight(
        TASTE,
        0.5,
        "share at the most",
        (0, 1),
        "of the model beside the estimate, where validation bears it out",
    )

    chance_view: float = _weight(CHANCE, 0.6, "chance", (0.001, 0.999), "the mean clip, until everybody's counts say")
    chance_complete: float = _weight(CHANCE, 0.3, "chance", (0.001, 0.999), "as above")
    chance_like: float = _weight(CHANCE, 0.05, "chance", (0.001, 0.999), "as above")
    chance_share: float = _weight(CHANCE, 0.01, "chance", (0.001, 0.999), "as above")
    chance_follow: float = _weight(CHANCE, 0.01, "chance", (0.001, 0.999), "as above; not counted by item")
    chance_skip: float = _weight(CHANCE, 0.35, "chance", (0.001, 0.999), "as above")
    chance_not_interested: float = _weight(CHANCE, 0.01, "chance", (0.001, 0.999), "as above")
    chance_weight: float = _weight(
        CHANCE, 8.0, "impressions", (1, 10000), "this many impressions of its own weigh as much as the mean clip's"
    )
    chance_told_weight: float = _weight(
        CHANCE, 100.0, "impressions", (1, 1_000_000), "so many of everybody's weigh as much as the chances above"
    )

    similar_interests: int = _weight(SOURCES, 5, "interests", (1, 16), "tastes that are looked up one by one")
    similar_items: int = _weight(SOURCES, 40, "items per interest", (1, 500), "neighbours in content")
    sequence_items: int = _weight(SOURCES, 200, "items", (1, 2000), "neighbours by the model")
    trending_items: int = _weight(SOURCES, 60, "items", (1, 500), "of the region, then of everywhere")
    well_liked_items: int = _weight(SOURCES, 80, "items", (1, 500), "the best of all time that are still unseen")
    followed_items: int = _weight(SOURCES, 60, "items", (1, 500), "the newest of followed creators")
    fresh_items: int = _weight(SOURCES, 60, "items", (1, 500), "drawn by lot: creators first, then clips of theirs")

    trend_view: float = _weight(TRENDING, 1.0, "points", (0, 20), "a view")
    trend_complete: float = _weight(TRENDING, 2.0, "points", (0, 20), "watched to the end")
    trend_like: float = _weight(TRENDING, 4.0, "points", (0, 20), "a like")
    trend_share: float = _weight(TRENDING, 6.0, "points", (0, 20), "a share")
    trend_skip: float = _weight(TRENDING, -1.5, "points", (-20, 0), "a skip takes away")
    trend_not_interested: float = _weight(TRENDING, -8.0, "points", (-50, 0), "so does asking for less")
    trend_half_life_h: float = _weight(TRENDING, 12.0, "hours", (0.1, 720), "yesterday's rush is over")
    trend_viewers_min: int = _weight(
        TRENDING, 20, "viewers", (1, 10000), "fewer in a region, and its trend would tell what one of them watched"
    )

    explore_share: float = _weight(EXPLORATION, 0.1, "share of the slate", (0, 0.5), "slots given to fresh items")
    explore_impressions: int = _weight(
        EXPLORATION, 200, "impressions", (1, 100000), "an item shown less often than this is fresh"
    )
    explore_creator_impressions: int = _weight(
        EXPLORATION, 1000, "impressions", (1, 1_000_000), "a creator shown less often than this in all is new"
    )
    explore_new_share: float = _weight(
        EXPLORATION, 0.5, "share of the lot", (0, 1), "drawn among new creators alone: they meet only each other"
    )
    explore_lean: float = _weight(EXPLORATION, 3.0, "exponent", (0, 10), "how far the lot leans to the likelier ones")

    diversity: float = _weight(SLATE, 0.3, "share", (0, 0.9), "each like clip before it takes this much off")
    diversity_floor: float = _weight(SLATE, 0.1, "share", (0, 1), "what remains of a clip at the least")
    diversity_pool: int = _weight(SLATE, 150, "items", (20, 1000), "the best so many are weighed for diversity")
    creator_gap: int = _weight(SLATE, 2, "items", (0, 20), "others stand between two clips by one creator")
    sound_gap: int = _weight(SLATE, 3, "items", (0, 20), "others stand between two clips set to the same sound")
    recent_minutes: float = _weight(SLATE, 20.0, "minutes", (0, 1440), "what was just served is not served again")
    session_items: int = _weight(SLATE, 20, "items", (0, 100), "so many of those just served still count as standing")
    session_share: float = _weight(SLATE, 0.6, "share", (0, 1), "what the last of them counts beside one of the slate")
    session_half_life_items: float = _weight(SLATE, 6.0, "items", (0.5, 100), "and how soon that halves going back")
    session_creator: float = _weight(SLATE, 0.7, "likeness", (0, 1), "of a clip to one by the same creator before it")

    def __post_init__(self) -> None:
        for param in params():
            value = getattr(self, param.name)
            if not param.low <= value <= param.high:  # NaN lies nowhere.
                raise BadInput(
                    f"The ranking weight {param.name} is {value}.",
                    hint=f"It lies between {param.low:g} and {param.high:g}; see docs/ranking.md.",
                    field=param.name,
                )

    def digest(self) -> str:
        """Names these weights in records: two slates with the same digest were ranked by the same weights."""
        return digest(asdict(self))[:16]


def params() -> Iterator[Param]:
    """The table, in the order of its declaration."""
    for one in fields(Weights):
        told = one.metadata
        low, high = told["within"]
        assert isinstance(one.default, int | float), f"{one.name} has no default"
        yield Param(one.name, told["group"], told["unit"], one.default, low, high, told["why"])


_OPENING = """\
# How the feed ranks

This page is written from the table of weights in `openforyou/recommend/params.py`; a test compares the two. There is
no other weight, but for the factors of [published rules](rules.md). Each slate's record names the weights and the rules
that it was ranked by, and *why this?* on a clip is answered from that record. The weights in service are themselves a
record in the public log.

1. **Sources** propose candidates: the sequence model, clips like those just watched, followed creators, what trends in
   the region, what is well liked, and fresh clips drawn by lot. The lot draws creators first and then clips of theirs,
   so that uploading more brings nobody more chances, and new creators compete only with each other.
2. **Filters** take out what may not be shown: what lost the right to be recommended, was seen, was just served, was
   refused or muted by the viewer, or declares a language that the viewer did not choose; and what has reached a
   published cap. No weight bears on a filter.
3. **Scorers** estimate the chance of each action, and add up chance × worth: that sum is the clip's value. A published
   boost or demotion multiplies it.
4. **Rerankers** look at the slate as a whole: looks and creators that were just served count less for a while, each
   clip like one before it counts less, some slots go to fresh clips by lot, clips by one creator and clips set to one
   sound stand apart, and where a published rule limits clips that were posted elsewhere before, no more of them stand
   in a slate. Each move is recorded.

With profiling turned off, nothing that the viewer did is used, except that seen clips do not come back. What viewers
can choose of all this stands in [controls](controls.md).
"""


def ranking_page() -> str:
    """The page, as Markdown."""
    parts = [_OPENING]
    for group, rows in groupby(params(), key=lambda param: param.group):
        parts.append(f"\n## {group}\n\n| weight | default | unit | range | why |\n| --- | --- | --- | --- | --- |\n")
        parts += [
            f"| `{row.name}` | {row.default:g} | {row.unit} | {row.low:g} … {row.high:g} | {row.why} |\n"
            for row in rows
        ]
    return "".join(parts)
