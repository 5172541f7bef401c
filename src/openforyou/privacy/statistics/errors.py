"""Why a statistic is not given."""

from __future__ import annotations

from collections.abc import Sequence

from openforyou.core.errors import BadInput, Conflict, NotFound, TooMany, Unavailable
from openforyou.privacy.statistics.types import Budget


class NoSuchStatistic(NotFound):
    """It is not in the published list."""

    code = "no_such_statistic"

    def __init__(self, name: str, names: Sequence[str]) -> None:
        super().__init__(
            f"{name[:40]!r} is no published statistic.", hint=f"It is one of {', '.join(names)}.", field="statistic"
        )


class BadWindow(BadInput):
    """No day or month that can be asked about."""

    code = "bad_window"


class BudgetSpent(TooMany):
    """What may be told of people this month has been told."""

    code = "statistics_budget_spent"

    def __init__(self, cost: Budget, left: Budget, *, renews: str, retry_after_s: int) -> None:
        what = "epsilon" if cost.epsilon > left.epsilon else "delta"
        needed, there = (cost.epsilon, left.epsilon) if what == "epsilon" else (cost.delta, left.delta)
        super().__init__(
            f"This costs {what} {needed:f}, and {there:f} is left of this month's budget.",
            retry_after_s=retry_after_s,
            hint=f"It renews on {renews}, 00:00 UTC. What was answered stands: openforyou statistics show.",
        )


class BeingAsked(Conflict):
    """Another process asks for a statistic right now."""

    code = "statistic_being_asked"

    def __init__(self) -> None:
        super().__init__("Somebody asks for a statistic right now.", hint="One at a time: ask again in some seconds.")


class ClockBehind(Conflict):
    """By the log a later month has begun than by this machine's clock."""

    code = "clock_behind"

    def __init__(self, month: str) -> None:
        super().__init__(
            f"The public log holds an answer of {month}, and the clock of this machine says that it is earlier.",
            hint="Set the clock right, or wait: a month's budget is not opened twice.",
        )


class LogUnreadable(Unavailable):
    """What was answered and spent stands in the log, and that cannot be read."""

    code = "log_unreadable"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The public log cannot be read: {why.rstrip('.')}.", hint="Whoever runs this must look: docs/ledger.md."
        )


class NotPublished(Unavailable):
    """The answer's record is not seen in the public log, so the answer is not given."""

    code = "statistic_not_published"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The public log does not show the answer: {why.rstrip('.')}.",
            hint="Nothing was shown to anybody. Ask for the same again once the log goes on: it is paid once.",
        )
