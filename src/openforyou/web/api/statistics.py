"""Statistics about people: what may be asked, what is left to ask, and every answer, for everybody."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.privacy.statistics.lists import STATISTICS
from openforyou.privacy.statistics.rules import amounts, next_month, told
from openforyou.privacy.statistics.types import Budget, Over
from openforyou.web.reach import ThePlatform

router = APIRouter(tags=["statistics"])


class Amount(BaseModel):
    """A cost or a budget, as decimal numbers in text."""

    epsilon: str
    delta: str


class StatisticCard(BaseModel):
    """One of the published list."""

    name: str
    words: str
    unit: str = Field(description="`viewers`, `accounts` or `minutes`.")
    over: Over = Field(description="Of one `day` or one `month`, UTC, that is over.")
    cost: Amount
    scale: int = Field(description="Of the discrete Laplace noise: bound / epsilon.")
    bound: tuple[int, int] = Field(description="One person is in so many groups at most, with so much in each.")
    groups: dict[str, str] | None = Field(description="Known beforehand, with words; null: the data names them.")


class AnswerCard(BaseModel):
    """A published answer."""

    statistic: str
    window: str
    by: str = Field(description="Who asked; it is always the `operator`.")
    at: AwareDatetime
    epsilon: str
    delta: str
    scale: int
    within: int = Field(description="In 95 of 100 draws the noise is no more than this, either way.")
    threshold: int = Field(description="What is under it, with noise, is not shown.")
    groups: dict[str, int]
    held_back: list[str] = Field(description="Groups of the list that are under the threshold, or empty.")
    log_index: int = Field(description="Where its record stands in the public log.")


class StatisticsPage(BaseModel):
    """All of it. `answers` newest first."""

    statistics: list[StatisticCard]
    budget: Amount = Field(description="Of one calendar month, UTC.")
    left: Amount = Field(description="Of this month's.")
    renews: AwareDatetime
    answers: list[AnswerCard]


@router.get("/statistics", summary="Statistics about people, and what they cost")
def get_statistics(platform: ThePlatform) -> StatisticsPage:
    """Every answer that was ever given, read from the public log. There is no statistic that only some can read."""
    offered = [
        StatisticCard(
            name=one.name,
            words=one.words,
            unit=one.unit,
            over=one.over,
            cost=_amount(one.cost),
            scale=one.scale,
            bound=(one.groups_each, one.most_each),
            groups=None if one.groups is None else dict(one.groups),
        )
        for one in STATISTICS
    ]
    return StatisticsPage(
        statistics=offered,
        budget=_amount(platform.statistics.terms.budget),
        left=_amount(platform.statistics.left()),
        renews=next_month(platform.clock.now()),
        answers=[AnswerCard(**told(one)) for one in platform.statistics.answers()],
    )


def _amount(of: Budget) -> Amount:
    return Amount(**amounts(of))
