"""Windows, records in the log, and what was spent by them. Pure.

One record is both: the spending and the answer. So there is no moment in which one stands without the other, and
whoever reads the log reads every answer that was ever given.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from openforyou.events.leaf import BadLeaf, Record, decode_leaf, encode_record
from openforyou.privacy.statistics.errors import BadWindow
from openforyou.privacy.statistics.lists import BY_NAME, PEOPLE_LEAST
from openforyou.privacy.statistics.types import NOTHING, Answer, Budget, Noised, Over, Window

STATISTICS = "statistics"
"""The type of the log's record."""
_MARK = b'"type":"statistics"'
VERSION = 1
OPERATOR = "operator"
"""The one role that asks: whoever runs the platform, on its command line."""
SETTLED = timedelta(minutes=1)
"""After a window's end, so that whatever was stamped in it is committed."""
AHEAD_MAX = timedelta(days=1)
"""So far a record's moment may lie past the reader's clock."""
YEAR_MAX = 9_000
GROUPS_MAX = 400
_FIELDS = frozenset(
    {"v", "statistic", "window", "by", "at", "epsilon", "delta", "budget", "bound"}
    | {"scale", "threshold", "within", "groups", "held_back"}
)
_NAME = re.compile(r"[a-z][a-z_]{0,39}")
_GROUP = re.compile(r"[A-Za-z0-9_]{1,40}")
_AMOUNT = re.compile(r"(0|[1-9]\d{0,5})(\.\d{1,18})?")


def window_of(text: str, over: Over, now: datetime, keep_days: int) -> Window:
    """The day or month that `text` names. Raises `BadWindow`: no such one, not over, or not kept any more."""
    since = begin_of(text, over)
    if since is None:
        example = "2026-11-03" if over is Over.DAY else "2026-11"
        raise BadWindow(f"{text[:40]!r} is no {over.value}.", hint=f"Say it as {example}.", field="window")
    until = since + timedelta(days=1) if over is Over.DAY else next_month(since)
    if now < until + SETTLED:
        raise BadWindow(
            f"{text} is not over.", hint=f"Ask from {until + SETTLED:%Y-%m-%d, %H:%M} UTC on.", field="window"
        )
    if since < now - timedelta(days=keep_days):
        raise BadWindow(
            f"Of {text} not everything is kept any more.",
            hint=f"History is kept for {keep_days} days: OPENFORYOU_KEEP_HISTORY_DAYS.",
            field="window",
        )
    return Window(text, since, until)


def begin_of(text: str, over: Over) -> datetime | None:
    """The first moment of the day or month of that name; None where it is none."""
    form = "%Y-%m-%d" if over is Over.DAY else "%Y-%m"
    try:
        since = datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None
    return since if since.strftime(form) == text and since.year < YEAR_MAX else None


def end_of(text: str) -> datetime | None:
    """From when on a day or month of that name can be asked about; None where it is neither."""
    for over in Over:
        since = begin_of(text, over)
        if since is not None:
            return (since + timedelta(days=1) if over is Over.DAY else next_month(since)) + SETTLED
    return None


def next_month(moment: datetime) -> datetime:
    """The first moment of the month after that of `moment`, UTC."""
    first = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def leaf(answer: Answer) -> bytes:
    """The record of an answer."""
    noised = answer.noised
    body = {
        "v": VERSION,
        "statistic": answer.statistic,
        "window": answer.window,
        "by": answer.by,
        "at": answer.at.astimezone(UTC).isoformat(timespec="seconds"),
        **amounts(answer.cost),
        "budget": amounts(answer.budget),
        "bound": [answer.groups_each, answer.most_each],
        "scale": answer.scale,
        "threshold": noised.threshold,
        "within": noised.within,
        "groups": noised.groups,
        "held_back": list(noised.held_back),
    }
    assert is_sound(body), "a statistic in another form"
    return encode_record(STATISTICS, body)


def read_leaf(entry: bytes, index: int | None = None) -> Answer | None:
    """The answer that a record tells of; None where it is another record, or unsound."""
    if _MARK not in entry:  # most are other records, and need not be read as JSON
        return None
    try:
        told = decode_leaf(entry)
    except (BadLeaf, RecursionError):
        return None
    if not isinstance(told, Record) or told.type != STATISTICS or not is_sound(told.body):
        return None
    body = told.body
    noised = Noised(dict(body["groups"]), tuple(body["held_back"]), body["threshold"], body["within"])
    return Answer(
        statistic=body["statistic"],
        window=body["window"],
        by=body["by"],
        at=datetime.fromisoformat(body["at"]),
        cost=_budget(body),
        budget=_budget(body["budget"]),
        groups_each=body["bound"][0],
        most_each=body["bound"][1],
        scale=body["scale"],
        noised=noised,
        index=index,
    )


def is_sound(body: Mapping[str, Any]) -> bool:
    """Whether a record says what one can say: the noise fits the cost, and nothing under the threshold is told."""
    try:
        at = datetime.fromisoformat(body["at"])
        groups, held_back, bound = body["groups"], body["held_back"], body["bound"]
        whole = [body["scale"], body["threshold"], body["within"], *bound]
        return (
            body.keys() == _FIELDS
            and body["v"] == VERSION
            and _NAME.fullmatch(body["statistic"]) is not None
            and body["by"] == OPERATOR
            and at.utcoffset() == timedelta(0)
            and (end := end_of(body["window"])) is not None
            and end <= at
            and at.isoformat(timespec="seconds") == body["at"]
            and body["budget"].keys() == {"epsilon", "delta"}
            and all(_AMOUNT.fullmatch(one) for one in (*_amounts(body), *_amounts(body["budget"])))
            and len(bound) == 2
            and all(type(one) is int and one > 0 for one in whole)
            and body["scale"] * Decimal(body["epsilon"]) >= bound[0] * bound[1]
            and type(held_back) is list
            and len(groups) + len(held_back) <= GROUPS_MAX
            and all(_GROUP.fullmatch(one) for one in (*groups, *held_back))
            and all(type(one) is int and one >= body["threshold"] for one in groups.values())
            and sorted({*held_back} - {*groups}) == sorted(held_back)
        )
    except (KeyError, TypeError, AttributeError, ValueError):
        return False


def told(answer: Answer) -> dict[str, Any]:
    """An answer as JSON, for programs."""
    noised = answer.noised
    return {
        "statistic": answer.statistic,
        "window": answer.window,
        "by": answer.by,
        "at": answer.at.isoformat(),
        **amounts(answer.cost),
        "scale": answer.scale,
        "within": noised.within,
        "threshold": noised.threshold,
        "groups": noised.groups,
        "held_back": list(noised.held_back),
        "log_index": answer.index,
    }


def amounts(of: Budget) -> dict[str, str]:
    """`epsilon` and `delta` as decimal numbers in text: no rounding, so that sums are exact."""
    return {"epsilon": f"{of.epsilon.normalize():f}", "delta": f"{of.delta.normalize():f}"}


@dataclass(slots=True)
class Spending:
    """The fold of all records in the order of the log: what was answered, and what each month's budget has borne."""

    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    """The first answer by statistic and window: it stands, and every other only costs."""
    spent: dict[str, Budget] = field(default_factory=dict)
    """By month."""
    counts: Counter[str] = field(default_factory=Counter)
    """Answers by month."""
    newest: str = ""
    """The latest month in which anything was spent."""

    def take(self, answer: Answer, now: datetime) -> str:
        """Add one; answers what is wrong with it, beside the others, in words; empty: nothing.

        What no answer of ours can be only costs: one that the list does not give so, and one of a time that has not
        come, which would open another month.
        """
        key, month = (answer.statistic, answer.window), answer.month
        wrong = unlike = _unlike_the_list(answer)
        is_ahead = answer.at > now + AHEAD_MAX
        if is_ahead:
            wrong = f"{answer.statistic} of {answer.window} bears a moment that has not come: {answer.at:%Y-%m-%d}"
        elif not wrong and key in self.answers:
            wrong = f"{answer.statistic} of {answer.window} was answered a second time, with another draw of noise"
        elif not wrong and month < self.newest:
            wrong = f"the budget of {month} was opened again after that of {self.newest}"
        if not is_ahead:
            self.newest = max(self.newest, month)
            if not unlike:
                self.answers.setdefault(key, answer)
        self.spent[month] = self.of(month) + answer.cost
        self.counts[month] += 1
        if not wrong and not answer.budget.holds(self.spent[month]):
            wrong = f"the answers of {month} cost more than its budget of epsilon {answer.budget.epsilon:f}"
        return wrong

    def of(self, month: str) -> Budget:
        """What was spent in a month."""
        return self.spent.get(month, NOTHING)

    def copy(self) -> Spending:
        """For what is not yet in the log, on top."""
        return replace(self, answers=dict(self.answers), spent=dict(self.spent), counts=Counter(self.counts))


def _unlike_the_list(answer: Answer) -> str:
    """In what an answer is not as the published list has it, in words. A name that the list does not have is from
    another version of it."""
    known = BY_NAME.get(answer.statistic)
    if known is None:
        return ""
    told, terms = answer.noised, (known.cost, known.groups_each, known.most_each, known.scale)
    given = (answer.cost, answer.groups_each, answer.most_each, answer.scale)
    fits = given == terms and begin_of(answer.window, known.over) and told.threshold > PEOPLE_LEAST * known.most_each
    if known.groups is not None:
        fits = fits and {*told.groups, *told.held_back} == {*known.groups}
    return "" if fits else f"{answer.statistic} of {answer.window} is not as the published list has it"


def left_of(budget: Budget, spent: Budget) -> Budget:
    """What can still be spent; never below nothing, though a budget may have been lowered meanwhile."""
    gaps = (budget.epsilon - spent.epsilon, budget.delta - spent.delta)
    epsilon, delta = (max(Decimal(0), gap).normalize() for gap in gaps)
    return Budget(epsilon, delta)


def _amounts(told: Mapping[str, Any]) -> tuple[str, str]:
    return told["epsilon"], told["delta"]


def _budget(told: Mapping[str, Any]) -> Budget:
    return Budget(Decimal(told["epsilon"]), Decimal(told["delta"]))
