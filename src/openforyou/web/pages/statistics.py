"""The page of statistics about people: every answer with its noise, and what is left to ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from openforyou.privacy.statistics.lists import BY_NAME, STATISTICS
from openforyou.privacy.statistics.rules import amounts, begin_of, next_month
from openforyou.privacy.statistics.types import Answer, Over
from openforyou.web.pages import rendering
from openforyou.web.pages.drawing import drawn
from openforyou.web.reach import ThePlatform
from openforyou.web.session import Welcomed

router = APIRouter(default_response_class=HTMLResponse)


@dataclass(frozen=True, slots=True)
class Group:
    """One line of an answer. `value` None: it is not shown. Of the bar, lengths are in percent."""

    words: str
    value: int | None = None
    low: int = 0
    high: int = 0
    bar: float = 0.0
    bar_from: float = 0.0
    bar_to: float = 0.0


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as the page draws it."""

    answer: Answer
    words: str
    unit: str
    when: str
    epsilon: str
    groups: tuple[Group, ...]
    names_few: bool
    """Its groups come from the data, so that small ones are not even named."""


@router.get("/statistics")
def statistics(visitor: Welcomed, platform: ThePlatform) -> HTMLResponse:
    """All that was ever asked about people here, and how sure each number is. Raises `LogUnreadable`."""
    left, budget = platform.statistics.left(), platform.statistics.terms.budget
    told = {
        "answers": [_shown(one) for one in platform.statistics.answers()],
        "left": amounts(left),
        "budget": amounts(budget),
        "part_left": float(100 * left.epsilon / budget.epsilon) if budget.epsilon else 0.0,
        "renews": next_month(platform.clock.now()),
        "offered": [(one, f"{one.epsilon:f}") for one in STATISTICS],
    }
    return drawn("statistics.html", visitor, platform, place="statistics", title="Statistics", **told)


def _shown(answer: Answer) -> Shown:
    known = BY_NAME.get(answer.statistic)
    day, month = (begin_of(answer.window, over) for over in (Over.DAY, Over.MONTH))
    return Shown(
        answer=answer,
        words=answer.statistic if known is None else known.words,
        unit="" if known is None else known.unit,
        when=f"{month:%B %Y}" if day is None else rendering.day(day),
        epsilon=amounts(answer.cost)["epsilon"],
        groups=tuple(_groups(answer, dict((known.groups if known else None) or {}))),
        names_few=known is None or known.groups is None,
    )


def _groups(answer: Answer, words: dict[str, str]) -> Iterator[Group]:
    """In the order of the list; what the data names, largest first."""
    noised = answer.noised
    most = max((answer.between(name)[1] for name in noised.groups), default=1)
    named = [name for name in words if name in noised.groups or name in noised.held_back]
    named += sorted(noised.groups.keys() - named, key=lambda name: (-noised.groups[name], name))
    for name in named:
        if name not in noised.groups:
            yield Group(words.get(name, name))
            continue
        value, (low, high) = noised.groups[name], answer.between(name)
        bar, bar_from, bar_to = (round(100 * one / most, 2) for one in (value, low, high))
        yield Group(words.get(name, name), value, low, high, bar, bar_from, bar_to)
